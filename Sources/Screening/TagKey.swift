import Foundation
import Vocabulary

/// The identity of a tag within a picture: the vocabulary's normal form, where there is one.
struct TagKey: Hashable, Sendable {
    let text: String

    /// Nil where nothing but separators is left.
    init?(_ name: String) {
        text = Tag.key(name)
        guard !text.isEmpty else { return nil }
    }
}

/// A tag and every other name by which it is known: what decides whether two suggestions are one.
struct TagNames: Sendable {
    let key: String
    /// `key` included.
    let all: Set<String>

    init?(tag: String, aliases: [String]) {
        guard let key = TagKey(tag) else { return nil }
        self.key = key.text
        all = Set(aliases.compactMap { TagKey($0)?.text } + [key.text])
    }

    init(key: String, all: Set<String>) {
        self.key = key
        self.all = all.union([key])
    }

    /// Whether one's own name is a name of the other. Two that merely share an alias stay two.
    func names(_ other: TagNames) -> Bool {
        all.contains(other.key) || other.all.contains(key)
    }
}

enum Text {
    /// Longest tag or edited text kept, in code points: so the tables count characters.
    static let longestTag = 200
    static let longestPrompt = 20_000

    /// The tag without blanks around it and with single ones within.
    /// - Throws: `LibraryError.invalid` where it is empty, too long, or holds control characters.
    static func tag(_ text: String, field: String) throws(LibraryError) -> String {
        if isPlain(text) { return text }
        let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard TagKey(trimmed) != nil else {
            throw .invalid(field: field, value: "\"\(text)\"", rule: "it needs at least one letter or digit")
        }
        guard trimmed.unicodeScalars.count <= longestTag else {
            throw .invalid(field: field, value: "\"\(trimmed.prefix(40))…\"", rule: "at most \(longestTag) characters")
        }
        guard !trimmed.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw .invalid(field: field, value: trimmed.debugDescription, rule: "control characters are not kept")
        }
        // What a surface takes for a byte of a file's name; as a tag it was typed in another encoding.
        guard !trimmed.unicodeScalars.contains(where: { (0x10_FE80...0x10_FEFF).contains($0.value) }) else {
            throw .invalid(field: field, value: "\"\(trimmed)\"", rule: "it must be in UTF-8")
        }
        return trimmed
    }

    /// Whether a tag is short, of ASCII's letters, digits and signs with single blanks within: most are, and then nothing is to be done about it.
    private static func isPlain(_ text: String) -> Bool {
        guard text.utf8.count <= longestTag else { return false }
        var (previous, saysSomething) = (UInt8(ascii: " "), false)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                saysSomething = true
            case 0x21...0x7E: break
            case 0x20 where previous != 0x20: break
            default: return false
            }
            previous = byte
        }
        return saysSomething && previous != 0x20
    }

    static func prompt(_ text: String, field: String) throws(LibraryError) -> String {
        guard text.count <= longestPrompt else {
            throw .invalid(field: field, value: "\"\(text.prefix(40))…\"", rule: "at most \(longestPrompt) characters")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static func json(_ text: String, field: String) throws(LibraryError) {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        } catch {
            throw .invalid(field: field, value: "\"\(text.prefix(40))\"", rule: "it must be JSON")
        }
    }

    static func sha256(_ text: String, field: String) throws(LibraryError) -> String {
        let lower = text.lowercased()
        guard lower.utf8.count == 64, lower.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            throw .invalid(field: field, value: "\"\(text.prefix(80))\"", rule: "a SHA-256 is 64 hexadecimal digits")
        }
        return lower
    }
}
