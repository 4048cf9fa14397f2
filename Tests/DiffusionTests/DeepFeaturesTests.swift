import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Passes that take over what the deeper levels made before.
@Suite struct DeepFeaturesTests {
    let loops = try! PipelineTests()
    let written: WatchedDenoiser
    let pipeline: Pipeline

    init() throws { (pipeline, written) = try loops.watched() }

    private func request(
        every: Int?, until: Double? = nil, steps: Int = 6, sampler: SamplerName = .ddim, prompt: String? = nil
    ) -> GenerationRequest {
        var request = loops.request(.paint)
        (request.steps, request.sampler, request.guidance) = (steps, sampler, 4)
        (request.guidanceUntil, request.reuseEvery) = (until, every)
        if let prompt { request.prompt = prompt }
        return request
    }

    /// (Every, guidance until, steps, sampler, which passes are whole).
    static let courses: [(Int?, Double?, Int, SamplerName, String)] = [
        (nil, nil, 6, .ddim, "wwwwww"), (1, nil, 6, .ddim, "wwwwww"), (2, nil, 6, .ddim, "w-w-w-"), (3, nil, 7, .ddim, "w--w--w"),
        (10, nil, 6, .ddim, "w-----"), (2, 0.5, 6, .ddim, "w-ww-w"), (3, 2, 6, .euler, "w-w--w"), (2, nil, 4, .heun, "w-w-w-w"),
    ]

    /// The plan counts the passes that run the outermost layers alone, and its time is made of what they cost.
    @Test(arguments: courses.indices) func thePassesAreAsThePlanSays(_ index: Int) throws {
        let (every, until, steps, sampler, course) = Self.courses[index]
        let request = request(every: every, until: until, steps: steps, sampler: sampler)
        let plan = try pipeline.plan(request, picture: nil)
        _ = try pipeline.lastLatent(request)
        #expect(written.whole.map { $0 ? "w" : "-" }.joined() == course)
        #expect(plan.outerPasses == course.count { $0 == "-" } && plan.passes == course.count)
        let whole = try pipeline.plan(self.request(every: nil, until: until, steps: steps, sampler: sampler), picture: nil)
        #expect(every ?? 1 == 1 ? plan.operations == whole.operations : plan.operations < whole.operations)
    }

    /// Another text is told, from the fifth pass on as the web UI counts: what was made for the one before does not stand for it.
    @Test func aPromptThatChangesBeginsAnew() throws {
        _ = try pipeline.lastLatent(request(every: 6, prompt: "[positive:negative:3]"))
        #expect(written.whole == [true, false, false, false, true, false])
    }

    /// Where nothing has changed between two passes, what is taken over is what would have been made.
    @Test func theSamePassGivesTheSameAnswer() throws {
        let network = try loops.pipeline().denoiser
        let context = TextContext(states: .filled(0.3, [1, 7, pipeline.family.textWidth]), mask: .none)
        let shape: Shape = [1, 8, 8, pipeline.family.latentChannels]
        let latent = Tensor((0..<shape.count).map { Float($0 % 13) / 13 - 0.5 }, shape: shape)
        var deep = DeepFeatures(every: 2)
        func pass(_ latent: Tensor, _ time: Double) throws -> Tensor {
            try network.predict(latent, at: time, context, .none, reusing: &deep, checkCancelled: {})
        }
        let first = try pass(latent, 500)
        #expect(try pass(latent, 500) == first)
        // The third is whole again; the fourth sees the new latent with the outermost layers alone, and so is neither the old answer nor
        // the one that a whole pass would give.
        #expect(try pass(latent, 480) == network.predict(latent, at: 480, context, .none, checkCancelled: {}))
        let moved = latent * 0.9
        let taken = try pass(moved, 480)
        let whole = try network.predict(moved, at: 480, context, .none, checkCancelled: {})
        #expect(taken != first && taken != whole)
    }

    @Test(arguments: [GenerationRequest.Profile.diffusers, .a1111]) func otherToolsPassesAreWhole(profile: GenerationRequest.Profile) {
        var request = request(every: 2)
        request.profile = profile
        #expect(throws: GenerationRequestError.onlyRedraw(name: "reusing a pass", profile: profile.rawValue)) { try request.validate() }
        request.reuseEvery = 1
        #expect(throws: Never.self) { try request.validate() }
    }

    @Test(arguments: [0, 11, -1]) func onlyOneToTen(every: Int) {
        #expect(throws: GenerationRequestError.self) { try request(every: every).validate() }
    }
}
