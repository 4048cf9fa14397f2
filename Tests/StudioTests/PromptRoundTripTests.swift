import Analysis
import Diffusion
import TestSupport
import Testing
import Vocabulary

// What one room composes another reads: only here both are known.

@Test func whatWasComposedIsReadBack() {
    var random = SeededGenerator.announced()
    let letters = Array("ab c()[]\\:1.,é")
    for _ in 0..<3000 {
        let tags = (0..<Int.random(in: 0...5, using: &random)).map { _ in
            let text = String((0..<Int.random(in: 1...9, using: &random)).map { _ in letters.randomElement(using: &random)! })
            let weight = Bool.random(using: &random) ? 1 : Double(Int.random(in: 1...300, using: &random)) / 100
            return ApprovedTag(text: text, facet: .subject, weight: weight)
        }
        let prompt = PromptComposer.compose(tags)
        #expect(PromptComposer.compose(tags) == prompt)
        let pieces = PromptWeights.parse(prompt)
        // Every piece is the text of tags and the separators between them; every weight is one that was given.
        let weights = Set(tags.map(\.weight) + [1])
        for piece in pieces where piece.weight != 1 {
            #expect(weights.contains { abs($0 - Double(piece.weight)) < 1e-5 }, "\(tags) gave \(prompt)")
            #expect(
                tags.contains { tag in Tag.key(tag.text).contains(Tag.key(piece.text)) || piece.text.contains(", ") },
                "\(tags) gave \(prompt)")
        }
        for tag in tags {
            let escaped = PromptComposer.escaped(tag.text)
            #expect(PromptWeights.parse(escaped).map(\.text).joined() == tag.text)
            #expect(PromptWeights.parse(escaped).allSatisfy { $0.weight == 1 })
            let weighted = PromptWeights.parse("(\(escaped):1.2)")
            #expect(weighted == [WeightedText(tag.text, 1.2)], "\(escaped)")
        }
    }
}

@Test func weightsAreReadAsTheWebUIReadsThem() {
    func read(_ prompt: String) -> [String] {
        PromptWeights.parse(prompt).map { "\($0.text)|\(($0.weight * 1000).rounded() / 1000)" }
    }
    #expect(read("normal text") == ["normal text|1.0"])
    #expect(read("an (important) word") == ["an |1.0", "important|1.1", " word|1.0"])
    #expect(read("(unbalanced") == ["unbalanced|1.1"])
    #expect(read("\\(literal\\]") == ["(literal]|1.0"])
    #expect(read("(unnecessary)(parens)") == ["unnecessaryparens|1.1"])
    #expect(
        read("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).")
            == ["a |1.0", "house|1.573", " |1.1", "on|1.0", " a |1.1", "hill|0.55", ", sun, |1.1", "sky|1.464", ".|1.1"])
    #expect(read("ratio 1:2)") == ["ratio 1:2)|1.0"])
    #expect(read("") == [])
    #expect(PromptWeights.parse("a (cat:1.2) \\(big\\)").map(\.text).joined() == "a cat (big)")
}
