import FoundationEssentials
import Glibc
import Tensors

/// What tells one folder of weights from another without reading gigabytes: names and sizes, small files whole, and of large ones the start,
/// where a safetensors file lists its tensors, and pieces all over the rest.
///
/// Two trainings of one architecture differ in almost every number, so the pieces tell them apart. This is an identity, not a proof against
/// somebody who wants two folders to look alike.
enum FolderDigest {
    private static let wholeSize = 1 << 20
    private static let pieces = 256
    private static let pieceSize = 1024

    /// 32 hexadecimal digits.
    ///
    /// - Parameter arithmetic: what the weights are multiplied in; it decides an embedding as they do.
    static func of(_ files: [URL], in arithmetic: Arithmetic = .f32) throws(EncoderError) -> String {
        var state = FingerprintState()
        if arithmetic != .f32 { state.add(Array(arithmetic.rawValue.utf8)) }
        for file in files.sorted(by: { $0.lastPathComponent < $1.lastPathComponent }) {
            try add(file, to: &state)
        }
        return state.hexadecimal
    }

    private static func add(_ file: URL, to state: inout FingerprintState) throws(EncoderError) {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadableFile(path: file.path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        state.add(Array("\(file.lastPathComponent) \(size)\n".utf8))
        var buffer = [UInt8](repeating: 0, count: min(size, wholeSize))
        func read(_ count: Int, at offset: Int) throws(EncoderError) {
            let found = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, count, off_t(offset)) }
            guard found == count else { throw .unreadableFile(path: file.path, reason: "it could not be read at byte \(offset)") }
            state.add(buffer[0..<count])
        }
        guard size > 0 else { return }
        try read(buffer.count, at: 0)
        guard size > wholeSize else { return }
        for piece in 1...pieces {
            try read(min(pieceSize, size), at: (size - pieceSize) / pieces * piece)
        }
    }
}

/// FNV-1a of 64 bits, twice from different starts.
private struct FingerprintState {
    private var first: UInt64 = 0xCBF2_9CE4_8422_2325
    private var second: UInt64 = 0x6C62_272E_07BB_0142

    mutating func add(_ bytes: some Collection<UInt8>) {
        for byte in bytes {
            first = (first ^ UInt64(byte)) &* 0x100_0000_01B3
            second = (second ^ UInt64(byte) ^ first >> 32) &* 0x100_0000_01B3
        }
    }

    var hexadecimal: String {
        [first, second].map { number in
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
    }
}
