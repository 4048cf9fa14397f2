import Foundation
import Pixels
import TestSupport

/// What `Fixtures/make_fixtures.py` recorded of Pillow.
struct Expected: Decodable {
    struct Decoded: Decodable {
        let width: Int
        let height: Int
        let channels: Int
        let digest: String
    }

    let decode: [String: Decoded]
    let resize: [Resize]
    let scaled: [Scaled]
    let grey: [String: String]
    let paste: [String: String]
    let text: [String: String]

    /// Source width and height, channels, seed, target width and height, filter, digest.
    struct Resize: Decodable {
        let source: PixelSize
        let channels: Int
        let seed: UInt32
        let target: PixelSize
        let filter: ResamplingFilter
        let digest: String

        init(from decoder: any Decoder) throws {
            var row = try decoder.unkeyedContainer()
            source = PixelSize(width: try row.decode(Int.self), height: try row.decode(Int.self))
            channels = try row.decode(Int.self)
            seed = try row.decode(UInt32.self)
            target = PixelSize(width: try row.decode(Int.self), height: try row.decode(Int.self))
            filter = try row.decode(ResamplingFilter.self)
            digest = try row.decode(String.self)
        }
    }

    /// Target short side, decoded width and height, digest.
    struct Scaled: Decodable {
        let shortSide: Int
        let size: PixelSize
        let digest: String

        init(from decoder: any Decoder) throws {
            var row = try decoder.unkeyedContainer()
            shortSide = try row.decode(Int.self)
            size = PixelSize(width: try row.decode(Int.self), height: try row.decode(Int.self))
            digest = try row.decode(String.self)
        }
    }

    static func load() throws -> Expected {
        try JSONDecoder().decode(Expected.self, from: Data(contentsOf: picture("expected.json")))
    }
}

func picture(_ name: String) -> URL { fixture(name, room: "Pixels") }

/// The bytes of a fixture.
func contents(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: picture(name))) }

/// The script's `pattern`: the high bytes of a linear congruential generator's states.
func pattern(_ width: Int, _ height: Int, _ channels: Int, seed: UInt32) -> Image {
    var state = seed
    let bytes = (0..<width * height * channels).map { _ -> UInt8 in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
    }
    return Image(width: width, height: height, channels: channels, bytes: bytes)
}

/// The script's `digest`: CRC-32, then Adler-32, in hexadecimal.
func digest(_ bytes: [UInt8]) -> String {
    let table = (0..<256).map { index -> UInt32 in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }
    var crc: UInt32 = 0xFFFF_FFFF
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
        crc = table[Int((crc ^ UInt32(byte)) & 255)] ^ crc >> 8
        a = (a + UInt32(byte)) % 65_521
        b = (b + a) % 65_521
    }
    func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
    return hexadecimal(~crc) + hexadecimal(b << 16 | a)
}
