import Foundation

/// A wish as JSON on its way within this program. What is no number (`--guidance nan`) passes as well: the rules tell of it, and what was
/// said beside it stays.
enum WishCoding {
    private static let (infinite, negative, none) = ("inf", "-inf", "nan")

    static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: infinite, negativeInfinity: negative, nan: none)
        return encoder
    }

    static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: infinite, negativeInfinity: negative, nan: none)
        return decoder
    }
}
