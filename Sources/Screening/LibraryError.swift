import GRDB

/// What can go wrong with a library, each in one line that says what, where and what to do.
package enum LibraryError: Error, Equatable, CustomStringConvertible {
    /// The folder or the file cannot be made or opened.
    case cannotOpen(path: String, reason: String)
    /// A later version of Redraw has been here; `migrations` are the ones this version does not know.
    case newer(path: String, migrations: [String])
    /// An SQLite file that some other program made.
    case notALibrary(path: String)
    /// SQLite cannot make sense of the file.
    case corrupt(path: String, detail: String)
    /// The file can be read but not written.
    case readOnly(path: String)
    /// The disk is full; the change was rolled back.
    case full(path: String)
    /// Another process held the library for longer than the wait allows.
    case busy(path: String)
    /// Any other failure of SQLite, in its words.
    case database(path: String, message: String)
    /// A value of the file that no version of ours wrote.
    case damagedValue(table: String, row: String, column: String, reason: String)
    /// A value that another library holds and that does not come in; `place` names it.
    case damagedArrival(path: String, place: String)
    /// A value that no import would take; `detail` names it.
    case unfit(detail: String)
    case noSuchPicture(String)
    /// A prefix of a SHA-256 that fits several pictures.
    case ambiguousPicture(String, candidates: [String])
    /// - Parameter nearest: one of the suggestions that may have been meant, where whoever asked knows it.
    case noSuchSuggestion(String, picture: Int64, nearest: String? = nil)
    case noSuchPrompt(number: Int, picture: Int64)
    case noSuchGeneration(Int64)
    case noSuchJob(Int64)
    /// A job that is over is neither changed nor cancelled.
    case jobIsOver(Int64, state: String)
    /// A generation that has finished is not changed.
    case generationFinished(Int64)
    case nothingToUndo(picture: Int64)
    /// A value that the library does not take; `rule` says which it takes.
    case invalid(field: String, value: String, rule: String)
    /// The text is not an export of a library.
    case notAnExport(String)

    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "the library \(path) cannot be opened: \(reason); choose another folder with --library"
        case .newer(let path, let migrations):
            "the library \(path) was written by a newer version of Redraw (unknown here: \(migrations.joined(separator: ", "))); update Redraw"
        case .notALibrary(let path):
            "\(path) is an SQLite file of another program; choose another folder with --library"
        case .corrupt(let path, let detail):
            "the library \(path) is damaged (\(detail)); restore it from a copy, or move it away to start a new one"
        case .readOnly(let path):
            "the library \(path) is read-only; make it and its folder writable, or choose another folder with --library"
        case .full(let path):
            "no space is left for the library \(path); nothing was changed, free some space and try again"
        case .busy(let path):
            "another process keeps the library \(path) locked; wait for it to finish and try again"
        case .database(let path, let message):
            "the library \(path) refused: \(message)"
        case .damagedValue:
            "the library is damaged: \(place ?? ""); `redraw doctor --repair` sets such values aside and keeps the rest"
        case .damagedArrival(let path, let place):
            "the library \(path) is damaged: \(place); set that aside there with `redraw doctor --repair --library FOLDER`, then take it in"
        case .unfit(let detail):
            "no library would take an export of this one in: \(detail); `redraw doctor --repair` sets such values aside and keeps the rest"
        case .noSuchPicture(let reference):
            "no picture \(reference) in the library; run `redraw analyze` on it first"
        case .ambiguousPicture(let prefix, let candidates):
            "\(prefix) fits \(candidates.count) pictures (\(candidates.prefix(3).joined(separator: ", "))…); give more of the digest"
        case .noSuchSuggestion(let tag, let picture, let nearest):
            "\(tag) is not among the suggestions of picture \(picture); \(nearest.map { "did you mean \($0)? " } ?? "")"
                + "`redraw show p\(picture)` lists them, --add adds one"
        case .noSuchPrompt(let number, let picture):
            "picture \(picture) has no prompt version \(number); `redraw history` lists them"
        case .noSuchGeneration(let id):
            "no generation \(id) in the library; `redraw history` lists them"
        case .noSuchJob(let id):
            "no job \(id) in the library; `redraw jobs` lists them"
        case .jobIsOver(let id, let state):
            "job \(id) is over already (\(state))"
        case .generationFinished(let id):
            "generation \(id) has finished and is not changed any more"
        case .nothingToUndo(let picture):
            "picture \(picture) has no decision to undo"
        case .invalid(let field, let value, let rule):
            "\(field) \(value) is not accepted: \(rule)"
        case .notAnExport(let detail):
            "this is not an export of a Redraw library, or not a sound one: \(detail)"
        }
    }
}

extension LibraryError {
    /// Where a damaged value stands, and what is wrong with it; nil for other errors.
    package var place: String? {
        guard case .damagedValue(let table, let row, let column, let reason) = self else { return nil }
        return "table \(table), row \(row), column \(column): \(reason)"
    }

    /// What an error thrown inside a transaction means to a person. The transaction has been rolled back.
    init(_ error: any Error, path: String) {
        if let error = error as? LibraryError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self = .database(path: path, message: "\(error)")
            return
        }
        let message = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL: self = .full(path: path)
        case .SQLITE_IOERR where [.SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE].contains(error.extendedResultCode): self = .full(path: path)
        case .SQLITE_READONLY, .SQLITE_PERM: self = .readOnly(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(path: path, detail: message)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
        case .SQLITE_CANTOPEN: self = .cannotOpen(path: path, reason: message)
        default: self = .database(path: path, message: message)
        }
    }
}
