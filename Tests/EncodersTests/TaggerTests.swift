import Checkpoints
import Foundation
import Pixels
import TestSupport
import Testing

@testable import Encoders

/// Small random taggers against timm and torch (Fixtures/make_tagger.py, make_other_taggers.py).
@Suite struct TaggerTests {
    static let folders = [
        "tagger-vit", "tagger-convnext", "tagger-swin", "tagger-eva", "tagger-joytag", "tagger-joytag-patches", "tagger-pixai",
    ]

    private let names = ["disc", "noise", "stripes", "odd", "tall"]

    private func images() throws -> [Image] {
        try names.map { try ImageFile.decode(contentsOf: fixture("\($0).png", room: "Encoders")).image }
    }

    @Test(arguments: folders) func equalsTheReference(folder: String) throws {
        let url = fixture(folder, room: "Encoders")
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

    /// A banner is padded to a square of hundreds of times its pixels: what the network sees is what that square would give, without it.
    @Test(arguments: [(2_300, 21), (19, 2_100)]) func bannersAreSeenAsTheirSquares(_ width: Int, _ height: Int) throws {
        var random = SeededGenerator.announced()
        let bytes = (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
        let banner = Image(width: width, height: height, channels: 3, bytes: bytes)
        let side = max(width, height)
        let (left, top) = ((side - width) / 2, (side - height) / 2)
        let square = banner.padded(
            left: left, top: top, right: side - width - left, bottom: side - height - top, with: .colour([255, 255, 255]))
        let tagger = try Tagger(directory: fixture("tagger-vit", room: "Encoders"))
        #expect(try tagger.pixels(banner).bytes == square.resized(width: 64, height: 64, filter: .bicubic).bytes)
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

    /// What each tagger's authors count, and how many of the labels are characters.
    @Test(arguments: [
        ("tagger-vit", LabelThresholds.fixed(general: 0.35, character: 0.75), 4),
        ("tagger-joytag", .fixed(general: 0.4, character: 0.4), 0), ("tagger-pixai", .fixed(general: 0.3, character: 0.85), 5),
    ])
    func labelsAndThresholdsAreTheirAuthors(_ folder: String, _ thresholds: LabelThresholds, characters: Int) throws {
        let tagger = try Tagger(directory: fixture(folder, room: "Encoders"))
        #expect(tagger.thresholds == thresholds && tagger.labels.count == 20)
        #expect(tagger.labels.filter { $0.category == .character }.count == characters)
        var probabilities = [Float](repeating: 0, count: 20)
        (probabilities[4], probabilities[19]) = (0.38, 0.8)
        let found = tagger.tags(of: probabilities)
        #expect(found.general.map(\.name).contains("1girl") == (thresholds != .fixed(general: 0.4, character: 0.4)))
        #expect((found.general + found.characters).map(\.name).contains("rem (re:zero)") == (folder != "tagger-pixai"))
    }

    /// Folders of taggers that are not run are named for what they are, and what to fetch instead is told.
    @Test(arguments: [
        (["config.json", "selected_tags.csv", "model.onnx"], ["ONNX (model.onnx)", "model.safetensors of the same"]),
        (["selected_tags.csv", "model.onnx"], ["ONNX (model.onnx)", "SmilingWolf/wd-vit-tagger-v3"]),
        (["camie-tagger-v2.safetensors", "camie-tagger-v2-metadata.json"], ["Camie", "fancyfeast/joytag"]),
        (["model_initial_only.pt", "metadata.json"], ["Camie"]),
        (["tags_v0.9_13k.json", "model_v0.9.pth"], ["model_v0.9.pth", "convert"]),
        (["top_tags.txt", "config.json", "model.pt"], ["model.pt", "may run programs"]),
        (["top_tags.txt", "config.json"], ["no weights", "model.safetensors"]), ([], ["no files"]), (["a.txt"], ["a.txt", "JoyTag"]),
        (["config.json", "model.safetensors"], ["config.json, model.safetensors", "PixAI"]),
    ])
    func otherFoldersAreNamed(_ files: [String], _ told: [String]) throws {
        let folder = try TemporaryFolder()
        for name in files { try Data("x".utf8).write(to: folder.url.appendingPathComponent(name)) }
        let refused = try #require(#expect(throws: EncoderError.self) { try Tagger(directory: folder.url) })
        for part in told { #expect("\(refused)".contains(part), "\(refused)") }
    }

    /// What is wrong is told by the file's own words, and a line of thousands of letters by its beginning.
    @Test(arguments: [
        ("tagger-joytag", "config.json", #"{"class": "ViT"}"#, " is missing", 200),
        ("tagger-vit", "config.json", #"{"architecture": ["vit"]}"#, "architecture is of the wrong kind", 200),
        ("tagger-vit", "config.json", "nothing", "it is no JSON", 200),
        (
            "tagger-vit", "selected_tags.csv", "tag_id,name,category\n1,\(String(repeating: "long", count: 5000)),x\n",
            "no category 0, 4 or 9", 300
        ),
    ])
    func whatIsWrongIsToldBriefly(_ source: String, _ name: String, _ content: String, _ told: String, _ most: Int) throws {
        let folder = try TemporaryFolder()
        let copy = folder.url.appendingPathComponent("copy")
        try FileManager.default.copyItem(at: fixture(source, room: "Encoders"), to: copy)
        try Data(content.utf8).write(to: copy.appendingPathComponent(name))
        let refused = try #require(#expect(throws: EncoderError.self) { try Tagger(directory: copy) })
        #expect("\(refused)".contains(told) && "\(refused)".count < most + copy.path.count && !"\(refused)".contains("Error"), "\(refused)")
    }

    @Test func aFolderThatIsNotThereIsSaidToBeNone() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.onnx")
        try Data("x".utf8).write(to: file)
        for place in [folder.url.appendingPathComponent("nowhere"), file] {
            let refused = try #require(#expect(throws: EncoderError.self) { try Tagger(directory: place) })
            #expect("\(refused)".hasPrefix("there is no folder \(place.path);"), "\(refused)")
        }
    }

    /// JoyTag's and PixAI's own files, spoilt.
    @Test(arguments: [
        ("tagger-joytag", "config.json", #"{"class": "CLIPLikeModel"}"#, "JoyTag"),
        ("tagger-joytag", "config.json", joyTag(#""class": "MAE""#), "MAE"),
        ("tagger-joytag", "top_tags.txt", "1girl\nsolo\n", "20 labels"),
        ("tagger-joytag", "config.json", joyTag(#""num_heads": 5"#), "5 heads"),
        ("tagger-joytag", "config.json", joyTag(#""d_model": 1"#), "d_model"),
        ("tagger-joytag", "config.json", joyTag(#""patch_size": 15"#), "patches of 15"),
        ("tagger-joytag", "config.json", joyTag(#""cnn_stem": "conv:c=32,s=8;pool""#), "pool"),
        ("tagger-joytag", "config.json", joyTag(#""cnn_stem": "conv:c=32,s=0""#), "conv:c=32,s=0"),
        ("tagger-joytag", "config.json", joyTag(#""cnn_stem": "conv:c=32,s=2""#), "4 places a side"),
        ("tagger-pixai", "tags_v0.9_13k.json", "{}", "tag_map"),
        ("tagger-pixai", "tags_v0.9_13k.json", #"{"tag_map": {"a": 0, "b": 2}, "tag_split": {"gen_tag_count": 1}}"#, "numbered"),
    ])
    func spoiltFilesAreNamed(_ source: String, _ name: String, _ content: String, _ told: String) throws {
        let folder = try TemporaryFolder()
        let copy = folder.url.appendingPathComponent("copy")
        try FileManager.default.copyItem(at: fixture(source, room: "Encoders"), to: copy)
        try Data(content.utf8).write(to: copy.appendingPathComponent(name))
        let refused = try #require(#expect(throws: EncoderError.self) { try Tagger(directory: copy) })
        #expect("\(refused)".contains(told), "\(refused)")
    }

    /// The small JoyTag's configuration with a key's value changed.
    private static func joyTag(_ changed: String) -> String {
        var keys = [
            "class": #""ViT""#, "n_tags": "20", "image_size": "64", "num_blocks": "2", "patch_size": "16", "d_model": "32",
            "num_heads": "4",
            "use_sine": "true", "cnn_stem": #""conv:c=32,s=16,k=16,p=0""#,
        ]
        let parts = changed.split(separator: ":", maxSplits: 1)
        keys[parts[0].filter { $0 != "\"" }] = String(parts[1])
        return "{" + keys.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
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
