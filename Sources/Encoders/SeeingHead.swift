import Checkpoints
import FoundationEssentials
import Layers
import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// Tells what is in a picture from the tower's features, and where things are from its maps at two strides.
///
/// Labels are linear in the direction of the features' square roots. Things are found without anchors (after Tian 2019): at every place of the
/// maps a probability for each thing and the distances to its four sides. How likely a thing is in the whole picture is said by both.
struct SeeingHead: Sendable {
    private let seeing: EncoderConfiguration.Seeing
    private let labels: Linear
    private let lateralFine, lateralCoarse: Conv2D
    private let mixFine, mixCoarse: [SeparableResidual]
    private let things, sides, traits: Conv2D

    init(directory: URL, seeing: EncoderConfiguration.Seeing, image: EncoderConfiguration.ImageTower) throws {
        let weights = try Weights(url: directory.appendingPathComponent("seeing.safetensors"))
        let widths = image.stages.flatMap { Array(repeating: $0.width, count: $0.repeats) }
        let width = seeing.width
        self.seeing = seeing
        labels = try Linear(weights["labels"], input: image.headWidth, output: seeing.labels.count)
        lateralFine = try Conv2D(weights["lateral_fine"], input: widths[seeing.fineBlock], output: width, kernel: 1)
        let coarse = seeing.coarseBlocks.reduce(0) { $0 + widths[$1] }
        lateralCoarse = try Conv2D(weights["lateral_coarse"], input: coarse, output: width, kernel: 1)
        mixFine = try (0..<seeing.mixes).map { try SeparableResidual(weights["mix_fine"][$0], width: width) }
        mixCoarse = try (0..<seeing.mixes).map { try SeparableResidual(weights["mix_coarse"][$0], width: width) }
        things = try Conv2D(weights["things"], input: width, output: seeing.things.count, kernel: 1)
        sides = try Conv2D(weights["sides"], input: width, output: 4 * (1 + seeing.ownSides.count), kernel: 1)
        traits = try Conv2D(weights["traits"], input: width, output: seeing.traits.count, kernel: 1)
        try weights.requireAllRead()
    }

    var imageSize: Int { seeing.imageSize }
    /// The tower's blocks whose maps are read, ascending.
    var blocks: [Int] { [seeing.fineBlock] + seeing.coarseBlocks }

    /// - Parameters:
    ///   - features: the tower's pooled features of the picture as the embedding sees it.
    ///   - maps: after ``blocks``, of the picture at ``imageSize``.
    func look(features: [Float], maps: [Tensor]) -> Seen {
        let levels = levels(maps)
        var logits = labels(Tensor(PictureHead.roots(of: features).values, shape: [1, features.count])).values
        let highest = highestLogits(levels)
        for (index, name) in seeing.things.enumerated() {
            guard let label = seeing.labels.firstIndex(of: name) else { continue }
            logits[label] += seeing.thingWeight * highest[index]
        }
        let things = apart(levels.flatMap(found))
        for trait in seeing.traits {
            guard let label = seeing.labels.firstIndex(of: trait) else { continue }
            let surest = things.filter { $0.name == seeing.traitsOf }.compactMap { thing in thing.traits[trait].map { $0 * thing.certainty }
            }.max()
            logits[label] += seeing.traitWeight * (surest ?? 0)
        }
        let tags = Dictionary(zip(seeing.labels, logits.map(Self.sigmoid))) { first, _ in first }
        return Seen(tags: tags, things: things)
    }

    /// One map of places, each with what may stand there.
    struct Level {
        let side: Int
        let things, sides, traits: Tensor
    }

    /// - Returns: the fine level, then the coarse.
    func levels(_ maps: [Tensor]) -> [Level] {
        var coarse = lateralCoarse(Tensor.concatenated(Array(maps.dropFirst()), axis: 3), activation: .relu6)
        var fine = lateralFine(maps[0], activation: .relu6, adding: coarse.upsampledNearest())
        for mix in mixCoarse { coarse = mix(coarse) }
        for mix in mixFine { fine = mix(fine) }
        return [fine, coarse].map { Level(side: $0.shape[1], things: things($0), sides: sides($0), traits: traits($0)) }
    }

    private func highestLogits(_ levels: [Level]) -> [Float] {
        var highest = [Float](repeating: -.infinity, count: seeing.things.count)
        for level in levels {
            level.things.withUnsafeValues { values in
                for place in stride(from: 0, to: values.count, by: highest.count) {
                    for thing in highest.indices { highest[thing] = max(highest[thing], values[place + thing]) }
                }
            }
        }
        return highest
    }

    /// Everything at a level that is certain enough to be told.
    private func found(_ level: Level) -> [SeenThing] {
        let count = seeing.things.count
        let scores = level.things.values
        let (sides, traits, quartets) = (level.sides.values, level.traits.values, 1 + seeing.ownSides.count)
        let least = Self.logit(seeing.leastCertainty)
        var found: [SeenThing] = []
        for (index, score) in scores.enumerated() {
            let certainty = seeing.boxSlope * score + seeing.boxIntercept
            guard certainty >= least else { continue }
            let place = index / count
            let name = seeing.things[index % count]
            let (x, y) = (Float(place % level.side) + 0.5, Float(place / level.side) + 0.5)
            let first = 4 * (place * quartets + ((seeing.ownSides.firstIndex(of: name) ?? -1) + 1))
            let far = (0..<4).map { exp(min(max(sides[first + $0], -6), 6)) }
            let span = Float(level.side)
            let box = UnitBox(
                left: max((x - far[0]) / span, 0), top: max((y - far[1]) / span, 0), right: min((x + far[2]) / span, 1),
                bottom: min((y + far[3]) / span, 1))
            var held: [String: Float] = [:]
            if name == seeing.traitsOf {
                for (trait, label) in seeing.traits.enumerated() {
                    held[label] = Self.sigmoid(traits[seeing.traits.count * place + trait])
                }
            }
            found.append(SeenThing(name: name, box: box, certainty: Self.sigmoid(certainty), traits: held))
        }
        return found
    }

    /// The most certain first; of things of one name whose boxes overlap much only the most certain.
    private func apart(_ found: [SeenThing]) -> [SeenThing] {
        let sorted = found.enumerated().sorted { ($1.element.certainty, $0.offset) < ($0.element.certainty, $1.offset) }.map(\.element)
        var kept: [SeenThing] = []
        for thing in sorted.prefix(Self.mostCandidates) where kept.count < seeing.mostThings {
            if !kept.contains(where: { $0.name == thing.name && $0.box.overlap(with: thing.box) > seeing.sameOverlap }) {
                kept.append(thing)
            }
        }
        return kept
    }

    /// More places than these say the same things again.
    private static let mostCandidates = 500

    private static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
    private static func logit(_ p: Float) -> Float { log(p / (1 - p)) }
}

/// A depthwise convolution and one over channels, added to what came in.
private struct SeparableResidual: Sendable {
    private let depthwise, pointwise: Conv2D

    init(_ weights: Weights, width: Int) throws(CheckpointError) {
        depthwise = try Conv2D(weights["depthwise"], input: width, output: width, kernel: 5, padding: 2, groups: width)
        pointwise = try Conv2D(weights["pointwise"], input: width, output: width, kernel: 1)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        pointwise(depthwise(x, activation: .relu6), activation: .relu6, adding: x)
    }
}
