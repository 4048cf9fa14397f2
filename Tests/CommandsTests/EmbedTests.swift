import Foundation
import TestSupport
import Testing

/// `redraw embed` with a checkpoint's folder: small random ones that the encoders' tests know.
@Suite struct EmbedTests {
    private struct Entry: Decodable {
        let input: String
        let embedding: [Float]
    }

    private let tool: Tool
    private let encoder = fixture("clip", room: "Encoders").path
    private let pictures = ["disc.png", "noise.png"].map { fixture($0, room: "Encoders").path }

    init() throws { tool = try Tool() }

    private func entries(_ outcome: Tool.Outcome) throws -> [Entry] {
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode([Entry].self, from: Data(outcome.output.utf8))
    }

    @Test func standardInputGivesWhatArgumentsGive() throws {
        let named = try entries(tool.run("embed", pictures[0], pictures[1], "--encoder", encoder))
        let listed = try entries(tool.run("embed", "-", "--encoder", encoder, input: pictures.joined(separator: "\n") + "\n"))
        #expect(named.map(\.input) == pictures && listed.map(\.input) == pictures)
        #expect(named.map(\.embedding) == listed.map(\.embedding))
        let lengths = named.map { $0.embedding.reduce(0) { $0 + $1 * $1 } }
        #expect(lengths.allSatisfy { abs($0 - 1) < 1e-5 })
        let texts = try entries(tool.run("embed", "text", "a cat", "a dog", "--encoder", encoder, "--raw"))
        let lines = try entries(tool.run("embed", "text", "-", "--encoder", encoder, "--raw", input: "a cat\n\na dog\n"))
        #expect(texts.map(\.input) == ["a cat", "a dog"] && lines.map(\.input) == texts.map(\.input))
        #expect(texts.map(\.embedding) == lines.map(\.embedding))
    }

    @Test func refusalsAreOneLine() throws {
        for outcome in [
            try tool.run("embed", "-", "--text", "-", "--encoder", encoder), try tool.run("embed", "nothere.png", "--encoder", encoder),
            try tool.run("embed", "text", "a cat", "--encoder", tool.home.url.path),
        ] {
            #expect(outcome.status != 0 && outcome.output.isEmpty && !outcome.errors.isEmpty)
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
        }
    }

    @Test func timesAreOnePerPass() throws {
        struct Times: Decodable {
            let inputs: Int
            let milliseconds: [Double]
        }
        let outcome = try tool.run("embed", pictures[0], pictures[1], "--encoder", encoder, "--time", "3")
        let times = try JSONDecoder().decode(Times.self, from: Data(outcome.output.utf8))
        #expect(times.inputs == 2 && times.milliseconds.count == 3 && times.milliseconds.allSatisfy { $0 > 0 })
        let tagger = fixture("tagger-vit", room: "Encoders").path
        let looked = try tool.run("embed", "labels", pictures[0], "--tagger", tagger, "--precision", "bf16", "--time", "2")
        #expect(try JSONDecoder().decode(Times.self, from: Data(looked.output.utf8)).milliseconds.count == 2, "\(looked.errors)")
        let refused = try tool.run("embed", "labels", pictures[0], "--tagger", tagger, "--precision", "half")
        #expect(refused.status != 0 && refused.errors.contains("half"), "\(refused.errors)")
    }
}
