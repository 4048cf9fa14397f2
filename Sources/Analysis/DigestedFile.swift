import Foundation

/// A file that can be made again: a line of text that says what it is of, then bytes, then a checksum over both.
///
/// A file whose line differs, or that is damaged, counts as missing.
enum DigestedFile {
    /// The bytes behind the header, nil where the file is missing, of something else, or damaged.
    ///
    /// - Parameter payloadBytes: how many there must be; nil: any number.
    static func read(_ file: URL, header: String, payloadBytes: Int? = nil) -> Data? {
        let line = Array(header.utf8)
        guard let size = try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int, size >= line.count + 8,
            payloadBytes.map({ size == line.count + $0 + 8 }) ?? true,
            let data = try? Data(contentsOf: file, options: .mappedIfSafe), data.count == size, data.prefix(line.count).elementsEqual(line)
        else { return nil }
        let body = data.prefix(size - 8)
        let stored = data.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard checksum(body) == stored else { return nil }
        return body.dropFirst(line.count)
    }

    /// Writes beside the file and renames, so that a reader sees the old file or the whole new one.
    static func write(_ payload: Data, header: String, to file: URL) throws {
        var bytes = Data(header.utf8)
        bytes.append(payload)
        append(checksum(bytes), to: &bytes)
        try bytes.write(to: file, options: .atomic)
    }

    static func append(_ value: some FixedWidthInteger, to bytes: inout Data) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// FNV-1a (Fowler, Noll, Vo) over eight bytes at a time, the last ones singly: a hundred megabytes take some tens of milliseconds.
    /// It is enough against damage; a file from a stranger is trusted no more than his vocabulary.
    static func checksum(_ data: Data) -> UInt64 {
        let prime: UInt64 = 0x100_0000_01B3
        return data.withUnsafeBytes { bytes in
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            let words = bytes.count / 8
            for index in 0..<words {
                hash = (hash ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))) &* prime
                // Without it a word's high bits would never reach the low ones.
                hash ^= hash >> 32
            }
            for index in (words * 8)..<bytes.count { hash = (hash ^ UInt64(bytes[index])) &* prime }
            return hash
        }
    }

    /// A short name for a text, for file names.
    static func name(of text: String) -> String {
        let digits = String(checksum(Data(text.utf8)), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension Data {
    /// The f32 at a byte offset from the start, little-endian.
    func float(at offset: Int) -> Float {
        withUnsafeBytes { Float(bitPattern: UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))) }
    }

    func floats(at offset: Int, count: Int) -> [Float] {
        withUnsafeBytes { bytes in
            (0..<count).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + $0 * 4, as: UInt32.self)))
            }
        }
    }

    mutating func append(floats: [Float]) {
        for value in floats { DigestedFile.append(value.bitPattern, to: &self) }
    }
}
