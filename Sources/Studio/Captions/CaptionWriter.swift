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
    private let owners = SidecarOwners()
    /// Whether one was written that the library could not take note of.
    private let isUnknown = Mutex(false)

    /// - Parameter overwriting: whether a caption takes the place of a person's text of that name, too.
    package init(_ studio: Studio, _ form: CaptionForm, overwriting: Bool) {
        (self.studio, self.form, self.overwriting) = (studio, form, overwriting)
    }

    /// What is to be said after the run; nil where there is nothing.
    package var remark: String? {
        guard isUnknown.withLock({ $0 }) else { return nil }
        return "The library is read-only: these captions are not noted as Redraw's, and a later run will want --overwrite."
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
        let old = isOurs ? String(decoding: standing ?? [], as: UTF8.self) : nil
        guard let line = form.line(suggestions, sha256: digest) ?? old.flatMap({ withoutRejected($0, suggestions, sha256: digest) }) else {
            guard let old, isRejected(old, suggestions) else { return report("", .empty) }
            do {
                try FileManager.default.removeItem(at: place)
            } catch {
                throw ImageError.inFile(path: place.path, .cannotWrite(reason: error.localizedDescription))
            }
            return report("", .removed)
        }
        if let owner = owners.other(than: path, of: place.path) {
            throw CaptionError.sharedName(picture: path, file: place.lastPathComponent, with: owner)
        }
        let bytes = Array((line + "\n").utf8)
        if let standing {
            if standing == bytes || standing == bytes.dropLast() { return report(line, .same) }
            guard overwriting || isOurs else { return report(line, .kept) }
        }
        // Before it is there: no analysis takes it for somebody's words.
        if library.isReadOnly {
            isUnknown.withLock { $0 = true }
        } else {
            try library.note(caption: bytes.sha256, of: picture.id)
        }
        do {
            try FileBytes.write(bytes, to: place, replacing: overwriting || isOurs)
        } catch {
            guard error.cause == .exists else { throw ImageError.inFile(path: place.path, error) }
            return report(line, .kept)
        }
        return report(line, isOurs ? .renewed : .written)
    }

    /// What is left of a caption that says a tag which was rejected since, and others on which nobody decided; nil for every other one.
    private func withoutRejected(_ caption: String, _ suggestions: [Suggestion], sha256: String) -> String? {
        let said = said(in: caption, suggestions)
        guard said.contains(where: { $0.state == .rejected }) else { return nil }
        var form = form
        form.tags = .suggested
        return form.line(said, sha256: sha256)
    }

    /// Whether a caption says nothing but tags that were rejected since. Of suggested tags it may say still what is not approved yet.
    private func isRejected(_ caption: String, _ suggestions: [Suggestion]) -> Bool {
        // A tag that was rejected may have lost the text that a person gave it.
        [suggestions, said(in: caption, suggestions)].contains { !$0.isEmpty && $0.allSatisfy { $0.state == .rejected } }
    }

    /// The tags that a caption says, in their own order: of "big cat" the cat alone is not said.
    private func said(in caption: String, _ suggestions: [Suggestion]) -> [Suggestion] {
        var rest = caption.replacing("_", with: " ")
        var said: Set<Int64> = []
        for suggestion in suggestions.sorted(by: { $0.text.count > $1.text.count }) {
            let text = suggestion.text.replacing("_", with: " ")
            let found = rest.ranges(of: text).filter { range in
                let (before, after) = (rest[..<range.lowerBound].last, rest[range.upperBound...].first)
                return [before, after].allSatisfy { $0.map { !$0.isLetter && !$0.isNumber } ?? true }
            }
            guard !found.isEmpty else { continue }
            said.insert(suggestion.id)
            for range in found.reversed() { rest.replaceSubrange(range, with: "\n") }
        }
        return suggestions.filter { said.contains($0.id) }
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
