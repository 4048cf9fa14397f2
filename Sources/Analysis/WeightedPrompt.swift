/// A stretch of a prompt and its weight.
public struct PromptPiece: Sendable, Hashable {
    public let text: String
    public let weight: Double

    public init(text: String, weight: Double) {
        self.text = text
        self.weight = weight
    }
}

/// Reads the weights of a prompt in the notation of AUTOMATIC1111's web UI (`modules/prompt_parser.py`, `parse_prompt_attention`):
/// `(text)` times 1.1, `(text:1.3)` times 1.3, `[text]` divided by 1.1, nested at will; a backslash takes a bracket's meaning away.
public enum WeightedPrompt {
    /// The stretches of equal weight, in order, brackets and escapes resolved.
    public static func pieces(of prompt: String) -> [PromptPiece] {
        var pieces: [(text: String, weight: Double)] = []
        var opened: [(mark: Character, start: Int)] = []
        var text = ""
        func flush() {
            if !text.isEmpty { pieces.append((text, 1)) }
            text = ""
        }
        func multiply(from start: Int, by factor: Double) {
            for index in start..<pieces.count { pieces[index].weight *= factor }
        }
        let characters = Array(prompt)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            if character == "\\", index + 1 < characters.count, "\\()[]".contains(characters[index + 1]) {
                text.append(characters[index + 1])
                index += 2
                continue
            }
            if character == "(" || character == "[" {
                flush()
                opened.append((character, pieces.count))
            } else if character == ":", let last = opened.last, last.mark == "(", let (weight, end) = number(in: characters, after: index) {
                flush()
                multiply(from: last.start, by: weight)
                opened.removeLast()
                index = end
            } else if character == ")", let last = opened.last, last.mark == "(" {
                flush()
                multiply(from: last.start, by: 1.1)
                opened.removeLast()
            } else if character == "]", let last = opened.last, last.mark == "[" {
                flush()
                multiply(from: last.start, by: 1 / 1.1)
                opened.removeLast()
            } else {
                text.append(character)
            }
            index += 1
        }
        flush()
        // A bracket that nobody closed counts up to the end.
        for open in opened { multiply(from: open.start, by: open.mark == "(" ? 1.1 : 1 / 1.1) }
        return merged(pieces)
    }

    /// The words alone, for an encoder that knows no weights.
    public static func plainText(of prompt: String) -> String {
        pieces(of: prompt).map(\.text).joined()
    }

    /// The number between a colon and its closing bracket, and where the bracket stands.
    private static func number(in characters: [Character], after colon: Int) -> (Double, Int)? {
        guard let end = characters[colon...].firstIndex(of: ")") else { return nil }
        let digits = String(characters[(colon + 1)..<end]).filter { $0 != " " }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+") }),
            let value = Double(digits), value.isFinite
        else { return nil }
        return (value, end)
    }

    private static func merged(_ pieces: [(text: String, weight: Double)]) -> [PromptPiece] {
        var result: [PromptPiece] = []
        for piece in pieces {
            if let last = result.last, last.weight == piece.weight {
                result[result.count - 1] = PromptPiece(text: last.text + piece.text, weight: last.weight)
            } else {
                result.append(PromptPiece(text: piece.text, weight: piece.weight))
            }
        }
        return result
    }
}
