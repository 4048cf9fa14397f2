import Foundation

/// One entry of a vocabulary: a thing that can be said about a picture.
package struct Tag: Sendable, Hashable {
    /// What is shown, stored and written into a prompt: "tabby cat".
    package let name: String
    package let facet: Facet
    /// Of all tags with one exclusive group at most one holds for a picture: "day" and "night" share the group "time of day".
    package let exclusiveGroup: String?
    /// Names of the more general tags that hold whenever this one does: "tabby cat" implies "cat".
    package let implies: [String]
    /// Other spellings and synonyms that a person may type for this tag.
    package let aliases: [String]
    /// What is embedded in place of the bare name, where that grounds better: a noun for a subject, a whole text for other facets.
    package let phrase: String
    /// True where measuring the pixels tells it (a colour, an orientation): such a tag is never embedded.
    package let measured: Bool

    package init(
        name: String, facet: Facet, exclusiveGroup: String? = nil, implies: [String] = [], aliases: [String] = [],
        phrase: String? = nil, measured: Bool = false
    ) {
        self.name = name
        self.facet = facet
        self.exclusiveGroup = exclusiveGroup
        self.implies = implies
        self.aliases = aliases
        self.phrase = phrase ?? name
        self.measured = measured
    }

    /// The words of a text that may name tags, in its order.
    package static func words(in text: String) -> [Substring] {
        text.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "'") }
    }

    /// The one form in which names are compared, here and in the library: lower case, one width, single spaces; hyphens and underscores
    /// are read as spaces. `Black-and-White`, `black_and_white` and ` black  and white ` are one name. Empty where nothing but separators is
    /// left.
    package static func key(_ text: String) -> String {
        if isKey(text) { return text }
        return text.precomposedStringWithCompatibilityMapping.lowercased().replacing("’", with: "'")
            .split { $0.isWhitespace || $0 == "-" || $0 == "_" || $0 == "\u{2010}" || $0 == "\u{2011}" }
            .joined(separator: " ")
    }

    /// Whether a text is its own key, which most names are: small ASCII letters, digits and single spaces.
    private static func isKey(_ text: String) -> Bool {
        var previous = UInt8(ascii: " ")
        for byte in text.utf8 {
            let isLetter = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            guard isLetter || isDigit || (byte == UInt8(ascii: " ") && previous != byte) else { return false }
            previous = byte
        }
        return previous != UInt8(ascii: " ")
    }

    /// Singular readings of a key whose last word may be an English plural, likeliest first: "butterflies" gives "butterfly".
    package static func singularKeys(_ key: String) -> [String] {
        var readings: [String] = []
        if key.hasSuffix("ies"), key.count > 4 { readings.append(key.dropLast(3) + "y") }
        if key.hasSuffix("ves"), key.count > 4 { readings += [key.dropLast(3) + "f", key.dropLast(3) + "fe"] }
        if key.hasSuffix("s"), !key.hasSuffix("ss"), key.count > 3 { readings.append(String(key.dropLast())) }
        if key.hasSuffix("es"), key.count > 4 { readings.append(String(key.dropLast(2))) }
        return readings
    }
}
