import Foundation
import Screening

/// A picture that the library knows, as whoever asked for it sees it.
package struct KnownPicture: Sendable, Hashable, Identifiable {
    package let id: Int64
    package let sha256: String
    /// Pixels, after orientation.
    package let width: Int
    package let height: Int
    /// Where it was seen, the latest first.
    package let paths: [String]
    private let given: String

    init(_ picture: PictureRecord) {
        (id, sha256, paths, given) = (picture.id, picture.sha256, picture.paths, picture.name)
        (width, height) = (picture.width, picture.height)
    }

    /// What a person calls it: its file's name, or the one that they gave it where the library keeps the file under its digest.
    package var name: String { kept ?? paths.first.map { URL(fileURLWithPath: $0).lastPathComponent } ?? String(sha256.prefix(12)) }

    /// The name that was given to a picture whose file the library keeps itself.
    private var kept: String? { KnownPicture.name(given, ofFile: paths.first, sha256: sha256) }

    /// Whether the file is named after its own content, as those are that the library keeps itself.
    static func isDigest(_ file: String, of sha256: String) -> Bool {
        URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent == sha256
    }

    /// Where a person finds it: its file, or its name where the library keeps the file itself.
    package var place: String { kept ?? paths.first ?? name }

    /// What a message calls it: where it was seen last, else its number; both can be typed.
    var label: String { kept == nil ? paths.first ?? "\(id)" : "\(id)" }

    /// A name that says more than that of a file, since the file is named after its own content; nil where it does not.
    static func name(_ given: String, ofFile path: String?, sha256: String) -> String? {
        guard let path, isDigest(path, of: sha256), !given.isEmpty, !isDigest(given, of: sha256) else { return nil }
        return given
    }
}
