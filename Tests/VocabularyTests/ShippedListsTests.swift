import Foundation
import TestSupport
import Testing
import Vocabulary

private let shipped = checkout.appendingPathComponent("Vocab/redraw")

@Test func theShippedListsAreSound() throws {
    for problem in try TagVocabulary.problems(at: shipped) {
        Issue.record("\(problem)")
    }
}

@Test func theShippedListsCoverEveryFacet() throws {
    let vocabulary = try TagVocabulary(directory: shipped)
    #expect(vocabulary.name == "redraw")
    #expect(vocabulary.tags.count >= 1400)
    for facet in Facet.allCases {
        #expect(vocabulary.tags.contains { $0.facet == facet }, "no tag speaks about \(facet.rawValue)")
    }
    #expect(vocabulary.tags.filter { $0.facet == .colour }.allSatisfy { $0.measured })
}

@Test func theShippedTagsAreFoundByWhatPeopleType() throws {
    let vocabulary = try TagVocabulary(directory: shipped)
    let typed = [
        "Tabby": "tabby cat", "tigers": "tiger", "cats": "cats", "three dogs": "several dogs", "Gray Wolf": "grey wolf",
        "butterflies": "butterfly", "hot-dog": "hot dog", "lorries": "truck",
        "armor": "suit of armour", "jewelry": "jewellery", "watercolor": "watercolour painting", "manga": "anime drawing",
    ]
    for (text, name) in typed {
        #expect(vocabulary.tag(named: text)?.name == name, "\(text)")
    }
    #expect(vocabulary.tag(named: "no such thing at all") == nil)
}

@Test func theShippedImplicationsReachTheGeneral() throws {
    let vocabulary = try TagVocabulary(directory: shipped)
    let beagle = try #require(vocabulary.tag(named: "beagle"))
    let implied = vocabulary.implied(by: beagle).map(\.name)
    #expect(implied.prefix(2).contains("dog"))
    #expect(Set(["hound", "dog", "mammal", "pet", "animal"]).isSubset(of: implied))
    #expect(implied.last == "animal")
}

@Test func everyExclusiveGroupHasSomethingToExclude() throws {
    let vocabulary = try TagVocabulary(directory: shipped)
    let groups = Dictionary(grouping: vocabulary.tags.filter { $0.exclusiveGroup != nil }) { $0.exclusiveGroup! }
    for (name, tags) in groups {
        #expect(tags.count > 1, "the exclusive group \(name) holds one tag")
    }
}
