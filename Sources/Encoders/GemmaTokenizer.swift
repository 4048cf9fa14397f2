import FoundationEssentials

/// SigLIP 2's tokenizer, Gemma's: BPE over characters where spaces are `▁`, bytes for what the vocabulary has not. `tokenizer.json` tells
/// whether texts are lower-cased and which marks stand around them.
package struct GemmaTokenizer: Sendable {
    package let paddingToken: Int
    /// How many tokens there are.
    package let count: Int
    private let table: TokenTable
    private let merges: BytePairMerges
    private let unknownToken: Int
    /// The tokens `<0x00>` to `<0xFF>`; empty where one is missing.
    private let bytes: [Int]
    private let marks: [(text: [Unicode.Scalar], number: Int)]
    private let rules: GemmaRules

    /// - Parameter directory: holds `tokenizer.json`, and `tokenizer_config.json` where there is one.
    package init(directory: URL) throws(EncoderError) {
        let url = directory.appendingPathComponent("tokenizer.json")
        let file = try TokenizerFile(url)
        var rules = try GemmaRules(url)
        try rules.read(configuration: directory.appendingPathComponent("tokenizer_config.json"))
        func number(_ token: String) throws(EncoderError) -> Int {
            if let added = file.added.first(where: { $0.text == token }) { return added.number }
            guard let number = file.table.number(Array(token.utf8)) else {
                throw .badVocabulary(path: url.path, reason: "it has no token \(token)")
            }
            return number
        }
        (paddingToken, unknownToken) = (try number("<pad>"), try number("<unk>"))
        let found = (0..<256).compactMap { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return file.table.number(Array("<0x\(digits.count == 1 ? "0" : "")\(digits)>".utf8))
        }
        bytes = found.count == 256 ? found : []
        (table, merges) = (file.table, file.merges)
        marks = file.added.map { (Array($0.text.unicodeScalars), $0.number) }
        count = max(file.highest, file.added.map(\.number).max() ?? 0) + 1
        for name in rules.before + rules.behind { _ = try number(name) }
        rules.beforeNumbers = try rules.before.map { name throws(EncoderError) in try number(name) }
        rules.behindNumbers = try rules.behind.map { name throws(EncoderError) in try number(name) }
        self.rules = rules
    }

    /// The numbers of a text's tokens and the marks around them.
    ///
    /// - Parameter maximum: at most so many numbers, the marks included; what is beyond is cut off at the text's end.
    package func tokens(_ text: String, maximum: Int = 64) -> [Int] {
        let room = max(maximum - rules.beforeNumbers.count - rules.behindNumbers.count, 0)
        return rules.beforeNumbers + numbers(of: text).prefix(room) + rules.behindNumbers
    }

    /// Without marks and uncut.
    package func numbers(of text: String) -> [Int] {
        var numbers: [Int] = []
        for part in MarkedText.parts(Array(text.unicodeScalars)[...], marks: marks) {
            switch part {
            case .mark(let number): numbers.append(number)
            case .text(let part): numbers += merges.applied(to: characters(rules.normalised(part)))
            }
        }
        return numbers
    }

    /// A token for each character, or for each of its bytes; unknown ones side by side are one.
    private func characters(_ scalars: [Unicode.Scalar]) -> [Int] {
        var numbers: [Int] = []
        for scalar in scalars {
            let units = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            if let number = table.number(units) {
                numbers.append(number)
            } else if !bytes.isEmpty {
                numbers += units.map { bytes[Int($0)] }
            } else if numbers.last != unknownToken {
                numbers.append(unknownToken)
            }
        }
        return numbers
    }
}

/// What `tokenizer.json` does to a text before and after its model.
private struct GemmaRules: Sendable {
    private var replacements: [(from: [Unicode.Scalar], to: [Unicode.Scalar])] = []
    private var lowers = false
    private(set) var before: [String] = []
    private(set) var behind: [String] = []
    var beforeNumbers: [Int] = []
    var behindNumbers: [Int] = []

    init(_ url: URL) throws(EncoderError) {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: Data(try Self.head(of: url)))
        } catch let error as EncoderError {
            throw error
        } catch {
            throw .badVocabulary(path: url.path, reason: "its normaliser or its template cannot be understood (\(error))")
        }
        if let normalizer = file.normalizer { try add(normalizer, path: url.path) }
        var isBehind = false
        for part in file.postProcessor?.single ?? [] {
            if let mark = part["SpecialToken"]?.id {
                if isBehind { behind.append(mark) } else { before.append(mark) }
            } else {
                isBehind = true
            }
        }
    }

    /// `tokenizer_config.json` has the last word on the marks, and SigLIP 2's own class lower-cases.
    mutating func read(configuration url: URL) throws(EncoderError) {
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        let configuration = try ConfigurationFile(url).decoded(as: Configuration.self)
        if let adds = configuration.addBosToken { before = adds ? ["<bos>"] : [] }
        if let adds = configuration.addEosToken { behind = adds ? ["<eos>"] : [] }
        if configuration.tokenizerClass == "Siglip2Tokenizer" { lowers = true }
    }

    func normalised(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
        var result = lowers ? scalars.flatMap { Array(CLIPText.lowered($0)) } : Array(scalars)
        for (from, to) in replacements {
            result = MarkedText.parts(result[...], marks: [(from, 0)]).flatMap { part in
                switch part {
                case .mark: to
                case .text(let text): Array(text)
                }
            }
        }
        return result
    }

    private struct Configuration: Decodable {
        var addBosToken: Bool?
        var addEosToken: Bool?
        var tokenizerClass: String?
    }

    private struct File: Decodable {
        var normalizer: Normalizer?
        var postProcessor: Template?
    }

    private struct Normalizer: Decodable {
        struct Pattern: Decodable {
            var text: String?

            private enum CodingKeys: String, CodingKey {
                case text = "String"
            }
        }

        var type: String
        var normalizers: [Normalizer]?
        var pattern: Pattern?
        var content: String?
    }

    private struct Template: Decodable {
        struct Mark: Decodable {
            var id: String
        }

        var single: [[String: Mark]]?
    }

    private mutating func add(_ normalizer: Normalizer, path: String) throws(EncoderError) {
        switch normalizer.type {
        case "Sequence": for part in normalizer.normalizers ?? [] { try add(part, path: path) }
        case "Lowercase": lowers = true
        case "Replace":
            guard let from = normalizer.pattern?.text, !from.isEmpty, let to = normalizer.content else {
                throw .badVocabulary(path: path, reason: "its normaliser replaces something that is no plain string")
            }
            replacements.append((Array(from.unicodeScalars), Array(to.unicodeScalars)))
        default: throw .badVocabulary(path: path, reason: "its normaliser \(normalizer.type) is not known here")
        }
    }

    /// `{"normalizer": …, "postProcessor": …}` of a file whose vocabulary takes megabytes.
    private static func head(of url: URL) throws(EncoderError) -> [UInt8] {
        let bytes = try TokenizerFile.bytes(of: url)
        var cursor = TokenizerFile.cursor(bytes, of: url)
        var parts: [String: ArraySlice<UInt8>] = [:]
        try cursor.object { cursor, key throws(EncoderError) in
            _ = cursor.peek()
            let start = cursor.position
            try cursor.skip()
            parts[String(decoding: key, as: UTF8.self)] = bytes[start..<cursor.position]
        }
        let null = Array("null".utf8)[...]
        return Array(#"{"normalizer":"#.utf8) + (parts["normalizer"] ?? null) + Array(#","postProcessor":"#.utf8)
            + (parts["post_processor"] ?? null) + Array("}".utf8)
    }
}
