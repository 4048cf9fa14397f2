import Foundation
import TestSupport
import Testing

@testable import Pixels

/// Pictures that are made smaller while they are read.
@Suite struct ShrinkingTests {
    /// The means of squares of a picture that was read whole, colours weighed by their alpha.
    private func means(_ image: Image, _ divisor: Int) -> Image {
        let (width, height) = ((image.width + divisor - 1) / divisor, (image.height + divisor - 1) / divisor)
        var bytes: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                var sums = [Double](repeating: 0, count: 5)
                for row in y * divisor..<min(image.height, (y + 1) * divisor) {
                    for column in x * divisor..<min(image.width, (x + 1) * divisor) {
                        let pixel = image[column, row].map(Double.init)
                        let alpha = pixel.count == 4 ? pixel[3] : 1
                        for channel in 0..<min(3, pixel.count) { sums[channel] += pixel[channel] * alpha }
                        sums[3] += alpha
                        sums[4] += 1
                    }
                }
                for channel in 0..<min(3, image.channels) {
                    bytes.append(sums[3] == 0 ? 0 : UInt8((sums[channel] / sums[3]).rounded()))
                }
                if image.channels == 4 { bytes.append(UInt8((sums[3] / sums[4]).rounded())) }
            }
        }
        return Image(width: width, height: height, channels: image.channels, bytes: bytes)
    }

    private func names(_ folder: String, _ fileExtension: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixture(folder, room: "Pixels").path).filter { $0.hasSuffix(fileExtension) }
            .sorted().map { folder + $0 }
    }

    @Test(arguments: [2, 3, 7, 128]) func everySquareBecomesItsMean(_ divisor: Int) throws {
        let decoders: [(String, String, ([UInt8], Int) throws -> Image)] = [
            ("", ".png", { try PNGFile.decode($0, shrinkingBy: $1) }), ("formats/", ".gif", { try GIFFile.decode($0, shrinkingBy: $1) }),
            ("formats/", ".bmp", { try BMPFile.decode($0, shrinkingBy: $1) }),
            ("formats/", ".tif", { try TIFFFile.decode($0, shrinkingBy: $1) }),
            ("formats/", ".heic", { try HEIFFile.decode($0, .heic, shrinkingBy: $1) }),
            ("formats/", ".avif", { try HEIFFile.decode($0, .avif, shrinkingBy: $1) }),
        ]
        for (folder, fileExtension, decode) in decoders {
            let found = try names(folder, fileExtension)
            #expect(!found.isEmpty)
            for name in found {
                let bytes = try contents(name)
                #expect(try decode(bytes, divisor) == means(decode(bytes, 1), divisor), "\(name) by \(divisor)")
            }
        }
    }

    /// libwebp scales in its own way, which comes to nearly the same.
    @Test(arguments: ["lossless.webp", "lossless-alpha.webp", "lossy.webp", "lossy-alpha.webp"])
    func aWebPIsScaledByItsLibrary(_ name: String) throws {
        let bytes = try contents(name)
        let (small, wanted) = (try WebPFile.decode(bytes, shrinkingBy: 2).rgb(), means(try WebPFile.decode(bytes), 2).rgb())
        #expect(small.size == wanted.size)
        let difference = zip(small.bytes, wanted.bytes).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(Double(difference) / Double(small.bytes.count) < 12)
    }

    /// Only what is large, only where somebody makes it smaller anyway, and never below twice of what is wanted.
    @Test func onlyLargePicturesAreMadeSmaller() throws {
        func divisor(_ width: Int, _ height: Int, _ shortSide: Int?) -> Int {
            BoxShrinking.divisor(of: PixelSize(width: width, height: height), shortSide: shortSide, wholeUpTo: ImageLimits.wholePixels)
        }
        #expect(divisor(17_320, 17_320, nil) == 1 && divisor(8000, 4000, 224) == 1)
        #expect(divisor(17_320, 17_320, 224) == 38 && divisor(32_768, 9000, 448) == 10 && divisor(32_768, 980, 448) == 1)
        #expect(divisor(17_320, 17_320, 1) == BoxShrinking.largestDivisor && divisor(17_320, 17_320, .max) == 1)
    }

    /// The picture is upright, and its full size is told.
    @Test(arguments: ["orientation-6.png", "rgb.png", "rgb-interlaced.png", "orientation-6.webp"])
    func theFullSizeIsKnown(_ name: String) throws {
        let bytes = try contents(name)
        let whole = try ImageFile.decode(bytes)
        let small = try ImageFile.decode(bytes, targetShortSide: 2, wholeUpTo: 0)
        let divisor = max(1, whole.sourceSize.shortSide / 4)
        #expect(divisor > 1 && small.sourceSize == whole.sourceSize && small.text == whole.text)
        let size = PixelSize(width: (whole.image.width + divisor - 1) / divisor, height: (whole.image.height + divisor - 1) / divisor)
        #expect(small.image.size == size)
        #expect(try ImageFile.decode(bytes, targetShortSide: 4).image == whole.image)
    }

    /// A picture of 36 megapixels, of which hardly anything is held.
    @Test func aLargePictureIsReadByRows() throws {
        let half = Image(width: 6000, height: 3000, filledWith: [200])
        let large = Image(width: 6000, height: 6000, channels: 1, bytes: half.bytes + [UInt8](repeating: 40, count: 6000 * 3000))
        let decoded = try ImageFile.decode(ImageFile.encodePNG(large, compression: 1), targetShortSide: 224)
        #expect(decoded.sourceSize == PixelSize(width: 6000, height: 6000) && decoded.image.size == PixelSize(width: 462, height: 462))
        #expect(decoded.image[0, 0, 0] == 200 && decoded.image[461, 461, 0] == 40)
    }

    /// What can only be decoded whole is refused where that takes too much: libjpeg holds all coefficients of a progressive picture.
    @Test func whatTakesTooMuchAtOnceIsRefused() throws {
        #expect(try JPEGFile.header(of: contents("rgb-420.jpg")).coefficients == 0)
        let header = try JPEGFile.header(of: contents("progressive.jpg"))
        #expect((2...6).contains(header.coefficients / header.size.pixelCount))
        let size = PixelSize(width: 20_000, height: 15_000)
        #expect(throws: ImageError.tooLargeAtOnce(.jpeg, width: 20_000, height: 15_000)) {
            try size.check(.jpeg, takingAtOnce: ImageLimits.bytesAtOnce + 1)
        }
        #expect(throws: Never.self) { try size.check(.jpeg, takingAtOnce: ImageLimits.bytesAtOnce) }
        let told = ImageError.tooLargeAtOnce(.jpeg, width: 20_000, height: 15_000).description
        #expect(told.contains("20000x15000") && told.contains("1024 MiB") && !told.contains("\n"))
    }

    /// Of a large progressive picture the means of its blocks are read, near to what libjpeg makes of all of it.
    @Test(arguments: ["progressive.jpg", "progressive-444.jpg", "progressive-restarts.jpg", "progressive-grey.jpg", "progressive-rgb.jpg"])
    func aProgressivePictureIsReadByItsMeans(_ name: String) throws {
        let bytes = try contents(name)
        let header = try JPEGFile.header(of: bytes)
        let means = try #require(try JPEGMeans.decode(bytes, header.size))
        let whole = try JPEGFile.decode(bytes, header: header, atLeastShortSide: nil)
        #expect(means.size == PixelSize(width: (whole.width + 7) / 8, height: (whole.height + 7) / 8) && means.channels == whole.channels)
        // Colours that are sampled once in two pixels each way have a mean for four blocks of the picture together.
        let side = 16
        var (difference, count) = (0, 0)
        for y in 0..<whole.height / side {
            for x in 0..<whole.width / side {
                for channel in 0..<whole.channels {
                    func sum(_ image: Image, _ side: Int) -> Int {
                        var sum = 0
                        for row in 0..<side { for column in 0..<side { sum += Int(image[x * side + column, y * side + row, channel]) } }
                        return sum
                    }
                    difference += abs(sum(whole, side) / (side * side) - sum(means, side / 8) / (side * side / 64))
                    count += 1
                }
            }
        }
        // Light and colour that do not fit together are cut off at black and white, pixel by pixel or mean by mean.
        #expect(count > 0 && Double(difference) / Double(count) < 4, "\(Double(difference) / Double(count))")
        // Cut off in its means it is refused, behind them too: nobody could tell it from a whole one.
        for end in [header.firstScan + 5, bytes.count / 2, bytes.count - 2] {
            #expect(throws: ImageError.self) { try JPEGMeans.decode(Array(bytes[..<end]), header.size) }
        }
    }

    @Test func onlyALargeProgressivePictureIsReadByItsMeans() throws {
        let bytes = try contents("progressive.jpg")
        let size = try JPEGFile.header(of: bytes).size
        let small = try ImageFile.decode(bytes, targetShortSide: 1, wholeUpTo: 0)
        let means = try JPEGMeans.decode(bytes, size)
        #expect(small.sourceSize == size && small.image == means)
        // Where an eighth is too small, or the picture is not large, libjpeg reads it.
        #expect(try ImageFile.decode(bytes, targetShortSide: size.shortSide / 4, wholeUpTo: 0).image.width > small.image.width)
        #expect(try ImageFile.decode(bytes, targetShortSide: 1).image != small.image)
        #expect(try JPEGMeans.decode(contents("rgb-420.jpg"), JPEGFile.header(of: contents("rgb-420.jpg")).size) == nil)
    }

    /// Damage of any kind is an error, and ends soon.
    @Test func damagedMeansAreRefused() throws {
        var generator = SeededGenerator.announced()
        for name in ["progressive.jpg", "progressive-restarts.jpg"] {
            let bytes = try contents(name)
            let size = try JPEGFile.header(of: bytes).size
            for _ in 0..<2000 {
                var changed = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    changed[.random(in: 2..<changed.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                if Bool.random(using: &generator) { changed.removeLast(.random(in: 1..<changed.count / 2, using: &generator)) }
                _ = try? JPEGMeans.decode(changed, size)
            }
        }
    }

    @Test func aHiddenTextIsFoundByTheFirstColumns() throws {
        let plain = try contents("rgba.png")
        let size = try PNGFile.header(of: plain).size
        let columns = StealthText.columns(ofHeight: size.height)
        let whole = try PNGFile.decode(plain)
        let first = try PNGFile.firstColumns(columns, of: plain)
        #expect(first.width == min(columns, size.width) && first.height == size.height && first.channels == whole.channels)
        for y in 0..<first.height { for x in 0..<first.width { #expect(first[x, y] == whole[x, y]) } }
        #expect(!StealthText.mayBegin(in: first))
        // The name in the lowest bits of alpha, column by column.
        var bytes = Image(width: 40, height: 7, filledWith: [9, 9, 9, 254]).bytes
        let bits = "stealth_pnginfo".utf8.flatMap { byte in (0..<8).map { byte >> (7 - UInt8($0)) & 1 } }
        for (number, bit) in bits.enumerated() { bytes[((number % 7) * 40 + number / 7) * 4 + 3] |= bit }
        let marked = try PNGFile.encode(Image(width: 40, height: 7, channels: 4, bytes: bytes), text: [], compression: 1)
        #expect(StealthText.mayBegin(in: try PNGFile.firstColumns(StealthText.columns(ofHeight: 7), of: marked)))
    }
}
