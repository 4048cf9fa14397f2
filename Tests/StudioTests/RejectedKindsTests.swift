import Testing

@testable import Studio

/// The vocabulary's kinds at the desk: without a cat there is no tabby cat.
@Suite struct RejectedKindsTests {
    private func states(_ suggestions: [SuggestionReport]) -> [String: SuggestionReport.State] {
        Dictionary(uniqueKeysWithValues: suggestions.map { ($0.tag, $0.state) })
    }

    @Test func kindsThatWaitGoWithWhatTheyAreKindsOf() throws {
        let pictures = try ScreenedPictures()
        let picture = try pictures.add(
            "cat.png", shade: 40, tags: [("cat", "subject"), ("tabby cat", "subject"), ("sofa", "subject"), ("photo", "medium")])
        let desk = try pictures.studio.desk()
        let taken = try desk.decide([.reject(tag: "cat"), .approveAbove(0.5)], on: picture.id, by: "Ada")
        #expect(states(taken.suggestions) == ["cat": .rejected, "tabby cat": .rejected, "sofa": .approved, "photo": .approved])
        let back = try desk.decide([.reset(tag: "cat")], on: picture.id, by: "Ada")
        #expect(states(back.suggestions) == ["cat": .pending, "tabby cat": .pending, "sofa": .approved, "photo": .approved])
    }

    @Test func thePageAsksTheSame() throws {
        let pictures = try ScreenedPictures()
        let picture = try pictures.add("cat.png", shade: 40, tags: [("cat", "subject"), ("tabby cat", "subject"), ("dog", "subject")])
        let report = try pictures.studio.decide([DecisionWish(action: "reject", tag: "cat")], on: picture.id, by: "Ada")
        #expect(states(report.suggestions) == ["cat": .rejected, "tabby cat": .rejected, "dog": .pending])
        #expect(report.counts.rejected == 2 && report.counts.pending == 1)
    }
}
