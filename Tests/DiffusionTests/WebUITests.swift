import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// The profile a1111 against k-diffusion, whose samplers the web UI runs.
@Suite struct WebUITests {
    private struct Case: Decodable {
        let sampler: SamplerName
        let count: Int
        let sigmas: [Float]
        let timesteps: [Float]
    }

    @Test func noiseLevelsAreThoseOfTheWebUI() throws {
        let cases: [Case] = try json("webui.json")
        #expect(cases.count == 49)
        for one in cases {
            let schedule = try StepSchedule(NoiseSchedule(.stableDiffusion), sampler: one.sampler, count: one.count, profile: .a1111)
            // Heun meets its inner levels twice.
            let inner = schedule.sampler.passesPerStep == 2
            let sigmas = inner ? stride(from: 0, to: schedule.sigmas.count - 1, by: 2).map { schedule.sigmas[$0] } + [0] : schedule.sigmas
            let timesteps = inner ? stride(from: 0, to: schedule.timesteps.count, by: 2).map { schedule.timesteps[$0] } : schedule.timesteps
            let name = "\(one.sampler.rawValue), \(one.count) steps"
            // Powers in single precision there, in double here.
            #expect(Agreement(sigmas, one.sigmas).relative < 1e-6, "\(name)")
            #expect(Agreement(timesteps, one.timesteps).relative < 1e-5, "\(name)")
        }
    }

    /// From nothing and at strength 0.6, whose 8 steps are 5 there: noise of one generator, then what the sampler draws.
    @Test(arguments: [SamplerName.euler, .eulerKarras, .eulerAncestral, .heun, .heunKarras, .dpmpp2M, .dpmpp2MKarras], [nil, 0.6])
    func walksAreThoseOfKDiffusion(_ sampler: SamplerName, _ strength: Double?) throws {
        let expected = try Goldens("webui.safetensors")["\(sampler.rawValue).\(strength == nil ? "paint" : "redraw")"].permuted([
            0, 2, 3, 1,
        ])
        let schedule = try StepSchedule(NoiseSchedule(.stableDiffusion), sampler: sampler, count: 8, profile: .a1111)
        let plan = try StepPlan(schedule, strength: strength, profile: .a1111)
        #expect(plan.run == (strength == nil ? 8 : 5))
        var walker = Sampler(schedule)
        var random = TorchRandom(seed: 77)
        var other = TorchRandom(seed: 5)
        let clean = other.noise(like: expected)
        let noise = random.noise(like: expected)
        var latent = strength == nil ? walker.start(from: noise) : walker.addNoise(noise, to: clean, at: plan.start)
        for index in plan.start..<schedule.timesteps.count {
            let shift = schedule.timesteps[index] / 1000 - 0.3
            let answer = walker.modelInput(latent, at: index).mapped { tanh($0 * 0.7 + shift) }
            latent = walker.step(answer, latent, at: index, random: &random)
        }
        let agreement = Agreement(latent.values, expected.values)
        #expect(agreement.relative < 2e-5, "\(sampler.rawValue) \(strength ?? 1): \(agreement)")
    }

    @Test func samplersThatAreNotReproducedAreRefused() {
        for sampler in [SamplerName.ddim, .pndm, .unipc, .lcm, .dpmpp2MSDE] {
            #expect(throws: DiffusionError.self) {
                try StepSchedule(NoiseSchedule(.stableDiffusion), sampler: sampler, count: 20, profile: .a1111)
            }
        }
    }
}
