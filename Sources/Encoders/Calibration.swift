import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// How the cosines of one text with the background pictures are spread.
package struct BackgroundStatistics: Codable, Sendable, Equatable {
    package let mean: Float
    /// Of the population.
    package let deviation: Float

    package init(mean: Float, deviation: Float) {
        self.mean = mean
        self.deviation = deviation
    }

    /// The statistics of texts over background pictures, a few hundred pictures of many kinds that stand for "any picture".
    ///
    /// - Parameters:
    ///   - texts: `[texts, dimension]`, rows of length 1.
    ///   - pictures: `[pictures, dimension]`, rows of length 1.
    package static func of(texts: Tensor, over pictures: Tensor) -> [BackgroundStatistics] {
        let cosines = matmul(texts, pictures, transposed: true)  // [texts, pictures]
        let count = pictures.shape[0]
        return cosines.withUnsafeValues { values in
            (0..<texts.shape[0]).map { text in
                var sum = 0.0
                var squares = 0.0
                for picture in 0..<count {
                    let value = Double(values[text * count + picture])
                    sum += value
                    squares += value * value
                }
                let mean = sum / Double(count)
                return BackgroundStatistics(mean: Float(mean), deviation: Float(max(0, squares / Double(count) - mean * mean).squareRoot()))
            }
        }
    }
}

/// Takes a cosine to the probability that a person would say that the picture shows the tag.
///
/// A logistic regression, sigmoid(z * zScore + cosine * cosine + intercept), which the recipe fitted on pictures kept out of the projection.
/// The z-score tells how much nearer the picture is to the text than other pictures are: a text near to everything earns nothing by that.
package struct Calibration: Codable, Sendable, Equatable {
    package var z: Float
    package var cosine: Float
    package var intercept: Float

    package init(z: Float, cosine: Float, intercept: Float) {
        self.z = z
        self.cosine = cosine
        self.intercept = intercept
    }

    /// A probability from 0 to 1.
    package func confidence(cosine value: Float, background: BackgroundStatistics) -> Float {
        let score = (value - background.mean) / max(background.deviation, 1e-6)
        let logit = Double(z * score + cosine * value + intercept)
        return Float(1 / (1 + exp(-logit)))
    }

    /// As above, with the cosines of the text with the background pictures themselves.
    package func confidence(cosine value: Float, background: [Float]) -> Float {
        let count = Double(max(background.count, 1))
        let mean = background.reduce(0.0) { $0 + Double($1) } / count
        let variance = background.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        return confidence(cosine: value, background: BackgroundStatistics(mean: Float(mean), deviation: Float(variance.squareRoot())))
    }
}
