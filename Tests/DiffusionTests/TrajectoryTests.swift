import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// TCD's sampler, and training steps that are told one by one, against diffusers (`make_trajectory_goldens.py`).
@Suite struct TrajectoryTests {
    struct Fixture: Decodable {
        struct Walk: Decodable {
            let sampler: SamplerName
            let betas: String
            let prediction: String
            let count: Int
            let start: Int
            let eta: Double?
            let told: [Int]?
        }
        struct Run: Decodable {
            let mode: GenerationRequest.Mode
            let sampler: SamplerName
            let strength: Double
            let steps: Int
            let guidance: Double
            let eta: Double?
            let told: [Int]?
            let seed: UInt64
        }
        /// A number of steps, the share of the schedule they are spread over, and where they lie.
        struct Steps: Decodable {
            let count: Int
            let strength: Double
            let timesteps: [Float]

            init(from decoder: any Decoder) throws {
                var row = try decoder.unkeyedContainer()
                (count, strength, timesteps) = (try row.decode(Int.self), try row.decode(Double.self), try row.decode([Float].self))
            }
        }
        let timesteps: [Steps]
        let walks: [Walk]
        let runs: [Run]
    }

    private let fixture: Fixture
    private let goldens: Goldens

    init() throws {
        fixture = try json("trajectory.json")
        goldens = try Goldens("trajectory.safetensors")
    }

    @Test func theStepsAreDiffusersOwn() throws {
        #expect(fixture.timesteps.count == 56)
        let noise = NoiseSchedule(ScheduleTests.configuration("scaled", offset: 1))
        for one in fixture.timesteps {
            let schedule = try StepSchedule(noise, sampler: .tcd, count: one.count, strength: one.strength)
            #expect(schedule.timesteps == one.timesteps, "\(one.count) steps at \(one.strength)")
        }
    }

    @Test func walksAgreeWithDiffusers() throws {
        #expect(fixture.walks.count == 54)
        for (number, one) in fixture.walks.enumerated() {
            let walk = try goldens["walk.\(number)"].permuted([0, 2, 3, 1])
            var configuration = ScheduleTests.configuration(one.betas, offset: 1)
            configuration.prediction = try #require(.init(rawValue: one.prediction))
            let schedule = try StepSchedule(
                NoiseSchedule(configuration), sampler: one.sampler, count: one.count, spacing: one.told.map { .at($0) })
            var walker = Sampler(schedule, eta: one.eta)
            let rows = 2 + one.count
            var draws = TorchRandom(seed: UInt64(one.count))
            let given = Tensor(draws.normals(rows * 24), shape: [rows, 2, 3, 4]).permuted([0, 2, 3, 1])
            var random = TorchRandom(seed: UInt64(1000 + one.count))
            var latent = walker.addNoise(given.sliced(1..<2), to: given.sliced(0..<1), at: one.start)
            #expect(walk.shape[0] == one.count - one.start + 1)
            for row in 0..<walk.shape[0] {
                if row > 0 {
                    let index = one.start + row - 1
                    latent = walker.step(given.sliced(index + 2..<index + 3), latent, at: index, random: &random)
                }
                let agreement = Agreement(latent.values, walk.sliced(row..<row + 1).values)
                #expect(agreement.relative < 1e-5, "walk \(number), row \(row): \(agreement)")
            }
        }
    }

    @Test func runsAgreeWithDiffusersPipelines() throws {
        #expect(fixture.runs.count == 11)
        let loops = try PipelineTests()
        for (number, one) in fixture.runs.enumerated() {
            var request = loops.request(
                one.mode, sampler: one.sampler, strength: one.strength, steps: one.steps, guidance: one.guidance, seed: one.seed)
            (request.eta, request.spacing) = (one.eta, one.told.map { .at($0) })
            let latent = try loops.run(request, by: loops.pipeline()).latent
            let agreement = Agreement(latent.values, try goldens["run.\(number)"].values)
            #expect(agreement.relative < 1e-3, "run \(number), \(one.mode.rawValue) \(one.sampler.rawValue): \(agreement)")
        }
    }

    /// Words that are typed and stored.
    @Test func aSpacingIsARuleOrStepsThatFall() throws {
        for rule in SchedulerConfiguration.Spacing.allCases { #expect(StepSpacing(rawValue: rule.rawValue) == .rule(rule)) }
        #expect(StepSpacing(rawValue: "399") == .at([399]) && StepSpacing(rawValue: "999, 749,0") == .at([999, 749, 0]))
        for wrong in ["", "trail", "399,", "249,499", "5,5", "-1", "100000", "9223372036854775808", "1.5", "999;749"] {
            #expect(StepSpacing(rawValue: wrong) == nil, "\(wrong)")
        }
        for spacing in [StepSpacing.trailing, .at([999, 749])] {
            let stored = try JSONEncoder().encode([spacing])
            #expect(String(decoding: stored, as: UTF8.self) == #"["\#(spacing.rawValue)"]"#)
            #expect(try JSONDecoder().decode([StepSpacing].self, from: stored) == [spacing])
        }
    }

    @Test func whatDoesNotGoTogetherIsRefused() throws {
        var request = GenerationRequest(mode: .paint, prompt: "", steps: 2)
        request.spacing = .at([999, 499])
        #expect(throws: GenerationRequestError.timesteps([999, 499], steps: 2, sampler: "ddim")) { try request.validate() }
        request.sampler = .lcm
        try request.validate()
        request.eta = 0.5
        #expect(throws: GenerationRequestError.etaOfSampler("lcm")) { try request.validate() }
        (request.sampler, request.steps) = (.tcd, 3)
        #expect(throws: GenerationRequestError.timesteps([999, 499], steps: 3, sampler: "tcd")) { try request.validate() }
        (request.steps, request.eta) = (2, 1.5)
        #expect(throws: GenerationRequestError.outOfRange(name: "eta", value: "1.5", range: "0 to 1")) { try request.validate() }
        #expect(throws: DiffusionError.timesteps([1000], trained: 1000)) {
            try StepSchedule(NoiseSchedule(.stableDiffusion), sampler: .lcm, count: 1, spacing: .at([1000]))
        }
    }

    /// Of few steps all are spread over what strength leaves, and one that was told is run at any strength.
    @Test func aRedrawnPictureHasItsStepsToo() throws {
        let outline = try PipelineOutline(
            unet: loadUNet("tiny/unet").configuration, autoencoder: loadAutoencoder("tiny/vae").configuration,
            scheduler: ScheduleTests.configuration("scaled", offset: 1))
        var request = GenerationRequest(mode: .generate, prompt: "", strength: 0.5, steps: 4)
        request.sampler = .tcd
        let spread = try outline.sampling(request, strength: 0.5)
        #expect(spread.sampler.timesteps == [499, 379, 259, 139] && spread.plan.run == 4)
        (request.sampler, request.steps, request.spacing) = (.lcm, 1, .at([399]))
        let one = try outline.sampling(request, strength: 0.5)
        #expect(one.sampler.timesteps == [399] && one.plan.run == 1 && one.plan.firstTimestep == 399)
    }
}
