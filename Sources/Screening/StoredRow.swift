import Foundation
import GRDB

/// A row of a table as a file that anybody may have written: a value of another kind than the column's is an error, where GRDB's own
/// subscripts would end the process.
struct StoredRow {
    let row: Row
    let table: String
    /// Where each column stands; nil where that is asked for column by column.
    private let positions: [String: Int]?

    init(_ row: Row, of table: String) {
        (self.row, self.table, positions) = (row, table, nil)
    }

    private init(_ row: Row, of table: String, _ positions: [String: Int]) {
        (self.row, self.table, self.positions) = (row, table, positions)
    }

    /// Rows of one statement, whose columns are looked up once for all of them: SQLite's names have no case, and so each look compares many.
    static func all(_ rows: [Row], of table: String) -> [StoredRow] {
        guard let first = rows.first else { return [] }
        let positions = Dictionary(first.columnNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return rows.map { StoredRow($0, of: table, positions) }
    }

    /// - Throws: `LibraryError.damagedValue`, naming the table, the row and the column.
    func value<Value: DatabaseValueConvertible>(_ column: String) throws(LibraryError) -> Value {
        guard let value: Value = try optional(column) else { throw damaged(column, "it is missing") }
        return value
    }

    /// - Throws: as ``value(_:)``, but not where the column is NULL.
    func optional<Value: DatabaseValueConvertible>(_ column: String) throws(LibraryError) -> Value? {
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
    func choice<Choice: RawRepresentable>(_ column: String) throws(LibraryError) -> Choice where Choice.RawValue == String {
        let name: String = try value(column)
        guard let choice = Choice(rawValue: name) else { throw damaged(column, "\(Choice.self) \"\(name)\" is unknown") }
        return choice
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
            let text: String? = try optional(column)
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
