import Foundation

/// A tag and where it was written.
struct PlacedTag: Sendable {
    let tag: Tag
    let file: String
    let line: Int

    var place: String { "\(file), line \(line)" }
}

/// What a file of tags gave: the entries, and the lines that could not be read.
struct ReadTags {
    var entries: [PlacedTag] = []
    var problems: [VocabularyProblem] = []
}

/// Limits on vocabularies, which may come from anyone.
package enum VocabularyLimit {
    /// Bytes in one file.
    package static let fileBytes = 32 << 20
    /// Tags in one vocabulary.
    package static let tags = 200_000
    /// Sentences a facet.
    package static let templates = 16
    /// Characters in one name, alias or phrase.
    package static let characters = 120
}

/// Reads the list format of `Vocab/README.md`: headers, sections and one tag a line.
///
///     @facet subject
///     [dogs < dog : a photo of a {} dog]
///     beagle
///     tabby cat < cat = tabby ! group : a striped cat
struct TagListReader {
    private let file: String
    private var facet: Facet?
    private var section = Fields()
    private var result = ReadTags()

    /// The parts of a section heading or a tag line, in the order in which they may be written.
    private struct Fields {
        var name = ""
        var implies: [String] = []
        var aliases: [String] = []
        var group: String?
        var phrase: String?
        var measured = false
    }

    private init(file: String) {
        self.file = file
    }

    static func read(_ lines: [Substring], file: String) -> ReadTags {
        var reader = TagListReader(file: file)
        for (index, line) in lines.enumerated() {
            reader.read(line.trimmingWhitespace, line: index + 1)
        }
        return reader.result
    }

    private mutating func read(_ text: String, line: Int) {
        if text.isEmpty || text.hasPrefix("#") { return }
        if text.hasPrefix("@") { return readHeader(text, line: line) }
        if text.hasPrefix("[") {
            guard text.hasSuffix("]") else { return complain("a section heading ends with ]", line) }
            guard let fields = fields(String(text.dropFirst().dropLast()), line: line) else { return }
            guard fields.aliases.isEmpty else { return complain("a section has no aliases", line) }
            section = fields
            return
        }
        guard let facet else { return complain("a line @facet NAME must stand before the first tag", line) }
        guard let own = fields(text, line: line) else { return }
        guard !own.name.isEmpty else { return complain("a tag has no name", line) }
        let longest = ([own.name, own.phrase ?? ""] + own.aliases).map(\.count).max()!
        guard longest <= VocabularyLimit.characters else {
            return result.problems.append(.init(file: file, line: line, kind: .tooLong(limit: VocabularyLimit.characters)))
        }
        let phrase = (own.phrase ?? section.phrase).map { $0.contains("{}") ? $0.replacing("{}", with: own.name) : $0 }
        let tag = Tag(
            name: own.name, facet: facet, exclusiveGroup: own.group ?? section.group,
            implies: own.implies + section.implies.filter { $0 != own.name && !own.implies.contains($0) },
            aliases: own.aliases, phrase: phrase, measured: own.measured || section.measured)
        result.entries.append(PlacedTag(tag: tag, file: file, line: line))
    }

    private mutating func readHeader(_ text: String, line: Int) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0] == "@facet" else { return complain("\"\(text)\" is no header; write @facet NAME", line) }
        guard let named = Facet(rawValue: String(words[1])) else {
            return complain("\"\(words[1])\" is no facet; the facets are \(Facet.spelledOut)", line)
        }
        facet = named
        section = Fields()
    }

    private mutating func complain(_ what: String, _ line: Int) {
        result.problems.append(VocabularyProblem(file: file, line: line, kind: .syntax(what)))
    }

    /// Splits at the marks `<` (implies), `=` (aliases), `!` (exclusive group), `*` (measured) and `:` (phrase, up to the end).
    private mutating func fields(_ text: String, line: Int) -> Fields? {
        var fields = Fields()
        var rest = Substring(text)
        var mark: Character = " "
        while true {
            let end = mark == ":" ? rest.endIndex : rest.firstIndex { "<=!*:".contains($0) } ?? rest.endIndex
            let value = rest[..<end].trimmingWhitespace
            let list = value.split(separator: ",").map { $0.trimmingWhitespace }
            if value.isEmpty, mark != " ", mark != "*" {
                complain("nothing stands after \(mark)", line)
                return nil
            }
            switch mark {
            case "<": fields.implies = list
            case "=": fields.aliases = list
            case "!": fields.group = value
            case ":": fields.phrase = value
            case "*":
                guard value.isEmpty else {
                    complain("* stands alone: \"\(value)\" after it is not understood", line)
                    return nil
                }
                fields.measured = true
            default: fields.name = value
            }
            guard end < rest.endIndex else { return fields }
            mark = rest[end]
            rest = rest[rest.index(after: end)...]
        }
    }
}

/// Reads a person's own list: a phrase a line, or `facet: phrase`.
enum PhraseListReader {
    static func read(_ lines: [Substring], file: String) -> ReadTags {
        var result = ReadTags()
        for (index, raw) in lines.enumerated() {
            let text = raw.trimmingWhitespace
            if text.isEmpty || text.hasPrefix("#") { continue }
            func complain(_ kind: VocabularyProblem.Kind) {
                result.problems.append(VocabularyProblem(file: file, line: index + 1, kind: kind))
            }
            var facet = Facet.subject
            var phrase = text
            if let colon = text.firstIndex(of: ":") {
                let before = text[..<colon].trimmingWhitespace
                guard let named = Facet(spelling: before) else {
                    complain(.syntax("\"\(before)\" is no facet; write a phrase, or one of \(Facet.spelledOut) before the colon"))
                    continue
                }
                facet = named
                phrase = text[text.index(after: colon)...].trimmingWhitespace
            }
            if phrase.isEmpty {
                complain(.syntax("no phrase stands after \"\(facet.rawValue):\""))
            } else if phrase.count > VocabularyLimit.characters {
                complain(.tooLong(limit: VocabularyLimit.characters))
            } else if let control = phrase.unicodeScalars.first(where: { $0.properties.generalCategory == .control }) {
                complain(.badCharacter("the control character U+" + String(control.value, radix: 16), in: phrase))
            } else {
                let tag = Tag(name: phrase, facet: facet)
                result.entries.append(PlacedTag(tag: tag, file: file, line: index + 1))
            }
        }
        return result
    }
}

extension Facet {
    static let spelledOut = allCases.map(\.rawValue).joined(separator: ", ")
}

extension Substring {
    /// Without white space at either end.
    var trimmingWhitespace: String {
        var rest = self.drop { $0.isWhitespace }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
