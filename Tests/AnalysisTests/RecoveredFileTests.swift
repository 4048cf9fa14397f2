import Foundation
import Pixels
import TestSupport
import Testing

@testable import Analysis

/// Whole files as tools of every kind leave them, down to the prompt. Made by hand after public reports; nobody's pictures.
@Suite struct RecoveredFileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let positive: String
        var negative = ""
        var steps: Int?
        var seed: UInt64?
        var tool: RecoveredPrompt.Tool = .a1111
        var testDescription: String { file }
    }

    static func find(_ name: String) throws -> [RecoveredPrompt] {
        let url = fixture("recovered/\(name)", room: "Analysis")
        var texts = try ImageFile.text(of: url)
        texts[RecoveredPrompts.stealthKey] = ImageFile.stealthText(of: try FileBytes.read(url))
        return RecoveredPrompts.find(in: texts, isPNG: name.hasSuffix("png"))
    }

    static let cases = [
        Case(file: "comfy.png", positive: "a lighthouse at dawn", negative: "fog", steps: 20, seed: 11, tool: .comfyui),
        Case(file: "usercomment.jpg", positive: "a lighthouse at dawn", negative: "fog", steps: 20, seed: 11),
        Case(file: "description.webp", positive: "a lighthouse at dawn", negative: "fog", steps: 20, seed: 11),
        Case(file: "be-in-ii.jpg", positive: "a cat, pale light", negative: "lowres, bad", steps: 26),
        Case(file: "commas.png", positive: "a cat, pale light", negative: "lowres, bad", steps: 26),
        Case(file: "parameters.png", positive: "a cat, pale light", negative: "lowres, bad", steps: 26),
        Case(file: "utf8-bom.jpg", positive: "a cat", negative: "dog", steps: 20, seed: 1),
        Case(file: "utf8-even.jpg", positive: "a cat", negative: "dog", steps: 20, seed: 1),
        Case(file: "steps-only-in-prompt.png", positive: "a cat\nSteps: to heaven, gold", negative: "dog"),
        Case(file: "template.png", positive: "a cat", negative: "dog", steps: 20, seed: 1),
        Case(file: "wildcard.png", positive: "a red castle", negative: "fog", steps: 20, seed: 11, tool: .comfyui),
        Case(file: "power-lora.png", positive: "a lighthouse at dawn", negative: "fog", steps: 20, seed: 11, tool: .comfyui),
        Case(file: "drawn-subgraph.png", positive: "a lighthouse at dawn", negative: "fog", steps: 20, seed: 11, tool: .comfyui),
        Case(file: "novelai.png", positive: "a cat on a roof", tool: .novelai),
        Case(file: "forge.png", positive: "a cat"),
        Case(file: "dream.png", positive: "a cat", negative: "ugly, blurry", steps: 50, seed: 3629, tool: .invokeai),
        Case(file: "drawthings.png", positive: "a cat", negative: "dog", steps: 20, seed: 1, tool: .drawThings),
        Case(file: "twice.png", positive: "a cat", negative: "dog", steps: 20, seed: 1),
        Case(file: "utf8-in-text.png", positive: "夜の灯台, lantern", negative: "霧", steps: 20, seed: 1),
        Case(file: "bom-crlf.jpg", positive: "a cat", negative: "dog", steps: 20, seed: 1),
        Case(file: "bom.png", positive: "a cat", negative: "dog", steps: 20, seed: 1),
        Case(file: "01-cfg-scale-1e30.png", positive: "a cat", steps: 20, seed: 1),
    ]

    @Test(arguments: cases) func thePromptIsFound(_ one: Case) throws {
        let found = try Self.find(one.file)
        let prompt = try #require(found.first, "\(one.file)")
        #expect(prompt.positive == one.positive && prompt.tool == one.tool, "\(prompt)")
        if !one.negative.isEmpty { #expect(prompt.negative == one.negative) }
        if let steps = one.steps { #expect(prompt.steps == steps) }
        if let seed = one.seed { #expect(prompt.seed == seed) }
    }

    @Test func settingsKeepTheirValues() throws {
        #expect(try Self.find("power-lora.png")[0].settings["Loras"] == "ink: 0.8")
        #expect(try Self.find("drawn-subgraph.png")[0].model == "small")
        let template = try Self.find("template.png")[0].settings
        #expect(template["Template"]?.contains("big") == true && template["Negative Template"] == "dog", "\(template)")
        #expect(template["ADetailer prompt"] == "face,\nsmile" && template["Lora hashes"] == "one: 0a1b2c, two: 3d4e")
        #expect(try Self.find("drawthings.png")[0].width == 512)
    }

    @Test func aCommentOfOneScriptAloneShowsItsByteOrder() throws {
        let texts = try ImageFile.text(of: fixture("recovered/cjk-only-utf-16-be-II.jpg", room: "Analysis"))
        #expect(texts["UserComment"] == "夜明けの灯台、青い海、穏やかな波")
    }

    @Test func whatIsDamagedOrTooLongGivesNothingAndQuickly() throws {
        let begin = ContinuousClock.now
        #expect(try Self.find("damaged.png").isEmpty)
        let long = fixture("recovered/itxt-200mb.png", room: "Analysis")
        #expect(try ImageFile.text(of: long)["workflow"] == nil)
        #expect(try ImageFile.unreadTexts(of: FileBytes.read(long)).contains { $0.contains("workflow") })
        #expect(try Self.find("06-infotext-nested-brackets-8000.png")[0].positive == "a cat")
        #expect(try Self.find("07-comfy-2000-samplers.png").count <= 1)
        #expect(begin.duration(to: .now) < .seconds(5))
    }

    @Test func captionsAreReadInEveryCodePage() {
        let text = "naïve café – 100 €"
        #expect(CaptionText.decoded(Array(text.utf8)) == text)
        #expect(CaptionText.decoded([0xEF, 0xBB, 0xBF] + Array(text.utf8)) == text)
        let units = Array(text.utf16)
        let little = units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let big = units.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        #expect(CaptionText.decoded([0xFF, 0xFE] + little) == text && CaptionText.decoded([0xFE, 0xFF] + big) == text)
        #expect(CaptionText.decoded(little) == text && CaptionText.decoded(big) == text)
        // Code page 1252: ï, é, an en dash and the euro sign.
        #expect(CaptionText.decoded(Array("na".utf8) + [0xEF] + Array("ve caf".utf8) + [0xE9, 0x20, 0x96, 0x20, 0x80]) == "naïve café – €")
        // Code page 932: 猫, の, 絵.
        #expect(CaptionText.decoded([0x94, 0x4C, 0x82, 0xCC, 0x8A, 0x47]) == "猫の絵")
        #expect(CaptionText.decoded([0x61, 0x00, 0x62]) == nil)
    }

    /// Both forms of a graph with a node that is bypassed, and graphs within graphs.
    @Test func drawnGraphsHandOnWhatIsBypassed() throws {
        let json = """
            {"nodes": [{"id": 1, "type": "CLIPTextEncode", "inputs": [], "widgets_values": ["a boat"]},
            {"id": 2, "type": "ControlNetApply", "mode": 4, "inputs": [{"name": "conditioning", "type": "CONDITIONING", "link": 1}],
            "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}]},
            {"id": 3, "type": "KSampler", "inputs": [{"name": "positive", "type": "CONDITIONING", "link": 2}],
            "widgets_values": [7, "fixed", 20, 6.5, "euler", "normal", 1]},
            {"id": 4, "type": "NewSampler", "inputs": [{"name": "latent_image", "link": 3}, {"name": "noise_seed", "widget": {"name": "noise_seed"}},
            {"name": "steps", "widget": {"name": "steps"}}], "widgets_values": [5, "randomize", 12]}],
            "links": [[1, 1, 0, 2, 0, "CONDITIONING"], [2, 2, 0, 3, 0, "CONDITIONING"], [3, 3, 0, 4, 0, "LATENT"]]}
            """
        let prompt = try #require(RecoveredPrompts.find(in: ["workflow": json], isPNG: true).first)
        #expect(prompt.positive == "a boat" && prompt.seed == 7)
        let drawn = try #require(LenientJSON(json))
        let graph = try #require(NodeGraph(drawn))
        let later = try #require(graph.nodes["4"])
        #expect(graph.value("noise_seed", of: later)?.integer == 5 && graph.value("steps", of: later)?.integer == 12)
    }
}
