import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Gives stored states for a prompt: the goldens' runs were given states, not words.
struct StoredPrompts: PromptEncoder {
    let states: [String: Tensor]

    func states(for prompt: String) throws -> Tensor { try #require(states[prompt]) }
    func tokenCount(_ prompt: String) throws -> Int { states[prompt]?.shape[1] ?? 2 }
}

@Suite struct PipelineTests {
    struct Case: Decodable {
        let mode: GenerationRequest.Mode
        let sampler: SamplerName
        let prediction: String
        let strength: Double
        let steps: Int
        let guidance: Double
        let seed: UInt64
        let spacing: String?

        func request(of loops: PipelineTests) -> GenerationRequest {
            loops.request(mode, sampler: sampler, strength: strength, steps: steps, guidance: guidance, seed: seed)
        }
    }

    let goldens: Goldens
    let unet: UNet
    let autoencoder: Autoencoder

    init() throws {
        goldens = try Goldens("loops.safetensors")
        unet = try loadUNet("tiny/unet")
        autoencoder = try loadAutoencoder("tiny/vae")
    }

    func pipeline(prediction: String = "epsilon", spacing: String = "leading") throws -> Pipeline {
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.prediction = try #require(.init(rawValue: prediction))
        configuration.spacing = SchedulerConfiguration.Spacing(rawValue: spacing)
        let text = StoredPrompts(states: ["positive": try goldens["positive"], "negative": try goldens["negative"]])
        return try Pipeline(unet: unet, autoencoder: autoencoder, scheduler: configuration, text: text)
    }

    func request(_ mode: GenerationRequest.Mode) -> GenerationRequest {
        GenerationRequest(mode: mode, prompt: "positive", negative: "negative", guidance: 4, seed: 7, width: 32, height: 24)
    }

    /// What one of diffusers' own pipelines ran.
    func request(
        _ mode: GenerationRequest.Mode, sampler: SamplerName, strength: Double, steps: Int, guidance: Double, seed: UInt64
    ) -> GenerationRequest {
        var request = request(mode)
        (request.sampler, request.strength, request.steps) = (sampler, strength, steps)
        (request.guidance, request.seed, request.profile, request.feather) = (guidance, seed, .diffusers, 0)
        return request
    }

    /// Runs a request on the picture and the mask that diffusers was given.
    func run(_ request: GenerationRequest, by pipeline: Pipeline) throws -> (result: PipelineResult, latent: Tensor) {
        var latent: Tensor?
        let result = try pipeline.run(
            request, source: request.mode == .paint ? nil : goldens.image("source"),
            mask: request.mode == .repaint ? Mask(goldens.image("mask")) : nil
        ) { latent = $0.latent }
        return (result, try #require(latent))
    }

    /// Whole runs with the seeds of diffusers' own pipelines: latents within 1e-3 of their magnitude, pictures within 2 of 255.
    @Test func runsAgreeWithDiffusersPipelines() throws {
        let cases: [Case] = try json("loops.json")
        #expect(cases.count == 11)
        let source = try goldens.image("source")
        let mask = Mask(try goldens.image("mask"))
        for (index, one) in cases.enumerated() {
            let (result, latent) = try run(one.request(of: self), by: pipeline(prediction: one.prediction))
            let agreement = Agreement(latent.values, try goldens["\(index).latent"].values)
            print("run \(index), \(one.mode.rawValue) \(one.sampler.rawValue) \(one.prediction): \(agreement.relative)")
            #expect(agreement.relative < 1e-3, "run \(index): \(agreement)")
            var expected = try goldens.image("\(index).picture")
            if one.mode == .repaint { expected = source.pasted(expected, mask: mask) }
            let picture = result.pictures[0].image
            #expect(picture.size == expected.size)
            let largest = zip(picture.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
            #expect(largest <= 2, "run \(index): pictures differ by \(largest)")
        }
    }

    /// Every sampler in diffusers' pipelines: where strength begins, what is drawn and in which order, what is kept while repainting.
    @Test func everySamplerRunsAsInDiffusersPipelines() throws {
        let cases: [Case] = try json("sampler-loops.json")
        let expected = try Goldens("sampler-loops.safetensors")
        #expect(cases.count == 22)
        for (index, one) in cases.enumerated() {
            let pipeline = try pipeline(prediction: one.prediction, spacing: one.spacing ?? "leading")
            let latent = try run(one.request(of: self), by: pipeline).latent
            let agreement = Agreement(latent.values, try expected["\(index).latent"].values)
            #expect(agreement.relative < 1e-3, "run \(index), \(one.mode.rawValue) \(one.sampler.rawValue) \(one.prediction): \(agreement)")
        }
    }

    @Test func aFolderLoadsAsItStands() throws {
        let pipeline = try Pipeline(directory: modelFolder("tiny"), text: StoredPrompts(states: [:]))
        #expect(pipeline.sizeMultiple == 2 && pipeline.usualSide == 32)
        #expect(pipeline.noise.configuration.stepsOffset == 1 && pipeline.noise.configuration.clipsEstimate == false)
        #expect(throws: DiffusionError.self) {
            try Pipeline(directory: modelFolder("nowhere"), text: StoredPrompts(states: [:]))
        }
        #expect(throws: DiffusionError.self) {
            try Pipeline(
                unet: unet, autoencoder: loadAutoencoder("variant/vae"), scheduler: .stableDiffusion, text: StoredPrompts(states: [:]))
        }
    }

    @Test func theSameSeedGivesTheSamePictureAndAnotherDoesNot() throws {
        let source = try goldens.image("source")
        var request = request(.generate)
        request.steps = 4
        request.count = 2
        let first = try pipeline().run(request, source: source) { _ in }
        let second = try pipeline().run(request, source: source) { _ in }
        #expect(first.pictures.map(\.image) == second.pictures.map(\.image))
        #expect(first.pictures.map(\.seed) == [7, 8])
        #expect(first.pictures[0].image != first.pictures[1].image)
        request.seed = 8
        request.count = 1
        #expect(try pipeline().run(request, source: source) { _ in }.pictures[0].image == first.pictures[1].image)
    }

    @Test func thePlanIsToldBeforeTheStart() throws {
        var request = request(.generate)
        request.steps = 20
        request.strength = 0.75
        let plan = try pipeline().plan(request, picture: PixelSize(width: 100, height: 60))
        #expect(plan.steps.requested == 20 && plan.steps.run == 15 && plan.steps.firstTimestep == 701)
        #expect(plan.working == PixelSize(width: 32, height: 24) && plan.output == plan.working)
        #expect(plan.region == PixelRectangle(x: 10, y: 0, width: 80, height: 60))
        request.width = 33
        let odd = try pipeline().plan(request, picture: PixelSize(width: 100, height: 60))
        #expect(odd.output == PixelSize(width: 33, height: 24) && odd.canvas == PixelSize(width: 34, height: 24))
        request.profile = .diffusers
        #expect(throws: DiffusionError.size(width: 33, height: 24, multiple: 2)) {
            try pipeline().plan(request, picture: PixelSize(width: 100, height: 60))
        }
        #expect(throws: DiffusionError.missingSource(mode: "generate")) { try pipeline().plan(self.request(.generate), picture: nil) }
        var free = self.request(.generate)
        (free.width, free.height) = (nil, nil)
        #expect(try pipeline().plan(free, picture: PixelSize(width: 4000, height: 2000)).working == PixelSize(width: 44, height: 24))
    }

    /// Odd sizes: at its own size, at another, by every way of framing; as large as the picture where that is asked for.
    @Test(arguments: GenerationRequest.Resize.allCases)
    func aPictureOfAnySizeComesBackInThatSize(_ resize: GenerationRequest.Resize) throws {
        let source = try goldens.image("source").resized(width: 45, height: 31)
        var request = request(.generate)
        (request.steps, request.strength, request.resize) = (2, 1, resize)
        (request.width, request.height) = (45, 31)
        let own = try pipeline().run(request, source: source) { _ in }
        #expect(own.pictures[0].image.size == source.size && own.plan.canvas == PixelSize(width: 46, height: 32))
        request.outputSize = .picture
        for size in [(nil, nil), (24, 24), (13, 40)] as [(Int?, Int?)] {
            (request.width, request.height) = size
            let result = try pipeline().run(request, source: source) { _ in }
            #expect(result.pictures[0].image.size == source.size && result.plan.output == source.size)
        }
        (request.mode, request.width, request.height) = (.paint, 27, 19)
        #expect(try pipeline().run(request) { _ in }.pictures[0].image.size == PixelSize(width: 27, height: 19))
    }

    /// Strengths and counts share one encoding of prompts and picture, and each strength gives what it gives alone.
    @Test func aSheetEncodesOnce() throws {
        final class Counting: PromptEncoder {
            nonisolated(unsafe) var calls = 0
            let stored: StoredPrompts
            init(_ stored: StoredPrompts) { self.stored = stored }
            func states(for prompt: String) throws -> Tensor {
                calls += 1
                return try stored.states(for: prompt)
            }
            func tokenCount(_ prompt: String) throws -> Int { try stored.tokenCount(prompt) }
        }
        let text = Counting(StoredPrompts(states: ["positive": try goldens["positive"], "negative": try goldens["negative"]]))
        let pipeline = try Pipeline(unet: unet, autoencoder: autoencoder, scheduler: .stableDiffusion, text: text)
        let source = try goldens.image("source")
        var request = request(.generate)
        (request.steps, request.count) = (4, 2)
        let strengths = [0.25, 0.5, 1]
        let task = RunTask(request, strengths: strengths, source: source, mask: nil)
        var reports: [StepReport] = []
        let results = try pipeline.run(task, previews: true) { reports.append($0) }
        #expect(text.calls == 2)
        #expect(reports.count == 2 * (1 + 2 + 4) && reports.last?.pictures == 6 && reports.last?.picture == 5)
        #expect(reports.last?.secondsLeft == 0 && reports.allSatisfy { $0.preview?.size == PixelSize(width: 32, height: 24) })
        for (strength, result) in zip(strengths, results) {
            request.strength = strength
            let alone = try pipeline.run(request, source: source) { _ in }
            #expect(alone.pictures.map(\.image) == result.pictures.map(\.image))
        }
        #expect(results[0].seconds.encode > 0 && results[1].seconds.encode == 0 && results[2].seconds.encode == 0)
    }

    @Test func strengthZeroKeepsThePictureAndStrengthMovesItFurther() throws {
        let source = try goldens.image("source")
        var request = request(.generate)
        request.steps = 10
        var distances: [Double] = []
        for strength in [0.0, 0.05, 1.0] {
            request.strength = strength
            let result = try pipeline().run(request, source: source) { _ in }
            #expect(result.plan.steps.run == [0: 0, 0.05: 1, 1: 10][strength])
            let image = result.pictures[0].image
            distances.append(zip(image.bytes, source.bytes).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) })
        }
        #expect(distances[0] == 0 && distances[1] > 0)
    }

    @Test func stepsAreReportedAndStopARun() throws {
        struct Stopped: Error {}
        let source = try goldens.image("source")
        var request = request(.generate)
        (request.steps, request.strength, request.count) = (5, 1, 2)
        var reports: [StepReport] = []
        _ = try pipeline().run(request, source: source) { reports.append($0) }
        #expect(reports.map(\.step) == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
        #expect(reports.map(\.picture) == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
        #expect(reports.last?.secondsLeft == 0 && reports.allSatisfy { $0.pictures == 2 && $0.steps == 5 })
        #expect(throws: Stopped.self) { try pipeline().run(request, source: source) { if $0.step == 3 { throw Stopped() } } }

        // Within a step: the check is reached again after the step before has been reported.
        var last = 0
        #expect(throws: Stopped.self) {
            try pipeline().run(request, source: source, checkCancelled: { if last == 2 { throw Stopped() } }, onStep: { last = $0.step })
        }
        #expect(last == 2)
    }

    @Test func aWrongTextWidthIsSaid() throws {
        let text = StoredPrompts(states: ["positive": .zeros([1, 4, 384]), "negative": .zeros([1, 4, 384])])
        let pipeline = try Pipeline(unet: unet, autoencoder: autoencoder, scheduler: .stableDiffusion, text: text)
        #expect(throws: DiffusionError.textWidth(found: 384, expected: 12)) { try pipeline.run(request(.paint)) { _ in } }
    }
}
