import Diffusion
import Encoders
import Foundation
import Pixels
import Synchronization

/// The engine that comes with Redraw: diffusion on this machine's processor.
///
/// It owns the model that was used last and the queue that computes: one run at a time, in the order in which they were asked for. Plans are
/// made beside it.
package final class BuiltinEngine: Engine {
    /// What models need that does not lie with them.
    package struct Resources: Sendable {
        /// Searched, after the model's own folder and the one it lies in, for `loras` and `embeddings` that prompts call.
        let adapters: URL
        /// OpenAI's list of byte pairs, for models that bring no tokenizer.
        let merges: URL
        /// What reads prompts for models that bring no text encoder, and judges drafts.
        let encoder: @Sendable () throws -> DefaultEncoder

        package init(adapters: URL, merges: URL, encoder: @escaping @Sendable () throws -> DefaultEncoder) {
            (self.adapters, self.merges, self.encoder) = (adapters, merges, encoder)
        }
    }

    package static let name = "builtin"
    package var name: String { Self.name }

    private let resources: Resources
    private let queue = NumericQueue(label: "redraw.builtin", isSerial: true)
    /// Read by anybody, changed by what runs on the queue only.
    private let loaded = Mutex<Loaded?>(nil)

    /// The model that was used last, its weights in memory.
    private struct Loaded {
        let model: URL
        let options: PipelineOptions
        let pipeline: Pipeline
        /// What its weights take.
        let bytes: Int
    }

    /// A model as a plan found it: in memory, or with nothing but its headers read.
    private enum Model: Sendable {
        case loaded(Pipeline)
        case onDisk(PipelineSource, URL, PipelineOptions)

        var family: any ModelFamily {
            switch self {
            case .loaded(let pipeline): pipeline.family
            case .onDisk(let source, _, _): source.family
            }
        }

        /// What was left out of the files that the prompts call, in words.
        var notes: [String] {
            switch self {
            case .loaded(let pipeline): pipeline.notes
            case .onDisk(let source, _, _): source.notes
            }
        }

        /// What loading will take.
        var weightsToLoad: WeightMemory {
            switch self {
            case .loaded: WeightMemory()
            case .onDisk(let source, _, _): source.weightMemory
            }
        }
    }

    /// What a plan of this engine needs to be run.
    private struct Work: Sendable {
        let model: Model
        let task: RunTask
        let plans: [Pipeline.Plan]
        let planning: Double
    }

    package init(_ resources: Resources) {
        self.resources = resources
    }

    package func plan(_ order: GenerationOrder, isLast: Bool) async throws -> GenerationPlan {
        try await NumericQueue.shared.run { try self.planned(order, isLast: isLast) }
    }

    package func run(_ plan: GenerationPlan) -> AsyncThrowingStream<GenerationEvent, any Error> {
        guard let work = plan.work as? Work else { preconditionFailure("a plan is run by the engine that made it") }
        return AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try await self.queue.run { try self.perform(plan, work) { continuation.yield($0) } }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { reason in
                if case .cancelled = reason { task.cancel() }
            }
        }
    }

    package func settle() async {
        // What was given up stands before this in the queue. Nothing is thrown by nothing.
        try? await queue.run {}
    }
}

extension BuiltinEngine {
    /// What goes along with a run whatever its size: threads' stores, the picture's file and its writing, the encoder that reads prompts for models
    /// without one of their own. Up to 65 MB more than was counted were taken.
    private static let besides = 80 << 20

    private func planned(_ order: GenerationOrder, isLast: Bool) throws -> GenerationPlan {
        let begin = ContinuousClock.now
        let request = order.request
        let model = try open(order)
        let source = try order.picture?.decoded().image
        let (mask, maskNotes) = try order.repaintMask(for: source?.size)
        let task = RunTask(
            request, strengths: order.runStrengths, source: source,
            mask: request.mode == .repaint ? try request.repaintMask(source: source, mask: mask) : nil)
        // What is free for the run itself once the weights are there: refused before they are read.
        let givenUp = givenUp(for: model)
        let available = Memory.available.map { $0 + givenUp }
        let weights = model.weightsToLoad
        let budget = MemoryBudget(
            free: available, weights: weights, letsGo: isLast && weights.all > 0,
            isForSeveral: request.count * order.runStrengths.count > 1)
        let plans = try task.plans(model.family, budget: budget)
        if let available, let plan = plans.first(where: { $0.memory > available }) {
            throw EngineError.tooLittleMemory(
                needed: plan.memory, weights: weights.all, available: available, size: "\(plan.working)",
                inHalves: model.family.isHeldInHalves)
        }
        let added = (plans.map(\.memory).max() ?? 0) + Self.besides
        return GenerationPlan(
            order: order, runs: zip(order.runStrengths, plans).map { GenerationPlan.Run(strength: $0, $1) },
            precision: model.family.arithmetic.rawValue,
            seconds: task.seconds(plans, in: model.family.arithmetic), memory: max(0, (Memory.resident ?? 0) - givenUp) + added,
            tiled: plans.contains { $0.tiled }, notes: maskNotes + model.notes + Self.guidanceNotes(request, model.family),
            region: plans.last?.region, isLast: isLast,
            work: Work(model: model, task: task, plans: plans, planning: begin.duration(to: .now).inSeconds))
    }

    /// Where a step takes one pass as it is, there is no second one to leave out.
    private static func guidanceNotes(_ request: GenerationRequest, _ family: any ModelFamily) -> [String] {
        guard let until = request.guidanceUntil, !family.isGuided(request) else { return [] }
        return ["guidance until \(until) changes nothing here: each step takes one pass of the network as it is"]
    }

    private func perform(_ plan: GenerationPlan, _ work: Work, _ tell: (GenerationEvent) -> Void) throws {
        let begin = ContinuousClock.now
        try Task.checkCancellation()
        guard case .onDisk(let source, let place, let options) = work.model, pipeline(at: place, options) == nil else {
            return try performed(plan, work, begin, tell)
        }
        // What stands in memory of files comes on top of what the run was counted to take.
        let needed = work.plans.map(\.memory).max() ?? 0
        let room = (Memory.available ?? 0) + givenUp(for: work.model) - needed
        try source.readingAhead(atMost: room) { try performed(plan, work, begin, tell) }
    }

    private func performed(
        _ plan: GenerationPlan, _ work: Work, _ begin: ContinuousClock.Instant, _ tell: (GenerationEvent) -> Void
    ) throws {
        let (pipeline, isAlone) = try pipeline(work.model, keeps: !plan.isLast)
        let request = plan.order.request
        let score: DraftScore = plan.runs.contains { $0.drafts > 1 } ? try nearness(to: request.prompt) : { _ in 0 }
        let prompt = try pipeline.length(of: request.prompt, request)
        tell(.loaded(prompt: prompt, seconds: work.planning + begin.duration(to: .now).inSeconds))
        let results = try pipeline.run(
            work.task, plans: work.plans, previews: plan.wantsPreviews || plan.order.preview != nil, isLast: isAlone, score: score
        ) { tell(.step($0)) }
        tell(.finished(zip(plan.runs, results).map { GenerationResult(run: $0, $1, source: work.task.source) }))
    }

    /// The order's model with what its prompts call: LoRA files out of folders `loras` and textual inversions out of folders `embeddings`,
    /// in the model's folder, beside it, or among the person's own models.
    private func open(_ order: GenerationOrder) throws -> Model {
        guard let place = order.model.place else { throw EngineError.modelElsewhere(order.model.name) }
        let folders = [place, place.deletingLastPathComponent(), resources.adapters]
        var options = try PipelineOptions(
            prompts: [order.request.prompt, order.request.negative], folders: folders, merges: resources.merges,
            precision: order.request.precision)
        options.autoencoder = order.request.autoencoder.map { name in
            if let path = order.autoencoder { return .at(URL(fileURLWithPath: path)) }
            return name == GenerationRequest.fittingAutoencoder ? .fitting(in: folders) : .named(name, in: folders)
        }
        (options.given, options.prediction) = (order.model.given, order.request.prediction)
        if let pipeline = pipeline(at: place, options) { return .loaded(pipeline) }
        return .onDisk(try PipelineSource(model: place, options: options), place, options)
    }

    /// Bytes that another model holds and that are free once this one's turn has come: runs follow one another, and each keeps its own alone.
    private func givenUp(for model: Model) -> Int {
        guard case .onDisk = model else { return 0 }
        return loaded.withLock { $0?.bytes ?? 0 }
    }

    private func pipeline(at place: URL, _ options: PipelineOptions) -> Pipeline? {
        loaded.withLock { $0.flatMap { $0.model == place && $0.options == options ? $0.pipeline : nil } }
    }

    /// The model's pipeline, its weights read unless they are there.
    ///
    /// - Returns: with it, whether nobody else has it or will.
    private func pipeline(_ model: Model, keeps: Bool) throws -> (Pipeline, isAlone: Bool) {
        switch model {
        case .loaded(let pipeline): return (pipeline, false)
        case .onDisk(let source, let place, let options):
            // A run between the plan and this one may have loaded it.
            if let pipeline = pipeline(at: place, options) { return (pipeline, false) }
            // Two large models at once may be more than the memory holds.
            loaded.withLock { $0 = nil }
            let pipeline = try source.load(asNeeded: !keeps) { try resources.encoder().textTower() }
            if keeps {
                loaded.withLock { $0 = Loaded(model: place, options: options, pipeline: pipeline, bytes: source.weightMemory.all) }
            }
            return (pipeline, !keeps)
        }
    }

    /// How near the encoder finds pictures to a prompt: their cosine. The encoder is opened at once, so that none that is missing is noticed
    /// late.
    private func nearness(to prompt: String) throws -> DraftScore {
        let encoder = try resources.encoder()
        try encoder.load(texts: true)
        let words = PromptWeights.parse(PromptTags(prompt).text).map(\.text).joined()
        let wanted = try encoder.embed([words])[0]
        return { try encoder.embed($0).cosine(wanted) }
    }
}

extension GenerationPlan.Run {
    fileprivate init(strength: Double, _ plan: Pipeline.Plan) {
        self.init(
            strength: strength, steps: plan.steps, passes: plan.passes, guidedPasses: plan.guidedPasses, outerPasses: plan.outerPasses,
            stages: plan.stages.map { GenerationPlan.Stage(size: $0.size, steps: $0.steps) }, drafts: plan.drafts?.count ?? 1)
    }
}

extension GenerationResult {
    fileprivate init(run: GenerationPlan.Run, _ result: PipelineResult, source: Image?) {
        let untouched = result.untouched.flatMap { proof in source.map { Untouched(proof, of: $0) } }
        self.init(run: run, pictures: result.pictures, seconds: result.seconds, untouched: untouched)
    }
}

extension Duration {
    fileprivate var inSeconds: Double { self / .seconds(1) }
}
