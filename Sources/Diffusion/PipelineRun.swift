import Foundation
import Pixels
import Tensors

/// A step of a run, as it is reported.
public struct StepReport: Sendable {
    /// Which picture of the request, from 0, and how many there are.
    public let picture: Int
    public let pictures: Int
    /// Passes of the UNet this picture has taken so far, from 1, and how many it takes.
    public let step: Int
    public let steps: Int
    /// Training timestep of the step taken.
    public let timestep: Double
    /// Seconds this run has taken, and those it is likely to take still, decoding apart.
    public let secondsElapsed: Double
    public let secondsLeft: Double
    /// [1, height, width, channels] in the UNet's scale; `Pipeline.picture(of:)` shows it.
    public let latent: Tensor
}

/// What a run gave.
public struct PipelineResult: Sendable {
    public struct Picture: Sendable {
        public let image: Image
        public let seed: UInt64
    }
    public struct Seconds: Sendable, Codable, Equatable {
        /// Reading the prompt and encoding the source.
        public var encode = 0.0
        public var denoise = 0.0
        public var decode = 0.0
        public var total = 0.0
    }
    /// That nothing outside the mask changed.
    public struct Untouched: Sendable {
        /// Pixels where the mask is 0.
        public let pixels: Int
        /// Whether they are equal to the source's, byte for byte, in every picture of the result.
        public let identical: Bool
        /// The mask they were pasted back through; `image.untouchedBytes(mask)` gives what a digest is made of.
        public let mask: Mask
    }

    public let pictures: [Picture]
    public let plan: Pipeline.Plan
    public let seconds: Seconds
    /// Repainting only.
    public let untouched: Untouched?
}

extension Pipeline {
    /// Runs a request to its end.
    ///
    /// - Parameters:
    ///   - source: the picture to redraw or repaint; transparency is laid over white for the model.
    ///   - mask: for repainting; of the source's size, white where it is repainted.
    ///   - checkCancelled: called between the blocks of every network; what it throws ends the run and is thrown here.
    ///   - onStep: called after each step; what it throws ends the run too.
    /// - Throws: `GenerationRequestError`, `DiffusionError`, or what the two closures throw.
    public func run(
        _ request: GenerationRequest, source: Image? = nil, mask: Mask? = nil,
        checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() },
        onStep: (StepReport) throws -> Void
    ) throws -> PipelineResult {
        let begin = ContinuousClock.now
        let source = request.mode == .paint ? nil : source
        let shaped = request.mode == .repaint ? try repaintMask(request, source: source, mask: mask) : nil
        let plan = try plan(request, picture: source?.size, box: shaped?.boundingBox)
        let firstSeed = request.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let seeds = (0..<UInt64(request.count)).map { firstSeed &+ $0 }
        let final = shaped?.feathered(by: Double(request.feather) / 2)

        // Nothing to run: the picture is handed over as it is, without a detour through the autoencoder.
        if let source, plan.steps.run == 0 {
            let kept = plan.output == source.size ? source : plan.framing.map { Self.delivered($0.toWorking(source.rgb()), plan) } ?? source
            return PipelineResult(
                pictures: seeds.map { .init(image: kept, seed: $0) }, plan: plan,
                seconds: .init(total: begin.duration(to: .now).seconds), untouched: final.map { Self.untouched(source, [source], $0) })
        }

        var seconds = PipelineResult.Seconds()
        var clock = begin
        func lap() -> Double {
            let now = ContinuousClock.now
            defer { clock = now }
            return clock.duration(to: now).seconds
        }
        let guidance = try guidance(request, working: plan.working)
        try checkCancelled()
        let scene = try Scene(self, request, plan: plan, source: source, mask: shaped, checkCancelled: checkCancelled)
        seconds.encode = lap()

        var pictures: [PipelineResult.Picture] = []
        for (number, seed) in seeds.enumerated() {
            let denoising = try scene.denoising(seed: seed, guidance: guidance, checkCancelled: checkCancelled)
            var latent = denoising.start
            for result in denoising {
                let step = try result.get()
                latent = step.latent
                let elapsed = clock.duration(to: .now).seconds + seconds.denoise
                let done = Double(number * plan.steps.passes + step.index + 1)
                let left = elapsed / done * (Double(seeds.count * plan.steps.passes) - done)
                try onStep(
                    StepReport(
                        picture: number, pictures: seeds.count, step: step.index + 1, steps: step.total, timestep: step.timestep,
                        secondsElapsed: begin.duration(to: .now).seconds, secondsLeft: left, latent: latent))
            }
            try latent.requireFinite("denoising")
            seconds.denoise += lap()
            let made = try picture(of: latent, checkCancelled: checkCancelled)
            if let source, let final, let framing = plan.framing {
                let region = framing.region
                let part = framing.toRegion(made)
                pictures.append(
                    .init(image: source.pasted(part, x: region.x, y: region.y, mask: final.cropped(to: region)), seed: seed))
            } else {
                pictures.append(.init(image: Self.delivered(made, plan), seed: seed))
            }
            seconds.decode += lap()
        }
        seconds.total = begin.duration(to: .now).seconds
        let untouched = source.flatMap { source in final.map { Self.untouched(source, pictures.map(\.image), $0) } }
        return PipelineResult(pictures: pictures, plan: plan, seconds: seconds, untouched: untouched)
    }

    /// A redrawn picture in the size that was asked for.
    private static func delivered(_ made: Image, _ plan: Plan) -> Image {
        guard plan.output != plan.working, let framing = plan.framing else { return made }
        return framing.toRegion(made)
    }

    /// The mask as the request shapes it: inverted, grown.
    ///
    /// - Throws: `DiffusionError` where there is no source or mask, where their sizes differ, or where nothing is white.
    public func repaintMask(_ request: GenerationRequest, source: Image?, mask: Mask?) throws -> Mask {
        guard let source else { throw DiffusionError.missingSource(mode: request.mode.rawValue) }
        guard let mask else { throw DiffusionError.missingMask }
        guard mask.size == source.size else { throw DiffusionError.maskSize(mask: "\(mask.size)", picture: "\(source.size)") }
        let shaped = (request.invert ? mask.inverted() : mask).grown(by: request.grow)
        guard !shaped.isEmpty else { throw DiffusionError.emptyMask }
        return shaped
    }

    private static func untouched(_ source: Image, _ pictures: [Image], _ mask: Mask) -> PipelineResult.Untouched {
        let before = source.untouchedBytes(mask)
        return .init(
            pixels: mask.untouchedPixelCount, identical: pictures.allSatisfy { $0.untouchedBytes(mask) == before }, mask: mask)
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
