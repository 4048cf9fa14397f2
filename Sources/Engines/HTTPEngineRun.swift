import Diffusion
import Foundation
import Pixels
import Synchronization

/// A run of an engine elsewhere: its pictures are handed out, gathered in their order, and made into results here.
struct HTTPEngineRun: Sendable {
    let plan: GenerationPlan
    let work: HTTPEngine.Work
    let pool: EnginePool
    let tell: @Sendable (GenerationEvent) -> Void

    /// A picture to be made: which of the strengths, and its seed.
    private struct Piece: Sendable {
        let run: Int
        let seed: UInt64
    }

    private struct Made: Sendable {
        let picture: PipelineResult.Picture
        let seconds: Double
    }

    /// What is told of the run while several servers work on it.
    private final class Telling: Sendable {
        struct State {
            var shares: [Double]
            /// Pieces that somebody has.
            var given = 0
            var isLoaded = false
            var last: (picture: Int, step: Int) = (0, 0)
        }
        let state: Mutex<State>
        let begin = ContinuousClock.now

        init(pieces: Int) {
            state = Mutex(State(shares: Array(repeating: 0, count: pieces)))
        }

        /// The first piece that nobody has yet.
        func next() -> Int? {
            state.withLock { state in
                defer { state.given += 1 }
                return state.given < state.shares.count ? state.given : nil
            }
        }
    }

    func results() async throws -> [GenerationResult] {
        let seeds = plan.order.request.seeds(from: plan.order.seed)
        let pieces = plan.runs.indices.flatMap { run in seeds.map { Piece(run: run, seed: $0) } }
        let telling = Telling(pieces: pieces.count)
        let made = try await withThrowingTaskGroup(of: [(Int, Made)].self) { group in
            for _ in 0..<min(pieces.count, work.candidates.count) {
                group.addTask {
                    var made: [(Int, Made)] = []
                    while let index = telling.next() {
                        made.append((index, try await self.made(pieces[index], at: index, telling)))
                    }
                    return made
                }
            }
            return try await group.reduce(into: [Int: Made]()) { all, part in
                for (index, piece) in part { all[index] = piece }
            }
        }
        return plan.runs.indices.map { run in
            let own = pieces.indices.filter { pieces[$0].run == run }.compactMap { made[$0] }
            var seconds = PipelineResult.Seconds()
            // Reading the prompt and decoding are the server's own affair and not told apart.
            (seconds.denoise, seconds.total) = (own.reduce(0) { $0 + $1.seconds }, own.reduce(0) { $0 + $1.seconds })
            let pictures = own.map(\.picture)
            let proof = work.scenes[run].untouched(in: pictures)
            return GenerationResult(
                run: plan.runs[run], pictures: pictures, seconds: seconds,
                untouched: proof.flatMap { proof in work.source.map { .init(proof, of: $0) } })
        }
    }

    /// One picture, tried on one more server where one fails.
    private func made(_ piece: Piece, at index: Int, _ telling: Telling) async throws -> Made {
        if let unchanged = work.scenes[piece.run].unchanged(by: plan.runs[piece.run].steps) {
            loaded(telling)
            return Made(picture: .init(image: unchanged, seed: piece.seed), seconds: 0)
        }
        var failure: (engine: Int, error: HTTPEngineError)?
        while true {
            // Who need not load the model first is asked first.
            let left = work.candidates.filter { $0.index != failure?.engine }.sorted { !$0.loads && $1.loads }
            let engine = try await pool.take(left.map(\.index))
            defer { pool.giveBack(engine) }
            do {
                guard let candidate = left.first(where: { $0.index == engine }) else { preconditionFailure("taken out of these") }
                let made = try await made(piece, at: index, by: candidate, telling)
                pool.worked(engine)
                return made
            } catch let error as HTTPEngineError {
                if error.isOfServer { pool.putAside(engine) }
                telling.state.withLock { $0.shares[index] = 0 }
                if let failure { throw HTTPEngineError.failedTwice(first: "\(failure.error)", second: "\(error)") }
                guard work.candidates.count > 1 else { throw error }
                failure = (engine, error)
            }
        }
    }

    private func made(
        _ piece: Piece, at index: Int, by candidate: HTTPEngine.Candidate, _ telling: Telling
    ) async throws -> Made {
        let server = pool.servers[candidate.index]
        // Looked at again: the picture before this one may have had it loaded, or another caller another model.
        if try await server.isLoaded(candidate.model) == false { try await server.load(candidate.model) }
        loaded(telling)
        let begin = ContinuousClock.now
        let scene = work.scenes[piece.run]
        let request = try await NumericQueue.shared.run { try self.request(piece, candidate, scene) }
        let (image, seed) = try await server.picture(request, previews: plan.order.preview != nil || plan.wantsPreviews) { moment in
            self.tell(moment, of: index, telling)
        }
        guard image.size == scene.canvas else {
            throw HTTPEngineError.pictureSize(engine: server.name, found: "\(image.size)", wanted: "\(scene.canvas)")
        }
        tell(.init(share: 1, preview: nil), of: index, telling)
        let steps = plan.runs[piece.run].steps.run
        let delivered = try await NumericQueue.shared.run { scene.delivered(image, steps: steps) }
        return Made(
            picture: .init(image: delivered, seed: seed ?? piece.seed), seconds: begin.duration(to: .now) / .seconds(1))
    }

    private func request(
        _ piece: Piece, _ candidate: HTTPEngine.Candidate, _ scene: OutsideScene
    ) throws -> WebUI.Request {
        let order = scene.request
        var request = WebUI.Request()
        (request.prompt, request.negativePrompt, request.seed) = (order.prompt, order.negative, piece.seed)
        (request.subseed, request.subseedStrength) = (order.variationSeed, order.variationStrength)
        (request.samplerName, request.scheduler) = (candidate.sampler, candidate.scheduler)
        (request.steps, request.cfgScale) = (order.steps, order.guidance)
        (request.width, request.height) = (scene.canvas.width, scene.canvas.height)
        request.overrideSettings = .init(checkpoint: candidate.model.title, clipSkip: order.clipSkip)
        guard let picture = scene.picture else { return request }
        request.initImages = [try Self.encoded(picture)]
        request.denoisingStrength = plan.runs[piece.run].strength
        request.resizeMode = 0
        if let mask = scene.mask {
            request.mask = try Self.encoded(mask.image)
            (request.maskBlur, request.masksOnly, request.invertsMask) = (0, false, 0)
            request.fill =
                switch order.fill {
                case .blur: 0
                case .original: 1
                case .noise: 2
                case .empty: 3
                }
        }
        return request
    }

    /// Seconds of a year.
    private static let longest = 31_536_000.0

    private static func encoded(_ image: Image) throws -> String {
        Data(try ImageFile.encodePNG(image)).base64EncodedString()
    }

    /// Told once, when the first server is ready.
    private func loaded(_ telling: Telling) {
        let isFirst = telling.state.withLock { state in
            defer { state.isLoaded = true }
            return !state.isLoaded
        }
        guard isFirst else { return }
        tell(.loaded(prompt: nil, seconds: (work.planning + telling.begin.duration(to: .now)) / .seconds(1)))
    }

    /// How far the run is as a whole: pictures that several servers make at the same time are told as if they were made one after the other.
    private func tell(_ moment: WebUIServer.Moment, of index: Int, _ telling: Telling) {
        let seconds = telling.begin.duration(to: .now) / .seconds(1)
        let progress: GenerationProgress? = telling.state.withLock { state in
            state.shares[index] = max(state.shares[index], moment.share)
            let (done, all) = (state.shares.reduce(0, +), state.shares.count)
            let steps = max(plan.runs[0].steps.run, 1)
            let picture = min(Int(done), all - 1)
            let step = min(max(Int(((done - Double(picture)) * Double(steps)).rounded(.down)), 1), steps)
            guard (picture, step) > state.last || moment.preview != nil else { return nil }
            if (picture, step) > state.last { state.last = (picture, step) }
            return GenerationProgress(
                picture: picture, pictures: all, step: step, steps: steps, secondsElapsed: seconds,
                // A server that has hardly begun tells a share of nothing, and forever would be left.
                secondsLeft: min(seconds / done * (Double(all) - done), Self.longest), preview: moment.preview)
        }
        if let progress { tell(.progress(progress)) }
    }
}

extension WebUIServer {
    /// Whether the model is the one that is loaded.
    func isLoaded(_ model: WebUI.Model) async throws -> Bool {
        let options: WebUI.Settings = try await exchange.get("/sdapi/v1/options", within: patience.answer)
        return options.checkpoint.map { model.isCalled($0) } ?? false
    }
}
