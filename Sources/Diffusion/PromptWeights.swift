import Tensors

/// A stretch of a prompt and how much it counts.
package struct WeightedText: Sendable, Equatable {
    package var text: String
    package var weight: Float

    package init(_ text: String, _ weight: Float) {
        self.text = text
        self.weight = weight
    }
}

/// The prompt syntax of AUTOMATIC1111's web UI: `(x)` counts 1.1 times, `[x]` 1/1.1 times, `(x:1.3)` 1.3 times; brackets nest, a
/// backslash takes a bracket literally, one that is never closed reaches to the end.
package enum PromptWeights {
    /// The stretches of a prompt in order, brackets and weights taken out; empty for an empty prompt.
    package static func parse(_ prompt: String) -> [WeightedText] {
        var parts: [String] = []
        // Brackets that count: from which stretch to which, and how many times.
        var ranges: [(start: Int, end: Int, factor: Double, isRound: Bool)] = []
        var round: [Int] = []
        var square: [Int] = []
        var rest = prompt[...]

        func close(_ start: Int, by factor: Double, isRound: Bool) {
            if start < parts.count { ranges.append((start, parts.count, factor, isRound)) }
        }
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                // Alone it stands for nothing.
                parts.append(rest.first.map { "()[]\\".contains($0) } == true ? String(rest.removeFirst()) : "")
            case "(": round.append(parts.count)
            case "[": square.append(parts.count)
            case ")":
                if let start = round.popLast() { close(start, by: 1.1, isRound: true) } else { parts.append(")") }
            case "]":
                if let start = square.popLast() { close(start, by: 1 / 1.1, isRound: false) } else { parts.append("]") }
            case ":":
                if !round.isEmpty, let (weight, after) = number(rest) {
                    close(round.removeLast(), by: weight, isRound: true)
                    rest = after
                } else {
                    parts.append(":")
                }
            default:
                let end = rest.firstIndex { "\\()[]:".contains($0) } ?? rest.endIndex
                parts.append(String(character) + rest[..<end])
                rest = rest[end...]
            }
        }
        for start in round { close(start, by: 1.1, isRound: true) }
        for start in square { close(start, by: 1 / 1.1, isRound: false) }
        let weights = weights(ranges, count: parts.count)
        return zip(parts, weights).reduce(into: []) { joined, part in
            let weight = Float(part.1)
            if let last = joined.last, last.weight == weight {
                joined[joined.count - 1].text += part.0
            } else {
                joined.append(WeightedText(part.0, weight))
            }
        }
    }

    /// Each stretch's weight: the product of all brackets around it, those of one kind nested in each other. Linear in brackets and
    /// stretches, however deep they nest.
    private static func weights(_ ranges: [(start: Int, end: Int, factor: Double, isRound: Bool)], count: Int) -> [Double] {
        var result = [Double](repeating: 1, count: count)
        for isRound in [true, false] {
            // Of brackets that open at one place the outer one closes later.
            let opened = ranges.enumerated().filter { $0.element.isRound == isRound }.sorted {
                ($0.element.start, -$0.element.end, -$0.offset) < ($1.element.start, -$1.element.end, -$1.offset)
            }
            var next = 0
            var inside: [(end: Int, product: Double)] = []
            for index in 0..<count {
                while let last = inside.last, last.end <= index { inside.removeLast() }
                while next < opened.count, opened[next].element.start <= index {
                    let range = opened[next].element
                    inside.append((range.end, (inside.last?.product ?? 1) * range.factor))
                    next += 1
                }
                result[index] *= inside.last?.product ?? 1
            }
        }
        return result
    }

    /// A weight as it stands behind a colon and before a closing bracket: digits, a point, a sign, and spaces around them.
    private static func number(_ text: Substring) -> (weight: Double, rest: Substring)? {
        let start = text.drop { $0.isWhitespace }
        let digits = start.prefix { $0.isASCII && ($0.isNumber || "+-.".contains($0)) }
        let end = start[digits.endIndex...].drop { $0.isWhitespace }
        guard !digits.isEmpty, digits.count < 40, end.first == ")", let weight = Double(digits), weight.isFinite else { return nil }
        return (weight, end.dropFirst())
    }

    /// The stretches of a prompt, checked: weights that only nested brackets reach make no picture.
    ///
    /// - Throws: `DiffusionError.promptWeight`.
    static func check(_ prompt: String) throws(DiffusionError) {
        if let part = parse(prompt).first(where: { !(abs($0.weight) <= largest) }) {
            throw .promptWeight(text: String(part.text.prefix(40)), weight: part.weight)
        }
    }

    /// What a stretch may count. Ten is noise with every model.
    private static let largest: Float = 1000
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
