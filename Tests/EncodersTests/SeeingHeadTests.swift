import Checkpoints
import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Encoders

private let model = checkout.appendingPathComponent("Models/redraw-encoder")

/// A tower of five small blocks with random weights and a head that sees on it; the numbers that the shipped encoder has besides.
private struct TinyTower {
    /// By the names in their files.
    typealias Named = [String: Tensor]

    static let widths = [4, 6, 6, 8, 10]
    static let features = 12
    static let width = 8
    static let things = ["person", "dog", "face"]
    static let traits = ["woman", "seated"]

    var image: Named = [:]
    var head: Named = [:]
    var seeing: Named = [:]
    var settings: [String: Any]
    /// Of the look that embeds.
    var imageSize = 48

    init(levels: [Int], ownBlocks: Int, mixes: Int = 1, using random: inout SeededGenerator) {
        settings = [
            "imageSize": 64, "levels": levels, "ownBlocks": ownBlocks, "width": Self.width, "mixes": mixes, "things": Self.things,
            "ownSides": ["face"], "traits": Self.traits, "traitsOf": "person", "labels": Self.things + Self.traits, "thingWeight": 0.5,
            "traitWeight": 2, "boxSlope": 1, "boxIntercept": 0, "leastCertainty": 0.01, "sameOverlap": 0.5, "mostThings": 20,
            "counts": [String: [String]](),
            "glance": ["blocks": [[3], [4]], "width": Self.width, "mixes": mixes, "weight": 0.5] as [String: Any],
        ]
        func add(_ name: String, _ shape: Shape, to tensors: inout Named) {
            // Sums of about 1 whatever the width, and above 0 more often than not: relu6 leaves something of them.
            let scale = (3 / Float(max(shape.count / shape[0], 1))).squareRoot()
            tensors[name + ".weight"] = Tensor(random.floats(shape.count).map { $0 * scale }, shape: shape)
            tensors[name + ".bias"] = Tensor(random.floats(shape[0]).map { 0.3 + 0.3 * $0 }, shape: [shape[0]])
        }
        add("stem", [4, 3, 3, 3], to: &image)
        for (number, block) in Self.blocks.enumerated() {
            let (name, inner) = ("blocks.\(number).", block.input * block.expansion)
            if block.expansion > 1 { add(name + "expand", [inner, block.input, 1, 1], to: &image) }
            add(name + "depthwise", [inner, 1, block.kernel, block.kernel], to: &image)
            add(name + "project", [block.output, inner, 1, 1], to: &image)
        }
        add("head", [Self.features, 10, 1, 1], to: &image)
        add("classifier", [3, Self.features], to: &image)
        add("projection", [384, Self.features], to: &head)
        head["class_embeddings"] = Tensor(random.floats(3 * 384), shape: [3, 384])
        add("medium", [4, Self.features], to: &head)
        add("labels", [5, Self.features], to: &seeing)
        for (level, block) in levels.enumerated() {
            add("lateral.\(level)", [Self.width, Self.widths[block], 1, 1], to: &seeing)
            for mix in 0..<mixes {
                add("mix.\(level).\(mix).depthwise", [Self.width, 1, 5, 5], to: &seeing)
                add("mix.\(level).\(mix).pointwise", [Self.width, Self.width, 1, 1], to: &seeing)
            }
        }
        for (level, block) in [3, 4].enumerated() {
            add("glance.lateral.\(level)", [Self.width, Self.widths[block], 1, 1], to: &seeing)
            for mix in 0..<mixes {
                add("glance.mix.\(level).\(mix).depthwise", [Self.width, 1, 5, 5], to: &seeing)
                add("glance.mix.\(level).\(mix).pointwise", [Self.width, Self.width, 1, 1], to: &seeing)
            }
        }
        add("glance.things", [3, Self.width, 1, 1], to: &seeing)
        for (name, outputs) in [("things", 3), ("sides", 8), ("traits", 2)] { add(name, [outputs, Self.width, 1, 1], to: &seeing) }
    }

    /// Of 64 pixels a side the maps have 32, 16, 16, 8 and 4.
    private static let stages: [[String: Int]] = [
        ["repeats": 1, "kernel": 3, "stride": 1, "expansion": 1, "width": 4],
        ["repeats": 2, "kernel": 5, "stride": 2, "expansion": 2, "width": 6],
        ["repeats": 1, "kernel": 3, "stride": 2, "expansion": 3, "width": 8],
        ["repeats": 1, "kernel": 5, "stride": 2, "expansion": 2, "width": 10],
    ]
    private static let blocks: [(kernel: Int, expansion: Int, input: Int, output: Int)] = [
        (3, 1, 4, 4), (5, 2, 4, 6), (5, 2, 6, 6), (3, 3, 6, 8), (5, 2, 8, 10),
    ]

    /// The tower's blocks from this one on, as a head's own.
    func blocks(from first: Int) -> Named {
        image.filter { name, _ in
            let parts = name.split(separator: ".")
            return parts[0] == "blocks" && Int(parts[1]).map { $0 >= first } == true
        }
    }

    func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, tensors) in [("image", image), ("head", head), ("seeing", seeing)] {
            try SafetensorsFile.write(
                tensors: tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
                to: folder.url.appendingPathComponent(name + ".safetensors"))
        }
        let shipped = try JSONSerialization.jsonObject(with: Data(contentsOf: model.appendingPathComponent("config.json")))
        var object = try #require(shipped as? [String: Any])
        var head = try #require(object["head"] as? [String: Any])
        head["likeliestClasses"] = 2
        object["head"] = head
        object["image"] =
            [
                "imageSize": imageSize, "pixelMean": 127, "pixelDeviation": 128, "stemWidth": 4, "headWidth": Self.features, "classes": 3,
                "stages": Self.stages,
            ] as [String: Any]
        object["seeing"] = settings
        try JSONSerialization.data(withJSONObject: object).write(to: folder.url.appendingPathComponent("config.json"))
        return folder
    }

    func seen(in picture: Image) throws -> Seen {
        let folder = try folder()
        return try #require(try EfficientNetImageTower(directory: folder.url).observe(picture).seen)
    }
}

@Suite struct SeeingHeadTests {
    private static func picture(using random: inout SeededGenerator) -> Image {
        Image(width: 70, height: 50, channels: 3, bytes: (0..<70 * 50 * 3).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    /// A head whose own blocks are copies of a tower's sees what one on that tower sees, whatever stands in their places in the tower it is on.
    @Test(arguments: [0, 2, 3]) func ownBlocksTakeTheTowersPlaces(first: Int) throws {
        var random = SeededGenerator.announced()
        let picture = Self.picture(using: &random)
        var one = TinyTower(levels: [2, 3], ownBlocks: 4, using: &random)
        let expected = try one.seen(in: picture).things
        #expect(expected.count > 5)

        let other = TinyTower(levels: [2, 3], ownBlocks: 4, using: &random)
        let copies = one.blocks(from: first).filter { !$0.key.hasPrefix("blocks.4.") }
        #expect(!copies.isEmpty)
        for name in copies.keys { one.image[name] = other.image[name] }
        #expect(try one.seen(in: picture).things != expected)
        one.settings["ownBlocks"] = first
        one.seeing.merge(copies) { own, _ in own }
        #expect(try one.seen(in: picture).things == expected)
    }

    @Test func whatTheFileHoldsAndTheNumbersSayMustAgree() throws {
        var random = SeededGenerator.announced()
        func error(_ change: (inout TinyTower) -> Void) throws -> String {
            var tower = TinyTower(levels: [2, 3, 4], ownBlocks: 3, using: &random)
            tower.seeing.merge(tower.blocks(from: 3)) { own, _ in own }
            change(&tower)
            let folder = try tower.folder()
            let error = #expect(throws: CheckpointError.self) { try EfficientNetImageTower(directory: folder.url) }
            return "\(try #require(error))"
        }
        #expect(try error { $0.settings["ownBlocks"] = 2 }.contains("blocks.2."))
        #expect(try error { $0.settings["ownBlocks"] = 4 }.contains("blocks.3."))
        #expect(try error { $0.settings["levels"] = [2, 3] }.contains("blocks.4."))
        #expect(try error { $0.settings["levels"] = [0, 2, 3] }.contains("lateral.0."))
    }

    /// Without mixes the neck is sums that can be written down.
    @Test(arguments: [[2, 3, 4], [0, 1, 3, 4], [3]]) func coarseLevelsSpeakAtTheFineOnesPlaces(levels: [Int]) throws {
        var random = SeededGenerator.announced()
        let tower = TinyTower(levels: levels, ownBlocks: levels[levels.count - 1] + 1, mixes: 0, using: &random)
        let folder = try tower.folder()
        let configuration = try EncoderConfiguration(directory: folder.url)
        let head = try SeeingHead(directory: folder.url, seeing: #require(configuration.seeing), image: configuration.image)
        let sides = (0..<levels.count).map { 2 << (levels.count - 1 - $0) }
        let maps = zip(levels, sides).map { block, side in
            let width = TinyTower.widths[block]
            return Tensor(random.floats(side * side * width).map { 4 * $0 }, shape: [1, side, side, width])
        }

        func applied(_ name: String, to pixel: [Float]) throws -> [Float] {
            let weight = try #require(tower.seeing[name + ".weight"]).values
            let bias = try #require(tower.seeing[name + ".bias"]).values
            return bias.indices.map { output in
                pixel.indices.reduce(bias[output]) { $0 + weight[output * pixel.count + $1] * pixel[$1] }
            }
        }
        func joined(_ level: Int, _ x: Int, _ y: Int) throws -> [Float] {
            let (map, width) = (maps[level].values, TinyTower.widths[levels[level]])
            let first = (y * sides[level] + x) * width
            let own = try applied("lateral.\(level)", to: Array(map[first..<first + width])).map { min(max($0, 0), 6) }
            guard level + 1 < levels.count else { return own }
            return try zip(own, joined(level + 1, x / 2, y / 2)).map(+)
        }

        let found = head.levels(maps)
        #expect(found.map(\.side) == sides)
        for (level, side) in sides.enumerated() {
            for (name, tensor) in [("things", found[level].things), ("sides", found[level].sides), ("traits", found[level].traits)] {
                let expected = try (0..<side * side).flatMap { try applied(name, to: joined(level, $0 % side, $0 / side)) }
                let agreement = Agreement(tensor.values, expected)
                #expect(agreement.relative < 1e-5, "\(name) of level \(level): \(agreement)")
            }
        }
    }

    /// Without mixes the glance is sums that can be written down: of each thing its likeliest place counts, and nothing else changes. At 72 pixels
    /// a side the fine level's side is odd.
    @Test(arguments: [(48, 6, 3), (72, 9, 5)]) func theGlancesLikeliestPlaceCounts(imageSize: Int, fineSide: Int, coarseSide: Int) throws {
        var random = SeededGenerator.announced()
        let picture = Self.picture(using: &random)
        var tower = TinyTower(levels: [2, 3], ownBlocks: 4, mixes: 0, using: &random)
        tower.imageSize = imageSize
        tower.settings["thingWeight"] = 0
        func glance(weight: Float) -> [String: Any] { ["blocks": [[3], [4]], "width": TinyTower.width, "mixes": 0, "weight": weight] }
        tower.settings["glance"] = glance(weight: 0)
        let without = try tower.seen(in: picture)
        tower.settings["glance"] = glance(weight: 0.25)
        let with = try tower.seen(in: picture)
        #expect(with.things == without.things)

        let folder = try tower.folder()
        let image = try EfficientNetImageTower(directory: folder.url)
        let maps = try image.features(image.prepare(picture), keepingMapsOf: [3, 4]).maps
        #expect(maps.map(\.shape) == [[1, fineSide, fineSide, 8], [1, coarseSide, coarseSide, 10]])
        func applied(_ name: String, to pixel: [Float]) throws -> [Float] {
            let (weight, bias) = try (#require(tower.seeing[name + ".weight"]).values, #require(tower.seeing[name + ".bias"]).values)
            return bias.indices.map { output in pixel.indices.reduce(bias[output]) { $0 + weight[output * pixel.count + $1] * pixel[$1] } }
        }
        func lateral(_ level: Int, _ x: Int, _ y: Int) throws -> [Float] {
            let (side, width) = (maps[level].shape[1], maps[level].shape[3])
            let first = (y * side + x) * width
            return try applied("glance.lateral.\(level)", to: Array(maps[level].values[first..<first + width])).map { min(max($0, 0), 6) }
        }
        var places: [[Float]] = []
        for y in 0..<fineSide {
            for x in 0..<fineSide {
                places.append(try applied("glance.things", to: zip(lateral(0, x, y), lateral(1, x / 2, y / 2)).map(+)))
            }
        }
        for y in 0..<coarseSide {
            for x in 0..<coarseSide { places.append(try applied("glance.things", to: lateral(1, x, y))) }
        }
        func logOdds(_ seen: Seen, _ tag: String) throws -> Float {
            let share = try #require(seen.tags[tag])
            return log(share / (1 - share))
        }
        for (index, thing) in TinyTower.things.enumerated() {
            let expected = try 0.25 * #require(places.map { $0[index] }.max())
            #expect(try abs(logOdds(with, thing) - logOdds(without, thing) - expected) < 0.01, "\(thing)")
        }
        for trait in TinyTower.traits { #expect(with.tags[trait] == without.tags[trait]) }
    }

    static let wrongGlances: [(blocks: [[Int]], width: Int, reason: String)] = [
        ([], 8, "seeing.glance.blocks is [], a level without blocks cannot be read"),
        ([[3], []], 8, "seeing.glance.blocks is [[3], []], a level without blocks cannot be read"),
        ([[5]], 8, "seeing.glance.blocks is [[5]], which are not ascending numbers from 0 to 4"),
        ([[2, 1]], 8, "seeing.glance.blocks is [[2, 1]], which are not ascending"),
        ([[3, 4]], 8, "seeing.glance.blocks is [[3, 4]], of [[6, 3]] places a side, each level has to have half as many"),
        ([[2], [4]], 8, "seeing.glance.blocks is [[2], [4]], of [[12], [3]] places a side"),
        ([[1, 2]], 0, "seeing.glance.width is 0, allowed are 1 to 1024"),
    ]

    @Test(arguments: wrongGlances.indices) func aGlanceThatCannotBeIsRefused(index: Int) throws {
        var random = SeededGenerator.announced()
        let wrong = Self.wrongGlances[index]
        var tower = TinyTower(levels: [2, 3], ownBlocks: 4, using: &random)
        tower.settings["glance"] = ["blocks": wrong.blocks, "width": wrong.width, "mixes": 1, "weight": 0.5] as [String: Any]
        let folder = try tower.folder()
        let error = #expect(throws: EncoderError.self) { try EncoderConfiguration(directory: folder.url) }
        #expect("\(try #require(error))".contains(wrong.reason))
    }

    static let wrongNumbers: [(levels: [Int], ownBlocks: Int, reason: String)] = [
        ([], 0, "seeing.levels is empty"),
        ([3, 2], 2, "seeing.levels is [3, 2], which are not ascending numbers from 0 to 4"),
        ([2, 2, 3], 2, "seeing.levels is [2, 2, 3], which are not ascending"),
        ([-1, 3], 2, "seeing.levels is [-1, 3], which are not ascending"),
        ([3, Int.max], 2, "which are not ascending numbers from 0 to 4"),
        ([1, 2, 3], 2, "seeing.levels is [1, 2, 3], of [16, 16, 8] places a side, each has to have half as many as the one before"),
        ([2, 4], 2, "seeing.levels is [2, 4], of [16, 4] places a side"),
        ([2, 3], 5, "seeing.ownBlocks is 5, allowed are 0 to 4"),
        ([2, 3], -1, "seeing.ownBlocks is -1, allowed are 0 to 4"),
    ]

    @Test(arguments: wrongNumbers.indices) func levelsThatCannotBeAreRefused(index: Int) throws {
        var random = SeededGenerator.announced()
        let wrong = Self.wrongNumbers[index]
        var tower = TinyTower(levels: [2, 3], ownBlocks: 4, using: &random)
        (tower.settings["levels"], tower.settings["ownBlocks"]) = (wrong.levels, wrong.ownBlocks)
        let folder = try tower.folder()
        let error = #expect(throws: EncoderError.self) { try EncoderConfiguration(directory: folder.url) }
        #expect("\(try #require(error))".contains(wrong.reason))
    }
}
