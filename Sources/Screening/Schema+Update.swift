import GRDB

extension Schema {
    /// Whether all tables are as this version makes them.
    ///
    /// - Parameter path: what messages call the library.
    /// - Throws: `LibraryError.newer` where a later version of Redraw had it open.
    static func isUpToDate(_ database: any DatabaseReader, path: String) throws -> Bool {
        let migrator = migrator
        let (applied, isCurrent) = try database.read { db in
            (try migrator.appliedIdentifiers(db), try migrator.hasCompletedMigrations(db))
        }
        let unknown = applied.subtracting(migrator.migrations)
        guard unknown.isEmpty else { throw LibraryError.newer(path: path, migrations: unknown.sorted()) }
        return isCurrent
    }

    /// Migrates a library of whatever earlier version. SQLite looks at all rows of a table by all of its rules when a column with a rule is
    /// added to it: what is damaged comes along as it is, for a library has to be open to be mended.
    static func bringUpToDate(_ database: any DatabaseWriter) throws {
        func ignoreRules(_ isIgnored: Bool) throws {
            try database.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA ignore_check_constraints = \(isIgnored ? "ON" : "OFF")")
            }
        }
        try ignoreRules(true)
        defer { try? ignoreRules(false) }
        try migrator.migrate(database)
    }
}
