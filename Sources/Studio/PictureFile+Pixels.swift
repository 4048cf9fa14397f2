import Catalog
import Digests
import Foundation
import Pixels
import Screening

extension PictureFile {
    /// Pixels of a picture that is decoded to be known.
    private static let mostPixels = 32_000_000

    /// A digest of the picture's pixels, however it is called and whatever else stands in its file; nil for one that cannot be decoded, and for a
    /// large one in a format whose file does not keep its pixels apart.
    ///
    /// A JPEG's is that of the data that its pixels are decoded from, which programs leave as they are when they write keywords, and so is that of
    /// a PNG or WebP which is too large to be decoded for it. Of the others, which are packed anew as often as not, it is that of the pixels
    /// themselves.
    ///
    /// - Parameter decoded: the picture, where it is decoded already.
    func pixelDigest(_ decoded: DecodedImage? = nil) -> String? {
        guard !isKnownByItsData else { return dataDigest }
        var whole = decoded?.image
        if whole?.size != PixelSize(width: width, height: height) { whole = try? self.decoded().image }
        guard let whole else { return nil }
        var hash = DigestInProgress.sha256()
        hash.add("pixels \(whole.width) \(whole.height) \(whole.channels)\n")
        hash.add(whole.bytes)
        return hash.finish().hexadecimal
    }

    /// The same where it is had without decoding; else nil.
    var pixelDigestOfData: String? { isKnownByItsData ? dataDigest : nil }

    private var isKnownByItsData: Bool { format == .jpeg || width * height > Self.mostPixels }

    private var dataDigest: String? {
        guard let parts = PixelIdentity.codedParts(of: bytes, format) else { return nil }
        var hash = DigestInProgress.sha256()
        hash.add("\(format.rawValue) \(orientation.rawValue)\n")
        bytes.withUnsafeBytes { bytes in
            for part in parts { hash.add(UnsafeRawBufferPointer(rebasing: bytes[part])) }
        }
        return hash.finish().hexadecimal
    }
}

extension Library {
    /// The picture that a file is: by its digest, else by its pixels, where something else in the file was changed, by whatever program. The
    /// file's digest is noted then, and tells by itself the next time. Nil where it is none that is known.
    ///
    /// - Parameter decoded: the picture, where it is decoded already.
    func picture(of file: PictureFile, _ decoded: DecodedImage? = nil) throws -> PictureRecord? {
        try picture(sha256: file.sha256) ?? changed(file, decoded)
    }

    /// As ``picture(of:_:)``, of a file whose digest tells nothing.
    func changed(_ file: PictureFile, _ decoded: DecodedImage? = nil) throws -> PictureRecord? {
        guard try knowsPixels(width: file.width, height: file.height), let pixels = file.pixelDigest(decoded),
            let known = try picture(pixels: pixels)
        else { return nil }
        if !isReadOnly { try note(alias: file.sha256, of: known.id) }
        return known
    }
}

extension PictureRecord {
    /// What is said of a file that was found to be this picture by its pixels.
    var saidOfChangedFile: String {
        "the same picture as p\(id)\(paths.first.map { " (\($0))" } ?? ""): nothing but what stands beside its pixels differs"
    }
}
