import Pixels
import Synchronization
import Tensors
import Testing

@testable import Diffusion

/// A pipeline's last run lets go of what it is done with, and makes the pictures that any other makes.
@Suite struct LastRunTests {
    private let tests: PipelineTests

    init() throws { tests = try PipelineTests() }

    /// What is done, and what is in memory meanwhile.
    private final class Witness: Sendable {
        private struct State: Sendable {
            weak var network: WatchedDenoiser?
            weak var words: Words?
            var seen: [String] = []
        }
        private let state = Mutex(State())

        var seen: [String] { state.withLock { $0.seen } }

        func watch(_ words: Words) { state.withLock { $0.words = words } }
        func watch(_ network: WatchedDenoiser) { state.withLock { $0.network = network } }

        func see(_ what: String) {
            state.withLock { state in
                let there = [(state.words != nil, "words"), (state.network != nil, "network")].filter(\.0).map(\.1)
                state.seen.append(([what] + there).joined(separator: " "))
            }
        }
    }

    private final class Words: PromptEncoder {
        private let stored: StoredPrompts
        init(_ stored: StoredPrompts) { self.stored = stored }
        func states(for prompt: String) throws -> Tensor { try stored.states(for: prompt) }
        func tokenCount(_ prompt: String) throws -> Int { try stored.tokenCount(prompt) }
    }

    private struct Codec: LatentCodec {
        let whole: any LatentCodec
        let witness: Witness
        var encodes = true

        func encode(_ picture: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Autoencoder.Posterior {
            #expect(encodes)
            witness.see("encodes:")
            return try whole.encode(picture, tiled: tiled, checkCancelled: checkCancelled)
        }
        func decode(_ latent: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Tensor {
            witness.see(encodes ? "decodes, could encode:" : "decodes:")
            return try whole.decode(latent, tiled: tiled, checkCancelled: checkCancelled)
        }
        func scaled(_ latent: Tensor) -> Tensor { whole.scaled(latent) }
        func unscaled(_ latent: Tensor) -> Tensor { whole.unscaled(latent) }
        var decodingAlone: any LatentCodec { Codec(whole: whole.decodingAlone, witness: witness, encodes: false) }
    }

    /// A pipeline that nothing else holds a part of, its network read when it is needed where that is said.
    private func pipeline(_ witness: Witness, asNeeded: Bool = false) throws -> Pipeline {
        let whole = try tests.pipeline()
        let words = Words(
            StoredPrompts(states: ["positive": try tests.goldens["positive"], "negative": try tests.goldens["negative"]]))
        witness.watch(words)
        let network = ModelPart<any Denoiser> {
            let network = WatchedDenoiser(whole.denoiser)
            witness.watch(network)
            return network
        }
        if !asNeeded { _ = try network.read() }
        return Pipeline(
            family: whole.family, denoiser: network, codec: Codec(whole: whole.codec, witness: witness), text: words, adaptations: [])
    }

    /// The pictures of a run, and what was seen of it.
    private func run(
        _ request: GenerationRequest, strengths: [Double]? = nil, isLast: Bool, previews: Bool = false, asNeeded: Bool = false
    ) throws -> (pictures: [Image], seen: [String]) {
        let source = request.mode == .paint ? nil : try tests.goldens.image("source")
        let mask = request.mode == .repaint ? Mask(try tests.goldens.image("mask")) : nil
        let task = RunTask(request, strengths: strengths ?? [request.strength], source: source, mask: mask)
        let witness = Witness()
        let results = try pipeline(witness, asNeeded: asNeeded).run(task, previews: previews, isLast: isLast) { _ in }
        return (results.flatMap(\.pictures).map(\.image), witness.seen)
    }

    @Test(arguments: [GenerationRequest.Mode.paint, .generate, .repaint]) func whatIsDoneWithIsGone(_ mode: GenerationRequest.Mode) throws {
        var request = tests.request(mode)
        request.steps = 3
        let encoded = mode == .paint ? [] : ["encodes: network"]
        let (pictures, seen) = try run(request, isLast: true)
        #expect(seen == encoded + ["decodes:"])
        let kept = try run(request, isLast: false)
        #expect(kept.seen == (mode == .paint ? [] : ["encodes: words network"]) + ["decodes, could encode: words network"])
        #expect(kept.pictures == pictures)
    }

    /// What is read when it is needed does not stand beside what comes before.
    @Test(arguments: [GenerationRequest.Mode.paint, .generate, .repaint]) func theNetworkComesLast(_ mode: GenerationRequest.Mode) throws {
        var request = tests.request(mode)
        request.steps = 3
        let (pictures, seen) = try run(request, isLast: true, asNeeded: true)
        #expect(seen == (mode == .paint ? [] : ["encodes:"]) + ["decodes:"])
        #expect(try run(request, isLast: false).pictures == pictures)
    }

    @Test func aNetworkThatCannotBeReadEndsTheRun() throws {
        struct Damaged: Error {}
        let whole = try tests.pipeline()
        let pipeline = Pipeline(
            family: whole.family, denoiser: ModelPart { throw Damaged() }, codec: whole.codec, text: whole.text, adaptations: [])
        #expect(throws: Damaged.self) { try pipeline.run(tests.request(.paint)) { _ in } }
    }

    /// Previews are fitted to the autoencoder before anything is let go.
    @Test func previewsAreShownToTheEnd() throws {
        var request = tests.request(.generate)
        request.steps = 3
        let (pictures, seen) = try run(request, isLast: true, previews: true)
        #expect(seen == ["encodes: words network", "encodes: network", "decodes:"])
        #expect(try run(request, isLast: false, previews: true).pictures == pictures)
    }

    @Test func severalPicturesShareTheNetworkToTheLast() throws {
        var request = tests.request(.generate)
        (request.steps, request.count) = (2, 3)
        let (pictures, seen) = try run(request, isLast: true)
        #expect(seen == ["encodes: network", "decodes: network", "decodes: network", "decodes:"])
        #expect(try run(request, isLast: false).pictures == pictures)
        request.count = 1
        let sheet = try run(request, strengths: [0.5, 1], isLast: true)
        #expect(sheet.seen == ["encodes: network", "decodes: network", "decodes:"])
        #expect(try run(request, strengths: [0.5, 1], isLast: false).pictures == sheet.pictures)
    }

    /// Each stage encodes what the one before made; drafts are stages, too.
    @Test func whatGrowsKeepsAllToItsLastStage() throws {
        var request = tests.request(.paint)
        (request.width, request.height, request.firstSide, request.steps) = (64, 64, 32, 4)
        let (pictures, seen) = try run(request, isLast: true)
        #expect(seen == ["decodes, could encode: network", "encodes: network", "decodes:"])
        #expect(try run(request, isLast: false).pictures == pictures)
        request.drafts = 2
        let drafted = try run(request, isLast: true)
        let draft = "decodes, could encode: network"
        #expect(drafted.seen == [draft, "encodes: network", draft, draft, "encodes: network", "decodes:"])
        #expect(try run(request, isLast: false).pictures == drafted.pictures)
    }
}
