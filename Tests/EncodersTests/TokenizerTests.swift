import Foundation
import TestSupport
import Testing

@testable import Encoders

private let model = checkout.appendingPathComponent("Models/redraw-encoder")

@Suite struct TokenizerTests {
    private struct Case: Decodable {
        let text: String
        let tokens: [Int]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            tokens = try container.decode([Int].self)
        }
    }

    /// Hundreds of nasty and of random strings: the numbers are those of transformers' BertTokenizer.
    @Test func equalsTheReference() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: model.appendingPathComponent("vocab.txt"))
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: fixture("tokens.json", room: "Encoders")))
        #expect(cases.count > 700)
        for item in cases {
            let tokens = tokenizer.tokens(item.text)
            #expect(tokens == item.tokens, "\(item.text.unicodeScalars.map { String($0.value, radix: 16) })")
        }
    }

    /// Every character there is belongs to the classes that the reference's library puts it in.
    @Test func everyCharacterIsSortedAsInTheReference() throws {
        let kinds = try JSONDecoder().decode([String: [[UInt32]]].self, from: Data(contentsOf: fixture("unicode.json", room: "Encoders")))
        func members(_ kind: String) -> Set<UInt32> {
            Set((kinds[kind] ?? []).flatMap { Array($0[0]...$0[1]) })
        }
        func differences(_ kind: String, _ ours: (Unicode.Scalar) -> Bool) -> [String] {
            let theirs = members(kind)
            return (UInt32(0)...0x10FFFF).compactMap { Unicode.Scalar($0) }.filter { ours($0) != theirs.contains($0.value) }
                .map { String($0.value, radix: 16) }
        }
        #expect(differences("removed", BertText.isRemoved) == [])
        // U+0020 is a space to both, whether the reference had to change it or not; controls are removed before anybody asks.
        #expect(differences("space") { BertText.isSpace($0) && !BertText.isRemoved($0) } == [])
        #expect(differences("chinese", BertText.isChinese) == [])
        #expect(differences("accent", BertText.isAccent) == [])
        #expect(differences("punctuation", BertText.isPunctuation) == [])
    }

    @Test func longTextsAreCut() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: model.appendingPathComponent("vocab.txt"))
        #expect(tokenizer.count == 30522)
        #expect(tokenizer.tokens("one two three", maximum: 4) == [101, 2028, 2048, 102])
        #expect(tokenizer.tokens(String(repeating: "word ", count: 500)).count == 256)
        #expect(tokenizer.tokens("") == [101, 102])
    }

    @Test func badVocabulariesAreNamed() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("vocab.txt")
        #expect(throws: EncoderError.self) { try WordPieceTokenizer(vocabulary: file) }
        try Data("[PAD]\n[UNK]\n[CLS]\n".utf8).write(to: file)
        #expect(throws: EncoderError.badVocabulary(path: file.path, reason: "it has no token [SEP]")) {
            try WordPieceTokenizer(vocabulary: file)
        }
    }
}
