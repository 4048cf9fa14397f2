import Foundation
import Pixels
import Screening
import TestSupport
import Testing

@testable import Studio

/// Keywords in a JPEG's IPTC record: bytes by the standards' pages, and what other programs read and wrote.
@Suite struct IPTCTests {
    private let pictures: ScreenedPictures
    private let record: PictureRecord

    init() throws {
        pictures = try ScreenedPictures()
        record = try pictures.add(
            "cat.jpg", shade: 1, tags: [("tabby cat", "subject"), ("Straße", "setting")],
            decisions: [.approve(.tag("tabby cat")), .approve(.tag("Straße"))])
    }

    private func write(_ change: (inout KeywordForm) -> Void = { _ in }) throws -> KeywordReport {
        var form = KeywordForm()
        form.place = .embedded
        change(&form)
        return try pictures.studio.writeKeywords(of: pictures.path("cat.jpg"), form)
    }

    private var block: [UInt8]? {
        get throws { try ImageFile.photoshopBlock(of: FileBytes.read(pictures.url("cat.jpg"))) }
    }

    /// Puts a block into the picture, as another program would have.
    private func put(_ block: [UInt8]) throws {
        let bytes = try ImageFile.replacing(photoshopBlock: block, in: FileBytes.read(pictures.url("cat.jpg")))
        try FileBytes.write(bytes, to: pictures.url("cat.jpg"), replacing: true)
        try pictures.library.note(alias: PictureFile(path: pictures.path("cat.jpg")).sha256, of: record.id)
    }

    private func entry(_ record: UInt8, _ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [0x1C, record, number, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
    }

    private func keyword(_ text: String) -> [UInt8] { entry(2, 25, Array(text.utf8)) }

    private func resource(_ id: Int, _ content: [UInt8]) -> [UInt8] {
        Array("8BIM".utf8) + [UInt8(id >> 8), UInt8(id & 255), 0, 0, 0, 0, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
            + (content.count % 2 == 0 ? [] : [0])
    }

    private static let utf8: [UInt8] = [0x1B, 0x25, 0x47]
    private var fresh: [UInt8] { entry(1, 90, Self.utf8) + entry(2, 0, [0, 4]) + keyword("tabby cat") + keyword("Straße") }

    @Test func aRecordIsMadeAndGoesAgain() throws {
        let before = try FileBytes.read(pictures.url("cat.jpg"))
        #expect(try write().state == .written)
        // The digest is MD5, as `md5sum` says it of the record's bytes.
        let digest: [UInt8] = [
            0xAB, 0x33, 0xA4, 0x3F, 0x70, 0x54, 0xA3, 0x69, 0xEE, 0x4C, 0x6E, 0x05, 0x9E, 0x8F, 0x6B, 0x9A,
        ]
        #expect(try block == resource(0x0404, fresh) + resource(0x0425, digest))
        #expect(try write().state == .same)
        #expect(try write { $0.removes = true }.state == .written)
        #expect(try FileBytes.read(pictures.url("cat.jpg")) == before)
    }

    @Test func whatAPersonPutThereStays() throws {
        let title = entry(2, 5, Array("A title".utf8))
        let theirs = entry(1, 90, Self.utf8) + entry(2, 0, [0, 2]) + title + keyword("Tabby Cat") + entry(2, 55, Array("20260131".utf8))
        let path = Array("8BIM".utf8) + [0x07, 0xD0, 3, 0x61, 0x62, 0x63, 0, 0, 0, 3, 1, 2, 3, 0]
        try put(path + resource(0x0404, theirs))
        #expect(try write().state == .written)
        // "tabby cat" stands there already, and there was no digest.
        let with =
            entry(1, 90, Self.utf8) + entry(2, 0, [0, 2]) + title + keyword("Tabby Cat") + keyword("Straße")
            + entry(2, 55, Array("20260131".utf8))
        #expect(try block == path + resource(0x0404, with))
        #expect(try write { $0.removes = true }.state == .written)
        #expect(try block == path + resource(0x0404, theirs))
    }

    /// The digest tells readers whether the record or the packet is the newer one.
    @Test func theDigestFollowsWhereItAgreed() throws {
        // MD5 of nothing, which Photoshop writes where there is no record.
        let nothing: [UInt8] = [0xD4, 0x1D, 0x8C, 0xD9, 0x8F, 0x00, 0xB2, 0x04, 0xE9, 0x80, 0x09, 0x98, 0xEC, 0xF8, 0x42, 0x7E]
        let other = resource(0x03ED, [1, 2])
        try put(other + resource(0x0425, nothing))
        _ = try write()
        #expect(try block?.starts(with: resource(0x0404, fresh)) == true && block?.suffix(16) != nothing[...])
        _ = try write { $0.removes = true }
        #expect(try block == other + resource(0x0425, nothing))

        // Somebody changed the record alone: still to be seen.
        let stale = [UInt8](repeating: 7, count: 16)
        try put(resource(0x0404, keyword("theirs")) + resource(0x0425, stale))
        _ = try write()
        #expect(try block?.suffix(16) == stale[...])
    }

    @Test func anotherCharacterSetIsNotMixed() throws {
        // A town in Latin-1, and no word of it.
        let town = entry(2, 90, [0x4D, 0xFC, 0x6E, 0x63, 0x68, 0x65, 0x6E])
        try put(resource(0x0404, town))
        #expect(try write().keywords == ["tabby cat", "Straße"])
        #expect(try block == resource(0x0404, keyword("tabby cat") + town))
        _ = try write { $0.removes = true }
        #expect(try block == resource(0x0404, town))
    }

    @Test func keywordsThatARecordDoesNotTakeStandInThePacketOnly() throws {
        let long = String(repeating: "é", count: 33)
        _ = try pictures.library.decide([.edit(.tag("Straße"), to: long)], on: record.id, by: "a test")
        #expect(try write().keywords == ["tabby cat", long])
        #expect(try block?.starts(with: resource(0x0404, entry(1, 90, Self.utf8) + entry(2, 0, [0, 4]) + keyword("tabby cat"))) == true)
    }

    @Test(
        arguments: [
            [0x1C, 2, 25, 0, 9, 0x61], [0x1D, 2, 25, 0, 1, 0x61], [0x1C, 2, 25, 0x80, 9, 1], [0x1C, 2], [0, 0x1C],
        ] as [[UInt8]])
    func aDamagedRecordIsLeftAlone(_ content: [UInt8]) throws {
        try put(resource(0x0404, content))
        let before = try FileBytes.read(pictures.url("cat.jpg"))
        #expect(throws: KeywordError.self) { try write() }
        #expect(try FileBytes.read(pictures.url("cat.jpg")) == before)
        try put(Array("8BIMxx".utf8) + [UInt8](repeating: 0xFF, count: 30))
        #expect(throws: KeywordError.self) { try write() }
    }

    @Test func randomBytesInABlockNeverCrash() throws {
        var random = SeededGenerator.announced()
        let sound = resource(0x0404, fresh) + resource(0x0425, [UInt8](repeating: 1, count: 16))
        for _ in 0..<2000 {
            var bytes = Array(sound.prefix(Int.random(in: 0...sound.count, using: &random)))
            for _ in 0..<3 where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard var block = PhotoshopBlock(bytes) else { continue }
            guard let ours = block.bring([], to: ["a", "ä"]), let written = block.bytes else { continue }
            var again = try #require(PhotoshopBlock(written))
            #expect(again.bring(ours, to: ours) == ours && again.bytes == written)
        }
    }

    // MARK: Other programs

    @Test func exiftoolAndExiv2ReadThem() throws {
        _ = try write()
        if let told = try OutsideProgram.run(
            "exiftool", "-s3", "-sep", "|", "-charset", "iptc=utf8", "-IPTC:Keywords", "-IPTC:CodedCharacterSet", "-validate", "-warning",
            pictures.path("cat.jpg"))
        {
            #expect(told.status == 0 && told.output == "tabby cat|Straße\nUTF8\nOK\n", "\(told.output)")
        }
        // Both say the same: the record's digest is the one that stands beside it.
        if let told = try OutsideProgram.run("exiftool", "-s3", "-IPTCDigest", "-CurrentIPTCDigest", pictures.path("cat.jpg")) {
            let lines = told.output.split(separator: "\n")
            #expect(lines.count == 2 && lines[0] == lines[1], "\(told.output)")
        }
        if let told = try OutsideProgram.run("exiv2", "-pi", pictures.path("cat.jpg")) {
            let keywords = told.output.split(separator: "\n").filter { $0.contains("Keywords") }
            #expect(told.status == 0 && keywords.count == 2 && keywords[0].hasSuffix("tabby cat") && keywords[1].hasSuffix("Straße"))
            #expect(!told.output.contains("Warning") && !told.output.contains("Error"), "\(told.output)")
        }
    }

    @Test func whatExiftoolWroteIsKept() throws {
        let path = pictures.path("cat.jpg")
        guard
            let told = try OutsideProgram.run(
                "exiftool", "-overwrite_original", "-codedcharacterset=utf8", "-charset", "utf8", "-IPTC:Keywords=mine", "-IPTC:City=Köln",
                "-IPTC:Keywords=tabby cat", path)
        else { return }
        #expect(told.status == 0, "\(told.output)")
        try pictures.library.note(alias: PictureFile(path: path).sha256, of: record.id)
        func read() throws -> String? {
            try OutsideProgram.run("exiftool", "-s3", "-sep", "|", "-charset", "utf8", "-IPTC:Keywords", "-IPTC:City", path)?.output
        }
        _ = try write()
        #expect(try read() == "mine|tabby cat|Straße\nKöln\n")
        _ = try write { $0.removes = true }
        #expect(try read() == "mine|tabby cat\nKöln\n")
    }
}
