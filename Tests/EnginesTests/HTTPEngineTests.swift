import Diffusion
import Foundation
import Pixels
import Synchronization
import TestSupport
import Testing

@testable import Engines

/// An engine elsewhere against an independent server: what is sent, what becomes of what comes back, and what goes wrong.
@Suite struct HTTPEngineTests {
    private let folder: TemporaryFolder
    private let servers = ServingProcesses()

    init() throws {
        folder = try TemporaryFolder()
    }

    private func server(_ arguments: String...) throws -> ServingProcess {
        try servers.start(python: [fixture("webui_server.py", room: "Engines").path] + arguments)
    }

    private func engine(_ servers: [ServingProcess], credentials: String = "", silence: Int = 60, answer: Int = 30) throws -> HTTPEngine {
        let addresses = try servers.map { try EngineAddress("http://\(credentials)127.0.0.1:\($0.port)") }
        return HTTPEngine(addresses, patience: .init(poll: .milliseconds(50), silence: silence, answer: answer))
    }

    private func file(_ name: String, _ image: Image) throws -> GenerationOrder.Picture {
        let url = folder.url.appendingPathComponent(name)
        try ImageFile.write(image, to: url)
        return .init(path: url.path, sha256: "", width: image.width, height: image.height)
    }

    private func order(
        _ mode: GenerationRequest.Mode = .paint, _ name: String, model: String = "first-model", picture: Image? = nil, mask: Image? = nil,
        strengths: [Double] = [], preview: URL? = nil, _ change: (inout GenerationRequest) -> Void = { _ in }
    ) throws -> GenerationOrder {
        var request = GenerationRequest(mode: mode, prompt: "a hat", negative: "grey", steps: 10, seed: 770, width: 64, height: 48)
        (request.profile, request.sampler, request.model) = (.a1111, .dpmpp2MKarras, model)
        change(&request)
        return GenerationOrder(
            request: request, model: .init(name: model, path: nil), engine: name, picture: try picture.map { try file("picture.png", $0) },
            mask: try mask.map { try file("mask.png", $0) }, strengths: strengths, place: .folder(folder.url), preview: preview)
    }

    private func results(
        _ engine: HTTPEngine, _ order: GenerationOrder, onEvent: (GenerationEvent) -> Void = { _ in }
    ) async throws -> [GenerationResult] {
        var results: [GenerationResult] = []
        for try await event in engine.run(try await engine.plan(order)) {
            onEvent(event)
            if case .finished(let made) = event { results = made }
        }
        return results
    }

    private struct Logged: Decodable {
        let path: String
        let seed: UInt64?
        let samplerName: String?
        let scheduler: String?
        let steps: Int?
        let width: Int?
        let denoisingStrength: Double?
        let fill: Int?
        let maskBlur: Int?
        let hasMask: Bool
        let negative: String?
        let settings: WebUI.Settings?

        enum CodingKeys: String, CodingKey {
            case path, seed, scheduler, steps, width
            case samplerName = "sampler_name"
            case denoisingStrength = "denoising_strength"
            case fill = "inpainting_fill"
            case maskBlur = "mask_blur"
            case hasMask = "has_mask"
            case negative = "negative_prompt"
            case settings = "override_settings"
        }
    }

    private func log(_ server: ServingProcess) async throws -> [Logged] {
        let exchange = HTTPExchange(address: try EngineAddress(server.address))
        return try await exchange.get("/log", within: 10)
    }

    private func gradient(_ width: Int, _ height: Int) -> Image {
        var bytes: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { bytes += [UInt8(x * 2 & 255), UInt8(y * 3 & 255), UInt8((x + y) & 255)] }
        }
        return Image(width: width, height: height, channels: 3, bytes: bytes)
    }

    @Test func aPaintingIsAskedForAsItWasOrdered() async throws {
        let server = try server()
        let engine = try engine([server])
        let order = try order(.paint, engine.name) { ($0.width, $0.height, $0.count) = (60, 50, 3) }
        let plan = try await engine.plan(order)
        #expect(plan.seconds == nil && plan.memory == nil && plan.notes.isEmpty)
        #expect(plan.runs.map(\.steps.run) == [10])
        let results = try await results(engine, order)
        // A size that is no multiple of 8 is filled up for the server and cropped again; the picture tells its seed.
        #expect(results.count == 1 && results[0].pictures.map(\.seed) == [770, 771, 772])
        #expect(results[0].pictures.allSatisfy { $0.image.size == PixelSize(width: 60, height: 50) })
        #expect(results[0].pictures.map { $0.image[0, 0, 0] } == [2, 3, 4])
        let asked = try await log(server).filter { $0.path == "/txt2img" }
        #expect(asked.map(\.seed) == [770, 771, 772] && asked.allSatisfy { $0.width == 64 && $0.steps == 10 && $0.negative == "grey" })
        #expect(asked.allSatisfy { $0.samplerName == "DPM++ 2M" && $0.scheduler == "Karras" })
        #expect(asked.allSatisfy { $0.settings?.checkpoint == "first-model.safetensors [12345678]" })
    }

    @Test func olderServersHaveTheScheduleInTheSamplersName() async throws {
        let server = try server("--schedulers", "no")
        let engine = try engine([server])
        _ = try await results(engine, try order(.paint, engine.name))
        let asked = try await log(server)
        #expect(asked.last?.samplerName == "DPM++ 2M Karras" && asked.last?.scheduler == nil)
        await #expect {
            _ = try await engine.plan(try order(.paint, engine.name) { $0.sampler = .unipc })
        } throws: {
            "\($0)".contains("no sampler UniPC") && "\($0)".contains("Euler a")
        }
    }

    /// stable-diffusion.cpp's server spells samplers in its own way and never tells how far it is: its pictures are waited for all the same.
    @Test func aServerWithoutProgressIsWaitedFor() async throws {
        let server = try server("--like", "sd.cpp", "--model", "first-model", "--seconds", "3")
        let engine = try engine([server], silence: 1)
        #expect(try await results(engine, try order(.paint, engine.name)).count == 1)
        _ = try await engine.plan(try order(.paint, engine.name) { $0.sampler = .eulerAncestral })
        let asked = try await log(server).filter { $0.path == "/txt2img" }
        #expect(asked.map(\.samplerName) == ["dpm++2m"] && asked.map(\.scheduler) == ["karras"])
    }

    @Test func anotherModelIsLoadedFirstAndAnUnknownOneIsNamed() async throws {
        let server = try server()
        let engine = try engine([server])
        #expect(try await engine.usualModel() == "first-model")
        _ = try await results(engine, try order(.paint, engine.name, model: "second-model"))
        #expect(try await log(server).map(\.path) == ["/options", "/txt2img"])
        #expect(try await engine.usualModel() == "second-model")
        await #expect {
            _ = try await engine.plan(try order(.paint, engine.name, model: "third"))
        } throws: {
            $0 as? HTTPEngineError == .noModel(name: "third", engines: engine.name, known: ["first-model", "second-model"])
        }
    }

    @Test(arguments: [(GenerationRequest.OutputSize.working, 64, 48), (.picture, 100, 90)])
    func aPictureIsFramedHereAndHandedOverAsItWasOrdered(_ size: GenerationRequest.OutputSize, _ width: Int, _ height: Int) async throws {
        let server = try server()
        let engine = try engine([server])
        let source = Image(width: 100, height: 90, filledWith: [10, 20, 30])
        let order = try order(.generate, engine.name, picture: source) { ($0.outputSize, $0.strength) = (size, 0.5) }
        let results = try await results(engine, order)
        let made = results[0].pictures[0].image
        #expect(made.size == PixelSize(width: width, height: height))
        #expect(Array(made[width / 2, height / 2]) == [245, 235, 225])
        let asked = try #require(try await log(server).last)
        #expect(asked.path == "/img2img" && asked.denoisingStrength == 0.5 && !asked.hasMask)
        #expect(results[0].run.steps.run == 6, "the web UI's rule: one step more than the share")
    }

    @Test(arguments: [GenerationRequest.Area.whole, .masked])
    func outsideTheMaskEveryByteIsTheOriginals(_ area: GenerationRequest.Area) async throws {
        let server = try server()
        let engine = try engine([server])
        let source = gradient(120, 90)
        let mask = Image(width: 120, height: 90, filledWith: [0]).pasted(
            Image(width: 30, height: 30, filledWith: [255]), x: 30, y: 20, mask: Mask(width: 30, height: 30, filledWith: 255))
        let order = try order(.repaint, engine.name, picture: source, mask: mask) {
            ($0.area, $0.feather, $0.padding, $0.fill) = (area, 0, 8, .noise)
        }
        let results = try await results(engine, order)
        let made = results[0].pictures[0].image
        let proof = try #require(results[0].untouched)
        #expect(proof.identical && proof.pixels == 120 * 90 - 900)
        for (x, y) in [(0, 0), (29, 30), (60, 30), (119, 89)] { #expect(made[x, y] == source[x, y]) }
        // The server turned the colours round: had its grey outside been kept, or nothing been laid over, this would show.
        let centre = (made[45, 35], source[45, 35])
        for (new, old) in zip(centre.0, centre.1) { #expect(abs(Int(new) + Int(old) - 255) < 12) }
        let asked = try #require(try await log(server).last)
        #expect(asked.hasMask && asked.fill == 2 && asked.maskBlur == 0)
    }

    @Test func aSheetHasAResultForEachStrengthAndNothingIsAskedForNone() async throws {
        let server = try server()
        let engine = try engine([server])
        let order = try order(.generate, engine.name, picture: gradient(64, 48), strengths: [0.2, 0.6, 0.9])
        let results = try await results(engine, order)
        #expect(results.map(\.run.strength) == [0.2, 0.6, 0.9] && results.allSatisfy { $0.pictures.count == 1 })
        #expect(try await log(server).filter { $0.path == "/img2img" }.map(\.denoisingStrength) == [0.2, 0.6, 0.9])
    }

    @Test func progressAndPreviewsAreTold() async throws {
        // Listened to until enough was told: other tests may hold every thread of the pool for a while.
        let server = try server("--seconds", "40")
        let engine = try engine([server])
        let preview = folder.url.appendingPathComponent("now.png")
        let plan = try await engine.plan(try order(.paint, engine.name, preview: preview))
        var (steps, previews, isLoaded): ([Int], Int, Bool) = ([], 0, false)
        listening: for try await event in engine.run(plan) {
            switch event {
            case .loaded(let prompt, let seconds):
                isLoaded = prompt == nil && seconds > 0
            case .progress(let progress):
                steps.append(progress.step)
                if progress.preview != nil { previews += 1 }
                #expect(isLoaded && progress.steps == 10 && progress.pictures == 1 && progress.secondsLeft >= 0)
                if Set(steps).count > 1, previews > 1 { break listening }
            default: break
            }
        }
        #expect(steps == steps.sorted() && Set(steps).count > 1 && previews > 1, "\(steps)")
        await engine.settle()
    }

    @Test func aShareOfNothingLeavesNoForever() async throws {
        let server = try server("--fault", "odd", "--seconds", "1")
        let engine = try engine([server])
        var left: [Double] = []
        _ = try await results(engine, try order(.paint, engine.name)) { event in
            if case .progress(let progress) = event { left.append(progress.secondsLeft) }
        }
        #expect(left.contains(31_536_000) && left.allSatisfy { (0...31_536_000).contains($0) }, "\(left)")
    }

    @Test func stoppingToListenInterruptsTheServer() async throws {
        let server = try server("--seconds", "900")
        let engine = try engine([server])
        let plan = try await engine.plan(try order(.paint, engine.name))
        let begin = ContinuousClock.now
        let work = Task {
            for try await event in engine.run(plan) {
                if case .progress = event { break }
            }
        }
        // The loop is left after the first step, which is the way a listener stops.
        try await work.value
        await engine.settle()
        #expect(begin.duration(to: .now) < .seconds(600))
        #expect(try await log(server).map(\.path) == ["/txt2img", "/interrupt"])
        // And it takes the next job.
        let isUnderWay = Mutex(false)
        let cancelled = Task {
            try await results(engine, try order(.paint, engine.name)) { event in
                if case .progress = event { isUnderWay.withLock { $0 = true } }
            }
        }
        let deadline = ContinuousClock.now + .seconds(60)
        while !isUnderWay.withLock({ $0 }), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        cancelled.cancel()
        _ = await cancelled.result
        await engine.settle()
        #expect(try await log(server).count { $0.path == "/interrupt" } == 2)
    }

    @Test func somebodyElsesPictureIsNotStopped() async throws {
        let server = try server("--busy", "60")
        let engine = try engine([server])
        let waiting = Task { try await results(engine, try order(.paint, engine.name)) }
        let deadline = ContinuousClock.now + .seconds(30)
        while try await log(server).isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        // Time for a few looks at how far the other picture is.
        try await Task.sleep(for: .milliseconds(300))
        waiting.cancel()
        _ = await waiting.result
        await engine.settle()
        #expect(try await log(server).map(\.path) == ["/txt2img"])
    }

    @Test(arguments: ["status", "prompt", "text", "size", "empty", "garbage"])
    func whatTheServerItselfEndedIsNotStopped(_ fault: String) async throws {
        let server = try server("--fault", fault, "--seconds", "0.5")
        let engine = try engine([server])
        await #expect(throws: HTTPEngineError.self) { _ = try await results(engine, try order(.paint, engine.name)) }
        #expect(try await log(server).map(\.path) == ["/txt2img"])
    }

    @Test func aPictureHasBegunOnceAnotherIsOver() throws {
        func told(_ progress: Double, jobs: Int = 1) throws -> WebUI.Progress {
            let text = #"{"progress": \#(progress), "state": {"job_count": \#(jobs)}}"#
            return try JSONDecoder().decode(WebUI.Progress.self, from: Data(text.utf8))
        }
        let idle = PictureBeginning(before: try told(0, jobs: 0))
        idle.hear(try told(0, jobs: 0))
        #expect(!idle.isSeen)
        idle.hear(try told(0))
        #expect(idle.isSeen)
        for before in [try told(0.5), nil] {
            let behind = PictureBeginning(before: before)
            for progress in [0.55, 0.8, 0.79, 0.99] { behind.hear(try told(progress)) }
            #expect(!behind.isSeen)
            behind.hear(try told(0.02))
            #expect(behind.isSeen)
        }
    }

    /// (Fault, what the one line says of it.)
    static let faults = [
        ("prompt", "(422: the prompt is not taken)"), ("refuse", "wants a user name and a password"),
        ("status", "(500: CUDA out of memory Tried to allocate)"),
        ("cut", "in the middle of its answer"),
        ("size", "a picture of 32x24 where 64x48 was asked for"), ("text", "cannot be read (it is not JSON)"), ("page", "it is not JSON"),
        ("empty", "answered without a picture"), ("garbage", "a picture that cannot be read"), ("slow", "did not answer"),
        ("dead", "nothing was heard"),
    ]

    @Test(arguments: faults.indices) func everyFaultIsToldOnALine(_ index: Int) async throws {
        let (fault, told) = Self.faults[index]
        let server = try server("--fault", fault)
        let engine = try engine([server], credentials: "me:secret@", silence: 1, answer: fault == "slow" ? 1 : 30)
        await #expect {
            _ = try await results(engine, try order(.paint, engine.name))
        } throws: { error in
            let text = "\(error)"
            #expect(error is HTTPEngineError && text.contains(told) && text.contains(server.address), "\(text)")
            return !text.contains("\n") && !text.contains("secret")
        }
    }

    @Test func aServerThatIsNotThereIsToldAndOneThatWantsAPasswordIsGivenIt() async throws {
        let gone = try HTTPEngine([EngineAddress("http://127.0.0.1:1")])
        await #expect {
            _ = try await gone.plan(try order(.paint, gone.name))
        } throws: {
            $0 as? HTTPEngineError == .unreachable(engine: "http://127.0.0.1:1", reason: "connection refused")
        }
        let server = try server("--password", "me:secret")
        let engine = try engine([server], credentials: "me:secret@")
        #expect(engine.name == server.address)
        #expect(try await results(engine, try order(.paint, engine.name)).count == 1)
        let stranger = try self.engine([server])
        await #expect(throws: HTTPEngineError.unauthorized(engine: server.address)) {
            _ = try await stranger.plan(try order(.paint, stranger.name))
        }
    }

    @Test func aPoolSharesAJobAndKeepsItsOrder() async throws {
        let servers = [try server("--seconds", "0.2"), try server("--seconds", "6")]
        let engine = try engine(servers)
        #expect(engine.jobsAtOnce == 2)
        let order = try order(.paint, engine.name) { $0.count = 6 }
        let results = try await results(engine, order)
        #expect(results[0].pictures.map(\.seed) == Array(770...775))
        #expect(results[0].pictures.map { $0.image[0, 0, 0] } == [2, 3, 4, 5, 6, 7])
        let shares = [try await log(servers[0]).count, try await log(servers[1]).count]
        #expect(shares[0] + shares[1] == 6 && shares[0] >= shares[1] && shares[1] > 0, "the slower one makes no more: \(shares)")
    }

    /// (Fault, whether the server is asked no more for a while.)
    static let failures = [
        ("status", true), ("cut", true), ("text", true), ("garbage", true), ("size", false), ("prompt", false), ("empty", false),
    ]

    @Test(arguments: failures) func aPictureThatFailsIsTriedElsewhere(_ fault: String, _ isPutAside: Bool) async throws {
        let servers = [try server("--fault", fault), try server()]
        let engine = try engine(servers)
        let results = try await results(engine, try order(.paint, engine.name) { $0.count = 3 })
        #expect(results[0].pictures.map(\.seed) == [770, 771, 772])
        let asked = try await log(servers[0]).count { $0.path == "/txt2img" }
        #expect(isPutAside ? asked == 1 : (1...3).contains(asked), "\(asked)")
        #expect(try await log(servers[1]).count { $0.path == "/txt2img" } == 3)
    }

    @Test func whereTwoFailBothAreTold() async throws {
        let servers = [try server("--fault", "status"), try server("--fault", "empty"), try server()]
        let engine = try engine(Array(servers.prefix(2)))
        await #expect {
            _ = try await results(engine, try order(.paint, engine.name))
        } throws: { error in
            guard case HTTPEngineError.failedTwice(let first, let second) = error else { return false }
            return [first, second].contains { $0.contains("out of memory") }
                && [first, second].contains { $0.contains("without a picture") }
        }
    }

    @Test func onlyServersWithTheModelAreAsked() async throws {
        let servers = [try server("--model", "other"), try server("--model", "wanted"), try server("--fault", "refuse")]
        let engine = try engine(servers)
        let order = try order(.paint, engine.name, model: "wanted") { $0.count = 2 }
        let plan = try await engine.plan(order)
        #expect(plan.notes.count == 2 && plan.notes[0].contains("has no model wanted") && plan.notes[1].contains("password"))
        _ = try await results(engine, order)
        #expect(try await log(servers[0]).isEmpty)
        #expect(try await log(servers[1]).count { $0.path == "/txt2img" } == 2)
    }
}
