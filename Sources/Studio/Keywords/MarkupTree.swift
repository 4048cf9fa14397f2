/// XML as a tree that is written again as it was read, but for blanks within tags: what is not understood stays in it.
///
/// Entities of a document's own are refused: whoever sends such a file wants memory.
package struct MarkupTree {
    final class Element {
        let name: String
        /// Values as they stand in the text.
        var attributes: [(name: String, value: String)]
        var children: [Node]

        init(_ name: String, _ attributes: [(name: String, value: String)] = [], _ children: [Node] = []) {
            (self.name, self.attributes, self.children) = (name, attributes, children)
        }

        var elements: [Element] { children.compactMap { if case .element(let element) = $0 { element } else { nil } } }

        /// The words in it, without those of elements within.
        var text: String {
            children.map { child in
                switch child {
                case .text(let text): MarkupTree.unescaped(text)
                case .other(let text):
                    text.hasPrefix("<![CDATA[") ? String(text.dropFirst("<![CDATA[".count).dropLast("]]>".count)) : ""
                case .element: ""
                }
            }.joined()
        }
    }

    enum Node {
        /// As it stands in the text, entities and all.
        case text(String)
        /// A comment, an instruction, or characters that are no markup.
        case other(String)
        case element(Element)
    }

    /// Why a text is no such tree.
    package enum Problem: Error, Equatable {
        case cutOff
        case strayEnd(String)
        case ownEntities
        case tooDeep
        case noText
    }

    private static let deepest = 100

    var children: [Node]

    init(_ children: [Node]) { self.children = children }

    init(_ text: String) throws(Problem) {
        let bytes = Array(text.utf8)
        var open: [Element] = []
        var top: [Node] = []
        func add(_ node: Node) {
            if let last = open.last { last.children.append(node) } else { top.append(node) }
        }
        func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        func end(_ mark: String, from start: Int) throws(Problem) -> Int {
            let mark = Array(mark.utf8)
            var position = start
            while position + mark.count <= bytes.count {
                if bytes[position..<position + mark.count].elementsEqual(mark) { return position + mark.count }
                position += 1
            }
            throw .cutOff
        }
        var position = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "<") else {
                let next = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
                add(.text(string(position..<next)))
                position = next
                continue
            }
            let rest = bytes[position...]
            var special: Int?
            for (begin, mark) in [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>")] where rest.starts(with: Array(begin.utf8)) {
                special = try end(mark, from: position + begin.utf8.count)
            }
            if let special {
                add(.other(string(position..<special)))
                position = special
                continue
            }
            guard !rest.starts(with: Array("<!".utf8)) else { throw .ownEntities }
            let close = try MarkupTree.endOfTag(bytes, from: position + 1)
            let tag = string(position + 1..<close)
            position = close + 1
            if tag.hasPrefix("/") {
                let name = tag.dropFirst().filter { !$0.isWhitespace }
                guard let last = open.popLast(), last.name == name else { throw .strayEnd(name) }
                continue
            }
            let isEmpty = tag.hasSuffix("/")
            let element = try MarkupTree.element(isEmpty ? tag.dropLast() : tag[...])
            add(.element(element))
            if !isEmpty {
                guard open.count < Self.deepest else { throw .tooDeep }
                open.append(element)
            }
        }
        guard open.isEmpty else { throw .cutOff }
        children = top
    }

    var text: String {
        var text = ""
        for child in children { MarkupTree.write(child, to: &text) }
        return text
    }

    private static func write(_ node: Node, to text: inout String) {
        switch node {
        case .text(let raw), .other(let raw): text += raw
        case .element(let element):
            text += "<" + element.name + element.attributes.map { " \($0.name)=\(quoted($0.value))" }.joined()
            guard !element.children.isEmpty else {
                text += "/>"
                return
            }
            text += ">"
            for child in element.children { write(child, to: &text) }
            text += "</" + element.name + ">"
        }
    }

    private static func quoted(_ value: String) -> String { value.contains("\"") ? "'\(value)'" : "\"\(value)\"" }

    private static func endOfTag(_ bytes: [UInt8], from start: Int) throws(Problem) -> Int {
        var quote: UInt8?
        for index in start..<bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return index
            }
        }
        throw .cutOff
    }

    private static func element(_ tag: Substring) throws(Problem) -> Element {
        let name = tag.prefix { !$0.isWhitespace }
        guard !name.isEmpty else { throw .strayEnd(String(tag.prefix(20))) }
        var attributes: [(name: String, value: String)] = []
        var rest = tag.dropFirst(name.count)
        while let start = rest.firstIndex(where: { !$0.isWhitespace }) {
            rest = rest[start...]
            guard let equals = rest.firstIndex(of: "=") else { throw .cutOff }
            let key = rest[..<equals].filter { !$0.isWhitespace }
            rest = rest[rest.index(after: equals)...].drop(while: \.isWhitespace)
            guard let quote = rest.first, quote == "\"" || quote == "'", let end = rest.dropFirst().firstIndex(of: quote) else {
                throw .cutOff
            }
            attributes.append((key, String(rest[rest.index(after: rest.startIndex)..<end])))
            rest = rest[rest.index(after: end)...]
        }
        return Element(String(name), attributes)
    }

    /// Control characters, which XML has no way to write, are left out.
    static func escaped(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 || $0 == "\t" })).replacing("&", with: "&amp;")
            .replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static let entities: [Substring: String] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    static func unescaped(_ text: String) -> String {
        guard text.contains("&") else { return text }
        var (result, rest) = ("", text[...])
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            let body = rest[rest.index(after: start)...]
            guard let end = body.prefix(12).firstIndex(of: ";"), let character = character(body[..<end]) else {
                result += "&"
                rest = body
                continue
            }
            result += character
            rest = body[body.index(after: end)...]
        }
        return result + rest
    }

    private static func character(_ entity: Substring) -> String? {
        if let known = entities[entity] { return known }
        guard entity.hasPrefix("#") else { return nil }
        let digits = entity.dropFirst()
        let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }
}
