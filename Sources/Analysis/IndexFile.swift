import Encoders
import Foundation
import Tensors

/// A vocabulary index in a file: a line of text that says what it is of, then half-precision embeddings, f32 statistics and a checksum.
///
///     redraw vocabulary index 1 <encoder> <vocabulary> <wording> <count> <dimension>\n
///     count x dimension f16, count x (mean, deviation) f32, FNV-1a over all that as one u64, all little-endian
enum IndexFile {
    /// What an index is of. A file with another key is not read.
    struct Key: Equatable {
        let encoder: String
        let vocabulary: String
        let wording: String
        let count: Int
        let dimension: Int

        var line: String { "redraw vocabulary index 1 \(encoder) \(vocabulary) \(wording) \(count) \(dimension)\n" }
        var payloadBytes: Int { count * dimension * 2 + count * 8 }
    }

    struct Contents: Equatable {
        /// count x dimension
        var embeddings: [Float]
        var statistics: [BackgroundStatistics]

        /// As it will be after it was written and read, so that the first analysis says what the second will.
        func rounded() -> Contents {
            Contents(embeddings: IndexFile.floats(fromHalves: IndexFile.halves(embeddings)), statistics: statistics)
        }
    }

    /// The contents, nil where the file is missing, of something else, or damaged.
    static func read(_ file: URL, key: Key) -> Contents? {
        let header = Array(key.line.utf8)
        let expected = header.count + key.payloadBytes + 8
        guard let size = try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int, size == expected,
            let data = try? Data(contentsOf: file), data.count == expected, data.prefix(header.count).elementsEqual(header)
        else { return nil }
        let payload = [UInt8](data[header.count..<(expected - 8)])
        let stored = data.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard checksum(header + payload) == stored else { return nil }
        let halfCount = key.count * key.dimension
        return payload.withUnsafeBytes { bytes in
            let halves = (0..<halfCount).map { UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self)) }
            func float(_ index: Int) -> Float {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: halfCount * 2 + index * 4, as: UInt32.self)))
            }
            let statistics = (0..<key.count).map { BackgroundStatistics(mean: float($0 * 2), deviation: float($0 * 2 + 1)) }
            return Contents(embeddings: floats(fromHalves: halves), statistics: statistics)
        }
    }

    /// Writes beside the file and renames, so that a reader sees the old file or the whole new one.
    static func write(_ contents: Contents, key: Key, to file: URL) throws {
        var bytes = Array(key.line.utf8)
        for half in halves(contents.embeddings) { append(half, to: &bytes) }
        for value in contents.statistics {
            append(value.mean.bitPattern, to: &bytes)
            append(value.deviation.bitPattern, to: &bytes)
        }
        append(checksum(bytes), to: &bytes)
        try Data(bytes).write(to: file, options: .atomic)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// FNV-1a (Fowler, Noll, Vo), which is enough against damage; an index from a stranger is trusted no more than his vocabulary.
    private static func checksum(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    private static func halves(_ values: [Float]) -> [UInt16] {
        var halves = [UInt16](repeating: 0, count: values.count)
        values.withUnsafeBufferPointer { source in
            halves.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                Conversion.toHalf(from, to: to, count: values.count)
            }
        }
        return halves
    }

    private static func floats(fromHalves halves: [UInt16]) -> [Float] {
        var values = [Float](repeating: 0, count: halves.count)
        halves.withUnsafeBytes { source in
            values.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                Conversion.half(from, to: to, count: halves.count)
            }
        }
        return values
    }
}
