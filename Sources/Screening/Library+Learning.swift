import Foundation
import GRDB

/// A suggestion that a person decided on singly, with what the analysis said of it.
package struct DecidedConfidence: Sendable, Hashable {
    package let facet: String
    /// As it was shown.
    package let confidence: Double
    package let approved: Bool
    /// What the analysis said of its confidences.
    package let calibration: StoredJSON?
}

/// When a person's earlier decisions were set aside for learning. The decisions themselves stand.
package struct LearningReset: Sendable, Hashable {
    package let resetAt: Date
    package let by: String
}

/// The latest decision and the latest reset; both are only ever added.
package struct LearningMark: Sendable, Hashable {
    let decision: Int64
    let reset: Int64
}

extension Library {
    /// Decisions that count for learning at most: the latest.
    package static let learnedDecisions = 2_000

    /// What is written behind a person's name where a confidence, and no look at the tag, decided. `Schema.derived` leaves such decisions out.
    static let unseen = " (above "

    /// Ranked suggestions of one encoder that a person approved or rejected one by one since the last reset, the latest first.
    ///
    /// Left out: tags approved by their confidence alone, with another text, or taken over from another library.
    ///
    /// - Parameter encoder: its SHA-256.
    package func decidedConfidences(encoder: String) throws(LibraryError) -> [DecidedConfidence] {
        try read { db in
            let sql = """
                SELECT decisionId, facet, confidence, state, calibration FROM decidedConfidence
                WHERE encoderSha256 = ? AND decisionId > (SELECT coalesce(max(afterDecision), 0) FROM learningReset)
                ORDER BY decisionId DESC LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [encoder.lowercased(), Library.learnedDecisions]).map { row in
                let row = StoredRow(row, of: "decidedConfidence")
                let state: Suggestion.State = try row.choice("state")
                return DecidedConfidence(
                    facet: try row.value("facet"), confidence: try row.value("confidence"), approved: state == .approved,
                    calibration: try row.json("calibration"))
            }
        }
    }

    /// What changes with every decision and every reset, whoever makes it: as long as it stays, ``decidedConfidences(encoder:)`` does.
    package func learningMark() throws(LibraryError) -> LearningMark {
        try read { db in
            let sql = "SELECT (SELECT coalesce(max(id), 0) FROM decision), (SELECT coalesce(max(id), 0) FROM learningReset)"
            let row = try Row.fetchOne(db, sql: sql)
            return LearningMark(decision: row?[0] ?? 0, reset: row?[1] ?? 0)
        }
    }

    /// Sets all decisions until now aside for learning; they stand as they are.
    @discardableResult
    package func resetLearning(by person: String, at moment: Date = Date()) throws(LibraryError) -> LearningReset {
        guard !person.isEmpty else { throw .invalid(field: "who resets", value: "\"\"", rule: "it needs a name") }
        return try write { db in
            try db.execute(
                sql: """
                    INSERT INTO learningReset (afterDecision, resetAt, resetBy)
                    VALUES ((SELECT coalesce(max(id), 0) FROM decision), ?, ?)
                    """,
                arguments: [moment, person])
            return LearningReset(resetAt: Moment.rounded(moment), by: person)
        }
    }

    /// The last reset; nil where there was none.
    package func learningReset() throws(LibraryError) -> LearningReset? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT resetAt, resetBy FROM learningReset ORDER BY id DESC LIMIT 1").map { row in
                let row = StoredRow(row, of: "learningReset")
                return LearningReset(resetAt: try row.moment("resetAt"), by: try row.value("resetBy"))
            }
        }
    }

    // MARK: - What was made with a model

    /// Embeddings of generated pictures that are looked at, at most: the latest.
    package static let generationEmbeddings = 1_000

    /// Keeps where an encoder places a picture that was made, in place of what that encoder said before.
    ///
    /// - Parameter position: of the output, 1 for the first.
    package func record(_ embedding: NewEmbedding, ofGeneration generation: Int64, position: Int) throws(LibraryError) {
        try Library.check(embedding)
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO generationEmbedding (generationId, position, encoderSha256, halves) VALUES (?, ?, ?, ?)
                    ON CONFLICT (generationId, position, encoderSha256) DO UPDATE SET halves = excluded.halves
                    """,
                arguments: [generation, position, embedding.encoder.sha256.lowercased(), Data(embedding.halves)])
        }
    }

    /// The models that pictures were made with, and the half-precision embeddings of those pictures, the latest first.
    ///
    /// - Parameter encoder: its SHA-256.
    package func generationEmbeddings(encoder: String) throws(LibraryError) -> [(model: String, halves: [UInt8])] {
        try read { db in
            let sql = """
                SELECT model, halves FROM generationEmbedding JOIN generation ON generation.id = generationId
                WHERE encoderSha256 = ? AND status = 'done' ORDER BY generationId DESC, position LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [encoder.lowercased(), Library.generationEmbeddings]).map { row in
                let row = StoredRow(row, of: "generationEmbedding")
                let halves: Data = try row.value("halves")
                return (try row.value("model"), [UInt8](halves))
            }
        }
    }
}
