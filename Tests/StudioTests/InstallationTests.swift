import Engines
import Foundation
@testable import Studio
import TestSupport
import Testing

struct InstallationTests {
    @Test func foldersFollowTheXDGRules() throws {
        let named = try Installation.current(environment: [
            "REDRAW_DATA": checkout.path, "XDG_DATA_HOME": "/x/data", "XDG_CACHE_HOME": "/x/cache", "HOME": "/home/me",
        ])
        #expect(named.defaultLibrary.path == "/x/data/redraw")
        #expect(named.personalModels.path == "/x/data/redraw/models")
        #expect(named.cache.path == "/x/cache/redraw")
        // A relative path in an XDG variable counts as not set.
        let relative = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "XDG_DATA_HOME": "data", "HOME": "/home/me"])
        #expect(relative.defaultLibrary.path == "/home/me/.local/share/redraw")
        #expect(relative.cache.path == "/home/me/.cache/redraw")
    }

    @Test func dataIsFoundFromTheProgramNotFromTheWorkingDirectory() throws {
        #expect(try Installation.current(environment: ["HOME": "/"]).data.path == checkout.path)
    }

    @Test func missingDataIsSaid() throws {
        let empty = try TemporaryFolder()
        #expect {
            try Installation.current(environment: ["REDRAW_DATA": empty.url.path])
        } throws: { "\($0)".contains(empty.url.path) }
    }
}

struct StudioTests {
    private func studio(_ folder: TemporaryFolder) throws -> Studio {
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        return Studio(installation: installation)
    }

    @Test func whatIsShippedIsInstalledAndWhatIsNotIsNamedSo() async throws {
        let folder = try TemporaryFolder()
        let (models, problems) = try studio(folder).models()
        #expect(problems.isEmpty, "\(problems)")
        let installed = Set(models.filter(\.installed).map(\.name))
        #expect(installed == ["redraw-encoder", "redraw-small", "redraw-painter"])
        #expect(models.count > installed.count)
    }

    @Test func anUnknownModelIsRefusedByName() async throws {
        let folder = try TemporaryFolder()
        var wish = GenerationWish()
        wish.prompt = "a cat"
        for (model, word) in [("no-such-model", "no-such-model"), ("sd15", "not installed"), ("redraw-encoder", "looks at pictures")] {
            wish.model = model
            await #expect {
                _ = try await studio(folder).order(wish)
            } throws: { "\($0)".contains(word) }
        }
    }

    /// A model far larger than any machine's memory: its header says so, and nothing of it is read.
    @Test func tooLittleMemoryIsSaidBeforeWeightsAreRead() async throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appendingPathComponent("huge")
        try FileManager.default.copyItem(at: checkout.appendingPathComponent("Models/redraw-small"), to: model)
        let file = model.appendingPathComponent("unet/diffusion_pytorch_model.safetensors")
        let small = try Data(contentsOf: file)
        let length = small.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: small.dropFirst(8).prefix(length))
        var entries = try #require(header as? [String: Any])
        let (end, ballast) = (small.count - 8 - length, 1 << 42)
        entries["ballast"] = ["dtype": "F16", "shape": [1 << 21, 1 << 20], "data_offsets": [end, end + ballast]]
        var text = try JSONSerialization.data(withJSONObject: entries)
        text.append(Data(repeating: 0x20, count: (8 - text.count % 8) % 8))
        try (Data((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }) + text).write(to: file)
        // The rest of it is a hole.
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(8 + text.count + end + ballast))
        try handle.close()

        var wish = GenerationWish()
        (wish.prompt, wish.seed, wish.size, wish.model) = ("a cat", 1, "64x64", model.path)
        wish.output = folder.url.path
        let studio = try studio(folder)
        let order = try await studio.order(wish)
        await #expect {
            _ = try await studio.generate(order)
        } throws: { error in
            guard case EngineError.tooLittleMemory(let needed, let weights, _, let size, let inHalves) = error else { return false }
            return needed > weights && weights > ballast && size == "64x64" && inHalves && "\(error)".contains("smaller model")
        }
        #expect(try studio.desk().library.generations().isEmpty)
        #expect(try studio.jobs().map(\.state) == ["failed"])
    }

    @Test func aCancelledGenerationWritesNothingAndIsKeptAsCancelled() async throws {
        let folder = try TemporaryFolder()
        let studio = try studio(folder)
        var wish = GenerationWish()
        (wish.prompt, wish.size, wish.steps) = ("a photo of a cat", "64x64", 200)
        let place = folder.url.appendingPathComponent("out", isDirectory: true)
        wish.output = place.path + "/"
        let order = try await studio.order(wish)
        let work = Task { try await studio.generate(order) { if case .step = $0 { withUnsafeCurrentTask { $0?.cancel() } } } }
        await #expect(throws: CancellationError.self) { _ = try await work.value }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).isEmpty)
        #expect(try studio.desk().library.generations().map(\.status) == [.cancelled])
        #expect(try studio.jobs().map(\.state) == ["cancelled"])
    }
}
