import Foundation
import Tensors

extension Tensor {
    /// Noise a share of the way to other noise, at its own length: as AUTOMATIC1111's web UI mixes seeds (modules/rng.py, `slerp`), which turns
    /// each column of each channel by itself.
    ///
    /// - Parameters:
    ///   - other: of the same shape, [1, height, width, channels].
    ///   - share: 0, this noise, to 1, the other.
    func turned(toward other: Tensor, by share: Float) -> Tensor {
        let (height, across) = (shape[1], shape[2] * shape[3])
        return Tensor(shape: shape) { target in
            withUnsafeValues { low in
                other.withUnsafeValues { high in
                    var cosines = [Float](repeating: 0, count: across)
                    for column in 0..<across {
                        var (dot, own, others) = (Float(0), Float(0), Float(0))
                        for row in 0..<height {
                            let (a, b) = (low[row * across + column], high[row * across + column])
                            dot += a * b
                            own += a * a
                            others += b * b
                        }
                        cosines[column] = dot / (own.squareRoot() * others.squareRoot())
                    }
                    // The same noise twice. The web UI has the shares the wrong way round here, which is of no account.
                    let isSame = cosines.reduce(0, +) / Float(across) > 0.9995
                    for column in 0..<across {
                        let angle = acosf(min(max(cosines[column], -1), 1))
                        let (first, second) =
                            isSame ? (share, 1 - share) : (sinf((1 - share) * angle) / sinf(angle), sinf(share * angle) / sinf(angle))
                        for row in 0..<height {
                            let place = row * across + column
                            target[place] = first * low[place] + second * high[place]
                        }
                    }
                }
            }
        }
    }
}
