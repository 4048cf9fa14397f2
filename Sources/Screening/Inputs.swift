/// A picture to be kept: who it is, how large, and where it was seen.
package struct NewPicture: Sendable, Hashable {
    /// SHA-256 of the file, 64 hexadecimal digits: the picture's identity.
    package var sha256: String
    /// Pixels, after orientation.
    package var width: Int
    package var height: Int
    /// Where the file stands; nil for standard input.
    package var path: String?
    /// How the file looked from outside when it was read.
    package var stamp: FileStamp?
    /// What the person calls it; nil: as the file is called.
    package var name: String?
    /// Number of the picture that it shows a part more of.
    package var enlargedFrom: Int64?
    /// A digest of the pixels alone, 64 hexadecimal digits, by which the picture is known again when its file is changed beside them; nil where
    /// nobody made it.
    package var pixels: String?

    package init(sha256: String, width: Int, height: Int, path: String? = nil, stamp: FileStamp? = nil, name: String? = nil) {
        (self.sha256, self.width, self.height, self.path, self.stamp) = (sha256, width, height, path, stamp)
        self.name = name
    }
}

/// A file's length and when it was last written: a file with both unchanged need not be read again.
package struct FileStamp: Sendable, Hashable {
    package var bytes: Int
    /// Nanoseconds since 1970.
    package var modified: Int64

    package init(bytes: Int, modified: Int64) {
        (self.bytes, self.modified) = (bytes, modified)
    }
}

/// Where an encoder places a picture.
package struct NewEmbedding: Sendable, Hashable {
    package var encoder: EncoderIdentity
    /// IEEE half precision, little-endian, two bytes a dimension.
    package var halves: [UInt8]

    package init(encoder: EncoderIdentity, halves: [UInt8]) {
        (self.encoder, self.halves) = (encoder, halves)
    }
}

/// A name and the digest of what stood behind it.
package struct EncoderIdentity: Sendable, Hashable, Codable {
    package var name: String
    package var sha256: String

    package init(name: String, sha256: String) {
        (self.name, self.sha256) = (name, sha256)
    }
}

/// The vocabulary of an analysis, by its content: one that was edited is another.
package struct VocabularyIdentity: Sendable, Hashable, Codable {
    package var name: String
    package var sha256: String
    /// Tags in it.
    package var count: Int

    package init(name: String, sha256: String, count: Int) {
        (self.name, self.sha256, self.count) = (name, sha256, count)
    }
}

/// Where a suggestion comes from.
package enum SuggestionSource: String, Sendable, Hashable, Codable, CaseIterable {
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

/// One encoder and one vocabulary having looked at one picture.
package struct NewAnalysis: Sendable, Hashable {
    package var encoder: EncoderIdentity
    package var vocabulary: VocabularyIdentity
    /// How long it took.
    package var seconds: Double
    /// As they are proposed: pending, and not in the library yet.
    package var suggestions: [Suggestion]
    /// The prompt composed without any screening, and the negative prompt to go with it.
    package var positive: String
    package var negative: String
    /// JSON texts, kept as they are: the suggested model, the suggested size, the prompt recovered from the picture's
    /// metadata, and what was dropped with the reasons.
    package var model: String?
    package var size: String?
    package var recovered: String?
    package var dropped: String?
    /// JSON texts: how near the composed prompt is to the picture and what each tag adds, and what the confidences rest on.
    package var composition: String?
    package var calibration: String?
    /// JSON text: what stands where in the picture.
    package var things: String?
    /// What names the sentences in which the vocabulary's tags were embedded, where that is no part of the vocabulary.
    package var wording: String?

    package init(
        encoder: EncoderIdentity, vocabulary: VocabularyIdentity, seconds: Double, suggestions: [Suggestion],
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
package enum SuggestionTarget: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    case id(Int64)
    /// By the tag, one of its aliases or its edited text; letter case, hyphens and underscores do not count.
    case tag(String)

    package init(stringLiteral value: String) {
        self = .tag(value)
    }

    package var description: String {
        switch self {
        case .id(let id): "\(id)"
        case .tag(let tag): "\"\(tag)\""
        }
    }
}

/// One thing that a person decides. Editing or weighing a suggestion approves it.
package enum Change: Sendable, Hashable {
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
package struct NewPrompt: Sendable, Hashable {
    /// Where the words are from.
    package enum Source: String, Sendable, Hashable, Codable {
        /// From the approved tags.
        case composed
        /// By hand.
        case written
        /// From the picture's own metadata.
        case recovered
    }

    package var positive: String
    package var negative: String
    package var model: String?
    /// Pixels; both or neither.
    package var width: Int?
    package var height: Int?
    package var source: Source
    /// The version that it was made from; nil: the latest one, if any.
    package var parent: Int?

    package init(
        positive: String, negative: String = "", model: String? = nil, width: Int? = nil, height: Int? = nil,
        source: Source = .composed, parent: Int? = nil
    ) {
        (self.positive, self.negative, self.model) = (positive, negative, model)
        (self.width, self.height, self.source, self.parent) = (width, height, source, parent)
    }
}

/// A run of an engine, at its start (`running`) or when it is over.
package struct NewGeneration: Sendable, Hashable {
    package var kind: Generation.Kind
    /// JSON of the whole request, enough to run it again.
    package var request: String
    package var seed: UInt64
    package var model: String
    package var profile: String
    package var precision: String
    package var stepsRequested: Int
    /// The picture that is redrawn; nil for one painted from nothing.
    package var pictureID: Int64?
    /// The prompt version that was used, if it was one.
    package var promptNumber: Int?
    /// SHA-256 of the mask's file.
    package var mask: String?
    package var outcome: GenerationOutcome

    package init(
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
package struct GenerationOutcome: Sendable, Hashable {
    package var status: Generation.Status
    /// Of the first picture; nil: the one the generation was begun with. Another where the best of several was chosen.
    package var seed: UInt64?
    package var stepsRun: Int
    package var firstTimestep: Double?
    /// JSON of the seconds each part took.
    package var seconds: String?
    package var outputs: [GenerationOutput]
    package var untouched: UntouchedProof?
    /// Why it failed.
    package var message: String?

    package init(
        status: Generation.Status, seed: UInt64? = nil, stepsRun: Int = 0, firstTimestep: Double? = nil, seconds: String? = nil,
        outputs: [GenerationOutput] = [], untouched: UntouchedProof? = nil, message: String? = nil
    ) {
        (self.status, self.seed, self.stepsRun, self.firstTimestep, self.seconds) = (status, seed, stepsRun, firstTimestep, seconds)
        (self.outputs, self.untouched, self.message) = (outputs, untouched, message)
    }

    package static let running = GenerationOutcome(status: .running)
}

/// A picture file that a generation wrote.
package struct GenerationOutput: Sendable, Hashable, Codable {
    package var path: String
    package var sha256: String
    /// The picture's own seed; libraries and exports of earlier versions have none.
    package var seed: UInt64?

    package init(path: String, sha256: String, seed: UInt64? = nil) {
        (self.path, self.sha256, self.seed) = (path, sha256, seed)
    }
}

/// That the pixels outside the mask are those of the original.
package struct UntouchedProof: Sendable, Hashable, Codable {
    package var pixels: Int
    package var identical: Bool
    /// SHA-256 over the untouched bytes, where it was computed.
    package var sha256: String?

    package init(pixels: Int, identical: Bool, sha256: String? = nil) {
        (self.pixels, self.identical, self.sha256) = (pixels, identical, sha256)
    }
}
