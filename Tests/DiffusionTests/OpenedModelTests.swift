import Checkpoints
import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// A family whose network is no UNet is one file and a line in the list: nothing else knows of it.
@Suite struct OpenedModelTests {
    private let kinds: [any OpenedModel.Type] = [FlowModel.self] + KnownModels.all
    private let palette = Tensor([1, -1, -1, -1, 1, -1, -1, -1, 1], shape: [3, 3])

    /// The model as a folder in diffusers' layout or as a file.
    private func model(in folder: TemporaryFolder, asFile: Bool) throws -> URL {
        if asFile {
            let file = folder.url.appendingPathComponent("flow.safetensors")
            try SafetensorsFile.write(tensors: [("flow.palette", palette)], to: file)
            return file
        }
        let part = folder.url.appendingPathComponent("flow/transformer")
        try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: part.appendingPathComponent("config.json"))
        try SafetensorsFile.write(
            tensors: [("flow.palette", palette)], to: part.appendingPathComponent("diffusion_pytorch_model.safetensors"))
        return part.deletingLastPathComponent()
    }

    @Test(arguments: [true, false]) func aNetworkThatIsNoUNetRunsFromItsFiles(asFile: Bool) throws {
        let folder = try TemporaryFolder()
        let source = try PipelineSource(model: model(in: folder, asFile: asFile), kinds: kinds)
        #expect(source.weightMemory.all == 36 && source.family is FlowFamily)
        #expect(try source.meter()?.length(of: "12") == PromptLength(tokens: 2, limit: 1), "it counts its own way")
        var request = GenerationRequest(mode: .paint, prompt: "1", steps: 3, guidance: 1, seed: 5)
        (request.width, request.height) = (24, 16)
        #expect(try source.family.plan(request, picture: nil).steps.run == 3, "planned before a weight is read")
        let pipeline = try source.load { throw Unwanted() }
        let made = try pipeline.run(request) { _ in }
        let image = made.pictures[0].image
        #expect(image.bytes.enumerated().allSatisfy { abs(Int($1) - ($0 % 3 == 1 ? 255 : 0)) <= 1 }, "green, as its file's palette has it")
    }

    @Test func itIsToldApartByItsFilesAlone() throws {
        let folder = try TemporaryFolder()
        let (file, whole) = (try model(in: folder, asFile: true), try model(in: folder, asFile: false))
        #expect(KnownModels.isModel(whole, kinds) && !KnownModels.isModel(whole) && !KnownModels.isModel(file, kinds))
        let identity = try #require(KnownModels.identity(of: SafetensorsFile(file), kinds))
        #expect(identity.family == "Flow" && identity.runs && identity.kind == .checkpoint)
        #expect(try KnownModels.identity(of: SafetensorsFile(file)) == nil)
        // Whom nobody knows the last of the list is asked, which says what it misses.
        let error = #expect(throws: DiffusionError.self) { try PipelineSource(model: file) }
        #expect("\(try #require(error))".contains("it holds no UNet"))
    }

    @Test func othersAreStillOpenedAsTheyWere() throws {
        let folder = try TemporaryFolder()
        let one = try #require(FamilyPipelineTests.cases.first { $0.name == "sd1" })
        try FamilyPipelineTests.folder(one, in: folder.url)
        let source = try PipelineSource(model: folder.url, options: PipelineOptions(merges: FamilyPipelineTests.merges), kinds: kinds)
        #expect(source.family is StableDiffusion && KnownModels.isModel(folder.url))
        #expect(KnownModels.parts == ["unet", "vae", "text_encoder", "text_encoder_2"])
    }

    private struct Unwanted: Error {}
}
