import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Pixels

@Suite struct EncodingTests {
    @Test func losslessFormatsGiveBackEveryByte() throws {
        var random = SeededGenerator.announced()
        for _ in 0..<150 {
            let image = randomImage(using: &random)
            let png = try ImageFile.encodePNG(image, compression: .random(in: 0...9, using: &random))
            #expect(try ImageFile.decode(png).image == image)
            let webp = try ImageFile.decode(try ImageFile.encodeWebP(image, lossless: true)).image
            // WebP has no grey, and drops an alpha that is opaque throughout.
            #expect(webp.converted(toChannels: 4) == image.converted(toChannels: 4))
        }
    }

    @Test func lossyFormatsComeClose() throws {
        let photo = try ImageFile.decode(contentsOf: picture("rgb-444.jpg")).image
        func error(_ bytes: [UInt8]) throws -> Double {
            let decoded = try ImageFile.decode(bytes).image
            return zip(photo.bytes, decoded.bytes).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) } / Double(photo.bytes.count)
        }
        #expect(try error(ImageFile.encodeJPEG(photo, quality: 98, fullChroma: true)) < 1.5)
        #expect(try error(ImageFile.encodeJPEG(photo, quality: 30)) > error(ImageFile.encodeJPEG(photo, quality: 95)))
        #expect(try error(ImageFile.encodeWebP(photo, quality: 20)) > error(ImageFile.encodeWebP(photo, quality: 95)))
        #expect(try error(ImageFile.encodeWebP(photo, quality: 95)) < 8)
        let clear = Image(width: 4, height: 4, filledWith: [0, 0, 0, 0])
        #expect(try ImageFile.decode(ImageFile.encodeJPEG(clear)).image == Image(width: 4, height: 4, filledWith: [255, 255, 255]))
        #expect(try ImageFile.decode(ImageFile.encodeJPEG(photo.grey())).image.channels == 1)
    }

    private let text = [("parameters", "a café\nSteps: 20"), ("redraw", "{\"seed\": 7, \"prompt\": \"雪 🏔\"}"), ("Empty", "")]

    @Test func textComesBackFromPNG() throws {
        let bytes = try ImageFile.encodePNG(pattern(5, 4, 3, seed: 1), text: text)
        let read = try ImageFile.decode(bytes).text
        #expect(read == Dictionary(uniqueKeysWithValues: text))
        #expect(try ImageFile.text(of: bytes) == read)
        func has(_ chunk: String) -> Bool { String(decoding: bytes, as: Unicode.ASCII.self).contains(chunk) }
        #expect(has("tEXtparameters") && has("iTXtredraw"))
        for keyword in ["", String(repeating: "k", count: 80), "雪", "a\nb"] {
            #expect(throws: ImageError.self) { try ImageFile.encodePNG(pattern(5, 4, 3, seed: 1), text: [(keyword, "x")]) }
        }
    }

    @Test func parametersComeBackFromJPEGAndWebP() throws {
        for image in [pattern(15, 14, 3, seed: 1), pattern(16, 9, 4, seed: 2)] {
            let jpeg = try ImageFile.decode(ImageFile.encodeJPEG(image, text: text))
            #expect(jpeg.text == ["UserComment": "a café\nSteps: 20"])
            for lossless in [true, false] {
                let bytes = try ImageFile.encodeWebP(image, lossless: lossless, text: text)
                let webp = try ImageFile.decode(bytes)
                #expect(webp.text == ["UserComment": "a café\nSteps: 20"])
                #expect(webp.image.channels == image.channels)
                #expect(webp.image == (try ImageFile.decode(ImageFile.encodeWebP(image, lossless: lossless)).image))
            }
        }
    }

    @Test func filesAreWrittenByTheirExtension() throws {
        let folder = try TemporaryFolder()
        let image = pattern(8, 6, 3, seed: 2)
        for (name, format) in [("a.png", ImageFormat.png), ("a.JPG", .jpeg), ("a.jpeg", .jpeg), ("a.webp", .webp)] {
            let url = folder.url.appendingPathComponent(name)
            try ImageFile.write(image, to: url, text: text)
            #expect(try ImageFile.size(of: url) == .init(format: format, size: image.size))
        }
        #expect(throws: ImageError.inFile(path: folder.url.path + "/a.gif", .unknownExtension("gif"))) {
            try ImageFile.write(image, to: folder.url.appendingPathComponent("a.gif"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 4)
    }

    @Test func aFullDiskLeavesWhatWasThere() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("picture.png")
        try FileBytes.write([1, 2, 3], to: url)
        #expect(throws: ImageError.cannotWrite(reason: "the disk is full; nothing was written")) {
            var calls = 0
            try FileBytes.write([UInt8](repeating: 9, count: 1_000), to: url) { descriptor, bytes, count in
                calls += 1
                if calls == 1 { return Glibc.write(descriptor, bytes, 100) }
                errno = ENOSPC
                return -1
            }
        }
        #expect(try FileBytes.read(url) == [1, 2, 3])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["picture.png"])
        #expect(throws: ImageError.cannotWrite(reason: "no such file or folder")) {
            try FileBytes.write([1], to: folder.url.appendingPathComponent("absent/picture.png"))
        }
    }

    @Test func ofTwoWritersOfANewFileOneSucceeds() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("picture.png")
        for round in 0..<50 {
            let outcomes = Mutex<[Int: Bool]>([:])
            DispatchQueue.concurrentPerform(iterations: 4) { writer in
                let bytes = [UInt8](repeating: UInt8(writer), count: 10_000)
                let succeeded = (try? FileBytes.write(bytes, to: url, replacing: false)) != nil
                outcomes.withLock { $0[writer] = succeeded }
            }
            let winners = outcomes.withLock { $0.filter(\.value).keys.sorted() }
            #expect(winners.count == 1, "round \(round)")
            #expect(try FileBytes.read(url) == [UInt8](repeating: UInt8(winners.first ?? 255), count: 10_000))
            #expect(throws: ImageError.exists) { try FileBytes.write([1], to: url, replacing: false) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["picture.png"])
            try FileManager.default.removeItem(at: url)
        }
    }
}
