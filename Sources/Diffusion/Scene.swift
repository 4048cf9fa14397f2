import Pixels
import Tensors

/// What all pictures of a request have in common, whatever their strength and seed: the source's encoding, the mask over the latents.
/// It is made once, however many pictures follow.
struct Scene {
    private let pipeline: Pipeline
    private let request: GenerationRequest
    private let canvas: PixelSize
    /// Nil for painting from nothing.
    private let posterior: Autoencoder.Posterior?
    /// How far each latent value may go, 0 (kept) to 1, [1, height, width, channels]; nil where all is redrawn.
    private let latentMask: Tensor?
    /// What a UNet made for repainting is shown; nil for others.
    private let shown: Shown?

    /// The mask and the picture without what is under it.
    private struct Shown {
        /// 1 where it is repainted, else 0, [1, height, width, 1].
        let mask: Tensor
        let posterior: Autoencoder.Posterior
    }

    /// - Parameter mask: of the source's size, shaped already; nil where all is redrawn.
    init(
        _ pipeline: Pipeline, _ request: GenerationRequest, frame: Pipeline.Frame, source: Image?, mask: Mask?,
        checkCancelled: CancellationCheck
    ) throws {
        self.pipeline = pipeline
        self.request = request
        canvas = frame.canvas
        func encode(_ picture: Tensor) throws -> Autoencoder.Posterior {
            try pipeline.codec.encode(picture, tiled: frame.tiled, checkCancelled: checkCancelled)
        }
        guard let source, let framing = frame.framing else {
            (posterior, latentMask) = (nil, nil)
            shown = pipeline.wantsMask ? try Self.everything(pipeline, canvas, encode) : nil
            return
        }
        var seen = framing.toCanvas(source.rgb())
        guard let mask else {
            latentMask = nil
            posterior = try encode(seen.latentInput())
            shown = pipeline.wantsMask ? try Self.everything(pipeline, canvas, encode) : nil
            return
        }
        let placed = framing.toCanvas(mask)
        if request.fill == .blur { seen = seen.filledFromAround(placed) }
        let (scale, channels) = (pipeline.sizeMultiple, pipeline.family.latentChannels)
        latentMask = Self.latentMask(placed, scale: scale, channels: channels, profile: request.profile)
        let picture = seen.latentInput()
        posterior = try encode(picture)
        guard pipeline.wantsMask else {
            shown = nil
            return
        }
        let without = Tensor(shape: picture.shape) { target in
            picture.withUnsafeValues { values in
                for index in values.indices { target[index] = placed.values[index / 3] < 128 ? values[index] : 0 }
            }
        }
        shown = Shown(
            mask: Self.latentMask(placed, scale: scale, channels: 1, profile: request.profile).mapped { $0 > 0 ? 1 : 0 },
            posterior: try encode(without))
    }

    /// A mask over all there is, and the empty picture that is left without it.
    private static func everything(
        _ pipeline: Pipeline, _ canvas: PixelSize, _ encode: (Tensor) throws -> Autoencoder.Posterior
    ) rethrows -> Shown {
        let scale = pipeline.sizeMultiple
        return Shown(
            mask: .filled(1, [1, canvas.height / scale, canvas.width / scale, 1]),
            posterior: try encode(.zeros([1, canvas.height, canvas.width, 3])))
    }

    /// The run of one picture. Numbers are drawn in the order of the tool whose profile is followed: in diffusers' pipelines the sample of
    /// the picture's posterior, the noise, the sample of the masked picture's; then what only this engine needs. The web UI draws the
    /// noise first and samples posteriors from an unseeded generator, for which their mean stands here.
    func denoising(
        strength: Double, seed: UInt64, guidance: Guidance, checkCancelled: @escaping CancellationCheck
    ) throws -> Denoising {
        var random = TorchRandom(seed: seed)
        let sampling = try pipeline.family.sampling(request, strength: posterior == nil ? nil : strength)
        let (sampler, plan) = (sampling.sampler, sampling.plan)
        let webUI = request.profile == .a1111
        func sample(_ posterior: Autoencoder.Posterior) throws -> Tensor {
            try webUI
                ? pipeline.scaledMean(posterior) : pipeline.sample(posterior, canvas, random: &random)
        }
        // As the reference has it: repainting at full strength begins with noise alone, redrawing with the picture under the noise.
        let fromNothing = posterior == nil || (latentMask != nil && strength == 1 && !webUI)
        // Then a UNet that is shown the picture does not need its latent, and the reference does not draw for it.
        let undrawn = shown != nil && latentMask != nil && fromNothing
        let clean = try posterior.map { undrawn ? try pipeline.scaledMean($0) : try sample($0) }
        var noise = pipeline.noise(&random, canvas)
        if let strength = request.variationStrength, let other = request.variationSeed {
            var beside = TorchRandom(seed: other)
            noise = noise.turned(toward: pipeline.noise(&beside, canvas), by: Float(strength))
        }
        var conditioning: Tensor?
        if let shown {
            conditioning = Tensor.concatenated([shown.mask, try sample(shown.posterior)], axis: -1)
        } else if latentMask != nil, !webUI, posterior?.deviation != nil {
            // The reference samples the masked picture's posterior as well, though this kind of UNet is not shown it.
            _ = pipeline.noise(&random, canvas)
        }
        var start = sampler.start(from: noise)
        if let clean, !fromNothing {
            start = sampler.addNoise(noise, to: try filled(clean, &random), at: plan.start)
        }
        var keeping: Denoising.Keeping?
        // The reference leaves it to a UNet that is shown the picture to keep it.
        if let clean, let latentMask, shown == nil || request.profile == .redraw {
            keeping = Denoising.Keeping(clean: clean, noise: noise, map: latentMask, rule: webUI ? .estimate : .latent)
        }
        return Denoising(
            denoiser: pipeline.denoiser, sampler: sampler, plan: plan, guidance: guidance,
            extras: Extras(mergedShare: request.mergeTokens ?? 0), start: start, keeping: keeping,
            reuseEvery: request.reuseEvery ?? 1, conditioning: conditioning, random: random, checkCancelled: checkCancelled)
    }

    /// The latent with what is to stand under the mask at first.
    private func filled(_ clean: Tensor, _ random: inout TorchRandom) throws -> Tensor {
        guard let latentMask else { return clean }
        switch request.fill {
        case .original, .blur: return clean
        case .noise: return clean.replaced(by: pipeline.noise(&random, canvas), as: latentMask)
        case .empty: return clean.replaced(by: .zeros(clean.shape), as: latentMask)
        }
    }

    /// The mask over latents.
    ///
    /// It is a map of strengths: a latent value may go as far as the whitest pixel of its square, so that no pixel of the mask is left as
    /// it was. The profiles of other tools know black and white only: diffusers looks at the square's first pixel, the web UI at the mask
    /// scaled down.
    static func latentMask(_ mask: Mask, scale: Int, channels: Int, profile: GenerationRequest.Profile) -> Tensor {
        let (width, height) = (mask.width / scale, mask.height / scale)
        let small = profile == .a1111 ? mask.resized(width: width, height: height, filter: .bicubic) : nil
        return Tensor(shape: [1, height, width, channels]) { target in
            for y in 0..<height {
                for x in 0..<width {
                    var value: Float = 0
                    switch profile {
                    case .diffusers: value = mask[x * scale, y * scale] >= 128 ? 1 : 0
                    case .a1111: value = (small?[x, y] ?? 0) >= 128 ? 1 : 0
                    case .redraw:
                        var whitest: UInt8 = 0
                        for down in 0..<scale {
                            for right in 0..<scale { whitest = max(whitest, mask[x * scale + right, y * scale + down]) }
                        }
                        value = Float(whitest) / 255
                    }
                    for channel in 0..<channels { target[(y * width + x) * channels + channel] = value }
                }
            }
        }
    }
}

extension Tensor {
    /// This tensor where `map` is 0, `other` where it is 1.
    func replaced(by other: Tensor, as map: Tensor) -> Tensor {
        self + map * (other - self)
    }
}
