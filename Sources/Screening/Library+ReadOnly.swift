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

    /// Opens it as it is: no file is made beside it, and nothing of it is changed.
    ///
    /// What an earlier version wrote is brought up to date in a copy, and so is what a process that was killed left beside the file: that takes
    /// writing. The copy goes with this process.
    ///
    /// - Parameter isWithoutSpace: whether its disk is full, so that not even what readers have beside the file can be made.
    static func openedForReading(_ file: String, _ configuration: Configuration, isWithoutSpace: Bool = false) throws -> DatabaseQueue {
        let hasLog = logBytes(file) > 0
        guard isWithoutSpace ? !hasLog : !needsMending(file) else { return try openedCopy(of: file, configuration) }
        var reading = configuration
        reading.readonly = true
        let queue = try isWithoutSpace ? DatabaseQueue(path: uri(file, "immutable=1"), configuration: reading) : queue(file, reading)
        return try Schema.isUpToDate(queue, path: file) ? queue : try openedCopy(of: file, configuration)
    }

    /// Whether there are changes that were not brought into the file, and nobody who could tell how far they go.
    private static func needsMending(_ file: String) -> Bool { logBytes(file) > 0 && access(file + "-shm", F_OK) != 0 }

    /// Bytes of changes that were not brought into the file.
    private static func logBytes(_ file: String) -> Int {
        var status = stat()
        return stat(file + "-wal", &status) == 0 ? Int(status.st_size) : 0
    }

    /// A copy that is read: open, and without a name already.
    private static func openedCopy(of file: String, _ configuration: Configuration) throws -> DatabaseQueue {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-reading-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let copy = folder.appendingPathComponent(fileName).path
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for ending in ["", "-wal"] where access(file + ending, F_OK) == 0 {
                try FileManager.default.copyItem(atPath: file + ending, toPath: copy + ending)
                chmod(copy + ending, 0o600)
            }
        } catch {
            throw LibraryError.cannotOpen(
                path: file, reason: "it has to be brought up to date and is read-only, and there is no room for a copy of it")
        }
        let queue = try DatabaseQueue(path: copy, configuration: configuration)
        if try !Schema.isUpToDate(queue, path: file) { try Schema.bringUpToDate(queue) }
        // What would be written would be lost: it is refused as in the file itself. In one file, which stays open when its name is gone.
        try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
        try queue.close()
        var reading = configuration
        reading.readonly = true
        let copied = try DatabaseQueue(path: copy, configuration: reading)
        _ = try copied.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") }
        return copied
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
