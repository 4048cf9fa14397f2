import Tensors

/// A stretch of a prompt and how much it counts.
public struct WeightedText: Sendable, Equatable {
    public var text: String
    public var weight: Float

    public init(_ text: String, _ weight: Float) {
        self.text = text
        self.weight = weight
    }
}

/// The prompt syntax of AUTOMATIC1111's web UI: `(x)` counts 1.1 times, `[x]` 1/1.1 times, `(x:1.3)` 1.3 times; brackets nest, a
/// backslash takes a bracket literally, one that is never closed reaches to the end.
public enum PromptWeights {
    /// The stretches of a prompt in order, brackets and weights taken out; empty for an empty prompt.
    public static func parse(_ prompt: String) -> [WeightedText] {
        var parts: [WeightedText] = []
        var round: [Int] = []
        var square: [Int] = []
        var rest = prompt[...]

        func multiply(from start: Int, by factor: Float) {
            for i in start..<parts.count { parts[i].weight *= factor }
        }
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                if let next = rest.first, "()[]\\".contains(next) {
                    rest.removeFirst()
                    parts.append(WeightedText(String(next), 1))
                } else {
                    parts.append(WeightedText("\\", 1))
                }
            case "(": round.append(parts.count)
            case "[": square.append(parts.count)
            case ")":
                if let start = round.popLast() { multiply(from: start, by: 1.1) } else { parts.append(WeightedText(")", 1)) }
            case "]":
                if let start = square.popLast() { multiply(from: start, by: 1 / 1.1) } else { parts.append(WeightedText("]", 1)) }
            case ":":
                if let end = rest.firstIndex(of: ")"), let weight = number(rest[..<end]), let start = round.popLast() {
                    multiply(from: start, by: weight)
                    rest = rest[rest.index(after: end)...]
                } else {
                    parts.append(WeightedText(":", 1))
                }
            default:
                let end = rest.firstIndex { "\\()[]:".contains($0) } ?? rest.endIndex
                parts.append(WeightedText(String(character) + rest[..<end], 1))
                rest = rest[end...]
            }
        }
        for start in round { multiply(from: start, by: 1.1) }
        for start in square { multiply(from: start, by: 1 / 1.1) }
        return parts.reduce(into: []) { joined, part in
            if let last = joined.last, last.weight == part.weight {
                joined[joined.count - 1].text += part.text
            } else {
                joined.append(part)
            }
        }
    }

    /// A weight as it stands behind a colon: digits, a point, a sign, and spaces around them.
    private static func number(_ text: Substring) -> Float? {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.".contains($0)) }) else { return nil }
        return Float(text).flatMap { $0.isFinite ? $0 : nil }
    }
}

extension PromptEncoder {
    /// The states of a prompt whose stretches count differently: every token's state is multiplied with its stretch's weight.
    ///
    /// Where the web UI then brings the mean of all values back to what it was, nothing is done: the mean of a sentence encoder's
    /// states is near 0, and to divide by it would blow them up.
    func weightedStates(for prompt: String) throws -> Tensor {
        let parts = PromptWeights.parse(prompt)
        return try weighted(try states(for: parts.map(\.text).joined()), by: parts)
    }

    /// - Parameter states: of the parts' texts joined.
    func weighted(_ states: Tensor, by parts: [WeightedText]) throws -> Tensor {
        guard parts.contains(where: { $0.weight != 1 }) else { return states }
        // Tokens before each stretch, counted by encoding what stands before it; the first token is the start of the text.
        let empty = try tokenCount("")
        var weights = [Float](repeating: 1, count: states.shape[1])
        var before = ""
        var start = 1
        for part in parts {
            before += part.text
            let end = min(try tokenCount(before) - empty + 1, weights.count - 1)
            for i in start..<max(start, end) { weights[i] = part.weight }
            start = max(start, end)
        }
        let width = states.shape[2]
        return Tensor(shape: states.shape) { target in
            states.withUnsafeValues { from in
                for i in target.indices { target[i] = from[i] * weights[i / width] }
            }
        }
    }
}
