/// What is known of a model before any of its weights is read: `Models/<name>/manifest.json`.
package struct Manifest: Codable, Sendable, Hashable {
    /// What a model is for.
    package enum Kind: String, Codable, Sendable {
        case encoder, generator
        /// Says of drawn pictures which of its own labels hold.
        case tagger
        /// A LoRA that changes a generator.
        case adapter
    }

    /// How a model wants its prompts written.
    package struct Prompt: Codable, Sendable, Hashable {
        /// How approved tags become a text.
        package enum Form: String, Codable, Sendable, CaseIterable {
            /// "a photo of a cat, sofa, window light".
            case phrase
            /// "cat, sofa, window light, photo": each tag by itself, in small letters.
            case tags
            /// "A photo of a cat on a sofa, with window light."
            case sentence
        }

        package let form: Form
        /// Words about quality that the model was trained to heed, before all else and behind it.
        package let before: String?
        package let after: String?
        /// What its authors keep out; nil: what Redraw keeps out for the medium.
        package let negative: String?

        package init(form: Form, before: String? = nil, after: String? = nil, negative: String? = nil) {
            (self.form, self.before, self.after, self.negative) = (form, before, after, negative)
        }
    }

    /// What a generation starts from where the person names nothing else.
    package struct Defaults: Codable, Sendable, Hashable {
        package let steps: Int
        package let guidance: Double
        package let sampler: String
        /// Denoising strength of redrawing, above 0 and up to 1.
        package let strength: Double
        /// The same under a mask, where something else is wanted than what is there; nil where it is no other.
        package let repaintStrength: Double?
        /// From which strength to which redrawing is advised; nil where it is as usual.
        package let advisedStrength: [Double]?
        /// For a generator that composes best in small: side of the first picture of a painting, which then grows; and the strength at which
        /// what was enlarged is redrawn.
        package let firstSide: Int?
        package let refine: Double?
        /// How many such first pictures are worth trying for each painting.
        package let drafts: Int?

        package init(
            steps: Int, guidance: Double, sampler: String, strength: Double = 0.6, firstSide: Int? = nil, refine: Double? = nil,
            drafts: Int? = nil, repaintStrength: Double? = nil, advisedStrength: [Double]? = nil
        ) {
            (self.firstSide, self.refine, self.drafts) = (firstSide, refine, drafts)
            self.steps = steps
            self.guidance = guidance
            self.sampler = sampler
            self.strength = strength
            self.repaintStrength = repaintStrength
            self.advisedStrength = advisedStrength
        }
    }

    /// A grid of sizes where the model differs from its family.
    package struct Sizes: Codable, Sendable, Hashable {
        package let base: Int
        package let minimum: Int
        package let maximum: Int
        package let multiple: Int

        package init(base: Int, minimum: Int, maximum: Int, multiple: Int) {
            self.base = base
            self.minimum = minimum
            self.maximum = maximum
            self.multiple = multiple
        }
    }

    /// A file of the model, its path relative to the model's folder.
    package struct File: Codable, Sendable, Hashable {
        package let path: String
        /// Nil where the list's author had no copy to measure.
        package let bytes: Int?
        /// In lower-case hexadecimal.
        package let sha256: String?

        package init(path: String, bytes: Int? = nil, sha256: String? = nil) {
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// Also the name of its folder: lower-case letters, digits, hyphens and dots.
    package let name: String
    package let title: String
    package let kind: Kind
    /// For a generator one of `ModelFamily.all`, unless another program runs it.
    package let family: String
    package let license: String
    /// Where the licence can be read.
    package let terms: String?
    /// Whether the licence restricts so much that a person is asked before anything is fetched.
    package let acceptLicense: Bool
    /// Where it comes from: a recipe in this repository or an address.
    package let source: String
    /// Where it can be pulled from: owner/name on a model hub.
    package let repository: String?
    package let description: String
    /// What the model is good at, from 0 to 1, by medium ("photo", "painting") or by any other tag ("person", "anime drawing").
    package let styles: [String: Double]
    /// What its pictures look like, in texts that an encoder compares with a picture: "an anime drawing of a girl".
    package let descriptors: [String]
    package let sizes: Sizes?
    package let defaults: Defaults?
    /// Nil where nobody tells.
    package let prompt: Prompt?
    /// The programs that run it and are spoken to over HTTP; nil for what Redraw runs itself.
    package let engine: String?
    /// About how much a complete copy takes, for people.
    package let gigabytes: Double?
    /// What a complete copy holds besides the manifest.
    package let files: [File]

    package init(
        name: String, title: String, kind: Kind, family: String, license: String, source: String, repository: String? = nil,
        description: String, styles: [String: Double] = [:], descriptors: [String] = [], sizes: Sizes? = nil, defaults: Defaults? = nil,
        files: [File] = [], prompt: Prompt? = nil, engine: String? = nil, gigabytes: Double? = nil, terms: String? = nil,
        acceptLicense: Bool = false
    ) {
        (self.prompt, self.engine, self.gigabytes, self.terms, self.acceptLicense) = (prompt, engine, gigabytes, terms, acceptLicense)
        self.name = name
        self.title = title
        self.kind = kind
        self.family = family
        self.license = license
        self.source = source
        self.repository = repository
        self.description = description
        self.styles = styles
        self.descriptors = descriptors
        self.sizes = sizes
        self.defaults = defaults
        self.files = files
    }

    /// The model's own sizes, else those of its family; nil for an encoder.
    package var sizeRule: SizeRule? {
        guard kind == .generator else { return nil }
        if let sizes {
            return .grid(base: sizes.base, minimum: sizes.minimum, maximum: sizes.maximum, multiple: sizes.multiple)
        }
        return ModelFamily.named(family)?.sizes
    }

    /// How a person who lacks it comes by it.
    package var howToGet: String {
        if let engine { return "it runs in another program (\(engine)): name that one's address with --engine" }
        return repository == nil ? "it is made with \(source)" : "redraw models pull \(name)"
    }

    /// The name of its one file of weights, where the model is that file; nil for a folder of parts.
    package var singleFile: String? {
        guard kind == .generator || kind == .adapter, files.count == 1, files[0].path.hasSuffix(".safetensors") else { return nil }
        return files[0].path
    }
}

extension Manifest {
    private static let keys: Set<String> = [
        "name", "title", "kind", "family", "license", "source", "repository", "description", "styles", "descriptors", "sizes", "defaults",
        "files", "prompt", "engine", "gigabytes", "terms", "acceptLicense",
    ]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        if let stranger = container.allKeys.map(\.stringValue).sorted().first(where: { !Self.keys.contains($0) }) {
            throw ManifestFault.unknownKey(stranger)
        }
        func value<T: Decodable>(_ key: String) throws -> T { try container.decode(T.self, forKey: AnyKey(key)) }
        func optional<T: Decodable>(_ key: String) throws -> T? { try container.decodeIfPresent(T.self, forKey: AnyKey(key)) }
        self.init(
            name: try value("name"), title: try value("title"), kind: try value("kind"), family: try value("family"),
            license: try value("license"), source: try value("source"), repository: try optional("repository"),
            description: try value("description"), styles: try optional("styles") ?? [:],
            descriptors: try optional("descriptors") ?? [], sizes: try optional("sizes"),
            defaults: try optional("defaults"), files: try optional("files") ?? [], prompt: try optional("prompt"),
            engine: try optional("engine"), gigabytes: try optional("gigabytes"), terms: try optional("terms"),
            acceptLicense: try optional("acceptLicense") ?? false)
        try check()
    }

    /// Throws where a value makes no sense, for a manifest may come from anyone.
    private func check() throws(ManifestFault) {
        func require(_ holds: Bool, _ key: String, _ expected: String) throws(ManifestFault) {
            if !holds { throw .invalid(key: key, expected: expected) }
        }
        try require(
            !name.isEmpty && name.count <= 80 && !name.hasPrefix(".")
                && name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || "-.".contains($0)) },
            "name", "lower-case letters, digits, hyphens and dots, not \"\(name)\"")
        if kind == .generator, engine == nil {
            let known = ModelFamily.all.map(\.name).joined(separator: ", ")
            try require(ModelFamily.named(family) != nil, "family", "one of \(known), not \"\(family)\"")
            try require(defaults != nil, "defaults", "steps, guidance, sampler and strength")
        }
        try require(engine == nil || kind == .generator, "engine", "left out, for only generators run elsewhere")
        try require(gigabytes ?? 1 > 0, "gigabytes", "above 0")
        for (style, weight) in styles {
            try require((0...1).contains(weight), "styles", "\"\(style)\" within 0 and 1, not \(weight)")
        }
        try require(
            descriptors.count <= 16 && descriptors.allSatisfy { !$0.isEmpty && $0.count <= 200 }, "descriptors",
            "at most 16 texts of 1 to 200 characters")
        if let defaults {
            try require((1...1000).contains(defaults.steps), "defaults.steps", "1 to 1000, not \(defaults.steps)")
            try require((0...100).contains(defaults.guidance), "defaults.guidance", "0 to 100, not \(defaults.guidance)")
            try require(
                defaults.strength > 0 && defaults.strength <= 1, "defaults.strength", "above 0 and up to 1, not \(defaults.strength)")
            if let strength = defaults.repaintStrength {
                try require(strength > 0 && strength <= 1, "defaults.repaintStrength", "above 0 and up to 1, not \(strength)")
            }
            if let advised = defaults.advisedStrength {
                try require(
                    advised.count == 2 && advised[0] > 0 && advised[0] <= defaults.strength && defaults.strength <= advised[1]
                        && advised[1] <= 1, "defaults.advisedStrength",
                    "two numbers above 0 and up to 1 with the strength between them")
            }
            if let side = defaults.firstSide {
                try require((8...8192).contains(side), "defaults.firstSide", "8 to 8192, not \(side)")
            }
            if let refine = defaults.refine {
                try require((0.01...1).contains(refine), "defaults.refine", "0.01 to 1, not \(refine)")
            }
            if let drafts = defaults.drafts {
                try require((1...100).contains(drafts), "defaults.drafts", "1 to 100, not \(drafts)")
                try require(drafts == 1 || defaults.firstSide != nil, "defaults.drafts", "1, for there is no firstSide")
            }
        }
        if let sizes {
            let sound =
                sizes.multiple >= 8 && sizes.minimum >= sizes.multiple && sizes.base >= sizes.minimum && sizes.maximum >= sizes.base
                && sizes.maximum <= 8192 && sizeRule?.sizes.isEmpty == false
            try require(sound, "sizes", "multiple <= minimum <= base <= maximum <= 8192, with a size among them")
        }
        for file in files {
            let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
            try require(
                !parts.isEmpty && !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." } && !file.path.contains("\\"), "files",
                "paths inside the model's folder, not \"\(file.path)\"")
            try require(file.bytes ?? 0 >= 0, "files", "no negative size for \(file.path)")
            try require(
                file.sha256.map { $0.count == 64 && $0.allSatisfy { "0123456789abcdef".contains($0) } } ?? true, "files",
                "64 lower-case hexadecimal digits as sha256 of \(file.path)")
        }
    }
}

/// What a manifest's decoding found wrong; `ManifestError` adds the file.
enum ManifestFault: Error, Equatable {
    case unknownKey(String)
    case invalid(key: String, expected: String)
}

struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
