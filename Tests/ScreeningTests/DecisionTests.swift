import Foundation
import Screening
import Testing

@Suite struct DecisionTests {
    private func screened() throws -> (library: Library, picture: Int64) {
        let (library, picture) = try Library.withPicture()
        try library.record(
            .sample([.sample("cat", 0.9), .sample("sofa", 0.6, rank: 2, aliases: ["couch"]), .sample("dog", 0.3, rank: 3)]), of: picture)
        return (library, picture)
    }

    @Test func decisionsAreNoted() throws {
        let (library, picture) = try screened()
        let moment = Date(timeIntervalSince1970: 1_800_000_000.125)
        let outcome = try library.decide([.approve("CAT"), .reject("couch")], on: picture, by: "Ada", at: moment)
        #expect(try library.states(picture) == ["cat": .approved, "sofa": .rejected, "dog": .pending])
        let cat = try #require(outcome.suggestions.first)
        #expect(cat.decidedBy == "Ada")
        #expect(abs(cat.decidedAt!.timeIntervalSince(moment)) < 0.001)
        #expect(outcome.decisions.map(\.action) == [.approve, .reject])
        #expect(Set(outcome.decisions.map(\.batch)).count == 1)
    }

    @Test func editingAndWeighingApprove() throws {
        let (library, picture) = try screened()
        try library.decide([.edit("cat", to: " ginger  cat "), .weigh("sofa", 1.3)], on: picture, by: "Ada")
        let suggestions = try library.suggestions(of: picture)
        #expect(suggestions.map(\.state) == [.approved, .approved, .pending])
        #expect(suggestions[0].text == "ginger cat")
        #expect(suggestions[0].tag == "cat")
        #expect(suggestions[1].weight == 1.3)
        // The edited text names it as well.
        try library.decide([.reject("Ginger-Cat")], on: picture, by: "Ada")
        let rejected = try library.suggestions(of: picture)[0]
        #expect(rejected.state == .rejected && rejected.editedText == nil && rejected.weight == 1)
    }

    @Test func anAddedTagIsApproved() throws {
        let (library, picture) = try screened()
        try library.decide([.add(tag: "red bow", facet: "subject"), .add(tag: "Dog", facet: "subject")], on: picture, by: "Ada")
        let suggestions = try library.suggestions(of: picture)
        #expect(suggestions.map(\.tag) == ["cat", "sofa", "dog", "red bow"])
        #expect(suggestions[3].source == .added && suggestions[3].state == .approved && suggestions[3].cosine == nil)
        #expect(suggestions[2].state == .approved)
    }

    @Test func approveAboveTakesThePendingOnesOnly() throws {
        let (library, picture) = try screened()
        try library.decide([.reject("cat")], on: picture, by: "Ada")
        try library.decide([.approveAbove(0.5)], on: picture, by: "above 0.5")
        #expect(try library.states(picture) == ["cat": .rejected, "sofa": .approved, "dog": .pending])
        try library.undo(on: picture, by: "Ada")
        #expect(try library.states(picture) == ["cat": .rejected, "sofa": .pending, "dog": .pending])
    }

    /// As a vocabulary tells it.
    private static func kinds(of rejected: String) -> (String) -> Bool {
        { tag in rejected == "cat" && ["tabby cat", "black cat", "kitten"].contains(tag) }
    }

    private func cats() throws -> (library: Library, picture: Int64) {
        let (library, picture) = try Library.withPicture()
        try library.record(
            .sample([
                .sample("cat", 0.9), .sample("tabby cat", 0.8, rank: 2), .sample("black cat", 0.6, rank: 3),
                .sample("kitten", 0.5, rank: 4),
                .sample("sofa", 0.7, rank: 5),
            ]), of: picture)
        return (library, picture)
    }

    @Test func withATagGoItsKindsThatWait() throws {
        let (library, picture) = try cats()
        try library.decide([.approve("kitten")], on: picture, by: "Ada", kinds: Self.kinds(of:))
        let outcome = try library.decide([.reject("cat"), .approveAbove(0.5)], on: picture, by: "Ada", kinds: Self.kinds(of:))
        #expect(outcome.decisions.map(\.tag) == ["cat", "tabby cat", "black cat", "sofa"])
        let rejected: [String: Suggestion.State] = [
            "cat": .rejected, "tabby cat": .rejected, "black cat": .rejected, "kitten": .approved, "sofa": .approved,
        ]
        #expect(try library.states(picture) == rejected, "what was approved before stays")
        try library.undo(on: picture, by: "Ada")
        #expect(
            try library.states(picture)
                == ["cat": .pending, "tabby cat": .pending, "black cat": .pending, "kitten": .approved, "sofa": .pending])
    }

    @Test func whatIsSaidOfAKindItselfCounts() throws {
        let (library, picture) = try cats()
        try library.decide([.reject("cat"), .approve("tabby cat")], on: picture, by: "Ada", kinds: Self.kinds(of:))
        #expect(try library.states(picture)["tabby cat"] == .approved)
        try library.undo(on: picture, by: "Ada")
        #expect(try library.states(picture).values.allSatisfy { $0 == .pending })
        try library.decide([.reject("tabby cat")], on: picture, by: "Ada", kinds: Self.kinds(of:))
        #expect(try library.states(picture)["cat"] == .pending, "of what it is a kind of, nothing is said")
    }

    @Test(arguments: [Change.reset("cat"), .approve("cat"), .add(tag: "cat", facet: "subject")])
    func kindsComeBackWithWhatTheyWentWith(_ change: Change) throws {
        let (library, picture) = try cats()
        try library.decide([.reject("kitten")], on: picture, by: "Ada", kinds: Self.kinds(of:))
        try library.decide([.reject("cat")], on: picture, by: "Ada", kinds: Self.kinds(of:))
        try library.decide([change], on: picture, by: "Ada", kinds: Self.kinds(of:))
        let states = try library.states(picture)
        #expect(states["tabby cat"] == .pending && states["black cat"] == .pending)
        #expect(states["kitten"] == .rejected, "it was rejected by itself")
        try library.undo(on: picture, by: "Ada")
        #expect(try library.states(picture)["tabby cat"] == .rejected)
    }

    @Test func approvingInBulkLeavesTheCanvasOut() throws {
        let (library, picture) = try Library.withPicture()
        try library.record(
            .sample([.sample("cat", 0.9), .sample("portrait orientation", 1, facet: "composition"), .sample("square format", 1)]),
            of: picture)
        let taken = try library.suggestions(of: picture).filter(\.isApprovedInBulk)
        try library.decide([.approveAbove(0.5)], on: picture, by: "above 0.5")
        #expect(taken.map(\.tag) == ["cat"], "what is told is what is done")
        #expect(
            try library.states(picture) == ["cat": .approved, "portrait orientation": .pending, "square format": .pending])
        try library.decide([.approve("portrait orientation")], on: picture, by: "Ada")
        #expect(try library.states(picture)["portrait orientation"] == .approved, "one by one a person may")
    }

    @Test func undoGoesBackBatchByBatchAndKeepsTheLog() throws {
        let (library, picture) = try screened()
        let start = try library.suggestions(of: picture)
        try library.decide([.approve("cat"), .add(tag: "bow", facet: "subject")], on: picture, by: "Ada")
        let second = try library.suggestions(of: picture)
        try library.decide([.edit("cat", to: "lion"), .weigh("cat", 1.5)], on: picture, by: "Ada")
        try library.decide([.reset("cat")], on: picture, by: "Ada")
        #expect(try library.canUndo(on: picture))
        try library.undo(on: picture, by: "Ada")
        let lion = try library.suggestions(of: picture)[0]
        #expect(lion.text == "lion" && lion.weight == 1.5 && lion.state == .approved)
        try library.undo(on: picture, by: "Ada")
        #expect(try library.suggestions(of: picture) == second)
        try library.undo(on: picture, by: "Ada")
        #expect(try library.suggestions(of: picture) == start)
        #expect(throws: LibraryError.nothingToUndo(picture: picture)) { try library.undo(on: picture, by: "Ada") }
        let log = try library.decisions(of: picture)
        #expect(log.map(\.action) == [.approve, .add, .edit, .weigh, .reset, .undo, .undo, .undo, .undo, .undo])
        #expect(log.suffix(5).compactMap(\.undoes) == [5, 4, 3, 2, 1])
    }

    @Test func undoBringsBackWhatAnAnalysisReplacedMeanwhile() throws {
        let (library, picture) = try screened()
        try library.decide([.edit("cat", to: "lion")], on: picture, by: "Ada")
        try library.decide([.reset("cat")], on: picture, by: "Ada")
        try library.record(.sample([.sample("feline", aliases: ["cat"])], version: 2), of: picture)
        #expect(try library.states(picture) == ["feline": .pending])
        try library.undo(on: picture, by: "Ada")
        #expect(try library.states(picture) == ["cat": .approved])
        #expect(try library.suggestions(of: picture)[0].text == "lion")
    }

    @Test func oneBadChangeRefusesThemAll() throws {
        let (library, picture) = try screened()
        let before = try library.suggestions(of: picture)
        let bad: [Change] = [
            .approve("elephant"), .weigh("cat", 0), .weigh("cat", .nan), .edit("cat", to: "  "), .edit("cat", to: "a\u{7}b"),
            .approveAbove(1.5), .add(tag: "-", facet: "subject"), .add(tag: "bow", facet: ""), .approve(.id(999)),
            .edit("cat", to: String(repeating: "x", count: 300)),
        ]
        for change in bad {
            #expect(throws: LibraryError.self) { try library.decide([.approve("cat"), change], on: picture, by: "Ada") }
        }
        #expect(throws: LibraryError.self) { try library.decide([.approve("cat")], on: picture, by: "") }
        #expect(try library.suggestions(of: picture) == before)
        #expect(try library.decisions(of: picture).isEmpty)
    }

    @Test func decidingTheSameAgainLeavesNoTrace() throws {
        let (library, picture) = try screened()
        try library.decide([.approve("cat")], on: picture, by: "Ada")
        #expect(try library.decide([.approve("cat")], on: picture, by: "Bob").decisions.isEmpty)
        #expect(try library.suggestions(of: picture)[0].decidedBy == "Ada")
    }

    /// A letter may be made of many code points, and those are what the tables count.
    @Test func aTagOfTooManyCodePointsIsRefused() throws {
        let (library, picture) = try Library.withPicture()
        let letters = [199, 200].map { "e" + String(repeating: "\u{323}", count: $0) }
        try library.decide([.add(tag: letters[0], facet: "subject")], on: picture, by: "Ada")
        #expect {
            try library.decide([.add(tag: letters[1], facet: "subject")], on: picture, by: "Ada")
        } throws: { error in
            if case LibraryError.invalid = error { "\(error)".contains("at most 200 characters") } else { false }
        }
        #expect(try library.suggestions(of: picture).map(\.tag) == [letters[0]])
    }
}

extension Library {
    /// Whether something of the log stands that `undo` would take back.
    func canUndo(on picture: Int64) throws -> Bool {
        let log = try decisions(of: picture)
        let undone = Set(log.compactMap(\.undoes))
        return log.contains { $0.action != .undo && !undone.contains($0.id) }
    }
}
