import Foundation
import GRDB

/// What makes a row of one of the library's tables damaged: a value of another type than its column's, a text that is no JSON or no moment where
/// one must stand or JSON of another kind than is read there, a word that its column does not know, a number or a length that no export may have,
/// what breaks a rule of the table, or a row it belongs to that is not there.
///
/// SQLite keeps a value of any type in any column, and checks what a table demands only where rows are written.
struct DamagedRows {
    /// Something that may be wrong with a row.
    struct Fault {
        let column: String
        /// An expression that is true for the rows which have it.
        let condition: String
        let reason: String
        /// The column where its JSON is of another kind than is read there: the value says what is wrong with it.
        var json: JSONColumn?
    }

    /// Rows that a table's rows belong to.
    private struct Parent {
        let table: String
        let columns: [(own: String, theirs: String)]
        /// The column that may be emptied where the other row is gone; nil where the row goes with it.
        let emptied: String?

        func missing(in table: String) -> String {
            let filled = columns.map { "\"\(table)\".\"\($0.own)\" IS NOT NULL" }
            let same = columns.map { "parent.\"\($0.theirs)\" = \"\(table)\".\"\($0.own)\"" }
            return filled.joined(separator: " AND ")
                + " AND NOT EXISTS (SELECT 1 FROM \"\(self.table)\" AS parent WHERE \(same.joined(separator: " AND ")))"
        }
    }

    let table: String
    /// What comes behind FROM.
    private let place: String
    let faults: [Fault]
    private let parents: [Parent]
    private let hasRowNumbers: Bool
    private let types: StoredTypes
    /// An expression that is true for the rows which have any of the faults.
    let anyFault: String
    /// The same of those that SQLite finds by itself: all but that JSON is of another kind than is read there.
    private let anyPlainFault: String

    /// All tables whose rows are read, as this library has them.
    ///
    /// - Parameters:
    ///   - types: what its JSON is read as.
    ///   - schema: another library's that is attached.
    static func all(_ db: Database, _ types: StoredTypes, of schema: String = "main") throws -> [DamagedRows] {
        db.add(function: types.function)
        db.add(function: Accepted.lengthFunction)
        let tables = try Row.fetchAll(
            db, sql: "SELECT name, sql FROM \(schema).sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        return try tables.compactMap { row in
            let (name, sql): (String, String) = (row["name"], row["sql"])
            // The search's own tables are made anew by it, and so are those that say again what others say.
            guard !name.hasPrefix("pictureText"), name != "grdb_migrations", !Schema.derived.contains(where: { name.hasPrefix($0.name) })
            else { return nil }
            return try DamagedRows(name, of: schema, sql, db, types)
        }
    }

    private init(_ table: String, of schema: String, _ sql: String, _ db: Database, _ types: StoredTypes) throws {
        (self.table, self.types, place) = (table, types, "\(schema).\"\(table)\"")
        hasRowNumbers = !sql.contains("WITHOUT ROWID")
        let rules = Self.rules(in: sql)
        var (faults, optional) = ([Fault](), Set<String>())
        for row in try Row.fetchAll(
            db, sql: "SELECT name, type, \"notnull\" OR pk > 0 AS isNeeded FROM pragma_table_xinfo(?, ?)", arguments: [table, schema])
        {
            let (name, type): (String, String) = (row["name"], row["type"])
            let isNeeded: Bool = row["isNeeded"]
            if !isNeeded { optional.insert(name) }
            let column = "\"\(name)\""
            func add(_ condition: String, _ reason: String) {
                faults.append(Fault(column: name, condition: "\(column) IS NOT NULL AND (\(condition))", reason: reason))
            }
            if isNeeded { faults.append(Fault(column: name, condition: "\(column) IS NULL", reason: "it is missing")) }
            switch type.uppercased() {
            case "TEXT": add("typeof(\(column)) <> 'text'", "no text")
            case "INTEGER", "BOOLEAN": add("typeof(\(column)) <> 'integer'", "no whole number")
            case "DOUBLE": add("typeof(\(column)) NOT IN ('real', 'integer')", "no number")
            case "BLOB": add("typeof(\(column)) <> 'blob'", "no bytes")
            case "DATETIME":
                add(
                    "typeof(\(column)) <> 'text' OR \(column) NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' OR julianday(\(column)) IS NULL",
                    "no moment")
            default: break
            }
            if sql.contains("json_valid(\(name))") || sql.contains("json_valid(\(column))") {
                add("CASE typeof(\(column)) WHEN 'text' THEN NOT json_valid(\(column)) ELSE 0 END", "no JSON")
            }
            if let json = JSONColumn(rawValue: "\(table).\(name)") {
                let isRead = "\(StoredTypes.functionName)('\(json.rawValue)', \(column))"
                let other = "CASE WHEN typeof(\(column)) <> 'text' THEN 0 WHEN json_valid(\(column)) THEN NOT \(isRead) ELSE 0 END"
                faults.append(Fault(column: name, condition: "\(column) IS NOT NULL AND \(other)", reason: "it cannot be read", json: json))
            }
            if let bound = Accepted.ofColumns["\(table).\(name)"] { add(bound.isPassed(by: column), bound.rule) }
            if let words = Self.words(of: name, in: rules) { add("\(column) NOT IN (\(words))", "a word that is not known there") }
        }
        // Rules are asked only of values of the right kind: some functions refuse others altogether.
        func alternatives(_ faults: [Fault]) -> String { faults.map { "(\($0.condition))" }.joined(separator: " OR ") }
        func broken(_ faults: [Fault]) -> String {
            "CASE WHEN \(alternatives(faults)) THEN 1\(rules.map { " WHEN NOT (\($0)) THEN 1" }.joined()) ELSE 0 END"
        }
        let ofKind = alternatives(faults)
        let columns = faults.map(\.column)
        (anyFault, anyPlainFault) = (broken(faults), broken(faults.filter { $0.json == nil }))
        faults += rules.map { rule in
            let column = columns.first { rule.contains($0) } ?? columns.first ?? "rowid"
            return Fault(column: column, condition: "CASE WHEN \(ofKind) THEN 0 ELSE NOT (\(rule)) END", reason: "the table's rule \(rule)")
        }
        self.faults = faults
        var parents: [Int: (table: String, columns: [(own: String, theirs: String)])] = [:]
        for row in try Row.fetchAll(
            db, sql: "SELECT id, \"table\", \"from\", coalesce(\"to\", 'id') AS \"to\" FROM pragma_foreign_key_list(?, ?) ORDER BY id, seq",
            arguments: [table, schema])
        {
            let id: Int = row["id"]
            parents[id, default: (row["table"], [])].columns.append((row["from"], row["to"]))
        }
        self.parents = parents.sorted { $0.key < $1.key }.map { _, one in
            // Of several columns the last says which of the other's rows it is.
            Parent(table: one.table, columns: one.columns, emptied: one.columns.last.flatMap { optional.contains($0.own) ? $0.own : nil })
        }
    }

    /// What the table's CHECKs demand.
    private static func rules(in sql: String) -> [String] {
        var rules: [String] = []
        var rest = sql[...]
        while let begin = rest.range(of: "CHECK (") {
            var (depth, isQuoted) = (1, false)
            var end = begin.upperBound
            while end < rest.endIndex, depth > 0 {
                switch rest[end] {
                case "'": isQuoted.toggle()
                case "(" where !isQuoted: depth += 1
                case ")" where !isQuoted: depth -= 1
                default: break
                }
                end = rest.index(after: end)
            }
            guard depth == 0 else { break }
            let rule = rest[begin.upperBound..<rest.index(before: end)]
            rules.append(rule.split(whereSeparator: \.isWhitespace).joined(separator: " "))
            rest = rest[end...]
        }
        return rules
    }

    /// The words that a CHECK allows a column: `column IN ('a', 'b')`.
    private static func words(of column: String, in rules: [String]) -> Substring? {
        let begin = "\(column) IN ("
        return rules.first { $0.hasPrefix(begin) }.map { $0.dropFirst(begin.count).prefix { $0 != ")" } }
    }

    /// What is wrong, at most so many rows of each kind.
    ///
    /// - Parameters:
    ///   - latest: looks at so many rows that came last, or, where a table does not keep that, at so many of it; nil: at all.
    ///   - condition: looks at the rows for which it is true.
    ///   - columns: whose values do not matter.
    func found(
        limit: Int, latest: Int? = nil, where condition: String = "true", besides columns: Set<String> = [], _ db: Database
    ) throws -> [LibraryError] {
        let order = hasRowNumbers ? "ORDER BY rowid DESC " : ""
        let rows = latest.map { "(SELECT * FROM \(place) \(order)LIMIT \($0))" } ?? place
        // The condition first: what it leaves out need not be read.
        func holds(_ fault: String) -> String { "CASE WHEN \(condition) THEN \(fault) ELSE 0 END" }
        let isPlain = try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM \(rows) WHERE \(holds(anyPlainFault)))") ?? false
        // Which fault it is, and of which row, is asked where there is one.
        if try !isPlain && isRead(rows, where: condition, besides: columns, db) { return [] }
        return try faults.filter { !columns.contains($0.column) }.flatMap { fault in
            try Row.fetchAll(db, sql: "SELECT * FROM \(rows) WHERE \(holds(fault.condition)) LIMIT \(limit)").map {
                StoredRow($0, of: table).damaged(fault.column, reason(fault, of: $0))
            }
        }
    }

    /// How many texts are read together.
    private static let textsAtOnce = 512

    /// Whether all JSON of some rows is what it is read as, where it is JSON at all. There is much of it, and reading it takes longest: many texts
    /// at a time are given to whoever spreads them over threads.
    private func isRead(_ rows: String, where condition: String, besides columns: Set<String>, _ db: Database) throws -> Bool {
        let read = faults.filter { !columns.contains($0.column) }.compactMap { fault in fault.json.map { (fault.column, $0) } }
        guard !read.isEmpty else { return true }
        let names = read.map { "\"\($0.0)\"" }.joined(separator: ", ")
        let found = try Row.fetchCursor(db, sql: "SELECT \(names) FROM \(rows) WHERE \(condition)")
        var texts: [(column: JSONColumn, text: String)] = []
        while let row = try found.next() {
            for (index, (_, column)) in read.enumerated() {
                let value: DatabaseValue = row[index]
                if let text = String.fromDatabaseValue(value) { texts.append((column, text)) }
            }
            if texts.count >= Self.textsAtOnce {
                guard types.areRead(texts) else { return false }
                texts.removeAll(keepingCapacity: true)
            }
        }
        return types.areRead(texts)
    }

    /// What is wrong with a row's value, in words.
    func reason(_ fault: Fault, of row: Row) -> String {
        guard let json = fault.json, let text = String.fromDatabaseValue(row[fault.column]),
            let reason = types.fault(of: text, in: json)
        else { return fault.reason }
        return "\(fault.reason): \(reason)"
    }

    /// Takes damaged rows out.
    ///
    /// - Parameter aside: is given each of them, with what is wrong.
    func takeOut(_ db: Database, aside: (Row, String) throws -> Void) throws {
        try takeOut(anyFault, db) { row in
            try aside(row, try faults(of: row, db).map { "\($0.column): \(reason($0, of: row))" }.joined(separator: ", "))
        }
    }

    /// What is wrong with a row.
    func faults(of row: Row, _ db: Database) throws -> [Fault] {
        try faults.filter { fault in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM \"\(table)\" WHERE \(fault.condition) AND \(Self.isRow(row)))",
                arguments: StatementArguments(row.databaseValues)) ?? false
        }
    }

    /// Empties what names a row that is not there, or, where it may not be empty, takes the row out.
    func takeOutOrphans(_ db: Database, aside: (Row, String) throws -> Void) throws {
        for parent in parents {
            let condition = parent.missing(in: table)
            if let emptied = parent.emptied {
                // Where a table's CHECK wants it filled, the row stays as it is here and goes below.
                try db.execute(sql: "UPDATE OR IGNORE \"\(table)\" SET \"\(emptied)\" = NULL WHERE \(condition)")
            }
            try takeOut(condition, db) { try aside($0, "its row of \(parent.table) is not there") }
        }
    }

    private func takeOut(_ condition: String, _ db: Database, aside: (Row) throws -> Void) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM \"\(table)\" WHERE \(condition)")
        guard !rows.isEmpty else { return }
        for row in rows { try aside(row) }
        try db.execute(sql: "DELETE FROM \"\(table)\" WHERE \(condition)")
    }

    static func isRow(_ row: Row) -> String {
        row.columnNames.map { "\"\($0)\" IS ?" }.joined(separator: " AND ")
    }
}
