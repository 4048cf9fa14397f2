import Foundation
import Pixels
import Synchronization
import Tensors
import Testing

@testable import Diffusion

/// All that a run can be asked for, through a family that none of the others is like.
@Suite struct FlowFamilyTests {
    private let words = ColourWords()

    private var pipeline: Pipeline {
        Pipeline(family: FlowFamily(), denoiser: FlowDenoiser(), codec: FlowCodec(), text: words)
    }

    private func request(_ mode: GenerationRequest.Mode, _ prompt: String = "red") -> GenerationRequest {
        var request = GenerationRequest(mode: mode, prompt: prompt, steps: 4, guidance: 1, seed: 7)
        (request.width, request.height) = (24, 16)
        return request
    }

    private func isOf(_ colour: [UInt8], _ image: Image) -> Bool {
        image.bytes.enumerated().allSatisfy { abs(Int($1) - Int(colour[$0 % 3])) <= 1 }
    }

    private let grey = Image(width: 24, height: 16, filledWith: [100, 120, 140])

    @Test func itPaintsWhatTheTextNames() throws {
        var steps: [Double] = []
        let made = try pipeline.run(request(.paint)) { steps.append($0.timestep) }
        #expect(steps == [1000, 750, 500, 250])
        #expect(made.pictures[0].image.size == PixelSize(width: 24, height: 16) && isOf([255, 0, 0], made.pictures[0].image))
    }

    @Test func guidancePushesAwayFromTheNegativeText() throws {
        var guided = request(.paint)
        (guided.negative, guided.guidance) = ("blue", 1.5)
        let made = try pipeline.run(guided) { _ in }
        // Red is overshot and blue undershot, and both are cut off.
        #expect(isOf([255, 0, 0], made.pictures[0].image))
        #expect(words.asked.withLock { $0 } == 2)
    }

    /// Where there is no negative prompt, the encoder says what the model is told; the web UI reads the empty text whatever it says.
    @Test func theEncoderSaysWhatStandsForNoNegativePrompt() throws {
        let pipeline = Pipeline(family: FlowFamily(), denoiser: FlowDenoiser(), codec: FlowCodec(), text: BlueNothing(words: words))
        var guided = request(.paint, "grey")
        guided.guidance = 1.5
        #expect(isOf([191, 191, 64], try pipeline.run(guided) { _ in }.pictures[0].image))
        guided.profile = .a1111
        #expect(isOf([128, 128, 128], try pipeline.run(guided) { _ in }.pictures[0].image))
    }

    @Test func itRedrawsAtAStrengthAndRefusesNothingItCan() throws {
        var half = request(.generate, "green")
        half.strength = 0.5
        let made = try pipeline.run(half, source: grey) { _ in }
        #expect(made.plan.steps.run == 2 && isOf([0, 255, 0], made.pictures[0].image))
    }

    @Test func itRepaintsUnderAMaskAndLeavesTheRest() throws {
        let mask = Mask(width: 24, height: 16, values: (0..<24 * 16).map { $0 % 24 < 12 ? 255 : 0 })
        var under = request(.repaint, "blue")
        (under.strength, under.feather) = (1, 0)
        let made = try pipeline.run(under, source: grey, mask: mask) { _ in }
        #expect(try #require(made.untouched).identical)
        let image = made.pictures[0].image
        #expect(Array(image.bytes.suffix(3)) == [100, 120, 140] && image.bytes[2] > image.bytes[0])
    }

    /// Pictures, drafts and stages in one loop, the prompt encoded once for all of it.
    @Test func itGrowsFromTheBestOfItsDrafts() throws {
        var growing = request(.paint, "green")
        (growing.width, growing.height, growing.firstSide, growing.drafts, growing.count) = (64, 48, 16, 3, 2)
        let plan = try pipeline.plan(growing, picture: nil)
        #expect(plan.stages.count == 3 && plan.drafts?.count == 3)
        let judged = Mutex(0)
        var reports: [(picture: Int, step: Int, of: Int, left: Double)] = []
        let made = try pipeline.run(
            growing,
            score: { _ in
                Float(
                    judged.withLock {
                        $0 += 1; return $0 % 3
                    })
            }
        ) {
            reports.append(($0.picture, $0.step, $0.steps, $0.secondsLeft))
        }
        #expect(words.asked.withLock { $0 } == 1)
        #expect(judged.withLock { $0 } == 6)
        // The second of three drafts was the best: scores go 1, 2, 0.
        #expect(made.pictures.map(\.seed) == [8, 11])
        #expect(made.pictures.allSatisfy { $0.image.size == PixelSize(width: 64, height: 48) && isOf([0, 255, 0], $0.image) })
        #expect(reports.count == 2 * plan.passes && reports.allSatisfy { $0.of == plan.passes })
        #expect(reports.map(\.step) == Array(1...plan.passes) + Array(1...plan.passes) && reports.last?.left == 0)
    }

    /// The plan that is handed in is the one that runs.
    @Test func aRunTakesItsPlanAndMakesNone() throws {
        let family = CountingFamily()
        let pipeline = Pipeline(family: family, denoiser: FlowDenoiser(), codec: FlowCodec(), text: words)
        var growing = request(.paint, "green")
        (growing.width, growing.height, growing.firstSide) = (64, 48, 16)
        let task = RunTask(growing, strengths: [1], source: nil, mask: nil)
        let plans = try task.plans(family)
        let before = family.planned.withLock { $0 }
        let made = try pipeline.run(task, plans: plans) { _ in }
        #expect(made[0].plan == plans[0] && family.planned.withLock { $0 } == before)
    }
}

/// The same words; nothing is blue.
private struct BlueNothing: PromptEncoder {
    let words: ColourWords

    func states(for prompt: String) throws -> Tensor { try words.states(for: prompt) }
    func tokenCount(_ prompt: String) throws -> Int { try words.tokenCount(prompt) }
    func nothing(insteadOf empty: Conditioning) -> Conditioning { Conditioning(states: Tensor([-1, -1, 1], shape: [1, 1, 3])) }
}

/// Counts how often work is planned.
private final class CountingFamily: ModelFamily {
    let planned = Mutex(0)
    private let family = FlowFamily()

    var sizeMultiple: Int { family.sizeMultiple }
    var evenMultiple: Int { family.evenMultiple }
    var usualSide: Int { family.usualSide }
    var latentChannels: Int { family.latentChannels }
    var textWidth: Int { family.textWidth }
    var wantsMask: Bool { family.wantsMask }
    var isHeldInHalves: Bool { family.isHeldInHalves }

    func isGuided(_ request: GenerationRequest) -> Bool { family.isGuided(request) }

    func sampling(_ request: GenerationRequest, strength: Double?) throws(DiffusionError) -> Sampling {
        try family.sampling(request, strength: strength)
    }

    func workload(_ canvas: PixelSize, _ request: GenerationRequest) -> Workload {
        planned.withLock { $0 += 1 }
        return family.workload(canvas, request)
    }

    func canTile(_ canvas: PixelSize) -> Bool { family.canTile(canvas) }
}

/// What is added to the UNet from outside.
@Suite struct ExtrasTests {
    private func parts() throws -> (unet: UNet, latent: Tensor, text: Tensor) {
        let goldens = try Families.goldens()
        return (try Families.unet("sd1"), try goldens["unet.sd1.latent"], try goldens["unet.sd1.text"])
    }

    @Test func nothingAddedChangesNothing() throws {
        let (unet, latent, text) = try parts()
        let context = TextContext(states: text, mask: .none)
        let plain = try unet(latent, timestep: 601, context) {}
        #expect(try unet.predict(latent, at: 601, context, .none) {} == plain)
    }

    @Test func residualsReachTheWayUpAndTheMiddle() throws {
        let (unet, latent, text) = try parts()
        let context = TextContext(states: text, mask: .none)
        let plain = try unet(latent, timestep: 601, context) {}
        #expect {
            try unet.predict(latent, at: 601, context, Extras(skips: [latent])) {}
        } throws: { error in
            guard case DiffusionError.extras(found: 1, let expected) = error else { return false }
            return expected > 1
        }
        // A residual of zeros is none; the middle's last map is the smallest.
        let levels = unet.configuration.channels
        let small = latent.shape[1] >> (levels.count - 1)
        let shape: Shape = [latent.shape[0], small, latent.shape[2] >> (levels.count - 1), levels[levels.count - 1]]
        #expect(try unet.predict(latent, at: 601, context, Extras(middle: .zeros(shape))) {} == plain)
        #expect(try unet.predict(latent, at: 601, context, Extras(middle: .filled(1, shape))) {} != plain)
    }

    /// Attention does not ask in which order tokens stand: a picture's beside the text's are as good as more text.
    @Test func tokensOfAPictureStandBesideTheTexts() throws {
        let (unet, latent, text) = try parts()
        let tokens = Tensor(text.values.map { $0 * 0.5 }, shape: text.shape)
        let together = TextContext(states: .concatenated([text, tokens], axis: 1), mask: .none)
        let expected = try unet(latent, timestep: 601, together) {}
        let given = try unet.predict(latent, at: 601, TextContext(states: text, mask: .none), Extras(pictureTokens: tokens)) {}
        let difference = zip(given.values, expected.values).map { abs($0 - $1) }.max() ?? 1
        #expect(difference < 1e-4, "\(difference)")
    }
}
