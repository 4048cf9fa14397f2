import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Checkpoints
@testable import Diffusion

/// What is known of a model, and done with it, before its weights are read.
@Suite struct OpeningTests {
    private struct Stopped: Error {}

    private func sentences() throws -> any PromptEncoder { throw Families.Missing(name: "sentences") }

    private func family(_ name: String, in folder: URL) throws {
        let one = try #require(FamilyPipelineTests.cases.first { $0.name == name })
        try FamilyPipelineTests.folder(one, in: folder)
    }

    @Test func memoryIsCountedFromHeaders() throws {
        let folder = try TemporaryFolder()
        try family("sd1", in: folder.url)
        let parts = try ["unet.sd1", "vae.standard", "text_encoder.sd1"].flatMap { try Families.part($0).tensors }
        let (all, matrices) = parts.reduce((0, 0)) { ($0.0 + $1.shape.count, $0.1 + ($1.shape.rank > 1 ? $1.shape.count : 0)) }
        var options = PipelineOptions(merges: FamilyPipelineTests.merges)
        options.precision = .f32
        let source = try PipelineSource(model: folder.url, options: options)
        let floats = source.outline
        #expect(source.weightMemory.all == 4 * all && !floats.isHeldInHalves)
        let network = try Families.part("unet.sd1").tensors.reduce(0) { $0 + $1.shape.count }
        #expect(source.weightMemory.network == 4 * network && source.weightMemory.text > 0)
        #expect(source.weightMemory.encoder > 0 && source.weightMemory.decoder > source.weightMemory.encoder)
        options.precision = .bf16
        let halves = try PipelineSource(model: folder.url, options: options)
        #expect(halves.weightMemory.all == 4 * all - 2 * matrices && halves.outline.isHeldInHalves)

        // The same plan before and after the weights are read, with what the fast convolutions keep.
        var request = GenerationRequest(mode: .paint, prompt: "a cat", steps: 2, width: 64, height: 64)
        let before = try floats.plan(request, picture: nil)
        #expect(
            try PipelineSource(model: folder.url, options: options).load(sentences: sentences).plan(request, picture: nil).work.pass > 0)
        let kept = floats.outline.transformMemory
        #expect(before.work.transformMemory == kept.reduce(0, +))
        // On the smallest map the lower level has too few tiles for it.
        (request.width, request.height) = (32, 32)
        #expect(try floats.plan(request, picture: nil).work.transformMemory == kept[0])
        // Of the levels' convolutions within the blocks, and the one that enlarges; not those that halve.
        let unet = try Families.part("unet.sd1").tensors
        let counted = unet.filter { $0.shape.rank == 4 && $0.shape[2] == 3 && !$0.name.contains("downsamplers") }
        #expect(kept.reduce(0, +) == counted.reduce(0) { $0 + PackedConvolution.transformMemory($1.shape) })
    }

    /// In the order in which they are needed; not the words' table, of which a prompt needs a few rows, and no part that was read.
    @Test func whereWeightsLieIsToldInTheOrderOfTheirUse() throws {
        let folder = try TemporaryFolder()
        try family("sdxl", in: folder.url)
        let model = try LatentUNetModel(ModelPlace(folder.url), options: PipelineOptions(merges: FamilyPipelineTests.merges))
        let parts = try model.fileParts()
        var names: [String] = []
        for part in parts {
            let name = URL(fileURLWithPath: part.file.path).deletingLastPathComponent().lastPathComponent
            if names.last != name { names.append(name) }
        }
        #expect(names == ["text_encoder", "text_encoder_2", "vae", "unet"])
        for part in parts {
            for table in part.file.names where table.hasSuffix("token_embedding.weight") {
                let place = try part.file.place(of: table)
                #expect(!part.bytes.overlaps(place))
            }
        }
        #expect(!parts.contains { $0.isDoneWith() })
        let pipeline = try model.load(sentences: sentences)
        func left() -> Set<String> {
            Set(parts.filter { !$0.isDoneWith() }.map { URL(fileURLWithPath: $0.file.path).deletingLastPathComponent().lastPathComponent })
        }
        #expect(left() == ["unet"])
        _ = try pipeline.denoiserPart.read()
        #expect(left().isEmpty)
    }

    /// Loading is given up between tensors.
    @Test func loadingEndsEarly() throws {
        let folder = try TemporaryFolder()
        try family("sd1", in: folder.url)
        let source = try PipelineSource(model: folder.url, options: PipelineOptions(merges: FamilyPipelineTests.merges))
        for limit in [0, 1, 40] {
            var asked = 0
            #expect(throws: Stopped.self) {
                _ = try source.load(
                    checkCancelled: {
                        asked += 1
                        if asked > limit { throw Stopped() }
                    }, sentences: sentences)
            }
            #expect(asked == limit + 1)
        }
        #expect(try source.load(checkCancelled: {}, sentences: sentences).usualSide == 32)
    }

    /// Turbo and LCM are recognised by name, description or tensors, and only they.
    @Test func modelsWithHabitsAreRecognised() throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appendingPathComponent("model")
        let place = model.appendingPathComponent("scheduler")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        func habits(_ scheduler: [String: Any]) throws -> ModelHabits {
            try JSONSerialization.data(withJSONObject: scheduler).write(to: place.appendingPathComponent("scheduler_config.json"))
            return ModelHabits(model: model)
        }
        let trailing: [String: Any] = ["_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing"]
        let turbo = try habits(trailing)
        #expect(turbo.kind == .turbo && turbo.sampler == .euler && turbo.steps == 2 && turbo.guidance == 1)
        #expect(try habits(trailing.merging(["prediction_type": "v_prediction"]) { $1 }).kind == nil)
        #expect(try habits(trailing.merging(["rescale_betas_zero_snr": true]) { $1 }).kind == nil)
        let usual = try habits(["_class_name": "PNDMScheduler", "skip_prk_steps": true])
        #expect(usual.kind == nil && usual.sampler == .pndm && usual.steps == nil && usual.guidance == nil)
        try Data(#"{"_name_or_path": "stabilityai/sdxl-turbo"}"#.utf8).write(to: model.appendingPathComponent("model_index.json"))
        #expect(ModelHabits(model: model).kind == .turbo && ModelHabits(model: model).sampler == .pndm)

        try family("lcm", in: folder.url)
        #expect(ModelHabits(model: folder.url).kind == .consistency && ModelHabits(model: folder.url).sampler == .lcm)
        let single = folder.url.appendingPathComponent("dream.safetensors")
        try Families.writeFile("lcm", to: single)
        #expect(ModelHabits(model: single).kind == .consistency)
        #expect(ModelHabits(model: folder.url.appendingPathComponent("none.safetensors")).kind == nil)
    }

    /// A single file called Turbo is run at 512 pixels with trailing steps, and is not asked what it predicts.
    @Test func aSingleTurboFileNeedsNothingSaid() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("sd_Turbo.safetensors")
        try Families.writeFile("sd2", to: file)
        let habits = ModelHabits(model: file)
        #expect(habits.kind == .turbo && habits.sampler == .eulerAncestral && habits.guidance == 1)
        let source = try PipelineSource(model: file, options: PipelineOptions(merges: FamilyPipelineTests.merges))
        #expect(source.outline.usualSide == 64 * source.outline.sizeMultiple)
        #expect(source.outline.noise.configuration.spacing == .trailing && source.outline.noise.configuration.prediction == .epsilon)
        var request = GenerationRequest(mode: .paint, prompt: "a cat", steps: 1, guidance: 1)
        request.sampler = .eulerAncestral
        #expect(try source.outline.plan(request, picture: nil).steps.firstTimestep == 999)
        // What Turbo was merged into paints as large as its family.
        let merge = folder.url.appendingPathComponent("dreamXL_v2Turbo.safetensors")
        try Families.writeFile("sdxl", to: merge)
        let merged = try PipelineSource(model: merge, options: PipelineOptions(merges: FamilyPipelineTests.merges)).outline
        #expect(merged.usualSide == 128 * merged.sizeMultiple && merged.noise.configuration.spacing == .trailing)
        #expect(ModelHabits(model: merge).steps == 6 && ModelHabits(model: merge).guidance == 2)
    }

    /// All steps run whatever the strength; where it leaves fewer than were asked for, fewer; diffusers refuses that.
    @Test func aConsistencyModelSpreadsItsStepsOverTheStrength() throws {
        let folder = try TemporaryFolder()
        try family("lcm", in: folder.url)
        let outline = try PipelineSource(model: folder.url, options: PipelineOptions(merges: FamilyPipelineTests.merges)).outline
        let picture = PixelSize(width: 32, height: 32)
        var request = GenerationRequest(mode: .generate, prompt: "a lake", strength: 0.6, steps: 4)
        request.sampler = .lcm
        func plan() throws -> StepPlan { try outline.plan(request, picture: picture).steps }
        #expect(try plan() == StepPlan(requested: 4, run: 4, firstTimestep: 599))
        request.strength = 0.05
        #expect(try plan() == StepPlan(requested: 4, run: 2, firstTimestep: 39))
        request.strength = 0.001
        #expect(try plan() == StepPlan(requested: 4, run: 1, firstTimestep: 19))
        request.strength = 0
        #expect(try plan().run == 0)
        request.profile = .diffusers
        #expect(throws: DiffusionError.strengthLeavesNoStep(strength: 0, steps: 4)) { try plan() }
        request.strength = 0.05
        #expect(throws: DiffusionError.steps(requested: 4, minimum: 1, maximum: 2)) { try plan() }
        // A LoRA makes LCM of a model that does not take the scale: diffusers runs it as any other, and so it is here.
        request.strength = 0.6
        let plain = try PipelineSource(model: Self.plain(folder), options: PipelineOptions(merges: FamilyPipelineTests.merges)).outline
        #expect(try plain.plan(request, picture: picture).steps.run == 2)
    }

    private static func plain(_ folder: TemporaryFolder) throws -> URL {
        let place = folder.url.appendingPathComponent("plain")
        let one = try #require(FamilyPipelineTests.cases.first { $0.name == "sd1" })
        try FamilyPipelineTests.folder(one, in: place)
        return place
    }
}

extension StepPlan {
    fileprivate init(requested: Int, run: Int, firstTimestep: Double) {
        self.init(requested: requested, run: run, passes: run, firstTimestep: firstTimestep, trainingSteps: 1000, start: 0)
    }
}
