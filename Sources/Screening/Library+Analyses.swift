import Foundation
import GRDB

extension Library {
    /// Keeps an analysis of a picture, and makes its proposals the picture's pending suggestions.
    ///
    /// Pending suggestions of earlier analyses with an encoder of the same name go. Decided suggestions stay as they are, and a
    /// proposal that names a decided one, under any of its names, is withheld; the result says which and why.
    @discardableResult
    package func record(_ analysis: NewAnalysis, of picture: Int64, at moment: Date = Date()) throws(LibraryError) -> RecordedAnalysis {
        let proposals = try Library.checked(analysis)
        return try write { db in try Library.record(analysis, proposals, of: picture, at: moment, db) }
    }

    /// Keeps a picture, an analysis of it and where the encoder places it, all of them or none.
    /// - Throws: what ``record(_:of:at:)`` throws.
    @discardableResult
    package func record(
        _ picture: NewPicture, analysis: NewAnalysis, embedding: NewEmbedding?, at moment: Date = Date()
    ) throws(LibraryError) -> (picture: PictureRecord, recorded: RecordedAnalysis) {
        let picture = try Library.checked(picture)
        let proposals = try Library.checked(analysis)
        if let embedding { try Library.check(embedding) }
        return try write { db in
            let kept = try Library.insert(picture, at: moment, db)
            let recorded = try Library.record(analysis, proposals, of: kept.id, at: moment, db)
            if let embedding { try Library.insert(embedding, of: kept.id, db) }
            return (kept, recorded)
        }
    }

    private static func record(
        _ analysis: NewAnalysis, _ proposals: [Suggestion], of picture: Int64, at moment: Date, _ db: Database
    ) throws -> RecordedAnalysis {
        _ = try Library.picture(picture, db)
        let record = try Library.insert(analysis, of: picture, at: moment, db)
        let replaced = try Set(
            Int64.fetchAll(
                db, sql: "SELECT id FROM analysis WHERE pictureId = ? AND encoderName = ? AND id < ?",
                arguments: [picture, analysis.encoder.name, record.id]))
        var rows: [Suggestion] = []
        for row in try Suggestion.all(of: picture, db) {
            if row.state == .pending, let analysis = row.analysisID, replaced.contains(analysis) {
                try row.delete(db)
            } else {
                rows.append(row)
            }
        }
        let proposed = proposals.map { proposal in
            var proposal = proposal
            proposal.analysisID = record.id
            return proposal
        }
        let withheld = try Library.propose(proposed, picture: picture, among: &rows, db)
        return RecordedAnalysis(analysis: record, suggestions: try Suggestion.all(of: picture, db), withheld: withheld)
    }

    /// The picture and its latest analysis by an encoder of that name, where that analysis was made with this very encoder, vocabulary
    /// and wording: another one would say the same.
    ///
    /// - Parameter sha256: the picture's digest.
    package func standingAnalysis(
        ofPicture sha256: String, encoder: EncoderIdentity, vocabulary: String, wording: String?
    ) throws(LibraryError) -> (picture: PictureRecord, analysis: AnalysisRecord)? {
        try read { db in
            let known = try Library.aliased(sha256.lowercased(), db) ?? sha256.lowercased()
            guard let id = try Int64.fetchOne(db, sql: "SELECT id FROM picture WHERE sha256 = ?", arguments: [known])
            else { return nil }
            return try Library.standing(id, encoder, vocabulary, wording, db)
        }
    }

    /// As ``standingAnalysis(ofPicture:encoder:vocabulary:wording:)``, for the file that stood at a path when its length and its time were
    /// these.
    ///
    /// - Parameter path: absolute, as pictures are kept.
    package func standingAnalysis(
        ofFile path: String, stamp: FileStamp, encoder: EncoderIdentity, vocabulary: String, wording: String?
    ) throws(LibraryError) -> (picture: PictureRecord, analysis: AnalysisRecord)? {
        try read { db in
            let sql = "SELECT pictureId FROM picturePath WHERE path = ? AND bytes = ? AND modified = ? ORDER BY seenAt DESC LIMIT 1"
            guard let id = try Int64.fetchOne(db, sql: sql, arguments: [path, stamp.bytes, stamp.modified]) else { return nil }
            return try Library.standing(id, encoder, vocabulary, wording, db)
        }
    }

    private static func standing(
        _ picture: Int64, _ encoder: EncoderIdentity, _ vocabulary: String, _ wording: String?, _ db: Database
    ) throws -> (picture: PictureRecord, analysis: AnalysisRecord)? {
        let latest = "SELECT * FROM analysis WHERE pictureId = ? AND encoderName = ? ORDER BY id DESC LIMIT 1"
        guard
            let analysis = try Row.fetchOne(db, sql: latest, arguments: [picture, encoder.name]).map(AnalysisRecord.init),
            analysis.encoder == encoder, analysis.vocabulary.sha256 == vocabulary, analysis.wording == wording
        else { return nil }
        return (try Library.picture(picture, paths: mostPathsTold, db), analysis)
    }

    /// The latest analysis of the picture that found a prompt in its file.
    package func latestRecovery(of picture: Int64) throws(LibraryError) -> AnalysisRecord? {
        try read { db in
            let sql = "SELECT * FROM analysis WHERE pictureId = ? AND recovered IS NOT NULL ORDER BY id DESC LIMIT 1"
            return try Row.fetchOne(db, sql: sql, arguments: [picture]).map(AnalysisRecord.init)
        }
    }

    /// The picture's analyses, the latest first.
    package func analyses(of picture: Int64) throws(LibraryError) -> [AnalysisRecord] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM analysis WHERE pictureId = ? ORDER BY id DESC", arguments: [picture])
                .map(AnalysisRecord.init)
        }
    }

    /// The one that counts; nil for a picture that was never looked at.
    package func latestAnalysis(of picture: Int64) throws(LibraryError) -> AnalysisRecord? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM analysis WHERE pictureId = ? ORDER BY id DESC LIMIT 1", arguments: [picture])
                .map(AnalysisRecord.init)
        }
    }

    /// All of the picture's suggestions, best first: by rank, then confidence; those the person added at the end.
    package func suggestions(of picture: Int64) throws(LibraryError) -> [Suggestion] {
        try read { db in try Suggestion.all(of: picture, db) }
    }

    /// Makes proposals pending suggestions where nothing decided stands in their way. `rows` is the picture's table, kept in step.
    static func propose(
        _ proposals: [Suggestion], picture: Int64, among rows: inout [Suggestion], _ db: Database
    ) throws -> [Withheld] {
        var withheld: [Withheld] = []
        var written: Set<Int64> = []
        for var proposal in proposals {
            let names = proposal.names
            let same = rows.indices.filter { rows[$0].namesAndText.names(names) }
            if let decided = same.first(where: { rows[$0].state == .rejected }) ?? same.first(where: { rows[$0].state != .pending }) {
                withheld.append(Withheld(tag: proposal.tag, because: rows[decided]))
            } else if same.contains(where: { written.contains(rows[$0].id) }) {
                // A list that names one tag twice: the first, better one stands.
                continue
            } else if let kept = same.first(where: { rows[$0].key == names.key }) ?? same.first {
                proposal.id = rows[kept].id
                for index in same where index != kept { try rows[index].delete(db) }
                try proposal.update(decision: nil, db)
                rows[kept] = proposal
                written.insert(proposal.id)
                let gone = Set(same.filter { $0 != kept }.map { rows[$0].id })
                rows.removeAll { gone.contains($0.id) }
            } else {
                try proposal.insert(picture: picture, decision: nil, db)
                rows.append(proposal)
                written.insert(proposal.id)
            }
        }
        return withheld
    }

    static func insert(_ analysis: NewAnalysis, of picture: Int64, at moment: Date, _ db: Database) throws -> AnalysisRecord {
        let id = try write(analysis, of: picture, at: moment, db)
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM analysis WHERE id = ?", arguments: [id]) else {
            throw LibraryError.noSuchPicture("\(picture)")
        }
        return try AnalysisRecord(row)
    }

    /// - Returns: the id of the analysis.
    static func write(_ analysis: NewAnalysis, of picture: Int64, at moment: Date, _ db: Database) throws -> Int64 {
        try AnalysisRow(
            pictureId: picture, encoderName: analysis.encoder.name, encoderSha256: analysis.encoder.sha256.lowercased(),
            vocabularyName: analysis.vocabulary.name, vocabularySha256: analysis.vocabulary.sha256.lowercased(),
            vocabularyCount: analysis.vocabulary.count, seconds: analysis.seconds, positive: analysis.positive,
            negative: analysis.negative, model: analysis.model, size: analysis.size, recovered: analysis.recovered,
            dropped: analysis.dropped, wording: analysis.wording, composition: analysis.composition, calibration: analysis.calibration,
            things: analysis.things, createdAt: moment
        ).insert(db)
        return db.lastInsertedRowID
    }

    /// The proposals with tidy texts, or what is wrong with the analysis.
    private static func checked(_ analysis: NewAnalysis) throws(LibraryError) -> [Suggestion] {
        _ = try Text.sha256(analysis.encoder.sha256, field: "the encoder's digest")
        _ = try Text.sha256(analysis.vocabulary.sha256, field: "the vocabulary's digest")
        for (field, text) in [
            ("model", analysis.model), ("size", analysis.size),
            ("recovered prompt", analysis.recovered), ("dropped tags", analysis.dropped),
            ("composition", analysis.composition), ("calibration", analysis.calibration),
            ("things", analysis.things),
        ] {
            if let text { try Text.json(text, field: "the analysis's \(field)") }
        }
        guard analysis.seconds >= 0, analysis.seconds.isFinite else {
            throw .invalid(field: "the analysis's seconds", value: "\(analysis.seconds)", rule: "at least 0")
        }
        var proposals: [Suggestion] = []
        for var proposal in analysis.suggestions {
            proposal.tag = try Text.tag(proposal.tag, field: "the tag")
            guard (0...1).contains(proposal.confidence) else {
                throw .invalid(field: "the confidence of \(proposal.tag),", value: "\(proposal.confidence),", rule: "from 0 to 1")
            }
            guard proposal.cosine.map({ (-1.001...1.001).contains($0) }) ?? true else {
                throw .invalid(field: "the cosine of \(proposal.tag),", value: "\(proposal.cosine ?? 0),", rule: "from -1 to 1")
            }
            proposal.described = try proposal.described.map { text throws(LibraryError) in
                try Text.tag(text, field: "what describes \(proposal.tag)")
            }
            guard let rank = proposal.rank, rank >= 1 else {
                throw .invalid(field: "the rank of \(proposal.tag),", value: "\(proposal.rank ?? 0),", rule: "at least 1")
            }
            proposals.append(proposal)
        }
        return proposals
    }
}
