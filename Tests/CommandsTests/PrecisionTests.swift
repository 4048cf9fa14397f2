import Foundation
import TestSupport
import Testing

/// What a person is told of the numbers that are multiplied in.
@Suite struct PrecisionTests {
    private let tool: Tool

    init() throws { tool = try Tool() }

    /// Always, and what the processor makes of it where it has no instructions for that; what is kept is what was asked for.
    @Test(arguments: [("f32", nil), ("bf16", "multiplied as floats"), ("int8", "multiplied as floats")] as [(String, String?)])
    func thePlanNamesIt(_ precision: String, _ words: String?) throws {
        let made = try tool.run(
            "paint", "a cat", "--precision", precision, "--size", "64x64", "--steps", "1", "--first-side", "0",
            "--output", tool.path("made.png"), environment: ["REDRAW_PROCESSOR": "avx2"])
        #expect(made.status == 0, "\(made.errors)")
        let cost = try #require(made.errors.split(separator: "\n").first { $0.contains("MB of memory") })
        #expect(cost.contains("at most, in \(precision)"), "\(cost)")
        if let words { #expect(cost.contains(words), "\(cost)") } else { #expect(!cost.contains("(")) }
        #expect(try tool.run("show", "g1").output.contains(", \(precision)\n"))
    }
}
