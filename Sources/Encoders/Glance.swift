import Checkpoints
import Layers
import Tensors

/// How likely things are somewhere in a picture, from maps that the tower makes of it for the embedding anyway.
///
/// Those maps were learnt from a thousand kinds of things and from drawings, so they know what a thing is where a ``SeeingHead``'s own maps, which
/// know better where it is, do not.
struct Glance: Sendable {
    private let glance: EncoderConfiguration.Seeing.Glance
    private let neck: PyramidNeck
    private let things: Conv2D

    init(_ weights: Weights, glance: EncoderConfiguration.Seeing.Glance, things count: Int, image: EncoderConfiguration.ImageTower) throws {
        let tower = image.blocks
        self.glance = glance
        neck = try PyramidNeck(
            weights, inputs: glance.blocks.map { $0.reduce(0) { $0 + tower[$1].output } }, width: glance.width, mixes: glance.mixes)
        things = try Conv2D(weights["things"], input: glance.width, output: count, kernel: 1)
    }

    /// The numbers of the tower's blocks whose maps are read, ascending.
    var blocks: [Int] { Array(glance.blocks.joined()) }

    /// - Parameter maps: of ``blocks``, `[1, height, width, its block's output]` each.
    /// - Returns: of each thing what its likeliest place adds to the log-odds that it is in the picture.
    func callAsFunction(_ maps: [Tensor]) -> [Float] {
        var left = maps[...]
        let levels = glance.blocks.map { blocks in
            defer { left = left.dropFirst(blocks.count) }
            return Tensor.concatenated(Array(left.prefix(blocks.count)), axis: 3)
        }
        return highestByChannel(of: neck(levels).map { things($0) }).map { glance.weight * $0 }
    }
}
