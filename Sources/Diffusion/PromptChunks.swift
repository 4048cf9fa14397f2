/// A prompt cut into pieces of as many tokens as a text encoder sees at once, as AUTOMATIC1111's web UI cuts it: a piece ends at `BREAK`,
/// where it is full, and preferably behind a comma that is at most 20 tokens back.
struct PromptChunks: Equatable {
    struct Chunk: Equatable {
        /// Without the marks of start and end, and not filled up.
        var tokens: [Int] = []
        /// How much each of them counts.
        var weights: [Float] = []
    }

    /// At least one.
    private(set) var chunks: [Chunk] = []
    private var current = Chunk()
    private var lastComma: Int?
    private let limit: Int
    private let comma: Int?

    /// How far back a comma may be for a piece to end there.
    static let furthestComma = 20

    /// A token, or the tokens that stand for one trained embedding and are not to be torn apart.
    enum Unit: Equatable {
        case token(Int)
        case together([Int])
    }

    /// - Parameters:
    ///   - parts: of the prompt, weights taken out; nil for a `BREAK`.
    ///   - limit: tokens of a piece.
    ///   - comma: the comma's token.
    init(_ parts: [WeightedText?], limit: Int, comma: Int?, units: (String) -> [Unit]) {
        (self.limit, self.comma) = (limit, comma)
        for part in parts {
            guard let part else {
                finish()
                continue
            }
            for unit in units(part.text) {
                switch unit {
                case .token(let token): append(token, part.weight)
                case .together(let tokens):
                    if current.tokens.count + tokens.count > limit { finish() }
                    current.tokens += tokens.prefix(limit)
                    current.weights += tokens.prefix(limit).map { _ in part.weight }
                }
            }
        }
        if !current.tokens.isEmpty || chunks.isEmpty { finish() }
    }

    private mutating func append(_ token: Int, _ weight: Float) {
        if token == comma {
            lastComma = current.tokens.count
        } else if current.tokens.count == limit, let comma = lastComma, limit - comma <= Self.furthestComma {
            let moved = Chunk(tokens: Array(current.tokens[(comma + 1)...]), weights: Array(current.weights[(comma + 1)...]))
            current.tokens.removeSubrange((comma + 1)...)
            current.weights.removeSubrange((comma + 1)...)
            finish()
            current = moved
        }
        if current.tokens.count == limit { finish() }
        current.tokens.append(token)
        current.weights.append(weight)
    }

    private mutating func finish() {
        chunks.append(current)
        current = Chunk()
        lastComma = nil
    }
}

extension PromptWeights {
    /// The stretches of a prompt, nil where a new piece is asked for with the word `BREAK`.
    static func parts(_ prompt: String) -> [WeightedText?] {
        parse(prompt).flatMap { part -> [WeightedText?] in
            let pieces = separated(part.text)
            return pieces.enumerated().flatMap { index, piece -> [WeightedText?] in
                let text = piece.isEmpty ? [] : [WeightedText?.some(WeightedText(piece, part.weight))]
                return index == 0 ? text : [nil] + text
            }
        }
    }

    /// The text between the words `BREAK` and the spaces around them.
    private static func separated(_ text: String) -> [String] {
        let characters = Array(text)
        let word = Array("BREAK")
        func isWord(_ index: Int) -> Bool {
            characters.indices.contains(index) && (characters[index].isLetter || characters[index].isNumber || characters[index] == "_")
        }
        var pieces: [String] = []
        var start = 0
        var index = 0
        while index < characters.count {
            let found = characters[index...].starts(with: word) && !isWord(index - 1) && !isWord(index + word.count)
            guard found else {
                index += 1
                continue
            }
            var end = index
            while end > start, characters[end - 1].isWhitespace { end -= 1 }
            pieces.append(String(characters[start..<end]))
            index += word.count
            while index < characters.count, characters[index].isWhitespace { index += 1 }
            start = index
        }
        return pieces + [String(characters[start...])]
    }
}
