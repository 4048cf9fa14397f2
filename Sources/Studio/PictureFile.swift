import Crypto
import Foundation
import Pixels

/// A picture as it lies on disk: its bytes, who it is, and how large it is. Decoding waits until somebody wants pixels.
public struct PictureFile: Sendable {
    /// As the person named it.
    public let path: String
    /// SHA-256 of the file, 64 hexadecimal digits.
    public let sha256: String
    /// Pixels, after orientation.
    public let width: Int
    public let height: Int
    let bytes: [UInt8]

    /// Reads the file and its header.
    ///
    /// - Throws: ``StudioError`` where there is no such file, `ImageError` where it is no picture or exceeds a limit.
    public init(path: String) throws {
        let url = URL(fileURLWithPath: NSString(string: path).expandingTildeInPath)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { throw StudioError.noPicture(path: path) }
        guard !isFolder.boolValue else { throw StudioError.isFolder(path: path) }
        let bytes: [UInt8]
        let size: PixelSize
        do {
            bytes = try FileBytes.read(url)
            size = try ImageFile.size(of: bytes).size
        } catch {
            throw ImageError.inFile(path: path, error.cause)
        }
        self.path = path
        self.bytes = bytes
        self.width = size.width
        self.height = size.height
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
        var hash = SHA256()
        withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension PictureFile {
    /// The files below a folder whose names end like those of pictures, in a stable order; hidden ones are passed over.
    public static func pictures(below folder: String) -> [String] {
        guard let names = FileManager.default.enumerator(atPath: folder) else { return [] }
        var found: [String] = []
        for case let name as String in names {
            let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") }
            if !isHidden, ImageFormat(fileExtension: (name as NSString).pathExtension) != nil {
                found.append((folder as NSString).appendingPathComponent(name))
            }
        }
        return found.sorted()
    }
}
