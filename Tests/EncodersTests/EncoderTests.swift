import Checkpoints
import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Encoders

private let model = checkout.appendingPathComponent("Models/redraw-encoder")

/// Embeddings by the recipe's towers (Fixtures/make_embeddings.py), and the same by ours.
@Suite struct EncoderTests {
    private struct Golden: Decodable {
        let texts: [String]
        let mediums: [String: [String: Float]]
        let seen: [String: Seen]

        struct Seen: Decodable {
            struct Thing: Decodable {
                let name: String
                let certainty: Float
                let box: [Float]
                let traits: [String: Float]
            }
            let tags: [String: Float]
            let things: [Thing]
        }
    }

    private let golden: Golden
    private let tensors: SafetensorsFile
    private let encoder: DefaultEncoder

    init() throws {
        golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: fixture("embeddings.json", room: "Encoders")))
        tensors = try SafetensorsFile(fixture("embeddings.safetensors", room: "Encoders"))
        encoder = try DefaultEncoder(directory: model)
    }

    private func picture(_ name: String) throws -> Image {
        try ImageFile.decode(contentsOf: fixture("\(name).png", room: "Encoders")).image
    }

    @Test func pictureIsPreparedToTheByte() throws {
        let tower = try encoder.imageTower()
        let prepared = try tower.prepare(picture("disc"))
        let (image, expected) = (encoder.configuration.image, try tensors.tensor("disc.prepared").values)
        let bytes = prepared.values.map { ($0 * image.pixelDeviation + image.pixelMean).rounded() }
        #expect(bytes == expected)
    }

    @Test(arguments: ["disc", "noise", "stripes"]) func pictureEmbeddingEqualsTheRecipes(name: String) throws {
        let observation = try encoder.observe(picture(name))
        let features = try encoder.imageTower().features(encoder.imageTower().prepare(picture(name)))
        let featureAgreement = Agreement(features.values, try tensors.tensor("\(name).features").values)
        #expect(featureAgreement.relative < 1e-3, "\(featureAgreement)")
        let agreement = Agreement(observation.embedding.values, try tensors.tensor("\(name).embedding").values)
        #expect(agreement.relative < 1e-3, "\(agreement)")
        #expect(abs(observation.embedding.cosine(observation.embedding) - 1) < 1e-5)
        #expect(abs(observation.mediums.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
        for medium in observation.mediums {
            #expect(abs(medium.probability - (golden.mediums[name]?[medium.name] ?? .nan)) < 1e-3, "\(medium)")
        }
    }

    @Test(arguments: ["disc", "noise", "stripes"]) func whatIsSeenEqualsTheRecipes(name: String) throws {
        // Nothing real stands in these pictures: as in the recipe, what is hardly there is told, too.
        var configuration = encoder.configuration
        configuration.seeing?.leastCertainty = 0.003
        configuration.seeing?.mostThings = 12
        let tower = try EfficientNetImageTower(directory: model, configuration: configuration)
        let seen = try #require(try tower.observe(picture(name)).seen)
        let expected = try #require(golden.seen[name])
        #expect(Set(seen.tags.keys) == Set(expected.tags.keys) && seen.tags.count > 100)
        for (tag, probability) in seen.tags {
            #expect(abs(probability - (expected.tags[tag] ?? .nan)) < 2e-3, "\(tag)")
        }
        #expect(seen.things.count == expected.things.count && !seen.things.isEmpty)
        // Things near the least certainty may be told here and not there, and equal ones change places.
        for thing in seen.things.prefix(8) {
            let same = expected.things.filter { $0.name == thing.name }.map { other in
                (
                    overlap: UnitBox(left: other.box[0], top: other.box[1], right: other.box[2], bottom: other.box[3]).overlap(
                        with: thing.box), thing: other
                )
            }
            let nearest = try #require(same.max { $0.overlap < $1.overlap }, "\(thing)")
            #expect(nearest.overlap > 0.97 && abs(nearest.thing.certainty - thing.certainty) < 2e-3, "\(thing)")
            #expect(Set(thing.traits.keys) == Set(nearest.thing.traits.keys))
            for (trait, share) in thing.traits { #expect(abs(share - (nearest.thing.traits[trait] ?? .nan)) < 5e-3) }
        }
    }

    @Test func textEmbeddingsEqualTheRecipes() throws {
        let expected = try tensors.tensor("texts.embeddings")
        let together = try encoder.embed(golden.texts)
        #expect(together.count == golden.texts.count)
        for (index, embedding) in together.enumerated() {
            let agreement = Agreement(embedding.values, expected[index].values)
            #expect(agreement.relative < 1e-3, "\(golden.texts[index]): \(agreement)")
        }
    }

    /// A text's embedding does not depend on what it was batched with.
    @Test func batchingChangesNothing() throws {
        let together = try encoder.embed(golden.texts)
        for index in [0, 3, 6, 9] {
            let alone = try encoder.embed([golden.texts[index]])[0]
            #expect(Agreement(alone.values, together[index].values).relative < 1e-4)
        }
        #expect(try encoder.embed([]).isEmpty)
    }

    @Test func tokenStatesEqualTheRecipes() throws {
        let states = try encoder.states(golden.texts[3])
        let expected = try tensors.tensor("states")
        #expect(states.hidden.shape == expected.shape)
        #expect(states.tokenCount == expected.shape[1])
        #expect(try states.tokenCount == encoder.tokenCount(golden.texts[3]))
        let agreement = Agreement(states.hidden.values, expected.values)
        #expect(agreement.relative < 1e-3, "\(agreement)")
    }

    /// Tones, sizes and the grey and transparent kinds of pictures all give an embedding of length 1.
    @Test func anyKindOfPictureIsTaken() throws {
        var random = SeededGenerator.announced()
        for (channels, width, height) in [(1, 40, 30), (3, 1, 1), (4, 7, 300)] {
            let bytes = (0..<width * height * channels).map { _ in UInt8.random(in: 0...255, using: &random) }
            let embedding = try encoder.embed(Image(width: width, height: height, channels: channels, bytes: bytes))
            #expect(embedding.dimension == encoder.dimension)
            #expect(abs(embedding.cosine(embedding) - 1) < 1e-4)
        }
    }

    @Test func confidenceRisesWithTheCosine() throws {
        let texts = try encoder.embed([encoder.phrase(for: "dog"), encoder.phrase(for: "piano")])
        let statistics = try encoder.backgroundStatistics(of: texts)
        let pictures = try encoder.background()
        #expect(pictures.shape == [pictures.shape[0], encoder.dimension] && pictures.shape[0] >= 500)
        for (text, expected) in zip(texts, statistics) {
            let cosines = (0..<pictures.shape[0]).map { text.cosine(Embedding(unit: pictures[$0].values)) }
            var last: Float = -1
            for cosine in stride(from: Float(-0.1), through: 0.8, by: 0.1) {
                let confidence = encoder.calibration.confidence(cosine: cosine, background: expected)
                #expect(confidence > last && confidence >= 0 && confidence <= 1)
                #expect(abs(confidence - encoder.calibration.confidence(cosine: cosine, background: cosines)) < 1e-3)
                last = confidence
            }
        }
    }

    /// The digests that the recipe wrote are those of the files beside it: a changed file changes what caches belong to.
    @Test func digestsAreTheFiles() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.currentDirectoryURL = model
        process.arguments = encoder.configuration.files.keys.sorted()
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let found = output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(Dictionary(uniqueKeysWithValues: found.map { ($0[1], $0[0]) }) == encoder.configuration.files)
    }
}

@Suite struct EncoderDirectoryTests {
    /// The shipped directory by links, but for one file or for some numbers of its configuration.
    private func copy(
        without missing: String? = nil, configuration change: (inout [String: Any]) -> Void = { _ in }
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let files = [
            "image.safetensors", "head.safetensors", "text.safetensors", "background.safetensors", "seeing.safetensors", "vocab.txt",
        ]
        for name in files where name != missing {
            try FileManager.default.createSymbolicLink(
                at: folder.url.appendingPathComponent(name), withDestinationURL: model.appendingPathComponent(name))
        }
        if missing != "config.json" {
            let data = try Data(contentsOf: model.appendingPathComponent("config.json"))
            var object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            change(&object)
            try JSONSerialization.data(withJSONObject: object).write(to: folder.url.appendingPathComponent("config.json"))
        }
        return folder
    }

    @Test(arguments: ["config.json", "head.safetensors", "vocab.txt"]) func missingFilesAreNamed(name: String) throws {
        let folder = try copy(without: name)
        let error = #expect(throws: EncoderError.self) { try DefaultEncoder(directory: folder.url) }
        #expect("\(try #require(error))".contains(name))
    }

    @Test func absurdNumbersAreRefused() throws {
        let folder = try copy { object in
            var text = object["text"] as? [String: Any] ?? [:]
            text["layers"] = 100_000
            object["text"] = text
        }
        let error = #expect(throws: EncoderError.self) { try DefaultEncoder(directory: folder.url) }
        #expect("\(try #require(error))".contains("text.layers is 100000"))
    }

    /// A head of another version has the same shapes and would give other embeddings without a word.
    @Test func otherVersionsAreRefused() throws {
        let folder = try copy { $0["version"] = 1 }
        let error = #expect(throws: EncoderError.self) { try DefaultEncoder(directory: folder.url) }
        #expect("\(try #require(error))".contains("version 1 of the encoder, and this program reads version 2"))
    }

    @Test func missingNumbersAreNamed() throws {
        let folder = try copy { $0["calibration"] = nil }
        let error = #expect(throws: EncoderError.self) { try DefaultEncoder(directory: folder.url) }
        #expect("\(try #require(error))".contains("calibration is missing"))
    }

    @Test func numbersOfTheWrongKindAreNamed() throws {
        let folder = try copy { object in
            var image = object["image"] as? [String: Any] ?? [:]
            var stages = image["stages"] as? [[String: Any]] ?? []
            stages[1]["width"] = "wide"
            image["stages"] = stages
            object["image"] = image
        }
        let error = #expect(throws: EncoderError.self) { try DefaultEncoder(directory: folder.url) }
        #expect("\(try #require(error))".hasSuffix("image.stages[1].width is of the wrong kind)"))
        try Data("{".utf8).write(to: folder.url.appendingPathComponent("config.json"))
        let broken = #expect(throws: EncoderError.self) { try DefaultEncoder(directory: folder.url) }
        #expect("\(try #require(broken))".hasSuffix("it is not the JSON it should be (it is no JSON, or no object)"))
    }

    @Test func chosenNumbersMayBeLeftOutAndAreLookedAt() throws {
        func judgement(_ change: @escaping (inout [String: Any]) -> Void) throws -> EncoderConfiguration.Judgement {
            let folder = try copy { object in
                var judgement = object["judgement"] as? [String: Any] ?? [:]
                change(&judgement)
                object["judgement"] = judgement
            }
            return try EncoderConfiguration(directory: folder.url).judgement
        }
        let older = try judgement { for key in ["weighing", "ranking", "naming", "colours"] { $0[key] = nil } }
        #expect(older.weighing == nil && older.ranking == nil && older.naming == nil && older.colours == nil)
        let error = #expect(throws: EncoderError.self) {
            try judgement { $0["naming"] = ["leastBox": 0.35, "margin": 7, "softness": 0.08, "sureSubject": 0.5] }
        }
        #expect("\(try #require(error))".contains("judgement.naming.margin is 7"))
        let level = #expect(throws: EncoderError.self) {
            try judgement { $0["shownScales"] = ["mood": ["slope": 0, "offset": 1]] }
        }
        #expect("\(try #require(level))".contains("judgement.shownScales.mood.slope is 0"))
        func colours(_ change: @escaping (inout [String: Any]) -> Void) throws {
            _ = try judgement { judgement in
                var colours = judgement["colours"] as? [String: Any] ?? [:]
                change(&colours)
                judgement["colours"] = colours
            }
        }
        #expect(throws: Never.self) { try colours { _ in } }
        let fill = #expect(throws: EncoderError.self) { try colours { $0["leastFill"] = 7 } }
        #expect("\(try #require(fill))".contains("judgement.colours.leastFill is 7"))
        let kind = #expect(throws: EncoderError.self) {
            try colours { colours in
                var kinds = colours["kinds"] as? [[String: Any]] ?? []
                kinds[1]["mostAround"] = -1
                colours["kinds"] = kinds
            }
        }
        #expect("\(try #require(kind))".contains("judgement.colours.kinds[1].mostAround is -1"))
    }

    @Test(arguments: [
        ("shownSlope", -2.8), ("shownSlope", 0), ("shownOffset", 1e6), ("counting.sameShare", 1.5), ("counting.leastHeight", -0.5),
        ("counting.box.slope", -1.5), ("counting.box.ranked", 1e9), ("counting.number.offset", 1e9), ("counting.plural.slope", 500),
        ("counting.label", 1e6), ("counting.boxes", -1000), ("counting.intercept", 1e30),
    ])
    func whatIsShownAndHowBoxesAreCountedIsLookedAt(_ key: String, _ value: Double) throws {
        func setting(_ keys: ArraySlice<Substring>, in object: Any?) -> Any {
            guard let key = keys.first else { return value }
            var changed = object as? [String: Any] ?? [:]
            changed[String(key)] = setting(keys.dropFirst(), in: changed[String(key)])
            return changed
        }
        let folder = try copy { $0["judgement"] = setting(key.split(separator: ".")[...], in: $0["judgement"]) }
        let error = #expect(throws: EncoderError.self) { try EncoderConfiguration(directory: folder.url) }
        let told = "\(try #require(error))"
        #expect(told.contains("config.json") && told.contains("judgement.\(key) is ") && !told.contains("\n"), "\(told)")
    }

    /// What the recipe would write is what is shipped.
    @Test func theRecipesNumbersAreTheShippedOnes() throws {
        func read(_ path: String) throws -> [String: Any] {
            try #require(JSONSerialization.jsonObject(with: Data(contentsOf: checkout.appendingPathComponent(path))) as? [String: Any])
        }
        let shipped = try #require(try read("Models/redraw-encoder/config.json")["judgement"] as? [String: Any])
        #expect(NSDictionary(dictionary: shipped) == NSDictionary(dictionary: try read("Models/recipes/encoder/judgement.json")))
        let judgement = try EncoderConfiguration(directory: model).judgement
        #expect(judgement.weighing != nil && judgement.ranking != nil && judgement.naming != nil && judgement.counting?.measuredFrom != nil)
        #expect(judgement.colours != nil)
    }

    @Test func otherArchitecturesAreNamed() throws {
        let folder = try copy { object in
            var image = object["image"] as? [String: Any] ?? [:]
            image["headWidth"] = 1024
            object["image"] = image
        }
        let encoder = try DefaultEncoder(directory: folder.url)
        let error = #expect(throws: CheckpointError.self) { try encoder.imageTower() }
        #expect("\(try #require(error))".contains("head"))
    }
}
