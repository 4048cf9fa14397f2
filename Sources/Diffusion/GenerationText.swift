import Foundation

/// What is written into a picture about how it was made.
package struct GenerationText: Sendable {
    package let request: GenerationRequest
    /// Seed of this very picture.
    package let seed: UInt64
    /// Name of the model.
    package let model: String
    package let steps: StepPlan
    /// For a sheet of several strengths: each with the steps that ran. Empty for a single picture.
    package let sheet: [Entry]
    /// Working size.
    package let width: Int
    package let height: Int
    /// For a repainted picture: how many pixels were not touched, and a digest of their bytes if one was made.
    package let untouchedPixels: Int?
    package let untouchedDigest: String?
    /// For a line as the web UI writes it.
    package var hashes = Hashes()

    /// By which the web UI and collections of models know files.
    package struct Hashes: Sendable, Equatable {
        /// First ten digits of the SHA-256 of the model's file; nil for a model in a folder.
        package var model: String?
        /// Of each LoRA that the prompt calls, by its name there: the first twelve digits of AutoV3.
        package var loras: [(name: String, hash: String)] = []

        package init(model: String? = nil, loras: [(name: String, hash: String)] = []) {
            (self.model, self.loras) = (model, loras)
        }

        package static func == (left: Hashes, right: Hashes) -> Bool {
            left.model == right.model && left.loras.elementsEqual(right.loras) { $0 == $1 }
        }
    }

    /// A picture of a sheet.
    package struct Entry: Sendable {
        let strength: Double
        let run: Int

        package init(strength: Double, run: Int) {
            (self.strength, self.run) = (strength, run)
        }
    }

    package init(
        request: GenerationRequest, seed: UInt64, model: String, steps: StepPlan, sheet: [Entry] = [], width: Int, height: Int,
        untouchedPixels: Int? = nil,
        untouchedDigest: String? = nil
    ) {
        self.request = request
        self.seed = seed
        self.model = model
        self.steps = steps
        self.sheet = sheet
        self.width = width
        self.height = height
        self.untouchedPixels = untouchedPixels
        self.untouchedDigest = untouchedDigest
    }

    /// PNG text entries: `parameters`, the line that other tools read, and `redraw`, the whole request as JSON.
    package func entries() -> [(key: String, text: String)] {
        [("parameters", parameters), ("redraw", json)]
    }

    /// The prompt, the negative prompt, and a line of settings, as AUTOMATIC1111's web UI writes them.
    package var parameters: String {
        written(request.infotext == .a1111 ? webUISettings : ownSettings)
    }

    /// What the web UI's `infotext_utils.py` reads, under its own names.
    private var webUISettings: [(String, String)] {
        let title = request.sampler.title
        let levels = title.hasSuffix(" Karras")
        var settings = [("Steps", "\(request.steps)"), ("Sampler", levels ? String(title.dropLast(" Karras".count)) : title)]
        if levels { settings.append(("Schedule type", "Karras")) }
        settings += [("CFG scale", Self.plain(request.guidance)), ("Seed", "\(seed)"), ("Size", "\(width)x\(height)")]
        if let hash = hashes.model { settings.append(("Model hash", hash)) }
        settings.append(("Model", model))
        if request.mode != .paint { settings.append(("Denoising strength", strengths)) }
        if let clipSkip = request.clipSkip { settings.append(("Clip skip", "\(clipSkip)")) }
        if request.mode == .repaint {
            settings.append(("Mask blur", "\(request.feather)"))
            if request.area == .masked {
                settings += [("Inpaint area", "Only masked"), ("Masked area padding", "\(request.padding)")]
            }
        }
        settings += freshness + variation + Self.wording(request)
        if !hashes.loras.isEmpty {
            settings.append(("Lora hashes", hashes.loras.map { "\($0.name): \($0.hash)" }.joined(separator: ", ")))
        }
        return settings + [("Version", "Redraw")]
    }

    /// As the web UI writes it.
    private var variation: [(String, String)] {
        guard let strength = request.variationStrength, let other = request.variationSeed else { return [] }
        return [("Variation seed", "\(other)"), ("Variation seed strength", Self.plain(strength))]
    }

    /// As the web UI calls it of its own samplers.
    private var freshness: [(String, String)] { request.eta.map { [("Eta", Self.plain($0))] } ?? [] }

    private var ownSettings: [(String, String)] {
        var settings = [
            ("Steps", "\(request.steps)"), ("Sampler", request.sampler.title), ("CFG scale", Self.plain(request.guidance)),
            ("Seed", "\(seed)"), ("Size", "\(width)x\(height)"), ("Model", model),
        ]
        settings += variation + freshness
        if let until = request.guidanceUntil { settings.append(("Guidance until", Self.plain(until))) }
        if let every = request.reuseEvery { settings.append(("Reuse every", "\(every)")) }
        // As the web UI's own option for it is called.
        if let share = request.mergeTokens { settings.append(("Token merging ratio", Self.plain(share))) }
        if let spacing = request.spacing { settings.append(("Timestep spacing", spacing.rawValue)) }
        // As the web UI tells that one stands in for the model's own.
        if request.autoencoder != nil { settings += [("VAE Encoder", "TAESD"), ("VAE Decoder", "TAESD")] }
        if request.mode != .paint { settings.append(("Denoising strength", strengths)) }
        if request.mode == .repaint {
            settings.append(("Mask blur", "\(request.feather)"))
            settings.append(("Inpaint area", request.area == .whole ? "Whole picture" : "Only masked"))
        }
        let grows = sheet.isEmpty ? request.grows : sheet.contains { request.grows(at: $0.strength) }
        if grows, let side = request.firstSide {
            settings.append(("First side", "\(side)"))
            settings.append(("Refine", Self.plain(request.refine)))
        }
        settings.append(("Steps run", sheet.isEmpty ? "\(steps.run)" : sheet.map { "\($0.run)" }.joined(separator: ", ")))
        settings.append(("Profile", request.profile.rawValue))
        settings += Self.wording(request)
        if let untouchedPixels { settings.append(("Untouched pixels", "\(untouchedPixels)")) }
        if let untouchedDigest { settings.append(("Untouched SHA-256", untouchedDigest)) }
        settings.append(("Version", "Redraw"))
        return settings
    }

    private func written(_ settings: [(String, String)]) -> String {
        let line = settings.map { "\($0.0): \(Self.quoted($0.1))" }.joined(separator: ", ")
        let negative = request.negative.isEmpty ? [] : ["Negative prompt: " + request.negative]
        return ([request.prompt] + negative + [line]).joined(separator: "\n")
    }

    /// What the prompts were made of, as the web UI's extension Dynamic Prompts calls it.
    static func wording(_ request: GenerationRequest) -> [(String, String)] {
        guard let wording = request.wording else { return [] }
        var settings: [(String, String)] = []
        if wording.prompt != request.prompt { settings.append(("Template", wording.prompt)) }
        if wording.negative != request.negative { settings.append(("Negative Template", wording.negative)) }
        if !wording.styles.isEmpty { settings.append(("Styles", wording.styles.joined(separator: ", "))) }
        return settings
    }

    /// One strength, or a sheet's from left to right.
    private var strengths: String {
        sheet.isEmpty ? Self.plain(request.strength) : sheet.map { Self.plain($0.strength) }.joined(separator: ", ")
    }

    private var json: String {
        var stored = request
        stored.seed = seed
        (stored.count, stored.drafts) = (1, 1)
        stored.model = model
        stored.width = width
        stored.height = height
        return stored.json(strengths: sheet.map(\.strength))
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

extension GenerationRequest {
    /// As JSON, keys sorted, so that equal requests give equal texts.
    ///
    /// - Parameter strengths: those of a sheet; they stand in the place of the one, each picture's own.
    package func json(strengths: [Double] = []) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = strengths.isEmpty ? try? encoder.encode(self) : try? encoder.encode(Sheet(request: self, strengths: strengths))
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private struct Sheet: Encodable {
        let request: GenerationRequest
        let strengths: [Double]

        enum CodingKeys: CodingKey { case strength, strengths }

        func encode(to encoder: any Encoder) throws {
            try request.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeNil(forKey: .strength)
            try container.encode(strengths, forKey: .strengths)
        }
    }
}
