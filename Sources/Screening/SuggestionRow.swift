import Foundation
import GRDB

/// A row of the table of suggestions while a transaction works on it, and, as JSON, its state before and after a decision.
struct SuggestionRow: Codable, Equatable {
    var id: Int64
    var tag: String
    var aliases: [String]
    var facet: String
    var analysis: Int64?
    var cosine: Double?
    var confidence: Double
    var rank: Int?
    var source: SuggestionSource
    var state: Suggestion.State = .pending
    var editedText: String?
    var weight: Double = 1
    var decidedAt: Date?
    var decidedBy: String?

    var names: TagNames {
        let tagKey = TagKey(tag)?.text ?? tag
        return TagNames(key: tagKey, all: Set(aliases.compactMap { TagKey($0)?.text }))
    }

    /// Its names and the text that the person gave it: what a new proposal must not repeat.
    var namesAndText: TagNames {
        TagNames(key: names.key, all: names.all.union(state == .approved ? editedText.flatMap { TagKey($0)?.text }.map { [$0] } ?? [] : []))
    }

    init(_ suggestion: Suggestion) {
        id = suggestion.id
        tag = suggestion.tag
        aliases = suggestion.aliases
        facet = suggestion.facet
        analysis = suggestion.analysisID
        cosine = suggestion.cosine
        confidence = suggestion.confidence
        rank = suggestion.rank
        source = suggestion.source
        state = suggestion.state
        editedText = suggestion.editedText
        weight = suggestion.weight
        decidedAt = suggestion.decidedAt
        decidedBy = suggestion.decidedBy
    }

    /// A pending one that is not in the table yet.
    init(_ new: NewSuggestion, analysis: Int64?) {
        id = 0
        tag = new.tag
        aliases = new.aliases
        facet = new.facet
        self.analysis = analysis
        cosine = new.cosine
        confidence = new.confidence
        rank = new.rank
        source = new.source
    }

    /// One that the person added.
    init(added tag: String, facet: String) {
        id = 0
        self.tag = tag
        aliases = []
        self.facet = facet
        confidence = 1
        source = .added
    }

    mutating func decide(_ state: Suggestion.State, at moment: Date, by person: String) {
        self.state = state
        (decidedAt, decidedBy) = state == .pending ? (nil, nil) : (moment, person)
        if state != .approved { (editedText, weight) = (nil, 1) }
    }
}

extension SuggestionRow {
    static func all(of picture: Int64, _ db: Database) throws -> [SuggestionRow] {
        try Suggestion.all(of: picture, db).map(SuggestionRow.init)
    }

    /// Writes a row that is not in the table yet, and takes its id.
    mutating func insert(picture: Int64, decision: Int64?, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO suggestion (pictureId, tagKey, tag, facet, analysisId, cosine, confidence, rank, source,
                    state, editedText, weight, decidedAt, decidedBy, decisionId)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                picture, names.key, tag, facet, analysis, cosine, confidence, rank, source.rawValue,
                state.rawValue, editedText, weight, decidedAt, decidedBy, decision,
            ])
        id = db.lastInsertedRowID
        try writeNames(db)
    }

    /// Writes a row over the one of the same id. `decision` nil keeps the one that stands there.
    func update(decision: Int64?, _ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE suggestion SET tagKey = ?, tag = ?, facet = ?, analysisId = ?, cosine = ?, confidence = ?, rank = ?, source = ?,
                    state = ?, editedText = ?, weight = ?, decidedAt = ?, decidedBy = ?, decisionId = coalesce(?, decisionId)
                WHERE id = ?
                """,
            arguments: [
                names.key, tag, facet, analysis, cosine, confidence, rank, source.rawValue,
                state.rawValue, editedText, weight, decidedAt, decidedBy, decision, id,
            ])
        try writeNames(db)
    }

    func delete(_ db: Database) throws {
        try db.execute(sql: "DELETE FROM suggestion WHERE id = ?", arguments: [id])
    }

    private func writeNames(_ db: Database) throws {
        try db.execute(sql: "DELETE FROM suggestionName WHERE suggestionId = ?", arguments: [id])
        for name in [tag] + aliases {
            guard let key = TagKey(name) else { continue }
            try db.execute(
                sql: "INSERT INTO suggestionName (suggestionId, nameKey, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                arguments: [id, key.text, name])
        }
    }
}

extension Suggestion {
    /// Best first: by rank, then by confidence; those without a rank, which the person added, at the end.
    static func all(of picture: Int64, _ db: Database) throws -> [Suggestion] {
        let names = try Row.fetchAll(
            db,
            sql: """
                SELECT suggestionName.suggestionId, suggestionName.name FROM suggestionName
                JOIN suggestion ON suggestion.id = suggestionName.suggestionId
                WHERE suggestion.pictureId = ? AND suggestionName.nameKey <> suggestion.tagKey ORDER BY suggestionName.nameKey
                """,
            arguments: [picture])
        var aliases: [Int64: [String]] = [:]
        for name in names.map({ StoredRow($0, of: "suggestionName") }) {
            aliases[try name.value("suggestionId"), default: []].append(try name.value("name"))
        }
        return try Row.fetchAll(
            db,
            sql: "SELECT * FROM suggestion WHERE pictureId = ? ORDER BY rank IS NULL, rank, confidence DESC, id",
            arguments: [picture]
        ).map { row in
            let row = StoredRow(row, of: "suggestion")
            return try Suggestion(row, aliases: aliases[try row.value("id")] ?? [])
        }
    }
}
