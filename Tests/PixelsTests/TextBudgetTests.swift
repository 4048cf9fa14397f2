import Foundation
import TestSupport
import Testing

@testable import Pixels

/// Text entries of a PNG that grow when they are unpacked, and files that are none.
@Suite struct TextBudgetTests {
    /// A PNG of one grey pixel with these chunks before its pixels.
    private func png(_ chunks: [(name: String, content: [UInt8])]) throws -> [UInt8] {
        let plain = try ImageFile.encodePNG(Image(width: 1, height: 1, filledWith: [9]))
        func number(_ value: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let added = chunks.flatMap { chunk in
            let body = Array(chunk.name.utf8) + chunk.content
            return number(chunk.content.count) + body + number(Int(Self.checksum(body)))
        }
        return Array(plain[..<33]) + added + plain[33...]
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }

    /// A zlib stream of stored blocks, none of them packed.
    private func stored(_ text: [UInt8]) -> [UInt8] {
        var blocks: [UInt8] = []
        for start in stride(from: 0, to: max(text.count, 1), by: 65_535) {
            let part = text[start..<min(start + 65_535, text.count)]
            let size = part.count
            blocks += [
                start + size == text.count ? 1 : 0, UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8 & 255),
            ]
            blocks += part
        }
        let (a, b) = text.reduce((1, 0)) { sums, byte in
            let a = (sums.0 + Int(byte)) % 65_521
            return (a, (sums.1 + a) % 65_521)
        }
        return [0x78, 0x01] + blocks + [UInt8(b >> 8), UInt8(b & 255), UInt8(a >> 8), UInt8(a & 255)]
    }

    @Test func packedTextsAreRead() throws {
        let bytes = try png([
            ("zTXt", Array("note\0".utf8) + [0] + stored(Array("a cat".utf8))),
            ("iTXt", Array("more\0".utf8) + [1, 0] + Array("\0\0".utf8) + stored(Array("ein Käfer".utf8))),
            ("tEXt", Array("note\0second".utf8)),
        ])
        #expect(try ImageFile.text(of: bytes) == ["note": "a cat", "more": "ein Käfer", "note (2)": "second"])
        #expect(try ImageFile.unreadTexts(of: bytes).isEmpty)
        #expect(try ImageFile.decode(bytes).text.count == 3)
    }

    @Test func textsBeyondTheBudgetAreLeftOutAndTold() throws {
        let long = Array("long\0".utf8) + [0] + stored([UInt8](repeating: 97, count: PNGTexts.longest + 1))
        let bytes = try png([("zTXt", long), ("tEXt", Array("short\0a cat".utf8)), ("zTXt", long), ("zTXt", long), ("zTXt", long)])
        let begin = ContinuousClock.now
        #expect(try ImageFile.text(of: bytes) == ["short": "a cat"])
        let told = try ImageFile.unreadTexts(of: bytes)
        #expect(told.contains { $0.contains("\"long\"") } && told.contains { $0.contains("more text entries") }, "\(told)")
        #expect(begin.duration(to: .now) < .seconds(2))
        let damaged = try png([("zTXt", Array("bad\0".utf8) + [0, 1, 2, 3])])
        #expect(try ImageFile.unreadTexts(of: damaged).first?.contains("\"bad\"") == true)
    }

    /// What is unpacked before its damage counts; words about single texts have an end.
    @Test func damagedTextsAndLongKeywordsCostLittle() throws {
        var broken = stored([UInt8](repeating: 97, count: 100_000))
        broken[broken.count - 1] ^= 1
        let chunk = (name: "zTXt", content: Array("bad\0".utf8) + [0] + broken)
        let long = (name: "tEXt", content: [UInt8](repeating: 98, count: 80) + [0, 97])
        let told = try PNGTexts(of: png([(name: "tEXt", content: Array("note\0a cat".utf8))] + [long] + [chunk, chunk, chunk, chunk]))
        #expect(told.entries == ["note": "a cat"])
        #expect(
            told.notes.filter { $0.contains("\"bad\"") }.count <= 3 && told.notes.last?.contains("more text entries") == true,
            "\(told.notes)")
    }

    /// An APP1 segment without content, the packet's name standing behind it.
    @Test func aPacketsNameOutsideItsSegmentIsNone() throws {
        let plain = try ImageFile.encodeJPEG(Image(width: 8, height: 8, filledWith: [9]))
        let bytes = Array(plain[..<2]) + [0xFF, 0xE1, 0, 2] + Array("http://ns.adobe.com/xap/1.0/\0".utf8) + plain[2...]
        #expect(try ImageFile.text(of: bytes).isEmpty)
    }

    @Test func aCanvasFarBeyondItsPictureIsRefused() throws {
        // 17,000 x 17,000, two colours, a picture of one pixel.
        let bytes: [UInt8] =
            Array("GIF89a".utf8) + [0x68, 0x42, 0x68, 0x42, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]
            + [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B]
        #expect(throws: ImageError.tooLarge(width: 17_000, height: 17_000)) { try ImageFile.decode(bytes) }
    }

    /// A pipe nobody writes into is refused at once.
    @Test func aPipeIsNoPicture() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.url.appendingPathComponent("pipe.png")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        let error = #expect(throws: ImageError.self) { try FileBytes.read(pipe) }
        #expect(error?.description.contains("pipe") == true)
        #expect(throws: ImageError.self) { try FileBytes.read(URL(fileURLWithPath: "/dev/zero")) }
    }
}
