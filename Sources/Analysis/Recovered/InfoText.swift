/// The text that AUTOMATIC1111's web UI writes into a picture, and half of the other tools after it:
///
///     a prompt, over
///     any number of lines
///     Negative prompt: the same
///     Steps: 20, Sampler: Euler a, Size: 512x768, Lora hashes: "one: 0a1b, two: 2c3d"
///
/// Reproduces `parse_generation_parameters` of the web UI's `infotext_utils.py`, and forgives more: settings followed by further lines,
/// values that are JSON without quotation marks, a missing part.
struct InfoText: Equatable {
    var positive = ""
    var negative = ""
    /// In the order of the text; a key's last value counts.
    var settings: [(key: String, value: String)] = []

    static func == (left: InfoText, right: InfoText) -> Bool {
        left.positive == right.positive && left.negative == right.negative
            && left.settings.elementsEqual(right.settings) { $0.key == $1.key && $0.value == $1.value }
    }

    /// Whether the text has the marks of this way of writing, and is not just any text.
    var isUnmistakable: Bool { !settings.isEmpty || !negative.isEmpty }

    /// Bytes that are looked at: more is no prompt.
    static let longest = 1 << 20

    init(_ text: String) {
        guard text.utf8.count <= Self.longest else { return }
        let text = text.drop { $0 == "\u{FEFF}" }
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }[...]
        if let start = Self.stepsLine(lines) ?? (Self.joinedSettings(lines) == nil ? Self.settingsLine(lines) : nil) {
            settings = Self.pairs(lines[start...].joined(separator: "\n"))
            lines = lines[..<start]
        } else if let joint = Self.joinedSettings(lines) {
            settings = Self.pairs(lines[joint.line...].joined(separator: "\n").dropFirst(joint.offset).description)
            let before = String(lines[joint.line].prefix(joint.offset))
            lines = lines[..<joint.line] + Self.separatedNegative(before)
        }
        var isNegative = false
        var (wanted, unwanted): ([String], [String]) = ([], [])
        for line in lines {
            var line = line.trimmedOfBlanks
            if line.hasPrefix(Self.negativeMark) {
                isNegative = true
                line = line.dropFirst(Self.negativeMark.count).trimmedOfBlanks
            }
            if isNegative { unwanted.append(line) } else { wanted.append(line) }
        }
        positive = wanted.joined(separator: "\n").trimmedOfBlanks
        negative = unwanted.joined(separator: "\n").trimmedOfBlanks
    }

    /// Tools that write all on one line join the parts by a full stop, a comma or a blank. The settings begin at the last `Steps:` with a
    /// number behind it and at least two more settings.
    private static func joinedSettings(_ lines: ArraySlice<Substring>) -> (line: Int, offset: Int)? {
        guard let line = lines.lastIndex(where: { $0.contains("Steps: ") }), let mark = lines[line].ranges(of: "Steps: ").last else {
            return nil
        }
        let offset = lines[line].distance(from: lines[line].startIndex, to: mark.lowerBound)
        let found = pairs(String(lines[line][mark.lowerBound...]))
        guard offset > 0, found.count >= 3, found[0].key == "Steps", Int(found[0].value) != nil else { return nil }
        return (line, offset)
    }

    /// Prompt and negative prompt out of one line, as two lines.
    private static func separatedNegative(_ line: String) -> [Substring] {
        func trimmed(_ text: Substring) -> Substring {
            var text = text
            while let last = text.last, last.isWhitespace || last == "." || last == "," { text.removeLast() }
            return text
        }
        guard let mark = line.ranges(of: negativeMark).last else { return [trimmed(line[...])] }
        return [trimmed(line[..<mark.lowerBound]), trimmed(line[mark.lowerBound...])]
    }

    private static let negativeMark = "Negative prompt:"

    /// The first line of the settings: the last one that begins with a number of steps.
    private static func stepsLine(_ lines: ArraySlice<Substring>) -> Int? {
        guard let line = lines.lastIndex(where: { $0.trimmedOfBlanks.hasPrefix("Steps:") }),
            let first = pairs(String(lines[line])).first, Int(first.value) != nil
        else { return nil }
        return line
    }

    /// The last line of all, if it has three settings and one of them is a common one, so that "a bowl, colour: red, light: soft, mood: calm"
    /// stays a prompt.
    private static func settingsLine(_ lines: ArraySlice<Substring>) -> Int? {
        guard let last = lines.lastIndex(where: { !$0.allSatisfy(\.isWhitespace) }) else { return nil }
        let found = pairs(String(lines[last]))
        return found.count >= 3 && found.contains { common.contains($0.key) } ? last : nil
    }

    private static let common: Set<String> = ["Steps", "Sampler", "CFG scale", "Seed", "Size", "Model", "Model hash"]

    /// `key: value` with commas between; a value with a comma, a colon or a line break in it stands in quotation marks, as JSON.
    static func pairs(_ text: String) -> [(key: String, value: String)] {
        var scanner = Scanner(characters: Array(text))
        var result: [(key: String, value: String)] = []
        while let pair = scanner.next() { result.append(pair) }
        return result
    }

    private struct Scanner {
        let characters: [Character]
        var position = 0
        /// Characters that may still be looked through for closing marks: texts that open more than they close take no longer than others.
        var patience: Int

        init(characters: [Character]) {
            self.characters = characters
            patience = 8 * characters.count + 1000
        }

        /// The next pair; what stands between commas and is none is passed over.
        mutating func next() -> (key: String, value: String)? {
            while true {
                while position < characters.count, characters[position].isWhitespace || characters[position] == "," { position += 1 }
                guard position < characters.count else { return nil }
                let start = position
                while position < characters.count, Scanner.isPartOfKey(characters[position]) { position += 1 }
                let key = String(characters[start..<position]).trimmedOfBlanks
                guard key.count >= 2, position < characters.count, characters[position] == ":" else {
                    skipToSeparator()
                    continue
                }
                position += 1
                while position < characters.count, characters[position] == " " || characters[position] == "\t" { position += 1 }
                return (key, value())
            }
        }

        private static func isPartOfKey(_ character: Character) -> Bool {
            character.isLetter || character.isNumber || " -/_.()#".contains(character)
        }

        private mutating func skipToSeparator() {
            while position < characters.count, characters[position] != ",", !characters[position].isNewline { position += 1 }
        }

        private mutating func value() -> String {
            let start = position
            if position < characters.count {
                let end: Int? =
                    switch characters[position] {
                    case "\"": endOfText(from: position)
                    case "[", "{": endOfNested(from: position)
                    default: nil
                    }
                if let end, isSeparator(after: end) {
                    position = end
                    let raw = String(characters[start..<end])
                    if raw.hasPrefix("\""), case .string(let text) = LenientJSON(raw) { return text }
                    return raw
                }
            }
            skipToSeparator()
            return String(characters[start..<position]).trimmedOfBlanks
        }

        /// Behind the closing mark of a text in quotation marks; nil where there is none.
        private mutating func endOfText(from start: Int) -> Int? {
            var index = start + 1
            while index < characters.count, patience > 0 {
                patience -= 1
                switch characters[index] {
                case "\\": index += 2
                case "\"": return index + 1
                default: index += 1
                }
            }
            return nil
        }

        /// Behind the bracket that closes the one at `start`; brackets in texts do not count.
        private mutating func endOfNested(from start: Int) -> Int? {
            var depth = 0
            var index = start
            while index < characters.count, patience > 0 {
                patience -= 1
                switch characters[index] {
                case "\"":
                    guard let end = endOfText(from: index) else { return nil }
                    index = end
                    continue
                case "[", "{": depth += 1
                case "]", "}":
                    depth -= 1
                    if depth == 0 { return index + 1 }
                default: break
                }
                index += 1
            }
            return nil
        }

        private func isSeparator(after index: Int) -> Bool {
            let rest = characters[min(index, characters.count)...].first { $0 != " " && $0 != "\t" }
            return rest == nil || rest == "," || rest!.isNewline
        }
    }
}

extension InfoText {
    /// The prompt, with the settings that every tool has under their names and the others as they are.
    func prompt(tool: RecoveredPrompt.Tool, place: String) -> RecoveredPrompt {
        var recovered = RecoveredPrompt(tool: tool, place: place, positive: positive, negative: negative)
        for (key, value) in settings {
            switch key.lowercased() {
            case "steps": recovered.steps = Int(value)
            case "sampler": recovered.sampler = value
            case "cfg scale": recovered.guidance = Double(value)
            case "seed": recovered.seed = UInt64(value)
            case "model": recovered.model = value
            case "denoising strength": recovered.strength = Double(value)
            case "size":
                let sides = value.split(separator: "x")
                if sides.count == 2 { recovered.take(width: Int(sides[0]), height: Int(sides[1])) }
            default: recovered.settings[key] = value
            }
        }
        return recovered
    }
}
