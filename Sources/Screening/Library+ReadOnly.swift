import Foundation
import GRDB
import Glibc

/// A library that can be read and not written: on a read-only file system, or somebody else's.
extension Library {
    /// Whether there is a library that this process may not write to.
    static func isOnlyReadable(_ file: String, in folder: URL) -> Bool {
        guard access(file, F_OK) == 0 else { return false }
        return access(file, W_OK) != 0 || access(folder.path, W_OK) != 0
    }

    /// Opens it as it is: no table is brought up to date, and no file is made beside it.
    ///
    /// - Throws: `LibraryError.readOnly` where its tables are of an earlier version.
    static func openedForReading(_ file: String, _ configuration: Configuration) throws -> DatabaseQueue {
        var configuration = configuration
        configuration.readonly = true
        let queue = try queue(file, configuration)
        let migrator = Schema.migrator
        let (applied, isCurrent) = try queue.read { (try migrator.appliedIdentifiers($0), try migrator.hasCompletedMigrations($0)) }
        let unknown = applied.subtracting(migrator.migrations)
        guard unknown.isEmpty else { throw LibraryError.newer(path: file, migrations: unknown.sorted()) }
        guard isCurrent else { throw LibraryError.readOnly(path: file) }
        return queue
    }

    /// SQLite wants to make files beside a database that it reads, unless it is told that nobody changes it. Where somebody has it open, these
    /// files are there already.
    static func queue(_ file: String, _ configuration: Configuration) throws -> DatabaseQueue {
        guard access(file + "-wal", F_OK) != 0 else { return try DatabaseQueue(path: file, configuration: configuration) }
        guard let queue = try? DatabaseQueue(path: uri(file, "immutable=1"), configuration: configuration),
            (try? queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") }) != nil
        else { return try DatabaseQueue(path: file, configuration: configuration) }
        return queue
    }

    /// How SQLite is told of a file and of how it is to be opened (https://www.sqlite.org/uri.html).
    static func uri(_ file: String, _ parameters: String) -> String {
        var allowed = CharacterSet.urlPathAllowed
        allowed.remove(charactersIn: "?#%")
        return "file:\(file.addingPercentEncoding(withAllowedCharacters: allowed) ?? file)?\(parameters)"
    }
}
