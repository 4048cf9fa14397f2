import Foundation
import Glibc
import Synchronization
import TestSupport

// Changes the project's own fixtures at random and has each reader read them:
// fuzz [--count N] [--seed N] [--only NAME] [--seconds N, for each reader] [--jobs N, readers at a time]
//
// What is read lies in memory where there is a file system for that: what is tried is the readers, and not the disk.
//
// Every reader works in a process of its own, so that one that crashes, hangs or takes too much ends alone; the file it failed on is kept.

struct Options: Sendable {
    var count = 10_000
    var seconds = 300.0
    var jobs = 2
    var seed = UInt64.random(in: 0...UInt64(UInt32.max))
    var only: String?
    /// Set where this process is one that reads: where to begin, and where it notes how far it is.
    var from: Int?
    var note: String?
    /// Where the samples stand that were made.
    var samples: String?

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { throw FuzzError.usage("\(option) needs a value") }
            switch option {
            case "--count": count = Int(value) ?? count
            case "--seed": seed = UInt64(value) ?? seed
            case "--only": only = value
            case "--seconds": seconds = Double(value) ?? seconds
            case "--jobs": jobs = max(1, Int(value) ?? jobs)
            case "--from": from = Int(value)
            case "--note": note = value
            case "--samples": samples = value
            default: throw FuzzError.usage("\(option) is not known; there are --count, --seed, --only, --seconds and --jobs")
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

/// Reads all of a reader's files, as far as the time goes, and goes on behind each that it failed on.
func tryOut(_ reader: Reader, _ options: Options, keptIn folder: URL) throws -> (read: Int, failed: Int, peak: Int) {
    let note = folder.appendingPathComponent("\(reader.name).position")
    defer { try? FileManager.default.removeItem(at: note) }
    let end = Date().addingTimeInterval(options.seconds)
    var (next, failed, peak) = (0, 0, 0)
    var slow: Int?
    while next < options.count, failed < 20, Date() < end {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [
            "--only", reader.name, "--seed", "\(options.seed)", "--count", "\(options.count)", "--from", "\(next)", "--note", note.path,
            "--seconds", "\(max(1, end.timeIntervalSinceNow))", "--samples", options.samples ?? "",
        ]
        process.standardOutput = FileHandle.nullDevice
        let complaints = folder.appendingPathComponent("\(reader.name).errors")
        _ = FileManager.default.createFile(atPath: complaints.path, contents: nil)
        process.standardError = try FileHandle(forWritingTo: complaints)
        try process.run()
        process.waitUntilExit()
        let told = try Note(note)
        let position = told.position
        peak = max(peak, told.peak)
        guard let reason = failure(of: process) else {
            try? FileManager.default.removeItem(at: complaints)
            next = -1 - position
            break
        }
        guard position >= next else { throw FuzzError.usage("\(reader.name) \(reason) before it read anything") }
        // On a machine that others keep busy time tells little: what is slow twice is slow.
        if process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGALRM, slow != position {
            (slow, next) = (position, position)
            continue
        }
        let kept = folder.appendingPathComponent("\(reader.name)-\(position)")
        try Data(Trial(reader: reader, seed: options.seed).changed(position)).write(to: kept)
        // What a sanitizer said of it.
        let words = kept.appendingPathExtension("txt")
        try? FileManager.default.removeItem(at: words)
        try FileManager.default.moveItem(at: complaints, to: words)
        say("  \(reader.name) \(reason) on file \(position); it is kept as \(kept.path)")
        failed += 1
        next = position + 1
    }
    return (next, failed, peak)
}

/// Readers that are still to be tried, and how many files they failed on.
final class Trials: Sendable {
    private let state: Mutex<(rest: ArraySlice<Reader>, failed: Int)>

    init(_ readers: [Reader]) { state = Mutex((readers[...], 0)) }

    var failed: Int { state.withLock { $0.failed } }

    /// Takes one after the other, beside others who do.
    func work(_ options: Options, keptIn folder: URL) {
        while let reader = state.withLock({ $0.rest.popFirst() }) {
            let begin = ContinuousClock.now
            do {
                let (read, failed, peak) = try tryOut(reader, options, keptIn: folder)
                state.withLock { $0.failed += failed }
                let seconds = Int(begin.duration(to: .now) / .seconds(1))
                let taken = "in \(seconds) s, \((peak + 1023) / 1024) MB at most"
                say("\(failed == 0 ? "sound " : "FAILED") \(reader.name): \(read) files of \(reader.samples.count) samples \(taken)")
            } catch {
                state.withLock { $0.failed += 1 }
                say("FAILED \(reader.name): \(error)")
            }
        }
    }
}

do {
    var options = try Options(Array(CommandLine.arguments.dropFirst()))
    if access("/dev/shm", W_OK) == 0 { setenv("TMPDIR", "/dev/shm", 0) }
    let made = options.samples ?? checkout.appendingPathComponent(".build-fuzz/samples").path
    if options.samples == nil { try? FileManager.default.removeItem(atPath: made) }
    options.samples = made
    let readers = try Reader.all(made: URL(fileURLWithPath: made)).filter { options.only == nil || $0.name == options.only }
    guard !readers.isEmpty else { throw FuzzError.usage("there is no reader \(options.only ?? "")") }
    if let from = options.from, let note = options.note {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-fuzz-\(getpid())")
        try Trial(reader: readers[0], seed: options.seed).run(
            from..<options.count, until: Date().addingTimeInterval(options.seconds), note: URL(fileURLWithPath: note), scratch: scratch)
        exit(0)
    }
    let folder = checkout.appendingPathComponent(".build-fuzz/failures")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    say("seed \(options.seed), \(options.count) files for each of \(readers.count) readers, \(Int(options.seconds)) s for each at most")
    let trials = Trials(readers)
    DispatchQueue.concurrentPerform(iterations: options.jobs) { [options] _ in trials.work(options, keptIn: folder) }
    exit(trials.failed == 0 ? 0 : 1)
} catch {
    FileHandle.standardError.write(Data("fuzz: \(error)\n".utf8))
    exit(1)
}
