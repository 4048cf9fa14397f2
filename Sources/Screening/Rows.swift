import Foundation
import GRDB

// How rows become records, and records rows. Columns are named as in Schema; children of many rows are fetched together.

extension PictureRecord {
    /// - Parameters:
    ///   - rows: of the table `picture`.
    ///   - isListed: whether something empty stands in for what cannot be read.
    static func all(_ rows: [Row], isListed: Bool = false, _ db: Database) throws -> [PictureRecord] {
        guard !rows.isEmpty else { return [] }
        let rows = StoredRow.all(rows, of: "picture").map { isListed ? $0.listed : $0 }
        let ids: [Int64] = try rows.map { try $0.value("id") }
        let paths = try Library.children(
            "SELECT pictureId, path FROM picturePath WHERE pictureId IN (%) ORDER BY seenAt DESC, path", of: ids, by: "pictureId",
            table: "picturePath", db
        ) { row -> String in try (isListed ? row.listed : row).value("path") }
        return try zip(rows, ids).map { row, id in try PictureRecord(row, paths: paths[id] ?? []) }
    }

    /// - Parameter row: of the table `picture`.
    init(_ row: StoredRow, paths: [String]) throws {
        self.init(
            id: try row.value("id"), sha256: try row.value("sha256"), width: try row.value("width"), height: try row.value("height"),
            addedAt: try row.moment("addedAt"), name: try row.value("name"), paths: paths)
    }
}

extension Library {
    /// What rows of another table say of each of many parents: in one query for some hundred of them at a time.
    ///
    /// - Parameters:
    ///   - sql: with `%` where the parents' numbers go.
    ///   - column: of the parent's number.
    static func children<Child>(
        _ sql: String, of parents: [Int64], by column: String, table: String, _ db: Database, _ child: (StoredRow) throws -> Child
    ) throws -> [Int64: [Child]] {
        var found: [Int64: [Child]] = [:]
        for start in stride(from: 0, to: parents.count, by: 500) {
            let some = parents[start..<min(start + 500, parents.count)]
            let places = some.map { _ in "?" }.joined(separator: ", ")
            let rows = try Row.fetchCursor(
                db, sql: sql.replacingOccurrences(of: "%", with: places), arguments: StatementArguments(some))
            while let row = try rows.next() {
                let row = StoredRow(row, of: table)
                found[try row.value(column), default: []].append(try child(row))
            }
        }
        return found
    }
}

extension AnalysisRecord {
    init(_ row: Row) throws { try self.init(StoredRow(row, of: "analysis")) }

    /// - Parameter row: of the table `analysis`.
    init(_ row: StoredRow) throws {
        id = try row.value("id")
        pictureID = try row.value("pictureId")
        encoder = EncoderIdentity(name: try row.value("encoderName"), sha256: try row.value("encoderSha256"))
        vocabulary = VocabularyIdentity(
            name: try row.value("vocabularyName"), sha256: try row.value("vocabularySha256"), count: try row.value("vocabularyCount"))
        seconds = try row.value("seconds")
        positive = try row.value("positive")
        negative = try row.value("negative")
        model = try row.json("model")
        size = try row.json("size")
        recovered = try row.json("recovered")
        wording = try row.optional("wording")
        dropped = try row.json("dropped")
        composition = try row.json("composition")
        calibration = try row.json("calibration")
        things = try row.json("things")
        createdAt = try row.moment("createdAt")
        damaged = row.unreadable
    }
}

extension Decision {
    init(_ row: Row) throws { try self.init(StoredRow(row, of: "decision")) }

    /// - Parameter row: of the table `decision`.
    init(_ row: StoredRow) throws {
        id = try row.value("id")
        pictureID = try row.value("pictureId")
        tag = try row.value("tag")
        action = try row.choice("action", listing: .edit)
        batch = try row.value("batch")
        undoes = try row.optional("undoes")
        decidedAt = try row.moment("decidedAt")
        decidedBy = try row.value("decidedBy")
        damaged = row.unreadable
    }
}

extension PromptVersion {
    init(_ row: Row) throws { try self.init(StoredRow(row, of: "prompt")) }

    /// - Parameter row: of the table `prompt`.
    init(_ row: StoredRow) throws {
        pictureID = try row.value("pictureId")
        number = try row.value("number")
        parent = try row.optional("parentNumber")
        positive = try row.value("positive")
        negative = try row.value("negative")
        model = try row.optional("model")
        width = try row.optional("width")
        height = try row.optional("height")
        source = try row.choice("source", listing: .written)
        createdAt = try row.moment("createdAt")
        damaged = row.unreadable
    }
}

/// A row of the table `prompt`, as it is written.
struct PromptRow: Encodable, PersistableRecord {
    static let databaseTableName = "prompt"

    var pictureId: Int64
    var number: Int
    var parentNumber: Int?
    var positive: String
    var negative: String
    var model: String?
    var width: Int?
    var height: Int?
    var source: String
    var createdAt: Date
}

/// A row of the table `analysis`, as it is written.
struct AnalysisRow: Encodable, PersistableRecord {
    static let databaseTableName = "analysis"

    var pictureId: Int64
    var encoderName: String
    var encoderSha256: String
    var vocabularyName: String
    var vocabularySha256: String
    var vocabularyCount: Int
    var seconds: Double
    var positive: String
    var negative: String
    var model: String?
    var size: String?
    var recovered: String?
    var dropped: String?
    var wording: String?
    var composition: String?
    var calibration: String?
    var things: String?
    var createdAt: Date
}
