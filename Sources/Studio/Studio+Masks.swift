import Engines
import Foundation
import Pixels

extension Studio {
    /// Keeps a mask that came as bytes: white where it is to be repainted.
    ///
    /// - Throws: `ImageError` where the bytes are no sound picture.
    package func keepMask(_ bytes: [UInt8]) async throws -> MaskReport {
        try await Studio.takingIn.run { [self] in
            let file = try PictureFile(bytes, path: "mask", stamp: nil)
            guard file.width * file.height <= UploadLimits.pixels else {
                throw StudioError.tooManyPixels(name: "the mask", width: file.width, height: file.height)
            }
            let mask = Mask(try file.decoded().image, isLossy: file.format == .jpeg)
            let kept = try files.keep(bytes, .masks, file.sha256, file.format.fileExtension)
            // One that was kept long ago is wanted again: emptying the bin leaves it another day.
            try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: kept.path)
            let share = Double(mask.touchedPixelCount) / Double(max(1, mask.values.count))
            return MaskReport(id: file.sha256, width: file.width, height: file.height, share: share)
        }
    }

    /// A mask's file as it was sent.
    ///
    /// - Throws: ``StudioError/noSuchMask(_:)``.
    package func mask(_ id: String) async throws -> ShownFile {
        let file = try file(ofMask: id)
        return try await NumericQueue.shared.run { ShownFile(bytes: file.bytes, mediaType: file.format.mediaType) }
    }

    func file(ofMask id: String) throws -> PictureFile {
        let isDigest = id.utf8.count == 64 && id.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard isDigest else { throw StudioError.noSuchMask(String(id.prefix(80))) }
        for format in ImageFormat.allCases {
            let place = files.file(.masks, id, format.fileExtension)
            if let file = try? PictureFile(path: place.path), file.sha256 == id { return file }
        }
        throw StudioError.noSuchMask(id)
    }
}
