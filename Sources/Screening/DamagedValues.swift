import Foundation
import GRDB

extension DamagedRows {
    /// Columns that say how far something has come: no default may, or work that was done would be done again.
    private static let progress = ["state", "status"]

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
        for row in rows {
            let found = try faults(of: row, db)
            let columns = Set(found.map(\.column)).sorted()
            let sets = columns.compactMap { name in standIns[name].map { "\"\(name)\" = \($0)" } }
            guard !columns.isEmpty, sets.count == columns.count else { continue }
            try db.execute(
                sql: "UPDATE OR IGNORE \"\(table)\" SET \(sets.joined(separator: ", ")) WHERE \(Self.isRow(row))",
                arguments: StatementArguments(row.databaseValues))
            guard db.changesCount > 0 else { continue }
            for column in columns {
                try aside(row, column, found.filter { $0.column == column }.map(\.reason).joined(separator: ", "))
            }
        }
    }
}
