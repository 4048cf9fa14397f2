import Checkpoints
import Tensors

/// What a single file of SDXL's layout says, by tensors that stand for nothing else, of a model without training steps. ComfyUI reads the same
/// ones (`comfy/supported_models.py`).
struct ContinuousMarks {
    enum Kind: String, CaseIterable {
        case playground = "Playground 2.5"
        case cosXL = "CosXL"

        /// Tensors that mark it.
        var names: [String] {
            switch self {
            case .playground: ["edm_mean", "edm_std"]
            case .cosXL: ["edm_vpred.sigma_max", "edm_vpred.sigma_min"]
            }
        }

        /// What its network says, in diffusers' words.
        var prediction: SchedulerConfiguration.Prediction {
            switch self {
            case .playground: .epsilon
            case .cosXL: .velocity
            }
        }

        /// Whose marks are among a file's tensors.
        init?(_ names: some Sequence<String>) {
            let names = Set(names)
            guard let kind = Self.allCases.first(where: { !names.isDisjoint(with: $0.names) }) else { return nil }
            self = kind
        }
    }

    /// All that mark something.
    static let names = Set(Kind.allCases.flatMap(\.names))
    /// As many as a latent may have channels.
    private static let mostNumbers = 64

    let kind: Kind
    let noise: ContinuousNoise
    /// What its latents are brought to for the network, and with which factor; nil: as SDXL's.
    let latents: (spread: AutoencoderConfiguration.Spread, scale: Float)?

    /// How its authors have it run. playgroundai/playground-v2.5-1024px-aesthetic: DPM++ 2M, a guidance of 3. Of CosXL no guidance is told.
    var usual: (sampler: SamplerName, guidance: Double?) { kind == .playground ? (.dpmpp2M, 3) : (.euler, nil) }

    /// - Returns: nil for a file without such marks.
    /// - Throws: `DiffusionError` where they hold no numbers that a model can be run by.
    init?(_ file: SafetensorsFile) throws {
        guard let kind = Kind(file.names) else { return nil }
        func numbers(_ name: String) throws -> [Float] {
            guard file.has(name) else { return [] }
            let count = try file.shape(of: name).count
            guard count <= Self.mostNumbers else {
                throw DiffusionError.notACheckpoint(
                    file: file.path, reason: "its \(name) has \(count) numbers, where up to \(Self.mostNumbers) are taken")
            }
            return try file.tensor(name).values
        }
        self.kind = kind
        let (first, second) = (try numbers(kind.names[0]), try numbers(kind.names[1]))
        var noise = ContinuousNoise()
        switch kind {
        case .playground:
            guard first.count == second.count, !first.isEmpty else {
                throw DiffusionError.notACheckpoint(
                    file: file.path,
                    reason: "its latents have \(first.count) means (edm_mean) and \(second.count) deviations (edm_std); fetch it anew")
            }
            // The levels are those of the paper, and of the model's own scheduler.
            latents = (.init(mean: Tensor(first, shape: [first.count]), deviation: Tensor(second, shape: [second.count])), 0.5)
        case .cosXL:
            // Where the marks are empty: the ends it was trained with.
            (noise.largest, noise.smallest) = (first.first.map { Double($0) } ?? 120, second.first.map { Double($0) } ?? 0.002)
            (noise.dataDeviation, noise.course) = (1, .exponential)
            latents = nil
        }
        try noise.validate(in: file.path)
        self.noise = noise
    }
}
