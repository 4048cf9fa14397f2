import Foundation
import JSONReading
import TestSupport
import Testing

private struct Fault: Error, Equatable {
    let reason: String
}

/// Texts that come in pieces, read part by part.
@Suite struct JSONStreamTests {
    private typealias Part = JSONStream<Fault>.Part

    /// All parts of a text that is given out in pieces of random length.
    private func parts(_ text: String, longest: Int = 1000, _ generator: inout SeededGenerator) throws -> [Part] {
        var (rest, random) = (Array(text.utf8)[...], generator)
        var stream = JSONStream(lists: ["list"], longestPart: longest) {
            Fault(reason: $0)
        } next: {
            guard !rest.isEmpty else { return nil }
            let piece = rest.prefix(.random(in: 1...9, using: &random))
            rest = rest.dropFirst(piece.count)
            return Array(piece)
        }
        generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max, using: &generator))
        var parts: [Part] = []
        while let part = try stream.nextPart() { parts.append(part) }
        return parts
    }

    @Test func partsComeAsTheyStand() throws {
        var generator = SeededGenerator.announced()
        let text = #" { "a" : 1.5 , "list":[ {"x":"]}\"," , "y":[1,[2]]} ,"z", null,true ] , "\u006cist": {"b" : [ ] },"end":"\\"}  "#
        let expected: [Part] = [
            .value(key: "a", Array("1.5".utf8)), .element(list: "list", 0, Array(#"{"x":"]}\"," , "y":[1,[2]]}"#.utf8)),
            .element(list: "list", 1, Array(#""z""#.utf8)), .element(list: "list", 2, Array("null".utf8)),
            .element(list: "list", 3, Array("true".utf8)), .value(key: "list", Array(#"{"b" : [ ] }"#.utf8)),
            .value(key: "end", Array(#""\\""#.utf8)),
        ]
        for _ in 0..<20 { #expect(try parts(text, &generator) == expected) }
        #expect(try parts("\u{FEFF}{}", &generator) == [] && parts(#"{"list":[]}"#, &generator) == [])
    }

    @Test(arguments: [
        "", "[", "{", #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":"b}"#, #"{"list":[1"#, #"{"list":[1 2]}"#, #"{"a":1 "b":2}"#, #"{1:2}"#,
        #"{"a":1}}"#,
        #"{"a":1,}"#,
    ]) func whatIsNoSuchObjectIsRefused(_ text: String) throws {
        var generator = SeededGenerator.announced()
        #expect(throws: Fault.self) { try parts(text, &generator) }
    }

    @Test func aPartHasALimit() throws {
        var generator = SeededGenerator.announced()
        let long = #"{"a":""# + String(repeating: "x", count: 200) + #""}"#
        #expect(try parts(long, &generator).count == 1)
        #expect(throws: Fault(reason: "a part of it is longer than 0 MiB")) { try parts(long, longest: 100, &generator) }
        // Many short ones together may be longer.
        let list = #"{"list":["# + (0..<200).map { "\($0)" }.joined(separator: ",") + "]}"
        #expect(try parts(list, longest: 20, &generator).count == 200)
    }
}
