import JSONReading
import Testing

/// How many values a text holds, before it is decoded.
@Suite struct JSONBytesTests {
    @Test(arguments: [
        ("", 0), ("1", 0), ("[1]", 1), ("[1,2]", 2), (#"{"a":[1,{"b":2}]}"#, 4), ("[[[", 3),
        // Signs within strings are none, escaped quotation marks end no string.
        (#"["a,[{","\",[{\\",","]"#, 3), (#"{"a\"":",","b":1}"#, 2), (#"["\\",[]]"#, 3),
    ]) func signsBetweenValuesAreCounted(_ text: String, _ count: Int) {
        #expect(JSONBytes.holds(Array(text.utf8), atMost: count), "\(text)")
        #expect(count == 0 || !JSONBytes.holds(Array(text.utf8), atMost: count - 1), "\(text)")
    }
}
