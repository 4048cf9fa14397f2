import Pixels
import Tensors

/// Shows a latent without decoding it: a linear map from a latent value's channels to the mean colour of its square of pixels.
///
/// The map is fitted to the autoencoder at hand, by least squares over a picture of coloured patches that it encodes, so it serves every
/// family and takes as long as encoding 128 by 128 pixels.
package struct LatentPreview: Sendable {
    /// [channels + 1][3]: what a channel adds to red, green and blue, the constant behind.
    let weights: [[Float]]

    init(_ weights: [[Float]]) {
        self.weights = weights
    }

    /// - Parameters:
    ///   - latent: in the UNet's scale, [1, height, width, channels].
    ///   - size: the picture's; a latent value becomes a soft-edged square.
    package func image(of latent: Tensor, size: PixelSize) -> Image {
        let (height, width, channels) = (latent.shape[1], latent.shape[2], latent.shape[3])
        var bytes = [UInt8](repeating: 0, count: height * width * 3)
        latent.withUnsafeValues { values in
            for pixel in 0..<height * width {
                for colour in 0..<3 {
                    var sum = weights[channels][colour]
                    for channel in 0..<channels { sum += weights[channel][colour] * values[pixel * channels + channel] }
                    // A broken latent shows black.
                    bytes[pixel * 3 + colour] = sum.isFinite ? UInt8(min(max((sum / 2 + 0.5) * 255, 0), 255)) : 0
                }
            }
        }
        return Image(width: width, height: height, channels: 3, bytes: bytes)
            .resized(width: size.width, height: size.height, filter: .bilinear)
    }

    /// Fits the map to pairs of a latent value and the colour it stands for.
    /// - Parameters:
    ///   - latent: [1, height, width, channels]
    ///   - colours: [1, height, width, 3], -1 ... 1.
    init(fitting latent: Tensor, to colours: Tensor) {
        let channels = latent.shape[3]
        let size = channels + 1
        // The normal equations, with a little on the diagonal: a channel that says nothing about colour gets weight 0.
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: size + 3), count: size)
        let (values, targets) = (latent.values, colours.values)
        for pixel in 0..<values.count / channels {
            let row = values[pixel * channels..<(pixel + 1) * channels].map(Double.init) + [1]
            let wanted = targets[pixel * 3..<pixel * 3 + 3].map(Double.init)
            for i in 0..<size {
                for j in 0..<size { matrix[i][j] += row[i] * row[j] }
                for j in 0..<3 { matrix[i][size + j] += row[i] * wanted[j] }
            }
        }
        for i in 0..<size { matrix[i][i] += 1e-6 * (matrix[i][i] + 1) }
        for pivot in 0..<size {
            let scale = matrix[pivot][pivot]
            for column in pivot..<size + 3 { matrix[pivot][column] /= scale }
            for row in 0..<size where row != pivot {
                let factor = matrix[row][pivot]
                for column in pivot..<size + 3 { matrix[row][column] -= factor * matrix[pivot][column] }
            }
        }
        weights = matrix.map { $0[size...].map(Float.init) }
    }
}

extension Pipeline {
    /// The preview that fits this model's autoencoder.
    package func preview(checkCancelled: CancellationCheck = {}) throws -> LatentPreview {
        let scale = sizeMultiple
        let side = max(128, 16 * scale) / scale
        // Smooth colours: what a single value of a latent can say.
        var random = TorchRandom(seed: 1)
        let corners = random.uniforms(6 * 6 * 3).map { UInt8($0 * 255) }
        let colours = Image(width: 6, height: 6, channels: 3, bytes: corners).resized(width: side, height: side, filter: .bicubic)
        let picture = colours.resized(width: side * scale, height: side * scale, filter: .bilinear)
        let posterior = try codec.encode(picture.latentInput(), tiled: false, checkCancelled: checkCancelled)
        return LatentPreview(
            fitting: codec.scaled(posterior.mean), to: colours.latentInput())
    }
}
