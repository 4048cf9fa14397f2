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

    init(_ picture: PictureRecord) {
        (id, sha256, paths) = (picture.id, picture.sha256, picture.paths)
        (width, height) = (picture.width, picture.height)
    }

    /// What a message calls it: where it was seen last, else its number.
    var label: String { paths.first ?? "\(id)" }
}
