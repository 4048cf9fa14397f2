import Foundation
import Screening

extension Studio {
    /// Pictures of the library by the words in their tags, prompts, captions and names, the latest first.
    ///
    /// - Parameters:
    ///   - words: all of them, the last one as a beginning; without one every picture fits.
    ///   - approved: only those with an approved tag.
    ///   - since: added then or later.
    ///   - model: redrawn with this model, or made by it.
    ///   - stars: some result has at least so many.
    package func search(
        _ words: String, approved: Bool = false, since: Date? = nil, model: String? = nil, stars: Int? = nil, limit: Int
    ) throws -> (total: Int, pictures: [FoundPicture]) {
        var query = PictureQuery()
        (query.words, query.since, query.model, query.stars, query.limit) = (words, since, model, stars, limit)
        if approved { query.state = .approved }
        let library = try premises.library()
        let (total, found) = try library.pictures(query)
        let pictures = try found.map { picture in
            FoundPicture(
                id: picture.id, name: picture.name, path: try library.picture(id: picture.id).paths.first, sha256: picture.sha256,
                width: picture.width, height: picture.height, added: picture.addedAt, approved: picture.approved,
                rejected: picture.rejected, pending: picture.pending, prompt: picture.prompt, generations: picture.generations,
                stars: picture.bestStars)
        }
        return (total, pictures)
    }

    /// The generation that a person means: by its number, also `g12`, or by a picture that it made.
    ///
    /// - Throws: `LibraryError.noSuchGeneration`; ``StudioError/notMadeHere(path:)``.
    package func generation(meant reference: String) throws -> Int64 {
        let library = try premises.library()
        let digits = reference.hasPrefix("g") ? reference.dropFirst() : reference[...]
        if let number = Int64(digits), !FileManager.default.fileExists(atPath: URL(asTyped: reference).path) {
            return try library.generation(id: number).id
        }
        let file = try PictureFile(path: URL(asTyped: reference).path)
        guard let made = try library.generation(ofOutput: file.sha256) else { throw StudioError.notMadeHere(path: reference) }
        return made.id
    }
}
