import Foundation
import GRDB
import Glibc

/// Another library's file, opened to be merged into this one. Nothing of it is changed.
///
/// One that an earlier version wrote is copied, and the copy brought up to date; it goes with the value.
package final class ArrivingLibrary: Sendable {
    /// Its records, to be read one by one.
    let library: Library
    /// What ATTACH takes.
    let place: String
    private let copy: URL?

    /// - Parameter file: an SQLite file, whatever its name. Another process may be using it.
    /// - Throws: `LibraryError` where it cannot be read, is damaged, foreign, or newer than this version.
    package init(contentsOf file: URL) throws(LibraryError) {
        let path = file.path
        do {
            guard access(path, R_OK) == 0 else { throw LibraryError.cannotOpen(path: path, reason: String(cString: strerror(errno))) }
            try Library.refuseForeign(path)
            let queue = try Self.opened(path)
            guard try !Schema.isUpToDate(queue, path: path) else {
                (library, place, copy) = (Library(reading: queue, location: path), try Self.place(of: path, queue), nil)
                return
            }
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-merge-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            do {
                let (brought, place) = try Self.broughtUpToDate(queue, in: folder)
                (library, self.place, copy) = (Library(reading: brought, location: path), place, folder)
            } catch {
                try? FileManager.default.removeItem(at: folder)
                throw error
            }
        } catch {
            throw LibraryError(error, path: path)
        }
    }

    /// Whether a file is an SQLite file, or one that a process made and had not written to yet when it ended.
    package static func isOne(_ file: URL) -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
        defer { try? handle.close() }
        let begin = (try? handle.read(upToCount: 16)) ?? Data()
        return begin == Data("SQLite format 3\0".utf8) || (begin.isEmpty && file.lastPathComponent == Library.fileName)
    }

    deinit {
        if let copy { try? FileManager.default.removeItem(at: copy) }
    }

    /// Those of its pictures that are there. Results that lie in its bin are told: they come to lie in the bin here.
    func exported(_ ids: [Int64], reading types: StoredTypes) throws(LibraryError) -> [ExportedPicture] {
        do {
            return try library.exported(ids, isWithBin: true, reading: types)
        } catch {
            throw told(error)
        }
    }

    /// Its generations that belong to no picture.
    func freeGenerations(reading types: StoredTypes) throws(LibraryError) -> [ExportedGeneration] {
        do {
            return try library.freeGenerations(isWithBin: true, reading: types)
        } catch {
            throw told(error)
        }
    }

    /// What is wrong with a value, as what is wrong with this file.
    func told(_ error: LibraryError) -> LibraryError {
        switch error {
        case .damagedValue: .damagedArrival(path: library.location, place: error.place ?? "")
        case .unfit(let detail): .damagedArrival(path: library.location, place: detail)
        default: error
        }
    }

    /// That one of its pictures does not come in, in a line.
    ///
    /// - Parameter place: which of its values cannot be read, and why.
    func leftOut(picture: Int64, _ place: String) -> String {
        "picture \(picture) of the library \(library.location) was left out: \(place); set that aside there with "
            + "`redraw doctor --repair --library FOLDER`, then take the library in again"
    }

    /// The error itself, or that this file is damaged where it is: what fails while both are open does not tell which.
    func blamed(for error: any Error) -> any Error {
        switch error as? LibraryError {
        case .corrupt, .database:
            guard let finding = (try? library.check()).map({ $0.first }) ?? "it cannot be read" else { return error }
            return LibraryError.corrupt(path: library.location, detail: finding)
        case .notAnExport(let detail): return LibraryError.damagedArrival(path: library.location, place: detail)
        default: return error
        }
    }

    /// Whether this process may write where the file is: then SQLite can put what it needs beside it.
    private static func isWritable(_ path: String) -> Bool {
        access(path, W_OK) == 0 && access(URL(fileURLWithPath: path).deletingLastPathComponent().path, W_OK) == 0
    }

    private static func opened(_ path: String) throws -> DatabaseQueue {
        var configuration = Library.configuration
        guard !isWritable(path) else { return try DatabaseQueue(path: path, configuration: configuration) }
        configuration.readonly = true
        return try Library.queue(path, configuration)
    }

    /// Opened for reading only, the file's own users are not kept from writing by a transaction of ours.
    private static func place(of path: String, _ queue: DatabaseQueue) throws -> String {
        guard try queue.read({ try Bool.fetchOne($0, sql: "SELECT sqlite_compileoption_used('USE_URI')") }) == true else { return path }
        let isStill = !isWritable(path) && access(path + "-wal", F_OK) != 0
        return Library.uri(path, isStill ? "immutable=1" : "mode=ro")
    }

    private static func broughtUpToDate(_ queue: DatabaseQueue, in folder: URL) throws -> (DatabaseQueue, String) {
        let path = folder.appendingPathComponent(Library.fileName).path
        let copy = try DatabaseQueue(path: path, configuration: Library.configuration)
        try queue.backup(to: copy)
        try Library.migrate(copy, path: path)
        return (copy, path)
    }
}
