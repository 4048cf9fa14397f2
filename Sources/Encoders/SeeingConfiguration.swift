extension EncoderConfiguration {
    /// What an encoder was taught to see in a picture, and how its answers are read.
    package struct Seeing: Codable, Sendable, Equatable {
        /// The side of the square in which things are looked for, in pixels.
        package var imageSize: Int
        /// The tower's blocks, counted over all stages from 0, whose maps have places for things, from small things to large: each map half as
        /// many places a side as the one before.
        package var levels: [Int]
        /// From this block on the maps are made by weights that were taught to see; the blocks before it are the tower's own.
        package var ownBlocks: Int
        package var width: Int
        /// Separable convolutions at each level.
        package var mixes: Int
        /// What may be found, by the vocabulary's names, in the order of the outputs.
        package var things: [String]
        /// Things whose sides have outputs of their own, after those that all others share.
        package var ownSides: [String]
        /// What may hold of a person that was found, in the order of the outputs.
        package var traits: [String]
        /// The thing whose traits are read.
        package var traitsOf: String
        /// What may hold of the whole picture, by the vocabulary's names, in the order of the outputs; things among them.
        package var labels: [String]
        /// How much the surest place counts in whether a thing is in the picture.
        package var thingWeight: Float
        package var glance: Glance
        /// How much the surest person's trait counts in whether the label of its name holds of the picture.
        package var traitWeight: Float
        /// A place's score x is worth the log-odds boxSlope x + boxIntercept.
        package var boxSlope: Float
        package var boxIntercept: Float
        /// Less certain things are not told.
        package var leastCertainty: Float
        /// Boxes of one thing that overlap more are of the same one.
        package var sameOverlap: Float
        package var mostThings: Int
        /// For a thing or a trait the tags that say two of it, three and so on; the last says as many or more.
        package var counts: [String: [String]]
    }
}

extension EncoderConfiguration.Seeing {
    /// What the look that embeds a picture says of things.
    package struct Glance: Codable, Sendable, Equatable {
        /// The levels, from small things to large: for each the tower's blocks whose maps are read together, ascending. Each level has half as
        /// many places a side as the one before, rounded up.
        package var blocks: [[Int]]
        package var width: Int
        /// Separable convolutions at each level.
        package var mixes: Int
        /// How much the likeliest place counts in whether a thing is in the picture.
        package var weight: Float
    }
}

extension EncoderConfiguration.Seeing {
    /// How many of the tower's blocks lead to the last level.
    var blockCount: Int { (levels.last ?? -1) + 1 }

    /// The first number that cannot be, or nil; what tower it stands on is known.
    func firstProblem(on image: EncoderConfiguration.ImageTower) -> String? {
        levelsProblem(on: image.blocks) ?? glanceProblem(on: image) ?? numbersProblem
    }

    private func levelsProblem(on blocks: [EncoderConfiguration.ImageTower.Block]) -> String? {
        guard (32...1024).contains(imageSize), imageSize % 32 == 0 else {
            return "seeing.imageSize is \(imageSize), it has to be a multiple of 32 up to 1024"
        }
        guard !levels.isEmpty else { return "seeing.levels is empty" }
        guard levels.allSatisfy({ blocks.indices.contains($0) }), zip(levels, levels.dropFirst()).allSatisfy(<) else {
            return "seeing.levels is \(levels), which are not ascending numbers from 0 to \(blocks.count - 1)"
        }
        let sides = Self.sides(of: blocks, imageSize: imageSize)
        let places = levels.map { sides[$0] }
        guard zip(places, places.dropFirst()).allSatisfy({ $0 == 2 * $1 }) else {
            return "seeing.levels is \(levels), of \(places) places a side, each has to have half as many as the one before"
        }
        guard (0...blockCount).contains(ownBlocks) else {
            return "seeing.ownBlocks is \(ownBlocks), allowed are 0 to \(blockCount)"
        }
        return nil
    }

    /// How many places a side each block's map has. A convolution of stride 2, as the stem is, leaves the larger half of an odd side.
    private static func sides(of blocks: [EncoderConfiguration.ImageTower.Block], imageSize: Int) -> [Int] {
        var (side, sides) = ((imageSize + 1) / 2, [Int]())
        for block in blocks {
            side = (side + block.stride - 1) / block.stride
            sides.append(side)
        }
        return sides
    }

    private func glanceProblem(on image: EncoderConfiguration.ImageTower) -> String? {
        let (levels, blocks, count) = (glance.blocks, Array(glance.blocks.joined()), image.blocks.count)
        guard !levels.isEmpty, !levels.contains([]) else {
            return "seeing.glance.blocks is \(levels), a level without blocks cannot be read"
        }
        guard blocks.allSatisfy({ (0..<count).contains($0) }), zip(blocks, blocks.dropFirst()).allSatisfy(<) else {
            return "seeing.glance.blocks is \(levels), which are not ascending numbers from 0 to \(count - 1)"
        }
        let sides = Self.sides(of: image.blocks, imageSize: image.imageSize)
        let places = levels.map { $0.map { sides[$0] } }
        guard places.allSatisfy({ Set($0).count == 1 }), zip(places, places.dropFirst()).allSatisfy({ ($0[0] + 1) / 2 == $1[0] }) else {
            return "seeing.glance.blocks is \(levels), of \(places) places a side, each level has to have half as many as the one before"
        }
        return nil
    }

    private var numbersProblem: String? {
        let checks: [(Bool, String)] = [
            ((1...1024).contains(glance.width), "seeing.glance.width is \(glance.width), allowed are 1 to 1024"),
            ((0...16).contains(glance.mixes), "seeing.glance.mixes is \(glance.mixes), allowed are 0 to 16"),
            ((1...1024).contains(width), "seeing.width is \(width), allowed are 1 to 1024"),
            ((0...16).contains(mixes), "seeing.mixes is \(mixes), allowed are 0 to 16"),
            (!things.isEmpty && !traits.isEmpty && !labels.isEmpty, "seeing names no things, traits or labels"),
            (things.count <= 4096 && ownSides.count <= 16 && traits.count <= 256 && labels.count <= 65536, "seeing names more than can be"),
            (
                [thingWeight, traitWeight, boxSlope, boxIntercept, glance.weight].allSatisfy(\.isFinite) && boxSlope > 0,
                "seeing's numbers of certainty are not finite or not above 0"
            ),
            (leastCertainty > 0 && leastCertainty < 1, "seeing.leastCertainty is \(leastCertainty), it has to lie between 0 and 1"),
            ((0...1).contains(sameOverlap), "seeing.sameOverlap is \(sameOverlap), it has to lie between 0 and 1"),
            ((1...1000).contains(mostThings), "seeing.mostThings is \(mostThings), allowed are 1 to 1000"),
        ]
        return checks.first { !$0.0 }?.1
    }
}
