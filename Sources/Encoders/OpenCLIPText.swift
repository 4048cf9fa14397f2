import Foundation

/// What open_clip does to a text before it is cut into tokens: broken characters are mended as ftfy's `fix_text` does, HTML's character
/// references are resolved, white space becomes single spaces, and letters small ones.
///
/// Of ftfy's mending of texts that were read in a wrong encoding, what is certain is done: a line that is whole and valid UTF-8 when its
/// characters are taken for bytes of Latin-1 or Windows-1252. (ftfy leaves a few of those, such as `â„¢` alone, that do not look wrong to it.)
/// Not done are other encodings, lines of which only a part is broken, and bytes that have been lost (as spaces or `�`).
enum OpenCLIPText {
    /// What a text may spell out: its start and its end.
    static let marks = ["<start_of_text>", "<end_of_text>"].map { Array($0.unicodeScalars) }

    static func cleaned(_ text: String) -> [Unicode.Scalar] {
        let mended = HTMLText.resolved(HTMLText.resolved(mended(Array(text.unicodeScalars))))
        return lowered(Array(mended.split(whereSeparator: isSpace).joined(separator: [" "]))).map { $0 == subscriptIota ? " " : $0 }
    }

    /// The reference cuts words without regard to case, and so takes this mark for a letter and for none: it belongs to no word.
    private static let subscriptIota: Unicode.Scalar = "\u{345}"

    /// ftfy's `fix_text`: line by line, until nothing changes any more.
    private static func mended(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        // Behind a `<` a text is taken for HTML whose references are meant.
        var isHTML = false
        var result: [Unicode.Scalar] = []
        var rest = scalars[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: "\n").map { $0 + 1 } ?? rest.endIndex
            var line = Array(rest[..<end])
            rest = rest[end...]
            isHTML = isHTML || line.contains("<")
            while true {
                let next = mendedOnce(line, resolvesReferences: !isHTML)
                if next == line { break }
                line = next
            }
            result += line
        }
        return result
    }

    private static func mendedOnce(_ scalars: [Unicode.Scalar], resolvesReferences: Bool) -> [Unicode.Scalar] {
        var line = resolvesReferences ? HTMLText.resolvedWhereCertain(scalars) : scalars
        while let decoded = MisreadText.decoded(line) { line = decoded }
        line = line.flatMap { replacement(of: $0) ?? [$0] }
        line = withoutTerminalEscapes(withUnixBreaks(line)).filter { !isControl($0) }
        return Array(CLIPText.composed(line))
    }

    /// What a character is replaced by on its own: forgotten Windows-1252, ligatures, wide and narrow forms, curled quotes.
    private static func replacement(of scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
        switch scalar.value {
        case 0..<0x80: return nil
        case 0x80...0x9F: return [MisreadText.windowsLetters[Int(scalar.value - 0x80)]]
        case 0x02BC, 0x2018...0x201B: return ["'"]
        case 0x201C...0x201F: return ["\""]
        case 0x3000: return [" "]
        case 0xFF01...0xFFEF:
            let form = String(scalar).precomposedStringWithCompatibilityMapping.unicodeScalars
            return form.elementsEqual([scalar]) ? nil : Array(form)
        default: return ligatures[scalar].map { Array($0.unicodeScalars) }
        }
    }

    private static let ligatures: [Unicode.Scalar: String] = [
        "\u{132}": "IJ", "\u{133}": "ij", "\u{149}": "'n", "\u{1F1}": "DZ", "\u{1F2}": "Dz", "\u{1F3}": "dz", "\u{1C4}": "D\u{17D}",
        "\u{1C5}": "D\u{17E}", "\u{1C6}": "d\u{17E}", "\u{1C7}": "LJ", "\u{1C8}": "Lj", "\u{1C9}": "lj", "\u{1CA}": "NJ", "\u{1CB}": "Nj",
        "\u{1CC}": "nj", "\u{FB00}": "ff", "\u{FB01}": "fi", "\u{FB02}": "fl", "\u{FB03}": "ffi", "\u{FB04}": "ffl", "\u{FB05}": "\u{17F}t",
        "\u{FB06}": "st",
    ]

    private static func withUnixBreaks(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        for (index, scalar) in scalars.enumerated() {
            switch scalar {
            case "\r":
                if index + 1 == scalars.count || scalars[index + 1] != "\n" { result.append("\n") }
            case "\u{2028}", "\u{2029}": result.append("\n")
            default: result.append(scalar)
            }
        }
        return result
    }

    /// Without what sets colours and places in a terminal: escape, `[`, digits and semicolons, a letter.
    private static func withoutTerminalEscapes(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains("\u{1B}") else { return scalars }
        var result: [Unicode.Scalar] = []
        var index = 0
        while index < scalars.count {
            if scalars[index] == "\u{1B}", index + 1 < scalars.count, scalars[index + 1] == "[" {
                var end = index + 2
                while end < scalars.count, scalars[end].properties.generalCategory == .decimalNumber || scalars[end] == ";" { end += 1 }
                if end < scalars.count, "a"..."z" ~= scalars[end] || "A"..."Z" ~= scalars[end] {
                    index = end + 1
                    continue
                }
            }
            result.append(scalars[index])
            index += 1
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
        default: false
        }
    }

    /// What Python takes for white space.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        0x1C...0x1F ~= scalar.value || scalar.properties.isWhitespace
    }

    /// Small letters as Python makes them: a capital sigma at a word's end becomes the small one that stands there.
    private static func lowered(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        func isCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
            scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
        }
        return scalars.indices.flatMap { index in
            guard scalars[index] == "\u{3A3}" else { return Array(CLIPText.lowered(scalars[index])) }
            let endsWord = isCased(scalars[..<index].reversed()) && !isCased(scalars[(index + 1)...])
            return [endsWord ? "\u{3C2}" : "\u{3C3}"]
        }
    }
}

/// UTF-8 whose bytes were taken for characters of Latin-1 or Windows-1252.
enum MisreadText {
    /// The characters of the bytes 128 to 159 in Windows-1252; the five that it does not have stand for themselves.
    static let windowsLetters: [Unicode.Scalar] = [
        "\u{20AC}", "\u{81}", "\u{201A}", "\u{192}", "\u{201E}", "\u{2026}", "\u{2020}", "\u{2021}", "\u{2C6}", "\u{2030}", "\u{160}",
        "\u{2039}", "\u{152}", "\u{8D}", "\u{17D}", "\u{8F}", "\u{90}", "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}", "\u{2022}",
        "\u{2013}", "\u{2014}", "\u{2DC}", "\u{2122}", "\u{161}", "\u{203A}", "\u{153}", "\u{9D}", "\u{17E}", "\u{178}",
    ]
    private static let windowsBytes = Dictionary(
        uniqueKeysWithValues: windowsLetters.enumerated().map { ($1, UInt8(0x80 + $0)) })

    /// The text that was meant; nil where the characters are no bytes, or the bytes no UTF-8 beyond ASCII.
    static func decoded(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        guard scalars.contains(where: { $0.value >= 0x80 }) else { return nil }
        return decoded(scalars) { $0.value < 0x100 ? UInt8($0.value) : nil }
            ?? decoded(scalars) { windowsBytes[$0] ?? ($0.value < 0x100 ? UInt8($0.value) : nil) }
    }

    private static func decoded(_ scalars: [Unicode.Scalar], byte: (Unicode.Scalar) -> UInt8?) -> [Unicode.Scalar]? {
        var bytes: [UInt8] = []
        for scalar in scalars {
            guard let byte = byte(scalar) else { return nil }
            bytes.append(byte)
        }
        return String(validating: bytes, as: UTF8.self).map { Array($0.unicodeScalars) }
    }
}

/// HTML's character references in texts.
enum HTMLText {
    /// Python's `html.unescape`, and so the HTML standard's rules, missing semicolons and impossible numbers included.
    static func resolved(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains("&") else { return scalars }
        var result: [Unicode.Scalar] = []
        var index = 0
        while index < scalars.count {
            guard scalars[index] == "&", let (text, next) = reference(scalars, after: index + 1) else {
                result.append(scalars[index])
                index += 1
                continue
            }
            result += text
            index = next
        }
        return result
    }

    /// Only references with their semicolons, and names that were written in capitals with the rest of a text: ftfy's `unescape_html`.
    static func resolvedWhereCertain(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains("&") else { return scalars }
        var result: [Unicode.Scalar] = []
        var index = 0
        while index < scalars.count {
            let start = index
            index += 1
            guard scalars[start] == "&" else {
                result.append(scalars[start])
                continue
            }
            let isNumber = index < scalars.count && scalars[index] == "#"
            let first = isNumber ? index + 1 : index
            let name = scalars[min(first, scalars.count)...].prefix(25).prefix(while: isPlain)
            guard (1...24).contains(name.count), name.endIndex < scalars.count, scalars[name.endIndex] == ";" else {
                result.append("&")
                continue
            }
            index = name.endIndex + 1
            let whole = Array(scalars[start..<index])
            if isNumber {
                let text = resolved(whole)
                result += text.contains(";") ? whole : text
            } else {
                result += certainText(name) ?? whole
            }
        }
        return result
    }

    private static func certainText(_ name: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar]? {
        let text = String(String.UnicodeScalarView(name))
        if let value = HTMLEntities.text(text + ";") { return value }
        // In capitals, unless the start of it is a name already.
        guard text == text.uppercased(), let value = HTMLEntities.text(text.lowercased() + ";"),
            (1...text.count).allSatisfy({ HTMLEntities.text(text.prefix($0)) == nil })
        else { return nil }
        return value.flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) }
    }

    /// A letter or digit of ASCII.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "a"..."z", "A"..."Z": true
        default: false
        }
    }

    private static func reference(_ scalars: [Unicode.Scalar], after start: Int) -> (text: [Unicode.Scalar], next: Int)? {
        guard start < scalars.count else { return nil }
        if scalars[start] == "#" {
            let isHexadecimal = start + 1 < scalars.count && (scalars[start + 1] == "x" || scalars[start + 1] == "X")
            let first = start + (isHexadecimal ? 2 : 1)
            var number: UInt32 = 0
            var index = first
            while index < scalars.count, scalars[index].isASCII, let digit = Character(scalars[index]).hexDigitValue,
                isHexadecimal || digit < 10
            {
                number = min(number * (isHexadecimal ? 16 : 10) + UInt32(digit), 0x11_0000)
                index += 1
            }
            guard index > first else { return nil }
            let end = index < scalars.count && scalars[index] == ";" ? index + 1 : index
            return (character(number), end)
        }
        let name = scalars[start...].prefix(longestName).prefix { !"\t\n\u{C} <&#;".unicodeScalars.contains($0) }
        guard !name.isEmpty else { return nil }
        let hasSemicolon = name.endIndex < scalars.count && scalars[name.endIndex] == ";"
        let whole = hasSemicolon ? scalars[start...name.endIndex] : name
        func text(_ part: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar]? {
            HTMLEntities.text(String(String.UnicodeScalarView(part)))
        }
        if let value = text(whole) { return (value, whole.endIndex) }
        for length in stride(from: whole.count - 1, to: 1, by: -1) {
            if let value = text(whole.prefix(length)) { return (value + whole.dropFirst(length), whole.endIndex) }
        }
        return (["&"] + whole, whole.endIndex)
    }

    private static let longestName = 32

    /// The character of a number: those of Windows-1252 for 128 to 159, none for what is no character.
    private static func character(_ number: UInt32) -> [Unicode.Scalar] {
        switch number {
        case 0: return ["\u{FFFD}"]
        case 0x80...0x9F: return [MisreadText.windowsLetters[Int(number - 0x80)]]
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: return []
        case 0x11_0000...: return ["\u{FFFD}"]
        case _ where number & 0xFFFE == 0xFFFE: return []
        default: return [Unicode.Scalar(number) ?? "\u{FFFD}"]
        }
    }
}
