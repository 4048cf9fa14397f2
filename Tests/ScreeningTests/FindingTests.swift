import Foundation
import GRDB
import TestSupport
import Testing

@testable import Screening

/// Searching, with what stands in tables of its own for it.
@Suite struct FindingTests {
    private let library: Library

    init() throws { library = try Library.inMemory() }

    private func found(_ change: (inout PictureQuery) -> Void) throws -> (pictures: [Int64], paintings: [Int64]) {
        var query = PictureQuery()
        change(&query)
        let (pictures, listed) = try library.pictures(query)
        let (paintings, painted) = try library.paintings(query)
        #expect(pictures == listed.count && paintings == painted.count)
        return (listed.map(\.id), painted.map(\.generation.id))
    }

    @discardableResult
    private func painted(
        _ prompt: String, file: Int, of picture: Int64? = nil, model: String = "m", status: Generation.Status = .done,
        at moment: Date = Date()
    ) throws -> Int64 {
        try library.record(
            NewGeneration(
                kind: picture == nil ? .paint : .generate, request: JSONTexts.object(["prompt": prompt]), seed: 1, model: model,
                profile: "redraw", precision: "f32", stepsRequested: 4, pictureID: picture, promptNumber: nil,
                outcome: .init(status: status, outputs: [.init(path: "/results/\(file).png", sha256: digest(file))])),
            at: moment
        ).id
    }

    @Test func paintingsAreFoundByTheirPrompts() throws {
        let harbour = try painted("A harbour at dusk, \"boats\"", file: 10)
        let café = try painted("a café by the harbour", file: 11)
        try painted("a harbour that failed", file: 12, status: .failed)
        #expect(try found { $0.words = "harbour" }.paintings == [café, harbour], "the latest first")
        #expect(try found { $0.words = "cafe harb" }.paintings == [café], "all words, the last as a beginning; marks do not count")
        #expect(try found { $0.words = "boats" }.paintings == [harbour] && found { $0.words = "!!" }.paintings.isEmpty)
        #expect(try found { _ in }.paintings == [café, harbour] && found { $0.words = "lighthouse" }.paintings.isEmpty)
        // What it does not have finds it not.
        #expect(try found { $0.state = .approved }.paintings.isEmpty && found { $0.tag = "harbour" }.paintings.isEmpty)
        try library.mark(generation: café, stars: 3)
        #expect(try found { $0.stars = 3 }.paintings == [café] && found { $0.stars = 4 }.paintings.isEmpty)
        #expect(try library.paintings(PictureQuery()).paintings.map(\.stars) == [3, 0])
        #expect(try found { $0.model = "m" }.paintings.count == 2 && found { $0.model = "n" }.paintings.isEmpty)
        #expect(try found { $0.since = Date(timeIntervalSinceNow: 60) }.paintings.isEmpty)
        #expect(try found { $0.since = Date(timeIntervalSinceNow: -60) }.paintings.count == 2)
        func made(_ words: String, _ kind: Generation.Kind? = nil) throws -> [Int64] {
            try library.generations(of: nil, kind: kind, words: words, stars: 0, offset: 0, limit: 9).generations.map(\.id)
        }
        #expect(try made("harb", .paint).count == 3 && made("dusk") == [harbour] && made("harbour", .repaint).isEmpty && made("!!").isEmpty)
        try library.bin(generation: café)
        #expect(try found { $0.words = "harbour" }.paintings == [harbour])
        _ = try library.emptyBin()
        #expect(try found { _ in }.paintings == [harbour] && library.check() == [])
    }

    @Test func oneThatIsAPictureIsToldOnce() throws {
        let run = try painted("a harbour", file: 10)
        let picture = try library.record(NewPicture(sha256: digest(10), width: 4, height: 3, path: "/results/painted.png")).id
        var all = try found { _ in }
        #expect(all.pictures == [picture] && all.paintings.isEmpty)
        all = try found { $0.words = "harbour" }
        #expect(all.pictures.isEmpty && all.paintings == [run], "the picture is not found by that word")
        all = try found { $0.model = "m" }
        #expect(all.pictures == [picture] && all.paintings.isEmpty)
        // Whichever came first.
        let other = try library.record(NewPicture(sha256: digest(11), width: 4, height: 3, path: "/results/other.png")).id
        try painted("a quay", file: 11)
        #expect(try found { $0.model = "m" }.pictures == [other, picture] && library.check() == [])
        try library.bin(picture: picture)
        #expect(try found { _ in }.paintings == [run])
        _ = try library.emptyBin()
        #expect(try found { $0.words = "harbour" }.paintings == [run] && library.check() == [])
    }

    /// Every condition with every other, against what goes through all pictures.
    @Test func conditionsGoTogether() throws {
        let day = Date(timeIntervalSince1970: 1_700_000_000)
        for number in 1...24 {
            let moment = day.addingTimeInterval(Double(number))
            let (picture, _) = try library.record(
                NewPicture(sha256: digest(number), width: 4, height: 3, path: "/photos/\(number % 7)-\(number).jpg"),
                analysis: .sample(number % 5 == 0 ? [] : [.sample("cat", rank: 1), .sample("sofa \(number % 3)", rank: 2)]), embedding: nil,
                at: moment)
            if number % 2 == 0, number % 5 != 0 { try library.decide([.approve("cat")], on: picture.id, by: "me") }
            if number % 3 == 0, number % 5 != 0 { try library.decide([.reject(SuggestionTarget.tag("sofa 0"))], on: picture.id, by: "me") }
            if number % 4 == 0 {
                let run = try painted("x", file: 100 + number, of: picture.id, model: number % 8 == 0 ? "m" : "n")
                try library.mark(generation: run, stars: number % 6)
            }
            if number % 9 == 0 { try library.want(analysis: "{}", of: picture.id) }
            if number % 11 == 0 { try library.bin(picture: picture.id) }
        }
        func plain(_ query: PictureQuery) throws -> [Int64] {
            var all = PictureQuery()
            (all.isBinned, all.limit) = (query.isBinned, 1000)
            return try library.pictures(all).pictures.filter { one in
                let tags = try library.suggestions(of: one.id).filter { $0.state != .rejected }.map(\.tag)
                let models = Set(try library.generations(of: one.id).map(\.model))
                let isInState =
                    switch query.state {
                    case .unscreened: one.analyses > 0 && one.approved + one.rejected == 0
                    case .pending: one.pending > 0
                    case .approved: one.approved > 0
                    case .rejected: one.rejected > 0
                    case .analysing: one.wantedAnalysis != nil
                    case .failed: one.analysisFailure != nil
                    case nil: true
                    }
                return isInState && (query.words.isEmpty || tags.contains { $0.contains(query.words) })
                    && (query.tag.map(tags.contains) ?? true) && (query.stars.map { one.bestStars >= $0 } ?? true)
                    && (query.since.map { one.addedAt >= $0 } ?? true) && (query.model.map(models.contains) ?? true)
            }.sorted { a, b in
                switch query.order {
                case .newest: a.id > b.id
                case .oldest: a.id < b.id
                case .name: a.name == b.name ? a.id < b.id : a.name < b.name
                }
            }.map(\.id)
        }
        var (tried, hits) = (0, 0)
        let orders: [(PictureQuery.Order, Bool)] = [(.newest, false), (.oldest, false), (.name, false), (.newest, true)]
        let states: [PictureQuery.State?] = [nil] + PictureQuery.State.allCases
        for state in states {
            for (words, tag) in [("", nil), ("cat", nil), ("", "sofa 1")] {
                for stars in [nil, 2] {
                    for since in [nil, day.addingTimeInterval(7)] {
                        for model in [nil, "m"] {
                            for (order, isBinned) in orders {
                                var query = PictureQuery()
                                (query.state, query.words, query.tag, query.stars, query.since) = (state, words, tag, stars, since)
                                (query.model, query.order, query.isBinned) = (model, order, isBinned)
                                let expected = try plain(query)
                                let answer = try library.pictures(query)
                                #expect(answer.pictures.map(\.id) == expected && answer.total == expected.count, "\(query)")
                                query.limit = 2
                                query.offset = 1
                                #expect(try library.pictures(query).pictures.map(\.id) == Array(expected.dropFirst().prefix(2)), "\(query)")
                                tried += 1
                                hits += expected.isEmpty ? 0 : 1
                            }
                        }
                    }
                }
            }
        }
        #expect(tried == 7 * 3 * 2 * 2 * 2 * 4 && hits > tried / 4, "\(hits) of \(tried) found something")
    }

    /// Where nothing finds what points to a row, removing that row looks through the whole other table.
    @Test func whatPointsToARowIsFoundByAnIndex() throws {
        let looks = try library.read { db -> [String] in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT child.name AS child, "table" AS parent, group_concat('"' || "from" || '" = 1', ' AND ') AS condition
                    FROM sqlite_schema AS child, pragma_foreign_key_list(child.name) WHERE child.type = 'table' GROUP BY child.name, id
                    """
            ).compactMap { row in
                let (child, parent, condition): (String, String, String) = (row["child"], row["parent"], row["condition"])
                // Encoders are never removed.
                guard parent != "embeddingSpace" else { return nil }
                let plan = try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN SELECT 1 FROM \"\(child)\" WHERE \(condition)")
                return plan.map { $0["detail"] as String }.joined(separator: "; ")
            }
        }
        #expect(looks.count > 15 && looks.allSatisfy { $0.hasPrefix("SEARCH") }, "\(looks)")
    }

    @Test func picturesAreToldTogether() throws {
        let ids = try (1...3).map { try library.record(NewPicture(sha256: digest($0), width: 4, height: 3, path: "/\($0).jpg")).id }
        let paths = try library.pictures(numbers: ids + [99]).mapValues(\.paths)
        #expect(paths == [ids[0]: ["/1.jpg"], ids[1]: ["/2.jpg"], ids[2]: ["/3.jpg"]])
        #expect(try library.pictures(numbers: []).isEmpty)
    }

    /// Whoever waits for a large one of an earlier version to be brought up to date is told before, and once.
    @Test func aLargeLibraryTellsThatItIsBroughtUpToDate() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent(Library.fileName)
        let queue = try DatabaseQueue(path: file.path)
        try queue.migrate(toVersion: 12)
        try queue.close()
        // What lies behind the pages that its header counts is no part of it, and takes no space here.
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(Library.largeLibrary))
        try handle.close()
        var told = 0
        for _ in 0..<2 { _ = try Library(folder: folder.url, updating: { told += 1 }).pictureCount() }
        #expect(told == 1)
    }

    /// A library of the version before has what it needs for all of this once it is opened.
    @Test func theVersionBeforeOpens() throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.url.appendingPathComponent(Library.fileName).path)
        try queue.migrate(toVersion: 12)
        let moment = "2026-01-01 10:00:00.000"
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO picture (id, sha256, width, height, addedAt) VALUES (7, '\(digest(7))', 4, 3, '\(moment)');
                    INSERT INTO analysis (id, pictureId, encoderName, encoderSha256, vocabularyName, vocabularySha256, vocabularyCount, seconds,
                        positive, negative, calibration, createdAt)
                        VALUES (3, 7, 'e', '\(digest(101))', 'v', '\(digest(9))', 1, 0, '', '', '{"learned":{}}', '\(moment)');
                    INSERT INTO decision (id, pictureId, tagKey, tag, batch, action, decidedAt, decidedBy)
                        VALUES (5, 7, 'cat', 'cat', 1, 'approve', '\(moment)', 'me'), (6, 7, 'dog', 'dog', 2, 'reject', '\(moment)', 'me'),
                            (8, 7, 'fox', 'fox', 3, 'approve', '\(moment)', 'me');
                    INSERT INTO suggestion (pictureId, tagKey, tag, facet, analysisId, confidence, source, state, decidedAt, decidedBy, decisionId)
                        VALUES (7, 'cat', 'cat', 'subject', 3, 0.75, 'ranked', 'approved', '\(moment)', 'me', 5),
                            (7, 'dog', 'dog', 'subject', 3, 0.25, 'ranked', 'rejected', '\(moment)', 'me', 6),
                            (7, 'fox', 'fox', 'subject', 3, 0.5, 'ranked', 'approved', '\(moment)', 'me (above 0.4)', 8);
                    INSERT INTO generation (id, kind, request, seed, model, profile, "precision", stepsRequested, stepsRun, status, createdAt,
                        finishedAt) VALUES (4, 'paint', '{"prompt":"a harbour"}', 1, 'm', 'redraw', 'f32', 4, 4, 'done', '\(moment)', '\(moment)'),
                            (5, 'paint', '{"prompt":"a quay"}', 1, 'm', 'redraw', 'f32', 4, 4, 'done', '\(moment)', '\(moment)');
                    INSERT INTO generationOutput (generationId, position, path, sha256)
                        VALUES (4, 1, '/7.png', '\(digest(7))'), (5, 1, '/8.png', '\(digest(8))');
                    DELETE FROM pictureChanged;
                    """)
        }
        try queue.close()
        let library = try Library(folder: folder.url, updating: { Issue.record("a small one is quick") })
        #expect(try library.check() == [])
        let taught = try library.decidedConfidences(encoder: digest(101))
        #expect(taught.map(\.confidence) == [0.25, 0.75] && taught.map(\.approved) == [false, true])
        #expect(taught.allSatisfy { $0.calibration?.text == #"{"learned":{}}"# })
        var query = PictureQuery()
        query.words = "harb"
        #expect(try library.paintings(query).paintings.map(\.generation.id) == [4])
        query = PictureQuery()
        query.model = "m"
        #expect(try library.pictures(query).pictures.map(\.id) == [7] && library.paintings(query).paintings.map(\.generation.id) == [5])
    }
}

private enum JSONTexts {
    static func object(_ values: [String: String]) throws -> String {
        String(decoding: try JSONEncoder().encode(values), as: UTF8.self)
    }
}
