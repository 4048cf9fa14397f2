import Foundation
import GRDB

extension DamagedRows {
    /// Columns that say how far something has come: no default may, or work that was done would be done again.
    private static let progress = ["state", "status"]
    /// What stands in columns that may not be empty and whose rows say much without them: of a generation, that nobody knows what was asked for.
    private static let standIns = ["generation.request": "'null'"]
    /// Columns that say something only together: without what was before a decision, what was after it would be undone to nothing.
    private static let together: [String: Set<String>] = ["decision": ["before", "after"]]

    /// Sets single values aside, and keeps their rows: where a column may be empty it is, where it has a default that stands there. A row of which
    /// another value is damaged, or for which the table's rules want the value, is left to `takeOut`.
    ///
    /// - Parameter aside: is given the row as it was, the column, and what is wrong.
    func emptyValues(_ db: Database, aside: (Row, String, String) throws -> Void) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM \"\(table)\" WHERE \(anyFault)")
        guard !rows.isEmpty else { return }
        var standIns: [String: String] = [:]
        for column in try Row.fetchAll(
            db,
            sql: """
                SELECT name, coalesce(dflt_value, 'NULL') AS standIn FROM pragma_table_xinfo(?)
                WHERE pk = 0 AND ("notnull" = 0 OR dflt_value IS NOT NULL)
                """, arguments: [table])
        {
            let name: String = column["name"]
            if !Self.progress.contains(name) { standIns[name] = column["standIn"] }
        }
        for (name, value) in Self.standIns where name.hasPrefix(table + ".") { standIns[String(name.dropFirst(table.count + 1))] = value }
        for row in rows {
            let found = try faults(of: row, db)
            var damaged = Set(found.map(\.column))
            if let together = Self.together[table], !damaged.isDisjoint(with: together) {
                damaged.formUnion(together.filter { !(row[$0] as DatabaseValue).isNull })
            }
            let columns = damaged.sorted()
            let sets = columns.compactMap { name in standIns[name].map { "\"\(name)\" = \($0)" } }
            guard !columns.isEmpty, sets.count == columns.count else { continue }
            try db.execute(
                sql: "UPDATE OR IGNORE \"\(table)\" SET \(sets.joined(separator: ", ")) WHERE \(Self.isRow(row))",
                arguments: StatementArguments(row.databaseValues))
            guard db.changesCount > 0 else { continue }
            for column in columns {
                let reasons = found.filter { $0.column == column }.map { reason($0, of: row) }
                try aside(row, column, reasons.isEmpty ? "what it belongs to is damaged" : reasons.joined(separator: ", "))
            }
        }
    }
}
