public import Foundation

/// A library, or some of its pictures, as text that another library can take in.
///
/// References within it are positions, counted from 0, so that it does not depend on any library's own numbers.
public struct LibraryExport: Codable, Sendable, Equatable {
    public static let format = "redraw-library"
    /// Raised when an older version could no longer read it.
    public static let version = 1

    public var format: String
    public var version: Int
    public var pictures: [ExportedPicture]
    /// Generations that belong to no picture.
    public var generations: [ExportedGeneration]

    /// The JSON text, keys sorted, with a line end.
    public func json() throws -> Data {
        let encoder = JSONCoding.encoder()
        encoder.outputFormatting.insert(.prettyPrinted)
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// - Throws: `LibraryError.notAnExport` where the text is something else, damaged, or from a newer version.
    public init(json: Data) throws(LibraryError) {
        struct Head: Decodable {
            var format: String
            var version: Int
        }
        guard let head = try? JSONCoding.decoder().decode(Head.self, from: json), head.format == LibraryExport.format else {
            throw .notAnExport("it lacks \"format\": \"\(LibraryExport.format)\"")
        }
        guard head.version == LibraryExport.version else {
            throw .notAnExport("its version is \(head.version), this version of Redraw reads \(LibraryExport.version)")
        }
        do {
            self = try JSONCoding.decoder().decode(LibraryExport.self, from: json)
        } catch let error as DecodingError {
            throw .notAnExport(LibraryExport.reason(error))
        } catch {
            throw .notAnExport("\(error)")
        }
    }

    init(pictures: [ExportedPicture], generations: [ExportedGeneration]) {
        (format, version) = (LibraryExport.format, LibraryExport.version)
        (self.pictures, self.generations) = (pictures, generations)
    }

    static func reason(_ error: DecodingError) -> String {
        let context =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context), .dataCorrupted(let context):
                context
            @unknown default: DecodingError.Context(codingPath: [], debugDescription: "\(error)")
            }
        let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return "\(place.isEmpty ? "" : "at \(place.drop { $0 == "." }): ")\(context.debugDescription)"
    }
}

extension LibraryExport {
    /// Without the folders of this machine: files are told by their names alone.
    public func withoutFolders() -> LibraryExport {
        func plain(_ generation: ExportedGeneration) -> ExportedGeneration {
            var generation = generation
            for index in generation.outputs.indices {
                generation.outputs[index].path = Library.name(ofPath: generation.outputs[index].path)
            }
            return generation
        }
        var export = self
        export.generations = generations.map(plain)
        for index in export.pictures.indices {
            export.pictures[index].generations = pictures[index].generations.map(plain)
            var seen: Set<String> = []
            export.pictures[index].paths = pictures[index].paths.map { path in
                var path = path
                path.path = Library.name(ofPath: path.path)
                return path
            }.filter { seen.insert($0.path).inserted }
        }
        return export
    }
}

public struct ExportedPicture: Codable, Sendable, Equatable {
    public struct Path: Codable, Sendable, Equatable {
        public var path: String
        public var seenAt: Date
    }

    public var sha256: String
    public var width: Int
    public var height: Int
    public var addedAt: Date
    public var paths: [Path]
    public var analyses: [ExportedAnalysis]
    public var suggestions: [ExportedSuggestion]
    public var decisions: [ExportedDecision]
    public var prompts: [ExportedPrompt]
    public var generations: [ExportedGeneration]
}

public struct ExportedAnalysis: Codable, Sendable, Equatable {
    public var encoder: EncoderIdentity
    public var vocabulary: VocabularyIdentity
    public var seconds: Double
    public var positive: String
    public var negative: String
    public var model: String?
    public var size: String?
    public var recovered: String?
    public var dropped: String?
    public var composition: String?
    public var calibration: String?
    public var things: String?
    public var createdAt: Date
}

public struct ExportedSuggestion: Codable, Sendable, Equatable {
    public var tag: String
    public var aliases: [String]
    public var facet: String
    /// Position among the picture's analyses.
    public var analysis: Int?
    public var cosine: Double?
    public var confidence: Double
    public var rank: Int?
    public var source: SuggestionSource
    public var state: Suggestion.State
    public var editedText: String?
    public var weight: Double
    public var decidedAt: Date?
    public var decidedBy: String?
}

public struct ExportedDecision: Codable, Sendable, Equatable {
    public var tag: String
    public var action: Decision.Action
    public var batch: Int64
    /// What the suggestion was before and after.
    public var before: ExportedSuggestion?
    public var after: ExportedSuggestion?
    /// Position among the picture's decisions.
    public var undoes: Int?
    public var decidedAt: Date
    public var decidedBy: String
}

public struct ExportedPrompt: Codable, Sendable, Equatable {
    public var number: Int
    public var parent: Int?
    public var positive: String
    public var negative: String
    public var model: String?
    public var width: Int?
    public var height: Int?
    public var source: NewPrompt.Source
    public var createdAt: Date
}

public struct ExportedGeneration: Codable, Sendable, Equatable {
    public var kind: Generation.Kind
    public var request: String
    public var seed: UInt64
    public var model: String
    public var profile: String
    public var precision: String
    public var stepsRequested: Int
    public var stepsRun: Int
    public var firstTimestep: Double?
    public var seconds: String?
    public var promptNumber: Int?
    public var untouched: UntouchedProof?
    public var status: Generation.Status
    public var message: String?
    public var outputs: [GenerationOutput]
    public var createdAt: Date
    public var finishedAt: Date?
}

/// What an import brought in.
public struct ImportReport: Sendable, Hashable, Codable {
    public var picturesAdded = 0
    public var picturesMerged = 0
    public var analysesAdded = 0
    public var suggestionsAdded = 0
    /// Decisions taken over for suggestions that were not decided here.
    public var decisionsTaken = 0
    /// Suggestions decided differently here, which stay as they are.
    public var decisionsKept = 0
    public var promptsAdded = 0
    public var generationsAdded = 0

    public init() {}
}
