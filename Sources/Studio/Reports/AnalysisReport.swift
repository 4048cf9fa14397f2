/// What an analysis said and what the library holds of it now, in the shape that scripts read.
package struct AnalysisReport: Encodable, Sendable {
    /// The file that was looked at.
    package struct PictureEntry: Codable, Sendable {
        package let path: String
        package let sha256: String
        package let width: Int
        package let height: Int
    }
    /// Who looked.
    package struct EncoderEntry: Codable, Sendable {
        package let name: String
        package let sha256: String
    }
    /// From which tags it was chosen, and how many there were.
    package struct VocabularyEntry: Codable, Sendable {
        package let name: String
        package let sha256: String
        package let count: Int
    }
    /// One thing and where it is, in shares of the picture's width and height from the top left corner.
    package struct ThingEntry: Codable, Sendable {
        package let name: String
        package let certainty: Double
        package let left: Double
        package let top: Double
        package let right: Double
        package let bottom: Double
        /// Of a person that of what is worn above; nil where it is not certain, and in analyses that were made before anything told.
        @OrNull package internal(set) var colour: String? = nil
    }
    /// A tag that was considered and is not suggested, and why.
    package struct DroppedEntry: Codable, Sendable {
        package let tag: String
        package let facet: String
        package let confidence: Double
        package let reason: String
    }
    /// The prompt as tags and as a sentence, whatever the suggested model wants.
    package struct Forms: Codable, Sendable, Equatable {
        package let tags: String
        package let sentence: String
    }
    /// What was composed of what is likely enough.
    package struct PromptEntry: Codable, Sendable {
        /// The form that the suggested model wants.
        package let positive: String
        package let negative: String
        package let tokens: Int
        /// The same tags by themselves, and as a sentence, without any model's words about quality.
        package let forms: Forms
        /// How near it is to the picture; nil in analyses that were made before anything told.
        @OrNull package internal(set) var composition: CompositionEntry?
    }
    /// The model that suits the picture best, and why.
    package struct ModelEntry: Codable, Sendable {
        /// A model that suits less, or that was not here.
        package struct RunnerUp: Codable, Sendable {
            package let name: String
            package let score: Double
            package let installed: Bool
            /// Nil for one that was here.
            @OrNull package internal(set) var howToGet: String?
        }
        package let name: String
        package let reason: String
        package let installed: Bool
        /// Nil for one that was here.
        @OrNull package internal(set) var howToGet: String?
        package let runnersUp: [RunnerUp]

        package init(name: String, reason: String, installed: Bool, howToGet: String?, runnersUp: [RunnerUp]) {
            (self.name, self.reason, self.installed, self.runnersUp) = (name, reason, installed, runnersUp)
            self.howToGet = howToGet
        }

        /// All but the name may be missing: not every version told the rest.
        package init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            name = try values.decode(String.self, forKey: .name)
            reason = try values.decodeIfPresent(String.self, forKey: .reason) ?? ""
            installed = try values.decodeIfPresent(Bool.self, forKey: .installed) ?? false
            runnersUp = try values.decodeIfPresent([RunnerUp].self, forKey: .runnersUp) ?? []
            howToGet = try values.decodeIfPresent(String.self, forKey: .howToGet)
        }
    }
    /// The size that the suggested model draws well and that suits the picture, and why.
    package struct SizeEntry: Codable, Sendable {
        package let width: Int
        package let height: Int
        package let reason: String

        /// Pixels that a side may have, wherever it was read.
        static let sides = 1...1_000_000

        package init(width: Int, height: Int, reason: String) {
            (self.width, self.height, self.reason) = (width, height, reason)
        }

        package init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            (width, height) = (try values.decode(Int.self, forKey: .width), try values.decode(Int.self, forKey: .height))
            reason = try values.decodeIfPresent(String.self, forKey: .reason) ?? ""
            guard Self.sides.contains(width), Self.sides.contains(height) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .width, in: values, debugDescription: "\(width)x\(height) is the size of no picture")
            }
        }
    }

    /// Every tag of the vocabulary was considered; the fiftieth is of no interest to anybody.
    package static let droppedLimit = 50

    package let picture: PictureEntry
    package let encoder: EncoderEntry
    package let vocabulary: VocabularyEntry
    package let suggestions: [SuggestionReport]
    /// What was considered and is not suggested, with the reason: the likeliest `droppedLimit`.
    package let dropped: [DroppedEntry]
    package let prompt: PromptEntry
    /// What stands where, the most certain first; empty in analyses that were made before anything told.
    package let things: [ThingEntry]
    /// What the confidences rest on; nil in analyses that were made before anything told.
    @OrNull package internal(set) var confidence: ConfidenceEntry?
    @OrNull package internal(set) var model: ModelEntry?
    @OrNull package internal(set) var size: SizeEntry?
    /// The prompt found in the picture's own file or beside it: somebody's words, no suggestion.
    @OrNull package internal(set) var recovered: RecoveredEntry?
    /// What of the file's texts and colours was not read; of an analysis that was made just now.
    package let notes: [String]
    /// Which picture of the library it is found to be, where its pixels told that and its file was changed since; nil where the file told.
    @OrNull package internal(set) var knownAs: String?
    /// The tagger that was asked besides; its tags stand among the suggestions.
    @OrNull package internal(set) var tagger: TaggerEntry?
    package let seconds: Double
    /// Whether this is what an earlier analysis said, as the library keeps it.
    package let reused: Bool
}
