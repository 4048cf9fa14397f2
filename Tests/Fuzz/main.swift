import Foundation
import Glibc
import TestSupport

// Changes the project's own fixtures at random and has each reader read them: fuzz [--count N] [--seed N] [--only NAME]
//
// Every reader works in a process of its own, so that one that crashes, hangs or takes too much ends alone; the file it failed on is kept.

struct Options {
    var count = 10_000
    var seed = UInt64.random(in: 0...UInt64(UInt32.max))
    var only: String?
    /// Set where this process is one that reads: where to begin, and where it notes how far it is.
    var from: Int?
    var note: String?

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { throw FuzzError.usage("\(option) needs a value") }
            switch option {
            case "--count": count = Int(value) ?? count
            case "--seed": seed = UInt64(value) ?? seed
            case "--only": only = value
            case "--from": from = Int(value)
            case "--note": note = value
            default: throw FuzzError.usage("\(option) is not known; there are --count, --seed and --only")
            }
        }
    }
}

/// A line that is seen at once, also where it goes to a file.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

/// What ended a process, in words; nil where it ended well.
func failure(of process: Process) -> String? {
    switch (process.terminationReason, process.terminationStatus) {
    case (.exit, 0): nil
    case (.exit, Trial.tooMuchMemory): "took more than \(Trial.megabytes) MB"
    case (.uncaughtSignal, SIGALRM): "took longer than \(Trial.seconds) s"
    case (.uncaughtSignal, let signal): "crashed (signal \(signal))"
    case (_, let status): "ended with \(status)"
    }
}

/// Reads all of a reader's files, going on behind each that it failed on.
func failures(of reader: Reader, _ options: Options, keptIn folder: URL) throws -> Int {
    let note = folder.appendingPathComponent("\(reader.name).position")
    var (next, failed) = (0, 0)
    while next < options.count, failed < 20 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = [
            "--only", reader.name, "--seed", "\(options.seed)", "--count", "\(options.count)", "--from", "\(next)", "--note", note.path,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard let reason = failure(of: process) else { break }
        let position = try Data(contentsOf: note).withUnsafeBytes { $0.count >= 8 ? $0.loadUnaligned(as: Int.self) : -1 }
        guard position >= next else { throw FuzzError.usage("\(reader.name) \(reason) before it read anything") }
        let kept = folder.appendingPathComponent("\(reader.name)-\(position)")
        try Data(Trial(reader: reader, seed: options.seed).changed(position)).write(to: kept)
        say("  \(reader.name) \(reason) on file \(position); it is kept as \(kept.path)")
        failed += 1
        next = position + 1
    }
    try? FileManager.default.removeItem(at: note)
    return failed
}

do {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    let readers = try Reader.all().filter { options.only == nil || $0.name == options.only }
    guard !readers.isEmpty else { throw FuzzError.usage("there is no reader \(options.only ?? "")") }
    if let from = options.from, let note = options.note {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-fuzz-\(getpid())")
        try Trial(reader: readers[0], seed: options.seed)
            .run(from..<options.count, note: URL(fileURLWithPath: note), scratch: scratch)
        exit(0)
    }
    let folder = checkout.appendingPathComponent(".build-fuzz/failures")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    say("seed \(options.seed), \(options.count) files for each of \(readers.count) readers")
    var failed = 0
    for reader in readers {
        let begin = ContinuousClock.now
        let found = try failures(of: reader, options, keptIn: folder)
        failed += found
        say("\(found == 0 ? "sound " : "FAILED") \(reader.name): \(reader.samples.count) samples, \(begin.duration(to: .now))")
    }
    exit(failed == 0 ? 0 : 1)
} catch {
    FileHandle.standardError.write(Data("fuzz: \(error)\n".utf8))
    exit(1)
}
