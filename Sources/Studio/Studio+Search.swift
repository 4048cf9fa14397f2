import Foundation
import Screening

extension Studio {
    /// Pictures of the library by the words in their tags, prompts, captions and names, and what was painted from words alone by the words of
    /// its prompt, the latest first.
    ///
    /// - Parameters:
    ///   - words: all of them, the last one as a beginning; without one everything fits.
    ///   - approved: only those with an approved tag, which no painting has.
    ///   - since: added, or painted, then or later.
    ///   - model: redrawn with this model, or made by it.
    ///   - stars: some result has, or the painting itself, at least so many.
    package func search(
        _ words: String, approved: Bool = false, since: Date? = nil, model: String? = nil, stars: Int? = nil, limit: Int
    ) throws -> SearchReport {
        var query = PictureQuery()
        (query.words, query.since, query.model, query.stars, query.limit) = (words, since, model, stars, limit)
        if approved { query.state = .approved }
        let library = try premises.library()
        let (pictures, listed) = try library.pictures(query)
        let (paintings, painted) = try library.paintings(query)
        var report = SearchReport(total: pictures + paintings)
        let seen = try library.pictures(numbers: listed.map(\.id))
        var (left, right) = (listed[...], painted[...])
        while report.found.count < limit {
            // Each list has the latest first already.
            if let picture = left.first, right.first.map({ $0.generation.createdAt <= picture.addedAt }) ?? true {
                report.found.append(.picture(FoundPicture(picture, path: seen[picture.id]?.paths.first)))
                left.removeFirst()
            } else if let painting = right.popFirst() {
                report.found.append(.painting(FoundPainting(painting)))
            } else {
                break
            }
        }
        return report
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
