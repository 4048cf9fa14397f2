import Checkpoints
import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Models that were distilled to few steps, by the names that they were published under.
@Suite struct FewStepTests {
    private typealias Kind = FewStepModel.Kind

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let isAdapter: Bool
        let kind: FewStepModel.Kind?
        let steps: Int
        let guidance: Double
        let sampler: SamplerName
        let spacing: StepSpacing?

        init(
            _ name: String, _ kind: FewStepModel.Kind?, _ steps: Int = 0, _ guidance: Double = 1, _ sampler: SamplerName = .ddim,
            _ spacing: StepSpacing? = .trailing, lora isAdapter: Bool = false
        ) {
            (self.name, self.isAdapter, self.kind, self.steps) = (name, isAdapter, kind, steps)
            (self.guidance, self.sampler, self.spacing) = (guidance, sampler, spacing)
        }

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case("sd_xl_turbo_1.0_fp16", .turbo, 2, 1, .eulerAncestral), Case("sdxl-turbo", .turbo, 2, 1, .eulerAncestral),
        Case("dreamshaperXL_v21TurboDPMSDE", .turbo, 6, 2, .eulerAncestral), Case("sd-turbo", .turbo, 2, 1, .eulerAncestral),
        Case("RealVisXL_V3.0_Turbo", .turbo, 6, 2, .eulerAncestral),
        Case("sd_xl_turbo_lora_v1", .turbo, 2, 1, .eulerAncestral, lora: true),
        Case("sdxl_lightning_2step", .lightning, 2, 1, .euler), Case("sdxl_lightning_4step", .lightning, 4, 1, .euler),
        Case("sdxl_lightning_8step_lora", .lightning, 8, 1, .euler, lora: true),
        Case("sdxl_lightning_1step_x0", .lightning, 1, 1, .euler), Case("juggernautXL_juggXILightning", .lightning, 6, 1, .euler),
        Case("RealVisXL_V4.0_Lightning", .lightning, 6, 1, .euler),
        Case("Hyper-SDXL-1step-lora", .hyper, 1, 1, .tcd, nil, lora: true),
        Case("Hyper-SD15-1step-lora", .hyper, 1, 1, .tcd, nil, lora: true),
        Case("Hyper-SDXL-1step-Unet", .hyper, 1, 1, .lcm, .at([800])), Case("Hyper-SD15-2steps-lora", .hyper, 2, lora: true),
        Case("Hyper-SDXL-4steps-lora", .hyper, 4, lora: true), Case("Hyper-SD15-8steps-lora", .hyper, 8, lora: true),
        Case("Hyper-SDXL-8steps-CFG-lora", .hyper, 8, 5, lora: true), Case("Hyper-SD15-12steps-CFG-lora", .hyper, 12, 5, lora: true),
        Case("Juggernaut_X_RunDiffusion_Hyper", .hyper, 6), Case("hyperSDXL-merge", .hyper, 6),
        Case("dmd2_sdxl_4step_lora_fp16", .matching, 4, 1, .lcm, lora: true),
        Case("dmd2_sdxl_4step_lora", .matching, 4, 1, .lcm, lora: true),
        Case("mymodel_DMD2", .matching, 4, 1, .lcm), Case("dmd2_sdxl_1step_unet_fp16", .matching, 1, 1, .lcm, .at([399])),
        Case("TCD-SDXL-LoRA", .trajectory, 4, 1, .tcd, nil, lora: true),
        Case("tcd_sd15_lora_8steps", .trajectory, 8, 1, .tcd, nil, lora: true),
        Case("pcm_sd15_smallcfg_2step_converted", .phased, 2, lora: true),
        Case("pcm_sdxl_smallcfg_16step_converted", .phased, 16, lora: true),
        Case("pcm_sdxl_normalcfg_8step_converted", .phased, 8, 7.5, lora: true),
        Case("pcm_sd15_lcmlike_lora_converted", .phased, 4, 1, .lcm, nil, lora: true),
        Case("lcm-lora-sdv1-5", .consistency, 4, 1, .lcm, nil, lora: true),
        Case("lcm_lora_sdxl", .consistency, 4, 1, .lcm, nil, lora: true),
        Case("dreamshaper_8LCM", .consistency, 4, 1, .lcm, nil), Case("photonLCM_v10", .consistency, 4, 1, .lcm, nil),
        Case("LCM_Dreamshaper_v7", .consistency, 4, 1, .lcm, nil),
        // Others' names.
        Case("v1-5-pruned-emaonly", nil), Case("hyperrealism_v3", nil), Case("hyper_realistic_v2", nil), Case("HyperDetail", nil),
        Case("lightning_strike_effect", nil, lora: true), Case("turbo_car", nil, lora: true), Case("first_steps_of_spring", nil),
        Case("calcmorph", nil),
    ]

    @Test(arguments: cases) func namesTellHowTheyAreRun(_ one: Case) {
        let found = FewStepModel(named: one.name, isAdapter: one.isAdapter)
        #expect(found?.kind == one.kind)
        guard let found, one.kind != nil else { return }
        #expect(found.steps == one.steps && found.guidance == one.guidance, "\(found)")
        #expect(found.sampler == one.sampler && found.spacing == one.spacing, "\(found)")
    }

    /// Of the two kinds that TCD's sampler was made for, one wants all of the noise fresh.
    @Test func trajectoriesTellHowMuchNoiseIsFresh() {
        #expect(FewStepModel(named: "Hyper-SDXL-1step-lora", isAdapter: true)?.eta == 1)
        #expect(FewStepModel(named: "TCD-SDXL-LoRA", isAdapter: true)?.eta == 0.3)
        #expect(FewStepModel(named: "Hyper-SDXL-4steps-lora", isAdapter: true)?.eta == nil)
    }

    private func file(_ path: String, in folder: TemporaryFolder, metadata: [String: String] = [:], _ names: [String]) throws -> URL {
        let url = folder.url.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try SafetensorsFile.write(tensors: names.map { ($0, Tensor.zeros([1, 1])) }, metadata: metadata, to: url)
        return url
    }

    @Test func adaptersAreToldByFolderTitleAndLayers() throws {
        let folder = try TemporaryFolder()
        let usual = ["lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight"]
        let times = ["lora_unet_down_blocks_0_resnets_0_time_emb_proj.lora_down.weight"]
        func kind(_ url: URL) -> FewStepModel.Kind? { FewStepModel.adapter(url)?.model.kind }
        #expect(kind(try file("lcm-lora-sdxl/pytorch_lora_weights.safetensors", in: folder, usual)) == .consistency)
        #expect(kind(try file("some/pytorch_lora_weights.safetensors", in: folder, times)) == .consistency)
        #expect(kind(try file("some/b/pytorch_lora_weights.safetensors", in: folder, usual)) == nil)
        #expect(kind(try file("some/c/pytorch_lora_weights.safetensors", in: folder, times + ["lora_te_x.lora_down.weight"])) == nil)
        #expect(kind(try file("style.safetensors", in: folder, times)) == nil)
        let titled = try file("fast.safetensors", in: folder, metadata: ["modelspec.title": "Hyper-SDXL 8steps LoRA"], usual)
        #expect(
            FewStepModel.adapter(titled)?.model.steps == 8 && FewStepModel.adapter(titled)?.sign == "the LoRA's modelspec.title says so")
        #expect(kind(folder.url.appendingPathComponent("none.safetensors")) == nil)
    }

    @Test func modelsAreToldByTitleAndScheduler() throws {
        let folder = try TemporaryFolder()
        let titled = try file("quick.safetensors", in: folder, metadata: ["ss_output_name": "mix_dmd2"], ["a"])
        let habits = ModelHabits(model: titled)
        #expect(habits.kind == .matching && habits.spacing == .trailing && habits.steps == 4 && habits.sampler == .lcm)
        let model = folder.url.appendingPathComponent("model")
        let place = model.appendingPathComponent("scheduler")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data(#"{"_class_name": "LCMScheduler"}"#.utf8).write(to: place.appendingPathComponent("scheduler_config.json"))
        #expect(ModelHabits(model: model).kind == .consistency && ModelHabits(model: model).guidance == 1)
        try Data(#"{"_class_name": "TCDScheduler"}"#.utf8).write(to: place.appendingPathComponent("scheduler_config.json"))
        #expect(ModelHabits(model: model).kind == .trajectory && ModelHabits(model: model).sampler == .tcd)
        #expect(ModelHabits(model: model).eta == 0.3)
        try FileManager.default.createDirectory(at: model.appendingPathComponent("transformer"), withIntermediateDirectories: true)
        #expect(ModelHabits(model: model).kind == nil)
    }

    /// (Sampler, spacing, steps, strength, profile, the timesteps that run).
    static let walks: [(SamplerName, StepSpacing?, Int, Double?, GenerationRequest.Profile, [Float])] = [
        (.euler, .trailing, 4, nil, .redraw, [999, 749, 499, 249]), (.euler, .trailing, 4, 0.5, .redraw, [499, 249]),
        (.euler, .trailing, 4, 0.6, .redraw, [499, 249]), (.euler, .trailing, 2, 0.2, .redraw, [499]),
        (.ddim, .trailing, 8, 0.5, .redraw, [499, 374, 249, 124]), (.lcm, .trailing, 4, nil, .redraw, [999, 749, 499, 249]),
        (.lcm, .trailing, 4, 0.5, .redraw, [499, 249]), (.lcm, nil, 4, nil, .redraw, [999, 759, 499, 259]),
        // What is not bound to certain timesteps walks all of its steps from where strength has it begin.
        (.lcm, nil, 4, 0.5, .redraw, [499, 379, 259, 139]),
        (.lcm, nil, 20, 0.5, .diffusers, [499, 459, 399, 359, 299, 259, 199, 159, 99, 59]),
    ]

    @Test(arguments: walks.indices) func theStepsAreThoseOfTheTraining(_ index: Int) throws {
        let (sampler, spacing, steps, strength, profile, timesteps) = Self.walks[index]
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.spacing = .leading
        let outline = try PipelineOutline(
            unet: loadUNet("tiny/unet").configuration, autoencoder: loadAutoencoder("tiny/vae").configuration, scheduler: configuration)
        var request = GenerationRequest(mode: strength == nil ? .paint : .generate, prompt: "", strength: strength ?? 1, steps: steps)
        (request.sampler, request.spacing, request.profile) = (sampler, spacing, profile)
        let sampling = try outline.sampling(request, strength: strength)
        #expect(Array(sampling.sampler.timesteps[sampling.plan.start...]) == timesteps)
        #expect(sampling.plan.run == timesteps.count)
    }

    /// The web UI's "SGM Uniform": one level more is spread, and the last one dropped.
    @Test func theWebUIHasTrailingSteps() throws {
        let schedule = try StepSchedule(
            NoiseSchedule(.stableDiffusion), sampler: .euler, count: 4, spacing: .trailing, profile: .a1111)
        #expect(zip(schedule.timesteps, [999, 749.25, 499.5, 249.75]).allSatisfy { abs($0 - $1) < 0.02 }, "\(schedule.timesteps)")
        #expect(schedule.sigmas.count == 5 && schedule.sigmas[4] == 0)
    }

    @Test(arguments: ["sdxl_lightning_1step_x0", "sdxl_lightning_1step_unet_x0"])
    func oneStepFilesOfLightningSayTheLatentAtOnce(_ name: String) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("\(name).safetensors")
        try Families.writeFile("sdxl", to: file)
        let source = try PipelineSource(model: file, options: PipelineOptions(merges: FamilyPipelineTests.merges))
        #expect(source.outline.noise.configuration.prediction == .sample)
    }
}
