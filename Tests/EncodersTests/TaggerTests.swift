import Checkpoints
import Foundation
import Pixels
import TestSupport
import Testing

@testable import Encoders

/// Small random taggers against timm (Fixtures/make_tagger.py).
@Suite struct TaggerTests {
    static let folders = ["tagger-vit", "tagger-convnext", "tagger-swin", "tagger-eva"]

    private let names = ["disc", "noise", "stripes", "odd", "tall"]

    private func images() throws -> [Image] {
        try names.map { try ImageFile.decode(contentsOf: fixture("\($0).png", room: "Encoders")).image }
    }

    @Test(arguments: folders) func equalsTheReference(folder: String) throws {
        let url = fixture(folder, room: "Encoders")
        #expect(Tagger.isTagger(directory: url))
        let tagger = try Tagger(directory: url)
        let expected = try SafetensorsFile(url.appendingPathComponent("expected.safetensors"))
        for (name, image) in zip(names, try images()) {
            let golden = try expected.tensor("\(name).pixels")
            #expect(try tagger.pixels(image).bytes.map(Float.init) == golden.values, "\(name)")
        }
        let probabilities = try tagger.probabilities(prepared: images().map { try tagger.prepare($0) })
        let golden = try expected.tensor("probabilities")
        for (row, ours) in probabilities.enumerated() {
            let agreement = Agreement(ours, golden[row].values)
            #expect(agreement.relative < 1e-5, "\(names[row]): \(agreement)")
        }
    }

    @Test func labelsAreChosenByThresholds() throws {
        let tagger = try Tagger(directory: fixture("tagger-vit", room: "Encoders"))
        #expect(tagger.labels.count == 20 && tagger.labels[14].name == "quote\"d,_name")
        var probabilities = [Float](repeating: 0.01, count: 20)
        for (index, value) in [(1, 0.6), (4, 0.9), (5, 0.8), (6, 0.7), (7, 0.35), (17, 0.76), (18, 0.75)] as [(Int, Float)] {
            probabilities[index] = value
        }
        let fixed = tagger.tags(of: probabilities)
        #expect(fixed.rating?.name == "sensitive" && fixed.rating?.category == .rating)
        // 0.35 is not above the threshold.
        #expect(fixed.general.map(\.name) == ["1girl", "long hair", "^_^"])
        #expect(fixed.characters.map(\.name) == ["saber (fate)"])
        #expect(tagger.tags(of: probabilities, escaped: true).characters.map(\.name) == ["saber \\(fate\\)"])
        #expect(tagger.tags(of: probabilities, spaced: false).general.map(\.name) == ["1girl", "long_hair", "^_^"])
        // The largest gaps lie below 0.7 (between 0.7 and 0.35, the first of two nearly equal) and below 0.75.
        let cut = tagger.tags(of: probabilities, thresholds: .maximumCut)
        #expect(cut.general.map(\.name) == ["1girl", "long hair", "^_^"] && cut.characters.count == 2)
    }

    @Test func maximumCutIsTheMiddleOfTheLargestGap() {
        #expect(Tagger.maximumCut([0.9, 0.8, 0.2, 0.1]) == 0.5)
        #expect(Tagger.maximumCut([0.9]) == 0 && Tagger.maximumCut([]) == 0)
    }

    @Test func badFoldersAreNamed() throws {
        let source = fixture("tagger-vit", room: "Encoders")
        func refusal(_ name: String, _ content: String) throws -> String {
            let folder = try TemporaryFolder()
            for file in ["config.json", "selected_tags.csv", "model.safetensors"] where file != name {
                try FileManager.default.copyItem(at: source.appendingPathComponent(file), to: folder.url.appendingPathComponent(file))
            }
            try Data(content.utf8).write(to: folder.url.appendingPathComponent(name))
            return "\(try #require(#expect(throws: EncoderError.self) { try Tagger(directory: folder.url) }))"
        }
        #expect(try refusal("selected_tags.csv", "a,b\n").contains("name and category"))
        #expect(try refusal("selected_tags.csv", "tag_id,name,category,count\n1,x,7,1\n").contains("category"))
        #expect(try refusal("selected_tags.csv", "tag_id,name,category,count\n1,x,0,1\n").contains("20"))
        #expect(try refusal("config.json", #"{"architecture": "resnet50"}"#).contains("resnet50"))
        #expect(try refusal("config.json", #"{"architecture": "vit_base_patch16_224"}"#).contains("class token"))
        #expect(try refusal("config.json", #"{"architecture": "swinv2_cr_base_224"}"#).contains("swinv2_cr_base_224"))
        #expect(try refusal("config.json", #"{"architecture": "eva02_base_patch16_clip_224"}"#).contains("eva02_base_patch16_clip_224"))
    }
}
