import Analysis
@testable import Encoders
import Foundation
import TestSupport
import Testing
import Vocabulary

private typealias Tag = Vocabulary.Tag

private let words = TagVocabulary(
    name: "words",
    tags: [
        Tag(name: "animal", facet: .subject),
        Tag(name: "cat", facet: .subject, implies: ["animal"], aliases: ["feline"]),
        Tag(name: "tabby", facet: .subject, exclusiveGroup: "breed", implies: ["cat"]),
        Tag(name: "persian", facet: .subject, exclusiveGroup: "breed", implies: ["cat"]),
        Tag(name: "sofa", facet: .subject),
        Tag(name: "sofas", facet: .subject),
        Tag(name: "couch", facet: .subject),
        Tag(name: "indoors", facet: .setting, exclusiveGroup: "place"),
        Tag(name: "outdoors", facet: .setting, exclusiveGroup: "place"),
        Tag(name: "kitchen", facet: .setting, implies: ["indoors"]),
        Tag(name: "forest", facet: .setting, implies: ["outdoors"]),
        Tag(name: "photo", facet: .medium, exclusiveGroup: "medium"),
        Tag(name: "painting", facet: .medium, exclusiveGroup: "medium"),
        Tag(name: "oil painting", facet: .medium, implies: ["painting"]),
    ])

private func selection(
    _ confidences: [String: Float], heads: [String: Float] = [:], seen: [String: Float] = [:], rejected: Set<String> = [],
    settings: SelectionSettings = .init(),
    similarity: @escaping (Tag, Tag) -> Float? = { _, _ in nil }
) -> (suggestions: [Suggested], dropped: [Dropped]) {
    let candidates = words.tags.compactMap { tag -> Suggested? in
        if let head = heads[tag.name] { return Suggested(tag, cosine: 0.1, confidence: head, source: .head) }
        if let sure = seen[tag.name] { return Suggested(tag, confidence: sure, source: .seen) }
        return confidences[tag.name].map { Suggested(tag, cosine: $0 / 2, confidence: $0) }
    }
    return TagSelection(vocabulary: words, settings: settings, similarity: similarity).select(candidates, rejected: rejected)
}

private func reason(_ tag: String, _ dropped: [Dropped]) -> Dropped.Reason? {
    dropped.first { $0.tag == tag }?.reason
}

@Test func theParticularTagTakesTheGeneralOnesPlace() {
    let (suggestions, dropped) = selection(["animal": 0.5, "cat": 0.7, "tabby": 0.8])
    #expect(suggestions.map(\.tag) == ["tabby"])
    #expect(reason("cat", dropped) == .said(by: "tabby"))
    #expect(reason("animal", dropped) == .said(by: "tabby"))
    #expect(dropped.first { $0.tag == "cat" }?.confidence == 0.8, "what a tag implies is at least as sure")
    #expect(dropped.first { $0.tag == "animal" }?.confidence ?? 0 > 0.8, "and surer where several tags imply it")
}

@Test func anUncertainParticularTagGivesWay() {
    let (suggestions, dropped) = selection(["animal": 0.3, "cat": 0.9, "tabby": 0.7])
    #expect(suggestions.map(\.tag) == ["cat"])
    #expect(reason("tabby", dropped) == .lessCertain(than: "cat"))
}

@Test func oneOfAnExclusiveGroupHolds() {
    let (suggestions, dropped) = selection(["tabby": 0.9, "persian": 0.5])
    #expect(suggestions.map(\.tag) == ["tabby"])
    // Odds of 9 and of 1, cubed: a share of 729 in 730.
    #expect(abs(suggestions[0].confidence - 0.9 * 729 / 730) < 1e-4)
    #expect(reason("persian", dropped) == .excluded(by: "tabby", group: "breed"))
}

@Test func anUndecidedGroupLeavesTheGeneralTag() {
    let (suggestions, dropped) = selection(
        ["cat": 0.9, "tabby": 0.6, "persian": 0.6])
    #expect(suggestions.map(\.tag) == ["cat"])
    #expect(reason("persian", dropped) == .lessCertain(than: "cat") || reason("tabby", dropped) == .lessCertain(than: "cat"))
}

@Test func whatImpliesALoserFallsWithIt() {
    let (suggestions, dropped) = selection(["indoors": 0.3, "kitchen": 0.5, "outdoors": 0.8, "forest": 0.8])
    #expect(suggestions.map(\.tag) == ["forest"])
    #expect(reason("kitchen", dropped) == .excluded(by: "outdoors", group: "place"))
}

@Test func theHeadDecidesTheMedium() {
    let (suggestions, dropped) = selection(["oil painting": 0.9], heads: ["photo": 0.8, "painting": 0.2])
    #expect(suggestions.map(\.tag) == ["photo"])
    #expect(suggestions[0].source == .head && suggestions[0].confidence == 0.8)
    #expect(reason("oil painting", dropped) == .excluded(by: "photo", group: "medium"))
}

@Test func aRejectedTagNeverComesBack() {
    let (suggestions, dropped) = selection(["animal": 0.5, "cat": 0.9, "tabby": 0.9, "sofa": 0.4], rejected: ["Feline", "no such tag"])
    #expect(suggestions.map(\.tag) == ["animal", "sofa"])
    #expect(reason("cat", dropped) == .rejectedBefore)
    #expect(reason("tabby", dropped) == .impliesRejected("cat"))
    #expect(suggestions[0].confidence == 0.5, "a rejected tag vouches for nothing")
}

/// A tagger names things its own way, and must not bring back what was rejected under another name.
@Test func aTaggerSaysNothingThatWasRejectedNorAKindOfIt() throws {
    func label(_ name: String, _ probability: Float) -> ScoredLabel { .init(name: name, category: .general, probability: probability) }
    let tagged = TaggedPicture(
        rating: nil, general: [label("tabby", 0.9), label("cats", 0.8), label("sofa", 0.7), label("harbour", 0.6)], characters: [])
    let said = TaggerSuggestions(tagged, vocabulary: words, rejected: ["Feline", "harbour"])
    #expect(said.suggestions.map(\.tag) == ["sofa"] && said.suggestions[0].rank == 1)
    #expect(said.dropped.map(\.tag) == ["tabby", "cats", "harbour"])
    #expect(said.dropped.map(\.reason) == [.impliesRejected("cat"), .rejectedBefore, .rejectedBefore])
    #expect(TaggerSuggestions(tagged, vocabulary: words).suggestions.count == 4)
}

@Test func nearDuplicatesAreDroppedWithTheReason() {
    let (suggestions, dropped) = selection(["sofa": 0.9, "sofas": 0.8, "couch": 0.7, "cat": 0.65]) { one, other in
        Set([one.name, other.name]) == ["sofa", "couch"] ? 0.95 : 0.2
    }
    #expect(suggestions.map(\.tag) == ["sofa", "cat"])
    #expect(reason("sofas", dropped) == .similar(to: "sofa"))
    #expect(reason("couch", dropped) == .similar(to: "sofa"))
}

@Test func whatIsFarLessCertainThanTheFirstIsNotShown() {
    let (suggestions, dropped) = selection(["sofa": 0.9, "cat": 0.7, "couch": 0.5, "kitchen": 0.4])
    #expect(suggestions.map(\.tag) == ["sofa", "cat", "kitchen"])
    #expect(reason("couch", dropped) == .overshadowed(by: "sofa"))
}

@Test func aPictureOfNothingCertainHasNoSubject() {
    let (suggestions, dropped) = selection(
        ["animal": 0.28, "cat": 0.27, "tabby": 0.26, "sofa": 0.28], settings: SelectionSettings(thresholds: [.subject: 0.5]))
    #expect(suggestions.isEmpty)
    #expect(reason("animal", dropped) == .unlikely(threshold: 0.5))
}

@Test func aGeneralTagThatIsRightBeatsASpecialOneThatIsUnsure() {
    let settings = SelectionSettings(thresholds: [.subject: 0.2], settledShare: 0.1, replacesFrom: 0.4)
    let (suggestions, dropped) = selection(["animal": 0.53, "tabby": 0.35, "persian": 0.2], settings: settings)
    #expect(suggestions.first?.tag == "animal")
    #expect(!dropped.contains { $0.tag == "animal" })
    #expect(
        selection(["animal": 0.53, "tabby": 0.6], settings: settings).suggestions.map(\.tag) == ["tabby"], "a sure one takes its place")
}

@Test func whatWasSeenStandsForItselfBesideASurerGeneralTag() {
    let settings = SelectionSettings(thresholds: [.subject: 0.2], replacesFrom: 0.5)
    let sure = selection(["animal": 0.98], seen: ["cat": 0.8], settings: settings)
    #expect(sure.suggestions.map(\.tag) == ["cat"], "its odds are a twelfth of the general tag's, and it is there")
    #expect(reason("animal", sure.dropped) == .said(by: "cat"))
    // Less likely than the general tag, and neither sure enough to take its place nor worth a place beside it.
    let unsure = selection(["animal": 0.48, "cat": 0.45], settings: settings)
    #expect(unsure.suggestions.map(\.tag) == ["animal"])
    #expect(reason("cat", unsure.dropped) == .lessCertain(than: "animal"))
}

@Test func aKindThatIsAsLikelyAsWhatItIsAKindOfIsNotLost() {
    let settings = SelectionSettings(thresholds: [.subject: 0.4], replacesFrom: 0.6)
    let (suggestions, dropped) = selection(["animal": 0.1, "cat": 0.5, "sofa": 0.45], settings: settings)
    #expect(suggestions.map(\.tag) == ["cat", "sofa"], "that there is an animal is known by the cat alone")
    #expect(reason("animal", dropped) == .said(by: "cat"))
}

@Test func aTagExcludesOthersOnlyWhereItIsShownItself() {
    // "outdoors" is likelier than "indoors", but says no more than what is shown already.
    let settings = SelectionSettings(thresholds: [.setting: 0.35], limits: [.setting: 1])
    let crowded = selection(["kitchen": 0.9, "outdoors": 0.5, "indoors": 0.4], settings: settings)
    #expect(crowded.suggestions.map(\.tag) == ["kitchen"])
    #expect(reason("outdoors", crowded.dropped) != nil)
    // A winner that is not sure enough leaves the others to their own certainty.
    let unsure = selection(["outdoors": 0.3, "indoors": 0.29], settings: settings)
    #expect(unsure.suggestions.isEmpty)
    for tag in ["outdoors", "indoors"] { #expect(reason(tag, unsure.dropped) == .unlikely(threshold: 0.35)) }
    // A winner that fell to the tag that it resembles excludes nothing.
    let twin = selection(
        ["sofa": 0.9, "tabby": 0.8, "persian": 0.5], settings: SelectionSettings(thresholds: [.subject: 0.05], facetShare: 0)
    ) {
        Set([$0.name, $1.name]) == ["sofa", "tabby"] ? 0.95 : 0
    }
    #expect(!twin.suggestions.contains { $0.tag == "tabby" })
    #expect(reason("persian", twin.dropped) != .excluded(by: "tabby", group: "breed"))
}

@Test func thresholdsAndLimitsAreKeptAndSaid() {
    let settings = SelectionSettings(thresholds: [.subject: 0.35], limits: [.subject: 1], limit: 2, facetShare: 0.5)
    let (suggestions, dropped) = selection(
        ["cat": 0.9, "sofa": 0.8, "couch": 0.3, "kitchen": 0.7, "photo": 0.6], settings: settings)
    #expect(suggestions.map(\.tag) == ["cat", "kitchen"])
    #expect(suggestions.map(\.rank) == [1, 2])
    #expect(reason("sofa", dropped) == .enough(of: .subject, limit: 1))
    #expect(reason("couch", dropped) == .unlikely(threshold: 0.35))
    #expect(reason("photo", dropped) == .enoughInAll(limit: 2))
    #expect(dropped.allSatisfy { !$0.reason.description.isEmpty })
}

@Test func anEncoderMayWeighTagsItsOwnWay() throws {
    // With rivals that share fairly neither place is sure enough; with three times the log-odds one is.
    var settings = SelectionSettings(thresholds: [.setting: 0.35])
    #expect(selection(["indoors": 0.55, "outdoors": 0.4], settings: settings).suggestions.map(\.tag) == ["indoors"])
    settings.weighing.rivalry = 0
    #expect(selection(["indoors": 0.55, "outdoors": 0.4], settings: settings).suggestions.isEmpty)
    settings.weighing.leastRanked = 0.6
    #expect(selection(["photo": 0.5], settings: settings).suggestions.isEmpty, "a facet without a threshold of its own")
}

@Test func selectionsOverTheShippedListsKeepTheirPromises() throws {
    let vocabulary = try TagVocabulary(directory: checkout.appendingPathComponent("Vocab/redraw"))
    let settings = SelectionSettings(
        try EncoderConfiguration(directory: checkout.appendingPathComponent("Models/redraw-encoder")).judgement)
    var random = SeededGenerator.announced()
    for _ in 0..<40 {
        let candidates = vocabulary.tags.map { tag in
            Suggested(
                tag, cosine: 0, confidence: pow(Float.random(in: 0..<1, using: &random), 12),
                source: tag.measured ? .measured : .ranked)
        }
        let rejected = Set((0..<5).map { _ in vocabulary.tags.randomElement(using: &random)!.name })
        let (suggestions, dropped) = TagSelection(vocabulary: vocabulary, settings: settings).select(candidates, rejected: rejected)
        let names = Set(suggestions.map(\.tag))
        let tags = suggestions.compactMap { vocabulary.tag(named: $0.tag) }

        #expect(names.count == suggestions.count && suggestions.count <= settings.limit)
        #expect(names.isDisjoint(with: rejected) && names.isDisjoint(with: dropped.map(\.tag)))
        #expect(Dictionary(grouping: tags, by: \.facet).allSatisfy { $1.count <= settings.limits[$0]! })
        let groups = tags.compactMap(\.exclusiveGroup)
        #expect(Set(groups).count == groups.count)
        for tag in tags {
            let implied = Set(vocabulary.implied(by: tag).map(\.name))
            #expect(implied.isDisjoint(with: rejected))
            #expect(implied.isDisjoint(with: names), "\(tag.name) and what it implies are both suggested")
        }
        #expect(zip(suggestions, suggestions.dropFirst()).allSatisfy { $0.confidence >= $1.confidence })
        #expect(suggestions.allSatisfy { (0...1).contains($0.confidence) })
    }
}
