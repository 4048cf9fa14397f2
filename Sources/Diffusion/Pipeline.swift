import Checkpoints
import Foundation
import Pixels
import Tensors

/// A model, loaded: from a request to pictures.
///
/// Long work: run it off the cooperative thread pool. Everything here is a value that may be used from several threads.
public struct Pipeline: Sendable {
    public let unet: UNet
    public let autoencoder: Autoencoder
    public let noise: NoiseSchedule
    public let text: any PromptEncoder

    /// The LoRA files that are in the weights.
    public let adaptations: [Adaptation]

    /// Loads a model: a folder in diffusers' layout, or a single .safetensors file.
    ///
    /// - Parameter sentences: makes the prompt encoder of models that read prompts with the default encoder and bring none of their own.
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    public init(model: URL, options: PipelineOptions = PipelineOptions(), sentences: () throws -> any PromptEncoder) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: model.path, isDirectory: &isFolder) else {
            throw DiffusionError.unreadable(file: model.path, reason: "there is no such file or folder")
        }
        var parts = isFolder.boolValue ? try ModelParts(folder: model) : try ModelParts(file: model)
        try parts.add(options.adaptations)
        try parts.hold(options.precision)
        let text: any PromptEncoder =
            if parts.textEncoders.isEmpty {
                try sentences()
            } else {
                try parts.prompts(merges: options.merges, embeddings: options.embeddings.map { try TrainedEmbedding($0) })
            }
        try self.init(
            unet: UNet(parts.unet, configuration: parts.unetConfiguration),
            autoencoder: Autoencoder(parts.autoencoder, configuration: parts.autoencoderConfiguration), scheduler: parts.scheduler,
            text: text, adaptations: options.adaptations)
    }

    /// Loads `unet/`, `vae/` and `scheduler/` of a folder, prompts being read by `text`.
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    public init(directory: URL, text: any PromptEncoder) throws {
        let parts = try ModelParts(folder: directory, readsTextEncoders: false)
        try self.init(
            unet: UNet(parts.unet, configuration: parts.unetConfiguration),
            autoencoder: Autoencoder(parts.autoencoder, configuration: parts.autoencoderConfiguration), scheduler: parts.scheduler,
            text: text)
    }

    /// - Throws: `DiffusionError.unsupported` where the parts do not fit each other.
    public init(
        unet: UNet, autoencoder: Autoencoder, scheduler: SchedulerConfiguration, text: any PromptEncoder, adaptations: [Adaptation] = []
    ) throws {
        let latents = autoencoder.configuration.latentChannels
        let (input, output) = (unet.configuration.inputChannels, unet.configuration.outputChannels)
        guard input == latents || input == 2 * latents + 1 else {
            throw DiffusionError.unsupported(
                file: "unet/config.json", key: "in_channels", value: "\(input)",
                supported: "\(latents), as many as the autoencoder's latents have, or \(2 * latents + 1) for repainting")
        }
        guard output == latents else {
            throw DiffusionError.unsupported(
                file: "unet/config.json", key: "out_channels", value: "\(output)",
                supported: "\(latents), as many as the autoencoder's latents have")
        }
        self.unet = unet
        self.autoencoder = autoencoder
        self.text = text
        self.adaptations = adaptations
        noise = NoiseSchedule(scheduler)
    }

    /// Working sizes are multiples of this many pixels.
    public var sizeMultiple: Int { autoencoder.configuration.scale }

    /// Width and height in pixels of the squares the model was trained on.
    public var usualSide: Int { (unet.configuration.sampleSize ?? 64) * autoencoder.configuration.scale }

    /// The working size where a request names none: the usual area in the picture's proportions, in multiples that halve evenly at every
    /// level of the UNet.
    public func workingSize(for picture: PixelSize?) -> PixelSize {
        guard let picture else { return PixelSize(width: usualSide, height: usualSide) }
        let multiple = sizeMultiple << (unet.configuration.channels.count - 1)
        let factor = Double(usualSide) / (Double(picture.width) * Double(picture.height)).squareRoot()
        func side(_ length: Int) -> Int {
            max(1, Int((Double(length) * factor / Double(multiple)).rounded())) * multiple
        }
        return PixelSize(width: side(picture.width), height: side(picture.height))
    }

    /// What a request comes to, before anything is computed.
    public struct Plan: Sendable, Equatable {
        public let steps: StepPlan
        /// The size the model works at.
        public let working: PixelSize
        /// The size of what is handed over.
        public let output: PixelSize
        /// Part of the picture that the model sees; nil where there is no picture.
        public let region: PixelRectangle?
        /// Bytes that the run will take on top of the loaded model, an estimate from above: the largest maps of the autoencoder or the
        /// UNet, whichever are larger.
        public let memory: Int
        let framing: Framing?
    }

    /// What `Plan.memory` says for a working size.
    private func memory(_ working: PixelSize) -> Int {
        let levels = autoencoder.configuration.channels
        let widest = levels[min(1, levels.count - 1)]
        // The widest residual block at full resolution holds its input, that normalised, the convolution's unfolded rows and its output.
        let decoding = working.pixelCount * (3 * widest + 2 * levels[0])
        let latents = working.pixelCount / (sizeMultiple * sizeMultiple)
        let channels = unet.configuration.channels
        let skips = channels.indices.reduce(0) { $0 + (unet.configuration.layers[$1] + 1) * channels[$1] * (latents >> (2 * $1)) }
        // Two latents for guidance; the topmost joined block holds its input several times over.
        let denoising = 2 * (skips + 8 * latents * channels[0])
        // Measured with the small generator: what the allocator keeps comes on top, and buffers of a size of their own.
        return 80 << 20 + 4 * max(decoding, denoising) * 12 / 5
    }

    /// Says what will run: steps, first timestep, sizes. Costs nothing, and refuses what cannot be done.
    /// - Parameters:
    ///   - picture: size of the source, nil for painting.
    ///   - box: what the mask covers, for repainting only a masked area.
    public func plan(_ request: GenerationRequest, picture: PixelSize?, box: PixelRectangle? = nil) throws -> Plan {
        try request.validate()
        if request.mode != .paint, picture == nil { throw DiffusionError.missingSource(mode: request.mode.rawValue) }
        let picture = request.mode == .paint ? nil : picture
        let schedule = try StepSchedule(noise, sampler: request.sampler, count: request.steps, profile: request.profile)
        let steps = try StepPlan(schedule, strength: picture == nil ? nil : request.strength, profile: request.profile)

        var seen = picture
        if request.mode == .repaint, request.area == .masked, let box, let picture {
            let rough = PixelSize(width: usualSide, height: usualSide)
            let square = Framing.region(around: box, padding: request.padding, picture: picture, working: rough)
            seen = PixelSize(width: square.width, height: square.height)
        }
        let working =
            if let width = request.width, let height = request.height { PixelSize(width: width, height: height) } else {
                workingSize(for: seen)
            }
        guard working.width % sizeMultiple == 0, working.height % sizeMultiple == 0, working.width > 0, working.height > 0 else {
            throw DiffusionError.size(width: working.width, height: working.height, multiple: sizeMultiple)
        }
        guard let picture else {
            return Plan(steps: steps, working: working, output: working, region: nil, memory: memory(working), framing: nil)
        }

        let framing: Framing
        if request.mode == .repaint {
            var region = PixelRectangle(x: 0, y: 0, width: picture.width, height: picture.height)
            if request.area == .masked, let box {
                region = Framing.region(around: box, padding: request.padding, picture: picture, working: working)
            }
            framing = Framing(region: region, working: working)
        } else {
            framing = Framing(picture: picture, working: working, resize: request.resize)
        }
        let region = PixelSize(width: framing.region.width, height: framing.region.height)
        let output = request.mode == .repaint ? picture : request.outputSize == .picture ? region : working
        return Plan(steps: steps, working: working, output: output, region: framing.region, memory: memory(working), framing: framing)
    }

    /// The texts of a request as the UNet will look at them.
    func guidance(_ request: GenerationRequest, working: PixelSize) throws -> Guidance {
        let reading = PromptReading(profile: request.profile, clipSkip: request.clipSkip)
        // diffusers skips layers for the prompt alone.
        let negativeReading = request.profile == .diffusers ? PromptReading(profile: .diffusers) : reading
        func read(_ prompt: String, _ reading: PromptReading) throws -> Conditioning {
            let called = PromptTags(prompt)
            for tag in called.adaptations where !adaptations.contains(where: { $0.name == tag.name }) {
                throw DiffusionError.unknownAdaptation(name: tag.name, known: adaptations.map(\.name))
            }
            let made = try text.conditioning(for: called.text, reading)
            let expected = unet.configuration.textWidths[0]
            guard made.states.shape.rank == 3, made.states.shape[0] == 1, made.states.shape[2] == expected else {
                throw DiffusionError.textWidth(found: made.states.shape[-1], expected: expected)
            }
            return made
        }
        let scale = Float(request.guidance)
        // A model that takes the scale as an input was distilled to need no second pass.
        let guided = scale > 1 && unet.configuration.guidanceEmbeddingWidth == nil
        var negative = guided ? try read(request.negative, negativeReading) : nil
        // SDXL was trained to be told nothing by zeros; the web UI reads the empty text all the same.
        if let clip = text as? CLIPPrompts, clip.zerosForEmptyNegative, request.negative.isEmpty, request.profile != .a1111 {
            negative = negative.map(clip.zeros)
        }
        let sides = [Float(working.height), Float(working.width)]
        return Guidance(
            conditional: try read(request.prompt, reading), unconditional: negative, scale: scale,
            sizes: sides + [0, 0] + sides)
    }

    /// How long a prompt is for this model, and how much of it would be seen.
    public func length(of prompt: String, _ request: GenerationRequest) throws -> PromptLength {
        try text.length(of: PromptTags(prompt).text, PromptReading(profile: request.profile, clipSkip: request.clipSkip))
    }

    /// Normal noise of a latent at working size, drawn in the reference's order (channels first).
    func noise(_ random: inout TorchRandom, _ working: PixelSize) -> Tensor {
        let channels = autoencoder.configuration.latentChannels
        let (height, width) = (working.height / sizeMultiple, working.width / sizeMultiple)
        return Tensor(random.normals(channels * height * width), shape: [1, channels, height, width]).permuted([0, 2, 3, 1])
    }

    /// The picture as a latent in the UNet's scale, sampled as the reference does.
    func latent(
        of picture: Image, random: inout TorchRandom, checkCancelled: CancellationCheck
    ) throws -> Tensor {
        let posterior = try autoencoder.encode(picture.latentInput(), checkCancelled: checkCancelled)
        return try sample(posterior, PixelSize(width: picture.width, height: picture.height), random: &random)
    }

    func sample(_ posterior: Autoencoder.Posterior, _ working: PixelSize, random: inout TorchRandom) throws -> Tensor {
        let drawn = posterior.deviation == nil ? posterior.mean : posterior.sample(noise(&random, working))
        let latent = autoencoder.scaled(drawn)
        try latent.requireFinite("encoding the picture")
        return latent
    }

    /// The picture that a latent in the UNet's scale stands for, at working size.
    public func picture(of latent: Tensor, checkCancelled: CancellationCheck = {}) throws -> Image {
        let decoded = try autoencoder.decode(autoencoder.unscaled(latent), checkCancelled: checkCancelled)
        try decoded.requireFinite("decoding the latent")
        return Image(decoded: decoded)
    }
}

extension Tensor {
    func requireFinite(_ stage: String) throws(DiffusionError) {
        guard withUnsafeValues({ $0.allSatisfy(\.isFinite) }) else { throw .notFinite(stage: stage) }
    }
}
