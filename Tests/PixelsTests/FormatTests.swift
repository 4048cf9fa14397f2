import Foundation
import TestSupport
import Testing

@testable import Pixels

/// Formats that are read and not written.
@Suite struct FormatTests {
    private func bytes(_ name: String) throws -> [UInt8] {
        try FileBytes.read(fixture("formats/\(name)", room: "Pixels"))
    }

    /// Pillow's colour in a corner, and the mean of all.
    @Test(arguments: ["true.avif", "true.heic"]) func picturesOfPhonesAreRead(_ name: String) throws {
        let decoded = try ImageFile.decode(bytes(name))
        #expect(decoded.format == (name.hasSuffix("avif") ? .avif : .heic) && decoded.image.size == PixelSize(width: 128, height: 96))
        #expect(try ImageFile.size(of: bytes(name)).size == decoded.image.size)
        #expect(zip(decoded.image[0, 0], [119, 171, 219]).allSatisfy { abs(Int($0) - $1) <= 6 }, "\(Array(decoded.image[0, 0]))")
        for (channel, wanted) in [113.9, 144.1, 131.4].enumerated() {
            let sum = stride(from: channel, to: decoded.image.bytes.count, by: 3).reduce(0.0) { $0 + Double(decoded.image.bytes[$1]) }
            #expect(abs(sum / (128 * 96) - wanted) < 4, "\(name), channel \(channel): \(sum / (128 * 96))")
        }
    }

    /// Code points instead of a profile: Display P3 is brought to sRGB, what is not read is told.
    @Test(arguments: ["true.avif", "true.heic"]) func codedColoursAreHeeded(_ name: String) throws {
        func marked(_ primaries: UInt8, _ transfer: UInt8) throws -> [UInt8] {
            var marked = try bytes(name)
            let start = try #require(marked.firstRange(of: Array("nclx".utf8))).upperBound
            (marked[start + 1], marked[start + 3]) = (primaries, transfer)
            return marked
        }
        let plain = try ImageFile.decode(bytes(name)).image
        #expect(try ImageFile.decode(marked(1, 1)).image == plain)
        let wide = try marked(12, 13)
        #expect(try ImageFile.decode(wide).image == plain.inStandardColours(ColourProfile.coded(primaries: 12, transfer: 13)).image)
        #expect(try ImageFile.decode(wide).image != plain && ImageFile.unreadTexts(of: wide).isEmpty)
        let bright = try marked(9, 16)
        #expect(try ImageFile.decode(bright).image == plain)
        #expect(try ImageFile.unreadTexts(of: bright).contains { $0.contains("primaries 9") })
    }

    struct Wanted: Decodable {
        let width: Int
        let height: Int
        let digest: String
    }

    /// Every GIF and BMP to the byte as Pillow decodes it (`make_formats.py`).
    @Test func olderFormatsDecodeToPillowsBytes() throws {
        let all: [String: Wanted] = try JSONDecoder().decode(
            [String: Wanted].self, from: Data(contentsOf: fixture("formats/expected.json", room: "Pixels")))
        #expect(all.count == 9)
        for (name, wanted) in all {
            let image = try ImageFile.decode(bytes(name)).image
            #expect(image.size == PixelSize(width: wanted.width, height: wanted.height) && image.channels == 3, "\(name)")
            #expect(digest(image.bytes) == wanted.digest, "\(name)")
            #expect(try ImageFile.size(of: bytes(name)).size == image.size)
        }
        for name in ["transparent.gif", "anim.gif"] { #expect(try ImageFile.decode(bytes(name)).image.channels == 4) }
        #expect(try ImageFile.unreadTexts(of: bytes("anim.gif")).contains { $0.contains("animation") })
        #expect(try ImageFile.unreadTexts(of: bytes("rows.gif")).isEmpty)
    }

    /// Cut off or overwritten, they are refused by name or give a picture, and never more.
    @Test(arguments: [
        "true.avif", "true.heic", "anim.webp", "anim.gif", "noise.gif", "palette.bmp", "four-bytes.bmp", "lzw.tif", "fax.tif",
        "transparent.tif",
    ])
    func damageIsRefused(_ name: String)
        throws
    {
        var random = SeededGenerator.announced()
        let whole = try bytes(name)
        for round in 0..<300 {
            var damaged = Array(
                whole.prefix(round % 2 == 0 ? .random(in: 0...whole.count, using: &random) : whole.count))
            for _ in 0..<(round % 5) where !damaged.isEmpty {
                damaged[.random(in: 0..<damaged.count, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            do {
                _ = try ImageFile.decode(damaged)
            } catch {
                #expect(!error.description.isEmpty && !error.description.contains("\n"))
            }
            _ = try? ImageFile.unreadTexts(of: damaged)
        }
    }

    /// An animation's first picture, and a note on the others.
    @Test func anAnimationBeginsWithAPicture() throws {
        let decoded = try ImageFile.decode(bytes("anim.webp"))
        #expect(decoded.image.size == PixelSize(width: 16, height: 16) && decoded.image.channels == 3)
        #expect(zip(decoded.image[8, 8], [196, 36, 20]).allSatisfy { abs(Int($0) - $1) <= 3 })
        #expect(try ImageFile.unreadTexts(of: bytes("anim.webp")).contains { $0.contains("animation") })
    }

    @Test func namesTellWhatIsRead() {
        #expect(
            ["a.heic", "a.HEIF", "a.avif", "a.png", "a.jpg", "a.gif", "a.bmp", "a.tif", "a.TIFF"].allSatisfy {
                ImageFormat.isRead(fileExtension: String($0.dropFirst(2)))
            })
        #expect(!ImageFormat.isRead(fileExtension: "txt") && ImageFormat(fileExtension: "heic") == nil)
    }

    /// Every TIFF to the byte as Pillow decodes it, turned upright (`make_tiffs.py`).
    @Test func tiffsDecodeToPillowsBytes() throws {
        let all: [String: Wanted] = try JSONDecoder().decode(
            [String: Wanted].self, from: Data(contentsOf: fixture("formats/expected-tiff.json", room: "Pixels")))
        #expect(all.count == 7)
        for (name, wanted) in all {
            let decoded = try ImageFile.decode(bytes(name))
            let image = decoded.image.rgb()
            #expect(decoded.format == .tiff && image.size == PixelSize(width: wanted.width, height: wanted.height), "\(name)")
            #expect(digest(image.bytes) == wanted.digest, "\(name)")
            #expect(try ImageFile.size(of: bytes(name)).size == image.size)
        }
        #expect(try ImageFile.text(of: bytes("turned.tif"))["ImageDescription"] == "a picture of numbers")
        #expect(try ImageFile.unreadTexts(of: bytes("pages.tif")) == ["2 more pages"])
        #expect(try ImageFile.unreadTexts(of: bytes("lzw.tif")).isEmpty)
    }

    /// libtiff multiplies by alpha on the way, so colours come back as exactly as alpha lets them.
    @Test func aTransparentTIFFKeepsItsAlpha() throws {
        let image = try ImageFile.decode(bytes("transparent.tif")).image
        #expect(image.channels == 4)
        for y in 0..<23 {
            for x in 0..<37 {
                #expect(Int(image[x, y, 3]) == x * 255 / 36)
                let allowed = x == 0 ? 255 : 255 / (x * 255 / 36) + 1
                for (channel, wanted) in [x * 6, y * 10, x * y % 256].enumerated() {
                    #expect(abs(Int(image[x, y, channel]) - wanted) <= allowed)
                }
            }
        }
    }
}
