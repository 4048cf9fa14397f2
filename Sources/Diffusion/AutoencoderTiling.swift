import Foundation
import Tensors

/// How an autoencoder takes a large picture piece by piece. Source: diffusers' `AutoencoderKL.enable_tiling`.
///
/// Tiles overlap by a quarter and are blended over it, upper into lower, left into right. Each is normalised on its own, so the result is
/// near the whole picture's and not equal to it: its colours can differ by what a part's statistics differ from the whole's. With the small
/// autoencoder that comes along, a photograph of 592x400 decoded in tiles is 7 of 255 away from the one decoded as a whole on average, and
/// 73 at most; diffusers' tiles do the same. So tiles are taken only where memory would not do otherwise.
package struct AutoencoderTiling: Sendable {
    /// Width and height of a tile in latent values.
    package let tile: Int
    /// Pixels a latent value stands for.
    package let scale: Int
    /// Share of a tile that the next one covers again.
    static let overlap = 0.25

    /// Tiles of the size the autoencoder was trained on, or of 512 pixels where that is less: tiles are there to save memory.
    package init(_ configuration: AutoencoderConfiguration) {
        scale = configuration.scale
        tile = max(8, min(configuration.sampleSize ?? 512, 512) / configuration.scale)
    }

    package init(tile: Int, scale: Int) {
        (self.tile, self.scale) = (tile, scale)
    }

    /// Whether tiles would be any smaller than the whole.
    func divides(height: Int, width: Int) -> Bool { height > tile || width > tile }

    /// - Parameters:
    ///   - map: [1, height, width, channels]
    ///   - unit: what one side of a tile counts in the map: 1 for latents, `scale` for pixels.
    ///   - result: the same of what `transform` makes of a tile.
    func apply(_ map: Tensor, unit: Int, result: Int, _ transform: (Tensor) throws -> Tensor) rethrows -> Tensor {
        let side = tile * unit
        let step = Int(Double(side) * (1 - Self.overlap))
        let blended = Int(Double(tile * result) * Self.overlap)
        let kept = tile * result - blended
        var above: [Tensor] = []
        var bands: [Tensor] = []
        for top in stride(from: 0, to: map.shape[1], by: step) {
            let rows = map.sliced(top..<min(top + side, map.shape[1]), axis: 1)
            var row: [Tensor] = []
            var band: [Tensor] = []
            for (column, left) in stride(from: 0, to: map.shape[2], by: step).enumerated() {
                var made = try transform(rows.sliced(left..<min(left + side, map.shape[2]), axis: 2))
                if !above.isEmpty { made = above[column].blended(into: made, over: blended, axis: 1) }
                if let before = row.last { made = before.blended(into: made, over: blended, axis: 2) }
                row.append(made)
                band.append(made.sliced(0..<min(kept, made.shape[1]), axis: 1).sliced(0..<min(kept, made.shape[2]), axis: 2))
            }
            above = row
            bands.append(Tensor.concatenated(band, axis: 2))
        }
        return Tensor.concatenated(bands, axis: 1)
    }
}

extension Tensor {
    /// `next` with its first rows (axis 1) or columns (axis 2) faded in from this tensor's last.
    fileprivate func blended(into next: Tensor, over extent: Int, axis: Int) -> Tensor {
        let extent = min(extent, shape[axis], next.shape[axis])
        guard extent > 0 else { return next }
        let old = sliced(shape[axis] - extent..<shape[axis], axis: axis)
        let (height, width, channels) = (next.shape[1], next.shape[2], next.shape[3])
        let share = 1 / Float(extent)
        return Tensor(shape: next.shape) { target in
            next.withUnsafeValues { new in
                old.withUnsafeValues { old in
                    let oldWidth = axis == 2 ? extent : width
                    for y in 0..<height {
                        for x in 0..<width {
                            let place = axis == 1 ? y : x
                            for channel in 0..<channels {
                                let index = (y * width + x) * channels + channel
                                guard place < extent else {
                                    target[index] = new[index]
                                    continue
                                }
                                let weight = Float(place) * share
                                target[index] = old[(y * oldWidth + x) * channels + channel] * (1 - weight) + new[index] * weight
                            }
                        }
                    }
                }
            }
        }
    }
}

extension Autoencoder {
    /// `encode` in tiles.
    func encodeTiled(_ picture: Tensor, _ tiling: AutoencoderTiling, checkCancelled: CancellationCheck) throws -> Posterior {
        // Mean and deviation go through the blending together, as the moments do in the reference.
        let channels = configuration.latentChannels
        var hasDeviation = true
        let moments = try tiling.apply(picture, unit: tiling.scale, result: 1) { part in
            let posterior = try encode(part, checkCancelled: checkCancelled)
            guard let deviation = posterior.deviation else {
                hasDeviation = false
                return posterior.mean
            }
            return Tensor.concatenated([posterior.mean, deviation.mapped { 2 * logf($0) }], axis: -1)
        }
        guard hasDeviation else { return Posterior(mean: moments, deviation: nil) }
        let mean = moments.sliced(0..<channels, axis: -1)
        return Posterior(mean: mean, deviation: moments.sliced(channels..<2 * channels, axis: -1).mapped { expf(0.5 * $0) })
    }

    /// `decode` in tiles.
    func decodeTiled(_ latent: Tensor, _ tiling: AutoencoderTiling, checkCancelled: CancellationCheck) throws -> Tensor {
        try tiling.apply(latent, unit: 1, result: tiling.scale) { try decode($0, checkCancelled: checkCancelled) }
    }
}
