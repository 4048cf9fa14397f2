import Foundation
import GRDB

// How an export comes in. All of it runs within the caller's transaction.

extension Library {
    static func take(
        _ picture: ExportedPicture, by person: String, at moment: Date, _ report: inout ImportReport, _ db: Database
    ) throws {
        let sha256 = try Text.sha256(picture.sha256, field: "the picture's digest")
        let pixels = try picture.pixels.map { try Text.sha256($0, field: "the digest of pixels") }
        let digests = try [sha256] + (picture.aliases ?? []).map { try Text.sha256($0, field: "the picture's other digest") }
        // Whichever of its files was seen here first, it is the same picture.
        var known: Int64?
        for digest in digests where known == nil {
            known = try db.number("SELECT id FROM picture WHERE sha256 = ?", [try Library.aliased(digest, db) ?? digest])
        }
        if known == nil {
            let last = picture.paths.max { $0.seenAt < $1.seenAt }
            try Library.insertRow(
                sha256, width: picture.width, height: picture.height, addedAt: picture.addedAt,
                name: last.map { Library.name(ofPath: $0.path) } ?? "", db)
            report.picturesAdded += 1
        } else {
            report.picturesMerged += 1
        }
        let id = known ?? db.lastInsertedRowID
        if let pixels { try db.run("UPDATE picture SET pixels = ? WHERE id = ? AND pixels IS NULL", [pixels, id]) }
        for digest in digests where known != nil || digest != sha256 { try Library.insert(alias: digest, of: id, db) }
        for path in picture.paths {
            try db.run(
                """
                INSERT INTO picturePath (path, pictureId, seenAt, bytes, modified) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (path, pictureId) DO NOTHING
                """, [path.path, id, path.seenAt, path.bytes, path.modified])
            report.pathsAdded += db.changesCount
        }
        let analyses = try picture.analyses.map { try take($0, picture: id, isNew: known == nil, &report, db) }
        if known == nil {
            try takeLog(picture, id: id, analyses: analyses, &report, db)
        } else {
            try merge(picture, into: id, analyses: analyses, by: person, at: moment, &report, db)
        }
        let numbers = try takePrompts(picture.prompts, picture: id, &report, db)
        for generation in picture.generations {
            try take(generation, picture: id, promptNumbers: numbers, &report, db)
        }
    }

    /// The id here of an analysis, which is added where it is not known.
    ///
    /// One that says word for word what another says is known, too: where two processes came by one picture under two names, both looked.
    private static func take(
        _ analysis: ExportedAnalysis, picture: Int64, isNew: Bool, _ report: inout ImportReport, _ db: Database
    ) throws -> Int64 {
        let same =
            try db.number(
                "SELECT id FROM analysis WHERE pictureId = ? AND encoderSha256 = ? AND vocabularySha256 = ? AND +createdAt = ?",
                [picture, analysis.encoder.sha256, analysis.vocabulary.sha256, analysis.createdAt])
            ?? (isNew ? nil : try saying(analysis, picture, db))
        if let same { return same }
        report.analysesAdded += 1
        let new = NewAnalysis(
            encoder: analysis.encoder, vocabulary: analysis.vocabulary, seconds: analysis.seconds, suggestions: [],
            positive: analysis.positive, negative: analysis.negative, model: analysis.model, size: analysis.size,
            recovered: analysis.recovered, dropped: analysis.dropped, wording: analysis.wording, composition: analysis.composition,
            calibration: analysis.calibration, things: analysis.things)
        return try write(new, of: picture, at: analysis.createdAt, db)
    }

    private static func saying(_ analysis: ExportedAnalysis, _ picture: Int64, _ db: Database) throws -> Int64? {
        try db.number(
            """
            SELECT id FROM analysis WHERE pictureId = ? AND encoderSha256 = ? AND vocabularySha256 = ? AND wording IS ?
            AND positive = ? AND negative = ? AND model IS ? AND size IS ? AND recovered IS ? AND dropped IS ? AND composition IS ?
            AND calibration IS ? AND things IS ?
            """,
            [
                picture, analysis.encoder.sha256, analysis.vocabulary.sha256, analysis.wording, analysis.positive, analysis.negative,
                analysis.model, analysis.size, analysis.recovered, analysis.dropped, analysis.composition, analysis.calibration,
                analysis.things,
            ])
    }

    /// A picture that is new here: its suggestions and its log as they were.
    private static func takeLog(
        _ picture: ExportedPicture, id: Int64, analyses: [Int64], _ report: inout ImportReport, _ db: Database
    ) throws {
        var entries: [Int64] = []
        var lastEntry: [String: Int64] = [:]
        for decision in picture.decisions {
            let key = TagKey(decision.tag)?.text ?? decision.tag
            let undone = try decision.undoes.map { position in
                guard entries.indices.contains(position) else {
                    throw LibraryError.notAnExport("a decision on \(decision.tag) undoes one that comes later")
                }
                return entries[position]
            }
            try DecisionRow(
                pictureId: id, tagKey: key, tag: decision.tag, batch: decision.batch, action: decision.action.rawValue,
                before: try DecisionLog.json(decision.before.map { try $0.taken(analyses) }),
                after: try DecisionLog.json(decision.after.map { try $0.taken(analyses) }), undoes: undone,
                decidedAt: decision.decidedAt, decidedBy: decision.decidedBy
            ).insert(db)
            entries.append(db.lastInsertedRowID)
            lastEntry[key] = db.lastInsertedRowID
            report.decisionsTaken += 1
        }
        for suggestion in picture.suggestions {
            var row = try suggestion.taken(analyses)
            let entry = lastEntry[row.key]
            guard row.state == .pending || entry != nil else {
                throw LibraryError.notAnExport("\(row.tag) is decided, but its decision is missing")
            }
            try row.insert(picture: id, decision: entry, db)
            report.suggestionsAdded += 1
        }
    }

    /// A picture that is known here: what is decided stays, what is not takes over the export's decision.
    private static func merge(
        _ picture: ExportedPicture, into id: Int64, analyses: [Int64], by person: String, at moment: Date,
        _ report: inout ImportReport, _ db: Database
    ) throws {
        var log = try DecisionLog(picture: id, person: person, moment: moment, db)
        var rows = try Suggestion.all(of: id, db)
        // Decided ones first: a rejection keeps a pending one of another spelling away.
        let incoming = picture.suggestions.filter { $0.state != .pending } + picture.suggestions.filter { $0.state == .pending }
        for suggestion in incoming {
            let theirs = try suggestion.taken(analyses)
            let names = theirs.namesAndText
            let index =
                rows.firstIndex { $0.key == names.key }
                ?? rows.firstIndex { $0.state != .pending && $0.namesAndText.names(names) }
                ?? rows.firstIndex { $0.namesAndText.names(names) }
            switch (index, theirs.state) {
            case (_?, .pending):
                // Known already; what is here is at least as good.
                continue
            case (let index?, _) where rows[index].state == .pending:
                try log.decide(&rows[index], .import, db) { row in
                    (row.state, row.editedText, row.weight) = (theirs.state, theirs.editedText, theirs.weight)
                }
                report.decisionsTaken += 1
            case (let index?, _):
                let mine = rows[index]
                let same = mine.state == theirs.state && mine.editedText == theirs.editedText && mine.weight == theirs.weight
                if !same { report.decisionsKept += 1 }
            case (nil, .pending):
                let before = rows.count
                _ = try propose([theirs], picture: id, among: &rows, db)
                report.suggestionsAdded += rows.count - before
            case (nil, _):
                var row = theirs
                try log.decide(&row, .import, db) { _ in }
                rows.append(row)
                report.suggestionsAdded += 1
                report.decisionsTaken += 1
            }
        }
    }

    /// Adds the prompts that are not known, numbered on from here. Gives the number here of each of the export's.
    private static func takePrompts(
        _ prompts: [ExportedPrompt], picture: Int64, _ report: inout ImportReport, _ db: Database
    ) throws -> [Int: Int] {
        guard !prompts.isEmpty else { return [:] }
        var known = try db.rows("SELECT * FROM prompt WHERE pictureId = ? ORDER BY number", [picture])
            .map(PromptVersion.init).map(ExportedPrompt.init)
        var numbers: [Int: Int] = [:]
        for prompt in prompts.sorted(by: { $0.number < $1.number }) {
            let same = known.last {
                $0.positive == prompt.positive && $0.negative == prompt.negative && $0.model == prompt.model
                    && $0.width == prompt.width && $0.height == prompt.height
                    && $0.parent == prompt.parent.flatMap { numbers[$0] }
            }
            if let same = same ?? known.last(where: { $0.isRest(of: prompt) }) {
                numbers[prompt.number] = same.number
                continue
            }
            var new = prompt
            new.number = (known.last?.number ?? 0) + 1
            new.parent = prompt.parent.flatMap { numbers[$0] }
            try PromptRow(
                pictureId: picture, number: new.number, parentNumber: new.parent, positive: new.positive, negative: new.negative,
                model: new.model, width: new.width, height: new.height, source: new.source.rawValue, createdAt: new.createdAt
            ).insert(db)
            known.append(new)
            numbers[prompt.number] = new.number
            report.promptsAdded += 1
        }
        return numbers
    }

    static func take(
        _ generation: ExportedGeneration, picture: Int64?, promptNumbers: [Int: Int], _ report: inout ImportReport, _ db: Database
    ) throws {
        let seed = Int64(bitPattern: generation.seed)
        let known = try db.number(
            "SELECT id FROM generation WHERE +pictureId IS ? AND createdAt = ? AND seed = ? AND (request = ? OR \(restsOfOne))",
            [
                picture, generation.createdAt, seed, generation.request, generation.request, generation.kind.rawValue, generation.model,
                generation.profile, generation.precision, generation.stepsRequested,
            ])
        guard known == nil else { return }
        try GenerationRow(generation, picture: picture, promptNumber: generation.promptNumber.flatMap { promptNumbers[$0] }).insert(db)
        try insert(generation.outputs, generation: db.lastInsertedRowID, db)
        report.generationsAdded += 1
    }

    /// Where a repair set aside what was asked for, here or there, the rest tells a generation.
    private static let restsOfOne = """
        'null' IN (request, ?) AND kind = ? AND model = ? AND profile = ? AND "precision" = ? AND stepsRequested = ?
        """
}

extension ExportedPrompt {
    /// Whether it is the same version, of which a repair set something aside, here or there: as old to the millisecond.
    fileprivate func isRest(of other: ExportedPrompt) -> Bool {
        func agree<Value: Equatable>(_ one: Value?, _ two: Value?) -> Bool { one == nil || two == nil || one == two }
        return abs(createdAt.timeIntervalSince(other.createdAt)) < 0.0005 && positive == other.positive && negative == other.negative
            && agree(model, other.model) && agree(width, other.width) && agree(height, other.height)
    }
}
