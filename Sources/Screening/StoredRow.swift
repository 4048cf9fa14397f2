import Foundation
import GRDB

/// A row of a table as a file that anybody may have written: a value of another kind than the column's is an error, where GRDB's own
/// subscripts would end the process.
struct StoredRow {
    let row: Row
    let table: String
    /// Where each column stands; nil where that is asked for column by column.
    private let positions: [String: Int]?
    /// Of a list's row, what could not be read of it.
    private let unread: UnreadValues?

    init(_ row: Row, of table: String) { self.init(row, of: table, nil, nil) }

    private init(_ row: Row, of table: String, _ positions: [String: Int]?, _ unread: UnreadValues?) {
        (self.row, self.table, self.positions, self.unread) = (row, table, positions, unread)
    }

    /// The row as a list reads it, which goes on: something empty stands in for what cannot be read, and ``unreadable`` tells what that is.
    var listed: StoredRow { StoredRow(row, of: table, positions, UnreadValues()) }

    /// The first of what could not be read so far, with the remedy; nil where all could.
    var unreadable: String? { unread?.first.map { "\($0)" } }

    /// Rows of one statement, whose columns are looked up once for all of them: SQLite's names have no case, and so each look compares many.
    static func all(_ rows: [Row], of table: String) -> [StoredRow] {
        guard let first = rows.first else { return [] }
        let positions = Dictionary(first.columnNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return rows.map { StoredRow($0, of: table, positions, nil) }
    }

    /// - Throws: `LibraryError.damagedValue`, naming the table, the row and the column.
    func value<Value: DatabaseValueConvertible>(_ column: String) throws(LibraryError) -> Value {
        if let value: Value = try optional(column) { return value }
        let error = damaged(column, "it is missing")
        let empties = ["".databaseValue, 0.databaseValue]
        guard let unread, let empty = empties.lazy.compactMap(Value.fromDatabaseValue).first else { throw error }
        unread.note(error)
        return empty
    }

    /// - Throws: as ``value(_:)``, but not where the column is NULL.
    func optional<Value: DatabaseValueConvertible>(_ column: String) throws(LibraryError) -> Value? {
        do {
            return try read(column)
        } catch {
            guard let unread else { throw error }
            unread.note(error)
            return nil
        }
    }

    /// What a query took from another table under a name of its own.
    ///
    /// - Parameter place: where it stands.
    func optional<Value: DatabaseValueConvertible>(
        _ name: String, at place: (table: String, row: String, column: String)
    ) throws(LibraryError) -> Value? {
        do {
            return try read(name)
        } catch {
            guard case .damagedValue(_, _, _, let reason) = error else { throw error }
            let told = LibraryError.damagedValue(table: place.table, row: place.row, column: place.column, reason: reason)
            guard let unread else { throw told }
            unread.note(told)
            return nil
        }
    }

    private func read<Value: DatabaseValueConvertible>(_ column: String) throws(LibraryError) -> Value? {
        let stored: DatabaseValue
        if let position = positions?[column] {
            stored = row[position]
        } else {
            guard row.hasColumn(column) else { throw damaged(column, "there is no such column") }
            stored = row[column]
        }
        guard !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else {
            throw damaged(column, "\(Value.self) was expected, not \("\(stored)".prefix(80))")
        }
        return value
    }

    /// The case of that name. The tables' CHECKs allow no other.
    ///
    /// - Parameter other: stands in a list for one that is unknown.
    func choice<Choice: RawRepresentable>(
        _ column: String, listing other: Choice? = nil
    ) throws(LibraryError) -> Choice where Choice.RawValue == String {
        let name: String = try value(column)
        if let choice = Choice(rawValue: name) { return choice }
        let error = damaged(column, "\(Choice.self) \"\(name)\" is unknown")
        guard let unread, let other else { throw error }
        unread.note(error)
        return other
    }

    /// To the millisecond, as the tables keep moments.
    func moment(_ column: String) throws(LibraryError) -> Date {
        Moment.rounded(try value(column))
    }

    func optionalMoment(_ column: String) throws(LibraryError) -> Date? {
        let moment: Date? = try optional(column)
        return moment.map(Moment.rounded)
    }

    /// A JSON text, to be read when it is wanted: what stands there instead of one is told then, and does not end the reading of its row.
    func json(_ column: String) throws(LibraryError) -> StoredJSON? {
        do {
            let text: String? = try read(column)
            return text.map { StoredJSON($0, table: table, row: number, column: column) }
        } catch {
            guard case .damagedValue(_, _, _, let reason) = error, row.hasColumn(column) else { throw error }
            return StoredJSON("", fault: reason, table: table, row: number, column: column)
        }
    }

    /// The same where there must be one.
    func requiredJSON(_ column: String) throws(LibraryError) -> StoredJSON {
        guard let json = try json(column) else { throw damaged(column, "it is missing") }
        return json
    }

    /// SQLite's integers are signed; a seed keeps its 64 bits.
    func seed(_ column: String) throws(LibraryError) -> UInt64 {
        let bits: Int64 = try value(column)
        return UInt64(bitPattern: bits)
    }

    func optionalSeed(_ column: String) throws(LibraryError) -> UInt64? {
        let bits: Int64? = try optional(column)
        return bits.map { UInt64(bitPattern: $0) }
    }

    /// The row's number, as far as it can be told.
    private var number: String {
        for name in ["id", "number", "pictureId", "generationId", "decisionId", "sheetId", "suggestionId", "name"] where row.hasColumn(name)
        {
            let value: DatabaseValue = row[name]
            if !value.isNull { return "\(name) \(value)" }
        }
        return "without a number"
    }

    func damaged(_ column: String, _ reason: String) -> LibraryError {
        .damagedValue(table: table, row: number, column: column, reason: reason)
    }
}

/// What could not be read of a row while it was.
private final class UnreadValues {
    private(set) var first: LibraryError?

    func note(_ error: LibraryError) { first = first ?? error }
}
