import Checkpoints
import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Encoders

/// Small random models of every family against the libraries that they come from (Fixtures/make_clip.py and its siblings).
@Suite struct CheckpointEncoderTests {
    private struct Inputs: Decodable {
        let texts: [String]
        let pictures: [String]
    }

    static let folders = ["clip", "open-clip", "open-clip-resnet", "siglip", "siglip2"]

    private let inputs: Inputs

    init() throws {
        inputs = try JSONDecoder().decode(Inputs.self, from: Data(contentsOf: fixture("texts.json", room: "Encoders")))
    }

    private func open(_ folder: String) throws -> (CheckpointEncoder, SafetensorsFile) {
        let url = fixture(folder, room: "Encoders")
        let encoder = try #require(try openEncoder(directory: url) as? CheckpointEncoder)
        return (encoder, try SafetensorsFile(url.appendingPathComponent("expected.safetensors")))
    }

    private func images() throws -> [Image] {
        try inputs.pictures.map { try ImageFile.decode(contentsOf: fixture("\($0).png", room: "Encoders")).image }
    }

    @Test(arguments: folders) func picturesArePreparedToTheByte(folder: String) throws {
        let (encoder, expected) = try open(folder)
        for (name, image) in zip(inputs.pictures, try images()) {
            let pixels = try encoder.pixels(image)
            let golden = try expected.tensor("\(name).pixels")
            #expect([pixels.height, pixels.width, 3] == golden.shape.dimensions)
            #expect(pixels.bytes.map(Float.init) == golden.values, "\(name)")
        }
    }

    /// In f32 on the same weights; the sums' order differs, so the last digits do.
    @Test(arguments: folders) func featuresEqualTheReference(folder: String) throws {
        let (encoder, expected) = try open(folder)
        let pictures = try encoder.features(prepared: images().map { try encoder.prepare($0) })
        let texts = try encoder.features(texts: inputs.texts)
        for (name, ours) in [("images", pictures), ("texts", texts)] {
            let golden = try expected.tensor(name)
            #expect(ours.shape == golden.shape)
            for row in 0..<golden.shape[0] {
                let agreement = Agreement(ours[row].values, golden[row].values)
                #expect(agreement.relative < 2e-5, "\(name) \(row): \(agreement)")
            }
        }
    }

    /// In bfloat16 an embedding points almost where it does in single precision, even from these small towers whose few channels average
    /// little of the rounding out; and it belongs to another cache.
    @Test(arguments: folders) func embeddingsInBfloatsAreNear(folder: String) throws {
        let (encoder, _) = try open(folder)
        let url = fixture(folder, room: "Encoders")
        let rounded = try openEncoder(directory: url, arithmetic: .bf16)
        #expect(rounded.digest != encoder.digest && rounded.digest.allSatisfy(\.isHexDigit))
        #expect(try openEncoder(directory: url, arithmetic: .bf16).digest == rounded.digest)
        let pairs = try zip(images(), images()).map { (try encoder.embed($0), try rounded.embed($1)) }
        for (floats, bfloats) in pairs + zip(try encoder.embed(inputs.texts), try rounded.embed(inputs.texts)) {
            let cosine = zip(floats.values, bfloats.values).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(cosine > 0.999, "\(cosine)")
        }
    }

    /// The model's own scores, from our embeddings and its scale.
    @Test(arguments: ["clip", "siglip", "siglip2"]) func scoresEqualTheReference(folder: String) throws {
        let (encoder, expected) = try open(folder)
        let pictures = try encoder.observe(prepared: images().map { try encoder.prepare($0) }).map(\.embedding)
        let texts = try encoder.embed(inputs.texts)
        let scale = try #require(encoder.similarityScale)
        let ours = pictures.flatMap { picture in texts.map { scale.logit(cosine: picture.cosine($0)) } }
        let agreement = Agreement(ours, try expected.tensor("logits").values)
        #expect(agreement.relative < 1e-4, "\(agreement)")
        #expect(scale.kind == (folder == "clip" ? .softmax : .sigmoid))
    }

    @Test(arguments: folders) func batchesAndSinglesAgree(folder: String) throws {
        let (encoder, _) = try open(folder)
        let prepared = try images().map { try encoder.prepare($0) }
        let together = try encoder.observe(prepared: prepared)
        for (image, observation) in zip(try images(), together) {
            #expect(Agreement(try encoder.embed(image).values, observation.embedding.values).relative < 1e-5)
        }
        let texts = try encoder.embed(inputs.texts)
        #expect(Agreement(try encoder.embed([inputs.texts[2]])[0].values, texts[2].values).relative < 1e-5)
        #expect(try encoder.embed([]).isEmpty && encoder.observe(prepared: []).isEmpty)
        #expect(texts.allSatisfy { $0.dimension == encoder.dimension })
        #expect(try encoder.tokenCount("a cat") < encoder.tokenCount("a cat and a dog"))
        #expect(encoder.phrase(for: "dog").contains("photo of dog"))
    }

    @Test func digestsTellFoldersApart() throws {
        let digests = try Self.folders.map { try open($0).0.digest }
        #expect(Set(digests).count == digests.count && digests.allSatisfy { $0.count == 32 })
        #expect(try open("clip").0.digest == digests[0])
    }
}

@Suite struct EncoderFamilyTests {
    private func refusal(_ files: [String: String]) throws -> String {
        let folder = try TemporaryFolder()
        for (name, content) in files {
            try Data(content.utf8).write(to: folder.url.appendingPathComponent(name))
        }
        return "\(try #require(#expect(throws: EncoderError.self) { try openEncoder(directory: folder.url) }))"
    }

    @Test func unknownFoldersAreRefusedWithWhatIsSupported() throws {
        let empty = try refusal([:])
        #expect(empty.contains("no files") && EncoderFamily.allCases.allSatisfy { empty.contains($0.summary) })
        #expect(try refusal(["unet.onnx": ""]).contains("unet.onnx"))
        #expect(try refusal(["config.json": #"{"model_type": "blip"}"#, "model.safetensors": ""]).contains("model_type blip"))
    }

    @Test func aFolderThatIsNotThereIsSaidToBeNone() throws {
        let nowhere = try TemporaryFolder().url.appendingPathComponent("nowhere")
        let refused = #expect(throws: EncoderError.self) { try openEncoder(directory: nowhere) }
        #expect(refused?.description.contains("nowhere: there is no such folder") == true, "\(String(describing: refused))")
    }

    @Test func picklesAreNotOpened() throws {
        let message = try refusal(["config.json": #"{"model_type": "clip"}"#, "pytorch_model.bin": ""])
        #expect(message.contains("pytorch_model.bin") && message.contains("safetensors"))
    }

    @Test func foreignPartsAreNamed() throws {
        let configuration = #"{"model_cfg": {"embed_dim": 8, "vision_cfg": {"timm_model_name": "vit_huge"}, "text_cfg": {}}}"#
        #expect(try refusal(["open_clip_config.json": configuration, "open_clip_model.safetensors": ""]).contains("vit_huge"))
    }

    /// Pictures that come in any size fit no tower, and sides that no tower has are refused before anything is resized.
    @Test(arguments: [
        ("clip", "preprocessor_config.json", [("do_resize", "false"), ("do_center_crop", "false")], "neither resized nor cropped"),
        ("clip", "preprocessor_config.json", [("crop_size", "100000")], "size"),
        ("open-clip", "open_clip_config.json", [("image_size", "0")], "image_size"),
        ("open-clip", "open_clip_config.json", [("image_size", "100000")], "image_size"),
    ])
    func sizesThatFitNoTowerAreRefused(_ source: String, _ name: String, _ changes: [(String, String)], _ told: String) throws {
        let folder = try TemporaryFolder()
        let copy = folder.url.appendingPathComponent("copy")
        try FileManager.default.copyItem(at: fixture(source, room: "Encoders"), to: copy)
        let file = copy.appendingPathComponent(name)
        var object = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        func changed(_ value: Any) throws -> Any {
            guard var members = value as? [String: Any] else { return value }
            for key in members.keys {
                if let (_, text) = changes.first(where: { $0.0 == key }) {
                    members[key] = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
                } else if let inner = members[key] {
                    members[key] = try changed(inner)
                }
            }
            return members
        }
        object = try changed(object)
        try JSONSerialization.data(withJSONObject: object).write(to: file)
        let image = Image(width: 2000, height: 1, filledWith: [1, 2, 3])
        let error = #expect(throws: EncoderError.self) { _ = try openEncoder(directory: copy).embed(image) }
        #expect(error?.description.contains(told) == true, "\(String(describing: error))")
    }

    /// Only cut to the square: a picture in another size is not brought to it first.
    @Test func picturesThatAreOnlyCroppedRun() throws {
        let folder = try TemporaryFolder()
        let copy = folder.url.appendingPathComponent("copy")
        try FileManager.default.copyItem(at: fixture("clip", room: "Encoders"), to: copy)
        let file = copy.appendingPathComponent("preprocessor_config.json")
        let text = try String(contentsOf: file, encoding: .utf8).replacingOccurrences(
            of: "\"do_resize\": true", with: "\"do_resize\": false")
        try Data(text.utf8).write(to: file)
        let encoder = try openEncoder(directory: copy)
        let small = Image(width: 30, height: 30, filledWith: [90, 2, 3])
        let large = Image(width: 90, height: 50, filledWith: [90, 2, 3])
        #expect(try encoder.embed(small) == encoder.embed(large))
    }

    @Test func absurdNumbersAreRefused() throws {
        for (name, value) in [("num_hidden_layers", 100_000), ("hidden_size", 0), ("patch_size", 5000), ("num_attention_heads", 7)] {
            let folder = try TemporaryFolder()
            let source = fixture("clip", room: "Encoders")
            for file in try FileManager.default.contentsOfDirectory(atPath: source.path) where file != "config.json" {
                try FileManager.default.copyItem(at: source.appendingPathComponent(file), to: folder.url.appendingPathComponent(file))
            }
            let data = try Data(contentsOf: source.appendingPathComponent("config.json"))
            var object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            var vision = object["vision_config"] as? [String: Any] ?? [:]
            vision[name] = value
            object["vision_config"] = vision
            try JSONSerialization.data(withJSONObject: object).write(to: folder.url.appendingPathComponent("config.json"))
            let encoder = try openEncoder(directory: folder.url)
            let image = Image(width: 30, height: 30, filledWith: [1, 2, 3])
            #expect(throws: EncoderError.self, "\(name)") { try encoder.embed(image) }
        }
    }
}

@Suite struct SigLIPTokenizerTests {
    @Test func piecesEqualTheReference() throws {
        let tokenizer = try UnigramTokenizer(model: fixture("siglip/spiece.model", room: "Encoders"))
        let golden = try TokenGolden("siglip_tokens.json")
        let rows = try SigLIPRows(directory: fixture("siglip", room: "Encoders"), length: 64)
        for item in golden.cases { #expect(rows.rows(item.text) == item.tokens, "\(item.text)") }
        #expect(golden.differences(try FuzzedCorpus.texts().map(tokenizer.numbers)) == [])
    }

    @Test func gemmaEqualsTheReference() throws {
        let tokenizer = try GemmaTokenizer(directory: fixture("siglip2", room: "Encoders"))
        let golden = try TokenGolden("siglip2_tokens.json")
        let rows = try SigLIPRows(directory: fixture("siglip2", room: "Encoders"), length: 64)
        for item in golden.cases { #expect(rows.rows(item.text) == item.tokens, "\(item.text)") }
        #expect(golden.differences(try FuzzedCorpus.texts().map(tokenizer.numbers)) == [])
    }

    @Test func damagedModelsAreRefused() throws {
        let bytes = [UInt8](try Data(contentsOf: fixture("siglip/spiece.model", room: "Encoders")))
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("spiece.model")
        var random = SeededGenerator.announced()
        for _ in 0..<40 {
            var damaged = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            for _ in 0..<8 where !damaged.isEmpty {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try Data(damaged).write(to: file)
            // Refused or understood otherwise, but never a crash.
            _ = (try? UnigramTokenizer(model: file))?.tokens("a photo of ﬁne things")
        }
    }
}
