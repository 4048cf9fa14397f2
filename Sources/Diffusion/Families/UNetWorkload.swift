import Pixels
import Tensors

extension PipelineOutline {
    /// What `request` costs on a canvas.
    package func workload(_ canvas: PixelSize, _ request: GenerationRequest) -> Workload {
        let parts = request.composition.map(\.count).max() ?? 1
        let batch = parts + (isGuided(request) ? 1 : 0)
        let (width, height) = (canvas.width / sizeMultiple, canvas.height / sizeMultiple)
        let tile = AutoencoderTiling(autoencoder).tile * sizeMultiple
        return Workload(
            pass: Double(batch) * unet.operations(width: width, height: height, merged: request.mergeTokens ?? 0),
            outerPass: Double(batch) * unet.operations(width: width, height: height, outermost: true, merged: request.mergeTokens ?? 0),
            encoding: autoencoder.operations(width: canvas.width, height: canvas.height, layers: 0),
            decoding: autoencoder.operations(width: canvas.width, height: canvas.height, layers: 1),
            transformMemory: transformMemory(width: width, height: height, batch: batch),
            passMemory: passMemory(latents: width * height, batch: batch),
            autoencoderMemory: autoencoderMemory(pixels: canvas.pixelCount),
            // The whole picture is put together from tiles, three numbers a pixel, twice over.
            tileMemory: autoencoderMemory(pixels: min(canvas.pixelCount, tile * tile)) + 24 * canvas.pixelCount)
    }

    /// What the convolutions of those levels keep whose maps are large enough for the fast algorithm.
    private func transformMemory(width: Int, height: Int, batch: Int) -> Int {
        transformMemory.enumerated().reduce(0) { sum, level in
            let pays = PackedConvolution.transformPays(batch: batch, height: height >> level.offset, width: width >> level.offset)
            return sum + (pays ? level.element : 0)
        }
    }

    /// The widest residual block of the decoder holds its input and two maps of its output's size, in single precision a third. Measured with
    /// SD 1.5's, 256 to 1,024 pixels a side; what the allocator keeps comes on top.
    private func autoencoderMemory(pixels: Int) -> Int {
        let levels = autoencoder.channels
        let widest = levels.indices.map { level in
            let pixels = pixels >> (2 * level)
            let maps = arithmetic == .f32 || !PackedConvolution.pairsAddInPlace(channels: levels[level], pixels: pixels) ? 3 : 2
            return (levels[min(level + 1, levels.count - 1)] + maps * levels[level]) * pixels
        }
        return 80 << 20 + 4 * (widest.max() ?? 0) * 11 / 10
    }

    /// What the way down leaves for the way up, and the topmost joined block, which holds its input several times over.
    private func passMemory(latents: Int, batch: Int) -> Int {
        let channels = unet.channels
        let skips = channels.indices.reduce(0) { $0 + (unet.layers[$1] + 1) * channels[$1] * (latents >> (2 * $1)) }
        // Measured with the small generator: what the allocator keeps comes on top, and buffers of a size of their own.
        return 80 << 20 + 4 * batch * (skips + 8 * latents * channels[0]) * 12 / 5
    }
}

extension UNetConfiguration {
    /// Floating-point operations for one latent: convolutions, projections and attention; what else there is hardly counts.
    ///
    /// - Parameters:
    ///   - outermost: of the last layer on the way up alone, with the convolutions at both ends.
    ///   - merged: the share of a large map's pixels that are merged into others.
    func operations(width: Int, height: Int, tokens: Int = 77, outermost: Bool = false, merged: Double = 0) -> Double {
        func convolution(_ pixels: Double, _ input: Int, _ output: Int) -> Double { 2 * pixels * 9 * Double(input * output) }
        func residual(_ pixels: Double, _ input: Int, _ output: Int) -> Double {
            convolution(pixels, input, output) + convolution(pixels, output, output)
                + (input == output ? 0 : 2 * pixels * Double(input * output))
        }
        func transformer(_ pixels: Double, _ level: Int, depth: Int) -> Double {
            let (wide, text, words) = (Double(channels[level]), Double(textWidths[level]), Double(tokens))
            // Self-attention with its four projections, the text's two over few tokens, and a feed-forward of 8 and 4 times the width.
            // Where pixels are merged, three quarters are compared with the other quarter first.
            let merges = merged > 0 && Int(pixels) >= TokenMerging.fewest
            let left = merges ? pixels * (1 - merged) : pixels
            let own = 8 * left * wide * wide + 4 * left * left * wide + (merges ? 3 / 8 * pixels * pixels * wide : 0)
            let looking = 4 * pixels * wide * wide + 4 * words * text * wide + 4 * pixels * words * wide
            return 4 * pixels * wide * wide + Double(depth) * (own + looking + 24 * pixels * wide * wide)
        }
        let levels = channels.count
        let pixels = (0..<levels).map { Double(max(1, width >> $0) * max(1, height >> $0)) }
        var sum = convolution(pixels[0], inputChannels, channels[0]) + convolution(pixels[0], channels[0], outputChannels)
        if outermost {
            let last = layers[0]
            sum += residual(pixels[0], (last == 0 ? channels[min(1, levels - 1)] : channels[0]) + channels[0], channels[0])
            return sum + (upAttention[levels - 1] ? transformer(pixels[0], 0, depth: depth(up: levels - 1, layer: last)) : 0)
        }
        for level in 0..<levels {
            for layer in 0..<layers[level] {
                sum += residual(pixels[level], layer == 0 ? channels[max(level - 1, 0)] : channels[level], channels[level])
                if downAttention[level] { sum += transformer(pixels[level], level, depth: depth(down: level, layer: layer)) }
            }
            if level < levels - 1 {
                // One convolution down and, after doubling, one up.
                sum += convolution(pixels[level + 1], channels[level], channels[level])
                sum += convolution(pixels[level], channels[level + 1], channels[level + 1])
            }
            let (below, above) = (channels[min(level + 1, levels - 1)], channels[max(level - 1, 0)])
            for layer in 0...layers[level] {
                let skip = layer == layers[level] ? above : channels[level]
                sum += residual(pixels[level], (layer == 0 ? below : channels[level]) + skip, channels[level])
                let block = levels - 1 - level
                if upAttention[block] { sum += transformer(pixels[level], level, depth: depth(up: block, layer: layer)) }
            }
        }
        if hasMiddle {
            let last = levels - 1
            let one = residual(pixels[last], channels[last], channels[last])
            sum += middleLooks ? 2 * one + transformer(pixels[last], last, depth: transformerLayers[last]) : one
        }
        return sum
    }
}
