import Foundation

/// A prompt with choices in it: `__file__` for a line of a text file, `{this|that}` for one of several, `{2$$a|b|c}` for two of them.
///
/// The writing is that of the extension Dynamic Prompts. The same seed and the same files give the same words.
package struct PromptTemplate: Sendable, Equatable {
    private indirect enum Part: Sendable, Equatable {
        case words(String)
        case file(String)
        case choice(Choice)
    }

    private struct Choice: Sendable, Equatable {
        var count: ClosedRange<Int>
        var separator: String
        var options: [(weight: Double, parts: [Part])]

        static func == (left: Choice, right: Choice) -> Bool {
            left.count == right.count && left.separator == right.separator && left.options.count == right.options.count
                && zip(left.options, right.options).allSatisfy { $0.weight == $1.weight && $0.parts == $1.parts }
        }
    }

    private let parts: [Part]

    /// A file's line may hold choices in turn, so deep; files that call each other end here.
    private static let deepest = 20
    /// Characters of what a template comes to.
    private static let longest = 100_000

    package init(_ text: String) {
        var reader = Reader(text: Array(text))
        parts = reader.parts(until: [])
    }

    /// Whether there is anything to choose.
    package var hasChoices: Bool { parts.contains { if case .words = $0 { false } else { true } } }

    /// The words that a seed chooses.
    ///
    /// - Parameter lines: those of a wildcard file, by its name or pattern.
    /// - Throws: ``WildcardError``; what `lines` throws.
    package func resolved(seed: UInt64, lines: (String) throws -> [String]) throws -> String {
        var chooser = SeededChoice(seed: seed)
        let text = try Self.text(of: parts, &chooser, depth: 0, lines)
        guard text.count <= Self.longest else { throw WildcardError.tooLong }
        return text
    }

    private static func text(
        of parts: [Part], _ chooser: inout SeededChoice, depth: Int, _ lines: (String) throws -> [String]
    ) throws -> String {
        guard depth <= deepest else { throw WildcardError.tooDeep }
        var text = ""
        for part in parts {
            switch part {
            case .words(let words): text += words
            case .file(let name):
                let choices = try lines(name)
                guard !choices.isEmpty else { throw WildcardError.empty(name) }
                let line = PromptTemplate(choices[chooser.index(below: choices.count)])
                text += try self.text(of: line.parts, &chooser, depth: depth + 1, lines)
            case .choice(let choice):
                text += try self.text(of: choice, &chooser, depth: depth + 1, lines)
            }
            guard text.count <= longest else { throw WildcardError.tooLong }
        }
        return text
    }

    private static func text(
        of choice: Choice, _ chooser: inout SeededChoice, depth: Int, _ lines: (String) throws -> [String]
    ) throws -> String {
        var left = choice.options
        let most = min(choice.count.upperBound, left.count)
        let least = min(choice.count.lowerBound, most)
        let count = least + chooser.index(below: most - least + 1)
        var chosen: [String] = []
        for _ in 0..<count {
            let sum = left.reduce(0) { $0 + $1.weight }
            var place = chooser.share() * sum
            let index = left.firstIndex { option in
                place -= option.weight
                return place < 0
            }
            let option = left.remove(at: index ?? left.count - 1)
            chosen.append(try text(of: option.parts, &chooser, depth: depth, lines))
        }
        return chosen.joined(separator: choice.separator)
    }
}

extension PromptTemplate {
    /// What cannot be read as a choice is words.
    private struct Reader {
        let text: [Character]
        var position = 0
        /// Where the braces end that have one, by where they begin, and whether there is a choice in them: other tools use braces for emphasis.
        private var braces: [Int: (end: Int, isChoice: Bool)] = [:]

        init(text: [Character]) {
            self.text = text
            var open: [(start: Int, isChoice: Bool)] = []
            var place = 0
            while place < text.count {
                switch text[place] {
                case "\\": place += 1
                case "{": open.append((place, false))
                case "|" where !open.isEmpty: open[open.count - 1].isChoice = true
                case "$" where !open.isEmpty && place + 1 < text.count && text[place + 1] == "$": open[open.count - 1].isChoice = true
                case "}":
                    guard let last = open.popLast() else { break }
                    braces[last.start] = (place, last.isChoice)
                    // Nobody means this; it is not worth a stack that deep.
                    if open.count >= PromptTemplate.deepest {
                        braces = [:]
                        return
                    }
                default: break
                }
                place += 1
            }
        }

        mutating func parts(until ends: Set<Character>) -> [Part] {
            var parts: [Part] = []
            var words = ""
            func add(_ part: Part) {
                if !words.isEmpty { parts.append(.words(words)) }
                words = ""
                parts.append(part)
            }
            while position < text.count, !ends.contains(text[position]) {
                let character = text[position]
                if character == "\\", position + 1 < text.count {
                    // The prompt's own reading takes the backslash away.
                    words += String(text[position...position + 1])
                    position += 2
                } else if character == "{", let brace = braces[position] {
                    position += 1
                    if brace.isChoice {
                        add(.choice(choice()))
                    } else {
                        words += "{"
                        for part in self.parts(until: ["}"]) { if case .words(let more) = part { words += more } else { add(part) } }
                        words += "}"
                    }
                    position = brace.end + 1
                } else if character == "_", let name = fileName() {
                    add(.file(name))
                } else {
                    words.append(character)
                    position += 1
                }
            }
            if !words.isEmpty { parts.append(.words(words)) }
            return parts
        }

        /// Letters, digits, spaces and what paths and patterns are made of, between two underscores on either side.
        private mutating func fileName() -> String? {
            guard position + 1 < text.count, text[position + 1] == "_" else { return nil }
            var end = position + 2
            while end + 1 < text.count, !(text[end] == "_" && text[end + 1] == "_") {
                guard text[end].isLetter || text[end].isNumber || " -_/.*".contains(text[end]) else { return nil }
                end += 1
            }
            guard end + 1 < text.count, end > position + 2 else { return nil }
            defer { position = end + 2 }
            return String(text[(position + 2)..<end])
        }

        /// From behind its brace to the brace that ends it.
        private mutating func choice() -> Choice {
            let (count, separator) = amount() ?? (1...1, ", ")
            var options: [(weight: Double, parts: [Part])] = []
            repeat {
                if !options.isEmpty { position += 1 }
                let weight = weight() ?? 1
                options.append((weight, parts(until: ["|", "}"])))
            } while position < text.count && text[position] == "|"
            return Choice(count: count, separator: separator, options: options)
        }

        /// `2$$`, `1-3$$`, and `2$$ and $$` with what stands between.
        private mutating func amount() -> (ClosedRange<Int>, String)? {
            guard let mark = mark(from: position) else { return nil }
            let sides = String(text[position..<mark]).split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(sides.count), let first = sides[0], let last = sides[sides.count - 1], (0...1000).contains(first),
                (first...1000).contains(last)
            else { return nil }
            position = mark + 2
            guard let second = self.mark(from: position) else { return (first...last, ", ") }
            defer { position = second + 2 }
            return (first...last, String(text[position..<second]))
        }

        /// Where the next `$$` of this very choice stands.
        private func mark(from start: Int) -> Int? {
            var place = start
            while place + 1 < text.count, !"{}|".contains(text[place]) {
                if text[place] == "$", text[place + 1] == "$" { return place }
                place += 1
            }
            return nil
        }

        /// `3::` before an option: three times as likely.
        private mutating func weight() -> Double? {
            var end = position
            while end < text.count, text[end].isASCII, text[end].isNumber || text[end] == "." || text[end] == " " { end += 1 }
            guard end > position, end + 1 < text.count, text[end] == ":", text[end + 1] == ":",
                let weight = Double(String(text[position..<end]).filter { $0 != " " }), weight > 0, weight.isFinite
            else { return nil }
            position = end + 2
            return weight
        }
    }
}
