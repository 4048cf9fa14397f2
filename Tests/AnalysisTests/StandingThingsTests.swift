import Analysis
import Testing
import Vocabulary

/// Tags of a photograph whose things stand to each other, by "cat on sofa".
private func tags(_ subjects: [String], _ relations: String..., facets: [(String, Facet)] = []) -> [ApprovedTag] {
    let told = relations.compactMap { said -> ThingRelation? in
        for preposition in ThingRelation.Preposition.allCases {
            let sides = said.split(separator: " \(preposition.rawValue) ").map(String.init)
            if sides.count == 2 { return ThingRelation(subject: sides[0], preposition: preposition, support: sides[1]) }
        }
        return nil
    }
    #expect(told.count == relations.count)
    // "black cat = cat" is the text and the tag that it is of.
    let named = subjects.map { $0.split(separator: " = ").map(String.init) }
    return [ApprovedTag(text: "photo", facet: .medium)]
        + named.map { ApprovedTag(text: $0[0], facet: .subject, tag: $0.last, relations: told) }
        + facets.map { ApprovedTag(text: $0.0, facet: $0.1) }
}

private func forms(_ tags: [ApprovedTag]) -> [String] { [PromptComposer.compose(tags), PromptComposer.sentence(tags)] }

@Test func whereAThingStandsIsSaidWithIt() {
    #expect(forms(tags(["cat", "sofa"], "cat on sofa")) == ["a photo of a cat on a sofa", "A photo of a cat on a sofa."])
    let more: [(String, Facet)] = [("sleeping", .action), ("indoors", .setting)]
    #expect(
        forms(tags(["grey sofa = sofa", "black cat = cat", "vase"], "cat on sofa", facets: more)) == [
            "a photo of a black cat on a grey sofa, vase, sleeping, indoors",
            "A photo of a black cat on a grey sofa and a vase, sleeping, indoors.",
        ])
    #expect(forms(tags(["man", "boat"], "man in boat"))[1] == "A photo of a man in a boat.")
    #expect(forms(tags(["two dogs", "bed"], "two dogs on bed"))[1] == "A photo of two dogs on a bed.")
    // A list of tags stays one.
    #expect(PromptComposer.tags(tags(["black cat = cat", "sofa"], "cat on sofa")) == "black cat, sofa, photo")
    #expect(PromptComposer.compose(Array(tags(["cat", "sofa", "vase"], "cat on sofa").dropFirst())) == "cat on a sofa, vase")
}

/// Whoever rejects one of the two tags has no relation between them.
@Test func aRelationNamesOnlyWhatIsApproved() {
    #expect(forms(tags(["cat"], "cat on sofa")) == ["a photo of a cat", "A photo of a cat."])
    #expect(forms(tags(["sofa", "dog"], "cat on sofa")) == ["a photo of a sofa, dog", "A photo of a sofa and a dog."])
    // Its texts may be the person's own.
    #expect(forms(tags(["Tom = cat", "our sofa = sofa"], "cat on sofa"))[1] == "A photo of Tom on our sofa.")
    #expect(forms(tags(["cat on a cushion = cat", "sofa"], "cat on sofa"))[1] == "A photo of a cat on a cushion and a sofa.")
    let weighted = [
        ApprovedTag(text: "cat", facet: .subject, weight: 1.2, relations: [.init(subject: "cat", preposition: .on, support: "sofa")]),
        ApprovedTag(text: "sofa", facet: .subject, weight: 0.8),
    ]
    #expect(PromptComposer.sentence(weighted) == "A picture of a (cat:1.2) on a (sofa:0.8).")
}

@Test func aPersonStandsSomewhereWithWhatIsWorn() {
    #expect(
        forms(tags(["boots", "bench", "woman", "blue dress = dress"], "woman on bench")) == [
            "a photo of a woman in boots and a blue dress on a bench", "A photo of a woman in boots and a blue dress on a bench.",
        ])
    #expect(forms(tags(["woman in red = woman", "horse"], "woman on horse"))[1] == "A photo of a woman in red on a horse.")
    #expect(
        forms(tags(["motorcycle", "man", "people"], "man on motorcycle")) == [
            "a photo of a man on a motorcycle, other people", "A photo of a man on a motorcycle and other people.",
        ])
}

/// Of "a man and a dog on a sofa" both are on it.
@Test func aPlaceIsReadOfNobodyElse() {
    #expect(forms(tags(["man", "dog", "sofa"], "dog on sofa")) == ["a photo of a man, dog, sofa", "A photo of a man, a dog and a sofa."])
    #expect(forms(tags(["dog", "man", "sofa"], "man on sofa"))[1] == "A photo of a man on a sofa and a dog.")
    #expect(
        forms(tags(["man", "dog", "sofa"], "man on sofa", "dog on sofa")) == [
            "a photo of a man and a dog on a sofa", "A photo of a man and a dog on a sofa.",
        ])
    #expect(
        forms(tags(["cup", "dining table", "man", "horse"], "cup on dining table", "man on horse")) == [
            "a photo of a man on a horse, cup on a dining table", "A photo of a man on a horse and a cup on a dining table.",
        ])
    // What is stood on stands on nothing here.
    #expect(forms(tags(["cup", "book", "table"], "cup on book", "book on table"))[1] == "A photo of a cup on a book and a table.")
}

/// Who is on a bicycle rides it.
@Test func whatIsDoneToAThingIsNotSaidBesideItsPlace() {
    let ride: [(String, Facet)] = [("riding a bicycle", .action), ("outdoors", .setting)]
    #expect(
        forms(tags(["man", "red bicycle = bicycle"], "man on bicycle", facets: ride)) == [
            "a photo of a man on a red bicycle, outdoors", "A photo of a man on a red bicycle, outdoors.",
        ])
    #expect(
        forms(tags(["man", "bicycle"], "man on bicycle", facets: [("riding a bicycle", .action)]))[1]
            == "A photo of a man, riding a bicycle.")
    #expect(
        forms(tags(["man", "skateboard"], "man on skateboard", facets: [("skateboarding", .action), ("jumping", .action)]))[1]
            == "A photo of a man on a skateboard, jumping.")
}
