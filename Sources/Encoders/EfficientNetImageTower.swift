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
        var blocks: [InvertedBottleneck] = []
        var width = image.stemWidth
        for stage in image.stages {
            for repetition in 0..<stage.repeats {
                blocks.append(
                    try InvertedBottleneck(
                        weights["blocks"][blocks.count], input: width, output: stage.width, kernel: stage.kernel,
                        stride: repetition == 0 ? stage.stride : 1, expansion: stage.expansion))
                width = stage.width
            }
        }
        self.blocks = blocks
        last = try Conv2D(weights["head"], input: width, output: image.headWidth, kernel: 1)
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
        let features = features(try prepare(image))
        let whole = observe(features: features)
        guard let seeing else { return whole }
        let maps = maps(try prepare(image, size: seeing.imageSize), after: seeing.blocks)
        return Observation(
            embedding: whole.embedding, mediums: whole.mediums, seen: seeing.look(features: features.values, maps: maps))
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

    /// The maps after the blocks of these numbers, counted over all stages from 0 and ascending; what lies above the last of them is not run.
    ///
    /// - Returns: for each block `[1, height, width, its output]`.
    func maps(_ prepared: Tensor, after wanted: [Int]) -> [Tensor] {
        var x = stem(prepared, activation: .relu6)
        var kept: [Tensor] = []
        for (number, block) in blocks.enumerated().prefix((wanted.last ?? -1) + 1) {
            x = block(x)
            if wanted.contains(number) { kept.append(x) }
        }
        return kept
    }

    /// - Returns: `[1, headWidth]`, the mean over the last map.
    func features(_ prepared: Tensor) -> Tensor {
        let map = blocks.reduce(stem(prepared, activation: .relu6)) { x, block in block(x) }
        let wide = last(map, activation: .relu6)
        let pixels = wide.shape[1] * wide.shape[2]
        return wide.reshaped([1, pixels, wide.shape[3]]).meanPooled(lengths: [pixels])
    }
}

/// MBConv (Sandler 2018) as EfficientNet-Lite has it, without squeeze and excitation: expand, depthwise, project.
private struct InvertedBottleneck: Sendable {
    private let expand: Conv2D?
    private let depthwise: SameConv2D
    private let project: Conv2D
    private let hasShortcut: Bool

    init(
        _ weights: Weights, input: Int, output: Int, kernel: Int, stride: Int, expansion: Int
    ) throws(CheckpointError) {
        let inner = input * expansion
        expand = expansion == 1 ? nil : try Conv2D(weights["expand"], input: input, output: inner, kernel: 1)
        depthwise = try SameConv2D(weights["depthwise"], input: inner, output: inner, kernel: kernel, stride: stride, groups: inner)
        project = try Conv2D(weights["project"], input: inner, output: output, kernel: 1)
        hasShortcut = stride == 1 && input == output
    }

    /// - Parameter x: `[1, height, width, input]`
    func callAsFunction(_ x: Tensor) -> Tensor {
        let wide = expand?(x, activation: .relu6) ?? x
        return project(depthwise(wide, activation: .relu6), adding: hasShortcut ? x : nil)
    }
}

/// A convolution padded as TensorFlow's SAME: the result has ceil(size / stride) pixels a side, the odd pixel of padding goes to the right and
/// the bottom. How much that is depends on the size, so there is a convolution for maps of even sides and one for odd.
private struct SameConv2D: Sendable {
    private let even, odd: Conv2D

    init(
        _ weights: Weights, input: Int, output: Int, kernel: Int, stride: Int, groups: Int = 1
    ) throws(CheckpointError) {
        func convolution(side: Int) throws(CheckpointError) -> Conv2D {
            let total = max(((side + stride - 1) / stride - 1) * stride + kernel - side, 0)
            let padding = Padding(top: total / 2, left: total / 2, bottom: total - total / 2, right: total - total / 2)
            return try Conv2D(weights, input: input, output: output, kernel: kernel, stride: stride, padding: padding, groups: groups)
        }
        // Strides are 1 and 2, so the padding depends on whether the side is even, and any large side of that kind tells it.
        odd = try convolution(side: 1001)
        even = stride == 1 ? odd : try convolution(side: 1000)
    }

    func callAsFunction(_ x: Tensor, activation: Activation) -> Tensor {
        (x.shape[1] % 2 == 0 ? even : odd)(x, activation: activation)
    }
}
