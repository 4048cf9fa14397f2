import Pixels
import Tensors

/// What all pictures of a request have in common: schedule, the source's encoding, the mask over the latents.
struct Scene {
    private let pipeline: Pipeline
    private let request: GenerationRequest
    private let plan: Pipeline.Plan
    private let schedule: StepSchedule
    /// Nil for painting from nothing.
    private let posterior: Autoencoder.Posterior?
    /// 1 where it is repainted, 0 where it is kept, [1, height, width, channels]; nil where all is redrawn.
    private let latentMask: Tensor?

    /// - Parameter mask: of the source's size, shaped already; nil where all is redrawn.
    init(
        _ pipeline: Pipeline, _ request: GenerationRequest, plan: Pipeline.Plan, source: Image?, mask: Mask?,
        checkCancelled: CancellationCheck
    ) throws {
        self.pipeline = pipeline
        self.request = request
        self.plan = plan
        schedule = try StepSchedule(pipeline.noise, sampler: request.sampler, count: request.steps, profile: request.profile)
        guard let source, let framing = plan.framing else {
            (posterior, latentMask) = (nil, nil)
            return
        }
        var seen = framing.toWorking(source.rgb())
        var latentMask: Tensor?
        if let mask {
            let part = mask.cropped(to: framing.region)
            let working = part.resized(width: plan.working.width, height: plan.working.height, filter: .bilinear)
            if request.fill == .blur { seen = seen.filledFromAround(working) }
            latentMask = Self.latentMask(
                working, scale: pipeline.sizeMultiple, channels: pipeline.autoencoder.configuration.latentChannels,
                profile: request.profile)
        }
        self.latentMask = latentMask
        posterior = try pipeline.autoencoder.encode(seen.latentInput(), checkCancelled: checkCancelled)
    }

    /// The run of one picture. Numbers are drawn in the order of the reference's pipelines: the posterior's sample, the noise, then
    /// what only this engine needs.
    func denoising(seed: UInt64, guidance: Guidance, checkCancelled: @escaping CancellationCheck) throws -> Denoising {
        var random = TorchRandom(seed: seed)
        let sampler = Sampler(schedule)
        guard let posterior else {
            let noise = pipeline.noise(&random, plan.working)
            return Denoising(
                unet: pipeline.unet, sampler: sampler, plan: plan.steps, guidance: guidance, start: sampler.start(from: noise),
                keeping: nil, conditioning: nil, random: random, checkCancelled: checkCancelled)
        }
        let clean = try pipeline.sample(posterior, plan.working, random: &random)
        let noise = pipeline.noise(&random, plan.working)
        // The reference samples the masked picture's posterior as well, though this kind of UNet is not shown it.
        if latentMask != nil { _ = pipeline.noise(&random, plan.working) }
        var beginning = clean
        if let latentMask {
            switch request.fill {
            case .original, .blur: break
            case .noise: beginning = Self.replaced(clean, by: pipeline.noise(&random, plan.working), latentMask)
            case .empty: beginning = Self.replaced(clean, by: .zeros(clean.shape), latentMask)
            }
        }
        // As the reference has it: repainting at full strength begins with noise alone, redrawing with the picture under the noise.
        let fromNothing = latentMask != nil && request.strength == 1
        let start = fromNothing ? sampler.start(from: noise) : sampler.addNoise(noise, to: beginning, at: plan.steps.start)
        return Denoising(
            unet: pipeline.unet, sampler: sampler, plan: plan.steps, guidance: guidance, start: start,
            keeping: latentMask.map { Denoising.Keeping(clean: clean, noise: noise, mask: $0) }, conditioning: nil, random: random,
            checkCancelled: checkCancelled)
    }

    private static func replaced(_ latent: Tensor, by other: Tensor, _ mask: Tensor) -> Tensor {
        latent + mask * (other - latent)
    }

    /// The mask over latents: a value may change if a pixel of its square is at least half in the mask. diffusers looks at the square's
    /// first pixel alone, which leaves a rim of the mask as it was; the profile of that name does the same. Where a mask is nowhere half,
    /// being faint or thinner than a pixel at working size, what it has most of counts.
    static func latentMask(_ mask: Mask, scale: Int, channels: Int, profile: GenerationRequest.Profile) -> Tensor {
        let (width, height) = (mask.width / scale, mask.height / scale)
        let reach = profile == .diffusers ? 1 : scale
        let level = profile == .diffusers ? 128 : min(128, max(1, mask.values.max() ?? 0))
        return Tensor(shape: [1, height, width, channels]) { target in
            for y in 0..<height {
                for x in 0..<width {
                    let within = (0..<reach).contains { down in
                        (0..<reach).contains { right in mask[x * scale + right, y * scale + down] >= level }
                    }
                    for channel in 0..<channels { target[(y * width + x) * channels + channel] = within ? 1 : 0 }
                }
            }
        }
    }
}

extension Image {
    /// What surrounds the mask, drawn into it: a pyramid of means over what is outside, read back from coarse to fine.
    func filledFromAround(_ mask: Mask) -> Image {
        precondition(channels == 3 && mask.size == size)
        /// Sums of the colours outside the mask and their weight, [height, width, 4].
        struct Level {
            var width, height: Int
            var values: [Float]
        }
        var levels = [Level(width: width, height: height, values: [])]
        levels[0].values = (0..<width * height).flatMap { pixel -> [Float] in
            let weight = mask.values[pixel] >= 128 ? Float(0) : 1
            return [0, 1, 2].map { Float(bytes[pixel * 3 + $0]) * weight } + [weight]
        }
        while let fine = levels.last, fine.width > 1 || fine.height > 1 {
            var coarse = Level(width: (fine.width + 1) / 2, height: (fine.height + 1) / 2, values: [])
            coarse.values = [Float](repeating: 0, count: coarse.width * coarse.height * 4)
            for y in 0..<fine.height {
                for x in 0..<fine.width {
                    for i in 0..<4 {
                        coarse.values[((y / 2) * coarse.width + x / 2) * 4 + i] += fine.values[(y * fine.width + x) * 4 + i]
                    }
                }
            }
            levels.append(coarse)
        }
        // From the coarsest level down, a square without colour of its own takes what the level above has there.
        var above = levels[levels.count - 1]
        for level in levels.dropLast().reversed() {
            var filled = level
            for y in 0..<level.height {
                for x in 0..<level.width {
                    let place = (y * level.width + x) * 4
                    guard filled.values[place + 3] == 0 else { continue }
                    let from = ((y / 2) * above.width + x / 2) * 4
                    let weight = max(above.values[from + 3], .leastNormalMagnitude)
                    for i in 0..<3 { filled.values[place + i] = above.values[from + i] / weight }
                    filled.values[place + 3] = above.values[from + 3] > 0 ? 1 : 0
                }
            }
            above = filled
        }
        var result = bytes
        for pixel in 0..<width * height where mask.values[pixel] >= 128 && above.values[pixel * 4 + 3] > 0 {
            for i in 0..<3 { result[pixel * 3 + i] = UInt8(min(max(above.values[pixel * 4 + i].rounded(), 0), 255)) }
        }
        return Image(width: width, height: height, channels: 3, bytes: result)
    }
}
