import Foundation
import Pixels
import Synchronization

@testable import Diffusion
@testable import Engines

/// An engine that computes nothing: its pictures are one pixel, and it finishes when it is let.
final class PretendedEngine: Engine {
    struct State {
        var running = 0
        var mostAtOnce = 0
        /// Seeds of the orders, as they were begun.
        var begun: [UInt64] = []
        var isHeld = false
        /// What is in the way of an order's plan, if anything.
        var obstacle: @Sendable (GenerationOrder) -> (any Error)? = { _ in nil }
    }

    let name = BuiltinEngine.name
    let state = Mutex(State())

    func hold(_ isHeld: Bool) { state.withLock { $0.isHeld = isHeld } }

    func plan(_ order: GenerationOrder, isLast: Bool) async throws -> GenerationPlan {
        if let obstacle = state.withLock({ $0.obstacle })(order) { throw obstacle }
        let steps = StepPlan(requested: 1, run: 1, passes: 1, firstTimestep: 999, start: 0)
        let size = PixelSize(width: order.request.width ?? 1, height: order.request.height ?? 1)
        let run = GenerationPlan.Run(
            strength: order.request.strength, steps: steps, passes: 1, stages: [.init(size: size, steps: steps)], drafts: 1)
        return GenerationPlan(
            order: order, runs: [run], precision: "f32", seconds: 1, memory: 1000, tiled: false,
            notes: ["something was left out"], work: 0)
    }

    func run(_ plan: GenerationPlan) -> AsyncThrowingStream<GenerationEvent, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                self.state.withLock { state in
                    state.running += 1
                    state.mostAtOnce = max(state.mostAtOnce, state.running)
                    state.begun.append(plan.order.seed)
                }
                defer { self.state.withLock { $0.running -= 1 } }
                continuation.yield(.loaded(prompt: PromptLength(tokens: 2, limit: nil), seconds: 0))
                do {
                    repeat { try await Task.sleep(for: .milliseconds(10)) } while self.state.withLock { $0.isHeld }
                    let picture = PipelineResult.Picture(
                        image: Image(width: 1, height: 1, channels: 3, bytes: [1, 2, 3]), seed: plan.order.seed)
                    continuation.yield(
                        .finished([GenerationResult(run: plan.runs[0], pictures: [picture], seconds: .init(), untouched: nil)]))
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

    func settle() async {}
}
