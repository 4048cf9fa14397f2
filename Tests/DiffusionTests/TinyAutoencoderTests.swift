import Checkpoints
import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// A tiny autoencoder in the place of a model's own, from every layout that it comes in.
@Suite struct TinyAutoencoderTests {
    private let stored: SafetensorsFile
    private let folder: TemporaryFolder

    init() throws {
        stored = try SafetensorsFile(fixture("tiny-autoencoder.safetensors", room: "Diffusion"))
        folder = try TemporaryFolder()
    }

    private func golden(_ name: String) throws -> Tensor { try stored.tensor("golden." + name).permuted([0, 2, 3, 1]) }

    /// Writes tensors of the stored autoencoder.
    ///
    /// - Parameter rename: to the name in the file; nil leaves it out.
    private func write(_ path: String, _ rename: (String) -> String?) throws -> URL {
        let url = folder.url.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        let tensors = try stored.names.filter { !$0.hasPrefix("golden.") }.compactMap { name in
            try rename(name).map { ($0, try stored.tensor(name)) }
        }
        try SafetensorsFile.write(tensors: tensors, as: .f16, to: url)
        return url
    }

    /// The numbers of the first release's layers: a decoder's bound stands before its first convolution there.
    private func numbered(_ name: String, _ part: String) -> String? {
        guard name.hasPrefix("\(part).layers.") else { return nil }
        let rest = name.dropFirst("\(part).layers.".count)
        guard let dot = rest.firstIndex(of: "."), let number = Int(rest[..<dot]) else { return nil }
        return "\(number + (part == "decoder" ? 1 : 0))\(rest[dot...])"
    }

    private func halves(_ place: String) throws -> (encoder: URL, decoder: URL) {
        (
            try write("\(place)_encoder.safetensors") { numbered($0, "encoder") },
            try write("\(place)_decoder.safetensors") { numbered($0, "decoder") }
        )
    }

    private func agrees(_ file: TinyAutoencoderFile) throws {
        let autoencoder = try Autoencoder(file.weights, configuration: file.configuration)
        let latent = Agreement(try autoencoder.encode(golden("picture")).mean.values, try golden("latent").values)
        #expect(latent.relative < 1e-5, "\(latent)")
        let decoded = Agreement(try autoencoder.decode(golden("wide")).values, try golden("decoded").values)
        #expect(decoded.relative < 1e-5, "\(decoded)")
        #expect(autoencoder.scaled(try golden("latent")).values == (try golden("latent").values))
        #expect(file.configuration.tiny == .init(encoder: [1, 3, 3, 3], decoder: [3, 3, 3, 1]) && file.configuration.scale == 8)
    }

    @Test func diffusersNamesAgreeWithDiffusers() throws {
        let whole = try write("taesd/diffusion_pytorch_model.safetensors") { $0 }
        try agrees(TinyAutoencoderFile(at: whole))
        try agrees(TinyAutoencoderFile(at: whole.deletingLastPathComponent()))
        #expect(TinyAutoencoderFile.name(of: whole) == "taesd")
    }

    @Test func theTwoFilesOfTheFirstReleaseAgreeWithDiffusers() throws {
        let (encoder, decoder) = try halves("vae_approx/taesd")
        for place in [encoder, decoder, decoder.deletingLastPathComponent()] { try agrees(TinyAutoencoderFile(at: place)) }
        #expect(TinyAutoencoderFile.name(of: decoder) == "taesd")
    }

    @Test(arguments: ["", "taesd_"]) func bothHalvesInOneFileAgreeWithDiffusers(prefix: String) throws {
        let file = try write("small.safetensors") { name in
            let part = name.hasPrefix("encoder") ? "encoder" : "decoder"
            return numbered(name, part).map { "\(prefix)\(part).\($0)" }
        }
        try agrees(TinyAutoencoderFile(at: file))
    }

    @Test func whatFitsIsFoundByItsName() throws {
        _ = try halves("vae_approx/taesd")
        _ = try halves("other/VAE-approx/taesdxl")
        let folders = [folder.url, folder.url.appendingPathComponent("other")]
        #expect(CalledFiles.tinyAutoencoders(in: folders) == ["taesd", "taesdxl"])
        #expect(try TinyAutoencoderFile(.fitting(in: folders), for: .first).name == "taesd")
        #expect(try TinyAutoencoderFile(.fitting(in: folders), for: .xl).name == "taesdxl")
        #expect(try TinyAutoencoderFile(.named("taesdxl", in: folders), for: .xl).name == "taesdxl")
        #expect(throws: DiffusionError.noTinyAutoencoder(name: "taesdxl", known: ["taesd"])) {
            try TinyAutoencoderFile(.fitting(in: [folder.url]), for: .xl)
        }
        #expect(throws: DiffusionError.noTinyAutoencoder(name: "mine", known: ["taesd", "taesdxl"])) {
            try TinyAutoencoderFile(.named("mine", in: folders), for: .first)
        }
    }

    static let families: [(String, TinyAutoencoderFile.Family?)] = [
        ("taesd", .first), ("taesdxl", .xl), ("taesdxl_v1", .xl), ("TAESD", .first), ("taesd3", .other), ("taef1", .other),
        ("sdxl-tiny", .xl), ("mine", nil),
    ]

    @Test(arguments: families.indices) func namesTellTheFamily(_ index: Int) {
        #expect(TinyAutoencoderFile.family(Self.families[index].0) == Self.families[index].1)
    }

    @Test func whatDoesNotFitIsRefusedByName() throws {
        func refusal(_ place: URL, isXL: Bool = false) -> String {
            do {
                _ = try TinyAutoencoderFile(.at(place), for: isXL ? .xl : .first)
                return "taken"
            } catch {
                return "\(error)"
            }
        }
        let xl = try halves("a/taesdxl").decoder
        #expect(refusal(xl).contains("made for SDXL") && refusal(xl, isXL: true) == "taken")
        let alone = try write("b/taesd_decoder.safetensors") { numbered($0, "decoder") }
        #expect(refusal(alone).contains("the encoder of the tiny autoencoder is missing"))
        let full = folder.url.appendingPathComponent("c/vae.safetensors")
        try FileManager.default.createDirectory(at: full.deletingLastPathComponent(), withIntermediateDirectories: true)
        let conv = Tensor.zeros([4, 4, 3, 3])
        try SafetensorsFile.write(tensors: [("decoder.up_blocks.0.resnets.0.conv1.weight", conv)], to: full)
        #expect(refusal(full).contains("--vae"))
        let foreign = folder.url.appendingPathComponent("c/other.safetensors")
        try SafetensorsFile.write(tensors: [("blocks.0.weight", conv)], to: foreign)
        #expect(refusal(foreign).contains("no tiny autoencoder"))
        #expect(refusal(folder.url.appendingPathComponent("nowhere")).contains("no such file"))
    }

    /// In a model: told, used to encode and to decode, cheaper in the plan, and previews are what the result is at the last step.
    @Test func aModelRunsWithIt() throws {
        let place = folder.url.appendingPathComponent("model.safetensors")
        try Families.writeFile("sd1", to: place)
        let options = PipelineOptions(merges: FamilyPipelineTests.merges)
        let own = try PipelineSource(model: place, options: options)
        var changed = options
        changed.autoencoder = .at(try halves("taesd").decoder)
        // The fixture's autoencoder halves once where the published one does three times.
        #expect(throws: DiffusionError.self) { try PipelineSource(model: place, options: changed) }
        let part = try Families.part("vae.tiny")
        let (scale, channels) = (own.outline.autoencoder.scale, own.outline.autoencoder.latentChannels)
        #expect(scale == 2 && channels == 4 && !part.tensors.isEmpty)
        let tiny = folder.url.appendingPathComponent("taesd-half.safetensors")
        try SafetensorsFile.write(tensors: Self.halving(stored), as: .f16, to: tiny)
        changed.autoencoder = .at(tiny)
        let source = try PipelineSource(model: place, options: changed)
        #expect(source.notes.contains { $0.contains("taesd-half stands in") })
        #expect(source.outline.autoencoder.tiny != nil && source.outline.autoencoder.scale == 2)
        let pipeline = try source.load { StoredPrompts(states: [:]) }
        var request = GenerationRequest(mode: .generate, prompt: "a cat", strength: 0.5, steps: 4, seed: 3, width: 32, height: 32)
        (request.guidance, request.sampler) = (1, .euler)
        let picture = Image(width: 32, height: 32, channels: 3, bytes: (0..<32 * 32 * 3).map { UInt8($0 * 7 % 251) })
        let task = RunTask(request, strengths: [0.5], source: picture, mask: nil)
        var previews: [Image] = []
        let result = try pipeline.run(task, previews: true) { previews += [$0.preview].compactMap { $0 } }[0]
        #expect(previews.count == 2)
        let last = try #require(previews.last)
        let made = result.pictures[0].image
        let distance = zip(last.bytes, made.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(distance <= 1, "the last preview is \(distance) from the picture")
        let (work, whole) = (
            try source.outline.plan(request, picture: picture.size).work, try own.outline.plan(request, picture: picture.size).work
        )
        #expect(work.decoding < whole.decoding && work.encoding < whole.encoding && work.pass == whole.pass)
    }

    /// Of a model whose network is given latents by mean and deviation, the tiny autoencoder's are brought to the same.
    @Test func itsLatentsComeToWhatTheModelsOwnDo() throws {
        let place = folder.url.appendingPathComponent("model.safetensors")
        let marks = [("edm_mean", [0.5, -0.25, 1, 0]), ("edm_std", [2, 0.5, 1, 4])].map { ($0, Tensor($1, shape: [4])) }
        try Families.writeFile("sdxl", to: place, adding: marks)
        let tiny = folder.url.appendingPathComponent("taesdxl-half.safetensors")
        try SafetensorsFile.write(tensors: Self.halving(stored), as: .f16, to: tiny)
        var options = PipelineOptions(merges: FamilyPipelineTests.merges)
        func codec() throws -> any LatentCodec { try Pipeline(model: place, options: options) { StoredPrompts(states: [:]) }.codec }
        let own = try codec()
        options.autoencoder = .at(tiny)
        let other = try codec()
        let latent = Families.values("latent", [1, 4, 4, 4])
        let (wanted, found) = (own.scaled(latent), other.scaled(latent * 0.13025))
        #expect(Agreement(found.values, wanted.values).relative < 1e-5)
        #expect(Agreement(other.unscaled(wanted).values, (latent * 0.13025).values).relative < 1e-5)
    }

    /// The stored autoencoder's first levels: one that halves once.
    private static func halving(_ file: SafetensorsFile) throws -> [(String, Tensor)] {
        var tensors: [(String, Tensor)] = []
        func add(_ name: String, from stored: String) throws { tensors.append((name, try file.tensor(stored))) }
        for name in file.names {
            // Encoder: convolution, block, convolution, three blocks, then the last convolution. Decoder: convolution, three blocks, convolution
            // behind the doubling, one block, the last convolution.
            for (scope, map) in [
                ("encoder.layers.", [0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 14: 6]),
                ("decoder.layers.", [0: 0, 2: 2, 3: 3, 4: 4, 6: 6, 17: 7, 18: 8]),
            ] where name.hasPrefix(scope) {
                let rest = name.dropFirst(scope.count)
                guard let dot = rest.firstIndex(of: "."), let number = Int(rest[..<dot]), let to = map[number] else { continue }
                try add("\(scope)\(to)\(rest[dot...])", from: name)
            }
        }
        return tensors
    }
}
