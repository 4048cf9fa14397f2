import Foundation
import TestSupport
import Testing

@testable import Pixels

/// A packet of XMP goes into a file and out of it, and nothing else of the file changes.
@Suite struct PacketWritingTests {
    private static let files: [String] = {
        let folder = fixture("", room: "Pixels").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { ["png", "jpg", "webp"].contains(URL(fileURLWithPath: $0).pathExtension) }.sorted()
    }()

    private let packet = Array("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">ä</x:xmpmeta>".utf8)

    @Test func thereAreFilesOfAllThree() {
        for kind in ["png", "jpg", "webp"] { #expect(Self.files.contains { $0.hasSuffix(kind) }) }
    }

    @Test(arguments: files) func onlyThePacketChanges(_ name: String) throws {
        let bytes = try FileBytes.read(fixture(name, room: "Pixels"))
        guard let before = try? ImageFile.decode(bytes) else { return }
        let with = try ImageFile.replacing(xmp: packet, in: bytes)
        #expect(try ImageFile.xmp(of: with) == String(decoding: packet, as: UTF8.self))
        let after = try ImageFile.decode(with)
        #expect(after.image == before.image && after.exif == before.exif)
        var texts = try ImageFile.text(of: with)
        texts[ImageFile.xmpKey] = nil
        var expected = try ImageFile.text(of: bytes)
        expected[ImageFile.xmpKey] = nil
        #expect(texts == expected)
        // In the place of the one that is there, and out again.
        let other = Array("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>".utf8)
        let replaced = try ImageFile.replacing(xmp: other, in: with)
        #expect(try ImageFile.xmp(of: replaced) == String(decoding: other, as: UTF8.self))
        let without = try ImageFile.replacing(xmp: nil, in: replaced)
        #expect(try ImageFile.xmp(of: without) == nil && ImageFile.decode(without).image == before.image)
        #expect(try ImageFile.replacing(xmp: packet, in: without) == ImageFile.replacing(xmp: packet, in: replaced))
    }

    @Test func aPacketThatNoSegmentHoldsIsRefused() throws {
        let bytes = try FileBytes.read(fixture("rgb-420.jpg", room: "Pixels"))
        let largest = [UInt8](repeating: 0x20, count: JPEGFile.longestPacket)
        #expect(try ImageFile.xmp(of: ImageFile.replacing(xmp: largest, in: bytes))?.utf8.count == largest.count)
        #expect(throws: ImageError.self) { try ImageFile.replacing(xmp: largest + [0x20], in: bytes) }
    }

    @Test(arguments: files.filter { $0.hasSuffix("jpg") }, [1, 65_519, 65_520, 200_000])
    func onlyPhotoshopsBlockChanges(_ name: String, _ length: Int) throws {
        let bytes = try FileBytes.read(fixture(name, room: "Pixels"))
        guard let before = try? ImageFile.decode(bytes) else { return }
        let block = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 31) }
        let with = try ImageFile.replacing(photoshopBlock: block, in: bytes)
        #expect(try ImageFile.photoshopBlock(of: with) == block)
        let after = try ImageFile.decode(with)
        #expect(after.image == before.image && after.exif == before.exif && after.text == before.text)
        #expect(try ImageFile.replacing(photoshopBlock: block, in: with) == with)
        // A packet of XMP and the block do not know of each other.
        let both = try ImageFile.replacing(xmp: packet, in: with)
        #expect(try ImageFile.photoshopBlock(of: both) == block)
        let without = try ImageFile.replacing(photoshopBlock: nil, in: both)
        #expect(try ImageFile.photoshopBlock(of: without) == nil && ImageFile.xmp(of: without) == ImageFile.xmp(of: both))
        if try ImageFile.photoshopBlock(of: bytes) == nil {
            #expect(try ImageFile.replacing(photoshopBlock: nil, in: with) == bytes)
        }
    }

    @Test func damagedFilesAreRefusedOrGiveAPicture() throws {
        var random = SeededGenerator.announced()
        for name in ["rgb-420.jpg", "palette.png", "lossy.webp", "lossless-alpha.webp"] {
            let sound = try FileBytes.read(fixture(name, room: "Pixels"))
            for _ in 0..<200 {
                var bytes = Array(sound.prefix(Int.random(in: 12...sound.count, using: &random)))
                for _ in 0..<3 { bytes[Int.random(in: 8..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
                _ = try? ImageFile.replacing(xmp: packet, in: bytes)
                _ = try? ImageFile.replacing(photoshopBlock: packet, in: bytes)
            }
        }
    }
}
