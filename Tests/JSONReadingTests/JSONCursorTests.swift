import Foundation
import JSONReading
import TestSupport
import Testing

private struct Fault: Error, Equatable {
    let found: String
    let position: Int
}

private func cursor(_ text: String, isLenient: Bool = false) -> JSONCursor<Fault> { cursor(Array(text.utf8), isLenient: isLenient) }

private func cursor(_ bytes: [UInt8], isLenient: Bool = false) -> JSONCursor<Fault> {
    JSONCursor(bytes, isLenient: isLenient) { Fault(found: $0, position: $1) }
}

/// A value as a tree, to compare with Foundation's.
private indirect enum Tree: Equatable {
    case word(String), text(String), list([Tree]), members([String: Tree])

    init(_ cursor: inout JSONCursor<Fault>) throws(Fault) {
        switch cursor.peek() {
        case UInt8(ascii: "{"):
            var members: [String: Tree] = [:]
            try cursor.object { cursor, key throws(Fault) in members[try cursor.text(of: key)] = try Tree(&cursor) }
            self = .members(members)
        case UInt8(ascii: "["):
            var list: [Tree] = []
            try cursor.array { cursor throws(Fault) in list.append(try Tree(&cursor)) }
            self = .list(list)
        case UInt8(ascii: "\""): self = .text(try cursor.text())
        default: self = .word(try cursor.word())
        }
    }

    init(_ text: String, isLenient: Bool = false) throws(Fault) {
        var read = cursor(text, isLenient: isLenient)
        self = try Tree(&read)
        try read.expectEnd()
    }
}

@Suite struct JSONCursorTests {
    @Test func everyKindOfValueIsRead() throws {
        #expect(
            try Tree(#" { "a" : [ 1 , -2.5e3, true,null ], "b\n":{"":[]} ,"c":"x" } "#)
                == .members([
                    "a": .list([.word("1"), .word("-2.5e3"), .word("true"), .word("null")]), "b\n": .members(["": .list([])]),
                    "c": .text("x"),
                ]))
        #expect(try Tree(#""\"\\\/\b\f\n\r\té\u00e9\uD83D\uDE00""#) == .text("\"\\/\u{8}\u{c}\n\r\té\u{e9}😀"))
        var mixed = cursor("[7,-7,true]")
        var (sum, flags) = (0, 0)
        try mixed.array { cursor throws(Fault) in
            if cursor.peek() == UInt8(ascii: "t") { flags += try cursor.boolean() ? 1 : 0 } else { sum += abs(try cursor.integer()) }
        }
        #expect(sum == 14 && flags == 1)
        for wrong in ["+7", "7.5", "\"7\"", "1e3", "99999999999999999999"] {
            var wrong = cursor(wrong)
            #expect(throws: Fault.self) { try wrong.integer() }
        }
    }

    static let refused: [(String, String)] = [
        ("", "no value"), ("[1,]", "no value"), ("[1 2]", "no ]"), (#"{"a" 1}"#, "no :"), (#"{"a":1"#, "no }"), (#"{a:1}"#, "no \""),
        (#""ab"#, "the end within a string"), (#""\x""#, "an unknown escape"), (#""\u12g4""#, "an escape of other"),
        (#""\ud800""#, "half a surrogate pair"), (#""\udc00""#, "half a surrogate pair"), (#""\ud800\u0041""#, "half a surrogate pair"),
        ("\"a\nb\"", "a control character"), ("1 2", "more than one"), ("\u{FEFF}{}", "more than one"),
    ]

    @Test(arguments: refused.indices) func whatIsWrongIsTold(_ index: Int) {
        let (text, found) = Self.refused[index]
        do {
            _ = try Tree(text)
            Issue.record("\(text) was read")
        } catch {
            #expect(error.found.hasPrefix(found), "\(text): \(error)")
        }
    }

    /// Of what other programs write, no more is let by than is said.
    @Test func theLenientReaderLetsBy() throws {
        #expect(try Tree("\u{FEFF}\"a\nb\\ud800c\"", isLenient: true) == .text("a\nb\u{FFFD}c"))
        #expect(try Tree(#""\ud800\u0041""#, isLenient: true) == .text("\u{FFFD}A"))
        let broken = [UInt8(ascii: "\""), 0xFF, UInt8(ascii: "\"")]
        var (lenient, strict) = (cursor(broken, isLenient: true), cursor(broken))
        #expect(try lenient.text() == "\u{FFFD}")
        #expect(throws: Fault.self) { try strict.text() }
        #expect(throws: Fault.self) { try Tree(#""\x""#, isLenient: true) }
    }

    @Test func whatIsDeepIsNotSkipped() {
        var deep = cursor(String(repeating: "[", count: 100_000))
        #expect(throws: Fault.self) { try deep.skip() }
    }

    /// Whatever Foundation writes is read as it was, and what is cut or changed ends in a value or an error.
    @Test func randomValuesComeBack() throws {
        var random = SeededGenerator.announced()
        let signs = "aé\"\\\n\u{1}😀/"
        func value(_ depth: Int) -> Any {
            switch Int.random(in: 0..<(depth > 3 ? 3 : 5), using: &random) {
            case 0: return Int.random(in: -1000...1000, using: &random)
            case 1, 2: return String((0..<Int.random(in: 0...6, using: &random)).compactMap { _ in signs.randomElement(using: &random) })
            case 3: return (0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth + 1) }
            default:
                return Dictionary((0..<Int.random(in: 0...3, using: &random)).map { ("k\($0)\"", value(depth + 1)) }) { first, _ in first }
            }
        }
        func tree(_ value: Any) -> Tree {
            switch value {
            case let text as String: .text(text)
            case let number as Int: .word("\(number)")
            case let list as [Any]: .list(list.map(tree))
            default: .members((value as? [String: Any] ?? [:]).mapValues(tree))
            }
        }
        for _ in 0..<200 {
            let value = value(0)
            let data = try JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed)
            #expect(try Tree(String(decoding: data, as: UTF8.self)) == tree(value))
            var bytes = Array(data)
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            var changed = cursor(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))), isLenient: true)
            _ = try? Tree(&changed)
        }
    }
}

/// Every text that is JSON passes, and what only looks like it does not.
@Test func aValueIsCheckedToTheLastWord() {
    func isJSON(_ text: String) -> Bool {
        var cursor = cursor(text)
        do throws(Fault) {
            try cursor.check()
            try cursor.expectEnd()
            return true
        } catch {
            return false
        }
    }
    for text in [
        "0", "-0", "10", "-1.5", "0.5", "1e9", "1E-9", "12.25e+3", "true", "false", "null", "\"\"", "\"a\\u00e9\\n\"", "[]", "{}",
        " [1, {\"a\": []}] ",
        #"{"a": 1, "b": [true, null, "x"], "c": {"d": -0.1}}"#,
    ] { #expect(isJSON(text), "\(text)") }
    for text in [
        "", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "1_000", "NaN", "Infinity", "-Infinity", "True", "nul", "truefalse", "'a'",
        "\"", "[", "{",
        "[1,]", "{\"a\"}", "{\"a\":}", "{a: 1}", "[1 2]", "1 2", "{} {}", "\"\\x\"", "\"\u{1}\"", "[nothing]", "{\"a\": undefined}",
    ] { #expect(!isJSON(text), "\(text)") }
}

@Test func aValueOfBytesThatAreNoTextIsNoJSON() {
    for bytes: [UInt8] in [[0x22, 0xFF, 0x22], Array("{\"".utf8) + [0xC3, 0x28] + Array("\": 1}".utf8)] {
        var cursor = cursor(bytes)
        #expect(throws: Fault.self) { try cursor.check() }
    }
}
