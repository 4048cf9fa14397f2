import Foundation
import Pixels
import Screening
import Synchronization

/// Writes captions beside pictures, `photo.txt` for `photo.jpg`, for one run over some or many of them.
///
/// The library holds the digest of each, with its picture: one that still stands as it was written, wherever picture and text were moved
/// together, is written anew; another text is a person's and stays.
package final class CaptionWriter: Sendable {
    private let studio: Studio
    private let form: CaptionForm
    private let overwriting: Bool
    /// Captions of this run and whose they are: `a.jpg` and `a.png` would have the same.
    private let owners = Mutex<[String: String]>([:])

    /// - Parameter overwriting: whether a caption takes the place of a person's text of that name, too.
    package init(_ studio: Studio, _ form: CaptionForm, overwriting: Bool) {
        (self.studio, self.form, self.overwriting) = (studio, form, overwriting)
    }

    /// - Parameters:
    ///   - path: the picture's file.
    ///   - sha256: of it, where that is known already.
    /// - Throws: `LibraryError.noSuchPicture` for one that was never analysed; ``CaptionError``.
    @discardableResult
    package func write(beside path: String, sha256: String? = nil) throws -> CaptionReport {
        let library = try studio.premises.library()
        let file = try sha256 == nil ? PictureFile(path: path) : nil
        guard let picture = try file.map({ try library.picture(of: $0) }) ?? library.picture(sha256: sha256 ?? "") else {
            throw StudioError.neverAnalysed(path: path)
        }
        // The picture's own, so that a seed shuffles it the same whatever was changed in its file.
        let digest = picture.sha256
        let place = URL(fileURLWithPath: ScreeningDesk.storedPath(path)).deletingPathExtension().appendingPathExtension("txt")
        func report(_ text: String, _ state: CaptionReport.State) -> CaptionReport {
            CaptionReport(picture: path, file: place.path, caption: text, state: state)
        }
        let standing = try? FileBytes.read(place)
        // A caption that somebody changed since is theirs.
        let isOurs = try standing.map { try library.wrote(caption: $0.sha256, of: picture.id) } ?? false
        let suggestions = try library.suggestions(of: picture.id)
        guard let line = form.line(suggestions, sha256: digest) else {
            guard isOurs, isRejected(String(decoding: standing ?? [], as: UTF8.self), suggestions) else { return report("", .empty) }
            do {
                try FileManager.default.removeItem(at: place)
            } catch {
                throw ImageError.inFile(path: place.path, .cannotWrite(reason: error.localizedDescription))
            }
            return report("", .removed)
        }
        let owner = owners.withLock { owners in
            owners[place.path, default: path] == path ? nil : owners[place.path]
        }
        if let owner { throw CaptionError.sharedName(picture: path, file: place.lastPathComponent, with: owner) }
        owners.withLock { $0[place.path] = path }
        let bytes = Array((line + "\n").utf8)
        if let standing {
            if standing == bytes || standing == bytes.dropLast() { return report(line, .same) }
            guard overwriting || isOurs else { return report(line, .kept) }
        }
        // Before it is there: no analysis takes it for somebody's words.
        if !library.isReadOnly { try library.note(caption: bytes.sha256, of: picture.id) }
        do {
            try FileBytes.write(bytes, to: place, replacing: overwriting || isOurs)
        } catch {
            guard error.cause == .exists else { throw ImageError.inFile(path: place.path, error) }
            return report(line, .kept)
        }
        return report(line, isOurs ? .renewed : .written)
    }

    /// Whether a caption says nothing but tags that were rejected since. Of suggested tags it may say still what is not approved yet.
    private func isRejected(_ caption: String, _ suggestions: [Suggestion]) -> Bool {
        let words = caption.replacing("_", with: " ")
        let said = suggestions.filter { words.contains($0.text.replacing("_", with: " ")) }
        // A tag that was rejected may have lost the text that a person gave it.
        return [suggestions, said].contains { !$0.isEmpty && $0.allSatisfy { $0.state == .rejected } }
    }
}

/// Why a picture has no caption of its own.
package enum CaptionError: Error, Equatable, CustomStringConvertible {
    case sharedName(picture: String, file: String, with: String)

    package var description: String {
        switch self {
        case .sharedName(let picture, let file, let other):
            "\(picture): its caption \(file) would be that of \(other), too; rename one of the two pictures"
        }
    }
}
