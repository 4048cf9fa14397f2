import Diffusion
import Foundation
import Pixels
import Synchronization

/// An engine that runs elsewhere, in a program of its own.
package protocol OutsideEngine: Engine {
    /// How many jobs it takes at the same time.
    var jobsAtOnce: Int { get }
    /// The model it makes pictures with where nobody names one.
    func usualModel() async throws -> String
}

/// Servers of the person's own that speak `/sdapi/v1`, A1111's web UI first of all: one, or a pool of several behind one name.
///
/// A job's pictures are handed out one by one, each to the server that has the model and is free soonest. A server that fails is put aside, and
/// its picture is tried on another one once. What is sent is ready framed, and what comes back is cropped and pasted here, so that a
/// repainted picture keeps every pixel outside the mask whatever the server does.
package final class HTTPEngine: OutsideEngine {
    /// The servers' addresses, without credentials.
    package let name: String
    private let pool: EnginePool
    /// Runs under way, so that `settle` can wait for those that were given up.
    private let givenUp = Mutex<[Task<Void, Never>]>([])

    /// - Parameter addresses: at least one.
    package convenience init(_ addresses: [EngineAddress]) {
        self.init(addresses, patience: .init())
    }

    init(_ addresses: [EngineAddress], patience: WebUIServer.Patience) {
        precondition(!addresses.isEmpty, "an engine has an address")
        name = Self.name(of: addresses)
        pool = EnginePool(addresses.map { WebUIServer($0, patience: patience) })
    }

    /// What an engine of these servers is called.
    package static func name(of addresses: [EngineAddress]) -> String { addresses.map(\.description).joined(separator: " ") }

    package var jobsAtOnce: Int { pool.servers.count }

    /// A server that can make an order's pictures, and what it calls the model and the sampler.
    struct Candidate: Sendable {
        /// In the pool.
        let index: Int
        let model: WebUI.Model
        /// Whether the model has to be loaded first.
        let loads: Bool
        let sampler: String
        let scheduler: String?
    }

    struct Work: Sendable {
        let candidates: [Candidate]
        /// One for each strength.
        let scenes: [OutsideScene]
        let source: Image?
        let planning: Duration
    }

    /// What the first server that answers has loaded.
    package func usualModel() async throws -> String {
        var failure: (any Error)?
        for server in pool.servers {
            do {
                let inventory = try await server.inventory()
                guard let current = inventory.current, !current.isEmpty else {
                    throw HTTPEngineError.noUsualModel(engine: server.name)
                }
                return inventory.model(called: current)?.name ?? current
            } catch {
                try Task.checkCancellation()
                failure = failure ?? error
            }
        }
        throw failure ?? HTTPEngineError.noUsualModel(engine: name)
    }

    package func plan(_ order: GenerationOrder, isLast: Bool) async throws -> GenerationPlan {
        let begin = ContinuousClock.now
        let (candidates, notes) = try await candidates(for: order)
        let usualSide = candidates[0].model.usualSide
        return try await NumericQueue.shared.run {
            try Self.planned(order, candidates, usualSide: usualSide, notes: notes, begin: begin)
        }
    }

    package func run(_ plan: GenerationPlan) -> AsyncThrowingStream<GenerationEvent, any Error> {
        guard let work = plan.work as? Work else { preconditionFailure("a plan is run by the engine that made it") }
        return AsyncThrowingStream { continuation in
            let run = HTTPEngineRun(plan: plan, work: work, pool: pool) { continuation.yield($0) }
            let task = Task {
                do {
                    continuation.yield(.finished(try await run.results()))
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { reason in
                guard case .cancelled = reason else { return }
                task.cancel()
                self.givenUp.withLock { $0.append(task) }
            }
        }
    }

    package func settle() async {
        let tasks = givenUp.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks { await task.value }
    }

    /// The servers that can make the order, and why others cannot. Asked anew for each order: people change models and restart servers.
    private func candidates(for order: GenerationOrder) async throws -> (candidates: [Candidate], notes: [String]) {
        let told = await withTaskGroup(of: (Int, Result<WebUIServer.Inventory, any Error>).self) { group in
            for (index, server) in pool.servers.enumerated() {
                group.addTask { (index, await Self.outcome { try await server.inventory() }) }
            }
            var told: [Int: Result<WebUIServer.Inventory, any Error>] = [:]
            for await (index, outcome) in group { told[index] = outcome }
            return told
        }
        try Task.checkCancellation()
        var (candidates, notes): ([Candidate], [String]) = ([], [])
        var failures: [any Error] = []
        var known: [String] = []
        for (index, server) in pool.servers.enumerated() {
            do {
                guard let inventory = try told[index]?.get() else { continue }
                for model in inventory.models where !known.contains(model.name) { known.append(model.name) }
                guard let model = inventory.model(called: order.model.name) else {
                    notes.append("\(server.name) has no model \(order.model.name) and is not asked")
                    continue
                }
                candidates.append(try Self.candidate(index, server.name, inventory, model, order.request.sampler))
            } catch {
                pool.putAside(index)
                failures.append(error)
                notes.append("\(error)")
            }
        }
        guard candidates.isEmpty else { return (candidates, notes) }
        throw failures.first ?? HTTPEngineError.noModel(name: order.model.name, engines: name, known: known)
    }

    private static func outcome<Value: Sendable>(
        _ body: @Sendable () async throws -> Value
    ) async -> Result<Value, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    private static func candidate(
        _ index: Int, _ server: String, _ inventory: WebUIServer.Inventory, _ model: WebUI.Model, _ sampler: SamplerName
    ) throws -> Candidate {
        func named(_ name: String) -> String? {
            inventory.samplers.first { ([$0.name] + ($0.aliases ?? [])).contains { spelled($0) == spelled(name) } }?.name
        }
        // stable-diffusion.cpp writes euler_a and dpm++2m.
        func spelled(_ name: String) -> String { name.lowercased().filter { $0 != " " && $0 != "_" } }
        let loads = inventory.current.map { !model.isCalled($0) } ?? true
        func made(_ name: String, _ scheduler: String?) -> Candidate {
            Candidate(index: index, model: model, loads: loads, sampler: name, scheduler: scheduler)
        }
        // Since 1.9 the web UI has the schedule beside the sampler; before, and in Redraw's own answers to this list, both are one name.
        if let name = named(sampler.title) {
            return made(name, inventory.schedulers.map { _ in sampler.namesUniformSchedule ? "Uniform" : "Automatic" })
        }
        if sampler.title.hasSuffix(" Karras"),
            let karras = inventory.schedulers?.first(where: { $0.label == "Karras" || $0.name == "karras" }),
            let name = named(String(sampler.title.dropLast(" Karras".count)))
        {
            return made(name, karras.label ?? karras.name)
        }
        throw HTTPEngineError.noSampler(name: sampler.title, engine: server, known: inventory.samplers.map(\.name))
    }

    private static func planned(
        _ order: GenerationOrder, _ candidates: [Candidate], usualSide: Int, notes: [String], begin: ContinuousClock.Instant
    ) throws -> GenerationPlan {
        let request = order.request
        let source = try order.picture?.decoded().image
        let (mask, maskNotes) = try order.repaintMask(for: source?.size)
        let task = RunTask(
            request, strengths: order.runStrengths, source: source,
            mask: request.mode == .repaint ? try request.repaintMask(source: source, mask: mask) : nil)
        // The smallest picture that a latent value stands for, and what halves evenly three times: so it is for all models these servers run.
        let sizes = WorkingSizes(usualSide: usualSide, evenMultiple: 64, sizeMultiple: 8)
        let scenes = try order.runStrengths.indices.map { try OutsideScene(task.at($0), sizes: sizes) }
        var notes = maskNotes + notes
        if request.width == nil {
            notes.append(
                "\(order.model.name) is taken for a model of \(usualSide) pixels by its name; give a size if that is wrong")
        }
        let runs = zip(order.runStrengths, scenes).map { strength, scene in
            let steps = StepPlan(outside: request.steps, strength: request.mode == .paint ? nil : strength)
            return GenerationPlan.Run(
                strength: strength, steps: steps, passes: steps.passes, stages: [.init(size: scene.working, steps: steps)], drafts: 1)
        }
        return GenerationPlan(
            order: order, runs: runs, precision: "elsewhere", seconds: nil, memory: nil, tiled: false, notes: notes,
            work: Work(candidates: candidates, scenes: scenes, source: source, planning: begin.duration(to: .now)))
    }
}

extension SamplerName {
    /// Whether a server that is left to choose would take Karras' noise levels for it.
    fileprivate var namesUniformSchedule: Bool {
        switch self {
        case .dpmpp2M, .dpmpp2MSDE: true
        default: false
        }
    }
}
