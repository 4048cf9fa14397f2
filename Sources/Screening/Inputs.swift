/// A picture to be kept: who it is, how large, and where it was seen.
public struct NewPicture: Sendable, Hashable {
    /// SHA-256 of the file, 64 hexadecimal digits: the picture's identity.
    public var sha256: String
    /// Pixels, after orientation.
    public var width: Int
    public var height: Int
    /// Where the file stands; nil for standard input.
    public var path: String?
    /// How the file looked from outside when it was read.
    public var stamp: FileStamp?
    /// What the person calls it; nil: as the file is called.
    public var name: String?

    public init(sha256: String, width: Int, height: Int, path: String? = nil, stamp: FileStamp? = nil, name: String? = nil) {
        (self.sha256, self.width, self.height, self.path, self.stamp) = (sha256, width, height, path, stamp)
        self.name = name
    }
}

/// A file's length and when it was last written: a file with both unchanged need not be read again.
public struct FileStamp: Sendable, Hashable {
    public var bytes: Int
    /// Nanoseconds since 1970.
    public var modified: Int64

    public init(bytes: Int, modified: Int64) {
        (self.bytes, self.modified) = (bytes, modified)
    }
}

/// Where an encoder places a picture.
public struct NewEmbedding: Sendable, Hashable {
    public var encoder: EncoderIdentity
    /// IEEE half precision, little-endian, two bytes a dimension.
    public var halves: [UInt8]

    public init(encoder: EncoderIdentity, halves: [UInt8]) {
        (self.encoder, self.halves) = (encoder, halves)
    }
}

/// A name and the digest of what stood behind it.
public struct EncoderIdentity: Sendable, Hashable, Codable {
    public var name: String
    public var sha256: String

    public init(name: String, sha256: String) {
        (self.name, self.sha256) = (name, sha256)
    }
}

public struct VocabularyIdentity: Sendable, Hashable, Codable {
    public var name: String
    public var sha256: String
    /// Tags in it.
    public var count: Int

    public init(name: String, sha256: String, count: Int) {
        (self.name, self.sha256, self.count) = (name, sha256, count)
    }
}

/// Where a suggestion comes from.
public enum SuggestionSource: String, Sendable, Hashable, Codable, CaseIterable {
    /// Ranked by the likeness of embeddings.
    case ranked
    /// Measured in the pixels: colours, brightness, orientation.
    case measured
    /// Said by a trained head of the encoder.
    case head
    /// Read out of the picture's own metadata.
    case recovered
    /// Typed by the person.
    case added
    /// Said by a tagger: a network with tags of its own.
    case tagger
}

/// A tag that an analysis proposes for a picture.
public struct NewSuggestion: Sendable, Hashable {
    public var tag: String
    /// Other names of the tag: a tag rejected under any of them is not suggested again.
    public var aliases: [String]
    /// Name of the vocabulary's facet. Kept as text, so that a library opens whatever facets a later vocabulary has.
    public var facet: String
    /// Raw cosine of the embeddings, in [-1, 1]; nil where none was computed.
    public var cosine: Double?
    /// Calibrated, in [0, 1].
    public var confidence: Double
    /// 1 is best.
    public var rank: Int
    public var source: SuggestionSource

    public init(
        tag: String, aliases: [String] = [], facet: String, cosine: Double? = nil, confidence: Double, rank: Int,
        source: SuggestionSource = .ranked
    ) {
        (self.tag, self.aliases, self.facet) = (tag, aliases, facet)
        (self.cosine, self.confidence, self.rank, self.source) = (cosine, confidence, rank, source)
    }
}

/// One encoder and one vocabulary having looked at one picture.
public struct NewAnalysis: Sendable, Hashable {
    public var encoder: EncoderIdentity
    public var vocabulary: VocabularyIdentity
    /// How long it took.
    public var seconds: Double
    public var suggestions: [NewSuggestion]
    /// The prompt composed without any screening, and the negative prompt to go with it.
    public var positive: String
    public var negative: String
    /// JSON texts, kept as they are: the suggested model, the suggested size, the prompt recovered from the picture's
    /// metadata, and what was dropped with the reasons.
    public var model: String?
    public var size: String?
    public var recovered: String?
    public var dropped: String?
    /// JSON texts: how near the composed prompt is to the picture and what each tag adds, and what the confidences rest on.
    public var composition: String?
    public var calibration: String?
    /// JSON text: what stands where in the picture.
    public var things: String?
    /// What names the sentences in which the vocabulary's tags were embedded, where that is no part of the vocabulary.
    public var wording: String?

    public init(
        encoder: EncoderIdentity, vocabulary: VocabularyIdentity, seconds: Double, suggestions: [NewSuggestion],
        positive: String = "", negative: String = "",
        model: String? = nil, size: String? = nil, recovered: String? = nil, dropped: String? = nil, wording: String? = nil,
        composition: String? = nil, calibration: String? = nil, things: String? = nil
    ) {
        (self.encoder, self.vocabulary, self.seconds, self.suggestions) = (encoder, vocabulary, seconds, suggestions)
        (self.positive, self.negative) = (positive, negative)
        (self.model, self.size, self.recovered, self.dropped) = (model, size, recovered, dropped)
        self.wording = wording
        (self.composition, self.calibration, self.things) = (composition, calibration, things)
    }
}

/// Which suggestion a change is about.
public enum SuggestionTarget: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    case id(Int64)
    /// By the tag, one of its aliases or its edited text; letter case, hyphens and underscores do not count.
    case tag(String)

    public init(stringLiteral value: String) {
        self = .tag(value)
    }

    public var description: String {
        switch self {
        case .id(let id): "\(id)"
        case .tag(let tag): "\"\(tag)\""
        }
    }
}

/// One thing that a person decides. Editing or weighing a suggestion approves it.
public enum Change: Sendable, Hashable {
    case approve(SuggestionTarget)
    case reject(SuggestionTarget)
    /// Approves with another text, in place of the tag's own.
    case edit(SuggestionTarget, to: String)
    /// Approves with a weight within `Suggestion.weights`.
    case weigh(SuggestionTarget, Double)
    /// A tag of the person's own. One that is suggested already is approved instead.
    case add(tag: String, facet: String)
    /// Takes a decision back: the suggestion is pending again.
    case reset(SuggestionTarget)
    /// Approves every pending suggestion at or above this confidence, in [0, 1].
    case approveAbove(Double)
}

/// The content of a prompt version.
public struct NewPrompt: Sendable, Hashable {
    public enum Source: String, Sendable, Hashable, Codable {
        /// From the approved tags.
        case composed
        /// By hand.
        case written
        /// From the picture's own metadata.
        case recovered
    }

    public var positive: String
    public var negative: String
    public var model: String?
    /// Pixels; both or neither.
    public var width: Int?
    public var height: Int?
    public var source: Source
    /// The version that it was made from; nil: the latest one, if any.
    public var parent: Int?

    public init(
        positive: String, negative: String = "", model: String? = nil, width: Int? = nil, height: Int? = nil,
        source: Source = .composed, parent: Int? = nil
    ) {
        (self.positive, self.negative, self.model) = (positive, negative, model)
        (self.width, self.height, self.source, self.parent) = (width, height, source, parent)
    }
}

/// A run of an engine, at its start (`running`) or when it is over.
public struct NewGeneration: Sendable, Hashable {
    public var kind: Generation.Kind
    /// JSON of the whole request, enough to run it again.
    public var request: String
    public var seed: UInt64
    public var model: String
    public var profile: String
    public var precision: String
    public var stepsRequested: Int
    /// The picture that is redrawn; nil for one painted from nothing.
    public var pictureID: Int64?
    /// The prompt version that was used, if it was one.
    public var promptNumber: Int?
    /// SHA-256 of the mask's file.
    public var mask: String?
    public var outcome: GenerationOutcome

    public init(
        kind: Generation.Kind, request: String, seed: UInt64, model: String, profile: String, precision: String,
        stepsRequested: Int, pictureID: Int64? = nil, promptNumber: Int? = nil, mask: String? = nil, outcome: GenerationOutcome = .running
    ) {
        self.mask = mask
        (self.kind, self.request, self.seed, self.model) = (kind, request, seed, model)
        (self.profile, self.precision, self.stepsRequested) = (profile, precision, stepsRequested)
        (self.pictureID, self.promptNumber, self.outcome) = (pictureID, promptNumber, outcome)
    }
}

/// What became of a generation.
public struct GenerationOutcome: Sendable, Hashable {
    public var status: Generation.Status
    /// Of the first picture; nil: the one the generation was begun with. Another where the best of several was chosen.
    public var seed: UInt64?
    public var stepsRun: Int
    public var firstTimestep: Double?
    /// JSON of the seconds each part took.
    public var seconds: String?
    public var outputs: [GenerationOutput]
    public var untouched: UntouchedProof?
    /// Why it failed.
    public var message: String?

    public init(
        status: Generation.Status, seed: UInt64? = nil, stepsRun: Int = 0, firstTimestep: Double? = nil, seconds: String? = nil,
        outputs: [GenerationOutput] = [], untouched: UntouchedProof? = nil, message: String? = nil
    ) {
        (self.status, self.seed, self.stepsRun, self.firstTimestep, self.seconds) = (status, seed, stepsRun, firstTimestep, seconds)
        (self.outputs, self.untouched, self.message) = (outputs, untouched, message)
    }

    public static let running = GenerationOutcome(status: .running)
}

public struct GenerationOutput: Sendable, Hashable, Codable {
    public var path: String
    public var sha256: String

    public init(path: String, sha256: String) {
        (self.path, self.sha256) = (path, sha256)
    }
}

/// That the pixels outside the mask are those of the original.
public struct UntouchedProof: Sendable, Hashable, Codable {
    public var pixels: Int
    public var identical: Bool
    /// SHA-256 over the untouched bytes, where it was computed.
    public var sha256: String?

    public init(pixels: Int, identical: Bool, sha256: String? = nil) {
        (self.pixels, self.identical, self.sha256) = (pixels, identical, sha256)
    }
}
