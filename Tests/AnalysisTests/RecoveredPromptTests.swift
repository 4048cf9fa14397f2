import Foundation
import TestSupport
import Testing

@testable import Analysis

private func recovered(_ texts: [String: String], sidecar: (name: String, text: String)? = nil) -> RecoveredPrompt? {
    RecoveredPrompts.find(in: texts, isPNG: true, sidecar: sidecar).first
}

@Suite struct InfoTextTests {
    private let whole = """
        (masterpiece:1.2), a cat, seed: pods
        sitting on a "red" sofa, <lora:fluffy_v2:0.8>
        Negative prompt: blurry, (worst quality:1.4),
        text: none
        Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 18446744073709551615, Size: 512x768, Model hash: 6ce0161689, \
        Model: anime: v3, Denoising strength: 0.45, Clip skip: 2, Hires upscale: 2, Hires steps: 10, Hires upscaler: 4x-UltraSharp, \
        Hires prompt: "a cat, \\"very\\" sharp\\nsecond line", Lora hashes: "fluffy_v2: 0a1b2c, other: 3d4e", \
        ADetailer prompt: "face, [SEP], hands", Version: v1.9.4
        """

    @Test func everyPartIsRead() throws {
        let prompt = try #require(recovered(["parameters": whole]))
        #expect(prompt.tool == .a1111 && prompt.place == "PNG entry \"parameters\"")
        #expect(prompt.positive == "(masterpiece:1.2), a cat, seed: pods\nsitting on a \"red\" sofa, <lora:fluffy_v2:0.8>")
        #expect(prompt.negative == "blurry, (worst quality:1.4),\ntext: none")
        #expect(prompt.steps == 28 && prompt.sampler == "DPM++ 2M Karras" && prompt.guidance == 6.5)
        #expect(prompt.seed == 18_446_744_073_709_551_615 && prompt.width == 512 && prompt.height == 768)
        #expect(prompt.model == "anime: v3" && prompt.strength == 0.45)
        #expect(prompt.settings["Hires prompt"] == "a cat, \"very\" sharp\nsecond line")
        #expect(prompt.settings["Lora hashes"] == "fluffy_v2: 0a1b2c, other: 3d4e")
        #expect(prompt.settings["ADetailer prompt"] == "face, [SEP], hands")
        #expect(prompt.settings["Hires upscaler"] == "4x-UltraSharp" && prompt.settings["Clip skip"] == "2")
        #expect(prompt.settings["Version"] == "v1.9.4" && prompt.settings["Model hash"] == "6ce0161689")
        #expect(prompt.settings["Steps"] == nil)
    }

    @Test func jsonWithoutQuotationMarksIsOneValue() throws {
        let text = """
            a lighthouse
            Steps: 30, Sampler: Euler a, Seed: 7, Size: 832x1216, Hashes: {"model": "aa", "lora:x": "b,b"}, Civitai resources: \
            [{"type":"checkpoint","modelVersionId":290640,"modelVersionName":"V6, XL"},{"type":"lora","weight":0.5}], Civitai metadata: {}
            """
        let prompt = try #require(recovered(["parameters": text]))
        #expect(prompt.settings["Hashes"] == #"{"model": "aa", "lora:x": "b,b"}"#)
        #expect(prompt.settings["Civitai resources"]?.hasSuffix(#""weight":0.5}]"#) == true)
        #expect(prompt.settings["Civitai metadata"] == "{}")
        #expect(prompt.width == 832 && prompt.height == 1216 && prompt.seed == 7)
    }

    @Test func missingPiecesAreForgiven() throws {
        #expect(InfoText("just a prompt").positive == "just a prompt")
        #expect(InfoText("just a prompt").settings.isEmpty)
        let onlyNegative = InfoText("Negative prompt: fog\nrain")
        #expect(onlyNegative.positive == "" && onlyNegative.negative == "fog\nrain")
        let onlySettings = InfoText("Steps: 20, Sampler: DDIM, Seed: 1")
        #expect(onlySettings.positive == "" && onlySettings.settings.map(\.value) == ["20", "DDIM", "1"])
        // Windows line ends, blank lines, lines after the settings.
        let windows = InfoText("a\r\n\r\nb\r\nNegative prompt: c\r\nSteps: 20, Seed: 5,\r\nTemplate: {a|b}, more\r\n")
        #expect(windows.positive == "a\n\nb" && windows.negative == "c")
        #expect(windows.settings.map(\.key) == ["Steps", "Seed", "Template"])
        // Settings without steps count where there are three and one is common.
        #expect(InfoText("a\nSampler: Euler, Seed: 3, Model: x").settings.count == 3)
        #expect(InfoText("a bowl, colour: red, light: soft, mood: calm").settings.isEmpty)
        // What is cut off within a value is taken as far as it goes.
        #expect(InfoText("a\nSteps: 20, Hires prompt: \"never closed, Seed: 9").settings.map(\.key) == ["Steps", "Hires prompt", "Seed"])
        #expect(recovered(["parameters": "   \n "]) == nil)
        #expect(recovered([:]) == nil)
    }

    @Test func unreadableNumbersLeaveTheFieldEmpty() throws {
        let prompt = try #require(recovered(["parameters": "a\nSteps: many, Seed: -1, Size: 5x, CFG scale: high, Model: m"]))
        #expect(prompt.steps == nil && prompt.seed == nil && prompt.width == nil && prompt.guidance == nil && prompt.model == "m")
        #expect(try #require(recovered(["parameters": "a\nSteps: 2, Size: 999999x1"])).width == nil)
    }

    @Test func aCamerasCommentIsNoPrompt() {
        #expect(RecoveredPrompts.find(in: ["UserComment": "Screenshot", "ImageDescription": "DSC_0042"], isPNG: false).isEmpty)
        #expect(RecoveredPrompts.find(in: ["Comment": "CREATOR: gd-jpeg v1.0, quality = 90"], isPNG: false).isEmpty)
        let comment = RecoveredPrompts.find(in: ["UserComment": whole], isPNG: false).first
        #expect(comment?.place == "EXIF comment" && comment?.steps == 28)
    }

    @Test func noTextBreaksIt() {
        var random = SeededGenerator.announced()
        let pieces = [
            "Steps: 20", "Negative prompt:", "\"", "\\", ",", ":", "\n", "{", "}", "[", "]", "Seed: 1", "é", "🐈", " ", "Size: 5x5", "\r\n",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            _ = RecoveredPrompts.find(in: ["parameters": text, "prompt": text, "Comment": text], isPNG: true, sidecar: ("a.txt", text))
        }
    }
}

@Suite struct LenientJSONTests {
    @Test func valuesKeepWhatTheySay() {
        #expect(
            LenientJSON(#"{"a": [1, -2.5e3, "x\u00e9\ud83d\ude00\n", true, null], "b": {}}"#)
                == .object(["a": .array([.number("1"), .number("-2.5e3"), .string("xé😀\n"), .boolean(true), .null]), "b": .object([:])]))
        #expect(LenientJSON("18446744073709551615")?.unsigned == .max)
        #expect(LenientJSON(#"{"x": NaN, "y": -Infinity}"#) == .object(["x": .null, "y": .null]))
        #expect(LenientJSON(#""half \ud83d pair""#) == .string("half \u{FFFD} pair"))
    }

    @Test(arguments: ["", "{", "[1,", "{\"a\"}", "{\"a\":}", "tru", "\"open", "[1] 2", "{a: 1}", "0x10", "\"\\u12\"", "nan"])
    func whatIsNoJSONIsNil(_ text: String) {
        #expect(LenientJSON(text) == nil)
    }

    @Test func depthHasALimit() {
        #expect(LenientJSON(String(repeating: "[", count: 100) + String(repeating: "]", count: 100)) != nil)
        #expect(LenientJSON(String(repeating: "[", count: 100_000)) == nil)
        #expect(LenientJSON(String(repeating: "[", count: 500) + String(repeating: "]", count: 500)) == nil)
    }
}

@Suite struct GraphPromptTests {
    /// The graph that ComfyUI starts with, with a LoRA.
    private let plain = """
        {"3": {"class_type": "KSampler", "inputs": {"seed": 156680208700286, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": \
        "normal", "denoise": 1, "model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}, "is_changed": NaN},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15\\\\v1-5-pruned.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 640, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a glass bottle, galaxy inside", "clip": ["10", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "text, watermark", "clip": ["10", 1]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "out", "images": ["8", 0]}},
        "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "glass.safetensors", "strength_model": 0.75, "strength_clip": 1, \
        "model": ["4", 0], "clip": ["4", 1]}}}
        """

    @Test func thePlainGraphIsRead() throws {
        let prompt = try #require(recovered(["prompt": plain, "workflow": "{}"]))
        #expect(prompt.tool == .comfyui && prompt.place == "PNG entry \"prompt\"")
        #expect(prompt.positive == "a glass bottle, galaxy inside" && prompt.negative == "text, watermark")
        #expect(prompt.seed == 156_680_208_700_286 && prompt.steps == 20 && prompt.guidance == 8 && prompt.sampler == "euler")
        #expect(prompt.model == "v1-5-pruned" && prompt.width == 512 && prompt.height == 640 && prompt.strength == nil)
        #expect(prompt.settings == ["Scheduler": "normal", "Loras": "glass: 0.75"])
    }

    @Test func inWebPTheGraphStandsUnderTheCamera() throws {
        let found = RecoveredPrompts.find(in: ["Model": "prompt:" + plain, "Make": "workflow:{}"], isPNG: false)
        #expect(found.first?.positive == "a glass bottle, galaxy inside" && found.first?.place == "EXIF entry \"Model\"")
    }

    /// Two samplers, a text from a chain of nodes, ControlNet between text and sampler, a style, sizes from a node of their own.
    @Test func textsAreFoundThroughManyNodes() throws {
        let graph = """
            {"1": {"class_type": "KSampler", "inputs": {"seed": ["20", 0], "steps": 12, "cfg": 5.5, "sampler_name": "dpmpp_2m", "scheduler": "karras",
             "denoise": 1.0, "model": ["4", 0], "positive": ["11", 0], "negative": ["11", 1], "latent_image": ["5", 0]}},
            "2": {"class_type": "LatentUpscale", "inputs": {"samples": ["1", 0], "width": 1024, "height": 1024}},
            "3": {"class_type": "KSampler", "inputs": {"seed": 99, "steps": 8, "cfg": 4, "sampler_name": "euler", "scheduler": "normal",
             "denoise": 0.4, "model": ["4", 0], "positive": ["15", 0], "negative": ["11", 1], "latent_image": ["2", 0]}},
            "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "models/xl base.safetensors"}},
            "5": {"class_type": "EmptyLatentImage", "inputs": {"width": ["21", 0], "height": 768, "batch_size": 1}},
            "11": {"class_type": "ControlNetApplyAdvanced", "inputs": {"positive": ["12", 0], "negative": ["13", 0], "control_net": ["30", 0],
             "image": ["31", 0], "strength": 0.6}},
            "12": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["14", 0], "conditioning_2": ["16", 0]}},
            "13": {"class_type": "CLIPTextEncode", "inputs": {"text": ["17", 1], "clip": ["4", 1]}},
            "14": {"class_type": "CLIPTextEncodeSDXL", "inputs": {"text_g": ["17", 0], "text_l": "oil on canvas", "clip": ["4", 1], "width": 1}},
            "15": {"class_type": "CLIPTextEncode", "inputs": {"text": "sharp face", "clip": ["4", 1]}},
            "16": {"class_type": "CLIPTextEncode", "inputs": {"text": ["18", 0], "clip": ["4", 1]}},
            "17": {"class_type": "SDXLPromptStyler", "inputs": {"text_positive": "a harbour at dawn", "text_negative": "people", "style": "x"}},
            "18": {"class_type": "StringConcatenate", "inputs": {"string_a": ["19", 0], "string_b": "fog", "delimiter": "; "}},
            "19": {"class_type": "PrimitiveString", "inputs": {"value": "boats"}},
            "20": {"class_type": "PrimitiveInt", "inputs": {"value": 18446744073709551615}},
            "21": {"class_type": "PrimitiveInt", "inputs": {"value": 896}},
            "40": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
            "41": {"class_type": "SaveImage", "inputs": {"images": ["40", 0]}}}
            """
        let prompt = try #require(recovered(["prompt": graph]))
        #expect(prompt.positive == "a harbour at dawn, oil on canvas, boats; fog")
        #expect(prompt.negative == "people")
        #expect(prompt.seed == .max && prompt.steps == 12 && prompt.guidance == 5.5)
        #expect(prompt.width == 896 && prompt.height == 768 && prompt.model == "xl base")
        #expect(prompt.settings["Prompt of node 3"] == "sharp face")
    }

    @Test func samplersInPartsAreRead() throws {
        let graph = """
            {"13": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["25", 0], "guider": ["22", 0], "sampler": ["16", 0],
             "sigmas": ["17", 0], "latent_image": ["27", 0]}},
            "25": {"class_type": "RandomNoise", "inputs": {"noise_seed": 42}}, "16": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
            "17": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 4, "denoise": 0.7, "model": ["12", 0]}},
            "22": {"class_type": "BasicGuider", "inputs": {"model": ["12", 0], "conditioning": ["26", 0]}},
            "26": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["6", 0]}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a tram in the rain", "clip": ["11", 0]}},
            "12": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-schnell.sft"}},
            "27": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 768, "batch_size": 1}}}
            """
        let prompt = try #require(recovered(["prompt": graph]))
        #expect(prompt.positive == "a tram in the rain" && prompt.negative == "")
        #expect(prompt.seed == 42 && prompt.steps == 4 && prompt.sampler == "euler" && prompt.strength == 0.7)
        #expect(prompt.model == "flux1-schnell" && prompt.width == 1024 && prompt.settings["Guidance"] == "3.5")
    }

    @Test func theDrawnGraphServesWhereTheOtherIsMissing() throws {
        let graph = """
            {"last_node_id": 9, "nodes": [
             {"id": 3, "type": "KSampler", "mode": 0, "inputs": [{"name": "model", "link": 1}, {"name": "positive", "link": 4},
              {"name": "negative", "link": 6}, {"name": "latent_image", "link": 2}], "widgets_values": [8, "randomize", 25, 7.5, "ddim", "normal", 1]},
             {"id": 4, "type": "CheckpointLoaderSimple", "inputs": [], "widgets_values": ["dream.ckpt"]},
             {"id": 5, "type": "EmptyLatentImage", "inputs": [], "widgets_values": [640, 448, 1]},
             {"id": 6, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "link": 3}], "widgets_values": ["a windmill"]},
             {"id": 7, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "link": 5}], "widgets_values": ["cars"]},
             {"id": 30, "type": "CLIPTextEncode", "mode": 4, "inputs": [], "widgets_values": ["bypassed"]},
             {"id": 31, "type": "Note", "inputs": [], "widgets_values": ["remember the milk"]}],
             "links": [[1,4,0,3,0,"MODEL"],[2,5,0,3,3,"LATENT"],[3,4,1,6,0,"CLIP"],[4,6,0,3,1,"CONDITIONING"],[5,4,1,7,0,"CLIP"],
              [6,7,0,3,2,"CONDITIONING"]]}
            """
        let prompt = try #require(recovered(["workflow": graph]))
        #expect(prompt.positive == "a windmill" && prompt.negative == "cars" && prompt.seed == 8 && prompt.steps == 25)
        #expect(
            prompt.sampler == "ddim" && prompt.guidance == 7.5 && prompt.model == "dream" && prompt.width == 640 && prompt.height == 448)
    }

    /// Graphs that each call the next ten times, and lists of nothing but blanks: both end soon.
    @Test(.timeLimit(.minutes(1))) func whatMultipliesHasAnEnd() {
        func nodes(_ kind: String) -> String { (1...10).map { #"{"id": \#($0), "type": "\#(kind)"}"# }.joined(separator: ",") }
        let graphs = (0..<9).map { #"{"id": "g\#($0)", "nodes": [\#(nodes("g\($0 + 1)"))], "links": []}"# }.joined(separator: ",")
        let begin = ContinuousClock.now
        _ = recovered(["workflow": #"{"nodes": [\#(nodes("g0"))], "links": [], "definitions": {"subgraphs": [\#(graphs)]}}"#])
        let list = String(repeating: "<rdf:li> </rdf:li>", count: 58_000)
        #expect(XMPPacket("<dc:subject>\(list)<rdf:li>a</rdf:li><rdf:li>b</rdf:li></dc:subject>").properties["dc:subject"] == "a, b")
        #expect(begin.duration(to: .now) < .seconds(5))
    }

    @Test func ringsAndLooseEndsLeadNowhere() {
        let ring = """
            {"1": {"class_type": "KSampler", "inputs": {"seed": 1, "positive": ["2", 0], "negative": ["9", 0], "model": ["1", 0],
             "latent_image": ["1", 0]}},
            "2": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["2", 0], "conditioning_2": ["3", 0]}},
            "3": {"class_type": "CLIPTextEncode", "inputs": {"text": ["4", 0]}},
            "4": {"class_type": "Join", "inputs": {"text_a": ["4", 0], "text_b": ["5", 0]}}, "5": {"class_type": "Join", "inputs": {"text": ["4", 0]}}}
            """
        #expect(recovered(["prompt": ring])?.positive == "")
        #expect(recovered(["prompt": #"{"1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}}}"#]) == nil)
    }

    @Test func noGraphBreaksIt() {
        var random = SeededGenerator.announced()
        let kinds = ["KSampler", "CLIPTextEncode", "ConditioningCombine", "SaveImage", "ControlNetApplyAdvanced", "Join"]
        let names = [
            "positive", "negative", "text", "conditioning", "latent_image", "model", "images", "seed", "text_a", "width", "height",
        ]
        for _ in 0..<500 {
            let count = Int.random(in: 1...12, using: &random)
            let nodes = (0..<count).map { id in
                let inputs = names.map { name in
                    Bool.random(using: &random)
                        ? "\"\(name)\": [\"\(Int.random(in: 0..<count, using: &random))\", \(Int.random(in: 0...1, using: &random))]"
                        : "\"\(name)\": \"v\(Int.random(in: 0...9, using: &random))\""
                }
                return
                    "\"\(id)\": {\"class_type\": \"\(kinds.randomElement(using: &random)!)\", \"inputs\": {\(inputs.joined(separator: ", "))}}"
            }
            _ = recovered(["prompt": "{\(nodes.joined(separator: ", "))}"])
        }
    }
}

@Suite struct OtherToolsTests {
    @Test func novelAI() throws {
        let comment = """
            {"steps": 28, "sampler": "k_euler", "seed": 3735928559, "strength": 0.7, "scale": 5.0, "uc": "lowres", "width": 832, "height": 1216,
             "request_type": "PromptGenerateRequest", "v4_prompt": {"caption": {"base_caption": "two friends", "char_captions": [{"char_caption": "girl, hat"}]}}}
            """
        let prompt = try #require(
            recovered(["Software": "NovelAI", "Source": "NovelAI Diffusion V4", "Description": "two friends", "Comment": comment]))
        #expect(prompt.tool == .novelai && prompt.positive == "two friends, girl, hat" && prompt.negative == "lowres")
        #expect(prompt.seed == 3_735_928_559 && prompt.guidance == 5 && prompt.width == 832 && prompt.strength == nil)
        #expect(prompt.model == "NovelAI Diffusion V4")
    }

    @Test func invokeAI() throws {
        let metadata = """
            {"positive_prompt": "a fox", "negative_prompt": "dogs", "width": 512, "height": 512, "seed": 5, "cfg_scale": 7.5, "steps": 30,
             "scheduler": "euler", "model": {"key": "k", "name": "stable-diffusion-v1-5"}}
            """
        let prompt = try #require(recovered(["invokeai_metadata": metadata]))
        #expect(prompt.tool == .invokeai && prompt.positive == "a fox" && prompt.negative == "dogs" && prompt.seed == 5)
        #expect(prompt.model == "stable-diffusion-v1-5" && prompt.sampler == "euler" && prompt.width == 512)
    }

    @Test func toolsThatWriteJSONAsParameters() throws {
        let swarm =
            #"{"sui_image_params": {"prompt": "a pier", "negativeprompt": "fog", "model": "x/y.safetensors", "seed": 11, "cfgscale": 6}}"#
        #expect(recovered(["parameters": swarm])?.tool == .swarmui)
        #expect(recovered(["parameters": swarm])?.model == "y")
        let fooocus =
            #"{"prompt": "a barn", "negative_prompt": "", "base_model": "jug", "resolution": "(1152, 896)", "seed": "12", "metadata_scheme": "fooocus"}"#
        let prompt = try #require(recovered(["parameters": fooocus]))
        #expect(prompt.tool == .fooocus && prompt.width == 1152 && prompt.height == 896 && prompt.seed == 12 && prompt.model == "jug")
    }

    @Test func redrawsOwnRecordComesFirstAndOnce() throws {
        let texts = [
            "parameters": "a cat\nNegative prompt: dog\nSteps: 20, Sampler: DDIM, Seed: 7, Size: 256x192, Version: Redraw",
            "redraw":
                #"{"mode": "generate", "prompt": "a cat", "negative": "dog", "seed": 7, "steps": 20, "strength": 0.6, "profile": "redraw"}"#,
        ]
        let found = RecoveredPrompts.find(in: texts, isPNG: true)
        #expect(found.map(\.tool) == [.redraw] && found[0].strength == 0.6)
        #expect(RecoveredPrompts.find(in: ["UserComment": texts["parameters"]!], isPNG: false).map(\.tool) == [.redraw])
    }

    @Test func aCaptionComesAfterARecord() throws {
        let caption = (name: "photo.txt", text: "1girl, solo, outdoors\n")
        #expect(recovered([:], sidecar: caption)?.tool == .text)
        #expect(recovered([:], sidecar: caption)?.positive == "1girl, solo, outdoors")
        let both = RecoveredPrompts.find(in: ["parameters": "a cat\nSteps: 2, Seed: 1"], isPNG: true, sidecar: caption)
        #expect(both.map(\.place) == ["PNG entry \"parameters\"", "photo.txt"])
        #expect(recovered([:], sidecar: ("a.txt", String(repeating: "x", count: RecoveredPrompts.longestCaption + 1))) == nil)
        #expect(recovered([:], sidecar: ("a.txt", "a cat\nNegative prompt: dog\nSteps: 3, Seed: 4"))?.steps == 3)
    }

    @Test func scriptsFindEveryKey() throws {
        let prompt = RecoveredPrompt(tool: .text, place: "a.txt", positive: "a")
        let json = try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(prompt)) as? [String: Any])
        #expect(json.count == 13 && json["seed"] is NSNull)
        #expect(try JSONDecoder().decode(RecoveredPrompt.self, from: JSONEncoder().encode(prompt)) == prompt)
    }
}
