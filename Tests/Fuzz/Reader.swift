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
struct Reader {
    let name: String
    /// Files that are read as they are, below the checkout.
    let samples: [URL]
    let isText: Bool
    /// Reads one; what it throws is an answer.
    let read: (_ bytes: [UInt8], _ scratch: URL) throws -> Void

    init(_ name: String, _ samples: [URL], isText: Bool = false, _ read: @escaping ([UInt8], URL) throws -> Void) {
        (self.name, self.samples, self.isText, self.read) = (name, samples, isText, read)
    }

    static func all() throws -> [Reader] {
        try pictures() + [
            Reader("prompts-in-pictures", files("AnalysisTests/Fixtures/recovered", "png", "jpg", "webp")) { bytes, scratch in
                let file = scratch.appendingPathComponent("picture")
                try Data(bytes).write(to: file)
                _ = try PictureFile(path: file.path).recovery()
            },
            Reader("captions", texts("AnalysisTests/Fixtures/recovered"), isText: true) { bytes, _ in
                let text = CaptionText.decoded(bytes) ?? String(decoding: bytes, as: UTF8.self)
                _ = RecoveredPrompts.find(in: ["parameters": text, "prompt": text, "workflow": text], isPNG: true)
            },
            Reader("prompts", [checkout.appendingPathComponent("Documentation/prompts.md")], isText: true) { bytes, _ in
                let text = String(decoding: bytes.prefix(GenerationRequest.promptLimit), as: UTF8.self)
                _ = PromptWeights.parse(PromptTags(text).text)
            },
            Reader("vocabularies", files("../Vocab", "tags", "templates"), isText: true) { bytes, scratch in
                for name in ["mine.tags", "mine.txt"] {
                    let file = scratch.appendingPathComponent(name)
                    try Data(bytes).write(to: file)
                    _ = try? TagVocabulary(contentsOf: file)
                }
            },
            Reader("manifests", files("../Models", "json"), isText: true) { bytes, scratch in
                let file = scratch.appendingPathComponent("manifest.json")
                try Data(bytes).write(to: file)
                _ = try Manifest(contentsOf: file)
            },
            checkpoints, configurations, encoders, taggers,
        ] + libraries()
    }

    private static func pictures() -> [Reader] {
        let fixtures = files("PixelsTests/Fixtures", "png", "jpg", "webp", "gif", "bmp", "tif", "heic", "avif")
        let kinds = Dictionary(grouping: fixtures) { $0.pathExtension }
        return kinds.keys.sorted().map { kind in
            Reader("pictures-\(kind)", kinds[kind] ?? []) { bytes, _ in
                _ = try? ImageFile.text(of: bytes)
                _ = try? ImageFile.unreadTexts(of: bytes)
                _ = Mask(try ImageFile.decode(bytes).image, isLossy: kind == "jpg")
            }
        }
    }

    private static var checkpoints: Reader {
        let samples = files("CheckpointsTests/Fixtures", "safetensors") + files("LayersTests/Fixtures", "safetensors")
        return Reader("checkpoints", samples) { bytes, scratch in
            let place = scratch.appendingPathComponent("weights.safetensors")
            try Data(bytes).write(to: place)
            let file = try SafetensorsFile(place)
            for name in file.names { _ = try? file.tensor(name) }
            _ = try? PipelineSource(model: place)
        }
    }

    /// A generator's folder in which one file is changed.
    private static var configurations: Reader {
        let folder = checkout.appendingPathComponent("Tests/DiffusionTests/Fixtures/tiny")
        let samples = ["unet/config.json", "vae/config.json", "scheduler/scheduler_config.json"].map { folder.appendingPathComponent($0) }
        return Reader("configurations", samples, isText: true) { bytes, scratch in
            for sample in samples {
                let copy = try copied(folder, to: scratch.appendingPathComponent("model"))
                try Data(bytes).write(to: copy.appendingPathComponent(sample.path.replacing(folder.path + "/", with: "")))
                guard let source = try? PipelineSource(model: copy) else { continue }
                var request = GenerationRequest(mode: .paint, prompt: "")
                (request.width, request.height) = (64, 64)
                _ = try? source.family.plan(request, picture: nil)
            }
        }
    }

    private static var encoders: Reader {
        let folder = checkout.appendingPathComponent("Tests/EncodersTests/Fixtures/clip")
        let names = ["config.json", "preprocessor_config.json", "tokenizer_config.json", "tokenizer.json"]
        return Reader("encoders", names.map { folder.appendingPathComponent($0) }, isText: true) { bytes, scratch in
            for name in names {
                let copy = try copied(folder, to: scratch.appendingPathComponent("encoder"))
                try Data(bytes).write(to: copy.appendingPathComponent(name))
                guard let encoder = try? openEncoder(directory: copy) else { continue }
                _ = try? encoder.embed(["a cat"])
                _ = try? encoder.embed(Image(width: 40, height: 30, filledWith: [1, 2, 3]))
            }
        }
    }

    private static var taggers: Reader {
        let folder = checkout.appendingPathComponent("Tests/EncodersTests/Fixtures/tagger-vit")
        let names = ["config.json", "selected_tags.csv"]
        return Reader("taggers", names.map { folder.appendingPathComponent($0) }, isText: true) { bytes, scratch in
            for name in names {
                let copy = try copied(folder, to: scratch.appendingPathComponent("tagger"))
                try Data(bytes).write(to: copy.appendingPathComponent(name))
                _ = try? Tagger(directory: copy)
            }
        }
    }

    /// A library's own file, and an export of it.
    private static func libraries() throws -> [Reader] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-fuzz-samples-\(getpid())")
        let (database, text) = try SampleLibrary.made(in: folder)
        return [
            Reader("exports", [text], isText: true) { bytes, _ in
                let export = try LibraryExport(json: Data(bytes))
                _ = try Library.inMemory().import(export, by: "somebody")
            },
            Reader("libraries", [database]) { bytes, scratch in
                let place = scratch.appendingPathComponent("library")
                try? FileManager.default.removeItem(at: place)
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
                try Data(bytes).write(to: place.appendingPathComponent(database.lastPathComponent))
                _ = try? Library.inMemory().merge(
                    try ArrivingLibrary(contentsOf: place.appendingPathComponent(database.lastPathComponent)), by: "somebody")
                let library = try Library(folder: place)
                _ = try? library.check()
                _ = try? library.history(of: nil, limit: 50)
                _ = try? library.export(pictures: nil)
            },
        ]
    }

    private static func copied(_ folder: URL, to place: URL) throws -> URL {
        try? FileManager.default.removeItem(at: place)
        try FileManager.default.copyItem(at: folder, to: place)
        return place
    }

    /// Files with one of these extensions below a folder of `Tests`, small ones only: large ones teach little and take long.
    private static func files(_ folder: String, _ extensions: String...) -> [URL] {
        let root = checkout.appendingPathComponent("Tests").appendingPathComponent(folder).standardizedFileURL
        let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.fileSizeKey])
        let found = walk?.compactMap { $0 as? URL } ?? []
        return found.filter { url in
            let size = (try? url.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? .max
            return extensions.contains(url.pathExtension) && (1..<400_000).contains(size)
        }.sorted { $0.path < $1.path }
    }

    /// The texts that the pictures of a folder carry, as files.
    private static func texts(_ folder: String) -> [URL] {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-fuzz-texts-\(getpid())")
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
        return written
    }
}
