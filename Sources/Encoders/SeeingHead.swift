import Checkpoints
import FoundationEssentials
import Layers
import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// Tells what is in a picture from the tower's features, and where things are from maps of several sizes.
///
/// The maps are made by the tower's first blocks and then by blocks of the head's own, of the tower's shapes. Labels are linear in the direction
/// of the features' square roots. Things are found without anchors (after Tian 2019): at every place of the maps a probability for each thing
/// and the distances to its four sides. How likely a thing is in the whole picture is said by both and by a ``Glance``.
struct SeeingHead: Sendable {
    private let seeing: EncoderConfiguration.Seeing
    private let labels: Linear
    /// What stands in the place of the tower's blocks from `sharedBlocks` on.
    let blocks: [InvertedBottleneck]
    private let neck: PyramidNeck
    private let things, sides, traits: Conv2D
    private let glance: Glance

    init(directory: URL, seeing: EncoderConfiguration.Seeing, image: EncoderConfiguration.ImageTower) throws {
        let weights = try Weights(url: directory.appendingPathComponent("seeing.safetensors"))
        let (tower, width) = (image.blocks, seeing.width)
        self.seeing = seeing
        labels = try Linear(weights["labels"], input: image.headWidth, output: seeing.labels.count)
        blocks = try (seeing.ownBlocks..<seeing.blockCount).map { try InvertedBottleneck(weights["blocks"][$0], tower[$0]) }
        neck = try PyramidNeck(weights, inputs: seeing.levels.map { tower[$0].output }, width: width, mixes: seeing.mixes)
        things = try Conv2D(weights["things"], input: width, output: seeing.things.count, kernel: 1)
        sides = try Conv2D(weights["sides"], input: width, output: 4 * (1 + seeing.ownSides.count), kernel: 1)
        traits = try Conv2D(weights["traits"], input: width, output: seeing.traits.count, kernel: 1)
        glance = try Glance(weights["glance"], glance: seeing.glance, things: seeing.things.count, image: image)
        try weights.requireAllRead()
    }

    var imageSize: Int { seeing.imageSize }
    /// The numbers of the blocks whose maps are the levels, ascending.
    var levelBlocks: [Int] { seeing.levels }
    /// How many of the tower's blocks come before the head's own.
    var sharedBlocks: Int { seeing.ownBlocks }
    /// The numbers of the tower's blocks whose maps are read when the picture is looked at for its embedding.
    var glancedBlocks: [Int] { glance.blocks }

    /// - Parameters:
    ///   - features: the tower's pooled features of the picture as the embedding sees it.
    ///   - glanced: maps of the same look, after each of ``glancedBlocks``.
    ///   - maps: of the picture at ``imageSize``, fine to coarse.
    func look(features: [Float], glanced: [Tensor], maps: [Tensor]) -> Seen {
        let levels = levels(maps)
        var logits = labels(Tensor(PictureHead.roots(of: features).values, shape: [1, features.count])).values
        let (highest, glance) = (highestByChannel(of: levels.map(\.things)), glance(glanced))
        for (index, name) in seeing.things.enumerated() {
            guard let label = seeing.labels.firstIndex(of: name) else { continue }
            logits[label] += seeing.thingWeight * highest[index] + glance[index]
        }
        let things = apart(candidates(levels), levels)
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

    /// Each map joined by what the coarser ones say, then mixed on its own.
    ///
    /// - Returns: fine to coarse.
    func levels(_ maps: [Tensor]) -> [Level] {
        neck(maps).map { Level(side: $0.shape[1], things: things($0), sides: sides($0), traits: traits($0)) }
    }

    /// A thing at a place of a level, by their numbers.
    private struct Candidate {
        let level, place, thing: Int
        let certainty: Float
    }

    /// Everything that is certain enough to be told, level by level.
    private func candidates(_ levels: [Level]) -> [Candidate] {
        let (count, least) = (seeing.things.count, Self.logit(seeing.leastCertainty))
        var found: [Candidate] = []
        for (number, level) in levels.enumerated() {
            level.things.withUnsafeValues { scores in
                for (index, score) in scores.enumerated() {
                    let certainty = seeing.boxSlope * score + seeing.boxIntercept
                    guard certainty >= least else { continue }
                    found.append(
                        Candidate(level: number, place: index / count, thing: index % count, certainty: Self.sigmoid(certainty)))
                }
            }
        }
        return found
    }

    /// The most certain first; of things of one name whose boxes overlap much only the most certain.
    private func apart(_ found: [Candidate], _ levels: [Level]) -> [SeenThing] {
        let sorted = found.enumerated().sorted { ($1.element.certainty, $0.offset) < ($0.element.certainty, $1.offset) }.map(\.element)
        var kept: [SeenThing] = []
        for candidate in sorted.prefix(Self.mostCandidates) {
            guard kept.count < seeing.mostThings else { break }
            let (name, level) = (seeing.things[candidate.thing], levels[candidate.level])
            let box = box(of: candidate, in: level)
            guard !kept.contains(where: { $0.name == name && $0.box.overlap(with: box) > seeing.sameOverlap }) else { continue }
            kept.append(SeenThing(name: name, box: box, certainty: candidate.certainty, traits: held(by: candidate, in: level)))
        }
        return kept
    }

    private func box(of candidate: Candidate, in level: Level) -> UnitBox {
        let own = seeing.ownSides.firstIndex(of: seeing.things[candidate.thing]).map { $0 + 1 } ?? 0
        let first = 4 * (candidate.place * (1 + seeing.ownSides.count) + own)
        let far = level.sides.withUnsafeValues { sides in (0..<4).map { exp(min(max(sides[first + $0], -6), 6)) } }
        let (x, y) = (Float(candidate.place % level.side) + 0.5, Float(candidate.place / level.side) + 0.5)
        let span = Float(level.side)
        return UnitBox(
            left: max((x - far[0]) / span, 0), top: max((y - far[1]) / span, 0), right: min((x + far[2]) / span, 1),
            bottom: min((y + far[3]) / span, 1))
    }

    /// How likely each trait is; none of what has no traits.
    private func held(by candidate: Candidate, in level: Level) -> [String: Float] {
        guard seeing.things[candidate.thing] == seeing.traitsOf else { return [:] }
        let first = seeing.traits.count * candidate.place
        let shares = level.traits.withUnsafeValues { traits in seeing.traits.indices.map { Self.sigmoid(traits[first + $0]) } }
        return Dictionary(zip(seeing.traits, shares)) { _, last in last }
    }

    /// More places than these say the same things again.
    private static let mostCandidates = 500

    private static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
    private static func logit(_ p: Float) -> Float { log(p / (1 - p)) }
}
