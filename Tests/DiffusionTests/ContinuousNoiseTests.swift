import Checkpoints
import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Models without training steps (EDM) against diffusers (`make_continuous_goldens.py`).
@Suite struct ContinuousNoiseTests {
    struct Levels: Decodable {
        let noise: String
        let sampler: SamplerName
        let count: Int
        let timesteps: [Float]
        let sigmas: [Float]
        let initialNoise: Float
    }

    /// Those of the two models that the goldens are of.
    private static func configuration(_ name: String) -> SchedulerConfiguration {
        var (configuration, noise) = (SchedulerConfiguration(), ContinuousNoise())
        if name == "cosxl" {
            (noise.largest, noise.dataDeviation, noise.course) = (120, 1, .exponential)
            configuration.prediction = .velocity
        }
        configuration.continuous = noise
        return configuration
    }

    /// One of the reference's two classes makes Karras' levels in single precision, of which the smallest keep six digits.
    @Test func levelsAndTimesAreDiffusersOwn() throws {
        let rows: [Levels] = try json("families/continuous-levels.json")
        #expect(rows.count == 30)
        for one in rows {
            let name = "\(one.noise) \(one.sampler.rawValue) \(one.count)"
            let schedule = try StepSchedule(NoiseSchedule(Self.configuration(one.noise)), sampler: one.sampler, count: one.count)
            #expect(schedule.sigmas.count == one.sigmas.count && schedule.sigmas.last == 0, "\(name)")
            let levels = zip(schedule.sigmas, one.sigmas)
            #expect(levels.allSatisfy { abs($0 - $1) <= 2e-6 * $1 }, "\(name): \(schedule.sigmas)")
            #expect(zip(schedule.timesteps, one.timesteps).allSatisfy { abs($0 - $1) <= 1e-6 }, "\(name): \(schedule.timesteps)")
            #expect(abs(schedule.initialNoise - one.initialNoise) <= 1e-6 * one.initialNoise, "\(name)")
        }
    }

    @Test func walksAgreeWithDiffusers() throws {
        let goldens = try Goldens("families/continuous.safetensors")
        for noise in ["cosxl", "playground"] {
            for sampler in [SamplerName.euler, .eulerKarras, .dpmpp2M, .dpmpp2MKarras, .dpmpp2MSDE] {
                for count in [2, 9] {
                    let walk = try goldens["\(noise).\(sampler.rawValue).\(count)"].permuted([0, 2, 3, 1])
                    var walker = Sampler(try StepSchedule(NoiseSchedule(Self.configuration(noise)), sampler: sampler, count: count))
                    var (draws, random) = (TorchRandom(seed: UInt64(count)), TorchRandom(seed: UInt64(1000 + count)))
                    let given = Tensor(draws.normals((2 + count) * 24), shape: [2 + count, 2, 3, 4]).permuted([0, 2, 3, 1])
                    let start = count / 3
                    var latent = walker.addNoise(given.sliced(1..<2), to: given.sliced(0..<1), at: start)
                    #expect(walk.shape[0] == count - start + 1)
                    for row in 0..<walk.shape[0] {
                        if row > 0 {
                            let index = start + row - 1
                            latent = walker.step(given.sliced(index + 2..<index + 3), latent, at: index, random: &random)
                        }
                        let agreement = Agreement(latent.values, walk.sliced(row..<row + 1).values)
                        #expect(agreement.relative < 1e-5, "\(noise) \(sampler.rawValue) \(count), row \(row): \(agreement)")
                    }
                }
            }
        }
    }

    /// Where clean latents are plain noise of the data's deviation, a network answers 0, and every sampler that goes by levels has to end with
    /// latents of that deviation: those too that diffusers has no class for.
    @Test(arguments: ["cosxl", "playground"]) func everySamplerOfLevelsLeavesWhatTheDataIs(_ noise: String) throws {
        let configuration = Self.configuration(noise)
        let deviation = Float(try #require(configuration.continuous).dataDeviation)
        for sampler in SamplerName.allCases where sampler.formulation != .timestep {
            let schedule = try StepSchedule(NoiseSchedule(configuration), sampler: sampler, count: 400)
            var (walker, random) = (Sampler(schedule), TorchRandom(seed: 5))
            let silence = Tensor.zeros([1, 32, 32, 4])
            var latent = walker.start(from: random.noise(like: silence))
            for index in schedule.timesteps.indices {
                let square = schedule.sigmas[index] * schedule.sigmas[index] + deviation * deviation
                #expect(walker.modelInput(latent, at: index) == latent * (1 / square.squareRoot()))
                latent = walker.step(silence, latent, at: index, random: &random)
            }
            let found = (latent.values.reduce(0) { $0 + $1 * $1 } / Float(latent.count)).squareRoot()
            #expect(abs(found / deviation - 1) < 0.05, "\(sampler.rawValue): \(found)")
        }
    }

    /// The answer that amounts to an estimate amounts to that estimate.
    @Test func anEstimateAndItsAnswerAreOne() throws {
        for (noise, sampler) in [("cosxl", SamplerName.euler), ("playground", .unipc), ("playground", .heun)] {
            let walker = Sampler(try StepSchedule(NoiseSchedule(Self.configuration(noise)), sampler: sampler, count: 6))
            var random = TorchRandom(seed: 11)
            let latent = random.noise(like: .zeros([1, 4, 4, 4]))
            let wanted = random.noise(like: latent)
            for index in [0, 3, 5] {
                let again = walker.clean(walker.output(meaning: wanted, latent, at: index), latent, at: index)
                #expect(Agreement(again.values, wanted.values).relative < 1e-5, "\(noise) \(sampler.rawValue) \(index)")
            }
        }
    }

    @Test func whatWalksAlongTrainingStepsIsRefused() throws {
        let noise = NoiseSchedule(Self.configuration("cosxl"))
        for sampler in [SamplerName.ddim, .pndm, .lcm, .tcd] {
            let error = #expect(throws: DiffusionError.self) { try StepSchedule(noise, sampler: sampler, count: 4) }
            #expect(error?.description.contains("the sampler \(sampler.rawValue) walks along training steps") == true)
            #expect(error?.description.contains("euler, euler-karras") == true)
        }
        let profile = #expect(throws: DiffusionError.self) { try StepSchedule(noise, sampler: .euler, count: 4, profile: .a1111) }
        #expect(profile?.description.contains("the profile a1111") == true)
        #expect(throws: DiffusionError.steps(requested: 1, minimum: 2, maximum: 1000)) {
            try StepSchedule(noise, sampler: .euler, count: 1)
        }
        #expect(try StepSchedule(noise, sampler: .eulerKarras, count: 1).sigmas == [120, 0])
        #expect(try StepPlan(StepSchedule(noise, sampler: .euler, count: 8), strength: 0.5, profile: .redraw).firstTimestep == nil)
    }

    @Test(arguments: [
        ("sigma_min", 0.0), ("sigma_min", 90), ("sigma_max", 0.001), ("sigma_max", 1e30), ("sigma_data", 0), ("rho", 0),
        ("solver_order", 3),
    ])
    func numbersThatMakeNoLevelsAreRefused(_ key: String, _ value: Double) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("scheduler_config.json")
        let values: [String: Any] = ["_class_name": "EDMDPMSolverMultistepScheduler", key: value]
        try JSONSerialization.data(withJSONObject: values).write(to: file)
        let error = #expect(throws: DiffusionError.self) { try SchedulerConfiguration(contentsOf: file) }
        #expect(error?.description.contains(key == "sigma_min" && value > 1 ? "sigma_max" : key) == true, "\(String(describing: error))")
    }

    static let cases: [FamilyPipelineTests.Case] = (try? json("families/continuous.json")) ?? []

    private static let options = PipelineOptions(merges: FamilyPipelineTests.merges)

    private static func pipeline(_ model: URL, options: PipelineOptions = options) throws -> Pipeline {
        try Pipeline(model: model, options: options) { throw Families.Missing(name: "sentences") }
    }

    /// diffusers' folders of SDXL's layout with such a scheduler, by the sampler that it names: painted, redrawn, repainted.
    @Test(arguments: cases) func wholeRunsAgreeWithDiffusersPipelines(_ one: FamilyPipelineTests.Case) throws {
        let goldens = try Goldens("families/continuous.safetensors")
        let folder = try TemporaryFolder()
        try FamilyPipelineTests.folder(one, in: folder.url, listedIn: "families/continuous.json")
        let pipeline = try Self.pipeline(folder.url)
        #expect(pipeline.notes.contains { $0.contains("by levels and not by training steps") })
        var request = one.request
        request.sampler = try #require(ModelHabits(model: folder.url).sampler)
        request.feather = 0
        let mask = one.mode == .repaint ? Mask(try goldens.image("mask")) : nil
        let source = one.mode == .paint ? nil : try goldens.image("source")
        var latent: Tensor?
        let result = try pipeline.run(request, source: source, mask: mask) { latent = $0.latent }
        let agreement = Agreement(try #require(latent).values, try goldens["\(one.name).latent"].values)
        print("\(one.name), \(request.sampler.rawValue): latent \(agreement.relative)")
        #expect(agreement.relative < 1e-3, "\(one.name): latent \(agreement)")
        var expected = try goldens.image("\(one.name).picture")
        if let source, let mask { expected = source.pasted(expected, mask: mask) }
        let largest = zip(result.pictures[0].image.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(largest <= 2, "\(one.name): pictures differ by \(largest)")
    }

    /// A single file with the marks gives the picture of the folder that says the same.
    @Test(arguments: ["cosxl", "playground"]) func marksInASingleFileSayWhatTheFolderSays(_ name: String) throws {
        let one = try #require(Self.cases.first { $0.name == name })
        let folder = try TemporaryFolder()
        let (whole, file) = (folder.url.appendingPathComponent("folder"), folder.url.appendingPathComponent("model.safetensors"))
        try FamilyPipelineTests.folder(one, in: whole, listedIn: "families/continuous.json")
        try Families.writeFile("sdxl", to: file, adding: Self.marks(one))
        let (first, second) = (try Self.pipeline(whole), try Self.pipeline(file))
        #expect(second.noise.configuration.continuous == first.noise.configuration.continuous)
        #expect(second.noise.configuration.prediction == first.noise.configuration.prediction)
        #expect(second.autoencoder.configuration.spread == first.autoencoder.configuration.spread)
        #expect(ModelHabits(model: file).sampler == ModelHabits(model: whole).sampler)
        #expect(ModelHabits(model: file).guidance == (name == "playground" ? 3 : nil))
        var request = one.request
        request.sampler = .euler
        #expect(try second.run(request) { _ in }.pictures[0].image == first.run(request) { _ in }.pictures[0].image)
        // That such files run is told of real ones (`FileIdentityTests`): texts so narrow are of no known family.
        #expect(try FileIdentity(file: file).prediction == (name == "cosxl" ? "velocity" : "noise"))
    }

    /// Those of CosXL are empty: the ends it was trained with.
    private static func marks(_ one: FamilyPipelineTests.Case) -> [(String, Tensor)] {
        guard let mean = one.latentsMean, let deviation = one.latentsDeviation else {
            return [("edm_vpred.sigma_max", .zeros([0])), ("edm_vpred.sigma_min", .zeros([0]))]
        }
        return [("edm_mean", Tensor(mean, shape: [1, 4, 1, 1])), ("edm_std", Tensor(deviation, shape: [1, 4, 1, 1]))]
    }

    /// The numbers that marks have, and before them what the person says.
    @Test func marksWithNumbersAreHeeded() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.safetensors")
        let marks = ["edm_vpred.sigma_max": Float(96), "edm_vpred.sigma_min": 0.25].map { ($0, Tensor([$1], shape: [1])) }
        try Families.writeFile("sdxl", to: file, adding: marks)
        var options = Self.options
        let told = try PipelineSource(model: file, options: options).outline.noise.configuration
        #expect(told.continuous?.largest == 96 && told.continuous?.smallest == 0.25 && told.prediction == .velocity)
        options.prediction = .epsilon
        #expect(try PipelineSource(model: file, options: options).outline.noise.configuration.prediction == .epsilon)
        options.prediction = .sample
        #expect(throws: DiffusionError.self) { try PipelineSource(model: file, options: options) }
    }

    private static let senseless: [[String: [Float]]] = [
        ["edm_mean": [0, 0, 0, 0]], ["edm_mean": [0, 0, 0, 0], "edm_std": [1, 1, 0, 1]], ["edm_mean": [0, 0], "edm_std": [1, 1]],
        ["edm_vpred.sigma_max": [0]], ["edm_vpred.sigma_max": [2], "edm_vpred.sigma_min": [.nan]],
        ["edm_vpred.sigma_max": [Float](repeating: 120, count: 65)],
    ]

    @Test(arguments: senseless) func marksThatSayNothingAreRefused(_ marks: [String: [Float]]) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.safetensors")
        try Families.writeFile("sdxl", to: file, adding: marks.map { ($0, Tensor($1, shape: [$1.count])) })
        #expect(throws: DiffusionError.self) { try PipelineSource(model: file, options: Self.options) }
    }

    /// The mean and the deviation are of what the network sees, whichever autoencoder makes it.
    @Test func anotherAutoencoderKeepsTheModelsOwnMeanAndDeviation() throws {
        let one = try #require(Self.cases.first { $0.name == "playground" })
        let folder = try TemporaryFolder()
        let (whole, file) = (folder.url.appendingPathComponent("folder"), folder.url.appendingPathComponent("model.safetensors"))
        try FamilyPipelineTests.folder(one, in: whole, listedIn: "families/continuous.json")
        try Families.writeFile("sdxl", to: file, adding: Self.marks(one))
        try Families.write("vae.standard", component: "vae", to: folder.url.appendingPathComponent("vae"))
        var options = Self.options
        options.given = GivenParts(autoencoder: folder.url.appendingPathComponent("vae"))
        for model in [whole, file] {
            let (own, other) = (try Self.pipeline(model), try Self.pipeline(model, options: options))
            let latent = Families.values("latent", [1, 4, 4, 4])
            #expect(own.autoencoder.scaled(latent) == other.autoencoder.scaled(latent))
        }
    }
}
