extension EncoderConfiguration {
    /// What an encoder was taught to see in a picture, and how its answers are read.
    package struct Seeing: Codable, Sendable, Equatable {
        /// The side of the square in which things are looked for, in pixels.
        package var imageSize: Int
        /// The tower's block, counted over all stages from 0, whose map has places for small things.
        package var fineBlock: Int
        /// The blocks whose maps, joined, have places for large things: half as many a side.
        package var coarseBlocks: [Int]
        package var width: Int
        /// Separable convolutions at each of the two sizes.
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
    /// The first number that cannot be, or nil; what tower it stands on is known.
    func firstProblem(on image: EncoderConfiguration.ImageTower) -> String? {
        let blocks = image.stages.reduce(0) { $0 + max($1.repeats, 0) }
        let read = [fineBlock] + coarseBlocks
        let checks: [(Bool, String)] = [
            (
                (32...1024).contains(imageSize) && imageSize % 32 == 0,
                "seeing.imageSize is \(imageSize), it has to be a multiple of 32 up to 1024"
            ),
            (!coarseBlocks.isEmpty, "seeing.coarseBlocks is empty"),
            (
                read.allSatisfy { (0..<blocks).contains($0) } && zip(read, read.dropFirst()).allSatisfy(<),
                "seeing's blocks \(read) are not ascending numbers from 0 to \(blocks - 1)"
            ),
            ((1...1024).contains(width), "seeing.width is \(width), allowed are 1 to 1024"),
            ((0...16).contains(mixes), "seeing.mixes is \(mixes), allowed are 0 to 16"),
            (!things.isEmpty && !traits.isEmpty && !labels.isEmpty, "seeing names no things, traits or labels"),
            (things.count <= 4096 && ownSides.count <= 16 && traits.count <= 256 && labels.count <= 65536, "seeing names more than can be"),
            (
                [thingWeight, traitWeight, boxSlope, boxIntercept].allSatisfy(\.isFinite) && boxSlope > 0,
                "seeing's numbers of certainty are not finite or not above 0"
            ),
            (leastCertainty > 0 && leastCertainty < 1, "seeing.leastCertainty is \(leastCertainty), it has to lie between 0 and 1"),
            ((0...1).contains(sameOverlap), "seeing.sameOverlap is \(sameOverlap), it has to lie between 0 and 1"),
            ((1...1000).contains(mostThings), "seeing.mostThings is \(mostThings), allowed are 1 to 1000"),
        ]
        return checks.first { !$0.0 }?.1
    }
}
