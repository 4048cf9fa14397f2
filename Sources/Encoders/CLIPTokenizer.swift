import FoundationEssentials

/// CLIP's byte-level BPE (Radford 2021), equal to transformers' `CLIPTokenizer` (version 5, which is its fast one).
///
/// Texts are composed, lower-cased and cut into words, a word's bytes are merged, and what ends a word carries `</w>`.
package struct CLIPTokenizer: Sendable {
    /// What stands before and behind a text.
    package let startToken: Int
    package let endToken: Int
    /// What fills a text up: the end mark for OpenAI's models, `!` (number 0) for those that were trained with open_clip.
    package let paddingToken: Int
    /// How many tokens there are.
    package let count: Int
    private let merges: BytePairMerges
    /// The token of each byte, and of each byte that ends a word.
    private let bytes: [Int]
    private let endings: [Int]
    /// What stands for itself when a text spells it out, before it is normalised and after it.
    private let marks: [(text: [Unicode.Scalar], number: Int)]
    private let normalisedMarks: [(text: [Unicode.Scalar], number: Int)]
    private let cleaning: Cleaning

    /// What is done to a text before it is cut into words, and which marks it may spell out.
    package enum Cleaning: Sendable {
        /// Composition and small letters; marks as the files name them.
        case transformers
        /// As open_clip's `SimpleTokenizer`: broken characters mended, HTML's references resolved, white space joined, small letters;
        /// `<start_of_text>` and `<end_of_text>` are marks.
        case openCLIP
    }

    /// Reads `tokenizer.json`, or `vocab.json` and `merges.txt` where there is none; the padding from `special_tokens_map.json` or
    /// `tokenizer_config.json`.
    package init(directory: URL, cleaning: Cleaning = .transformers) throws(EncoderError) {
        let json = directory.appendingPathComponent("tokenizer.json")
        let content =
            FileManager.default.fileExists(atPath: json.path)
            ? try TokenizerFile(json)
            : try TokenizerFile(
                vocabulary: directory.appendingPathComponent("vocab.json"),
                merges: directory.appendingPathComponent("merges.txt"))
        let padding = try Self.paddingText(directory: directory)
        try self.init(content, padding: padding, cleaning: cleaning)
    }

    /// OpenAI's list of merges, `bpe_simple_vocab_16e6.txt`: its lines 2 to 48,895, from which the vocabulary follows.
    ///
    /// - Parameter padding: the end mark unless given; `!` is what Stable Diffusion 2 and the second tower of XL are padded with.
    package init(merges url: URL, padding: String? = nil, cleaning: Cleaning = .transformers) throws(EncoderError) {
        try self.init(try TokenizerFile(openAI: url), padding: padding, cleaning: cleaning)
    }

    private init(_ file: TokenizerFile, padding: String?, cleaning: Cleaning) throws(EncoderError) {
        let table = file.table
        func number(_ token: String) throws(EncoderError) -> Int {
            if let added = file.added.first(where: { $0.text == token }) { return added.number }
            guard let number = table.number(Array(token.utf8)) else {
                throw .badVocabulary(path: file.path, reason: "it has no token \(token)")
            }
            return number
        }
        let (start, end) = (try number("<|startoftext|>"), try number("<|endoftext|>"))
        (startToken, endToken) = (start, end)
        paddingToken = try padding.map { text throws(EncoderError) in try number(text) } ?? end
        merges = file.merges
        // The end mark also stands for what is unknown.
        bytes = CLIPText.visibleBytes.map { table.number($0) ?? end }
        endings = CLIPText.visibleBytes.map { table.number($0 + Array("</w>".utf8)) ?? end }
        let added = file.added.isEmpty ? [("<|startoftext|>", start, false), ("<|endoftext|>", end, false)] : file.added
        marks = added.filter { !$0.2 }.map { (Array($0.0.unicodeScalars), $0.1) }
        normalisedMarks = added.filter { $0.2 }.map { (CLIPText.normalised($0.0), $0.1) }
        count = max(file.highest, added.map(\.1).max() ?? 0) + 1
        self.cleaning = cleaning
    }

    private static func paddingText(directory: URL) throws(EncoderError) -> String? {
        for name in ["special_tokens_map.json", "tokenizer_config.json"] {
            let url = directory.appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: url.path) else { continue }
            var found: String?
            var cursor = TokenizerFile.cursor(try TokenizerFile.bytes(of: url), of: url)
            try cursor.object { cursor, key throws(EncoderError) in
                guard key == Array("pad_token".utf8) else { return try cursor.skip() }
                switch cursor.peek() {
                case UInt8(ascii: "\""): found = String(decoding: try cursor.string(), as: UTF8.self)
                case UInt8(ascii: "{"):
                    try cursor.object { cursor, key throws(EncoderError) in
                        guard key == Array("content".utf8) else { return try cursor.skip() }
                        found = String(decoding: try cursor.string(), as: UTF8.self)
                    }
                default: try cursor.skip()
                }
            }
            if let found { return found }
        }
        return nil
    }

    /// The numbers of a text's tokens, without marks and uncut.
    package func numbers(of text: String) -> [Int] {
        guard cleaning == .transformers else { return openCLIPNumbers(of: text) }
        var numbers: [Int] = []
        let scalars = Array(text.unicodeScalars)
        for part in MarkedText.parts(scalars[...], marks: marks) {
            switch part {
            case .mark(let number): numbers.append(number)
            case .text(let part):
                var view = String.UnicodeScalarView()
                view.append(contentsOf: part)
                for part in MarkedText.parts(CLIPText.normalised(String(view))[...], marks: normalisedMarks) {
                    switch part {
                    case .mark(let number): numbers.append(number)
                    case .text(let part): append(Array(part), to: &numbers)
                    }
                }
            }
        }
        return numbers
    }

    private func openCLIPNumbers(of text: String) -> [Int] {
        CLIPText.words(OpenCLIPText.cleaned(text), marks: OpenCLIPText.marks, areCut: false).flatMap { word in
            switch OpenCLIPText.marks.firstIndex(where: { word.elementsEqual($0) }) {
            case nil: numbers(ofWord: word)
            case 0: [startToken]
            default: [endToken]
            }
        }
    }

    /// The numbers of a text's tokens between the two marks.
    ///
    /// - Parameter maximum: at most so many numbers, the two marks included; what is beyond is cut off at the end.
    package func tokens(_ text: String, maximum: Int = 77) -> [Int] {
        [startToken] + numbers(of: text).prefix(max(maximum, 2) - 2) + [endToken]
    }

    /// `tokens` filled up to `length` numbers.
    package func padded(_ text: String, to length: Int = 77) -> [Int] {
        let tokens = tokens(text, maximum: length)
        return tokens + [Int](repeating: paddingToken, count: length - tokens.count)
    }

    private func append(_ scalars: [Unicode.Scalar], to numbers: inout [Int]) {
        for word in CLIPText.words(scalars) {
            numbers += self.numbers(ofWord: word)
        }
    }

    private func numbers(ofWord word: ArraySlice<Unicode.Scalar>) -> [Int] {
        var units: [UInt8] = []
        for scalar in word { units.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
        guard let last = units.popLast() else { return [] }
        return merges.applied(to: units.map { bytes[Int($0)] } + [endings[Int(last)]])
    }
}

/// A text cut at marks that it spells out.
enum MarkedText {
    enum Part {
        case text(ArraySlice<Unicode.Scalar>)
        case mark(Int)
    }

    /// The longest of the marks that start at a place counts.
    static func parts(_ scalars: ArraySlice<Unicode.Scalar>, marks: [(text: [Unicode.Scalar], number: Int)]) -> [Part] {
        let firsts = Set(marks.compactMap(\.text.first))
        var parts: [Part] = []
        var begin = scalars.startIndex
        var index = begin
        while index < scalars.endIndex {
            let rest = scalars[index...]
            if firsts.contains(scalars[index]),
                let mark = marks.filter({ rest.starts(with: $0.text) }).max(by: { $0.text.count < $1.text.count })
            {
                if begin < index { parts.append(.text(scalars[begin..<index])) }
                parts.append(.mark(mark.number))
                index += mark.text.count
                begin = index
            } else {
                index += 1
            }
        }
        if begin < scalars.endIndex { parts.append(.text(scalars[begin...])) }
        return parts
    }
}
