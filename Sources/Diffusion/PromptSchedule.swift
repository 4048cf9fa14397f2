/// A prompt that changes while a picture is made, in AUTOMATIC1111's web UI's syntax: `[a:b:0.5]` has a up to half of the steps and b from
/// there, `[:a:5]` adds a after step 5, `[a::0.5]` takes it out, `[a|b]` changes from step to step; brackets nest.
///
/// Reproduces `get_learned_conditioning_prompt_schedules` of the web UI's `prompt_parser.py`.
struct PromptSchedule: Equatable {
    struct Stretch: Equatable {
        /// The step up to which it is told, counted as the web UI counts: it is still told at the step of this number, from 0.
        let end: Int
        let text: String
    }

    /// At least one, in order.
    let stretches: [Stretch]

    /// - Parameters:
    ///   - steps: of the whole schedule, whatever strength leaves of it.
    ///   - isRead: whether brackets mean anything.
    init(_ prompt: String, steps: Int, isRead: Bool = true) {
        // Without brackets there is nothing to read, and nothing that could be too much of it.
        guard isRead, prompt.contains("["), prompt.utf8.count <= Self.longest else {
            stretches = [Stretch(end: steps, text: prompt)]
            return
        }
        var parser = Parser(Array(prompt), steps: steps)
        guard let nodes = parser.parsed() else {
            stretches = [Stretch(end: steps, text: prompt)]
            return
        }
        var ends: Set<Int> = [steps]
        for node in nodes { node.collect(&ends, steps: steps) }
        stretches = ends.sorted().map { end in
            var text = ""
            for node in nodes { node.write(to: &text, at: end) }
            return Stretch(end: end, text: text)
        }
    }

    /// Bytes of a prompt that is read so.
    private static let longest = 20_000

    /// What is told at a step of the run, from 0.
    func text(at step: Int) -> String { (stretches.first { $0.end >= step } ?? stretches[stretches.count - 1]).text }

    private indirect enum Node {
        case text(String)
        case group(open: String, [Node], close: String)
        case scheduled(before: [Node], after: [Node], step: Int)
        case alternating([[Node]])

        func collect(_ ends: inout Set<Int>, steps: Int) {
            switch self {
            case .text: break
            case .group(_, let nodes, _): for node in nodes { node.collect(&ends, steps: steps) }
            case .scheduled(let before, let after, let step):
                if step >= 1 { ends.insert(step) }
                for node in before + after { node.collect(&ends, steps: steps) }
            case .alternating(let options):
                ends.formUnion(1...max(steps, 1))
                for node in options.joined() { node.collect(&ends, steps: steps) }
            }
        }

        func write(to text: inout String, at step: Int) {
            switch self {
            case .text(let own): text += own
            case .group(let open, let nodes, let close):
                text += open
                for node in nodes { node.write(to: &text, at: step) }
                text += close
            case .scheduled(let before, let after, let when):
                for node in step <= when ? before : after { node.write(to: &text, at: step) }
            case .alternating(let options):
                for node in options[(step - 1) % options.count] { node.write(to: &text, at: step) }
            }
        }
    }

    private struct Parser {
        private let characters: [Character]
        private let steps: Int
        private var position = 0

        init(_ characters: [Character], steps: Int) {
            (self.characters, self.steps) = (characters, steps)
        }

        /// Nested brackets that are followed; deeper ones are taken as they stand.
        private static let deepest = 60

        /// Nil where brackets are not closed as they were opened: then none of them schedules anything.
        mutating func parsed() -> [Node]? {
            let nodes = sequence(until: [], depth: 0)
            return position == characters.count ? nodes : nil
        }

        /// Nodes up to one of the characters, or to the end.
        private mutating func sequence(until ends: Set<Character>, depth: Int) -> [Node]? {
            guard depth < Self.deepest else { return nil }
            var nodes: [Node] = []
            var text = ""
            func flush() {
                if !text.isEmpty { nodes.append(.text(text)) }
                text = ""
            }
            while position < characters.count {
                let character = characters[position]
                if ends.contains(character) { break }
                switch character {
                case "\\":
                    text.append(character)
                    position += 1
                    if position < characters.count { text.append(characters[position]) }
                    position += 1
                case "(":
                    flush()
                    position += 1
                    guard let inner = sequence(until: [")"], depth: depth + 1), position < characters.count else { return nil }
                    position += 1
                    nodes.append(.group(open: "(", inner, close: ")"))
                case "[":
                    flush()
                    position += 1
                    guard let node = bracket(depth: depth + 1) else { return nil }
                    nodes.append(node)
                case ")", "]":
                    return nil
                default:
                    text.append(character)
                    position += 1
                }
            }
            flush()
            return nodes
        }

        /// From behind `[` to behind its `]`.
        private mutating func bracket(depth: Int) -> Node? {
            var parts: [[Node]] = []
            var marks: [Character] = []
            while true {
                guard let part = sequence(until: [":", "|", "]"], depth: depth), position < characters.count else { return nil }
                parts.append(part)
                let mark = characters[position]
                position += 1
                if mark == "]" { break }
                marks.append(mark)
            }
            if marks.isEmpty { return .group(open: "[", parts[0], close: "]") }
            if marks.allSatisfy({ $0 == "|" }) { return .alternating(parts) }
            if marks.allSatisfy({ $0 == ":" }), parts.count <= 3, let when = step(parts[parts.count - 1]) {
                return .scheduled(before: parts.count == 3 ? parts[0] : [], after: parts[parts.count - 2], step: when)
            }
            // Neither: as it stands.
            var nodes = parts[0]
            for (mark, part) in zip(marks, parts.dropFirst()) { nodes += [.text(String(mark))] + part }
            return .group(open: "[", nodes, close: "]")
        }

        /// A share of the steps where there is a point in the number, else a step.
        private func step(_ nodes: [Node]) -> Int? {
            guard nodes.count == 1, case .text(let text) = nodes[0] else { return nil }
            let trimmed = String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            guard trimmed.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }), let value = Double(trimmed),
                value.isFinite
            else { return nil }
            let step = trimmed.contains(".") ? value * Double(steps) : value
            return Int(max(-1, min(Double(steps), step)))
        }
    }
}

/// Prompts composed with the word `AND` (Liu et al. 2022): each part pulls with its own weight, `a cat AND a dog :0.6`.
enum ComposedPrompt {
    /// Parts that are run together; real prompts have two or three.
    static let most = 8

    static func check(_ parts: [WeightedText], isGuided: Bool) throws(DiffusionError) {
        guard parts.count <= most else { throw .promptParts(found: parts.count, limit: most) }
        // Without a negative prompt the parts' mean is taken.
        guard isGuided || parts.count == 1 || abs(parts.reduce(0) { $0 + $1.weight }) > 1e-4 else { throw .partsWithoutWeight }
    }

    /// The parts with their weights; one of weight 1 for a prompt without the word.
    static func parts(_ prompt: String) -> [WeightedText] {
        let characters = Array(prompt)
        var pieces: [[Character]] = [[]]
        var index = 0
        func isWord(_ index: Int) -> Bool {
            characters.indices.contains(index) && (characters[index].isLetter || characters[index].isNumber || characters[index] == "_")
        }
        while index < characters.count {
            if characters[index...].starts(with: "AND"), !isWord(index - 1), !isWord(index + 3) {
                pieces.append([])
                index += 3
            } else {
                pieces[pieces.count - 1].append(characters[index])
                index += 1
            }
        }
        guard pieces.count > 1 else { return [WeightedText(prompt, 1)] }
        return pieces.map { weighted(String($0)) }
    }

    private static func weighted(_ text: String) -> WeightedText {
        guard let colon = text.lastIndex(of: ":") else { return WeightedText(text, 1) }
        let number = text[text.index(after: colon)...].drop { $0.isWhitespace }
        let trimmed = number.prefix { !$0.isWhitespace }
        guard number.dropFirst(trimmed.count).allSatisfy(\.isWhitespace), !trimmed.isEmpty,
            trimmed.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.".contains($0)) }), let weight = Float(trimmed), weight.isFinite
        else { return WeightedText(text, 1) }
        return WeightedText(String(text[..<colon]), weight)
    }
}
