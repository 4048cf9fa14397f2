import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Guidance that ends before the run does.
@Suite struct GuidanceUntilTests {
    let loops = try! PipelineTests()
    let counting: WatchedDenoiser
    let pipeline: Pipeline

    init() throws { (pipeline, counting) = try loops.watched() }

    private func request(_ until: Double?, steps: Int = 6, sampler: SamplerName = .ddim, guidance: Double = 4) -> GenerationRequest {
        var request = loops.request(.paint)
        (request.steps, request.sampler, request.guidance, request.guidanceUntil) = (steps, sampler, guidance, until)
        return request
    }

    /// (Until, steps, sampler, batches).
    static let counts: [(Double?, Int, SamplerName, [Int])] = [
        (nil, 6, .ddim, [2, 2, 2, 2, 2, 2]), (1, 6, .ddim, [2, 2, 2, 2, 2, 2]), (0.5, 6, .ddim, [2, 2, 2, 1, 1, 1]),
        (2, 6, .ddim, [2, 2, 1, 1, 1, 1]), (40, 6, .ddim, [2, 2, 2, 2, 2, 2]), (0, 6, .ddim, [1, 1, 1, 1, 1, 1]),
        (0.7, 5, .euler, [2, 2, 2, 2, 1]), (2, 4, .heun, [2, 2, 2, 2, 1, 1, 1]), (3, 4, .pndm, [2, 2, 2, 1, 1]),
    ]

    /// What the plan counts is what goes through the network, and its time is made of it.
    @Test(arguments: counts.indices) func theNetworkIsAskedAsThePlanSays(_ index: Int) throws {
        let (until, steps, sampler, batches) = Self.counts[index]
        let request = request(until, steps: steps, sampler: sampler)
        let plan = try pipeline.plan(request, picture: nil)
        _ = try pipeline.lastLatent(request)
        #expect(counting.batches == batches)
        #expect(plan.passes == batches.count && plan.passes + plan.guidedPasses == batches.reduce(0, +))
        let whole = try pipeline.plan(self.request(nil, steps: steps, sampler: sampler), picture: nil)
        let share = Double(batches.reduce(0, +)) / Double(2 * batches.count)
        #expect(abs(plan.operations / whole.operations - share) < 1e-9)
    }

    @Test(arguments: [nil, 0.5]) func guidanceOfOneNeedsNoSecondPass(until: Double?) throws {
        let request = request(until, guidance: 1)
        _ = try pipeline.lastLatent(request)
        #expect(counting.batches == [1, 1, 1, 1, 1, 1])
        #expect(try pipeline.plan(request, picture: nil).guidedPasses == 0)
    }

    /// Step by step by hand: three steps of both texts, three of the prompt alone.
    @Test func theResultIsThatOfAWalkWhereGuidanceIsDropped() throws {
        let request = request(0.5)
        let sampling = try pipeline.family.sampling(request, strength: nil)
        var (sampler, random) = (sampling.sampler, TorchRandom(seed: 7))
        var walked = sampler.start(from: pipeline.noise(&random, PixelSize(width: 32, height: 24)))
        for index in 0..<6 {
            func said(_ prompt: String) throws -> Tensor {
                let told = Guidance(conditional: Conditioning(states: try loops.goldens[prompt])).context
                return try loops.unet.predict(
                    sampler.modelInput(walked, at: index), at: Double(sampler.timesteps[index]), told, .none, checkCancelled: {})
            }
            var answer = try said("positive")
            if index < 3 {
                let without = try said("negative")
                answer = without + (answer - without) * 4
            }
            walked = sampler.step(answer, walked, at: index, random: &random)
        }
        let agreement = Agreement(try pipeline.lastLatent(request).values, walked.values)
        #expect(agreement.relative < 1e-5, "\(agreement)")
        #expect(Agreement(try pipeline.lastLatent(self.request(nil)).values, walked.values).relative > 1e-3)
    }

    /// A prompt that changes on the way goes on changing behind the guidance.
    @Test(arguments: [(2, [2, 2, 1, 1, 1, 1]), (4, [2, 2, 2, 2, 1, 1]), (0, [1, 1, 1, 1, 1, 1])])
    func promptsThatChangeGoOn(guided: Int, batches: [Int]) throws {
        var request = request(nil)
        request.prompt = "[positive:negative:3]"
        let guidance = pipeline.guidance(
            try pipeline.texts(request), request, working: PixelSize(width: 32, height: 24), guided: guided)
        #expect((0..<6).map { guidance.at(step: $0).batch } == batches)
        let (first, second) = (try loops.goldens["positive"].values, try loops.goldens["negative"].values)
        #expect(
            (0..<6).map { guidance.at(step: $0).conditional.states.values == ($0 < 4 ? first : second) } == Array(repeating: true, count: 6)
        )
    }

    @Test(arguments: [-0.1, 1.5, 1001, .nan]) func whatIsNoShareAndNoNumberOfStepsIsRefused(until: Double) {
        #expect(throws: GenerationRequestError.self) { try request(until).validate() }
    }
}
