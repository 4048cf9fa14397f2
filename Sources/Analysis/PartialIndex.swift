import Foundation

/// The part of a vocabulary that is embedded already, in a file that grows: a run that was killed goes on where it stood.
///
/// The key's line, then blocks: u32 rows, their f32 numbers, a checksum. A block that is not whole ends the file, with all behind it.
struct PartialIndex {
    private let file: URL
    private let dimension: Int
    private var handle: FileHandle?
    /// What was embedded before, `rows x dimension`.
    private(set) var embeddings: [Float] = []

    /// Opens the file, or begins it; where that fails nothing is kept, which is no error.
    init(_ file: URL, key: IndexFile.Key) {
        self.file = file
        dimension = key.dimension
        let header = Data(key.partialLine.utf8)
        var sound = 0
        if let data = try? Data(contentsOf: file), data.starts(with: header) {
            sound = header.count
            while let block = Self.block(in: data, at: sound, dimension: dimension, room: key.count - embeddings.count / max(dimension, 1))
            {
                embeddings += block.values
                sound = block.end
            }
        }
        if sound == 0 {
            guard (try? header.write(to: file)) != nil else { return }
            sound = header.count
        }
        handle = try? FileHandle(forUpdating: file)
        do {
            try handle?.truncate(atOffset: UInt64(sound))
            try handle?.seekToEnd()
        } catch {
            handle = nil
        }
    }

    private static func block(in data: Data, at start: Int, dimension: Int, room: Int) -> (values: [Float], end: Int)? {
        guard data.count >= start + 4 else { return nil }
        let count = data.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: UInt32.self))) }
        guard count > 0, count <= room else { return nil }
        let end = start + 4 + count * dimension * 4
        guard data.count >= end + 8 else { return nil }
        let stored = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: end, as: UInt64.self)) }
        guard DigestedFile.checksum(data.subdata(in: start..<end)) == stored else { return nil }
        return (data.floats(at: start + 4, count: count * dimension), end + 8)
    }

    /// Keeps rows behind those that are kept.
    func append(_ rows: [Float]) {
        guard let handle, dimension > 0 else { return }
        var block = Data(capacity: rows.count * 4 + 12)
        DigestedFile.append(UInt32(rows.count / dimension), to: &block)
        block.append(floats: rows)
        DigestedFile.append(DigestedFile.checksum(block), to: &block)
        try? handle.write(contentsOf: block)
    }

    /// Takes the file away: the whole index stands.
    func remove() {
        try? handle?.close()
        try? FileManager.default.removeItem(at: file)
    }
}
