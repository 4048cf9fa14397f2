import Encoders
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

@Suite struct PromptWeightsTests {
    /// The examples that the web UI's own parser documents, and what brackets that do not match come to.
    @Test(arguments: [
        ("normal text", [WeightedText("normal text", 1)]),
        ("an (important) word", [WeightedText("an ", 1), WeightedText("important", 1.1), WeightedText(" word", 1)]),
        ("(unbalanced", [WeightedText("unbalanced", 1.1)]),
        (#"\(literal\]"#, [WeightedText("(literal]", 1)]),
        ("(unnecessary)(parens)", [WeightedText("unnecessaryparens", 1.1)]),
        ("a (b:1.5) c", [WeightedText("a ", 1), WeightedText("b", 1.5), WeightedText(" c", 1)]),
        ("((x))", [WeightedText("x", 1.1 * 1.1)]),
        ("[x]", [WeightedText("x", 1 / 1.1)]),
        ("(a:b)", [WeightedText("a:b", 1.1)]),
        ("time: 12:30", [WeightedText("time: 12:30", 1)]),
        ("x)", [WeightedText("x)", 1)]),
        ("(a [b]:2)", [WeightedText("a ", 2), WeightedText("b", 2 / 1.1)]),
        (#"a \ b"#, [WeightedText("a  b", 1)]),
        ("(a:1.2", [WeightedText("a:1.2", 1.1)]),
        ("", []),
    ])
    func promptsAreReadAsTheWebUIDoes(_ prompt: String, _ expected: [WeightedText]) {
        let parts = PromptWeights.parse(prompt)
        #expect(parts.map(\.text) == expected.map(\.text))
        for (part, wanted) in zip(parts, expected) { #expect(abs(part.weight - wanted.weight) < 1e-6) }
    }

    /// Texts of nothing but brackets, colons or backslashes take no longer than others.
    @Test(arguments: ["(", "[", "(a", "(a)", "[a]", "(a:", "a:", "\\", "(a:1.1)", ")("])
    func bracketsAreReadInLinearTime(_ piece: String) {
        let begin = ContinuousClock.now
        _ = PromptWeights.parse(String(repeating: piece, count: 64_000))
        #expect(begin.duration(to: .now) < .seconds(2), "\(piece)")
    }

    @Test func weightsThatNothingWithstandsAreRefused() throws {
        let deep = String(repeating: "(", count: 4000) + "a" + String(repeating: ")", count: 4000)
        let error = #expect(throws: DiffusionError.self) { try PromptWeights.check(deep) }
        #expect(error?.description.contains("weight of inf") == true)
        try PromptWeights.check("((a:1.5)) (b:-2)")
    }

    /// A word a token, with a start and an end: states tell their token's position.
    private struct Words: PromptEncoder {
        func tokenCount(_ prompt: String) -> Int { prompt.split(separator: " ").count + 2 }
        func states(for prompt: String) -> Tensor { .filled(1, [1, tokenCount(prompt), 2]) }
    }

    @Test func aWeightReachesItsOwnTokensOnly() throws {
        let states = try Words().weightedStates(for: "one (two three:1.5) four [five]")
        #expect(states.shape == [1, 7, 2])
        let weights = stride(from: 0, to: 14, by: 2).map { states.values[$0] }
        #expect(weights == [1, 1, 1.5, 1.5, 1, Float(1 / 1.1), 1])
        #expect(try Words().weightedStates(for: "plain words") == Words().states(for: "plain words"))
    }

    @Test func theDefaultTextTowerSpeaksToTheGenerator() throws {
        let tower = try SentenceTextTower(directory: checkout.appendingPathComponent("Models/redraw-encoder"))
        let plain = try tower.states(for: "a red boat")
        #expect(plain.shape == [1, 5, 384])
        #expect(try tower.states(for: "").shape == [1, 2, 384])
        // Pieces between BREAK are encoded by themselves and stand one behind the other.
        let pieces = try tower.conditioning(for: "a red boat BREAK a fox", PromptReading())
        #expect(try pieces.states == Tensor.concatenated([plain, tower.states(for: "a fox")], axis: 1))
        #expect(try pieces.pooled == tower.conditioning(for: "a red boat, a fox", PromptReading()).pooled)
        let weighted = try tower.weightedStates(for: "a (red:1.5) boat")
        for (token, weight) in [1, 1, 1.5, 1, 1].enumerated() {
            let range = token * 384..<(token + 1) * 384
            #expect(zip(weighted.values[range], plain.values[range]).allSatisfy { $0 == $1 * Float(weight) })
        }
    }
}
