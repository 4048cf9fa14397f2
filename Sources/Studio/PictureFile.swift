import Catalog
import Digests
import Foundation
import Glibc
import Pixels
import Screening

/// A picture as it lies on disk: its bytes, who it is, and how large it is. Decoding waits until somebody wants pixels.
package struct PictureFile: Sendable {
    /// As the person named it.
    package let path: String
    /// SHA-256 of the file, 64 hexadecimal digits.
    package let sha256: String
    /// Pixels, after orientation.
    package let width: Int
    package let height: Int
    let format: ImageFormat
    let orientation: Orientation
    /// How the file looked from outside just before it was read.
    let stamp: FileStamp?
    let bytes: [UInt8]

    /// Reads the file and its header.
    ///
    /// - Throws: ``StudioError`` where there is no such file, `ImageError` where it is no picture or exceeds a limit.
    package init(path: String) throws {
        let url = URL(asTyped: path)
        guard let kind = SystemPath.kind(of: url.path) else { throw StudioError.noPicture(path: path) }
        guard kind != .folder else { throw StudioError.isFolder(path: path) }
        let stamp = FileStamp(path: url.path)
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(url)
        } catch {
            throw ImageError.inFile(path: path, error.cause)
        }
        try self.init(bytes, path: path, stamp: stamp)
    }

    /// A picture whose bytes are here already.
    ///
    /// - Parameters:
    ///   - path: where they stand, or what messages call them.
    ///   - stamp: nil where there is no file.
    /// - Throws: `ImageError` where they are no picture.
    init(_ bytes: [UInt8], path: String, stamp: FileStamp?) throws(ImageError) {
        let header: ImageFile.Header
        do {
            header = try ImageFile.size(of: bytes)
        } catch {
            throw ImageError.inFile(path: path, error.cause)
        }
        self.path = path
        self.bytes = bytes
        self.width = header.width
        self.height = header.height
        self.format = header.format
        self.orientation = header.orientation
        self.stamp = stamp
        self.sha256 = bytes.sha256
    }

    /// The picture's pixels, upright.
    ///
    /// - Parameter targetShortSide: what the picture will be scaled to; a much larger JPEG is then decoded in a fraction of its size.
    func decoded(targetShortSide: Int? = nil) throws -> DecodedImage {
        do {
            return try ImageFile.decode(bytes, targetShortSide: targetShortSide)
        } catch {
            throw ImageError.inFile(path: path, error.cause)
        }
    }
}

extension Sequence where Element == UInt8, Self: ContiguousBytes {
    /// SHA-256 in lower-case hexadecimal.
    var sha256: String {
        Digest.sha256(self).hexadecimal
    }
}

extension FileStamp {
    /// How the file at a path looks from outside; nil where it cannot be told.
    init?(path: String) {
        var status = stat()
        guard path.withSystemPath({ stat($0, &status) }) == 0 else { return nil }
        let (seconds, nanoseconds) = (Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec))
        self.init(bytes: Int(status.st_size), modified: seconds &* 1_000_000_000 &+ nanoseconds)
    }
}
