import Checkpoints
import Tensors

/// What a model will take in memory, counted from the names and shapes in its files' headers.
extension ModelParts {
    /// Bytes of all weights as the layers will hold them.
    func weightMemory() throws(CheckpointError) -> Int {
        var bytes = 0
        for weights in [unet, autoencoder] + textEncoders.map(\.weights) {
            for name in weights.names() {
                let shape = try weights.shape(of: name)
                // Biases and norms are floats whatever the matrices are.
                bytes += shape.count * (weights.holding.inHalves && shape.rank > 1 ? 2 : 4)
            }
        }
        return bytes
    }

    /// Bytes that the UNet's convolutions will keep for their fast algorithm, by the level of the map they work on.
    func transformMemory() throws(CheckpointError) -> [Int] {
        let levels = unetConfiguration.channels.count
        var bytes = [Int](repeating: 0, count: levels)
        guard unet.holding.keepsTransforms else { return bytes }
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
