import Encoders
import Foundation
import Tensors

/// What a person's own pictures tell of a vocabulary: how near each tag is to pictures in general, and from where on a nearness means something.
///
/// No picture is labelled. Every tag's cosine is brought to deviations from its mean over the pictures; of all those scores together most
/// belong to tags that do not hold and lie about 0, and what the right tail has beyond their normal curve belongs to tags that do: one minus
/// the local false discovery rate (Efron 2004, with his empirical null), to which a logistic curve is fitted.
package struct BackgroundCalibration: Sendable {
    package let scale: ConfidenceScale
    /// One for each row of the index.
    package let statistics: [BackgroundStatistics]

    /// With fewer a mean is off by more than a seventh of a deviation.
    package static let minimumPictures = 50
    /// With more nothing changes.
    package static let maximumPictures = 2_000
    static let suffix = ".calibration"

    /// - Parameters:
    ///   - pictures: of many kinds, at least `minimumPictures`.
    ///   - fitted: the encoder's own fit, which stands where there is one: then only the statistics are the pictures'.
    /// - Returns: nil where there are too few pictures or no tags.
    package init?(index: VocabularyIndex, pictures: [Embedding], fitted: Calibration?) {
        guard pictures.count >= Self.minimumPictures, !index.positions.isEmpty else { return nil }
        let width = pictures[0].dimension
        let rows = Tensor(pictures.flatMap(\.values), shape: [pictures.count, width])
        statistics = BackgroundStatistics.of(texts: index.embeddings, over: rows)
        if let fitted {
            scale = ConfidenceScale(source: .fitted, calibration: fitted, pictures: pictures.count)
            return
        }
        var histogram = ScoreHistogram()
        for picture in pictures {
            for (cosine, background) in zip(index.cosines(with: picture), statistics) {
                histogram.count((cosine - background.mean) / max(background.deviation, 1e-6))
            }
        }
        let fit = histogram.logistic(pictures: pictures.count)
        scale = ConfidenceScale(
            source: .background, calibration: Calibration(z: Float(fit.slope), cosine: 0, intercept: Float(fit.intercept)),
            pictures: pictures.count, tagsExpected: Float(fit.expected))
    }

    private init(scale: ConfidenceScale, statistics: [BackgroundStatistics]) {
        (self.scale, self.statistics) = (scale, statistics)
    }

    private static func header(_ key: IndexFile.Key) -> String {
        "redraw calibration 2 \(key.encoder) \(key.vocabulary) \(key.wording) \(key.count) \(key.dimension)\n"
    }

    static func read(_ file: URL, key: IndexFile.Key) -> BackgroundCalibration? {
        guard let payload = DigestedFile.read(file, header: header(key), payloadBytes: 24 + key.count * 8) else { return nil }
        let values = payload.floats(at: 0, count: 6 + key.count * 2)
        guard let pictures = Int(exactly: values[3]) else { return nil }
        let source: ConfidenceScale.Source = values[4] == 0 ? .background : .fitted
        return BackgroundCalibration(
            scale: ConfidenceScale(
                source: source, calibration: Calibration(z: values[0], cosine: values[1], intercept: values[2]), pictures: pictures,
                tagsExpected: source == .background ? values[5] : nil),
            statistics: (0..<key.count).map { BackgroundStatistics(mean: values[6 + $0 * 2], deviation: values[7 + $0 * 2]) })
    }

    /// Leaves the calibration beside the index in the cache, where the next analysis finds it.
    ///
    /// - Throws: where the folder cannot be written to.
    package func write(for index: VocabularyIndex, named name: String, in cache: URL) throws {
        let key = IndexFile.Key(
            encoder: index.encoderDigest, vocabulary: index.vocabularyDigest, wording: index.wording, count: index.positions.count,
            dimension: index.embeddings.shape[1])
        var payload = Data()
        let fit = scale.calibration
        payload.append(floats: [
            fit.z, fit.cosine, fit.intercept, Float(scale.pictures ?? 0), scale.source == .background ? 0 : 1, scale.tagsExpected ?? 0,
        ])
        payload.append(floats: statistics.flatMap { [$0.mean, $0.deviation] })
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
        try DigestedFile.write(payload, header: Self.header(key), to: cache.appendingPathComponent(name + Self.suffix))
    }
}

/// Scores in deviations, counted in bins of a quarter.
struct ScoreHistogram {
    private static let low = -5.0
    private static let width = 0.25
    private static let high = 10.0
    private var counts = [Int](repeating: 0, count: Int((high - low) / width))

    mutating func count(_ score: Float) {
        let bin = Int(((Double(min(max(score, -4.99), 9.99)) - Self.low) / Self.width).rounded(.down))
        counts[bin] += 1
    }

    /// Slope and intercept of the logistic curve from a score to the probability that the tag holds, and the tags expected to hold of a picture.
    ///
    /// The slope is kept within 1 and 2.5, and the tags expected to hold of a picture within a half and twelve: a background unlike any
    /// collection of pictures (all alike, or each tag in every picture) would else give a curve that says nothing.
    func logistic(pictures: Int) -> (slope: Double, intercept: Double, expected: Double) {
        let centre = quantile(0.5)
        let deviation = max((centre - quantile(0.25)) / 0.6745, 0.1)
        let total = Double(counts.reduce(0, +))
        func mass(below score: Double) -> Double { 0.5 * erfc(-(score - centre) / (deviation * 2.0.squareRoot())) }
        var points: [(score: Double, weight: Double, share: Double)] = []
        for (bin, found) in counts.enumerated() {
            let left = Self.low + Double(bin) * Self.width
            guard left >= 1, found >= 5 else { continue }
            let chance = total * (mass(below: left + Self.width) - mass(below: left))
            points.append((left + Self.width / 2, Double(found), min(max(1 - chance / Double(found), 0.001), 0.999)))
        }
        let expected = min(max(points.reduce(0) { $0 + $1.weight * $1.share } / Double(max(pictures, 1)), 0.5), 12)
        let slope = min(max(Self.slope(of: points), 1), 2.5)
        return (slope, intercept(slope: slope, expected: expected, pictures: pictures), expected)
    }

    private func quantile(_ share: Double) -> Double {
        let wanted = share * Double(counts.reduce(0, +))
        var sum = 0.0
        for (bin, found) in counts.enumerated() {
            if found > 0, sum + Double(found) >= wanted {
                return Self.low + (Double(bin) + (wanted - sum) / Double(found)) * Self.width
            }
            sum += Double(found)
        }
        return 0
    }

    /// Logistic regression of shares on scores, by Newton's method.
    private static func slope(of points: [(score: Double, weight: Double, share: Double)]) -> Double {
        guard points.count >= 2 else { return 1.5 }
        var (slope, intercept) = (1.5, -5.0)
        for _ in 0..<50 {
            var (g0, g1, h00, h01, h11) = (0.0, 0.0, 1e-9, 0.0, 1e-9)
            for point in points {
                let guess = Double(logOdds: slope * point.score + intercept)
                let rest = point.weight * (point.share - guess)
                let curve = point.weight * guess * (1 - guess)
                g0 += rest
                g1 += rest * point.score
                h00 += curve
                h01 += curve * point.score
                h11 += curve * point.score * point.score
            }
            let determinant = h00 * h11 - h01 * h01
            guard determinant > 1e-12 else { break }
            intercept += min(max((h11 * g0 - h01 * g1) / determinant, -2), 2)
            slope += min(max((h00 * g1 - h01 * g0) / determinant, -1), 1)
        }
        return slope.isFinite ? slope : 1.5
    }

    /// The intercept at which so many tags are expected to hold of a picture, by bisection.
    private func intercept(slope: Double, expected: Double, pictures: Int) -> Double {
        var (low, high) = (-40.0, 10.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            var sum = 0.0
            for (bin, found) in counts.enumerated() where found > 0 {
                let score = Self.low + (Double(bin) + 0.5) * Self.width
                sum += Double(found) / (1 + exp(-(slope * score + middle)))
            }
            if sum / Double(max(pictures, 1)) < expected { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
