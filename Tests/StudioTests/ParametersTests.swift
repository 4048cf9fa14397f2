import Foundation
import Pixels
import TestSupport
import Testing

@testable import Diffusion
@testable import Engines
@testable import Studio

/// What a file says of how a picture was made fills what a person leaves out; and what Redraw writes is what other tools read.
@Suite struct ParametersTests {
    private let pictures: ScreenedPictures

    init() throws { pictures = try ScreenedPictures() }

    private func filled(from name: String, _ change: (inout GenerationWish) -> Void = { _ in }) throws -> (GenerationWish, [String]) {
        var wish = GenerationWish()
        wish.mode = "paint"
        change(&wish)
        let notes = try pictures.studio.fill(&wish, from: pictures.path(name))
        return (wish, notes)
    }

    @Test func aPictureOfTheWebUIs() throws {
        let text = """
            a cat, <lora:soft:0.8>
            Negative prompt: dog
            Steps: 31, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 12345678901, Size: 512x768, Model: nowhere, Clip skip: 2
            """
        try ImageFile.write(
            Image(width: 2, height: 2, channels: 3, bytes: .init(repeating: 1, count: 12)), to: pictures.url("theirs.png"),
            text: [("parameters", text)])
        let (wish, notes) = try filled(from: "theirs.png") { ($0.steps, $0.negative) = (5, "") }
        #expect((wish.prompt, wish.negative, wish.steps, wish.guidance) == ("a cat, <lora:soft:0.8>", "", 5, 6.5))
        #expect((wish.seed, wish.size, wish.sampler, wish.clipSkip) == (12_345_678_901, "512x768", "dpmpp-2m-karras", 2))
        #expect(wish.model == nil && notes.contains { $0.contains("nowhere") })
        #expect(wish.profile == "a1111")
    }

    /// A sampler that is known here, though not step by step as the web UI has it: the picture can be made, and it is told that it differs.
    @Test(arguments: [("DPM++ 2M SDE", "Karras", "dpmpp-2m-sde-karras"), ("DDIM", "Automatic", "ddim"), ("UniPC", "Automatic", "unipc")])
    func samplersThatTheProfileDoesNotReproduceRunAllTheSame(_ sampler: String, _ levels: String, _ known: String) async throws {
        let text = "a cat\nSteps: 20, Sampler: \(sampler), Schedule type: \(levels), CFG scale: 7, Seed: 5, Size: 64x64"
        try text.write(to: pictures.url("theirs.txt"), atomically: true, encoding: .utf8)
        let (wish, notes) = try filled(from: "theirs.txt")
        #expect(wish.sampler == known && wish.profile == nil)
        #expect(notes.contains { $0.contains("does not reproduce \(sampler)") }, "\(notes)")
        #expect(try await pictures.studio.order(wish).request.sampler.rawValue == known)
    }

    @Test func textsOfOtherTools() throws {
        let graph = """
            {"3":{"class_type":"KSampler","inputs":{"seed":7,"steps":21,"cfg":5.5,"sampler_name":"euler","scheduler":"normal","denoise":1.0,
            "model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}},
            "4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"x.safetensors"}},
            "5":{"class_type":"EmptyLatentImage","inputs":{"width":640,"height":448,"batch_size":1}},
            "6":{"class_type":"CLIPTextEncode","inputs":{"text":"a lighthouse","clip":["4",1]}},
            "7":{"class_type":"CLIPTextEncode","inputs":{"text":"blurry","clip":["4",1]}}}
            """
        try graph.write(to: pictures.url("graph.json"), atomically: true, encoding: .utf8)
        let (wish, _) = try filled(from: "graph.json")
        #expect((wish.prompt, wish.negative, wish.seed, wish.steps) == ("a lighthouse", "blurry", 7, 21))
        #expect((wish.guidance, wish.size) == (5.5, "640x448"))
        try "just a boat on a lake".write(to: pictures.url("words.txt"), atomically: true, encoding: .utf8)
        #expect(try filled(from: "words.txt").0.prompt == "just a boat on a lake")
    }

    /// The order that comes of a picture is the one that made it.
    @Test(arguments: ["redraw", "a1111"]) func aPictureOfOurOwnComesToTheSameOrder(_ infotext: String) async throws {
        var wish = GenerationWish()
        (wish.mode, wish.prompt, wish.negative, wish.steps, wish.guidance) = ("paint", "a {red|blue} cat", "dog", 9, 3.5)
        (wish.seed, wish.size, wish.sampler, wish.firstSide, wish.infotext) = (77, "96x64", "euler-a", 0, infotext)
        wish.output = pictures.path("made.png")
        let order = try await pictures.studio.order(wish)
        _ = try await pictures.studio.generate(order)
        let (again, notes) = try filled(from: "made.png") { ($0.output, $0.infotext) = (pictures.path("again.png"), infotext) }
        #expect(notes.isEmpty)
        var expected = order.request
        expected.wording = nil
        let remade = try await pictures.studio.order(again)
        #expect(remade.request == expected && remade.model == order.model)
    }

    /// All that a picture's own record says and another picture would come of otherwise, a redrawn one's and a painted one's.
    @Test(arguments: ["paint", "generate"]) func theOwnRecordSaysAllOfIt(_ mode: String) async throws {
        try pictures.add("cup.png", shade: 3, tags: [])
        func asked(_ change: (inout GenerationWish) throws -> Void) async throws -> GenerationOrder {
            var wish = GenerationWish()
            wish.mode = mode
            if mode == "generate" { wish.picture = pictures.path("cup.png") }
            try change(&wish)
            return try await pictures.studio.order(wish)
        }
        let order = try await asked { wish in
            (wish.prompt, wish.negative, wish.steps, wish.seed, wish.size) = ("a cup", "", 9, 77, "96x64")
            (wish.guidance, wish.guidanceUntil, wish.spacing, wish.sampler) = (3.5, 0.6, "trailing", "euler")
            (wish.autoencoder, wish.prediction, wish.precision) = ("tiny", "v", "int8")
            (wish.reuseEvery, wish.mergeTokens) = (2, 0.5)
            if mode == "generate" { (wish.strength, wish.background, wish.outputSize, wish.resize) = (0.5, "grey", "picture", "fill") }
        }
        let record = GenerationText(
            request: order.request, seed: 77, model: order.model.name, steps: StepPlan(outside: 9, strength: nil), width: 96, height: 64)
        let own = try #require(record.entries().first { $0.key == "redraw" })
        try own.text.write(to: pictures.url("record.json"), atomically: true, encoding: .utf8)
        let again = try await asked { _ = try pictures.studio.fill(&$0, from: pictures.path("record.json")) }
        #expect(again.request == order.request)
        #expect(again.request.readsEmptyNegative && again.request.guidanceUntil == 0.6 && again.request.precision == .int8)
        // And so does what the page orders again.
        let page = LibraryWish(order.request, strengths: nil, picture: nil, mask: nil).settings
        #expect((page.guidanceUntil, page.spacing, page.autoencoder, page.prediction) == (0.6, "trailing", "tiny", "v"))
        #expect((page.reuseEvery, page.mergeTokens, page.precision) == (2, 0.5, "int8"))
        #expect(page.background == (mode == "generate" ? "grey" : nil))
        // Another negative prompt is read as it was given.
        let other = try await asked { wish in
            wish.negative = "fog"
            _ = try pictures.studio.fill(&wish, from: pictures.path("record.json"))
        }
        #expect(other.request.negative == "fog" && !other.request.readsEmptyNegative)
    }

    @Test func aFileWithoutParametersIsTold() throws {
        try pictures.add("plain.png", shade: 1, tags: [])
        #expect(throws: ParametersError.none(path: pictures.path("plain.png"))) { try filled(from: "plain.png") }
        try Data([0, 1, 2, 255, 0, 7, 0xFE]).write(to: pictures.url("bytes.bin"))
        #expect(throws: (any Error).self) { try filled(from: "bytes.bin") }
        #expect(throws: ImageError.self) { try filled(from: "nowhere.png") }
    }

    // MARK: Written for other tools

    private func text(_ change: (inout GenerationRequest) -> Void, _ hashes: GenerationText.Hashes = .init()) -> String {
        var request = GenerationRequest(mode: .paint, prompt: "a cat, <lora:soft:0.8>", negative: "dog", steps: 20, guidance: 7)
        (request.sampler, request.infotext) = (.dpmpp2MKarras, .a1111)
        change(&request)
        var text = GenerationText(
            request: request, seed: 5, model: "photoreal",
            steps: StepPlan(requested: 20, run: 20, passes: 20, firstTimestep: 999, start: 0),
            width: 512, height: 640)
        text.hashes = hashes
        return text.parameters
    }

    @Test func theLineIsTheWebUIs() {
        #expect(
            text({ _ in }, .init(model: "0123456789", loras: [("soft", "abcdefabcdef"), ("hard", "123456123456")])) == """
                a cat, <lora:soft:0.8>
                Negative prompt: dog
                Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 5, Size: 512x640, Model hash: 0123456789, \
                Model: photoreal, Lora hashes: "soft: abcdefabcdef, hard: 123456123456", Version: Redraw
                """)
        let repainted = text { request in
            (request.mode, request.strength, request.area, request.clipSkip) = (.repaint, 0.75, .masked, 2)
            request.sampler = .eulerAncestral
        }
        #expect(
            repainted.hasSuffix(
                "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x640, Model: photoreal, Denoising strength: 0.75, "
                    + "Clip skip: 2, Mask blur: 4, Inpaint area: Only masked, Masked area padding: 32, Version: Redraw"))
    }

    /// The first ten digits of the file's SHA-256, and twelve of that of a LoRA's numbers alone, as `sha256sum` tells them.
    @Test func hashesAreTheOnesOthersHave() throws {
        let header = Array(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#.utf8)
        func write(_ name: String, _ numbers: [UInt8]) throws {
            let place = pictures.url(name)
            try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data([UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + numbers).write(to: place)
        }
        try write("models/photoreal.safetensors", [1, 2, 3, 4])
        try write("models/loras/soft.safetensors", [5, 6, 7, 8])
        try Data([5, 6, 7, 8]).write(to: pictures.url("numbers"))
        func told(_ name: String) throws -> String? { try OutsideProgram.run("sha256sum", pictures.path(name))?.output }
        guard let whole = try told("models/photoreal.safetensors"), let numbers = try told("numbers") else { return }
        var request = GenerationRequest(mode: .paint, prompt: "a <lora:soft:0.8> <lora:soft:1> <lora:nowhere>")
        (request.seed, request.model) = (1, "photoreal")
        let order = GenerationOrder(
            request: request, model: .init(name: "photoreal", path: pictures.path("models/photoreal.safetensors")), engine: "builtin",
            place: .folder(pictures.folder.url))
        let wanted = GenerationText.Hashes(model: String(whole.prefix(10)), loras: [("soft", String(numbers.prefix(12)))])
        #expect(pictures.studio.calledHashes(of: order) == wanted)
        // Kept, and made again once the file is another.
        #expect(pictures.studio.calledHashes(of: order) == wanted)
        try write("models/photoreal.safetensors", [1, 2, 3, 4, 5])
        #expect(pictures.studio.calledHashes(of: order).model == (try told("models/photoreal.safetensors")).map { String($0.prefix(10)) })
    }

    // MARK: LoRAs by their hashes

    /// A file of one number, with what a trainer told in it.
    private func writeLoRA(_ name: String, _ number: UInt8, metadata: String = "") throws -> URL {
        let place = pictures.studio.installation.personalModels.appendingPathComponent("loras/\(name).safetensors")
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        let header = Array(#"{\#(metadata)"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#.utf8)
        try Data([UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [number, 0, 0, 0]).write(to: place)
        return place
    }

    /// By AutoV3, AutoV2, by what the trainer wrote, and as collections and Additional Networks have it; the names found are the ones called.
    @Test func aLoRAOfAnotherNameIsFoundByItsHash() throws {
        let (soft, hard) = (try writeLoRA("renamed", 1), try writeLoRA("styles/hard too", 2))
        _ = try writeLoRA("trained", 3, metadata: #""__metadata__":{"sshs_model_hash":"00112233445566778899"},"#)
        let (first, second) = (try FileDigests.make(of: soft), try FileDigests.make(of: hard))
        let text = """
            a cat, <lora:soft v1:0.8> <LORA: hard :0.5:lbw=INALL> <lora:theirs> <lora:gone:1> <lora:renamed>
            Steps: 20, Sampler: Euler, Seed: 1, Lora hashes: "soft v1: \(try #require(first.autoV3)), hard: \(second.autoV2.uppercased()), \
            theirs: 001122334455, gone: ffffffffffff, renamed: eeeeeeeeeeee"
            """
        let report = pictures.studio.infotext(text)
        #expect(
            report.wish.settings.prompt
                == "a cat, <lora:renamed:0.8> <LORA:hard too:0.5:lbw=INALL> <lora:trained> <lora:gone:1> <lora:renamed>")
        #expect(report.notes.contains { $0.contains("soft v1 is called renamed here") }, "\(report.notes)")
        #expect(report.notes.contains { $0.contains("gone is not here") && $0.contains("ffffffffffff") })
        #expect(!report.notes.contains { $0.contains("renamed is") || $0.contains("Lora hashes") })

        let digits = try #require(first.autoV3)
        let collected =
            "a cat <lora:a:1>\nSteps: 5, Seed: 1, Size: 64x64, Hashes: {\"lora:a\": \"\(digits.prefix(10))\", \"model\": \"0123456789\"}"
        #expect(pictures.studio.infotext(collected).wish.settings.prompt == "a cat <lora:renamed:1>")
        let networks = """
            a cat
            Steps: 5, Seed: 1, AddNet Enabled: True, AddNet Module 1: LoRA, AddNet Model 1: ink(\(digits)), AddNet Weight A 1: 0.8, \
            AddNet Weight B 1: 0.6
            """
        let added = pictures.studio.infotext(networks)
        #expect(added.wish.settings.prompt == "a cat <lora:renamed:0.6:0.8>" && !added.notes.contains { $0.contains("AddNet") })
    }

    /// What is none of these things changes nothing.
    @Test(arguments: ["Lora hashes: \"a: xyz, b, : 12345678, c: 123\"", "Hashes: {]", "AddNet Model 1: ink, AddNet Model 2: None", ""])
    func oddHashesChangeNothing(_ settings: String) throws {
        _ = try writeLoRA("renamed", 1)
        let text = "a <b <lora:a:1> <lora:c> <\nSteps: 5, Seed: 1, Size: 64x64\(settings.isEmpty ? "" : ", " + settings)"
        #expect(pictures.studio.infotext(text).wish.settings.prompt == "a <b <lora:a:1> <lora:c> <")
    }
}
