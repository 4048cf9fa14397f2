import Foundation
import GRDB

extension Library {
    /// The pictures that a query finds: how many there are, and those of the page it asks for.
    package func pictures(_ query: PictureQuery) throws(LibraryError) -> (total: Int, pictures: [ListedPicture]) {
        try read { db in
            if let found = try Library.saying(query, db) { return found }
            // Nothing but signs: no text holds them.
            guard !Library.askInVain(query.words) else { return (0, []) }
            let (found, arguments) = Library.finding(query)
            let total = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(found)", arguments: arguments) ?? 0
            // The page's numbers first: what is said of them is then asked for those alone. For its order it may be best found in another way.
            let (page, ofPage) = Library.finding(query, isInOrder: query.order == .name)
            let order =
                switch query.order {
                case .newest: "picture.id DESC"
                case .oldest: "picture.id"
                case .name: "picture.name COLLATE NOCASE, picture.id"
                }
            let numbers = try Int64.fetchAll(
                db, sql: "SELECT id FROM \(page) ORDER BY \(order) LIMIT ? OFFSET ?",
                arguments: ofPage + [max(0, query.limit), max(0, query.offset)])
            return (total, try ListedPicture.all(numbers, db))
        }
    }

    /// The same of a query that asks for words alone: the index of words answers by itself, and the table of pictures, which may be large, is
    /// asked for those of the page. Nil for another query.
    private static func saying(_ query: PictureQuery, _ db: Database) throws -> (total: Int, pictures: [ListedPicture])? {
        var plain = PictureQuery()
        (plain.words, plain.offset, plain.limit) = (query.words, query.offset, query.limit)
        guard query == plain, let match = match(query.words) else { return nil }
        let found = "FROM pictureText WHERE pictureText MATCH ? AND rowid NOT IN (SELECT id FROM picture WHERE binnedAt IS NOT NULL)"
        let total = try Int.fetchOne(db, sql: "SELECT count(*) \(found)", arguments: [match]) ?? 0
        let page = try Int64.fetchAll(
            db, sql: "SELECT rowid \(found) ORDER BY rowid DESC LIMIT ? OFFSET ?",
            arguments: [match, max(0, query.limit), max(0, query.offset)])
        return (total, try ListedPicture.all(page, db))
    }

    /// One picture as a list shows it, in the bin or not.
    /// - Throws: `LibraryError.noSuchPicture`.
    package func listedPicture(id: Int64) throws(LibraryError) -> ListedPicture {
        try read { db in
            guard let picture = try ListedPicture.all([id], isAlone: true, db).first else { throw LibraryError.noSuchPicture("\(id)") }
            return picture
        }
    }

    /// Where the pictures that a query finds stand: what comes behind FROM.
    ///
    /// Each condition has an index that holds the numbers of its pictures, and SQLite is told by which to go: it does not know how many rows
    /// a condition leaves, and may read all of the table instead.
    ///
    /// Words without a letter or a digit ask for nothing here.
    ///
    /// - Parameter isInOrder: whether SQLite chooses an index by the order that is asked for.
    static func finding(_ query: PictureQuery, isInOrder: Bool = false) -> (sql: String, arguments: StatementArguments) {
        let binned = "SELECT id FROM picture WHERE binnedAt IS NOT NULL"
        var conditions = [
            query.isBinned ? "binnedAt IS NOT NULL" : query.since == nil ? "binnedAt IS NULL" : "picture.id NOT IN (\(binned))"
        ]
        var arguments = StatementArguments()
        let state = query.state.map(listing)
        var index = "pictureListed"
        if let since = query.since {
            index = "pictureAdded"
            conditions.append("addedAt >= ?")
            arguments += [since]
            if let state, !query.isBinned {
                conditions.append(
                    "picture.id IN (SELECT id FROM picture INDEXED BY \(state.index) WHERE binnedAt IS NULL AND \(state.condition))")
            }
        } else if let state, !query.isBinned {
            index = state.index
            conditions.append(state.condition)
        }
        if let state, query.isBinned { conditions.append(state.condition) }
        if let match = match(query.words) {
            conditions.append("picture.id IN (SELECT rowid FROM pictureText WHERE pictureText MATCH ?)")
            arguments += [match]
        }
        if let tag = query.tag {
            conditions.append(
                """
                picture.id IN (SELECT pictureId FROM suggestion WHERE tagKey = ? AND state IN ('approved', 'pending'))
                """)
            arguments += [TagKey(tag)?.text ?? ""]
        }
        if let stars = query.stars, stars > 0 {
            let starred = "bestStars > 0 AND bestStars >= ?"
            conditions.append(
                query.isBinned
                    ? starred : "picture.id IN (SELECT id FROM picture INDEXED BY pictureStarred WHERE binnedAt IS NULL AND \(starred))")
            arguments += [stars]
        }
        if let model = query.model {
            conditions.append(
                """
                picture.id IN (
                    SELECT pictureId FROM generation WHERE model = ? AND status = 'done'
                    UNION ALL SELECT madePicture.pictureId FROM madePicture CROSS JOIN generation ON generation.id = generationId
                    WHERE model = ? AND status = 'done')
                """)
            arguments += [model, model]
        }
        let way = query.isBinned ? "INDEXED BY pictureBinned " : isInOrder ? "" : "INDEXED BY \(index) "
        return ("picture \(way)WHERE \(conditions.joined(separator: " AND "))", arguments)
    }

    /// What pictures in a state are told by, and the index that holds those of them which are not in the bin.
    private static func listing(_ state: PictureQuery.State) -> (index: String, condition: String) {
        switch state {
        case .unscreened: ("pictureUnscreened", "analyses > 0 AND approved = 0 AND rejected = 0")
        case .pending: ("picturePending", "pending > 0")
        case .approved: ("pictureApproved", "approved > 0")
        case .rejected: ("pictureRejected", "rejected > 0")
        case .analysing: ("pictureWanted", "wantedAnalysis IS NOT NULL")
        case .failed: ("pictureFailed", "analysisFailure IS NOT NULL")
        }
    }

    /// Whether words have nothing but signs, which no text is found by; no words at all ask for everything.
    static func askInVain(_ words: String) -> Bool { match(words) == nil && !words.allSatisfy(\.isWhitespace) }

    /// What generations fulfil in whose prompts the words stand that ``match(_:)`` makes the argument of.
    static let generationSays = "id IN (SELECT rowid FROM generationText WHERE generationText MATCH ?)"

    /// What FTS5 is asked for a person's words: all of them, the last one as a beginning. Nil where there are none.
    static func match(_ words: String) -> String? {
        let tokens = words.split { !$0.isLetter && !$0.isNumber }.prefix(20)
        guard !tokens.isEmpty else { return nil }
        return tokens.map { "\"\($0)\"" }.joined(separator: " ") + "*"
    }
}

extension ListedPicture {
    /// In the order of the numbers; a number that no picture has is passed over. A picture of which something cannot be read ends no list.
    ///
    /// - Parameter isAlone: whether one is asked for by itself, and what is wrong with it ends that.
    static func all(_ ids: [Int64], isAlone: Bool = false, _ db: Database) throws -> [ListedPicture] {
        let found = try Library.children(
            """
            SELECT picture.*,
                (SELECT positive FROM prompt WHERE pictureId = picture.id ORDER BY number DESC LIMIT 1) AS prompt,
                (SELECT max(number) FROM prompt WHERE pictureId = picture.id) AS lastPrompt,
                (SELECT max(id) FROM decision WHERE pictureId = picture.id) AS lastDecision,
                (SELECT min(generationOutput.generationId) FROM generationOutput
                    LEFT JOIN generationMark ON generationMark.generationId = generationOutput.generationId
                    WHERE generationOutput.sha256 = picture.sha256 AND generationMark.binnedAt IS NULL) AS madeBy
            FROM picture WHERE id IN (%)
            """, of: ids, by: "id", table: "picture", db
        ) { try ListedPicture(isAlone ? $0 : $0.listed) }
        return ids.compactMap { found[$0]?.first }
    }

    private init(_ row: StoredRow) throws {
        (id, sha256, name) = (try row.value("id"), try row.value("sha256"), try row.value("name"))
        (width, height) = (try row.value("width"), try row.value("height"))
        (addedAt, binnedAt) = (try row.moment("addedAt"), try row.optionalMoment("binnedAt"))
        (analyses, wantedAnalysis, analysisFailure) = (
            try row.value("analyses"), try row.json("wantedAnalysis")?.text, try row.optional("analysisFailure")
        )
        (approved, rejected, pending) = (try row.value("approved"), try row.value("rejected"), try row.value("pending"))
        (generations, bestStars) = (try row.value("generations"), try row.value("bestStars"))
        prompt = try row.optional("prompt", at: (table: "prompt", row: "pictureId \(id)", column: "positive"))
        madeBy = try row.optional("madeBy")
        enlargedFrom = try row.optional("enlargedFrom")
        (lastDecision, lastPrompt) = (try row.optional("lastDecision"), try row.optional("lastPrompt"))
        damaged = row.unreadable
    }
}
