import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Engines
@testable import Studio

/// What `redraw bench` tells of the models that are installed.
@Suite struct BenchTests {
    private struct Obstacle: Error, CustomStringConvertible {
        let description: String
    }

    private let folder: TemporaryFolder
    private let engine = PretendedEngine()
    private let studio: Studio

    init() throws {
        folder = try TemporaryFolder()
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        let premises = Premises(installation, libraryFolder: folder.url.appendingPathComponent("library"))
        studio = Studio(premises, analyst: Analyst(premises, encoder: nil, vocabulary: nil, tagger: nil), engines: [engine])
    }

    @Test func eachModelHasItsChoiceAndTheReason() async throws {
        let models = try await studio.plannedModels()
        #expect(models.map(\.name).contains(Studio.defaultGenerator) && models.count > 1)
        for model in models {
            #expect(model.precision == "f32" && model.reason == PrecisionWords.reason(for: .f32) && model.problems.isEmpty)
            #expect(model.pictures.map(\.width) == [512, 1024] && model.pictures.map(\.height) == [512, 1024])
        }
    }

    @Test func aModelThatCannotBePlannedEndsNothing() async throws {
        engine.state.withLock { state in
            state.obstacle = { order in
                order.model.name == Studio.defaultGenerator ? Obstacle(description: "its weights are damaged") : nil
            }
        }
        let models = try await studio.plannedModels()
        let broken = try #require(models.first { $0.name == Studio.defaultGenerator })
        #expect(broken.precision == nil && broken.reason == nil && broken.pictures.isEmpty)
        #expect(broken.problems == ["its weights are damaged"], "the same at both sizes is said once")
        let others = models.filter { $0.name != Studio.defaultGenerator }
        #expect(!others.isEmpty && others.allSatisfy { $0.pictures.count == 2 && $0.problems.isEmpty })
    }

    @Test func aSizeThatIsTooLargeLeavesTheOther() async throws {
        engine.state.withLock { state in
            state.obstacle = { $0.request.width == 1024 ? Obstacle(description: "too little memory at 1024x1024") : nil }
        }
        for model in try await studio.plannedModels() {
            #expect(model.precision == "f32" && model.pictures.map(\.width) == [512])
            #expect(model.problems == ["too little memory at 1024x1024"])
        }
    }

    @Test func cancellingEndsIt() async throws {
        engine.state.withLock { $0.obstacle = { _ in CancellationError() } }
        await #expect(throws: CancellationError.self) { _ = try await studio.plannedModels() }
    }
}
