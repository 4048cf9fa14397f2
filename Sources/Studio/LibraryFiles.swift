import Foundation
import Glibc
import JSONReading
import Pixels

/// The files that a library keeps beside its database, each called after the digest of what it holds or was made of.
struct LibraryFiles {
    enum Shelf: String, CaseIterable {
        /// Pictures that came without a file of their own here: uploads.
        case pictures
        /// Masks that something was repainted under.
        case masks
        /// What was made without a place being named for it.
        case results
        /// Small forms of pictures, made once.
        case thumbnails
    }

    let library: URL

    func folder(_ shelf: Shelf) -> URL { library.appendingPathComponent(shelf.rawValue, isDirectory: true) }

    func file(_ shelf: Shelf, _ sha256: String, _ fileExtension: String) -> URL {
        folder(shelf).appendingPathComponent("\(sha256).\(fileExtension)")
    }

    /// Keeps bytes under their digest, unless they are kept already.
    @discardableResult
    func keep(_ bytes: [UInt8], _ shelf: Shelf, _ sha256: String, _ fileExtension: String) throws -> URL {
        let file = file(shelf, sha256, fileExtension)
        if FileManager.default.fileExists(atPath: file.path) { return file }
        try FileManager.default.createDirectory(at: folder(shelf), withIntermediateDirectories: true)
        do throws(ImageError) {
            try FileBytes.write(bytes, to: file, replacing: false)
        } catch {
            // Another one was quicker: it wrote the same.
            guard error.cause == .exists else { throw error }
        }
        return file
    }

    /// Whether a file lies on one of the shelves: what does not is the person's own and never removed.
    func isKept(_ path: String) -> Bool {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().standardizedFileURL.path
        return Shelf.allCases.contains { self.folder($0).standardizedFileURL.path == folder }
    }
}

/// What is taken from whoever sends pictures over a network, where a file of one's own may be larger.
package enum UploadLimits {
    /// Bytes of a picture.
    package static let bytes = 64 << 20
    /// Pixels of a picture: 100 megapixels take 400 MB while they are looked at.
    package static let pixels = 100_000_000

    /// Whether a body of JSON holds at most so many values; nothing is decoded to know it.
    package static func holds(_ json: [UInt8], values most: Int) -> Bool { JSONBytes.holds(json, atMost: most) }
}

extension ImageFormat {
    /// What a file of the format is called on the library's shelves.
    var fileExtension: String { self == .jpeg ? "jpg" : rawValue }

    /// How HTTP calls it.
    var mediaType: String { "image/\(self == .jpeg ? "jpeg" : rawValue)" }
}
