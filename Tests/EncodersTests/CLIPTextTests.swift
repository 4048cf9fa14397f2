import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Encoders

let openAIMerges = checkout.appendingPathComponent("Models/clip-tokenizer/bpe_simple_vocab_16e6.txt")

@Suite struct CLIPTokenizerTests {
    /// Ten thousand fuzzed strings and some nasty ones: the numbers are those of transformers' CLIPTokenizer.
    @Test func equalsTheReference() throws {
        let tokenizer = try CLIPTokenizer(merges: openAIMerges)
        let golden = try TokenGolden("clip_tokens.json")
        for item in golden.cases { #expect(tokenizer.tokens(item.text) == item.tokens, "\(item.text)") }
        let texts = try FuzzedCorpus.texts()
        #expect(texts.count == 10_000)
        #expect(golden.differences(texts.map(tokenizer.numbers)) == [])
    }

    private struct Characters: Decodable {
        struct Lowered: Decodable {
            let from: UInt32
            let to: [UInt32]

            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                from = try container.decode(UInt32.self)
                to = try container.decode([UInt32].self)
            }
        }

        let letter, number, space: [[UInt32]]
        let lower: [Lowered]
    }

    /// Every character there is is what the reference's library takes it for.
    @Test func everyCharacterIsSortedAsInTheReference() throws {
        let reference = try JSONDecoder().decode(
            Characters.self, from: Data(contentsOf: fixture("clip_unicode.json", room: "Encoders")))
        for (kind, ranges) in [(CLIPText.Kind.letter, reference.letter), (.number, reference.number), (.space, reference.space)] {
            let theirs = Set(ranges.flatMap { Array($0[0]...$0[1]) })
            let different = (UInt32(1)...0x10FFFF).compactMap { Unicode.Scalar($0) }.filter {
                (CLIPText.kind($0) == kind) != theirs.contains($0.value) && $0 != "#"
            }
            #expect(different.map { String($0.value, radix: 16) } == [], "\(kind)")
        }
        let lower = Dictionary(uniqueKeysWithValues: reference.lower.map { ($0.from, $0.to) })
        let different = (UInt32(1)...0x10FFFF).compactMap { Unicode.Scalar($0) }.filter {
            CLIPText.lowered($0).map(\.value) != lower[$0.value] ?? [$0.value]
        }
        #expect(different.map { String($0.value, radix: 16) } == [])
    }

    @Test func knownNumbers() throws {
        let tokenizer = try CLIPTokenizer(merges: openAIMerges)
        #expect(tokenizer.count == 49408)
        #expect(tokenizer.tokens("a photo of a cat") == [49406, 320, 1125, 539, 320, 2368, 49407])
        #expect(tokenizer.padded("a cat", to: 6) == [49406, 320, 2368, 49407, 49407, 49407])
        #expect(try CLIPTokenizer(merges: openAIMerges, padding: "!").padded("a cat", to: 6) == [49406, 320, 2368, 49407, 0, 0])
        #expect(tokenizer.tokens(String(repeating: "cat ", count: 500)).count == 77)
    }

    /// A word of many letters takes no time that grows with their square.
    @Test func longWords() throws {
        let tokenizer = try CLIPTokenizer(merges: openAIMerges)
        #expect(tokenizer.numbers(of: String(repeating: "a", count: 200_000)).count < 200_000)
    }

    @Test func badFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        #expect("\(try #require(#expect(throws: EncoderError.self) { try CLIPTokenizer(directory: folder.url) }))".contains("vocab.json"))
        try Data(#"{"a": 0, "b""#.utf8).write(to: folder.url.appendingPathComponent("vocab.json"))
        try Data("#version: 0.2\na b\n".utf8).write(to: folder.url.appendingPathComponent("merges.txt"))
        #expect(throws: EncoderError.self) { try CLIPTokenizer(directory: folder.url) }
        try Data(#"{"a": 0, "b": 1, "<|startoftext|>": 2, "<|endoftext|>": 3}"#.utf8).write(
            to: folder.url.appendingPathComponent("vocab.json"))
        let error = try #require(#expect(throws: EncoderError.self) { try CLIPTokenizer(directory: folder.url) })
        #expect("\(error)".contains("a b"))
    }
}

/// open_clip's own tokenizer, whose texts are mended first (Fixtures/make_open_clip_tokens.py).
@Suite struct OpenCLIPTokenizerTests {
    private struct Inputs: Decodable {
        let texts: [String]
        /// Rows that the reference mends in ways that are not done here.
        let other: [Int]
    }

    @Test func equalsTheReference() throws {
        let tokenizer = try CLIPTokenizer(merges: openAIMerges, cleaning: .openCLIP)
        let golden = try TokenGolden("open_clip_tokens.json")
        let inputs = try JSONDecoder().decode(
            Inputs.self, from: Data(contentsOf: fixture("open_clip_tokens.json", room: "Encoders")))
        for item in golden.cases {
            #expect(tokenizer.numbers(of: item.text) == item.tokens, "\(item.text.unicodeScalars.map(\.value))")
        }
        // Younger characters are left out: the libraries know different versions of Unicode.
        let texts = (inputs.texts + (try FuzzedCorpus.texts())).map { text in
            String(
                String.UnicodeScalarView(
                    text.unicodeScalars.filter { $0.properties.generalCategory != .unassigned && $0.properties.age?.major ?? 99 <= 14 }))
        }
        #expect(texts.count == 13_000 && inputs.other.count < 700)
        let other = Set(inputs.other)
        #expect(golden.differences(texts.enumerated().map { other.contains($0) ? [] : tokenizer.numbers(of: $1) }) == [])
    }

    @Test func textsAreMended() {
        func cleaned(_ text: String) -> String { String(String.UnicodeScalarView(OpenCLIPText.cleaned(text))) }
        #expect(cleaned("  A&amp;B &eacute; &#x1F600;\n\ttwo ") == "a&b é 😀 two")
        // Twice read in a wrong encoding.
        #expect(cleaned("cafÃƒÂ©") == "café")
        #expect(cleaned("it’s “ﬁne” ＬＯＵＤ") == "it's \"fine\" loud")
        #expect(cleaned("") == "" && cleaned("\u{0}\u{1B}[0m") == "")
        // A name of more letters than any reference has, and a number larger than any character's.
        #expect(cleaned("&\(String(repeating: "a", count: 40));") == "&\(String(repeating: "a", count: 40));")
        #expect(cleaned("&#99999999999999999999;") == "\u{FFFD}")
    }
}

@Suite struct CLIPTextTowerTests {
    private let folder = fixture("clip-text", room: "Encoders")
    private let rows = [[118, 5, 9, 77, 119, 119, 119, 119], [118, 1, 2, 3, 4, 5, 6, 119]]

    /// A sharded bf16 text encoder against transformers in f32 on the same weights.
    @Test func equalsTheReference() throws {
        let tower = try CLIPTextTower(directory: folder)
        let expected = try SafetensorsFile(folder.appendingPathComponent("expected.safetensors"))
        #expect(tower.configuration.activation == .gelu && tower.configuration.projection == 20)
        for skipped in 0...3 {
            let output = try tower(rows, skippedLayers: skipped)
            for (name, tensor) in [
                ("hidden.\(3 - skipped)", output.hidden), ("last", output.last), ("projected", try #require(output.projected)),
            ] {
                let golden = try expected.tensor(name)
                #expect(tensor.shape == golden.shape)
                let agreement = Agreement(tensor.values, golden.values)
                #expect(agreement.relative < 1e-5, "\(name): \(agreement)")
            }
            #expect(try tower.states(rows, skippedLayers: skipped, normalised: false) == output.hidden)
        }
        #expect(try tower.states(rows) == tower.finalNormalised(try tower.states(rows, normalised: false)))
    }

    /// Filling up changes nothing before it.
    @Test func paddingIsNotSeen() throws {
        let tower = try CLIPTextTower(directory: folder)
        let together = try tower([[118, 5, 119], [118, 1, 2, 3, 4, 5, 6, 119]])
        let alone = try tower([[118, 5, 119]])
        #expect(Agreement(together.pooled[0].values, alone.pooled[0].values).relative < 1e-5)
    }

    @Test func textsOfNoOrTooManyTokensAreRefused() throws {
        let tower = try CLIPTextTower(directory: folder)
        #expect(throws: EncoderError.badTokenCount(17, allowed: 16)) { try tower([[Int](repeating: 1, count: 17)]) }
        #expect(throws: EncoderError.badTokenCount(0, allowed: 16)) { try tower([]) }
        #expect(throws: CheckpointError.self) { try tower([[120]]) }
    }
}
