import Checkpoints
import FoundationEssentials
import Layers
import Pixels
import Tensors

/// EfficientNet-Lite (Tan 2019; Lite variants by Liu 2020) with batch norms folded away, and the head that takes its features to the text space.
package struct EfficientNetImageTower: ImageEncoder {
    private let configuration: EncoderConfiguration.ImageTower
    private let stem: SameConv2D
    private let blocks: [InvertedBottleneck]
    private let last: Conv2D
    private let classifier: Linear
    private let head: PictureHead
    private let seeing: SeeingHead?

    /// Reads `image.safetensors`, `head.safetensors`, where there is one `seeing.safetensors`, and the architecture in `config.json`.
    package init(directory: URL) throws {
        try self.init(directory: directory, configuration: EncoderConfiguration(directory: directory))
    }

    init(directory: URL, configuration: EncoderConfiguration) throws {
        let image = configuration.image
        let weights = try Weights(url: directory.appendingPathComponent("image.safetensors"))
        stem = try SameConv2D(weights["stem"], input: 3, output: image.stemWidth, kernel: 3, stride: 2)
        let blocks = image.blocks
        self.blocks = try blocks.enumerated().map { try InvertedBottleneck(weights["blocks"][$0], $1) }
        last = try Conv2D(weights["head"], input: blocks.last?.output ?? image.stemWidth, output: image.headWidth, kernel: 1)
        classifier = try Linear(weights["classifier"], input: image.headWidth, output: image.classes)
        try weights.requireAllRead()
        head = try PictureHead(directory: directory, configuration: configuration)
        seeing = try configuration.seeing.map { try SeeingHead(directory: directory, seeing: $0, image: image) }
        self.configuration = image
    }

    package var dimension: Int { head.dimension }

    package func embed(_ image: Image) throws -> Embedding {
        observe(prepared: try prepare(image)).embedding
    }

    /// Looks once for what the picture is like and, where the encoder was taught to see things, once more, larger, for what is where.
    ///
    /// - Throws: `EncoderError.emptyPicture`.
    package func observe(_ image: Image) throws -> Observation {
        let (features, glanced) = features(try prepare(image), keepingMapsOf: seeing?.glancedBlocks ?? [])
        let whole = observe(features: features)
        guard let seeing else { return whole }
        let maps = maps(try prepare(image, size: seeing.imageSize), for: seeing)
        return Observation(
            embedding: whole.embedding, mediums: whole.mediums,
            seen: seeing.look(features: features.values, glanced: glanced, maps: maps))
    }

    /// - Parameter prepared: `[1, size, size, 3]`
    /// - Returns: what the one look gives: an embedding and the mediums.
    func observe(prepared: Tensor) -> Observation { observe(features: features(prepared)) }

    private func observe(features: Tensor) -> Observation {
        let (embedding, mediums) = head.observe(features: features.values, logits: classifier(features).values)
        return Observation(embedding: embedding, mediums: mediums)
    }

    /// A picture as the tower takes it: transparent parts on white, squashed to the square, bytes x to (x - mean) / deviation.
    ///
    /// - Parameter size: pixels a side; nil takes the size at which the embedding was fitted.
    /// - Returns: `[1, size, size, 3]`
    func prepare(_ image: Image, size: Int? = nil) throws(EncoderError) -> Tensor {
        guard image.width > 0, image.height > 0 else { throw .emptyPicture(width: image.width, height: image.height) }
        let size = size ?? configuration.imageSize
        let square = image.rgb().resized(width: size, height: size, filter: .bicubic)
        let (mean, factor) = (configuration.pixelMean, 1 / configuration.pixelDeviation)
        return Tensor(shape: [1, size, size, 3]) { target in
            for index in target.indices {
                target[index] = (Float(square.bytes[index]) - mean) * factor
            }
        }
    }

    /// The maps in which `seeing` looks for things, fine to coarse: the tower's first blocks lead to them and then the head's own. What lies
    /// above the last of them is not run.
    ///
    /// - Returns: for each level `[1, height, width, its block's output]`.
    func maps(_ prepared: Tensor, for seeing: SeeingHead) -> [Tensor] {
        run(prepared, through: blocks.prefix(seeing.sharedBlocks) + seeing.blocks, keepingMapsOf: seeing.levelBlocks).maps
    }

    /// - Returns: `[1, headWidth]`, the mean over the last map.
    func features(_ prepared: Tensor) -> Tensor { features(prepared, keepingMapsOf: []).features }

    /// - Parameter kept: numbers of blocks, ascending.
    /// - Returns: the features as above, and the maps after those blocks that they are made of on the way.
    func features(_ prepared: Tensor, keepingMapsOf kept: [Int]) -> (features: Tensor, maps: [Tensor]) {
        let (map, maps) = run(prepared, through: blocks[...], keepingMapsOf: kept)
        let wide = last(map, activation: .relu6)
        let pixels = wide.shape[1] * wide.shape[2]
        return (wide.reshaped([1, pixels, wide.shape[3]]).meanPooled(lengths: [pixels]), maps)
    }

    /// - Returns: the map after the last block, and those after the blocks of these numbers, ascending.
    private func run(
        _ prepared: Tensor, through blocks: ArraySlice<InvertedBottleneck>, keepingMapsOf kept: [Int]
    ) -> (last: Tensor, maps: [Tensor]) {
        var x = stem(prepared, activation: .relu6)
        var maps: [Tensor] = []
        for (number, block) in blocks.enumerated() {
            x = block(x)
            if kept.contains(number) { maps.append(x) }
        }
        return (x, maps)
    }
}
