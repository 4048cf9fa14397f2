import FoundationEssentials
import JSONReading
import Pixels

/// What the files of a byte-pair tokenizer say: the vocabulary, the merges, and the tokens that stand for themselves.
struct TokenizerFile {
    private(set) var table = TokenTable()
    private(set) var merges = BytePairMerges(capacity: 0)
    /// Each with whether it is looked for in the text after it was normalised.
    private(set) var added: [(text: String, number: Int, normalised: Bool)] = []
    /// The highest number of a token.
    private(set) var highest = 0
    let path: String

    /// More is no vocabulary, and would be read into memory.
    static let largest = 256 << 20
    /// Gemma has 262,144.
    private static let mostTokens = 4_000_000

    static func bytes(of url: URL) throws(EncoderError) -> [UInt8] {
        do {
            let size = try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int ?? 0
            guard size <= largest else {
                throw EncoderError.unreadableFile(path: url.path, reason: "it has \(size) bytes; \(largest) are allowed")
            }
            return try FileBytes.read(url)
        } catch let error as EncoderError {
            throw error
        } catch {
            let exists = FileManager.default.fileExists(atPath: url.path)
            throw .unreadableFile(path: url.path, reason: exists ? "\(error)" : "there is no such file")
        }
    }

    /// The beginning of a file's JSON.
    static func cursor(_ bytes: [UInt8], of url: URL) -> JSONCursor<EncoderError> {
        JSONCursor(bytes, isLenient: true) { found, position in
            .badVocabulary(path: url.path, reason: "it has \(found) at byte \(position)")
        }
    }

    /// `vocab.json` and `merges.txt`.
    init(vocabulary: URL, merges: URL) throws(EncoderError) {
        path = vocabulary.path
        var cursor = Self.cursor(try Self.bytes(of: vocabulary), of: vocabulary)
        try readVocabulary(&cursor)
        let lines = try Self.bytes(of: merges).split(separator: 0x0A, omittingEmptySubsequences: true)
        self.merges = BytePairMerges(capacity: lines.count)
        for line in lines where !line.starts(with: Array("#version".utf8)) {
            try addMerge(line, file: merges.path)
        }
    }

    /// OpenAI's `bpe_simple_vocab_16e6.txt`: 256 bytes, 256 bytes that end a word, the merges, two marks.
    init(openAI url: URL) throws(EncoderError) {
        path = url.path
        let visible = (0..<256).map(UInt8.init)
        // Printable bytes come first, as in the dictionary that the reference makes of them.
        let printable = visible.filter { CLIPText.isPrintable($0) }
        let ordered = printable + visible.filter { !CLIPText.isPrintable($0) }
        for ending in ["", "</w>"] {
            for byte in ordered { addToken(CLIPText.visibleBytes[Int(byte)] + Array(ending.utf8), number: table.count) }
        }
        let lines = try Self.bytes(of: url).split(separator: 0x0A, omittingEmptySubsequences: false).dropFirst().prefix(Self.openAIMerges)
        guard lines.count == Self.openAIMerges else {
            throw .badVocabulary(path: url.path, reason: "it has \(lines.count) merges, expected are \(Self.openAIMerges)")
        }
        for line in lines { addToken(line.filter { $0 != 0x20 && $0 != 0x0D }, number: table.count) }
        for mark in ["<|startoftext|>", "<|endoftext|>"] { addToken(Array(mark.utf8), number: table.count) }
        merges = BytePairMerges(capacity: lines.count)
        for line in lines { try addMerge(line, file: url.path) }
    }

    private static let openAIMerges = 49152 - 256 - 2

    /// A `tokenizer.json` whose model is BPE.
    init(_ url: URL) throws(EncoderError) {
        path = url.path
        let bytes = try Self.bytes(of: url)
        // Merges name tokens, so the vocabulary is read first, wherever it stands.
        var kind = "BPE"
        for wanted in ["vocab", "merges"] {
            var cursor = Self.cursor(bytes, of: url)
            try cursor.object { cursor, key throws(EncoderError) in
                switch (String(decoding: key, as: UTF8.self), wanted) {
                case ("model", _):
                    try cursor.object { cursor, key throws(EncoderError) in
                        let key = String(decoding: key, as: UTF8.self)
                        if key == "type", cursor.peek() == UInt8(ascii: "\"") {
                            kind = String(decoding: try cursor.string(), as: UTF8.self)
                        } else if key != wanted {
                            try cursor.skip()
                        } else if key == "vocab", cursor.peek() == UInt8(ascii: "{") {
                            try readVocabulary(&cursor)
                        } else if key == "merges" {
                            try readMerges(&cursor)
                        } else {
                            try cursor.skip()
                        }
                    }
                case ("added_tokens", "vocab"): try readAdded(&cursor)
                default: try cursor.skip()
                }
            }
        }
        guard kind == "BPE", table.count > 0 else {
            throw .badVocabulary(path: url.path, reason: "its model is \(kind) with \(table.count) tokens; a BPE vocabulary is expected")
        }
    }

    private mutating func readVocabulary(_ cursor: inout JSONCursor<EncoderError>) throws(EncoderError) {
        try cursor.object { cursor, token throws(EncoderError) in
            let number = try cursor.integer()
            guard (0..<Self.mostTokens).contains(number) else {
                throw .badVocabulary(path: path, reason: "token \(String(decoding: token, as: UTF8.self)) has the number \(number)")
            }
            addToken(token, number: number)
        }
    }

    private mutating func addToken(_ token: [UInt8], number: Int) {
        table.insert(token, number: number)
        highest = max(highest, number)
    }

    private mutating func readMerges(_ cursor: inout JSONCursor<EncoderError>) throws(EncoderError) {
        merges = BytePairMerges(capacity: table.count)
        let path = path
        try cursor.array { cursor throws(EncoderError) in
            // Older files have "a b", newer ones ["a", "b"].
            guard cursor.peek() == UInt8(ascii: "[") else { return try addMerge(try cursor.string()[...], file: path) }
            var pair: [[UInt8]] = []
            try cursor.array { cursor throws(EncoderError) in pair.append(try cursor.string()) }
            guard pair.count == 2 else { throw .badVocabulary(path: path, reason: "a merge has \(pair.count) parts") }
            try addMerge(pair[0], pair[1], file: path)
        }
    }

    private mutating func readAdded(_ cursor: inout JSONCursor<EncoderError>) throws(EncoderError) {
        try cursor.array { cursor throws(EncoderError) in
            var (text, number, normalised) = ("", -1, false)
            try cursor.object { cursor, key throws(EncoderError) in
                switch String(decoding: key, as: UTF8.self) {
                case "content": text = String(decoding: try cursor.string(), as: UTF8.self)
                case "id": number = try cursor.integer()
                case "normalized": normalised = try cursor.boolean()
                default: try cursor.skip()
                }
            }
            guard !text.isEmpty, (0..<Self.mostTokens).contains(number) else {
                throw .badVocabulary(path: path, reason: "the added token \"\(text)\" has the number \(number)")
            }
            added.append((text, number, normalised))
        }
    }

    private mutating func addMerge(_ line: ArraySlice<UInt8>, file: String) throws(EncoderError) {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: true).map { $0.last == 0x0D ? $0.dropLast() : $0 }
        guard parts.count == 2 else {
            throw .badVocabulary(path: file, reason: "the merge \"\(String(decoding: line, as: UTF8.self))\" has not two parts")
        }
        try addMerge(Array(parts[0]), Array(parts[1]), file: file)
    }

    private mutating func addMerge(_ left: [UInt8], _ right: [UInt8], file: String) throws(EncoderError) {
        guard let first = table.number(left), let second = table.number(right), let merged = table.number(left + right) else {
            let text = String(decoding: left + [0x20] + right, as: UTF8.self)
            throw .badVocabulary(path: file, reason: "the merge \"\(text)\" names a token that the vocabulary does not have")
        }
        merges.insert(first, second, merged: merged)
    }
}
