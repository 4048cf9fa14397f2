import Foundation
import GRDB
import Glibc

/// Everything Redraw remembers: pictures, analyses, suggestions, decisions, prompts and generations, in one SQLite file.
///
/// Each method is one transaction. What holds before and after each of them, and is enforced by the tables themselves
/// where SQL can say it:
/// * a picture has at most one suggestion for a tag, whatever its spelling;
/// * an analysis never changes a decided suggestion, and never suggests a rejected tag again;
/// * a decided suggestion changes only with an entry in the log of decisions, which is only ever added to;
/// * prompt versions and finished generations never change.
///
/// Any number of values and processes may use one file at the same time: readers never wait, writers wait their turn.
package struct Library: Sendable {
    /// The file within the library's folder.
    package static let fileName = "redraw.sqlite"

    /// How long a writer waits for another process, in seconds.
    package static let patience: TimeInterval = 15

    /// The file, for messages; "in memory" for one that is not kept.
    package let location: String

    /// Whether it can be read and not written.
    package let isReadOnly: Bool

    /// Whether it is only read because its disk is full.
    private let isShortOfSpace: Bool

    /// Reached by `read` and `write` below only.
    private let database: any DatabaseWriter

    /// Opens the library in `folder`, made where there is none, and brings its tables up to date.
    /// One that cannot be written is opened for reading; whatever writes throws `LibraryError.readOnly` then.
    ///
    /// - Parameter updating: called before the tables of a large library are brought up to date, which takes seconds.
    /// - Throws: `LibraryError` where there is none and the folder cannot be written, or the file is damaged, foreign, or newer than this
    ///   version.
    package init(folder: URL, updating: () -> Void = {}) throws(LibraryError) {
        try self.init(folder: folder, updating: updating, preparing: { _ in })
    }

    init(
        folder: URL, updating: () -> Void = {}, preparing: @escaping @Sendable (Database) throws -> Void
    ) throws(LibraryError) {
        let file = folder.appendingPathComponent(Library.fileName).path
        location = file
        guard !Library.isOnlyReadable(file, in: folder) else {
            (isReadOnly, isShortOfSpace) = (true, false)
            do {
                try Library.refuseForeign(file)
                database = try Library.openedForReading(file, Library.configuration)
            } catch {
                throw LibraryError(error, path: file)
            }
            return
        }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw .cannotOpen(path: file, reason: Library.reason(error))
        }
        var configuration = Library.configuration
        configuration.prepareDatabase(preparing)
        // Two processes that make one library at the same time take turns.
        let turn = open(folder.path, O_RDONLY | O_CLOEXEC)
        if turn >= 0 { flock(turn, LOCK_EX) }
        defer { if turn >= 0 { close(turn) } }
        do {
            try Library.refuseForeign(file)
            let pool = try DatabasePool(path: file, configuration: configuration)
            // No step waits for the disk: one that a power cut undoes is taken again the next time the library is opened.
            try Library.migrate(pool, path: file, updating: updating)
            // The pool asks for less; a person's decisions should survive a power cut.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            (database, isReadOnly, isShortOfSpace) = (pool, false, false)
        } catch {
            let refusal = LibraryError(error, path: file)
            // Who only reads needs no space.
            guard case .full = refusal,
                let queue = try? Library.openedForReading(file, Library.configuration, isWithoutSpace: true)
            else { throw refusal }
            (database, isReadOnly, isShortOfSpace) = (queue, true, true)
        }
    }

    private init(inMemory queue: DatabaseQueue) {
        (location, isReadOnly, isShortOfSpace) = ("in memory", false, false)
        database = queue
    }

    /// A library that is only read, whose tables are up to date.
    init(reading queue: DatabaseQueue, location: String) {
        (self.location, isReadOnly, isShortOfSpace) = (location, true, false)
        database = queue
    }

    /// A library that goes with the value: for trying things out, and for tests.
    package static func inMemory() throws(LibraryError) -> Library {
        do {
            let queue = try DatabaseQueue(configuration: configuration)
            try empty.get().backup(to: queue)
            return Library(inMemory: queue)
        } catch {
            throw LibraryError(error, path: "in memory")
        }
    }

    /// All tables and nothing in them, of which libraries in memory are copies: making the tables takes many times as long.
    private static let empty = Result<DatabaseQueue, any Error> {
        let queue = try DatabaseQueue(configuration: configuration)
        try migrate(queue, path: "in memory")
        return queue
    }

    /// What SQLite finds wrong with the file, and what of it could not be read, a line each; empty when all is well. Reads the whole file.
    ///
    /// - Parameter types: what its JSON is read as.
    package func check(reading types: StoredTypes = .own) throws(LibraryError) -> [String] {
        try read { db in
            let integrity = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            let dangling = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
                "\(row["table"] as String) row \(row["rowid"] as Int64? ?? 0) points to nothing in \(row["parent"] as String)"
            }
            let derived = try Schema.derived.filter { try $0.isOutOfStep(db) }.map {
                "table \($0.name): it says something else than what it is made of"
            }
            return try integrity + Library.damages(types, latest: nil, db) + dangling + derived
        }
    }

    /// What is wrong with the rows that came last, so many of each table, a line each; empty when all is well. Takes no longer where there are
    /// more: a file that was cut off is told when it is opened, and the rest by ``check()``.
    package func checkLatest(_ rows: Int, reading types: StoredTypes = .own) throws(LibraryError) -> [String] {
        try read { db in try Library.damages(types, latest: rows, db) }
    }

    private static func damages(_ types: StoredTypes, latest: Int?, _ db: Database) throws -> [String] {
        try DamagedRows.all(db, types).flatMap { try $0.found(limit: 5, latest: latest, db) }.map { $0.place ?? "\($0)" }
    }

    /// Bytes of the file, as far as it is used.
    package func byteCount() throws(LibraryError) -> Int {
        try read { db in
            try (Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0) * (Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(LibraryError) -> Value {
        do {
            return try database.read(body)
        } catch {
            throw LibraryError(error, path: location)
        }
    }

    /// As ``write(_:)``, without waiting for the disk: for notes of how far a job is. A power cut may undo the latest of them, but then the job's
    /// process has ended, too, and the next opening says so of the job.
    func note<Value>(_ body: (Database) throws -> Value) throws(LibraryError) -> Value {
        do {
            return try database.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = NORMAL")
                defer { try? db.execute(sql: "PRAGMA synchronous = FULL") }
                var value: Value?
                try db.inTransaction(.immediate) {
                    value = try body(db)
                    return .commit
                }
                guard let value else { preconditionFailure("a transaction that throws nothing ran") }
                return value
            }
        } catch {
            throw LibraryError(error, path: location)
        }
    }

    /// Runs `body` as one transaction: it is kept whole, or not at all where it throws.
    func write<Value>(_ body: (Database) throws -> Value) throws(LibraryError) -> Value {
        do {
            return try database.write { db in
                let value = try body(db)
                try Library.tellChanges(db)
                return value
            }
        } catch {
            let refusal = LibraryError(error, path: location)
            throw isShortOfSpace && refusal == .readOnly(path: location) ? .full(path: location) : refusal
        }
    }

    /// Looks through the writer's connection, outside of any transaction.
    func onWriter<Value>(_ body: (Database) throws -> Value) throws(LibraryError) -> Value {
        do {
            return try database.writeWithoutTransaction(body)
        } catch {
            throw LibraryError(error, path: location)
        }
    }
}

extension Library {
    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(patience)
        configuration.label = "redraw library"
        return configuration
    }

    /// Bytes from which on a library is large.
    static let largeLibrary = 100_000_000

    static func migrate(_ database: any DatabaseWriter, path: String, updating: () -> Void = {}) throws {
        if try Schema.isUpToDate(database, path: path) { return }
        let bytes = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        if bytes ?? 0 >= largeLibrary { updating() }
        try Schema.bringUpToDate(database)
    }

    /// Looks before anything is written: a file that is no library of ours is left as it is.
    static func refuseForeign(_ file: String) throws {
        guard let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int, size > 0 else { return }
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw LibraryError.cannotOpen(path: file, reason: "it cannot be read")
        }
        defer { try? handle.close() }
        // The header's layout: https://www.sqlite.org/fileformat.html#the_database_header
        let header = [UInt8](try handle.read(upToCount: 100) ?? Data())
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw LibraryError.corrupt(path: file, detail: "it is no SQLite file")
        }
        let application = header[68..<72].reduce(0) { $0 << 8 | Int($1) }
        guard try application == Schema.applicationID || isOursOrEmpty(file) else {
            throw LibraryError.notALibrary(path: file)
        }
    }

    /// The header may still stand in the write-ahead log, where only SQLite can read it; and a process that ended between
    /// making the file and its tables left one without tables.
    private static func isOursOrEmpty(_ file: String) throws -> Bool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience)
        return try DatabaseQueue(path: file, configuration: configuration).read { db in
            if try Int.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID { return true }
            let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name <> 'grdb_migrations'"
            return try Int.fetchOne(db, sql: tables) == 0
        }
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let underlying, underlying.domain == NSPOSIXErrorDomain else { return "its folder cannot be made" }
        return "its folder cannot be made (\(String(cString: strerror(Int32(underlying.code)))))"
    }
}
