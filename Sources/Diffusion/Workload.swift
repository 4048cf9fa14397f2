import Pixels
import Tensors

/// What a run costs, counted from the networks' configurations: memory of the largest maps, arithmetic of each part.
package struct Workload: Sendable, Equatable {
    /// Floating-point operations of one pass of the UNet, guidance included.
    package let pass: Double
    /// Of one that runs the UNet's outermost layers alone.
    package let outerPass: Double
    /// Of encoding a picture of the canvas' size, and of decoding it.
    package let encoding: Double
    package let decoding: Double
    /// Bytes that the UNet's convolutions keep from their first use on.
    let transformMemory: Int
    /// Bytes that a pass, and the autoencoder on the whole canvas and on a tile, hold at once.
    let passMemory: Int
    let autoencoderMemory: Int
    let tileMemory: Int
}

extension GenerationRequest {
    /// The parts of the prompt, in each stretch of its schedule.
    var composition: [[WeightedText]] {
        guard profile != .diffusers, prompt.contains("AND") else { return [[WeightedText("", 1)]] }
        return PromptSchedule(PromptTags(prompt).text, steps: steps).stretches.map { ComposedPrompt.parts($0.text) }
    }
}

extension AutoencoderConfiguration {
    /// Floating-point operations of the encoder (`layers` 0 more blocks a level) or the decoder (1) for a picture.
    func operations(width: Int, height: Int, layers more: Int) -> Double {
        if let tiny { return tiny.operations(channels[0], width: width, height: height, decoding: more > 0) }
        var sum = 0.0
        for level in channels.indices {
            let pixels = Double((width >> level) * (height >> level))
            let other = more == 0 ? channels[max(level - 1, 0)] : channels[min(level + 1, channels.count - 1)]
            sum += 2 * pixels * 9 * Double((other + channels[level]) * channels[level])
            sum += Double(layers + more - 1) * 4 * pixels * 9 * Double(channels[level] * channels[level])
            if level > 0 {
                // Down with the channels of the level above, up with those of this one, to four times the pixels.
                let moved = more == 0 ? channels[level - 1] : channels[level]
                sum += 2 * pixels * (more == 0 ? 1 : 4) * 9 * Double(moved * moved)
            }
        }
        let wide = Double(channels[channels.count - 1])
        let latents = Double((width / scale) * (height / scale))
        return sum + 8 * latents * 9 * wide * wide + (middleAttention ? 8 * latents * wide * wide + 4 * latents * latents * wide : 0)
    }
}

extension AutoencoderConfiguration.TinyBlocks {
    /// Floating-point operations for a picture: three convolutions a block, one a level; those at the ends hardly count.
    fileprivate func operations(_ channels: Int, width: Int, height: Int, decoding: Bool) -> Double {
        let blocks = decoding ? Array(decoder.reversed()) : encoder
        return blocks.indices.reduce(0) { sum, level in
            let pixels = Double((width >> level) * (height >> level))
            return sum + 18 * pixels * Double(channels * channels * (3 * blocks[level] + (level > 0 || decoding ? 1 : 0)))
        }
    }
}

extension Workload {
    /// Floating-point operations a second of this machine as it is now: a product as large as those that a pass is made of, measured once.
    package static func speed(in arithmetic: Arithmetic) -> Double {
        // In a model in bytes convolutions and attention, the larger part, are in bfloat16.
        productSpeed(in: arithmetic == .int8 ? .bf16 : arithmetic)
    }

    /// Of such a product alone.
    package static func productSpeed(in arithmetic: Arithmetic) -> Double {
        switch arithmetic {
        case .f32: floatSpeed
        case .bf16: pairSpeed
        case .int8: byteSpeed
        }
    }

    /// Of such a product by the processor's instructions for that arithmetic, which are not taken where those for floats are quicker; where it
    /// has none, as the product is made.
    package static func instructionSpeed(in arithmetic: Arithmetic) -> Double {
        guard arithmetic == .bf16, ProcessorKind.here.hasBfloats, !arithmetic.isNative else { return productSpeed(in: arithmetic) }
        return measured { PackedMatrix(inPairs: $0) }
    }

    private static let floatSpeed = measured { PackedMatrix($0, format: .f32) }
    private static let pairSpeed = measured { PackedMatrix($0, format: .bf16) }
    private static let byteSpeed = measured { PackedMatrix($0, format: .int8) }

    private static func measured(_ packed: (Tensor) -> PackedMatrix) -> Double {
        let (rows, width) = (2048, 640)
        let weight = packed(.filled(0.01, [width, width]))
        let input = Tensor.filled(0.01, [rows, width])
        // The first wakes the threads.
        _ = matmul(input, weight)
        let clock = ContinuousClock()
        let best = (0..<3).map { _ in clock.measure { _ = matmul(input, weight) }.seconds }.min() ?? 1
        return 2 * Double(rows * width * width) / max(best, 1e-6)
    }
}

extension RunTask {
    /// Seconds that a run of these plans is likely to take, the model loaded: arithmetic counted, and divided by what this machine does in a
    /// second. Told before the start; the steps' own reports are nearer.
    ///
    /// - Parameter arithmetic: the model's.
    package func seconds(_ plans: [Pipeline.Plan], in arithmetic: Arithmetic) -> Double {
        guard let work = plans.first?.work else { return 0 }
        let running = plans.filter { $0.steps.passes > 0 }
        guard !running.isEmpty else { return 0 }
        let pictures = Double(request.count)
        let denoising = running.reduce(0) { $0 + $1.operations }
        let encoding = source == nil ? 0 : work.encoding
        return (encoding + pictures * (denoising + Double(running.count) * work.decoding)) / Workload.speed(in: arithmetic)
    }
}
