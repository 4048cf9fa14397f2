import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

@Suite struct ScheduleTests {
    struct Fixture: Decodable {
        struct Case: Decodable {
            let betas: String
            let sampler: SamplerName
            let spacing: String
            let offset: Int
            let timesteps: String
            let full: [String: [Float]]
            let sums: [Double]
            let initialNoise: Double
        }
        let remaining: [String: String]
        let rescaled: [Float]
        let cases: [Case]
    }

    static func configuration(_ betas: String, spacing: String = "leading", offset: Int = 0) -> SchedulerConfiguration {
        var configuration = betas == "linear" ? SchedulerConfiguration() : SchedulerConfiguration.stableDiffusion
        configuration.spacing = .init(rawValue: spacing)
        configuration.stepsOffset = offset
        configuration.rescalesToNoise = betas == "rescaled"
        return configuration
    }

    @Test func whatIsLeftOfTheCleanLatentIsEqualToTheBit() throws {
        let fixture: Fixture = try json("schedules.json")
        #expect(fixture.remaining.count == 2)
        for (betas, expected) in fixture.remaining {
            #expect(hash(NoiseSchedule(Self.configuration(betas)).remaining) == expected, "\(betas)")
        }
        // Not to the bit: the reference takes square roots that are not rounded correctly.
        let rescaled = NoiseSchedule(Self.configuration("rescaled")).remaining
        let some = stride(from: 0, to: 1000, by: 37).map { rescaled[$0] }
        #expect(zip(some, fixture.rescaled).allSatisfy { abs($0 - $1) <= 2e-5 * $1 } && rescaled[999] == 0)
    }

    /// Every N from 1 to 100 that a sampler gives, every sampler, spacing and offset: timesteps equal to diffusers', noise levels to 1e-7.
    /// Karras' timesteps where they are not rounded hang on the last bit of the reference's logarithms: those to 1e-6. So do the levels of a
    /// rescaled schedule on its square roots.
    @Test func timestepsAndNoiseLevelsAreDiffusersOwn() throws {
        let fixture: Fixture = try json("schedules.json")
        #expect(fixture.cases.count == 119)
        for one in fixture.cases {
            let noise = NoiseSchedule(Self.configuration(one.betas, spacing: one.spacing, offset: one.offset))
            let name = "\(one.betas) \(one.sampler.rawValue) \(one.spacing) \(one.offset)"
            let inexact = one.sampler.isKarras && one.sampler.formulation == .exploding
            var hashes = ""
            var sums = [Double](repeating: 0, count: 10)
            for count in (one.sampler == .pndmRungeKutta ? 4 : 1)...(one.sampler == .lcm ? 50 : 100) {
                let schedule = try StepSchedule(noise, sampler: one.sampler, count: count)
                hashes += hash(schedule.timesteps)
                if let full = one.full["\(count)"] {
                    if inexact {
                        #expect(Agreement(schedule.timesteps, full).relative < 1e-6, "\(name), \(count) steps")
                    } else {
                        #expect(schedule.timesteps == full, "\(name), \(count) steps")
                    }
                }
                for (place, level) in schedule.sigmas.enumerated() { sums[(count - 1) / 10] += Double(level) * Double(place + 1) }
                if count == 100 || one.sampler == .lcm {
                    #expect(abs(Double(schedule.initialNoise) - one.initialNoise) <= 1e-6 * one.initialNoise, "\(name)")
                }
            }
            #expect(inexact || hash(bytes: hashes.utf8) == one.timesteps, "\(name)")
            let tolerance = one.betas == "rescaled" ? 1e-5 : 1e-7
            #expect(zip(sums, one.sums).allSatisfy { abs($0 - $1) <= tolerance * $1 }, "\(name): \(sums) \(one.sums)")
        }
    }

    struct Counts: Decodable {
        let sampler: SamplerName
        let spacing: String
        let offset: Int
        let refused: [Int]
        let timesteps: [String]
    }

    /// Every count from 1 to 1000: diffusers' timesteps, or a refusal where it has no step to take (`make_step_counts.py` tells when).
    @Test func everyCountIsDiffusersOrRefused() throws {
        let cases: [Counts] = try json("step-counts.json")
        #expect(cases.count == 60)
        for one in cases {
            let noise = NoiseSchedule(Self.configuration("scaled", spacing: one.spacing, offset: one.offset))
            let name = "\(one.sampler.rawValue) \(one.spacing) \(one.offset)"
            var hashes = [String](repeating: "", count: 10)
            for count in (one.sampler == .pndmRungeKutta ? 4 : 1)...1000 {
                guard !one.refused.contains(count) else {
                    #expect(throws: DiffusionError.crowdedSteps(requested: count, trained: 1000), "\(name), \(count)") {
                        try StepSchedule(noise, sampler: one.sampler, count: count)
                    }
                    continue
                }
                hashes[(count - 1) / 100] += hash(try StepSchedule(noise, sampler: one.sampler, count: count).timesteps)
            }
            // Of Karras' timesteps, which are rounded, one among the last hundred counts lies so near the half that the last bit of a
            // logarithm decides.
            let compared = one.sampler.isKarras ? 9 : 10
            #expect(hashes.prefix(compared).map { hash(bytes: $0.utf8) } == one.timesteps.prefix(compared).map { $0 }, "\(name)")
        }
    }

    /// A configuration out of a file, with numbers that no schedule can be made of.
    @Test(arguments: [
        ("steps_offset", -1), ("steps_offset", 1000), ("steps_offset", 1 << 31), ("steps_offset", .max), ("steps_offset", .min),
        ("num_train_timesteps", 1), ("num_train_timesteps", 0), ("num_train_timesteps", .max), ("original_inference_steps", 0),
    ])
    func numbersThatMakeNoScheduleAreRefused(_ key: String, _ value: Int) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("scheduler_config.json")
        try Data(#"{"\#(key)": \#(value)}"#.utf8).write(to: file)
        let error = #expect(throws: DiffusionError.self) { try SchedulerConfiguration(contentsOf: file) }
        #expect(error?.description.contains(key) == true && error?.description.contains("\(value)") == true)
    }

    /// Betas that are nothing beside 1, or as good as 1, in single precision.
    @Test(arguments: [(1e-12, 1e-12), (1e-12, 1e-9), (0.0001, 0.999_999_999)])
    func betasWithoutNoiseAreRefused(_ first: Double, _ last: Double) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("scheduler_config.json")
        let values: [String: Any] = [
            "_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": true, "beta_start": first, "beta_end": last,
        ]
        try JSONSerialization.data(withJSONObject: values).write(to: file)
        let error = #expect(throws: DiffusionError.self) { try SchedulerConfiguration(contentsOf: file) }
        #expect(error?.description.contains("beta_start") == true, "\(String(describing: error))")
    }

    /// DEIS is not run, but folders saved with it are: with another sampler, which reads the same noise.
    @Test func aFolderSavedWithDEISIsOpened() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("scheduler_config.json")
        let values: [String: Any] = [
            "_class_name": "DEISMultistepScheduler", "algorithm_type": "deis", "solver_type": "logrho", "beta_start": 0.00085,
            "beta_end": 0.012, "beta_schedule": "scaled_linear",
        ]
        try JSONSerialization.data(withJSONObject: values).write(to: file)
        let configuration = try SchedulerConfiguration(contentsOf: file)
        #expect(configuration.namedSampler == nil && NoiseSchedule(configuration).sigmas == NoiseSchedule(.stableDiffusion).sigmas)
    }

    /// Two steps of training are few, and all there are can be walked.
    @Test func aShortTrainingHasItsSteps() throws {
        var configuration = Self.configuration("scaled", spacing: "leading")
        configuration.trainingSteps = 2
        configuration.originalSteps = 2
        for sampler in SamplerName.allCases where sampler != .pndmRungeKutta {
            #expect(try StepSchedule(NoiseSchedule(configuration), sampler: sampler, count: 1).timesteps.count == 1, "\(sampler)")
        }
        configuration.stepsOffset = 1
        #expect(throws: DiffusionError.crowdedSteps(requested: 2, trained: 2)) {
            try StepSchedule(NoiseSchedule(configuration), sampler: .ddim, count: 2)
        }
    }

    @Test func aCountThatCannotBeGivenIsRefused() {
        let noise = NoiseSchedule(.stableDiffusion)
        for (sampler, count, minimum, maximum) in [
            (SamplerName.ddim, 0, 1, 1000), (.euler, -3, 1, 1000), (.unipc, 1001, 1, 1000), (.lcm, 51, 1, 50),
            (.pndmRungeKutta, 3, 4, 1000),
        ] {
            #expect(throws: DiffusionError.steps(requested: count, minimum: minimum, maximum: maximum)) {
                try StepSchedule(noise, sampler: sampler, count: count)
            }
        }
    }

    /// Each sampler's walk over given answers, with the noise it begins with and what it draws, from a third of the way. Euler's walks from a
    /// level of 4096 carry the rounding of numbers of that size, in the reference as here.
    @Test func stepsAgreeWithDiffusers() throws {
        let goldens = try Goldens("steps.safetensors")
        var worst: Float = 0
        var walks = 0
        for (betas, predictions) in [("scaled", SchedulerConfiguration.Prediction.allCases), ("rescaled", [.velocity])] {
            for sampler in SamplerName.allCases {
                for prediction in predictions {
                    for count in [1, 2, 4, 9] {
                        let key = "\(betas).\(sampler.rawValue).\(prediction.rawValue).\(count)"
                        guard let walk = try? goldens[key].permuted([0, 2, 3, 1]) else { continue }
                        walks += 1
                        let tolerance: Float = betas == "rescaled" && sampler.formulation == .exploding ? 0x1p-12 : 1e-5
                        var configuration = Self.configuration(betas, spacing: betas == "rescaled" ? "trailing" : "leading", offset: 1)
                        configuration.prediction = prediction
                        let schedule = try StepSchedule(NoiseSchedule(configuration), sampler: sampler, count: count)
                        var walker = Sampler(schedule)
                        var draws = TorchRandom(seed: UInt64(count))
                        let rows = 2 + schedule.timesteps.count
                        let given = Tensor(draws.normals(rows * 24), shape: [rows, 2, 3, 4]).permuted([0, 2, 3, 1])
                        var random = TorchRandom(seed: UInt64(1000 + count))
                        let start = betas == "rescaled" ? 0 : count / 3 * sampler.passesPerStep
                        var latent = walker.addNoise(given.sliced(1..<2), to: given.sliced(0..<1), at: start)
                        for row in 0..<walk.shape[0] {
                            if row > 0 {
                                let index = start + row - 1
                                latent = walker.step(given.sliced(index + 2..<index + 3), latent, at: index, random: &random)
                            }
                            let expected = walk.sliced(row..<row + 1).values
                            let scale = max(1, expected.map(abs).max() ?? 1)
                            let error = zip(latent.values, expected).map { abs($0 - $1) / scale }.max() ?? .infinity
                            #expect(error <= tolerance, "\(key), row \(row)")
                            if tolerance == 1e-5 { worst = max(worst, error) }
                        }
                        #expect(walk.shape[0] == schedule.timesteps.count - start + 1, "\(key)")
                    }
                }
            }
        }
        #expect(walks == 157)
        print("sampler steps: \(walks) walks, largest error \(worst) of the magnitude")
    }

    /// Noise is drawn at every step, as in the reference, also where nothing of it is added (`make_long_walk.py`).
    @Test(arguments: [("leading", 0), ("leading", 1), ("linspace", 0), ("trailing", 0)])
    func aThousandAncestralStepsAgreeWithDiffusers(_ spacing: String, _ offset: Int) throws {
        let golden = try Goldens("long-walk.safetensors")["\(spacing).\(offset)"].permuted([0, 2, 3, 1])
        let noise = NoiseSchedule(Self.configuration("scaled", spacing: spacing, offset: offset))
        let schedule = try StepSchedule(noise, sampler: .eulerAncestral, count: 1000)
        var (draws, random) = (TorchRandom(seed: 1000), TorchRandom(seed: 2000))
        let given = Tensor(draws.normals(11 * 24), shape: [11, 2, 3, 4]).permuted([0, 2, 3, 1])
        var walker = Sampler(schedule)
        var latent = walker.addNoise(given.sliced(1..<2), to: given.sliced(0..<1), at: 0)
        let kept = [1, 2, 3, 500, 999, 1000]
        for index in 0..<1000 {
            let answer = 2 + index % 9
            latent = walker.step(given.sliced(answer..<answer + 1), latent, at: index, random: &random)
            guard let row = kept.firstIndex(of: index + 1) else { continue }
            let agreement = Agreement(latent.values, golden.sliced(row..<row + 1).values)
            #expect(agreement.relative < 1e-4, "after \(index + 1): \(agreement)")
        }
    }

    /// diffusers' PNDM and Euler a do not take a model that predicts the clean latent; here its answers count as the noise they imply.
    @Test(arguments: [SamplerName.pndm, .pndmRungeKutta, .eulerAncestral])
    func aPredictedSampleCountsAsTheNoiseItImplies(_ sampler: SamplerName) throws {
        var configuration = Self.configuration("scaled", offset: 1)
        let byNoise = try StepSchedule(NoiseSchedule(configuration), sampler: sampler, count: 6)
        configuration.prediction = .sample
        let bySample = try StepSchedule(NoiseSchedule(configuration), sampler: sampler, count: 6)
        var draws = TorchRandom(seed: 3)
        var (first, second) = (Sampler(byNoise), Sampler(bySample))
        var (latent, random, same) = (draws.noise(like: .zeros([1, 2, 3, 4])), draws, draws)
        let answer = draws.noise(like: latent)
        // One pass from the same latent: the same answer in both forms.
        let clean = first.clean(answer, latent, at: 0)
        let moved = first.step(answer, latent, at: 0, random: &random)
        latent = second.step(clean, latent, at: 0, random: &same)
        #expect(Agreement(latent.values, moved.values).relative < 1e-4)
    }

    @Test func strengthDecidesTheStepsAndNeverRoundsToNothing() throws {
        let schedule = try StepSchedule(NoiseSchedule(.stableDiffusion), sampler: .ddim, count: 20)
        func plan(_ strength: Double?, _ profile: GenerationRequest.Profile = .redraw) throws -> StepPlan {
            try StepPlan(schedule, strength: strength, profile: profile)
        }
        #expect(try plan(0.75).run == 15 && plan(0.75).firstTimestep == 701)
        #expect(try plan(0.6).run == 12)
        #expect(try plan(0.01).run == 1 && plan(0.01).firstTimestep == 1)
        #expect(try plan(0).run == 0 && plan(0).firstTimestep == nil)
        #expect(try plan(1).run == 20 && plan(nil).run == 20)
        #expect(try plan(0.75, .a1111).run == 16 && plan(1, .a1111).run == 20 && plan(0, .a1111).run == 1)
        let heun = try StepSchedule(NoiseSchedule(.stableDiffusion), sampler: .heun, count: 20)
        let half = try StepPlan(heun, strength: 0.5, profile: .diffusers)
        #expect(half.run == 10 && half.passes == 19 && half.start == 20)
        // A model may have been trained with more or fewer steps than the usual thousand.
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.trainingSteps = 200
        let short = try StepPlan(StepSchedule(NoiseSchedule(configuration), sampler: .ddim, count: 10), strength: 0.5, profile: .redraw)
        #expect(short.firstTimestep == 81 && short.trainingSteps == 200)
        #expect(try plan(0.75).trainingSteps == 1000)
        #expect(throws: DiffusionError.strengthLeavesNoStep(strength: 0.04, steps: 20)) { try plan(0.04, .diffusers) }
        for step in 0...100 {
            let strength = Double(step) / 100
            #expect(try plan(strength).run == max(step == 0 ? 0 : 1, Int(20 * strength)))
        }
    }
}
