import Foundation
import GRDB
import Vocabulary

/// A tag proposed for a picture, or added by the person, and what became of it.
///
/// There is one for each picture and tag. It outlives analyses once it is decided. Its JSON stands in the log, as what it was before and after
/// a decision, and in exports, where its analysis is a position among the picture's analyses.
package struct Suggestion: Sendable, Hashable, Identifiable, Codable {
    /// What the person decided; pending where nothing was.
    package enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case pending, approved, rejected
    }

    /// Weights that are taken. 1 is no weight at all.
    package static let weights: ClosedRange<Double> = 0.1...3

    /// 0 for one that the library does not hold yet.
    package internal(set) var id: Int64 = 0
    package internal(set) var tag: String
    /// Other names of the tag: a tag rejected under any of them is not suggested again.
    package internal(set) var aliases: [String]
    /// Name of the vocabulary's facet. Kept as text, so that a library opens whatever facets a later vocabulary has.
    package internal(set) var facet: String
    /// The analysis that last proposed it; nil for one that the person added.
    package internal(set) var analysisID: Int64?
    /// Raw cosine of the embeddings, in [-1, 1]; nil where none was computed.
    package internal(set) var cosine: Double?
    /// Calibrated, in [0, 1]; 1 for one that the person added.
    package internal(set) var confidence: Double
    /// 1 is best; nil for one that the person added.
    package internal(set) var rank: Int?
    package internal(set) var source: SuggestionSource
    /// The tag with what is certain of the thing that it names, as "red car"; nil where nothing is.
    package internal(set) var described: String?
    package internal(set) var state = State.pending
    package internal(set) var editedText: String?
    package internal(set) var weight = 1.0
    package internal(set) var decidedAt: Date?
    package internal(set) var decidedBy: String?

    /// One that an analysis proposes.
    package init(
        tag: String, aliases: [String] = [], facet: String, cosine: Double? = nil, confidence: Double, rank: Int,
        source: SuggestionSource = .ranked, described: String? = nil
    ) {
        (self.tag, self.aliases, self.facet, self.described) = (tag, aliases, facet, described)
        (self.cosine, self.confidence, self.rank, self.source) = (cosine, confidence, rank, source)
    }

    /// One that the person added.
    init(added tag: String, facet: String) {
        (self.tag, aliases, self.facet) = (tag, [], facet)
        (confidence, source) = (1, .added)
    }

    /// What goes into the prompt.
    package var text: String { editedText ?? described ?? tag }

    /// Whether approving everything from some confidence on takes it; else it is approved by itself.
    package var isApprovedInBulk: Bool {
        // What a canvas is like is approved one by one: the size says it already.
        !FormatTags.contains(tag)
    }

    private enum CodingKeys: String, CodingKey {
        case analysisID = "analysis"
        case tag, aliases, facet, cosine, confidence, rank, source, described, state, editedText, weight, decidedAt, decidedBy
    }

    mutating func decide(_ state: State, at moment: Date, by person: String) {
        self.state = state
        (decidedAt, decidedBy) = state == .pending ? (nil, nil) : (moment, person)
        if state != .approved { (editedText, weight) = (nil, 1) }
    }
}

extension Suggestion {
    /// What it is known by among those of its picture.
    var key: String { TagKey(tag)?.text ?? tag }

    var names: TagNames {
        TagNames(key: key, all: Set(aliases.compactMap { TagKey($0)?.text }))
    }

    /// Its names and the text that the person gave it: what a new proposal must not repeat.
    var namesAndText: TagNames {
        TagNames(key: names.key, all: names.all.union(state == .approved ? editedText.flatMap { TagKey($0)?.text }.map { [$0] } ?? [] : []))
    }
}

// MARK: - The table

extension Suggestion {
    /// Best first: by rank, then by confidence; those without a rank, which the person added, at the end.
    static func all(of picture: Int64, _ db: Database) throws -> [Suggestion] {
        let names = try db.rows(
            """
            SELECT suggestionName.suggestionId, suggestionName.name FROM suggestionName
            JOIN suggestion ON suggestion.id = suggestionName.suggestionId
            WHERE suggestion.pictureId = ? AND suggestionName.nameKey <> suggestion.tagKey ORDER BY suggestionName.nameKey
            """, [picture])
        var aliases: [Int64: [String]] = [:]
        for name in StoredRow.all(names, of: "suggestionName") {
            aliases[try name.value("suggestionId"), default: []].append(try name.value("name"))
        }
        let rows = try db.rows("SELECT * FROM suggestion WHERE pictureId = ? ORDER BY rank IS NULL, rank, confidence DESC, id", [picture])
        return try StoredRow.all(rows, of: "suggestion").map { try Suggestion($0, aliases: aliases[try $0.value("id")] ?? []) }
    }

    private init(_ row: StoredRow, aliases: [String]) throws {
        id = try row.value("id")
        tag = try row.value("tag")
        self.aliases = aliases
        facet = try row.value("facet")
        analysisID = try row.optional("analysisId")
        cosine = try row.optional("cosine")
        confidence = try row.value("confidence")
        rank = try row.optional("rank")
        source = try row.choice("source")
        described = try row.optional("described")
        state = try row.choice("state")
        editedText = try row.optional("editedText")
        weight = try row.value("weight")
        decidedAt = try row.optionalMoment("decidedAt")
        decidedBy = try row.optional("decidedBy")
    }

    /// The columns that are written; those of its picture and of the decision on it are the caller's.
    private static let columns = [
        "tagKey", "tag", "facet", "analysisId", "cosine", "confidence", "rank", "source", "described", "state", "editedText", "weight",
        "decidedAt", "decidedBy",
    ]

    private var values: [(any DatabaseValueConvertible)?] {
        [
            key, tag, facet, analysisID, cosine, confidence, rank, source.rawValue, described, state.rawValue, editedText, weight,
            decidedAt, decidedBy,
        ]
    }

    private static let insertion: String = {
        let all = columns + ["pictureId", "decisionId"]
        return "INSERT INTO suggestion (\(all.joined(separator: ", "))) VALUES (\(all.map { _ in "?" }.joined(separator: ", ")))"
    }()

    /// Writes one that is not in the table yet, and takes its id.
    mutating func insert(picture: Int64, decision: Int64?, _ db: Database) throws {
        try db.run(Suggestion.insertion, StatementArguments(values + [picture, decision]))
        id = db.lastInsertedRowID
        try writeNames(db)
    }

    private static let change =
        "UPDATE suggestion SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")), decisionId = coalesce(?, decisionId) WHERE id = ?"

    /// Writes it over the one of the same id. `decision` nil keeps the one that stands there.
    func update(decision: Int64?, _ db: Database) throws {
        try db.run(Suggestion.change, StatementArguments(values + [decision, id]))
        try db.run("DELETE FROM suggestionName WHERE suggestionId = ?", [id])
        try writeNames(db)
    }

    func delete(_ db: Database) throws {
        try db.run("DELETE FROM suggestion WHERE id = ?", [id])
    }

    private static let namesAtOnce = 16
    /// Of one name, of two, and so on.
    private static let naming = (1...namesAtOnce).map { count in
        let rows = repeatElement("(?, ?, ?)", count: count).joined(separator: ", ")
        return "INSERT INTO suggestionName (suggestionId, nameKey, name) VALUES \(rows) ON CONFLICT DO NOTHING"
    }

    private func writeNames(_ db: Database) throws {
        var names: [(key: String, name: String)] = []
        for name in [tag] + aliases { if let key = TagKey(name) { names.append((key.text, name)) } }
        for start in stride(from: 0, to: names.count, by: Suggestion.namesAtOnce) {
            let some = names[start..<min(start + Suggestion.namesAtOnce, names.count)]
            var values: [(any DatabaseValueConvertible)?] = []
            for one in some { values += [id, one.key, one.name] as [(any DatabaseValueConvertible)?] }
            try db.run(Suggestion.naming[some.count - 1], StatementArguments(values))
        }
    }
}
