import Foundation
import Screening

/// A digest that stands for the given number.
func digest(_ number: Int) -> String {
    let hexadecimal = String(number, radix: 16)
    return String(repeating: "0", count: 64 - hexadecimal.count) + hexadecimal
}

extension NewAnalysis {
    static func sample(
        _ tags: [Suggestion], encoder: String = "redraw-encoder", version: Int = 1
    ) -> NewAnalysis {
        NewAnalysis(
            encoder: EncoderIdentity(name: encoder, sha256: digest(100 + version)),
            vocabulary: VocabularyIdentity(name: "redraw", sha256: digest(200), count: 1500), seconds: 0.08, suggestions: tags,
            positive: tags.map(\.tag).joined(separator: ", "), negative: "blurry",
            model: #"{"name":"redraw-small"}"#, size: #"{"width":256,"height":192}"#)
    }
}

extension Suggestion {
    static func sample(_ tag: String, _ confidence: Double = 0.5, rank: Int = 1, aliases: [String] = [], facet: String = "subject")
        -> Suggestion
    {
        Suggestion(tag: tag, aliases: aliases, facet: facet, cosine: 0.25, confidence: confidence, rank: rank)
    }
}

extension Library {
    /// A library in memory with one picture.
    static func withPicture() throws -> (library: Library, picture: Int64) {
        let library = try Library.inMemory()
        let picture = try library.record(NewPicture(sha256: digest(1), width: 640, height: 480, path: "/photos/cat.jpg"))
        return (library, picture.id)
    }

    func states(_ picture: Int64) throws -> [String: Suggestion.State] {
        Dictionary(uniqueKeysWithValues: try suggestions(of: picture).map { ($0.tag, $0.state) })
    }
}
