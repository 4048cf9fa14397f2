import Checkpoints
import Diffusion
import Engines
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Studio

/// Models of few steps and LoRAs that make one: what an order comes to, and that the person's word goes before it.
@Suite struct FewStepOrderTests {
    private let folder: TemporaryFolder
    private let studio: Studio
    private let model: URL

    init() throws {
        folder = try TemporaryFolder()
        studio = Studio(installation: try .current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path]))
        model = folder.url.appendingPathComponent("some/castle")
        let unet = model.appendingPathComponent("unet")
        try FileManager.default.createDirectory(at: unet, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: unet.appendingPathComponent("config.json"))
        let loras = model.deletingLastPathComponent().appendingPathComponent("loras")
        try FileManager.default.createDirectory(at: loras, withIntermediateDirectories: true)
        let names = [
            "lcm-lora-sdv1-5", "Hyper-SD15-8steps-CFG-lora", "brush", "Hyper-SD15-1step-lora", "TCD-SD15-LoRA", "dmd2_sd15_1step_lora",
        ]
        for name in names {
            try SafetensorsFile.write(
                tensors: [("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", .zeros([1, 1]))],
                to: loras.appendingPathComponent("\(name).safetensors"))
        }
    }

    private func order(_ prompt: String, _ change: (inout GenerationWish) -> Void = { _ in }) async throws -> GenerationOrder {
        var wish = GenerationWish()
        (wish.prompt, wish.model) = (prompt, model.path)
        change(&wish)
        return try await studio.order(wish)
    }

    @Test func aLoRAOfFewStepsMakesTheModelOne() async throws {
        let usual = try await order("a castle <lora:brush>")
        #expect((usual.request.steps, usual.request.guidance, usual.request.spacing) == (20, 7.5, nil) && usual.recognised == nil)
        let quick = try await order("a castle <lora:brush><lora:lcm-lora-sdv1-5>")
        #expect((quick.request.steps, quick.request.guidance, quick.request.sampler) == (4, 1, .lcm))
        #expect(
            quick.recognised
                == .init(
                    kind: "a latent consistency model", sign: "the LoRA's name says so", settings: "4 steps, guidance 1, sampler lcm"))
        let hyper = try await order("a castle <lora:hyper-sd15-8steps-cfg-lora:0.8>")
        #expect((hyper.request.steps, hyper.request.guidance, hyper.request.spacing) == (8, 5, .trailing))
        #expect(hyper.recognised?.settings == "8 steps, guidance 5, sampler ddim, --spacing trailing")
        #expect(try await order("a castle <lora:lcm-lora-sdv1-5:0.3>").recognised == nil)
    }

    /// A manifest says steps and sampler, and the name how the steps are spaced: what Redraw fetches by its name runs as its authors say.
    @Test func modelsThatAreKnownByNameAreSpacedAsTheirAuthorsSay() async throws {
        for (name, spacing) in [
            ("sdxl-lightning", StepSpacing.trailing), ("realvisxl-v5-lightning", .trailing), ("sdxl-turbo", .trailing), ("sdxl", nil),
        ] {
            let place = model.appendingPathComponent("manifest.json")
            try? FileManager.default.removeItem(at: place)
            try FileManager.default.copyItem(at: checkout.appendingPathComponent("Models/\(name)/manifest.json"), to: place)
            let order = try await order("a castle")
            #expect(order.request.spacing == spacing && (order.recognised == nil) == (spacing == nil), "\(name)")
            #expect(try await self.order("a castle") { $0.spacing = "leading" }.request.spacing == .leading)
        }
    }

    /// In the prompt that was approved and in a style's words as in the one that was said; it is asked for once the wish is found sound.
    @Test func aLoRAOfTheApprovedPromptAndOfAStyleCounts() throws {
        let picture = GenerationOrder.Picture(path: "/p.png", sha256: "aa", width: 64, height: 64)
        func order(_ wish: GenerationWish, approved: String) throws -> GenerationOrder {
            try GenerationOrder(
                wish,
                OrderKnowledge(
                    distilled: { prompt in
                        guard prompt.contains("<lora:quick>") else { return nil }
                        return (.init(steps: 4, guidance: 1, sampler: "lcm"), .init(kind: "a quick model", sign: "the LoRA's name says so"))
                    },
                    picture: picture, model: { .init(name: "m", path: "/m") },
                    approved: { .init(positive: approved, negative: "", number: 2) },
                    style: { .init(name: $0, prompt: "fine <lora:quick>", negative: "") }))
        }
        var wish = GenerationWish()
        wish.picture = "p.png"
        let quick = try order(wish, approved: "a cat <lora:quick>")
        #expect((quick.request.steps, quick.request.guidance, quick.request.sampler) == (4, 1, .lcm))
        #expect(quick.request.prompt == "a cat <lora:quick>" && quick.promptNumber == 2)
        #expect(quick.recognised?.settings == "4 steps, guidance 1, sampler lcm")
        let usual = try order(wish, approved: "a cat")
        #expect(usual.recognised == nil && usual.request.steps == 20)
        wish.styles = ["fine"]
        #expect(try order(wish, approved: "a cat").request.sampler == .lcm)
        (wish.styles, wish.steps) = (nil, 9)
        #expect(try order(wish, approved: "a cat <lora:quick>").recognised?.settings == "9 steps, guidance 1, sampler lcm")
        wish.prompt = "a dog"
        #expect(try order(wish, approved: "a cat <lora:quick>").recognised == nil)
    }

    @Test func whatThePersonSaysGoesBefore() async throws {
        let own = try await order("a castle <lora:Hyper-SD15-8steps-CFG-lora>") {
            ($0.steps, $0.guidance, $0.sampler, $0.spacing) = (12, 3, "euler", "linspace")
        }
        #expect((own.request.steps, own.request.guidance) == (12, 3))
        #expect((own.request.sampler, own.request.spacing) == (.euler, .linspace))
        #expect(own.recognised?.settings == "12 steps, guidance 3, sampler euler, --spacing linspace")
    }

    @Test func trajectoriesTakeTheirSamplerAndFreshNoise() async throws {
        let one = try await order("a castle <lora:Hyper-SD15-1step-lora>")
        #expect(one.recognised?.settings == "1 step, guidance 1, sampler tcd, eta 1")
        let few = try await order("a castle <lora:TCD-SD15-LoRA>")
        #expect((few.request.steps, few.request.sampler, few.request.eta) == (4, .tcd, 0.3) && OrderReport(few).eta == 0.3)
        // diffusers' pipelines say 0 where nobody says anything.
        #expect(try await order("a castle <lora:TCD-SD15-LoRA>") { $0.profile = "diffusers" }.request.eta == 0)
        #expect(try await order("a castle <lora:TCD-SD15-LoRA>") { $0.eta = 0.8 }.request.eta == 0.8)
        #expect(try await order("a castle <lora:TCD-SD15-LoRA>") { $0.sampler = "lcm" }.request.eta == nil)
        #expect(try await order("a castle") { $0.sampler = "tcd" }.request.eta == 0.3)
        let wrong = try await #require(throws: OrderError.self) { try await order("a castle") { $0.eta = 0.5 } }
        #expect(wrong.field == "eta")
    }

    @Test func aModelOfOneCertainStepIsTold() async throws {
        let one = try await order("a castle <lora:dmd2_sd15_1step_lora>")
        #expect(one.recognised?.settings == "1 step, guidance 1, sampler lcm, --spacing 399" && one.request.spacing == .at([399]))
        // As many steps as the person says, and with the sampler that was named, walk from the last on.
        let more = try await order("a castle <lora:dmd2_sd15_1step_lora>") { $0.steps = 2 }
        #expect((more.request.steps, more.request.spacing) == (2, .trailing))
        let other = try await order("a castle <lora:dmd2_sd15_1step_lora>") { $0.sampler = "euler" }
        #expect((other.request.steps, other.request.spacing) == (1, .trailing))
    }

    @Test func stepsThatAreToldOneByOneSayHowMany() async throws {
        let told = try await order("a castle") { ($0.sampler, $0.spacing) = ("lcm", "999, 749,499") }
        #expect(told.request.steps == 3 && OrderReport(told).spacing == "999,749,499")
        for change: (inout GenerationWish) -> Void in [
            { ($0.sampler, $0.spacing) = ("lcm", "249,499") }, { $0.spacing = "999,499" },
            { ($0.sampler, $0.spacing, $0.steps) = ("tcd", "999,499", 4) },
        ] {
            let wrong = try await #require(throws: OrderError.self) { try await order("a castle", change) }
            #expect(wrong.field == "spacing", "\(wrong)")
        }
    }

    @Test func freshNoiseAndToldStepsAreKeptAndReadBack() async throws {
        let order = try await order("a castle") { ($0.sampler, $0.spacing, $0.eta) = ("tcd", "999,499", 0.6) }
        let text = GenerationText(
            request: order.request, seed: 1, model: "castle", steps: StepPlan(outside: 2, strength: nil), width: 64, height: 64)
        let read = studio.infotext(text.parameters)
        #expect((read.wish.settings.sampler, read.wish.settings.spacing, read.wish.settings.eta) == ("tcd", "999,499", 0.6))
        #expect(read.notes.allSatisfy { !$0.contains("Eta") })
        let again = LibraryWish(order.request, strengths: nil, picture: nil, mask: nil).settings
        #expect((again.spacing, again.eta, again.steps) == ("999,499", 0.6, 2))
        #expect(studio.infotext("a cat\nSteps: 4, Sampler: Euler a, Eta: 0.5, Seed: 1").wish.settings.eta == nil)
    }

    /// The web UI's k-diffusion samplers are kept under its profile; of them, those that such models take.
    @Test func theWebUIsProfileTakesAPlainSampler() async throws {
        #expect(try await order("a castle <lora:lcm-lora-sdv1-5>") { $0.profile = "a1111" }.request.sampler == .eulerAncestral)
        #expect(try await order("a castle") { $0.profile = "a1111" }.request.sampler == .dpmpp2MKarras)
    }

    @Test func whatIsOnlyBuiltInIsRefusedElsewhereByItsKey() throws {
        let changes: [(String, (inout GenerationWish) -> Void)] = [
            ("guidanceUntil", { $0.guidanceUntil = 0.5 }), ("autoencoder", { $0.autoencoder = "tiny" }),
            ("reuseEvery", { $0.reuseEvery = 2 }), ("mergeTokens", { $0.mergeTokens = 0.5 }),
            ("spacing", { $0.spacing = "trailing" }), ("eta", { $0.eta = 0.5 }),
        ]
        for (key, change) in changes {
            var wish = GenerationWish()
            wish.prompt = "a cat"
            change(&wish)
            let known = OrderKnowledge(
                isOutside: true, model: { .init(name: "there", path: nil) }, approved: { .init(positive: "", negative: "", number: 1) })
            do {
                _ = try GenerationOrder(wish, known)
                Issue.record("\(key) was taken")
            } catch let error as OrderError {
                #expect(error.field == key, "\(error)")
            }
        }
    }

    /// Said once, kept with the order: the name for reports, the place for the engine.
    @Test func anAutoencoderIsNamedAndPlaced() async throws {
        let fitting = try await order("a castle") { $0.autoencoder = "tiny" }
        #expect(fitting.request.autoencoder == "tiny" && fitting.autoencoder == nil)
        let place = folder.url.appendingPathComponent("vae/taesd_decoder.safetensors").path
        let given = try await order("a castle") { $0.autoencoder = place }
        #expect(given.request.autoencoder == "taesd" && given.autoencoder == place)
        #expect(OrderReport(given).autoencoder == "taesd")
        let again = LibraryWish(given.request, strengths: nil, picture: nil, mask: nil).settings
        #expect(again.autoencoder == "taesd")
        var wish = LibraryWish()
        for path in ["../taesd", "/models/taesd", "taesd.safetensors", "~"] {
            wish.settings = GenerationWish()
            (wish.settings.prompt, wish.settings.autoencoder) = ("a cat", path)
            await #expect(throws: WishError.namesPath("autoencoder")) { try await studio.order(wish) }
        }
    }

    @Test func whatEndsEarlyIsKeptAndReadBack() async throws {
        let order = try await order("a castle") {
            ($0.guidanceUntil, $0.autoencoder, $0.spacing, $0.reuseEvery) = (0.6, "tiny", "trailing", 3)
            ($0.mergeTokens, $0.variationStrength, $0.variationSeed) = (0.5, 0.1, 99)
        }
        #expect(order.request.guidanceUntil == 0.6 && OrderReport(order).guidanceUntil == 0.6)
        let text = GenerationText(
            request: order.request, seed: 1, model: "castle", steps: StepPlan(outside: 20, strength: nil), width: 64, height: 64)
        let settings = studio.infotext(text.parameters).wish.settings
        #expect((settings.guidanceUntil, settings.autoencoder, settings.spacing) == (0.6, "tiny", "trailing"))
        #expect((settings.variationStrength, settings.variationSeed) == (0.1, 99))
        #expect(settings.reuseEvery == 3 && settings.mergeTokens == 0.5 && OrderReport(order).reuseEvery == 3)
        let again = LibraryWish(order.request, strengths: nil, picture: nil, mask: nil).settings
        #expect((again.guidanceUntil, again.autoencoder, again.spacing) == (0.6, "tiny", "trailing"))
        #expect(again.reuseEvery == 3 && again.mergeTokens == 0.5 && again.variationSeed == 99)
        #expect(studio.infotext("a cat\nSteps: 4, Sampler: Euler, Schedule type: SGM Uniform, Seed: 1").wish.settings.spacing == "trailing")
    }

    @Test(arguments: ["redraw", "diffusers", "a1111"]) func nothingOfItIsDoneUnasked(profile: String) async throws {
        let request = try await order("a castle") { $0.profile = profile }.request
        #expect((request.guidanceUntil, request.autoencoder, request.spacing) == (nil, nil, nil))
        #expect(request.reuseEvery == nil && request.mergeTokens == nil && request.variationSeed == nil)
    }
}
