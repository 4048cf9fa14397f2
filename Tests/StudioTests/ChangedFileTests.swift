import Foundation
import Pixels
import TestSupport
import Testing

@testable import Screening
@testable import Studio

/// Pictures whose files were changed beside their pixels, by whatever program, and texts that Redraw wrote beside pictures itself.
@Suite struct ChangedFileTests {
    private let pictures: ScreenedPictures

    init() throws { pictures = try ScreenedPictures() }

    private func image(_ shade: Int) -> Image {
        Image(width: 40, height: 24, channels: 3, bytes: (0..<40 * 24 * 3).map { UInt8(truncatingIfNeeded: $0 / 7 + shade) })
    }

    /// Writes a picture and keeps it as an analysis does.
    private func keep(_ name: String, _ bytes: [UInt8]) throws -> PictureRecord {
        try FileBytes.write(bytes, to: pictures.url(name))
        let file = try PictureFile(path: pictures.path(name))
        var record = file.record
        record.pixels = file.pixelDigest()
        #expect(record.pixels != nil)
        return try pictures.library.record(record)
    }

    private func found(_ name: String, _ bytes: [UInt8]) throws -> PictureRecord? {
        try FileBytes.write(bytes, to: pictures.url(name))
        return try pictures.library.picture(of: PictureFile(path: pictures.path(name)))
    }

    /// A JPEG with segments behind its beginning.
    private func adding(_ segments: [(marker: UInt8, content: [UInt8])], to jpeg: [UInt8]) -> [UInt8] {
        var result = Array(jpeg.prefix(2))
        for (marker, content) in segments {
            result += [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 255)] + content
        }
        return result + jpeg.dropFirst(2)
    }

    @Test func aJPEGIsKnownWhateverIsSaidInIt() throws {
        let bytes = try ImageFile.encodeJPEG(image(1), fullChroma: true)
        let record = try keep("cat.jpg", bytes)
        let said = adding(
            [
                (0xE1, Array("http://ns.adobe.com/xap/1.0/\0<x/>".utf8)), (0xED, Array("Photoshop 3.0\0keywords".utf8)),
                (0xFE, Array("a comment".utf8)), (0xE2, Array("MPF\0preview".utf8)),
            ], to: bytes)
        #expect(try found("renamed.jpg", said)?.id == record.id)
        // Noted: from now on the digest tells.
        #expect(try pictures.library.picture(sha256: PictureFile(path: pictures.path("renamed.jpg")).sha256)?.id == record.id)
        // Something that is said behind its end changes nothing, other colours and another way up do.
        #expect(try found("longer.jpg", bytes + Array("trailer".utf8))?.id == record.id)
        let profile = adding([(0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1] + [UInt8](repeating: 7, count: 200))], to: bytes)
        #expect(try found("coloured.jpg", profile) == nil)
        let turned: [UInt8] =
            Array("Exif\0\0".utf8) + [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
        #expect(try found("turned.jpg", adding([(0xE1, turned)], to: bytes)) == nil)
        #expect(try found("other.jpg", ImageFile.encodeJPEG(image(2), fullChroma: true)) == nil)
        #expect(try found("again.jpg", ImageFile.encodeJPEG(image(1), quality: 80, fullChroma: true)) == nil)
    }

    /// Programs pack these anew, so the pixels themselves count.
    @Test func otherFormatsAreKnownByTheirPixels() throws {
        let record = try keep("cat.png", ImageFile.encodePNG(image(1), compression: 9))
        #expect(try found("said.png", ImageFile.encodePNG(image(1), text: [("Keywords", "cat")], compression: 1))?.id == record.id)
        #expect(try found("packed.webp", ImageFile.encodeWebP(image(1), lossless: true))?.id == record.id)
        var bytes = image(1).bytes
        bytes[1000] ^= 1
        let other = Image(width: 40, height: 24, channels: 3, bytes: bytes)
        #expect(try found("other.png", ImageFile.encodePNG(other)) == nil)
        #expect(try found("larger.png", ImageFile.encodePNG(Image(width: 80, height: 48, filledWith: [1, 2, 3]))) == nil)
    }

    /// Commands find it, and what is decided is the one picture's.
    @Test func whateverIsAskedOfAChangedFileIsThatPictures() throws {
        let record = try keep("cat.png", ImageFile.encodePNG(image(3)))
        let changed = try ImageFile.encodePNG(image(3), text: [("Comment", "other")])
        try FileBytes.write(changed, to: pictures.url("elsewhere.png"))
        let desk = ScreeningDesk(library: try pictures.library, compose: ScreeningDesk.composition)
        #expect(try desk.picture(pictures.path("elsewhere.png")).id == record.id)
        // An analysis of it is one of that picture; its path is noted.
        let file = try PictureFile(path: pictures.path("elsewhere.png"))
        #expect(try pictures.library.record(file.record).id == record.id)
        #expect(try pictures.library.picture(id: record.id).paths.contains(pictures.path("elsewhere.png")))
        #expect(throws: LibraryError.noSuchPicture(pictures.path("none.txt"))) {
            try Data("text".utf8).write(to: pictures.url("none.txt"))
            _ = try desk.picture(pictures.path("none.txt"))
        }
        #expect(record.saidOfChangedFile.contains("p\(record.id)") && record.saidOfChangedFile.contains("cat.png"))
    }

    /// Uploads and folders, too.
    @Test func whatComesInIsKnownByItsPixels() async throws {
        let record = try keep("cat.jpg", ImageFile.encodeJPEG(image(5)))
        let said = adding([(0xFE, Array("a comment".utf8))], to: try ImageFile.encodeJPEG(image(5)))
        let upload = try await pictures.studio.takeIn(said, named: "said.jpg", isAnalysed: false)
        #expect(upload.picture == record.id && !upload.isNew)
        // One that is new is known by its pixels from then on.
        let other = try await pictures.studio.takeIn(ImageFile.encodePNG(image(6)), named: "other.png", isAnalysed: false)
        #expect(other.isNew && other.picture != record.id)
        let packed = try ImageFile.encodePNG(image(6), text: [("Comment", "words")], compression: 9)
        let again = try await pictures.studio.takeIn(packed, named: "packed.png", isAnalysed: false)
        #expect(again.picture == other.picture && !again.isNew)
        let folder = pictures.url("folder")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileBytes.write(adding([(0xFE, Array("another".utf8))], to: said), to: folder.appendingPathComponent("a.jpg"))
        try FileBytes.write(try ImageFile.encodeJPEG(image(7)), to: folder.appendingPathComponent("b.jpg"))
        #expect(try await pictures.studio.takeIn(folder: folder).added == 1)
        #expect(try pictures.library.picture(id: record.id).paths.contains { $0.hasSuffix("folder/a.jpg") })
        try FileBytes.write(
            adding([(0xFE, Array("more".utf8))], to: try ImageFile.encodeJPEG(image(7))), to: folder.appendingPathComponent("c.jpg"))
        #expect(try await pictures.studio.takeIn(folder: folder).added == 0)
    }

    /// What makes a picture's pixels is told from what is said beside them, where nobody decodes it.
    @Test func packedPixelsAreToldFromTexts() throws {
        func parts(_ bytes: [UInt8], _ format: ImageFormat) throws -> [UInt8] {
            try #require(PixelIdentity.codedParts(of: bytes, format)).flatMap { bytes[$0] }
        }
        let png = try ImageFile.encodePNG(image(1))
        #expect(try parts(png, .png) == parts(ImageFile.encodePNG(image(1), text: [("Comment", "words")]), .png))
        #expect(try parts(png, .png) != parts(ImageFile.encodePNG(image(2)), .png))
        let webp = try ImageFile.encodeWebP(image(1), lossless: true)
        #expect(try parts(webp, .webp) == parts(ImageFile.encodeWebP(image(1), lossless: true, text: [("Comment", "words")]), .webp))
        #expect(try parts(webp, .webp) != parts(ImageFile.encodeWebP(image(2), lossless: true), .webp))
        for format in [ImageFormat.png, .webp, .jpeg] { #expect(PixelIdentity.codedParts(of: [1, 2, 3], format) == nil) }
        for length in stride(from: 9, to: png.count, by: 7) { _ = PixelIdentity.codedParts(of: Array(png.prefix(length)), .png) }
        #expect(PixelIdentity.codedParts(of: Array(png.prefix(png.count - 20)), .png) == nil)
    }

    @Test func aCaptionOfOursIsNobodysWord() throws {
        try pictures.add("dog.png", shade: 4, tags: [("dog", "subject"), ("grass", "setting")], decisions: [.approve(.tag("dog"))])
        #expect(
            try CaptionWriter(pictures.studio, CaptionForm(), overwriting: false).write(beside: pictures.path("dog.png")).state == .written)
        let file = try PictureFile(path: pictures.path("dog.png"))
        let told = try pictures.studio.info(file)
        #expect(told.recovered == nil && told.notes == ["dog.txt, a caption that Redraw wrote"])
        // What a person makes of it is theirs, and what stands under another name is found.
        try Data("a dog of mine\n".utf8).write(to: pictures.url("dog.png.txt"))
        #expect(try pictures.studio.info(file).recovered?.positive == "a dog of mine")
        try Data("dog, a ball\n".utf8).write(to: pictures.url("dog.txt"))
        let edited = try pictures.studio.info(file)
        #expect(edited.recovered?.positive == "dog, a ball" && edited.notes.isEmpty)
    }

    @Test func whatKilledWritesLeftIsTold() async throws {
        let library = try pictures.library
        let place = URL(fileURLWithPath: library.location).deletingLastPathComponent().appendingPathComponent(".redraw-0123456789abc.tmp")
            .path
        try Data(repeating: 0, count: 2_000_000).write(to: URL(fileURLWithPath: place))
        var times = [timeval(tv_sec: time(nil) - 7200, tv_usec: 0), timeval(tv_sec: time(nil) - 7200, tv_usec: 0)]
        #expect(utimes(place, &times) == 0)
        let finding = try #require(try await pictures.studio.examine().first { $0.subject == "leftovers" })
        #expect(finding.isSound && finding.text.hasPrefix("1 of writes that were broken off, 2 MB"), "\(finding.text)")
        #expect(!FileManager.default.fileExists(atPath: place))
        let again = try #require(try await pictures.studio.examine().first { $0.subject == "leftovers" })
        #expect(again.text.hasPrefix("none"), "\(again.text)")
    }
}
