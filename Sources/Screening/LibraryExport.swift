import Foundation

/// A library, or some of its pictures, as text that another library can take in.
///
/// References within it are positions, counted from 0, so that it does not depend on any library's own numbers.
package struct LibraryExport: Codable, Sendable, Equatable {
    package static let format = "redraw-library"
    /// Raised when an older version could no longer read it.
    package static let version = 1
    /// Its lists, which are read and written an element at a time.
    static let lists: Set = ["pictures", "generations"]

    package var format: String
    package var version: Int
    package var pictures: [ExportedPicture]
    /// Generations that belong to no picture.
    package var generations: [ExportedGeneration]

    /// The JSON text, keys sorted, with a line end.
    package func json() throws -> Data {
        let encoder = JSONCoding.encoder()
        encoder.outputFormatting.insert(.prettyPrinted)
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// - Throws: `LibraryError.notAnExport` where the text is something else, damaged, or from a newer version.
    package init(json: Data) throws(LibraryError) {
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

    /// Where in its JSON a value is not what it should be, and why.
    package static func reason(_ error: DecodingError) -> String {
        let (context, words): (DecodingError.Context, String?) =
            switch error {
            case .keyNotFound(let key, let context): (context, "\(key.stringValue) is missing")
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, nil)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: "\(error)"), nil)
            }
        let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        // What is no JSON, or a number beyond all bounds, is told by the error beneath.
        let beneath = context.underlyingError.flatMap { ($0 as NSError).userInfo[NSDebugDescriptionErrorKey] as? String }
        var reason = (words ?? beneath ?? context.debugDescription).replacing("Dictionary<String, Any>", with: "an object")
        if reason.hasSuffix(".") { reason.removeLast() }
        if reason == "The given data was not valid JSON" { reason = "it is no JSON, has a number beyond all bounds, or is nested too deep" }
        return "\(place.isEmpty ? "" : "at \(place.drop { $0 == "." }): ")\(reason)"
    }
}

extension ExportedPicture {
    /// Without the folders of this machine: files are told by their names alone.
    var withoutFolders: ExportedPicture {
        var picture = self
        picture.generations = generations.map(\.withoutFolders)
        var seen: Set<String> = []
        picture.paths = paths.map { Path(path: Library.name(ofPath: $0.path), seenAt: $0.seenAt) }.filter { seen.insert($0.path).inserted }
        return picture
    }
}

extension ExportedGeneration {
    var withoutFolders: ExportedGeneration {
        var generation = self
        generation.outputs = outputs.map { GenerationOutput(path: Library.name(ofPath: $0.path), sha256: $0.sha256) }
        return generation
    }
}

/// A picture with all that the library holds of it, whatever numbers that library gave.
package struct ExportedPicture: Codable, Sendable, Equatable {
    /// Where its file was seen.
    package struct Path: Codable, Sendable, Equatable {
        package var path: String
        package var seenAt: Date
        /// The file's length and time when it was read, as ``FileStamp`` has them: by these an analysis knows it again unread.
        package var bytes: Int?
        package var modified: Int64?
    }

    package var sha256: String
    package var width: Int
    package var height: Int
    package var addedAt: Date
    package var paths: [Path]
    package var analyses: [ExportedAnalysis]
    /// Their analyses are positions among the picture's.
    package var suggestions: [Suggestion]
    package var decisions: [ExportedDecision]
    package var prompts: [ExportedPrompt]
    package var generations: [ExportedGeneration]
    /// What its pixels are known by, and other digests that its file has had; nil where there are none, and in exports of earlier versions.
    package var pixels: String?
    package var aliases: [String]?
}

/// An analysis; what stands as JSON in its column is a text here as well.
package struct ExportedAnalysis: Codable, Sendable, Equatable {
    package var encoder: EncoderIdentity
    package var vocabulary: VocabularyIdentity
    package var seconds: Double
    package var positive: String
    package var negative: String
    package var model: String?
    package var size: String?
    package var recovered: String?
    package var dropped: String?
    package var wording: String?
    package var composition: String?
    package var calibration: String?
    package var things: String?
    package var createdAt: Date
}

/// An entry of the log of decisions.
package struct ExportedDecision: Codable, Sendable, Equatable {
    package var tag: String
    package var action: Decision.Action
    package var batch: Int64
    /// What the suggestion was before and after.
    package var before: Suggestion?
    package var after: Suggestion?
    /// Position among the picture's decisions.
    package var undoes: Int?
    package var decidedAt: Date
    package var decidedBy: String
}

/// A version of the picture's prompt, its parent by its number.
package struct ExportedPrompt: Codable, Sendable, Equatable {
    package var number: Int
    package var parent: Int?
    package var positive: String
    package var negative: String
    package var model: String?
    package var width: Int?
    package var height: Int?
    package var source: NewPrompt.Source
    package var createdAt: Date
}

/// A generation, the version of the prompt that it was made from by its number.
package struct ExportedGeneration: Codable, Sendable, Equatable {
    package var kind: Generation.Kind
    package var request: String
    package var seed: UInt64
    package var model: String
    package var profile: String
    package var precision: String
    package var stepsRequested: Int
    package var stepsRun: Int
    package var firstTimestep: Double?
    package var seconds: String?
    package var promptNumber: Int?
    package var untouched: UntouchedProof?
    package var status: Generation.Status
    package var message: String?
    package var outputs: [GenerationOutput]
    package var createdAt: Date
    package var finishedAt: Date?
}

/// What an import brought in.
package struct ImportReport: Sendable, Hashable {
    package var picturesAdded = 0
    /// Pictures that were here already.
    package var picturesMerged = 0
    /// Places where pictures were seen.
    package var pathsAdded = 0
    package var analysesAdded = 0
    package var suggestionsAdded = 0
    /// Decisions taken over for suggestions that were not decided here.
    package var decisionsTaken = 0
    /// Suggestions decided differently here, which stay as they are.
    package var decisionsKept = 0
    package var promptsAdded = 0
    package var generationsAdded = 0
    /// Where encoders place pictures: another library brings them, a text does not.
    package var embeddingsAdded = 0
    /// Pictures of another library of which something cannot be read, a line each: which, what and what to do.
    package var leftOut: [String] = []

    package init() {}

    /// Whether nothing came in that was not here before.
    package var isNothing: Bool {
        var nothing = ImportReport()
        (nothing.picturesMerged, nothing.decisionsKept, nothing.leftOut) = (picturesMerged, decisionsKept, leftOut)
        return self == nothing
    }
}
