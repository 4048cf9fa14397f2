/// The properties of an XMP packet (ISO 16684-1) as texts: those of elements, with a list's entries joined, and those of attributes.
///
/// Packets in the wild are cut off and ill-formed; what can be read is read, in one pass.
struct XMPPacket {
    /// By name with its prefix, such as `dc:description`.
    private(set) var properties: [String: String] = [:]

    /// Properties that are kept.
    private static let most = 500
    /// Bytes of a packet that are read; real ones have some thousands.
    private static let longest = 1 << 20

    private struct Element {
        let name: String
        var text: [UInt8] = []
        /// Whether there is more in the text than blanks.
        var isFilled = false
    }

    init(_ text: String) {
        let bytes = Array(text.utf8.prefix(Self.longest))
        var open: [Element] = []
        var position = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "<") else {
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
                if !open.isEmpty {
                    open[open.count - 1].text += bytes[position..<end]
                    if !bytes[position..<end].allSatisfy(Self.isBlank) { open[open.count - 1].isFilled = true }
                }
                position = end
                continue
            }
            guard let end = Self.endOfTag(bytes, from: position) else { break }
            let tag = bytes[(position + 1)..<end]
            position = end + 1
            guard let first = tag.first, first != UInt8(ascii: "?"), first != UInt8(ascii: "!") else { continue }
            if first == UInt8(ascii: "/") {
                guard let closed = open.popLast() else { continue }
                close(closed, in: &open)
            } else {
                let name = String(decoding: tag.prefix { !Self.isBlank($0) && $0 != UInt8(ascii: "/") }, as: UTF8.self)
                takeAttributes(tag.dropFirst(name.utf8.count))
                if tag.last != UInt8(ascii: "/"), open.count < 100 { open.append(Element(name: name)) }
            }
        }
        // A packet that was cut off: what was begun counts as far as it goes.
        while let closed = open.popLast() { close(closed, in: &open) }
    }

    /// A property's text, by its name without prefix.
    subscript(local name: String) -> (name: String, text: String)? {
        properties.sorted { $0.key < $1.key }.first { $0.key.split(separator: ":").last.map(String.init) == name }
            .map { (name: $0.key, text: $0.value) }
    }

    /// Entries of lists hand their text to the property they are in.
    private mutating func close(_ element: Element, in open: inout [Element]) {
        if element.name.hasPrefix("rdf:") {
            guard ["rdf:li", "rdf:Alt", "rdf:Seq", "rdf:Bag"].contains(element.name), !open.isEmpty else { return }
            let isFurther = element.name == "rdf:li" && open[open.count - 1].isFilled
            open[open.count - 1].text += (isFurther ? Array(", ".utf8) : []) + element.text
            if element.isFilled { open[open.count - 1].isFilled = true }
        } else {
            keep(element.name, element.text[...])
        }
    }

    private mutating func keep(_ name: String, _ text: ArraySlice<UInt8>) {
        let text = Self.unescaped(text).trimmedOfBlanks
        if !text.isEmpty, properties[name] == nil, properties.count < Self.most { properties[name] = text }
    }

    private mutating func takeAttributes(_ tag: ArraySlice<UInt8>) {
        var rest = tag
        while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
            let name = String(decoding: rest[..<equals], as: UTF8.self).trimmedOfBlanks
            rest = rest[(equals + 1)...].drop(while: Self.isBlank)
            guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
                let end = rest.dropFirst().firstIndex(of: quote)
            else { return }
            if !name.hasPrefix("xmlns"), !name.hasPrefix("rdf:"), !name.hasPrefix("xml:") { keep(name, rest[(rest.startIndex + 1)..<end]) }
            rest = rest[(end + 1)...]
        }
    }

    /// Where a tag's `>` stands that is in no attribute.
    private static func endOfTag(_ bytes: [UInt8], from start: Int) -> Int? {
        var quote: UInt8?
        for index in (start + 1)..<bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return index
            }
        }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private static let entities: [String: Unicode.Scalar] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.first {
            if byte == UInt8(ascii: "&"), let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")),
                let scalar = scalar(String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self))
            {
                result += Array(String(Character(scalar)).utf8)
                rest = rest[(end + 1)...]
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func scalar(_ entity: String) -> Unicode.Scalar? {
        if let known = entities[entity] { return known }
        guard entity.hasPrefix("#") else { return nil }
        let number = entity.dropFirst()
        return (number.hasPrefix("x") ? UInt32(number.dropFirst(), radix: 16) : UInt32(number)).flatMap(Unicode.Scalar.init)
    }
}
