import Encoders
import Foundation

/// Takes cosines to confidences for one encoder and one vocabulary, and says what that rests on.
package struct ConfidenceScale: Sendable, Equatable {
    /// What a scale rests on, the best ground first.
    package enum Source: String, Sendable, Codable {
        /// Fitted by the encoder's recipe, on pictures with captions.
        case fitted
        /// Measured on the person's own pictures: `redraw vocab calibrate`.
        case background
        /// Nothing but the texts is known: a guess from how far a tag stands out among the others.
        case text
    }

    package let source: Source
    package let calibration: Calibration
    /// How many background pictures it was measured on; nil where there were none.
    package let pictures: Int?
    /// How many tags hold of a background picture, roughly; nil where nobody measured that.
    package let tagsExpected: Float?

    package init(source: Source, calibration: Calibration, pictures: Int? = nil, tagsExpected: Float? = nil) {
        self.source = source
        self.calibration = calibration
        self.pictures = pictures
        self.tagsExpected = tagsExpected
    }

    /// Where nobody measured anything: a tag stands out where its cosine lies further above the others' than chance would put `expected` of
    /// them, were they spread normally. The slope is a cautious one.
    static func textOnly(rows: Int) -> ConfidenceScale {
        let share = min(0.25, expected / Double(max(rows, 1)))
        return ConfidenceScale(
            source: .text, calibration: Calibration(z: textSlope, cosine: 0, intercept: -textSlope * Float(Self.normalQuantile(1 - share))))
    }

    /// Tags that hold for a picture, roughly.
    private static let expected = 5.0
    private static let textSlope: Float = 1.6

    /// - Parameter statistics: of the background's cosines; for `text`, whose mean is each text's mean cosine with all texts.
    func confidences(_ cosines: [Float], statistics: [BackgroundStatistics]) -> [Float] {
        guard source == .text else {
            let confidences = zip(cosines, statistics).map { calibration.confidence(cosine: $0, background: $1) }
            return tagsExpected.map { Self.sobered(confidences, limit: 2 * max(1, $0)) } ?? confidences
        }
        let confidences = Self.standingOut(cosines, nearness: statistics.map(\.mean)).map { score in
            Float(Double(logOdds: Double(calibration.z * score + calibration.intercept)))
        }
        return Self.sobered(confidences, limit: Float(Self.expected))
    }

    /// A picture unlike any of the background lies nearer to everything, and more would hold of it than of any picture: then all odds are
    /// lowered alike until no more than `limit` tags are expected to hold.
    ///
    /// Measured on cut-out objects after a calibration on photographs of scenes, with twice what a background picture has for a limit: of the
    /// tags said to hold with 0.9 and more 43 % did without it and 81 % do with it; where the background fits nothing changes.
    private static func sobered(_ confidences: [Float], limit: Float) -> [Float] {
        guard confidences.reduce(0, +) > limit else { return confidences }
        func lowered(_ confidence: Float, _ factor: Float) -> Float { confidence * factor / (1 - confidence + confidence * factor) }
        var (low, high): (Float, Float) = (-40, 0)
        for _ in 0..<30 {
            let middle = (low + high) / 2
            let factor = exp(middle)
            if confidences.reduce(0, { $0 + lowered($1, factor) }) > limit { high = middle } else { low = middle }
        }
        let factor = exp(low)
        return confidences.map { lowered($0, factor) }
    }

    /// How far each cosine lies above what its text's nearness to all texts lets expect, in deviations over the picture's own cosines.
    private static func standingOut(_ cosines: [Float], nearness: [Float]) -> [Float] {
        let count = Double(max(cosines.count, 1))
        let meanCosine = cosines.reduce(0.0) { $0 + Double($1) } / count
        let meanNearness = nearness.reduce(0.0) { $0 + Double($1) } / count
        var spread = 0.0
        var shared = 0.0
        for (cosine, near) in zip(cosines, nearness) {
            spread += (Double(near) - meanNearness) * (Double(near) - meanNearness)
            shared += (Double(near) - meanNearness) * (Double(cosine) - meanCosine)
        }
        let slope = spread > 1e-9 ? shared / spread : 0
        let rest = zip(cosines, nearness).map { Double($0) - meanCosine - slope * (Double($1) - meanNearness) }
        let deviation = max((rest.reduce(0) { $0 + $1 * $1 } / count).squareRoot(), 1e-6)
        return rest.map { Float($0 / deviation) }
    }

    /// The standard normal distribution's quantile (Abramowitz and Stegun 26.2.23, error below 4.5e-4).
    private static func normalQuantile(_ probability: Double) -> Double {
        let tail = min(probability, 1 - probability)
        let t = (-2 * log(max(tail, 1e-12))).squareRoot()
        let value = t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
        return probability >= 0.5 ? value : -value
    }
}
