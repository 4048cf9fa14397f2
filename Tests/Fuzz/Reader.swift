import Analysis
import Catalog
import Checkpoints
import Diffusion
import Encoders
import Foundation
import Pixels
import Screening
import Studio
import TestSupport
import Vocabulary

/// A reader of files that come from strangers, and files it reads that are worth changing.
///
/// Every decoder of outside bytes has one. What has none: files that Redraw makes for itself and takes for missing where their checksum does
/// not hold (the index of a vocabulary, digests of weights), what the kernel tells in `/proc`, and what a person types.
struct Reader: @unchecked Sendable {
    /// What is read: a sample that was changed.
    struct Input {
        let bytes: [UInt8]
        /// The file it was before.
        let sample: URL
        /// A folder of this process's own.
        let scratch: URL

        var text: String { String(decoding: bytes, as: UTF8.self) }

        /// The bytes as a file of that name.
        func file(_ name: String) throws -> URL {
            let file = scratch.appendingPathComponent(name)
            try Data(bytes).write(to: file)
            return file
        }

        /// Calls `body` with a copy of the folder that the sample is from, in which the sample is changed.
        func inPlace(of folder: URL, _ body: (URL) throws -> Void) throws {
            let copy = scratch.appendingPathComponent(folder.lastPathComponent)
            if !FileManager.default.fileExists(atPath: copy.path) { try FileManager.default.copyItem(at: folder, to: copy) }
            let place = copy.appendingPathComponent(String(sample.path.dropFirst(folder.path.count + 1)))
            let original = try Data(contentsOf: sample)
            defer { try? original.write(to: place) }
            try Data(bytes).write(to: place)
            try body(copy)
        }
    }

    let name: String
    /// Files that are read as they are, below the checkout.
    let samples: [URL]
    let isText: Bool
    /// Reads one; what it throws is an answer.
    let read: (Input) throws -> Void

    init(_ name: String, _ samples: [URL], isText: Bool = false, _ read: @escaping (Input) throws -> Void) {
        (self.name, self.samples, self.isText, self.read) = (name, samples, isText, read)
    }

    /// - Parameter made: where samples stand that are made first, by whoever asks first.
    static func all(made: URL) throws -> [Reader] {
        try pictures() + texts(made) + models(made) + libraries(made) + served(made)
    }

    private static func pictures() -> [Reader] {
        let fixtures = files("PixelsTests/Fixtures", "png", "jpg", "webp", "gif", "bmp", "tif", "heic", "avif")
        let kinds = Dictionary(grouping: fixtures) { $0.pathExtension }
        return kinds.keys.sorted().map { kind in
            Reader("pictures-\(kind)", kinds[kind] ?? []) { input in
                let bytes = input.bytes
                _ = try? ImageFile.text(of: bytes)
                _ = try? ImageFile.unreadTexts(of: bytes)
                _ = try? ImageFile.xmp(of: bytes)
                _ = ImageFile.stealthText(of: bytes)
                for format in ImageFormat.allCases { _ = PixelIdentity.codedParts(of: bytes, format) }
                // Whole, small, and as what is large is made smaller while it is read.
                switch bytes.count % 3 {
                case 0: _ = try ImageFile.decode(bytes)
                case 1: _ = try ImageFile.decode(bytes, targetShortSide: 4)
                default: _ = try ImageFile.decode(bytes, targetShortSide: 1, wholeUpTo: 0)
                }
            }
        } + [
            Reader("masks", files("PixelsTests/Fixtures/masks", "png", "jpg") + files("PixelsTests/Fixtures", "gif", "webp")) { input in
                let decoded = try ImageFile.decode(input.bytes)
                let mask = Mask(decoded.image, isLossy: decoded.format == .jpeg)
                guard mask.values.count < 1 << 20 else { return }
                let shaped = mask.resized(width: 40, height: 30).grown(by: input.bytes.count % 9 - 4).feathered(by: 2).blurred(by: 1.5)
                _ = (shaped.boundingBox, shaped.inverted().touchedPixelCount)
            },
            Reader("prompts-in-pictures", files("AnalysisTests/Fixtures/recovered", "png", "jpg", "webp")) { input in
                _ = try PictureFile(path: input.file("picture").path).recovery()
            },
            // Keywords are written into files that may be anybody's.
            Reader("keywords-in-pictures", fixtures.filter { ["png", "jpg", "webp"].contains($0.pathExtension) }) { input in
                var bytes = input.bytes
                let packet = try ImageFile.xmp(of: bytes).map { try KeywordPacket($0) }
                packet?.set(.subject, to: ["a cat"])
                let text = packet?.text ?? "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>"
                bytes = try ImageFile.replacing(xmp: Array(text.utf8), in: bytes)
                _ = try ImageFile.xmp(of: bytes)
                var block = try ImageFile.photoshopBlock(of: bytes).flatMap { PhotoshopBlock($0) }
                _ = block?.bring([], to: ["a cat"])
                bytes = try ImageFile.replacing(photoshopBlock: block?.bytes, in: bytes)
                _ = try ImageFile.replacing(xmp: nil, in: bytes)
            },
        ]
    }

    private static func texts(_ made: URL) throws -> [Reader] {
        let studio = Studio(
            installation: Installation(
                data: checkout, personalModels: made.appendingPathComponent("models"), cache: made.appendingPathComponent("cache"),
                defaultLibrary: made.appendingPathComponent("studio")))
        let prompts = [checkout.appendingPathComponent("Documentation/prompts.md")]
        let embedded = embeddedTexts("AnalysisTests/Fixtures/recovered", made)
        return [
            Reader("captions", embedded, isText: true) { input in
                let text = CaptionText.decoded(input.bytes) ?? input.text
                _ = RecoveredPrompts.find(in: ["parameters": text, "prompt": text, "workflow": text], isPNG: true)
            },
            Reader("graphs", embedded.filter { isGraph($0) }, isText: true) { input in
                _ = RecoveredPrompts.find(in: ["prompt": input.text], isPNG: true)
                _ = RecoveredPrompts.find(in: ["workflow": input.text], isPNG: true)
            },
            Reader("packets", files("StudioTests/Fixtures", "xmp"), isText: true) { input in
                for key in ["XML:com.adobe.xmp", "UserComment", "Comment", "Description"] {
                    _ = RecoveredPrompts.find(in: [key: input.text], isPNG: false)
                }
            },
            Reader("prompts", prompts, isText: true) { input in
                let text = String(decoding: input.bytes.prefix(GenerationRequest.promptLimit), as: UTF8.self)
                _ = PromptWeights.parse(PromptTags(text).text)
                let template = PromptTemplate(text)
                for seed in 0..<3 { _ = try? template.resolved(seed: UInt64(seed)) { _ in ["one", "two {a|b}"] } }
            },
            Reader("styles", try WrittenSamples.styles(made), isText: true) { input in
                guard let sheet = try? StyleSheet(input.text) else { return }
                // What is read can be written and read again.
                precondition((try? StyleSheet(sheet.text)) == sheet, "styles change when they are written")
            },
            Reader("settings", try WrittenSamples.settings(made), isText: true) { input in
                try FileManager.default.createDirectory(
                    at: input.scratch.appendingPathComponent("redraw"), withIntermediateDirectories: true)
                let file = try input.file("redraw/config.toml")
                _ = try? SettingsFile(path: file.path)
                _ = try? SettingsFile.Place(String(input.text.prefix(200)))
                _ = try Settings(environment: ["XDG_CONFIG_HOME": input.scratch.path]).presetNames
            },
            Reader("wildcards", try WrittenSamples.wildcards(made), isText: true) { input in
                _ = try input.file("animals.txt")
                let folder = WildcardFolder(folder: input.scratch)
                for (seed, text) in ["__animals__", "a {__animals__|2$$__animals__} __*__", String(input.text.prefix(2000))].enumerated() {
                    _ = try? PromptTemplate(text).resolved(seed: UInt64(seed), lines: folder.lines)
                }
            },
            Reader("parameters", try embedded + WrittenSamples.records(made), isText: true) { [studio] input in
                var wish = GenerationWish()
                _ = try studio.fill(&wish, from: input.file("parameters.txt").path)
            },
            Reader("infotexts", embedded, isText: true) { [studio] input in _ = studio.infotext(input.text) },
            Reader("wishes", try WrittenSamples.wishes(made), isText: true) { input in
                let wish = try JSONDecoder().decode(LibraryWish.self, from: Data(input.bytes))
                _ = try JSONEncoder().encode(wish)
            },
            Reader("hub-listings", try WrittenSamples.listings(made), isText: true) { input in
                let listing = try HubListing(json: Data(input.bytes))
                _ = try? listing.needed(nil, in: "owner/name")
                _ = try? listing.needed("model.safetensors", in: "owner/name")
            },
            Reader("keywords", files("StudioTests/Fixtures", "xmp"), isText: true) { input in
                let packet = try KeywordPacket(input.text)
                for list in [KeywordPacket.Property.subject, .lightroom, .digiKam] {
                    packet.set(list, to: packet.items(list) + ["a cat"])
                    packet.set(list, to: ["a cat", "red & blue"])
                }
                precondition((try? KeywordPacket(packet.text)) != nil, "a packet cannot be read that was written")
            },
            Reader("iptc", try WrittenSamples.photoshopBlocks(made)) { input in
                guard var block = PhotoshopBlock(input.bytes), block.bring(["cat"], to: ["dog", "a red house"]) != nil,
                    let bytes = block.bytes
                else { return }
                precondition(PhotoshopBlock(bytes) == block, "a block cannot be read that was written")
            },
            Reader("encoder-settings", files("../Models/redraw-encoder", "json"), isText: true) { input in
                _ = try input.file("config.json")
                _ = try? EncoderConfiguration(directory: input.scratch)
            },
            Reader("vocabularies", files("../Vocab", "tags", "templates"), isText: true) { input in
                for name in ["mine.tags", "mine.txt"] { _ = try? TagVocabulary(contentsOf: input.file(name)) }
            },
            Reader("manifests", files("../Models", "json"), isText: true) { input in
                _ = try Manifest(contentsOf: input.file("manifest.json"))
            },
        ]
    }

    private static func models(_ made: URL) throws -> [Reader] {
        let checkpoints = files("CheckpointsTests/Fixtures", "safetensors") + files("LayersTests/Fixtures", "safetensors")
        let tiny = checkout.appendingPathComponent("Tests/DiffusionTests/Fixtures/tiny")
        let merges = checkout.appendingPathComponent("Models/clip-tokenizer/bpe_simple_vocab_16e6.txt")
        return [
            Reader("checkpoints", checkpoints) { input in
                let place = try input.file("weights.safetensors")
                let file = try SafetensorsFile(place)
                for name in file.names { _ = try? file.tensor(name) }
                _ = try? PipelineSource(model: place)
            },
            Reader("adapters", files("CheckpointsTests/Fixtures/adapters", "safetensors")) { input in
                let place = try input.file("adapter.safetensors")
                _ = try? LowRankAdaptation(place)
                _ = FewStepModel.adapter(place)
                _ = try? TrainedEmbedding(place)
            },
            // What a file is, whatever it is called.
            Reader(
                "unknown-files",
                try checkpoints + files("DiffusionTests/Fixtures/families", "safetensors")
                    + files("PixelsTests/Fixtures/formats", "bmp", "gif") + WrittenSamples.foreignWeights(made)
            ) { input in
                for name in ["model.safetensors", "model.gguf", "model.ckpt"] {
                    let place = try input.file(name)
                    _ = try? FileIdentity(file: place)
                    _ = try? FileIdentity.problems(in: place) { _ in }
                }
            },
            Reader(
                "configurations",
                ["unet/config.json", "vae/config.json", "scheduler/scheduler_config.json"].map { tiny.appendingPathComponent($0) },
                isText: true
            ) { input in
                try input.inPlace(of: tiny) { folder in
                    let source = try PipelineSource(model: folder)
                    var request = GenerationRequest(mode: .paint, prompt: "")
                    (request.width, request.height) = (64, 64)
                    _ = try source.family.plan(request, picture: nil)
                }
            },
            // Whole models in a file, whose header tells all: behind it there are zeros.
            Reader("single-files", try WrittenSamples.headers(made), isText: true) { input in
                let place = input.scratch.appendingPathComponent("model.safetensors")
                try WrittenSamples.weights(input.bytes, to: place)
                _ = try FileIdentity(file: place)
                let source = try PipelineSource(model: place, options: PipelineOptions(merges: merges))
                _ = try source.family.plan(GenerationRequest(mode: .paint, prompt: "", width: 64, height: 64), picture: nil)
                // The tokenizer's list takes longest, so not every time.
                guard input.bytes.count % 32 == 0 else { return }
                _ = try source.load { throw FuzzError.noSamples(reader: "single-files") }
            },
            // What is given for a part of a sound one.
            Reader("parts", try WrittenSamples.parts(made), isText: true) { input in
                let (whole, place) = (
                    input.scratch.appendingPathComponent("whole.safetensors"), input.scratch.appendingPathComponent("taesd.safetensors")
                )
                if !FileManager.default.fileExists(atPath: whole.path) {
                    let sound = try WrittenSamples.headers(made).first { $0.lastPathComponent == "sd1.json" }
                    try WrittenSamples.weights(sound.map { try [UInt8](Data(contentsOf: $0)) } ?? [], to: whole)
                }
                try WrittenSamples.weights(input.bytes, to: place)
                var options = PipelineOptions(merges: merges)
                switch input.sample.lastPathComponent {
                case "tiny.json": options.autoencoder = .at(place)
                case "vae.json": options.given = GivenParts(autoencoder: place)
                default: options.given = GivenParts(textEncoders: [place])
                }
                _ = try PipelineSource(model: whole, options: options)
            },
        ] + ["clip", "siglip", "siglip2", "open-clip", "open-clip-resnet", "clip-text"].map(encoder)
            + ["vit", "eva", "convnext", "swin", "joytag", "joytag-patches", "pixai"].map { tagger("tagger-" + $0) }
    }

    /// An encoder's configurations and its tokenizer.
    private static func encoder(_ name: String) -> Reader {
        let folder = checkout.appendingPathComponent("Tests/EncodersTests/Fixtures/\(name)")
        let samples = files("EncodersTests/Fixtures/\(name)", "json", "model", "txt")
        return Reader("encoder-\(name)", samples, isText: true) { input in
            try input.inPlace(of: folder) { folder in
                let encoder = try openEncoder(directory: folder)
                _ = try? encoder.embed(["a cat"])
                _ = try? encoder.embed(Image(width: 40, height: 30, filledWith: [1, 2, 3]))
            }
        }
    }

    private static func tagger(_ name: String) -> Reader {
        let folder = checkout.appendingPathComponent("Tests/EncodersTests/Fixtures/\(name)")
        return Reader(name, files("EncodersTests/Fixtures/\(name)", "json", "csv", "txt"), isText: true) { input in
            try input.inPlace(of: folder) { folder in
                let tagger = try Tagger(directory: folder)
                _ = try tagger.tags(Image(width: 40, height: 30, filledWith: [1, 2, 3]))
            }
        }
    }

    /// A library's own file, and an export of it.
    private static func libraries(_ made: URL) throws -> [Reader] {
        let (database, text) = try SampleLibrary.made(in: made.appendingPathComponent("library"))
        return [
            Reader("exports", [text], isText: true) { input in
                _ = try? Library.inMemory().import(LibraryExport(json: Data(input.bytes)), by: "somebody")
                // The way by which files come in, some pictures at a time.
                let file = try input.file("export.json")
                _ = try Library.inMemory().import({ try ExportText(contentsOf: file) }, by: "somebody")
                // And what shows it afterwards. A library in a folder takes longer, so not every time.
                guard input.bytes.count % 16 == 0 else { return }
                let place = input.scratch.appendingPathComponent("taken-in")
                try? FileManager.default.removeItem(at: place)
                _ = try Library(folder: place).import({ try ExportText(contentsOf: file) }, by: "somebody")
                let studio = Studio(
                    installation: Installation(
                        data: checkout, personalModels: made.appendingPathComponent("models"), cache: made.appendingPathComponent("cache"),
                        defaultLibrary: place), library: place)
                _ = try? studio.pictures(PictureFilter())
                _ = try? studio.history()
                try waited { _ = try? await studio.generations() }
            },
            Reader("libraries", [database]) { input in
                let place = input.scratch.appendingPathComponent("library")
                try? FileManager.default.removeItem(at: place)
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
                try Data(input.bytes).write(to: place.appendingPathComponent(database.lastPathComponent))
                _ = try? Library.inMemory().merge(
                    try ArrivingLibrary(contentsOf: place.appendingPathComponent(database.lastPathComponent)), by: "somebody")
                let library = try Library(folder: place)
                _ = try? library.check()
                _ = try? library.history(of: nil, limit: 50)
                _ = try? library.export(pictures: nil)
            },
        ]
    }

    /// Files with one of these extensions below a folder of `Tests`, small ones only: large ones teach little and take long.
    private static func files(_ folder: String, _ extensions: String...) -> [URL] {
        files(in: checkout.appendingPathComponent("Tests").appendingPathComponent(folder).standardizedFileURL, extensions)
    }

    private static func files(in root: URL, _ extensions: [String]) -> [URL] {
        let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.fileSizeKey])
        let found = walk?.compactMap { $0 as? URL } ?? []
        return found.filter { url in
            let size = (try? url.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? .max
            return extensions.contains(url.pathExtension) && (1..<400_000).contains(size)
        }.sorted { $0.path < $1.path }
    }

    /// The texts that the pictures of a folder carry, as files.
    private static func embeddedTexts(_ folder: String, _ made: URL) -> [URL] {
        let place = made.appendingPathComponent("texts")
        if FileManager.default.fileExists(atPath: place.path) { return files(in: place, ["txt"]) }
        try? FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        var written: [URL] = []
        for picture in files(folder, "png", "jpg", "webp") {
            guard let bytes = try? FileBytes.read(picture), let texts = try? ImageFile.text(of: bytes) else { continue }
            for (key, text) in texts.sorted(by: { $0.key < $1.key }) where text.utf8.count < 100_000 {
                let file = place.appendingPathComponent("\(picture.lastPathComponent)-\(key.filter(\.isLetter)).txt")
                guard (try? Data(text.utf8).write(to: file)) != nil else { continue }
                written.append(file)
            }
        }
        return written.sorted { $0.path < $1.path }
    }

    private static func isGraph(_ file: URL) -> Bool {
        (try? Data(contentsOf: file))?.first { $0 > UInt8(ascii: " ") } == UInt8(ascii: "{")
    }
}
