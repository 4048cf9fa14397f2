import Foundation
import TestSupport

/// The built program, run as a person runs it: another process, its own library, cache and home.
struct Tool {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Everything the program may write goes below this folder.
    let home: TemporaryFolder

    init() throws {
        home = try TemporaryFolder()
    }

    /// A place for a file of this test.
    func path(_ name: String) -> String {
        home.url.appendingPathComponent(name).path
    }

    /// Where the build put the program: beside the test bundle that is running.
    static func program(_ name: String) -> URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent(name)
    }

    /// What a program has told by the time it says these words, or all that it said.
    static func read(_ pipe: Pipe, until words: String) -> String {
        var told = ""
        while !told.contains(words) {
            let more = pipe.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            told += String(decoding: more, as: UTF8.self)
        }
        return told
    }

    typealias Started = (process: Process, input: Pipe, output: Pipe, errors: Pipe)

    /// Starts what may run for as long as it likes, a server or a picture of many steps: it ends with the tests.
    func start(
        _ arguments: [String], program: String = "redraw", environment: [String: String] = [:], in folder: URL? = nil, leash: Leash? = nil
    ) throws -> Started {
        try start(arguments, program, environment, folder) { try (leash ?? Leash()).start($0) }
    }

    private func start(
        _ arguments: [String], _ program: String, _ environment: [String: String], _ folder: URL?, by run: (Process) throws -> Void
    ) throws -> Started {
        let process = Process()
        process.executableURL = program.hasPrefix("/") ? URL(fileURLWithPath: program) : Tool.program(program)
        process.arguments = arguments
        process.currentDirectoryURL = folder ?? home.url
        var variables = [
            "HOME": home.url.path,
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            // Vocabulary embeddings take seconds to compute once; the tests of one run share them as a person's runs do.
            "XDG_CACHE_HOME": Tool.sharedCache.path,
            "XDG_DATA_HOME": home.url.appendingPathComponent("data").path,
        ]
        variables.merge(environment) { _, new in new }
        process.environment = variables
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        try run(process)
        return (process, input, output, errors)
    }

    /// Runs to the end and returns what was printed.
    func run(
        _ arguments: String..., input text: String = "", program: String = "redraw", environment: [String: String] = [:],
        in folder: URL? = nil
    ) throws -> Outcome {
        try run(arguments: arguments, input: text, program: program, environment: environment, in: folder)
    }

    func run(
        arguments: [String], input text: String = "", program: String = "redraw", environment: [String: String] = [:], in folder: URL? = nil
    ) throws -> Outcome {
        let (process, input, output, errors) = try start(arguments, program, environment, folder) { try $0.run() }
        // Both pipes are emptied while the program runs: a full pipe would stop it for good.
        let collected = Collected()
        let group = DispatchGroup()
        for (pipe, isOutput) in [(output, true), (errors, false)] {
            group.enter()
            let handle = pipe.fileHandleForReading
            Thread.detachNewThread {
                collected.store(handle.readDataToEndOfFile(), isOutput: isOutput)
                group.leave()
            }
        }
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        group.wait()
        return Outcome(status: process.terminationStatus, output: collected.text(true), errors: collected.text(false))
    }

    /// A safetensors file of zeros, in half precision.
    static func weights(_ tensors: [(String, [Int])], metadata: [String: String] = [:]) throws -> Data {
        var (header, end): ([String: Any], Int) = (metadata.isEmpty ? [:] : ["__metadata__": metadata], 0)
        for (tensor, shape) in tensors {
            let bytes = shape.reduce(2, *)
            header[tensor] = ["dtype": "F16", "shape": shape, "data_offsets": [end, end + bytes]] as [String: Any]
            end += bytes
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + Data(count: end)
    }

    private static let sharedCache: URL = {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-test-cache-\(getpid())")
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        atexit { Tool.removeSharedCache() }
        return url
    }()

    private static func removeSharedCache() {
        try? FileManager.default.removeItem(at: sharedCache)
    }
}

private final class Collected: @unchecked Sendable {
    private let lock = NSLock()
    private var parts: [Bool: Data] = [:]

    func store(_ data: Data, isOutput: Bool) {
        lock.withLock { parts[isOutput] = data }
    }

    func text(_ isOutput: Bool) -> String {
        lock.withLock { String(decoding: parts[isOutput] ?? Data(), as: UTF8.self) }
    }
}
