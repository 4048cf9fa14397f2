import FoundationEssentials
import Glibc
import Tensors

extension SafetensorsFile {
    /// How tensors are stored when they are written.
    package enum Storage: Sendable {
        case f32
        case f16
    }

    /// Writes tensors into a safetensors file: beside its place, then renamed into it, so that nobody ever sees half of it.
    package static func write(
        tensors: [(String, Tensor)], metadata: [String: String] = [:], as storage: Storage = .f32, to url: URL
    ) throws(CheckpointError) {
        let size = storage == .f32 ? 4 : 2
        var header = "{"
        if !metadata.isEmpty {
            let members = metadata.sorted { $0.key < $1.key }.map { quoted($0.key) + ":" + quoted($0.value) }
            header += "\"__metadata__\":{" + members.joined(separator: ",") + "},"
        }
        var seen: Set<String> = []
        var end = 0
        var entries: [String] = []
        for (name, tensor) in tensors {
            guard seen.insert(name).inserted else { throw .badTensor(name, file: url.path, reason: "is to be written twice") }
            let start = end
            end += tensor.count * size
            let shape = tensor.shape.dimensions.map(String.init).joined(separator: ",")
            entries.append(
                "\(quoted(name)):{\"dtype\":\"\(storage == .f32 ? "F32" : "F16")\",\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}"
            )
        }
        header += entries.joined(separator: ",") + "}"
        var head = Array(header.utf8)
        // Spaces bring the data to a multiple of 8 bytes, as the reference writes it.
        head += [UInt8](repeating: 0x20, count: (8 - head.count % 8) % 8)

        let temporary = url.path + ".\(getpid()).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unreadable(file: temporary, reason: systemMessage()) }
        do throws(CheckpointError) {
            defer { close(descriptor) }
            let length = (0..<8).map { UInt8(truncatingIfNeeded: head.count >> (8 * $0)) }
            try writeAll(length, to: descriptor, path: temporary)
            try writeAll(head, to: descriptor, path: temporary)
            for (_, tensor) in tensors {
                try writeValues(of: tensor, as: storage, to: descriptor, path: temporary)
            }
            guard fsync(descriptor) == 0 else { throw .unreadable(file: temporary, reason: systemMessage()) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, url.path) == 0 else {
            let reason = systemMessage()
            unlink(temporary)
            throw .unreadable(file: url.path, reason: reason)
        }
    }

    private static func writeValues(
        of tensor: Tensor, as storage: Storage, to descriptor: Int32, path: String
    ) throws(CheckpointError) {
        switch storage {
        case .f32:
            try writeAll(tensor.values, to: descriptor, path: path)
        case .f16:
            let halves = tensor.withUnsafeValues { values in
                [UInt16](unsafeUninitializedCapacity: values.count) { target, count in
                    count = values.count
                    guard let to = target.baseAddress, let from = values.baseAddress else { return }
                    Conversion.toHalf(from, to: to, count: count)
                }
            }
            try writeAll(halves, to: descriptor, path: path)
        }
    }

    private static func writeAll<T: BitwiseCopyable>(_ values: [T], to descriptor: Int32, path: String) throws(CheckpointError) {
        let failure = values.withUnsafeBytes { bytes -> CheckpointError? in
            var position = 0
            while position < bytes.count {
                let written = Glibc.write(descriptor, bytes.baseAddress! + position, bytes.count - position)
                if written < 0 {
                    if errno == EINTR { continue }
                    return .unreadable(file: path, reason: systemMessage())
                }
                position += written
            }
            return nil
        }
        if let failure { throw failure }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
