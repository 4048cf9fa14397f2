import TestSupport
import Testing
import Vocabulary

@testable import Studio

/// Redrawing keeps what is there: who asks for something else is told so.
@Suite struct SubjectNoticeTests {
    private let vocabulary: TagVocabulary

    init() throws {
        vocabulary = try TagVocabulary(directory: checkout.appendingPathComponent("Vocab/redraw"))
    }

    private func note(_ prompt: String, _ shown: [(String, Double)]) -> String? {
        SubjectNotice.note(prompt: prompt, shown: shown.map { (tag: $0.0, confidence: $0.1) }, vocabulary: vocabulary)
    }

    @Test func anotherSubjectIsTold() throws {
        let told = try #require(note("a photo of two foxes in the snow", [("cat", 0.9), ("sofa", 0.6)]))
        #expect(told.contains("fox") && told.contains("cat") && !told.contains("sofa"), "\(told)")
    }

    @Test func underAMaskMoreStrengthIsAdvised() throws {
        let told = try #require(
            SubjectNotice.note(
                prompt: "a photo of a fox", shown: [(tag: "dog", confidence: 0.9)], vocabulary: vocabulary, advice: SubjectNotice.repainting
            ))
        #expect(told.contains("asks for fox, the picture shows dog") && told.contains("a strength of 0.9"), "\(told)")
    }

    @Test(arguments: [
        "a watercolour of a cat", "a kitten", "a photo of an animal", "a cat with a top hat", "a painting, dramatic lighting", "",
    ]) func theSamePictureInOtherWordsIsNot(prompt: String) {
        #expect(note(prompt, [("cat", 0.9)]) == nil)
    }

    @Test func aPartOfTheNameInSightSaysNothing() {
        #expect(note("a photo of a cup of coffee", [("spoon", 1), ("cup", 0.4)]) == nil)
        #expect(note("a photo of a cup of coffee", [("spoon", 1)]) != nil)
        #expect(note("a red cup", [("spoon", 1), ("blue cup", 0.8)]) == nil, "a tag that a person worded anew")
    }

    @Test func anUnsurePictureSaysNothing() {
        #expect(note("a photo of a fox", [("cat", 0.3)]) == nil)
        #expect(note("a photo of a fox", []) == nil)
        #expect(note("a photo of a fox", [("dog", 0.8), ("animal", 0.2)]) == nil, "a fox is an animal, and one may be there")
    }

    @Test func theLongestNameIsRead() {
        #expect(SubjectNotice.subjects(in: "A photo of a hot dog, (cat:1.2)", vocabulary).map(\.name) == ["hot dog", "cat"])
    }
}
