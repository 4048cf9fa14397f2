/// A format that Redraw reads; PNG, JPEG and WebP are written too.
package enum ImageFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case png
    case jpeg
    case webp
    case heic
    case avif
    case gif
    case bmp
    case tiff

    package var description: String {
        switch self {
        case .png: "PNG"
        case .jpeg: "JPEG"
        case .webp: "WebP"
        case .heic: "HEIC"
        case .avif: "AVIF"
        case .gif: "GIF"
        case .bmp: "BMP"
        case .tiff: "TIFF"
        }
    }

    /// Whether a file of that extension, in any case, is one that is read.
    package static func isRead(fileExtension: String) -> Bool {
        ImageFormat(fileExtension: fileExtension) != nil
            || ["heic", "heif", "hif", "avif", "gif", "bmp", "dib", "tif", "tiff"].contains(fileExtension.lowercased())
    }

    /// The format that a file name's extension names, in any case, or nil for one that is not written.
    package init?(fileExtension: String) {
        switch fileExtension.lowercased() {
        case "png": self = .png
        case "jpg", "jpeg", "jpe", "jfif": self = .jpeg
        case "webp": self = .webp
        default: return nil
        }
    }
}

/// What is accepted as a picture. Every size is checked against these before memory is taken for it.
package enum ImageLimits {
    /// Pixels a side.
    package static let longestSide = 32_768
    /// Pixels in all.
    package static let pixelCount = 300_000_000
    /// Bytes of a file.
    package static let fileBytes = 512 << 20
    /// Pixels of a picture that is read whole where it is only looked at; a larger one is made smaller while it is read.
    static let wholePixels = 32_000_000
    /// Bytes that a library may hold at once of a picture that is only looked at. Some codings can only be decoded whole.
    static let bytesAtOnce = 1 << 30
}

/// Why a picture could not be read or written.
package indirect enum ImageError: Error, Equatable, Sendable, CustomStringConvertible {
    case cannotRead(reason: String)
    case fileTooLarge(bytes: Int)
    case empty
    /// More pixels than `ImageLimits` accept.
    case tooLarge(width: Int, height: Int)
    /// A picture that can only be decoded whole, which would take more than `ImageLimits.bytesAtOnce`.
    case tooLargeAtOnce(ImageFormat, width: Int, height: Int)
    /// The first bytes are none that Redraw knows.
    case unknownFormat(firstBytes: [UInt8])
    /// A format that Redraw knows and does not read, by name.
    case unsupportedFormat(name: String)
    case unsupportedFeature(ImageFormat, feature: String)
    case truncated(ImageFormat)
    case damaged(ImageFormat, reason: String)
    case unknownExtension(String)
    /// The picture does not fit the format: `limit` says which rule it breaks.
    case cannotEncode(ImageFormat, width: Int, height: Int, limit: String)
    case cannotWrite(reason: String)
    /// Something has that name already, and nobody allowed it to be replaced.
    case exists
    /// The error, and the file it happened with.
    case inFile(path: String, ImageError)

    /// The error itself, without the file it happened with.
    package var cause: ImageError {
        if case .inFile(_, let error) = self { error.cause } else { self }
    }

    package var description: String {
        switch self {
        case .cannotRead(let reason):
            return "cannot be read: \(reason)"
        case .fileTooLarge(let bytes):
            return "is \(bytes) bytes long, more than the \(ImageLimits.fileBytes) (512 MiB) accepted; save it smaller"
        case .empty:
            return "is empty: 0 bytes; was it fully copied?"
        case .tooLarge(let width, let height):
            return "is \(width)x\(height) pixels, more than the \(ImageLimits.longestSide) a side or "
                + "\(ImageLimits.pixelCount / 1_000_000) megapixels accepted; scale it down first"
        case .tooLargeAtOnce(let format, let width, let height):
            return "is \(width)x\(height) pixels in a coding of \(format) that can only be decoded whole, which takes more than "
                + "\(ImageLimits.bytesAtOnce >> 20) MiB; scale it down, or save it as an ordinary PNG or JPEG"
        case .unknownFormat(let bytes):
            let shown = bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            return "is no picture that Redraw knows (it begins with \(shown)); PNG, JPEG, WebP, HEIC, AVIF, GIF, BMP and TIFF are read"
        case .unsupportedFormat(let name):
            return "is a \(name) file, which Redraw does not read; convert it to PNG, JPEG or WebP first"
        case .unsupportedFeature(let format, let feature):
            return "is a \(format) file with \(feature), which Redraw does not read; save it as an ordinary 8-bit \(format)"
        case .truncated(let format):
            let asFarAsItGoes = [.png, .jpeg].contains(format) ? " --accept-truncated takes it as far as it goes" : ""
            return "is a \(format) file that ends early; was it fully copied or downloaded?" + asFarAsItGoes
        case .damaged(let format, let reason):
            return "is a damaged \(format) file: \(reason)"
        case .unknownExtension(let name):
            return "names no format that Redraw writes (\(name.isEmpty ? "no extension" : "." + name)); end it in .png, .jpg or .webp"
        case .cannotEncode(let format, let width, let height, let limit):
            return "cannot hold \(width)x\(height) pixels as \(format): \(limit)"
        case .cannotWrite(let reason):
            return "cannot be written: \(reason)"
        case .exists:
            return "exists already; nothing was written over it"
        case .inFile(let path, let error):
            return "\(path) \(error.description)"
        }
    }
}
