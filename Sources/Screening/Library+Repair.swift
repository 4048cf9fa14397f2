import Foundation
import GRDB

extension Library {
    /// Sets damaged values aside where their rows can do without, else the rows, and those that belong to a row which is not there, and keeps
    /// the rest: a value of another type than its column's would end every reading of its table. One transaction.
    ///
    /// - Parameters:
    ///   - types: what the library's JSON is read as: what is of another kind is damaged.
    ///   - aside: is given the rows as they were, a JSON object a line and a line for each value, before they leave the library; what it
    ///     throws leaves them there. Not called where there are none.
    /// - Returns: how many rows were set aside, by the name of their table, and how many values, by `table.column`.
    /// - Throws: `LibraryError.corrupt` where the file itself is damaged, which no row can mend.
    package func repair(reading types: StoredTypes = .own, aside put: (Data) throws -> Void) throws(LibraryError) -> [String: Int] {
        let damage = try read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check") }
        // What integrity_check says of single values is mended here; of pages it is not.
        let ofPages = ["Tree ", "Page ", "row ", "wrong # of entries", "Freelist"]
        if let detail = damage.first(where: { line in ofPages.contains { line.hasPrefix($0) } }) {
            throw .corrupt(path: location, detail: detail)
        }
        var rows: [String: Int] = [:]
        var lines: [String] = []
        return try onWriter { db in
            // Rows go before those they belong to, in whatever order.
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
            try db.inTransaction(.immediate) {
                // Triggers stand aside until the repair is done: those that guard rows against being changed and deleted, and those that would
                // pass a damaged value on.
                let triggers = try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
                for one in triggers { try db.execute(sql: "DROP TRIGGER \"\(one["name"] as String)\"") }
                let tables = try DamagedRows.all(db, types)
                func aside(from table: String) -> (Row, String) throws -> Void {
                    { row, reason in
                        lines.append(try Self.line(of: row, from: table, reason))
                        rows[table, default: 0] += 1
                    }
                }
                for one in tables {
                    try one.emptyValues(db) { row, column, reason in
                        lines.append(try Self.line(of: row, from: one.table, "\(column): \(reason)", value: column))
                        rows["\(one.table).\(column)", default: 0] += 1
                    }
                }
                for one in tables { try one.takeOut(db, aside: aside(from: one.table)) }
                // What is taken out may leave others behind that belonged to it.
                var before: Int
                repeat {
                    before = lines.count
                    for one in tables { try one.takeOutOrphans(db, aside: aside(from: one.table)) }
                } while lines.count > before
                for one in triggers { try db.execute(sql: one["sql"]) }
                for table in Schema.derived { try table.makeAnew(db) }
                guard !lines.isEmpty else { return .commit }
                // What is counted of each picture, and found of it by words, is made anew.
                try db.execute(sql: "INSERT INTO pictureChanged (pictureId) SELECT id FROM picture WHERE true ON CONFLICT DO NOTHING")
                try Library.tellChanges(db)
                try put(Data(lines.map { $0 + "\n" }.joined().utf8))
                return .commit
            }
            return rows
        }
    }

    /// - Parameter value: the column whose value alone was set aside; nil: the whole row was.
    private static func line(of row: Row, from table: String, _ reason: String, value: String? = nil) throws -> String {
        var values: [String: Any] = [:]
        for (column, value) in row {
            values[column] =
                switch value.storage {
                case .null: NSNull()
                case .int64(let number): number
                case .double(let number): number.isFinite ? number : "\(number)"
                case .string(let text): text
                case .blob(let bytes): ["base64": bytes.base64EncodedString()]
                }
        }
        var object: [String: Any] = ["table": table, "reason": reason, "row": values]
        if let value { object["value"] = value }
        let line = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: line, as: UTF8.self)
    }
}
