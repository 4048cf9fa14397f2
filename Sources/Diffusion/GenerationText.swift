import Foundation

/// What is written into a picture about how it was made.
public struct GenerationText: Sendable {
    public let request: GenerationRequest
    /// Seed of this very picture.
    public let seed: UInt64
    /// Name of the model.
    public let model: String
    public let steps: StepPlan
    /// Working size.
    public let width: Int
    public let height: Int
    /// For a repainted picture: how many pixels were not touched, and a digest of their bytes if one was made.
    public let untouchedPixels: Int?
    public let untouchedDigest: String?

    public init(
        request: GenerationRequest, seed: UInt64, model: String, steps: StepPlan, width: Int, height: Int, untouchedPixels: Int? = nil,
        untouchedDigest: String? = nil
    ) {
        self.request = request
        self.seed = seed
        self.model = model
        self.steps = steps
        self.width = width
        self.height = height
        self.untouchedPixels = untouchedPixels
        self.untouchedDigest = untouchedDigest
    }

    /// PNG text entries: `parameters`, the line that other tools read, and `redraw`, the whole request as JSON.
    public func entries() -> [(key: String, text: String)] {
        [("parameters", parameters), ("redraw", json)]
    }

    /// The prompt, the negative prompt, and a line of settings, as AUTOMATIC1111's web UI writes them.
    public var parameters: String {
        var settings = [
            ("Steps", "\(request.steps)"), ("Sampler", request.sampler.title), ("CFG scale", Self.plain(request.guidance)),
            ("Seed", "\(seed)"), ("Size", "\(width)x\(height)"), ("Model", model),
        ]
        if request.mode != .paint { settings.append(("Denoising strength", Self.plain(request.strength))) }
        if request.mode == .repaint {
            settings.append(("Mask blur", "\(request.feather)"))
            settings.append(("Inpaint area", request.area == .whole ? "Whole picture" : "Only masked"))
        }
        settings.append(("Steps run", "\(steps.run)"))
        settings.append(("Profile", request.profile.rawValue))
        if let untouchedPixels { settings.append(("Untouched pixels", "\(untouchedPixels)")) }
        if let untouchedDigest { settings.append(("Untouched SHA-256", untouchedDigest)) }
        settings.append(("Version", "Redraw"))
        let line = settings.map { "\($0.0): \(Self.quoted($0.1))" }.joined(separator: ", ")
        let negative = request.negative.isEmpty ? [] : ["Negative prompt: " + request.negative]
        return ([request.prompt] + negative + [line]).joined(separator: "\n")
    }

    private var json: String {
        var stored = request
        stored.seed = seed
        stored.count = 1
        stored.model = model
        stored.width = width
        stored.height = height
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(stored)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// A value with a comma, a colon or a line break is written as a JSON text, as the web UI does.
    private static func quoted(_ value: String) -> String {
        guard value.contains(where: { ",:\n\"".contains($0) }) else { return value }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? value
    }

    private static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}
