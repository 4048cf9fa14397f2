import Foundation
import GRDB

extension Library {
    /// Takes the decisions together: all of them, or none where one is refused. They are undone together, too.
    ///
    /// With a tag that is rejected go those of its kinds that wait, before the next of the decisions; they wait again where it is taken back.
    ///
    /// - Parameters:
    ///   - person: who decided, for the record: a name, or what a person set to decide (`"review"`, `"above 0.5"`).
    ///   - kinds: asked only where a tag is rejected, or is no more.
    /// - Throws: `LibraryError.noSuchSuggestion` for a tag that is not suggested, `LibraryError.invalid` for a text or a weight.
    @discardableResult
    package func decide(
        _ changes: [Change], on picture: Int64, by person: String, at moment: Date = Date(), kinds: Kinds = { _ in { _ in false } }
    ) throws(LibraryError) -> DecisionOutcome {
        try write { db in
            _ = try Library.picture(picture, db)
            var log = try DecisionLog(picture: picture, person: person, moment: moment, db)
            var rows = try Suggestion.all(of: picture, db)
            for change in changes {
                let before = rows
                try Library.apply(change, &rows, &log, db)
                try Library.follow(before, &rows, &log, kinds, db)
            }
            return try log.outcome(db)
        }
    }

    /// Takes back the picture's last decisions that are not taken back yet (all that were taken together).
    /// - Throws: `LibraryError.nothingToUndo`.
    @discardableResult
    package func undo(on picture: Int64, by person: String, at moment: Date = Date()) throws(LibraryError) -> DecisionOutcome {
        try write { db in
            _ = try Library.picture(picture, db)
            let standing = """
                FROM decision AS taken WHERE pictureId = ? AND action <> 'undo' AND after IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM decision WHERE undoes = taken.id)
                """
            guard let batch = try Int64.fetchOne(db, sql: "SELECT max(batch) \(standing)", arguments: [picture]) else {
                throw LibraryError.nothingToUndo(picture: picture)
            }
            let decisions = try Row.fetchAll(
                db, sql: "SELECT id, before, after \(standing) AND batch = ? ORDER BY id DESC", arguments: [picture, batch])
            var log = try DecisionLog(picture: picture, person: person, moment: moment, db)
            for decision in decisions {
                let row = StoredRow(decision, of: "decision")
                let before = try DecisionLog.state(row, "before")
                guard let after = try DecisionLog.state(row, "after") else { continue }
                try Library.restore(before, from: after, undoing: try row.value("id"), &log, db)
            }
            return try log.outcome(db)
        }
    }

    /// The picture's log, the earliest first. Decisions that were undone stay in it, followed by the ones that undid them.
    package func decisions(of picture: Int64) throws(LibraryError) -> [Decision] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM decision WHERE pictureId = ? ORDER BY id", arguments: [picture]).map(Decision.init)
        }
    }
}

extension Library {
    private static func apply(_ change: Change, _ rows: inout [Suggestion], _ log: inout DecisionLog, _ db: Database) throws {
        switch change {
        case .approve(let target):
            let index = try find(target, in: rows, log)
            guard rows[index].state != .approved else { return }
            try log.decide(&rows[index], .approve, db) { row in row.state = .approved }
        case .reject(let target):
            let index = try find(target, in: rows, log)
            guard rows[index].state != .rejected else { return }
            try log.decide(&rows[index], .reject, db) { row in row.state = .rejected }
        case .reset(let target):
            let index = try find(target, in: rows, log)
            guard rows[index].state != .pending else { return }
            try log.decide(&rows[index], .reset, db) { row in row.state = .pending }
        case .edit(let target, let text):
            let index = try find(target, in: rows, log)
            let text = try Text.tag(text, field: "the text")
            // What stands there anyway is no edit.
            let edited = text == rows[index].described ?? rows[index].tag ? nil : text
            guard rows[index].state != .approved || rows[index].editedText != edited else { return }
            try log.decide(&rows[index], .edit, db) { row in (row.state, row.editedText) = (.approved, edited) }
        case .weigh(let target, let weight):
            let index = try find(target, in: rows, log)
            guard Suggestion.weights.contains(weight) else {
                let range = Suggestion.weights
                throw LibraryError.invalid(
                    field: "the weight", value: "\(weight)", rule: "from \(range.lowerBound) to \(range.upperBound), 1 is none")
            }
            guard rows[index].state != .approved || rows[index].weight != weight else { return }
            try log.decide(&rows[index], .weigh, db) { row in (row.state, row.weight) = (.approved, weight) }
        case .add(let tag, let facet):
            try add(Text.tag(tag, field: "the tag"), facet: facet, &rows, &log, db)
        case .approveAbove(let threshold):
            guard (0...1).contains(threshold) else {
                throw LibraryError.invalid(field: "the threshold", value: "\(threshold)", rule: "a confidence from 0 to 1")
            }
            for index in rows.indices
            where rows[index].state == .pending && rows[index].confidence >= threshold && rows[index].isApprovedInBulk {
                try log.decide(&rows[index], .approve, by: "\(log.person)\(Library.unseen)\(threshold))", db) { row in
                    row.state = .approved
                }
            }
        }
    }

    private static func add(
        _ tag: String, facet: String, _ rows: inout [Suggestion], _ log: inout DecisionLog, _ db: Database
    ) throws {
        guard !facet.isEmpty else { throw LibraryError.invalid(field: "the facet of \(tag)", value: "\"\"", rule: "it needs a name") }
        if let index = try? find(.tag(tag), in: rows, log) {
            guard rows[index].state != .approved else { return }
            try log.decide(&rows[index], .add, db) { row in row.state = .approved }
        } else {
            var row = Suggestion(added: tag, facet: facet)
            try log.decide(&row, .add, db) { row in row.state = .approved }
            rows.append(row)
        }
    }

    private static func find(_ target: SuggestionTarget, in rows: [Suggestion], _ log: DecisionLog) throws -> Int {
        switch target {
        case .id(let id):
            if let index = rows.firstIndex(where: { $0.id == id }) { return index }
        case .tag(let tag):
            guard let key = TagKey(tag)?.text else { break }
            let match =
                rows.firstIndex { $0.key == key }
                ?? rows.firstIndex { $0.names.all.contains(key) }
                ?? rows.firstIndex { $0.namesAndText.all.contains(key) }
                ?? rows.firstIndex { $0.described.flatMap { TagKey($0)?.text } == key }
            if let match { return match }
        }
        throw LibraryError.noSuchSuggestion(target.description, picture: log.picture)
    }

    /// Puts a suggestion back to what it was before a decision.
    private static func restore(
        _ before: Suggestion?, from after: Suggestion, undoing decision: Int64, _ log: inout DecisionLog, _ db: Database
    ) throws {
        let rows = try Suggestion.all(of: log.picture, db)
        let current = rows.first { $0.key == after.key }
        var before = before
        if let analysis = before?.analysisID,
            try db.number("SELECT id FROM analysis WHERE id = ? AND pictureId = ?", [analysis, log.picture]) == nil
        {
            before?.analysisID = nil
        }
        let entry = try log.enter(.undo, tag: after.tag, key: after.key, before: current, after: before, undoes: decision, db)
        if let before, before.state != .pending {
            // What later analyses proposed under one of its names, while it was pending, makes way.
            let names = before.namesAndText
            for row in rows where row.state == .pending && row.id != current?.id && row.names.names(names) { try row.delete(db) }
        }
        switch (current, before) {
        case (let current?, var before?):
            before.id = current.id
            try before.update(decision: entry, db)
        case (let current?, nil):
            // It was added: it goes again, but only as a pending one can.
            var pending = current
            pending.decide(.pending, at: log.moment, by: log.person)
            try pending.update(decision: entry, db)
            try pending.delete(db)
        case (nil, var before?):
            // A later analysis replaced it after it had been reset.
            if before.state != .pending || !rows.contains(where: { $0.namesAndText.names(before.names) }) {
                try before.insert(picture: log.picture, decision: entry, db)
            }
        case (nil, nil):
            break
        }
    }
}

/// The log while a transaction writes to it: one batch.
struct DecisionLog {
    let picture: Int64
    let person: String
    let moment: Date
    private let batch: Int64

    init(picture: Int64, person: String, moment: Date, _ db: Database) throws {
        guard !person.isEmpty else { throw LibraryError.invalid(field: "who decided", value: "\"\"", rule: "it needs a name") }
        self.picture = picture
        self.person = person
        self.moment = moment
        batch = try Int64.fetchOne(db, sql: "SELECT coalesce(max(batch), 0) + 1 FROM decision WHERE pictureId = ?", arguments: [picture])!
    }

    /// Changes a row and logs it.
    mutating func decide(
        _ row: inout Suggestion, _ action: Decision.Action, by whom: String? = nil, _ db: Database,
        _ change: (inout Suggestion) -> Void
    ) throws {
        let before = row.id == 0 ? nil : row
        change(&row)
        row.decide(row.state, at: moment, by: whom ?? person)
        let entry = try enter(action, tag: row.tag, key: row.key, before: before, after: row, undoes: nil, db)
        if row.id == 0 {
            try row.insert(picture: picture, decision: entry, db)
        } else {
            try row.update(decision: entry, db)
        }
    }

    /// Adds an entry and returns its id.
    func enter(
        _ action: Decision.Action, tag: String, key: String, before: Suggestion?, after: Suggestion?, undoes: Int64?, _ db: Database
    ) throws -> Int64 {
        try DecisionRow(
            pictureId: picture, tagKey: key, tag: tag, batch: batch, action: action.rawValue, before: try DecisionLog.json(before),
            after: try DecisionLog.json(after), undoes: undoes, decidedAt: moment, decidedBy: person
        ).insert(db)
        return db.lastInsertedRowID
    }

    func outcome(_ db: Database) throws -> DecisionOutcome {
        let rows = try Row.fetchAll(
            db, sql: "SELECT * FROM decision WHERE pictureId = ? AND batch = ? ORDER BY id", arguments: [picture, batch])
        return DecisionOutcome(decisions: try rows.map(Decision.init), suggestions: try Suggestion.all(of: picture, db))
    }

    /// What a suggestion was before or after a decision; nil where there was none.
    static func state(_ row: StoredRow, _ column: String) throws -> Suggestion? {
        guard let json = try row.json(column) else { return nil }
        _ = try json.text(readAs: .own)
        return try json.decoded()
    }

    static func json(_ row: Suggestion?) throws -> String? {
        guard let row else { return nil }
        return String(decoding: try JSONCoding.encoder().encode(row), as: UTF8.self)
    }
}

/// A row of the table `decision`, as it is written.
struct DecisionRow: Encodable, PersistableRecord {
    static let databaseTableName = "decision"

    var pictureId: Int64
    var tagKey: String
    var tag: String
    var batch: Int64
    var action: String
    var before: String?
    var after: String?
    var undoes: Int64?
    var decidedAt: Date
    var decidedBy: String
}
