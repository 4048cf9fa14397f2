import Foundation
import Glibc
import TestSupport

/// Reads changed files in this process, one after the other. What is noted before each is how another process knows where this one ended.
struct Trial {
    let reader: Reader
    let seed: UInt64

    /// A reader may take this long over one file, and no more than this on top of what the process holds.
    static let seconds: UInt32 = 5
    static let megabytes = 300
    /// The exit code of a process that found a reader to take too much.
    static let tooMuchMemory: Int32 = 3

    /// - Parameters:
    ///   - numbers: of the files; the same number always gives the same file.
    ///   - note: the file that holds the number of the one that is being read.
    func run(_ numbers: Range<Int>, note: URL, scratch: URL) throws {
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let samples = try reader.samples.map { try [UInt8](Data(contentsOf: $0)) }
        guard !samples.isEmpty else { throw FuzzError.noSamples(reader: reader.name) }
        let descriptor = open(note.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        for number in numbers {
            let bytes = changed(number, of: samples)
            var told = number
            pwrite(descriptor, &told, MemoryLayout<Int>.size, 0)
            let before = Self.memory("VmRSS:")
            Self.forgetPeak()
            alarm(Self.seconds)
            try? reader.read(bytes, scratch)
            alarm(0)
            let taken = Self.memory("VmHWM:") - before
            if taken > Self.megabytes << 10 { exit(Self.tooMuchMemory) }
        }
        var done = -1
        pwrite(descriptor, &done, MemoryLayout<Int>.size, 0)
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
