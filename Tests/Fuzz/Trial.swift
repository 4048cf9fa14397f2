import Foundation
import Glibc
import TestSupport

/// Reads changed files in this process, one after the other. What is noted before each is how another process knows where this one ended.
struct Trial {
    let reader: Reader
    let seed: UInt64

    /// A reader may take this long over one file, and no more than this on top of what the process holds. Sanitizers take their time, and some
    /// room around each piece of memory.
    static let seconds: UInt32 = isSanitized ? 20 : 5
    static let megabytes = isSanitized ? 600 : 300
    private static let isSanitized = getenv("ASAN_OPTIONS") != nil
    /// The exit code of a process that found a reader to take too much.
    static let tooMuchMemory: Int32 = 3

    /// - Parameters:
    ///   - numbers: of the files; the same number always gives the same file.
    ///   - end: when to stop, finished or not.
    ///   - note: see ``Note``.
    func run(_ numbers: Range<Int>, until end: Date, note: URL, scratch: URL) throws {
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let samples = try reader.samples.map { try [UInt8](Data(contentsOf: $0)) }
        guard !samples.isEmpty else { throw FuzzError.noSamples(reader: reader.name) }
        let descriptor = open(note.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        var (next, peak) = (numbers.lowerBound, 0)
        while next < numbers.upperBound, Date() < end {
            let number = next
            next += 1
            let bytes = changed(number, of: samples)
            Note(position: number, peak: peak).write(to: descriptor)
            let before = Self.memory("VmRSS:")
            Self.forgetPeak()
            alarm(Self.seconds)
            try? reader.read(.init(bytes: bytes, sample: reader.samples[number % samples.count], scratch: scratch))
            alarm(0)
            let taken = Self.memory("VmHWM:") - before
            peak = max(peak, taken)
            if taken > Self.megabytes << 10 { exit(Self.tooMuchMemory) }
        }
        Note(position: -1 - next, peak: peak).write(to: descriptor)
    }

    /// The file of that number.
    func changed(_ number: Int) throws -> [UInt8] {
        changed(number, of: try reader.samples.map { try [UInt8](Data(contentsOf: $0)) })
    }

    private func changed(_ number: Int, of samples: [[UInt8]]) -> [UInt8] {
        var mutation = Mutation(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
        return mutation.changed(samples[number % samples.count], beside: samples, isText: reader.isText)
    }

    /// Kilobytes.
    private static func memory(_ key: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// The peak begins anew with what is held now.
    private static func forgetPeak() {
        let descriptor = open("/proc/self/clear_refs", O_WRONLY)
        guard descriptor >= 0 else { return }
        _ = "5".withCString { write(descriptor, $0, 1) }
        close(descriptor)
    }
}

/// How far a process is, in a file that another one reads once it has ended.
struct Note {
    /// The number of the file that is being read; at the end that of the one that would be next, below zero by one more.
    var position = 0
    /// Kilobytes that one file took at most, on top of what the process held.
    var peak = 0

    func write(to descriptor: Int32) {
        withUnsafeBytes(of: (position, peak)) { _ = pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    init(position: Int, peak: Int) { (self.position, self.peak) = (position, peak) }

    init(_ file: URL) throws {
        let data = try Data(contentsOf: file)
        guard data.count >= 16 else { return }
        (position, peak) = data.withUnsafeBytes { ($0.loadUnaligned(as: Int.self), $0.loadUnaligned(fromByteOffset: 8, as: Int.self)) }
    }
}

enum FuzzError: Error, CustomStringConvertible {
    case noSamples(reader: String)
    case usage(String)

    var description: String {
        switch self {
        case .noSamples(let reader): "there are no files to change for \(reader)"
        case .usage(let text): text
        }
    }
}
