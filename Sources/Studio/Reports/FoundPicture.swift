import Foundation
import Screening

/// What a search found.
package struct SearchReport: Sendable {
    /// A picture of the library, or one that was painted from words.
    package enum Found: Encodable, Sendable {
        case picture(FoundPicture)
        case painting(FoundPainting)

        /// As what it is: the keys tell which.
        package func encode(to encoder: any Encoder) throws {
            switch self {
            case .picture(let picture): try picture.encode(to: encoder)
            case .painting(let painting): try painting.encode(to: encoder)
            }
        }
    }

    /// How much fits in all.
    package let total: Int
    /// The latest of it.
    package internal(set) var found: [Found] = []

    package var pictures: [FoundPicture] {
        found.compactMap { if case .picture(let picture) = $0 { picture } else { nil } }
    }

    package var paintings: [FoundPainting] {
        found.compactMap { if case .painting(let painting) = $0 { painting } else { nil } }
    }
}

/// A picture that a search found, with where it lies.
package struct FoundPicture: Codable, Sendable {
    package let id: Int64
    package let name: String
    /// Where it was last seen; nil for one that only an export brought.
    @OrNull package internal(set) var path: String?
    package let sha256: String
    package let width: Int
    package let height: Int
    package let added: Date
    package let approved: Int
    package let rejected: Int
    package let pending: Int
    /// The latest prompt version's text.
    @OrNull package internal(set) var prompt: String?
    package let generations: Int
    /// The most stars that one of them has; 0 for none.
    package let stars: Int
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String?

    /// Where a person finds it: its file, or its name where the library keeps the file itself.
    package var place: String { KnownPicture.name(name, ofFile: path, sha256: sha256) ?? path ?? name }

    init(_ picture: ListedPicture, path: String?) {
        (id, name, sha256, added) = (picture.id, picture.name, picture.sha256, picture.addedAt)
        (width, height, generations, stars) = (picture.width, picture.height, picture.generations, picture.bestStars)
        (approved, rejected, pending) = (picture.approved, picture.rejected, picture.pending)
        (self.path, prompt, damaged) = (path, picture.prompt, picture.damaged)
    }
}

/// What was painted from words alone and a search found.
package struct FoundPainting: Codable, Sendable {
    package let generation: Int64
    /// The first of its pictures; nil where none was written.
    @OrNull package internal(set) var path: String?
    /// All of them.
    package let outputs: [String]
    @OrNull package internal(set) var prompt: String?
    package let model: String
    package let seed: UInt64
    package let added: Date
    /// 0 for none.
    package let stars: Int
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String?

    init(_ painting: ListedPainting) {
        let run = painting.generation
        (generation, model, seed, added, stars) = (run.id, run.model, run.seed, run.createdAt, painting.stars)
        outputs = run.outputs.map(\.path)
        let asked = run.request.listed(as: KeptRequest?.self)
        (path, damaged) = (outputs.first, run.damaged ?? asked.damaged)
        prompt = asked.damaged == nil ? (asked.value ?? nil)?.request.prompt : run.request.listed(as: KeptWords.self).value?.prompt
    }
}
