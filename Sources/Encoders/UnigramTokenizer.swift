import FoundationEssentials

/// SigLIP's tokenizer, equal to transformers' `SiglipTokenizer`: lower case, no punctuation, then a SentencePiece unigram model (Kudo 2018).
package struct UnigramTokenizer: Sendable {
    /// `</s>`, which also fills rows up.
    package let endToken: Int
    private let unknownToken: Int
    private let model: SentencePieceModel
    private let table: TokenTable
    /// The longest piece in bytes.
    private let longest: Int
    private let unknownScore: Float
    private let highestScore: Float
    /// How many pieces "<unk>" makes when it is read as a text.
    private var guardCount = 0

    /// - Parameter url: `spiece.model`.
    package init(model url: URL) throws(EncoderError) {
        let model = try SentencePieceModel(url)
        guard model.modelType == 1 else {
            throw .badVocabulary(path: url.path, reason: "its model is of type \(model.modelType); a unigram model is expected")
        }
        var table = TokenTable()
        var (unknown, end, longest) = (-1, -1, 1)
        var (lowest, highest) = (Float.greatestFiniteMagnitude, -Float.greatestFiniteMagnitude)
        for (number, piece) in model.pieces.enumerated() {
            switch piece.kind {
            case .normal:
                (lowest, highest) = (min(lowest, piece.score), max(highest, piece.score))
                table.insert(piece.bytes, number: number)
                longest = max(longest, piece.bytes.count)
            case .userDefined:
                table.insert(piece.bytes, number: number)
                longest = max(longest, piece.bytes.count)
            case .unknown: unknown = number
            case .control: if piece.bytes.elementsEqual("</s>".utf8) { end = number }
            case .unused, .byte: break
            }
        }
        guard unknown >= 0, end >= 0 else { throw .badVocabulary(path: url.path, reason: "it has no unknown piece or no </s>") }
        (self.model, self.table, self.longest, unknownToken, endToken) = (model, table, longest, unknown, end)
        unknownScore = lowest - 10
        highestScore = highest
        guardCount = pieces(Self.unknownText).count
    }

    private static let unknownText = Array("<unk>".utf8)

    package var count: Int { model.pieces.count }

    /// The numbers of a text's tokens, `</s>` behind them.
    ///
    /// - Parameter maximum: at most so many numbers, the mark included.
    package func tokens(_ text: String, maximum: Int = 64) -> [Int] {
        let numbers = numbers(of: text)
        // A text that spells the mark out at its end gets no other.
        return numbers.last == endToken && numbers.count <= maximum ? numbers : numbers.prefix(max(maximum, 1) - 1) + [endToken]
    }

    /// Without a mark and uncut.
    package func numbers(of text: String) -> [Int] {
        var scalars: [Unicode.Scalar] = ["\u{2581}"]
        scalars += text.unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 }
        let marks = [("</s>", endToken), ("<unk>", unknownToken)].map { (text: Array($0.0.unicodeScalars), number: $0.1) }
        var numbers: [Int] = []
        var isFirst = true
        let parts = MarkedText.parts(scalars[...], marks: marks)
        for (index, part) in parts.enumerated() {
            switch part {
            case .mark(let number):
                numbers.append(number)
            case .text(let part):
                let text = PythonText.stripped(PythonText.canonical(part))
                // A lone prefix before a mark is dropped.
                let found = pieces(Self.unknownText + text).dropFirst(guardCount)
                if isFirst, parts.indices.contains(index + 1), found.elementsEqual([prefixToken]) { break }
                numbers += found
            }
            isFirst = false
        }
        return numbers
    }

    private var prefixToken: Int { table.number([0xE2, 0x96, 0x81]) ?? unknownToken }

    /// SentencePiece's `unigram::Model::EncodeOptimized`: the likeliest cut, found front to back. Unknown characters side by side are one.
    private func pieces(_ text: [UInt8]) -> [Int] {
        let bytes = model.normalised(text)
        struct End {
            var number = -1
            var score: Float = 0
            var start = -1
        }
        var ends = [End](repeating: End(), count: bytes.count + 1)
        func offer(_ number: Int, _ score: Float, from start: Int, to stop: Int) {
            let score = score + ends[start].score
            guard ends[stop].start < 0 || score > ends[stop].score else { return }
            ends[stop] = End(number: number, score: score, start: start)
        }
        var start = 0
        while start < bytes.count {
            let first = bytes[start]
            let width = min(first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4, bytes.count - start)
            var isKnown = false
            for stop in start + 1..<min(bytes.count, start + longest) + 1 {
                guard let number = table.number(bytes[start..<stop]) else { continue }
                let piece = model.pieces[number]
                let score = piece.kind == .userDefined ? Float(stop - start) * highestScore - 0.1 : piece.score
                offer(number, score, from: start, to: stop)
                if stop - start == width { isKnown = true }
            }
            if !isKnown { offer(unknownToken, unknownScore, from: start, to: start + width) }
            start += width
        }
        var numbers: [Int] = []
        var stop = bytes.count
        while stop > 0 {
            let end = ends[stop]
            if end.number != unknownToken || numbers.last != unknownToken { numbers.append(end.number) }
            stop = end.start
        }
        return numbers.reversed()
    }
}

/// What Python does to texts where Swift would do otherwise.
enum PythonText {
    /// SigLIP's `canonicalize_text` but for white space at the ends: lower case, no ASCII punctuation, runs of white space as one space.
    static func canonical(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        for scalar in lowered(scalars) {
            if isSpace(scalar) {
                if result.last != " " { result.append(" ") }
            } else if !isPunctuation(scalar) {
                result.append(scalar)
            }
        }
        return result
    }

    static func stripped(_ scalars: [Unicode.Scalar]) -> [UInt8] {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars.drop { isSpace($0) }.reversed().drop { isSpace($0) }.reversed())
        return Array(String(view).utf8)
    }

    /// `str.lower`: a capital sigma that ends a word becomes the final small one.
    static func lowered(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        for index in scalars.indices {
            guard scalars[index] == "\u{3A3}" else {
                result.append(contentsOf: scalars[index].properties.lowercaseMapping.unicodeScalars)
                continue
            }
            let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
            let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
            result.append(before?.properties.isCased == true && after?.properties.isCased != true ? "\u{3C2}" : "\u{3C3}")
        }
        return result
    }

    /// `str.isspace`: Unicode's white space and four separators of ASCII.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        0x1C...0x1F ~= scalar.value || scalar.properties.isWhitespace
    }

    /// `string.punctuation`.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}
