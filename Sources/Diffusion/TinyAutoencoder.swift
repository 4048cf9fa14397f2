import Checkpoints
import Foundation
import Layers
import Tensors

/// diffusers' `AutoencoderTinyBlock`: three 3x3 convolutions with relu between them, their input added, relu.
private struct TinyBlock: Sendable {
    private let first, second, third: Conv2D

    init(_ weights: Weights, channels: Int) throws(CheckpointError) {
        func conv(_ index: Int) throws(CheckpointError) -> Conv2D {
            try Conv2D(weights["conv"][index], input: channels, output: channels, kernel: 3, padding: 1)
        }
        (first, second, third) = (try conv(0), try conv(2), try conv(4))
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        third(second(first(x, activation: .relu), activation: .relu), adding: x).mapped { max($0, 0) }
    }
}

/// A step of a stack of layers that are numbered as in the checkpoint.
private enum TinyLayer: Sendable {
    case conv(Conv2D, Activation)
    case block(TinyBlock)
    case enlarge

    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .conv(let conv, let activation): conv(x, activation: activation)
        case .block(let block): block(x)
        case .enlarge: x.upsampledNearest(by: 2)
        }
    }
}

/// diffusers' `EncoderTiny`: levels of blocks, each behind a convolution that halves the map.
struct TinyEncoder: Sendable {
    private let layers: [TinyLayer]

    init(
        _ weights: Weights, _ configuration: AutoencoderConfiguration, _ blocks: AutoencoderConfiguration.TinyBlocks
    ) throws(CheckpointError) {
        let channels = configuration.channels[0]
        let scope = weights["layers"]
        var layers: [TinyLayer] = []
        for (level, count) in blocks.encoder.enumerated() {
            let first = level == 0
            let conv = try Conv2D(
                scope[layers.count], input: first ? configuration.inputChannels : channels, output: channels, kernel: 3,
                stride: first ? 1 : 2, padding: 1, bias: first)
            layers.append(.conv(conv, .none))
            for _ in 0..<count { layers.append(.block(try TinyBlock(scope[layers.count], channels: channels))) }
        }
        let last = try Conv2D(scope[layers.count], input: channels, output: configuration.latentChannels, kernel: 3, padding: 1)
        layers.append(.conv(last, .none))
        self.layers = layers
    }

    /// - Parameter picture: [batch, height, width, 3] in -1 ... 1; the network itself sees 0 ... 1.
    func callAsFunction(_ picture: Tensor, _ checkCancelled: CancellationCheck) throws -> Tensor {
        var x = picture.mapped { ($0 + 1) / 2 }
        for layer in layers {
            try checkCancelled()
            x = layer(x)
        }
        return x
    }
}

/// diffusers' `DecoderTiny`: the latent within 3 tanh(x / 3), levels of blocks, each before a doubling and a convolution.
struct TinyDecoder: Sendable {
    private let layers: [TinyLayer]

    init(
        _ weights: Weights, _ configuration: AutoencoderConfiguration, _ blocks: AutoencoderConfiguration.TinyBlocks
    ) throws(CheckpointError) {
        let channels = configuration.channels[0]
        let scope = weights["layers"]
        let first = try Conv2D(scope[0], input: configuration.latentChannels, output: channels, kernel: 3, padding: 1)
        var layers: [TinyLayer] = [.conv(first, .relu)]
        // The activation behind the first convolution and each doubling have numbers of their own.
        var number = 2
        for (level, count) in blocks.decoder.enumerated() {
            for _ in 0..<count {
                layers.append(.block(try TinyBlock(scope[number], channels: channels)))
                number += 1
            }
            let last = level == blocks.decoder.count - 1
            if !last {
                layers.append(.enlarge)
                number += 1
            }
            let conv = try Conv2D(
                scope[number], input: channels, output: last ? configuration.outputChannels : channels, kernel: 3, padding: 1, bias: last)
            layers.append(.conv(conv, .none))
            number += 1
        }
        self.layers = layers
    }

    /// - Returns: [batch, height, width, 3], about -1 ... 1.
    func callAsFunction(_ latent: Tensor, _ checkCancelled: CancellationCheck) throws -> Tensor {
        var x = latent.mapped { tanhf($0 / 3) * 3 }
        for layer in layers {
            try checkCancelled()
            x = layer(x)
        }
        return x.mapped { $0 * 2 - 1 }
    }
}
