import Digests
import Foundation

/// The digests by which tools and collections know a file of weights, made in one reading.
enum FileDigests {
    private static let piece = 8 << 20
    /// Where the web UI's older versions looked, and how far.
    private static let shortStart = 0x100000
    private static let shortLength = 0x10000

    /// - Parameter progress: told the share that was read.
    static func make(of url: URL, progress: (Double) throws -> Void = { _ in }) throws -> IdentityReport.Digests {
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }
        let size = max(Int(try handle.seekToEnd()), 1)
        try handle.seek(toOffset: 0)
        let header = try headerEnd(handle)
        var whole = DigestInProgress.sha256()
        var numbers = DigestInProgress.sha256()
        var short = DigestInProgress.sha256()
        var place = 0
        while let data = try handle.read(upToCount: piece), !data.isEmpty {
            whole.add(data)
            if let header, place + data.count > header { numbers.add(data.dropFirst(max(0, header - place))) }
            let part = data.dropFirst(max(0, shortStart - place)).prefix(max(0, shortStart + shortLength - max(place, shortStart)))
            short.add(part)
            place += data.count
            try progress(Double(place) / Double(size))
        }
        let sha256 = whole.finish().hexadecimal
        let (ofShort, ofNumbers) = (short.finish().hexadecimal, numbers.finish().hexadecimal)
        return .init(
            sha256: sha256, autoV2: String(sha256.prefix(10)), short: place > shortStart ? String(ofShort.prefix(8)) : nil,
            autoV3: header == nil ? nil : String(ofNumbers.prefix(12)))
    }

    /// Where the numbers of a safetensors file begin; nil for what is none.
    private static func headerEnd(_ handle: FileHandle) throws -> Int? {
        defer { try? handle.seek(toOffset: 0) }
        guard let start = try handle.read(upToCount: 9), start.count == 9, start[8] == UInt8(ascii: "{") else { return nil }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(start[start.startIndex + $1]) << (8 * UInt64($1)) }
        return length < 1 << 30 ? 8 + Int(length) : nil
    }
}
