import Foundation

/// How this room writes JSON: sorted keys, and moments to the millisecond, as the tables keep them.
enum JSONCoding {
    static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(Moment.text(date))
        }
        return encoder
    }

    static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = Moment.date(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "\"\(text)\" is no moment like 2026-01-31T12:00:00.000Z")
            }
            return date
        }
        return decoder
    }
}

enum Moment {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// ISO 8601, UTC, rounded to the millisecond.
    static func text(_ date: Date) -> String {
        // The style cuts off; a tenth of a millisecond more keeps 0.123 from becoming 0.122.
        rounded(date).addingTimeInterval(0.0001).formatted(style)
    }

    /// To the millisecond, so that a moment read from the tables equals the same one read from JSON.
    static func rounded(_ date: Date) -> Date {
        Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1000).rounded() / 1000)
    }

    /// The years that the tables can tell: 1 to 9999.
    private static let kept = Date(timeIntervalSince1970: -62_135_596_800)..<Date(timeIntervalSince1970: 253_402_300_800)

    static func date(_ text: String) -> Date? {
        guard let date = (try? style.parse(text)).map(rounded), kept.contains(date) else { return nil }
        return date
    }
}
