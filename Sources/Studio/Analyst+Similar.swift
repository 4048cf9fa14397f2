import Analysis
import Encoders
import Foundation
import Pixels
import Screening

extension Analyst {
    /// The pictures of the library that lie nearest to one, as this studio's encoder sees them: an exact search.
    ///
    /// - Parameters:
    ///   - reference: a file, whether or not it was analysed; or a picture of the library by its number or the start of its digest.
    ///   - count: at most so many, at least 1.
    /// - Throws: `StudioError.nothingEmbedded` where the library holds no embedding of this encoder.
    package func similar(to reference: String, count: Int) throws -> [SimilarPicture] {
        let (encoder, library) = (try encoder(), try library())
        let spaces = try library.embeddingSpaces().filter { $0.count > 0 }
        guard spaces.contains(where: { $0.encoder.sha256 == encoder.identity.sha256 }) else {
            throw StudioError.nothingEmbedded(
                encoder: encoder.name,
                others: spaces.map { $0.encoder.name == encoder.name ? "another version of \($0.encoder.name)" : $0.encoder.name })
        }
        let (query, own) = try place(of: reference, encoder, library)
        var nearest = NearestPictures(to: query, count: count, excluding: own)
        try library.forEachEmbedding(encoder: encoder.identity.sha256) { pictures, halves in
            nearest.scan(pictures, halves: halves)
        }
        let pictures = try library.pictures(numbers: nearest.neighbours.map(\.picture))
        return try nearest.neighbours.compactMap { neighbour in
            guard let picture = pictures[neighbour.picture] else { return nil }
            let (prompt, damaged) = try said(of: picture.id, library)
            return SimilarPicture(
                id: picture.id, path: picture.paths.first, sha256: picture.sha256, width: picture.width, height: picture.height,
                cosine: Double(neighbour.cosine), prompt: prompt ?? "", damaged: damaged)
        }
    }

    /// What was approved for a picture, else what was suggested; and what of the picture cannot be read, which ends no list.
    private func said(of picture: Int64, _ library: Library) throws -> (prompt: String?, damaged: String?) {
        func prompt() throws -> String? {
            _ = try library.picture(id: picture)
            return try library.latestPrompt(of: picture)?.positive ?? library.latestAnalysis(of: picture)?.positive
        }
        do {
            return (try prompt(), nil)
        } catch let error as LibraryError where error.place != nil {
            return (nil, "\(error)")
        }
    }

    /// Where the encoder places the picture that is meant, and its number where it is of the library.
    private func place(
        of reference: String, _ encoder: any PictureTextEncoder, _ library: Library
    ) throws -> (embedding: Embedding, picture: Int64?) {
        let isFile = SystemPath.kind(of: ScreeningDesk.storedPath(reference)) == .file
        let file = isFile ? try PictureFile(path: reference) : nil
        let picture =
            try file.map { try library.picture(of: $0) }
            ?? library.picture(meant: reference)
        if let picture, let halves = try library.embedding(of: picture.id, encoder: encoder.identity.sha256) {
            return (Embedding(halves: halves), picture.id)
        }
        if let file {
            return (try encoder.embed(file.decoded(targetShortSide: encoder.decodeShortSide).image), picture?.id)
        }
        throw StudioError.notEmbedded(picture: reference, encoder: encoder.name)
    }
}
