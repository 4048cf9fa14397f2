import Tensors
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
        let cases: [Case]
    }

    static func configuration(_ betas: String, spacing: String = "leading", offset: Int = 0) -> SchedulerConfiguration {
        var configuration = betas == "scaled" ? SchedulerConfiguration.stableDiffusion : SchedulerConfiguration()
        configuration.spacing = .init(rawValue: spacing)
        configuration.stepsOffset = offset
        return configuration
    }

    @Test func whatIsLeftOfTheCleanLatentIsEqualToTheBit() throws {
        let fixture: Fixture = try json("schedules.json")
        for (betas, expected) in fixture.remaining {
            #expect(hash(NoiseSchedule(Self.configuration(betas)).remaining) == expected)
        }
    }

    /// Every N from 1 to 100, every sampler, spacing and offset: timesteps equal to diffusers', noise levels to 1e-7.
    @Test func timestepsAndNoiseLevelsAreDiffusersOwn() throws {
        let fixture: Fixture = try json("schedules.json")
        #expect(fixture.cases.count == 32)
        for one in fixture.cases {
            let noise = NoiseSchedule(Self.configuration(one.betas, spacing: one.spacing, offset: one.offset))
            let name = "\(one.betas) \(one.sampler.rawValue) \(one.spacing) \(one.offset)"
            var hashes = ""
            for count in 1...100 {
                let schedule = try StepSchedule(noise, sampler: one.sampler, count: count)
                hashes += hash(schedule.timesteps)
                if let full = one.full["\(count)"] { #expect(schedule.timesteps == full, "\(name), \(count) steps") }
                guard one.sampler != .ddim else { continue }
                let sum = schedule.sigmas.enumerated().reduce(0.0) { $0 + Double($1.element) * Double($1.offset + 1) }
                #expect(abs(sum - one.sums[count - 1]) <= 1e-7 * sum, "\(name), \(count) steps")
                if count == 100 {
                    #expect(abs(Double(schedule.initialNoise) - one.initialNoise) <= 1e-6 * one.initialNoise, "\(name)")
                }
            }
            #expect(hash(bytes: hashes.utf8) == one.timesteps, "\(name)")
        }
    }

    @Test func aCountThatCannotBeGivenIsRefused() {
        let noise = NoiseSchedule(.stableDiffusion)
        for count in [0, -3, 1001] {
            #expect(throws: DiffusionError.steps(requested: count, maximum: 1000)) {
                try StepSchedule(noise, sampler: .ddim, count: count)
            }
        }
    }

    /// Each sampler's walk over given answers, with the noise it begins with and the UNet's inputs, from a third of the way.
    @Test func stepsAgreeWithDiffusers() throws {
        let goldens = try Goldens("steps.safetensors")
        var worst: Float = 0
        for sampler in SamplerName.allCases {
            for prediction in SchedulerConfiguration.Prediction.allCases {
                for count in [1, 2, 9] {
                    let key = "\(sampler.rawValue).\(prediction.rawValue).\(count)"
                    let given = try goldens["\(key).given"].permuted([0, 2, 3, 1])
                    let walk = try goldens["\(key).walk"].permuted([0, 2, 3, 1])
                    var configuration = Self.configuration("scaled", offset: 1)
                    configuration.prediction = prediction
                    let schedule = try StepSchedule(NoiseSchedule(configuration), sampler: sampler, count: count)
                    var walker = Sampler(schedule)
                    let start = count / 3
                    var latent = walker.addNoise(given.sliced(1..<2), to: given.sliced(0..<1), at: start)
                    var row = 0
                    func compare(_ tensor: Tensor) {
                        let expected = walk.sliced(row..<row + 1).values
                        let scale = max(1, expected.map(abs).max() ?? 1)
                        let error = zip(tensor.values, expected).map { abs($0 - $1) / scale }.max() ?? .infinity
                        #expect(error <= 1e-5, "\(key), row \(row)")
                        worst = max(worst, error)
                        row += 1
                    }
                    compare(latent)
                    for index in start..<count {
                        compare(walker.modelInput(latent, at: index))
                        latent = walker.step(given.sliced(index + 2..<index + 3), latent, at: index)
                        compare(latent)
                    }
                    #expect(row == walk.shape[0])
                }
            }
        }
        print("sampler steps: largest error \(worst) of the magnitude")
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
        #expect(throws: DiffusionError.strengthLeavesNoStep(strength: 0.04, steps: 20)) { try plan(0.04, .diffusers) }
        for step in 0...100 {
            let strength = Double(step) / 100
            #expect(try plan(strength).run == max(step == 0 ? 0 : 1, Int(20 * strength)))
        }
    }
}
