import Checkpoints
import Tensors

/// Bytes that a model's weights take as the layers hold them, by what they are there for.
package struct WeightMemory: Sendable, Equatable {
    /// Reads the prompts.
    package var text = 0
    /// Takes the steps.
    package var network = 0
    /// Of the codec: what encodes pictures, and what decodes latents.
    package var encoder = 0
    package var decoder = 0

    package init(text: Int = 0, network: Int = 0, encoder: Int = 0, decoder: Int = 0) {
        (self.text, self.network, self.encoder, self.decoder) = (text, network, encoder, decoder)
    }

    package var all: Int { text + network + encoder + decoder }
}

/// What a model will take in memory, counted from the names and shapes in its files' headers.
extension ModelParts {
    func weightMemory() throws(CheckpointError) -> WeightMemory {
        let decoding = autoencoder.names().filter { $0.hasPrefix("decoder.") || $0.hasPrefix("post_quant_conv.") }
        let decoder = try Self.bytes(autoencoder, decoding)
        var text = 0
        for encoder in textEncoders { text += try Self.bytes(encoder.weights, encoder.weights.names()) }
        return WeightMemory(
            text: text, network: try Self.bytes(unet, unet.names()), encoder: try Self.bytes(autoencoder, autoencoder.names()) - decoder,
            decoder: decoder)
    }

    private static func bytes(_ weights: Weights, _ names: [String]) throws(CheckpointError) -> Int {
        var bytes = 0
        for name in names {
            let isShortcut = name.hasSuffix(".\(ResidualBlock.shortcutName).weight")
            bytes += Self.bytes(of: try weights.shape(of: name), isShortcut ? weights.holding.withoutBytes : weights.holding)
        }
        return bytes
    }

    /// Biases and norms are floats whatever the matrices are, and convolutions of more than one tap are in bytes where that was said.
    private static func bytes(of shape: Shape, _ holding: WeightHolding) -> Int {
        guard holding.inHalves, shape.rank > 1 else { return 4 * shape.count }
        let isMatrix = shape.rank == 2 || shape.rank == 4 && shape[2] == 1 && shape[3] == 1
        if isMatrix { return holding.arithmetic == .int8 && Arithmetic.int8.isNative ? shape.count : 2 * shape.count }
        return holding.convolutionsInBytes ? PackedConvolution.memoryInBytes(shape) : 2 * shape.count
    }

    /// Bytes that the UNet's convolutions will keep for their fast algorithm, by the level of the map they work on.
    func transformMemory() throws(CheckpointError) -> [Int] {
        let levels = unetConfiguration.channels.count
        var bytes = [Int](repeating: 0, count: levels)
        guard unet.holding.keepsTransforms, unet.holding.arithmetic == .f32 || !Arithmetic.bf16.isNative else { return bytes }
        for name in unet.names() {
            let parts = name.split(separator: ".")
            guard let level = Self.level(parts, of: levels) else { continue }
            bytes[level] += PackedConvolution.transformMemory(try unet.shape(of: name))
        }
        return bytes
    }

    /// The level of the map that a layer of the UNet makes; nil for what halves its map, which has no fast algorithm.
    private static func level(_ parts: [Substring], of levels: Int) -> Int? {
        if parts.contains("downsamplers") { return nil }
        guard parts.count > 2, let block = Int(parts[1]), (0..<levels).contains(block) else {
            return parts.first == "mid_block" ? levels - 1 : 0
        }
        switch parts[0] {
        case "down_blocks": return block
        case "up_blocks": return max(0, levels - 1 - block - (parts.contains("upsamplers") ? 1 : 0))
        default: return parts[0] == "mid_block" ? levels - 1 : 0
        }
    }
}
