import Crypto
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
        var (whole, numbers, short) = (SHA256(), SHA256(), SHA256())
        var place = 0
        while let data = try handle.read(upToCount: piece), !data.isEmpty {
            whole.update(data: data)
            if let header, place + data.count > header { numbers.update(data: data.dropFirst(max(0, header - place))) }
            let part = data.dropFirst(max(0, shortStart - place)).prefix(max(0, shortStart + shortLength - max(place, shortStart)))
            short.update(data: part)
            place += data.count
            try progress(Double(place) / Double(size))
        }
        let sha256 = text(whole.finalize())
        return .init(
            sha256: sha256, autoV2: String(sha256.prefix(10)), short: place > shortStart ? String(text(short.finalize()).prefix(8)) : nil,
            autoV3: header == nil ? nil : String(text(numbers.finalize()).prefix(12)))
    }

    /// Where the numbers of a safetensors file begin; nil for what is none.
    private static func headerEnd(_ handle: FileHandle) throws -> Int? {
        defer { try? handle.seek(toOffset: 0) }
        guard let start = try handle.read(upToCount: 9), start.count == 9, start[8] == UInt8(ascii: "{") else { return nil }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(start[start.startIndex + $1]) << (8 * UInt64($1)) }
        return length < 1 << 30 ? 8 + Int(length) : nil
    }

    private static func text(_ digest: some Digest) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
