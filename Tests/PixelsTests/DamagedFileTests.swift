import Foundation
import TestSupport
import Testing

@testable import Pixels

@Suite struct DamagedFileTests {
    private func cause(_ body: () throws -> Void) -> ImageError? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ImageError)?.cause
        }
    }

    private func failure(_ bytes: [UInt8]) -> ImageError? { cause { _ = try ImageFile.decode(bytes) } }

    private var fixtures: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: picture("").path)
                .filter { ImageFormat(fileExtension: URL(fileURLWithPath: $0).pathExtension) != nil && $0 != "large.jpg" }.sorted()
        }
    }

    @Test func everyTruncationIsAnError() throws {
        var random = SeededGenerator.announced()
        for name in try fixtures where name != "animated.webp" {
            let bytes = try contents(name)
            let lengths = (0..<40).map { _ in Int.random(in: 0..<bytes.count, using: &random) } + (bytes.count - 14..<bytes.count)
            for length in lengths {
                let error = failure(Array(bytes.prefix(length)))
                // Of a PNG nothing is missing but what says that it ends.
                if name.hasSuffix(".png"), length >= bytes.count - 12 {
                    #expect(error == nil, "\(name) cut to \(length) of \(bytes.count)")
                    continue
                }
                #expect(error != nil, "\(name) cut to \(length) of \(bytes.count) bytes decoded")
                if length > 12, let format = ImageFormat(fileExtension: URL(fileURLWithPath: name).pathExtension) {
                    #expect(error == .truncated(format), "\(name) cut to \(length) of \(bytes.count)")
                }
            }
        }
    }

    /// An animation in a PNG is told, not shown.
    @Test func picturesOfAnAnimatedPNGAreTold() throws {
        let bytes = try contents("rgb.png")
        func animated(_ pictures: UInt8) -> [UInt8] {
            var result = Array(bytes[..<33]) + [0, 0, 0, 8] + Array("acTL".utf8) + [0, 0, 0, pictures, 0, 0, 0, 0, 0, 0, 0, 0]
            result += bytes[33...]
            mendChecksums(&result)
            return result
        }
        #expect(try ImageFile.unreadTexts(of: animated(3)).contains { $0.contains("animation") })
        #expect(try ImageFile.unreadTexts(of: animated(1)) == [])
        #expect(try ImageFile.decode(animated(3)).image == ImageFile.decode(bytes).image)
    }

    /// A file that was cut off is completed: the rows that came are as they were, interlaced or not.
    @Test(arguments: ["rgb.png", "rgba.png", "rgb-interlaced.png", "grey-1bit.png"]) func aCutPNGIsCompleted(_ name: String) throws {
        let bytes = try contents(name)
        let whole = try ImageFile.decode(bytes).image
        for share in [3, 2] {
            let cut = Array(bytes.prefix(bytes.count - bytes.count / (share * 2)))
            #expect(cause { _ = try PNGFile.completed(cut) } == .truncated(.png))
            let image = try PNGFile.decode(PNGFile.completed(cut, acceptingCut: true))
            #expect(image.size == whole.size)
            if !name.contains("interlaced") {
                #expect(image[0, 0] == whole[0, 0] && image[whole.width - 1, 2] == whole[whole.width - 1, 2])
            }
        }
        #expect(cause { _ = try PNGFile.completed(Array(bytes.prefix(40)), acceptingCut: true) } == .truncated(.png))
        // One that lacks its end alone is whole.
        #expect(try ImageFile.decode(Array(bytes.dropLast(12))).image == whole)
        #expect(try ImageFile.unreadTexts(of: Array(bytes.dropLast(3))).contains { $0.contains("its end") })
    }

    /// Some telephones write the last coefficient of a baseline scan as 0. libjpeg only warns of it, and reads all of them.
    @Test func wrongParametersOfAScanLeaveAPhotographWhole() throws {
        for name in ["grey.jpg", "restarts.jpg"] {
            var bytes = try contents(name)
            let whole = try ImageFile.decode(bytes).image
            let scan = try #require((0..<bytes.count - 1).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
            let end = scan + 2 + Int(bytes[scan + 2]) << 8 + Int(bytes[scan + 3])
            #expect(bytes[end - 2] == 63, "the last coefficient")
            bytes[end - 2] = 0
            #expect(try ImageFile.decode(bytes).image == whole, "\(name)")
            // One that is cut off as well is still told.
            #expect(failure(Array(bytes.prefix(bytes.count * 3 / 4))) == .truncated(.jpeg))
        }
    }

    /// A GIF's canvas is as large as its first picture needs, whatever the file says.
    @Test func aGIFThatSaysNoSizeIsAsLargeAsItsPicture() throws {
        var bytes = try contents("formats/rows.gif")
        let whole = try ImageFile.decode(bytes).image
        for place in 6..<10 { bytes[place] = 0 }
        #expect(try ImageFile.decode(bytes).image == whole)
        #expect(try ImageFile.size(of: bytes).size == whole.size)
    }

    /// Flipped bits, overwritten, removed and repeated stretches: whatever comes must decode or throw, soon.
    @Test func randomDamageDecodesOrThrows() throws {
        var random = SeededGenerator.announced()
        let names = try fixtures
        let originals = try names.map(contents)
        var outcomes = (decoded: 0, thrown: 0)
        for _ in 0..<6_000 {
            let which = names.indices.randomElement(using: &random)!
            var bytes = originals[which]
            for _ in 0..<Int.random(in: 1...6, using: &random) { damage(&bytes, using: &random) }
            if Bool.random(using: &random) { mendChecksums(&bytes) }
            let start = ContinuousClock.now
            if let error = failure(bytes) {
                outcomes.thrown += 1
                #expect(!error.description.isEmpty && !error.description.contains("\n"))
            } else {
                outcomes.decoded += 1
            }
            _ = try? ImageFile.size(of: bytes)
            _ = try? ImageFile.text(of: bytes)
            #expect(ContinuousClock.now - start < .seconds(10), "\(names[which])")
        }
        #expect(outcomes.decoded > 100 && outcomes.thrown > 100, "\(outcomes)")
    }

    private func damage(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        guard bytes.count > 16 else { return }
        // Headers are short and decide most: half of the damage goes there.
        let end = Bool.random(using: &random) ? min(200, bytes.count) : bytes.count
        let position = Int.random(in: 2..<end, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0...2: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 3: bytes[position] = [0, 0xFF, 0x7F, 0x80].randomElement(using: &random)!
        case 4: bytes.removeSubrange(position..<min(bytes.count, position + .random(in: 1...8, using: &random)))
        default: bytes.insert(contentsOf: bytes[max(0, position - 8)..<position], at: position)
        }
    }

    /// Recomputes a PNG's checksums, so that damage gets past them.
    private func mendChecksums(_ bytes: inout [UInt8]) {
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return }
        var position = 8
        while let length = bytes.number32(at: position, bigEndian: true), length <= bytes.count - position - 12 {
            let content = Array(bytes[position + 4..<position + 8 + length])
            let checksum = UInt32(digest(content).prefix(8), radix: 16)!
            for i in 0..<4 { bytes[position + 8 + length + i] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * i)) }
            position += 12 + length
        }
    }

    @Test func hugePicturesAreRefusedByTheirHeader() throws {
        func png(_ width: UInt32, _ height: UInt32) throws -> [UInt8] {
            var bytes = try contents("rgb.png")
            for i in 0..<4 {
                bytes[16 + i] = UInt8(truncatingIfNeeded: width >> UInt32(24 - 8 * i))
                bytes[20 + i] = UInt8(truncatingIfNeeded: height >> UInt32(24 - 8 * i))
            }
            mendChecksums(&bytes)
            return bytes
        }
        #expect(failure(try png(32_769, 1)) == .tooLarge(width: 32_769, height: 1))
        #expect(failure(try png(20_000, 20_000)) == .tooLarge(width: 20_000, height: 20_000))
        #expect(failure(try png(0xFFFF_FFFF, 0xFFFF_FFFF)) == .tooLarge(width: 0xFFFF_FFFF, height: 0xFFFF_FFFF))
        #expect(failure(try png(0, 5)) == .damaged(.png, reason: "it states 0x5 pixels"))
        // Within the limits, but no file this short can hold it.
        #expect(failure(try png(30_000, 10_000)) == .truncated(.png))

        var jpeg = try contents("rgb-444.jpg")
        let frame = try #require((0..<jpeg.count - 1).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
        #expect(failure(jpeg) == .tooLarge(width: 65_500, height: 65_500))
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x40, 0, 0x40, 0])
        #expect(failure(jpeg) == .truncated(.jpeg))
    }

    @Test func aLongFileIsRefusedUnread() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("long.png")
        try FileBytes.write([], to: url)
        // A hole: half a gigabyte by name only.
        #expect(truncate(url.path, ImageLimits.fileBytes + 1) == 0)
        #expect(cause { _ = try ImageFile.decode(contentsOf: url) } == .fileTooLarge(bytes: ImageLimits.fileBytes + 1))
        #expect(
            cause { _ = try ImageFile.decode(contentsOf: folder.url) }
                == .cannotRead(reason: "it is no file but a folder, a pipe or a device"))
        let absent = folder.url.appendingPathComponent("absent.png")
        #expect(cause { _ = try ImageFile.size(of: absent) } == .cannotRead(reason: "no such file or folder"))
    }

    @Test func contentDecidesWhateverTheNameSays() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("photo.png")
        try FileBytes.write(contents("rgb-420.jpg"), to: url)
        #expect(try ImageFile.decode(contentsOf: url).format == .jpeg)
    }

    @Test(
        arguments: [
            ([0, 0, 0, 0x18] + Array("ftypmp42".utf8), "video or other ISO container"),
            ([0xFF, 0x0A, 0], "JPEG XL"), (Array("%PDF-1.7".utf8), "PDF"),
        ] as [([UInt8], String)])
    func knownFormatsAreRefusedByName(bytes: [UInt8], name: String) {
        #expect(failure(bytes) == .unsupportedFormat(name: name))
        #expect(failure(bytes)?.description.contains(name) == true)
    }

    @Test func errorsSayWhatToDo() throws {
        #expect(failure([]) == .empty)
        let unknown = try #require(failure(Array("hello, picture".utf8)))
        #expect(unknown == .unknownFormat(firstBytes: Array("hello, p".utf8)))
        #expect(unknown.description.contains("PNG, JPEG, WebP, HEIC, AVIF, GIF, BMP and TIFF"))
        let error = ImageError.inFile(path: "/a/b.png", .truncated(.png))
        #expect(
            error.description
                == "/a/b.png is a PNG file that ends early; was it fully copied or downloaded? --accept-truncated takes it as far as it goes"
        )
    }

    @Test func exifSurvivesAnything() {
        var random = SeededGenerator.announced()
        let block = Exif.block(userComment: "a red barn, 雪")
        #expect(Exif(block).userComment == "a red barn, 雪")
        #expect(Exif(Array("Exif\0\0".utf8) + block).userComment == "a red barn, 雪")
        for length in 0..<block.count { _ = Exif(Array(block.prefix(length))) }
        for _ in 0..<20_000 {
            var bytes = block
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = Exif(bytes)
        }
        // A directory that points to itself.
        #expect(Exif([0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8]) == Exif([]))
    }

    @Test func exifIsReadInEitherByteOrder() {
        let little: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
        let big: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0]
        #expect(Exif(little).orientation == .quarterClockwise)
        #expect(Exif(big).orientation == .quarterCounterclockwise)
    }
}
