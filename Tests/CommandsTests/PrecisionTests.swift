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

    /// In one command with the default encoder, which has f32 alone; told once.
    @Test func aTaggersPrecisionCanBeNamed() throws {
        let coffee = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path
        let tagger = fixture("tagger-vit", room: "Encoders").path
        let looked = try tool.run("analyze", coffee, "--tagger", tagger, "--precision", "int8")
        #expect(looked.status == 0 && looked.output.contains("tagger"), "\(looked)")
        #expect(looked.errors == "redraw-encoder computes in f32, whatever the precision; tagger-vit does in int8\n", "\(looked.errors)")
        let refused = try tool.run("analyze", coffee, "--precision", "int8")
        #expect(refused.status == 1 && refused.errors.contains("redraw-encoder in int8"), "\(refused)")
    }

    /// What `auto` takes and why, in the model's line; a model that is damaged has a line of its own and ends nothing.
    @Test func benchSaysWhyAndGoesOn() throws {
        let place = URL(fileURLWithPath: tool.path("data/redraw/models/damaged"))
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data("no weights at all".utf8).write(to: place.appendingPathComponent("weights.safetensors"))
        let manifest: [String: Any] = [
            "name": "damaged", "title": "Damaged", "kind": "generator", "family": "sd15", "license": "MIT", "source": "a test",
            "description": "A file of words.", "files": [["path": "weights.safetensors"]],
            "defaults": ["steps": 20, "guidance": 7, "sampler": "ddim", "strength": 0.5],
        ]
        try JSONSerialization.data(withJSONObject: manifest).write(to: place.appendingPathComponent("manifest.json"))
        let told = try tool.run("bench", environment: ["REDRAW_PROCESSOR": "avx2"])
        #expect(told.status == 0 && told.errors.isEmpty, "\(told.errors)")
        let lines = told.output.split(separator: "\n")
        let small = try #require(lines.first { $0.hasPrefix("redraw-small: ") }, "\(told.output)")
        #expect(small.contains("auto is f32, as ") && small.contains("about 512x512 in ") && small.contains(", 1024x1024 in "), "\(small)")
        let damaged = try #require(lines.first { $0.hasPrefix("damaged: ") }, "\(told.output)")
        #expect(damaged.contains("weights.safetensors") && !damaged.contains("auto is"), "\(damaged)")
        let json = try tool.run("bench", "--json")
        #expect(try JSONSchema.reports().problems(of: json.output, as: "bench").isEmpty && json.output.contains(#""name" : "damaged""#))
    }

    /// What a benchmark asks for is not in a person's way.
    @Test func timingConvolutionsIsHidden() throws {
        let help = try tool.run("bench", "--help")
        #expect(help.status == 0 && !help.output.contains("--convolutions"))
        let refused = try tool.run("bench", "--convolutions", "0")
        #expect(refused.status == 64 && refused.errors.contains("--convolutions is 0"), "\(refused)")
    }
}
