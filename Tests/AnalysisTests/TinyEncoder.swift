import Analysis
import Encoders
import Foundation
import Pixels
import Synchronization
import TestSupport
import Vocabulary

/// An encoder of sixteen dimensions without weights: a text's embedding follows from its letters, a picture's from its top left pixel.
final class TinyEncoder: PictureEncoder {
    let name = "tiny"
    let digest: String
    let dimension = 16
    let fittedCalibration: Calibration?
    let ownSentence: String?
    let softmaxScale: Float = 30
    let maximumTokens = 77
    private let hasBackground: Bool
    let mediums: [(name: String, probability: Float)]
    let seen: Seen?
    let judgement: EncoderConfiguration.Judgement?
    let counts: [String: [String]]
    let things: Set<String>
    let textsEmbedded = Mutex(0)

    init(
        digest: String = "tiny-digest-0123456789", mediums: [(name: String, probability: Float)] = [("photo", 0.9), ("painting", 0.1)],
        calibration: Calibration? = Calibration(z: 1, cosine: 4, intercept: -4), ownSentence: String? = "a photo of a {}",
        seen: Seen? = nil, counts: [String: [String]] = [:], things: Set<String> = [], scales: [String: EncoderConfiguration.Scale]? = nil,
        counting: EncoderConfiguration.Counting? = nil, relations: EncoderConfiguration.Relations? = nil,
        drawnSeenOffsets: [String: Float] = ["setting": 2], shownScales: [String: EncoderConfiguration.Scale]? = nil
    ) {
        (self.seen, self.counts, self.things) = (seen, counts, things)
        // What was fitted to what the shipped head sees is none of this one's.
        var judgement = Self.shipped
        judgement?.seenScales = scales
        judgement?.counting = counting
        judgement?.relations = relations
        judgement?.drawnSeenOffsets = drawnSeenOffsets
        judgement?.shownScales = shownScales
        self.judgement = judgement
        self.digest = digest
        self.fittedCalibration = calibration
        self.ownSentence = ownSentence
        self.hasBackground = calibration != nil
        self.mediums = mediums
    }

    private static let shipped = try? EncoderConfiguration(directory: checkout.appendingPathComponent("Models/redraw-encoder")).judgement

    static func vector(seed: UInt64) -> Embedding {
        var random = SeededGenerator(seed: seed)
        return Embedding(direction: random.floats(16))
    }

    static func vector(of text: String) -> Embedding {
        vector(seed: text.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    }

    func tokenCount(_ text: String) throws -> Int { text.split(separator: " ").count + 2 }

    func embed(_ texts: [String]) throws -> [Embedding] {
        textsEmbedded.withLock { $0 += texts.count }
        return texts.map(Self.vector(of:))
    }

    func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]? {
        guard hasBackground else { return nil }
        return texts.map { _ in BackgroundStatistics(mean: 0, deviation: 0.25) }
    }

    /// What a picture shows that `picture(of:)` made.
    func observe(_ image: Image) throws -> Observation {
        let seed = UInt64(image[0, 0, 0])
        return Observation(
            embedding: seed == 0 ? Self.vector(of: "a photo of a cat") : Self.vector(seed: seed), mediums: mediums, seen: seen)
    }
}

func grey(_ value: UInt8, width: Int = 64, height: Int = 48) -> Image {
    Image(width: width, height: height, filledWith: [value, value, value])
}

/// A picture painted by a function of x and y, each from 0 to 1.
func painted(width: Int = 96, height: Int = 64, _ colour: (Double, Double) -> (Int, Int, Int)) -> Image {
    var bytes: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            let (red, green, blue) = colour(Double(x) / Double(width), Double(y) / Double(height))
            bytes += [red, green, blue].map { UInt8(min(max($0, 0), 255)) }
        }
    }
    return Image(width: width, height: height, channels: 3, bytes: bytes)
}
