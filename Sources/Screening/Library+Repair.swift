import Foundation
import GRDB

/// What a repair did.
package struct LibraryRepair: Sendable, Equatable {
    /// Rows set aside, by the name of their table.
    package var rows: [String: Int] = [:]
    /// The file they stand in, a JSON object a line; nil where there were none.
    package var file: String?
}

extension Library {
    /// Sets damaged rows aside, and those that belong to a row which is not there, and keeps the rest: a value of another type than its
    /// column's would end every reading of its table. One transaction; the rows are in the file before they leave the library.
    ///
    /// - Parameter folder: where the file is written, under a name with the moment in it.
    /// - Throws: `LibraryError.corrupt` where the file itself is damaged, which no row can mend.
    package func repair(asideIn folder: URL, at moment: Date = Date()) throws(LibraryError) -> LibraryRepair {
        let damage = try read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check").first ?? "ok" }
        // What integrity_check says of single values is mended here; of pages it is not.
        let isOfPages = ["Tree ", "Page ", "row ", "wrong # of entries", "Freelist"].contains { damage.hasPrefix($0) }
        guard !isOfPages else { throw .corrupt(path: location, detail: damage) }
        var result = LibraryRepair()
        var lines: [String] = []
        return try onWriter { db in
            // Rows go before those they belong to, in whatever order.
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
            try db.inTransaction(.immediate) {
                // What guards rows against being changed and deleted stands aside, too, until the repair is done.
                let guards = try Row.fetchAll(
                    db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE '%RAISE%'")
                for one in guards { try db.execute(sql: "DROP TRIGGER \"\(one["name"] as String)\"") }
                let tables = try DamagedRows.all(db)
                func aside(from table: String) -> (Row, String) throws -> Void {
                    { row, reason in lines.append(try Self.line(of: row, from: table, reason)) }
                }
                for one in tables {
                    let count = try one.takeOut(db, aside: aside(from: one.table))
                    if count > 0 { result.rows[one.table, default: 0] += count }
                }
                var more = true
                while more {
                    more = false
                    for one in tables {
                        let count = try one.takeOutOrphans(db, aside: aside(from: one.table))
                        if count > 0 { result.rows[one.table, default: 0] += count }
                        more = more || count > 0
                    }
                }
                for one in guards { try db.execute(sql: one["sql"]) }
                if !lines.isEmpty {
                    let file = folder.appendingPathComponent("redraw-set-aside-\(Self.name(of: moment)).jsonl")
                    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file, options: .withoutOverwriting)
                    result.file = file.path
                }
                return .commit
            }
            return result
        }
    }

    private static func name(of moment: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyyMMdd-HHmmss-SSS"
        return formatter.string(from: moment)
    }

    private static func line(of row: Row, from table: String, _ reason: String) throws -> String {
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
        let line = try JSONSerialization.data(
            withJSONObject: ["table": table, "reason": reason, "row": values], options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: line, as: UTF8.self)
    }
}
