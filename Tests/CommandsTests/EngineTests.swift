import Foundation
import Pixels
import TestSupport
import Testing

/// `--engine` with a server of another make, through the built program.
@Suite struct EngineTests {
    private let tool: Tool
    private let servers = ServingProcesses()

    init() throws {
        tool = try Tool()
    }

    private func server(_ arguments: String...) throws -> ServingProcess {
        try servers.start(python: [fixture("webui_server.py", room: "Engines").path] + arguments)
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func picture(_ name: String, _ width: Int, _ height: Int, _ colour: (Int, Int) -> [UInt8]) throws -> String {
        var bytes: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { bytes += colour(x, y) }
        }
        let path = tool.path(name)
        try ImageFile.write(
            Image(width: width, height: height, channels: bytes.count / width / height, bytes: bytes), to: URL(fileURLWithPath: path))
        return path
    }

    @Test func aServerPaintsAndItsPasswordIsNeitherToldNorKept() throws {
        let server = try server("--password", "me:hushhush")
        let address = "http://me:hushhush@127.0.0.1:\(server.port)"
        let output = tool.path("new.png")
        let made = try tool.run(
            "paint", "a hat", "--engine", address, "--seed", "5", "--size", "64x48", "--steps", "4", "--output", output)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.errors.contains("first-model: 4 of 4 steps will run, at 64x48, seed 5"), "\(made.errors)")
        #expect(!made.errors.contains("about "), "no seconds are known beforehand: \(made.errors)")
        let text = try ImageFile.text(of: URL(fileURLWithPath: output))
        #expect(text["parameters"]?.contains("Model: first-model") == true && text["parameters"]?.contains("Profile: a1111") == true)
        let shown = try tool.run("show", "1")
        #expect(shown.status == 0 && shown.output.contains("first-model"), "\(shown.errors)")
        let jobs = try tool.run("jobs")
        #expect(jobs.output.contains("at \(server.address)"), "\(jobs.output)")
        // Nowhere in what was printed, in the picture, or in the library.
        for printed in [made, shown, jobs] { #expect(!(printed.output + printed.errors).contains("hushhush")) }
        let files = try #require(FileManager.default.enumerator(at: tool.home.url, includingPropertiesForKeys: nil))
        for case let file as URL in files {
            guard let data = try? Data(contentsOf: file) else { continue }
            #expect(data.range(of: Data("hushhush".utf8)) == nil, "\(file.lastPathComponent)")
        }
        let stranger = try tool.run("paint", "a hat", "--engine", server.address)
        #expect(stranger.status == 1 && stranger.errors.contains("wants a user name and a password"), "\(stranger.errors)")
    }

    @Test func aPoolRepaintsUnderAMaskAndTheResultProvesIt() throws {
        let servers = [try server("--fault", "status"), try server()]
        let photo = try picture("photo.png", 96, 64) { x, y in [UInt8(x * 2), UInt8(y * 3), 77] }
        let mask = try picture("mask.png", 96, 64) { x, y in (20..<50).contains(x) && (10..<40).contains(y) ? [255] : [0] }
        let output = tool.path("new.png")
        let made = try tool.run(
            "repaint", photo, "--mask", mask, "--prompt", "a hat", "--engine", servers[0].address, "--engine", servers[1].address,
            "--size", "96x64", "--json", "--output", output)
        #expect(made.status == 0, "\(made.errors)")
        let report = try json(made.output)
        let untouched = try #require(report["untouched"] as? [String: Any])
        #expect(untouched["identical"] as? Bool == true && untouched["pixels"] as? Int == 96 * 64 - 900)
        let (before, after) = (
            try ImageFile.decode(contentsOf: URL(fileURLWithPath: photo)).image,
            try ImageFile.decode(contentsOf: URL(fileURLWithPath: output)).image
        )
        #expect(before[0, 0] == after[0, 0] && before[95, 63] == after[95, 63] && before[35, 25] != after[35, 25])
    }

    /// A server of Redraw's own, with a library of its own; it ends with the value.
    private final class OwnServer {
        let address: String
        private let process: Process

        init(_ tool: Tool, library: String) throws {
            let started = try tool.start(["serve", "--port", "0", "--quiet", "--library", tool.path(library)])
            process = started.process
            var line = Data()
            while let byte = try started.output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte[0] != 10 { line += byte }
            let words = String(decoding: line, as: UTF8.self)
            address = String(try #require(words.split(separator: " ").last, "\(words)"))
        }

        deinit { process.terminate() }
    }

    /// What comes from a pool of two is what this machine makes itself, to the byte.
    @Test func ourOwnServersMakeTheSamePictures() throws {
        let servers = try ["one", "two"].map { try OwnServer(tool, library: $0) }
        let pool = servers.flatMap { ["--engine", $0.address] }
        let asked = [
            "paint", "a red barn", "--model", "redraw-painter", "--seed", "5", "--steps", "3", "--guidance", "3", "--size", "128x128",
            "--sampler", "dpmpp-2m-karras", "--count", "2", "--output",
        ]
        func pictures(_ folder: String, _ engines: [String]) throws -> [Image] {
            let process = try tool.start(asked + [tool.path(folder) + "/", "--json"] + engines)
            try process.input.fileHandleForWriting.close()
            let output = process.output.fileHandleForReading.readDataToEndOfFile()
            let errors = String(decoding: process.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.process.waitUntilExit()
            #expect(process.process.terminationStatus == 0, "\(errors)")
            let report = try json(String(decoding: output, as: UTF8.self))
            #expect(report["seeds"] as? [Int] == [5, 6])
            return try (report["outputs"] as? [String] ?? []).map { try ImageFile.decode(contentsOf: URL(fileURLWithPath: $0)).image }
        }
        let (here, there) = (try pictures("here", []), try pictures("there", pool))
        #expect(here.count == 2 && here == there)
        withExtendedLifetime(servers) {}
    }

    @Test func whatIsLeftForAServerWaitsForIt() throws {
        let server = try server()
        let queued = try tool.run(
            "paint", "a hat", "--engine", server.address, "--size", "64x64", "--output", tool.path("late.png"), "--later")
        #expect(queued.status == 0, "\(queued.errors)")
        let without = try tool.run("jobs", "run")
        #expect(without.status == 0 && without.errors.contains("redraw jobs run --engine \(server.address)"), "\(without.errors)")
        #expect(!FileManager.default.fileExists(atPath: tool.path("late.png")))
        let with = try tool.run("jobs", "run", "--engine", server.address)
        #expect(with.status == 0 && FileManager.default.fileExists(atPath: tool.path("late.png")), "\(with.errors)")
    }

    /// (Arguments behind `paint "a hat"`, exit status, what the one line says.)
    static let wrong: [([String], Int32, String)] = [
        (["--engine", "cuda"], 64, "cuda is no engine"),
        (["--engine", "ftp://me:hushhush@gpu:21"], 64, "is no engine"),
        (["--engine", "builtin", "--engine", "http://gpu:7860"], 64, "stands alone"),
        (
            ["--engine", "http://127.0.0.1:1", "--model", "m", "--profile", "diffusers"], 64,
            "the profile diffusers is the built-in engine's alone"
        ),
        (
            ["--engine", "http://127.0.0.1:1", "--model", "m", "--latent", "x.safetensors"], 64,
            "a file of the latent is the built-in engine's alone"
        ),
        (["--engine", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1 cannot be reached (connection refused)"),
    ]

    @Test(arguments: wrong.indices) func whatIsWrongIsOneLine(_ index: Int) throws {
        let (arguments, status, told) = Self.wrong[index]
        let process = try tool.start(["paint", "a hat"] + arguments)
        try process.input.fileHandleForWriting.close()
        let errors = String(decoding: process.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.process.waitUntilExit()
        #expect(process.process.terminationStatus == status && errors.contains(told), "\(errors)")
        #expect(!errors.contains("hushhush"))
    }
}
