import Encoders
import Foundation
import Tensors

/// A vocabulary index in a file: half-precision embeddings, then f32 statistics, in a `DigestedFile`.
///
///     redraw vocabulary index 2 <encoder> <vocabulary> <wording> <count> <dimension>\n
///     count x dimension f16, count x (mean, deviation) f32, all little-endian
enum IndexFile {
    /// What an index is of. A file with another key is not read.
    struct Key: Equatable {
        let encoder: String
        let vocabulary: String
        let wording: String
        let count: Int
        let dimension: Int

        var line: String { "redraw vocabulary index 2 \(encoder) \(vocabulary) \(wording) \(count) \(dimension)\n" }
        var partialLine: String { "redraw partial index 2 \(encoder) \(vocabulary) \(wording) \(count) \(dimension)\n" }
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
        guard let payload = DigestedFile.read(file, header: key.line, payloadBytes: key.payloadBytes) else { return nil }
        let halfCount = key.count * key.dimension
        var embeddings = [Float](repeating: 0, count: halfCount)
        payload.withUnsafeBytes { source in
            embeddings.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                Conversion.half(from, to: to, count: halfCount)
            }
        }
        let numbers = payload.floats(at: halfCount * 2, count: key.count * 2)
        let statistics = (0..<key.count).map { BackgroundStatistics(mean: numbers[$0 * 2], deviation: numbers[$0 * 2 + 1]) }
        return Contents(embeddings: embeddings, statistics: statistics)
    }

    static func write(_ contents: Contents, key: Key, to file: URL) throws {
        var payload = Data(capacity: key.payloadBytes)
        halves(contents.embeddings).withUnsafeBytes { payload.append(contentsOf: $0) }
        for value in contents.statistics { payload.append(floats: [value.mean, value.deviation]) }
        try DigestedFile.write(payload, header: key.line, to: file)
    }

    static func halves(_ values: [Float]) -> [UInt16] {
        var halves = [UInt16](repeating: 0, count: values.count)
        values.withUnsafeBufferPointer { source in
            halves.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                Conversion.toHalf(from, to: to, count: values.count)
            }
        }
        return halves
    }

    static func floats(fromHalves halves: [UInt16]) -> [Float] {
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
