import FoundationEssentials
import Glibc
import Tensors

/// A safetensors file, mapped into memory: opening it reads the header and checks all of it, and a tensor's bytes are read when it is asked for.
///
/// Layout: 8 bytes little-endian header length, the header in JSON, the data (https://github.com/huggingface/safetensors).
package final class SafetensorsFile: Sendable {
    private let mapping: MappedFile
    private let entries: [String: SafetensorsHeader.Entry]
    private let dataStart: Int
    /// The free-form strings under `__metadata__`.
    package let metadata: [String: String]

    /// The file's path, for messages.
    package var path: String { mapping.path }

    package init(_ url: URL) throws(CheckpointError) {
        mapping = try MappedFile(path: url.path)
        let bytes = mapping.bytes
        if let kind = ForeignFile.kind(of: bytes, called: url.lastPathComponent) {
            throw .foreign(file: url.path, kind: kind.name, instead: kind.instead)
        }
        guard bytes.count >= 8 else { throw .malformed(file: url.path, reason: "it is shorter than 8 bytes") }
        guard bytes.count < 9 || bytes[8] == UInt8(ascii: "{") else {
            throw .malformed(
                file: url.path, reason: "it does not begin with a header, so it is of another kind or damaged; download it again")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(min(SafetensorsHeader.longest, bytes.count - 8)) else {
            throw .malformed(
                file: url.path,
                reason:
                    "its header should be \(length) bytes long; the file has \(bytes.count), and \(SafetensorsHeader.longest) are allowed")
        }
        dataStart = 8 + Int(length)
        let header = try SafetensorsHeader(
            json: UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]), dataSize: bytes.count - dataStart, file: url.path)
        entries = header.entries
        metadata = header.metadata
    }

    /// The error that names what a file is instead; nil where that is not known, or where it may be a safetensors file.
    package static func foreignKind(of url: URL) -> CheckpointError? {
        guard let mapping = try? MappedFile(path: url.path),
            let kind = ForeignFile.kind(of: mapping.bytes, called: url.lastPathComponent)
        else { return nil }
        return .foreign(file: url.path, kind: kind.name, instead: kind.instead)
    }

    /// Lets go of what of the file stands in memory; it comes back when it is touched.
    func letGoOfPages() { mapping.release() }

    /// Asks for some of the file's bytes ahead; says whether the kernel took it.
    func willNeed(_ range: Range<Int>) -> Bool { mapping.willNeed(range) }

    /// Where a tensor's bytes lie in the file.
    func place(of name: String) throws(CheckpointError) -> Range<Int> {
        let bytes = try entry(name).bytes
        return dataStart + bytes.lowerBound..<dataStart + bytes.upperBound
    }

    /// The names of all tensors, sorted.
    package var names: [String] { entries.keys.sorted() }

    /// Whether there is a tensor of that name.
    package func has(_ name: String) -> Bool { entries[name] != nil }

    /// As the header tells it; nothing is read for it.
    package func shape(of name: String) throws(CheckpointError) -> Shape { try entry(name).shape }

    /// How a tensor's numbers are stored.
    package func elementType(of name: String) throws(CheckpointError) -> ElementType { try entry(name).type }

    private func entry(_ name: String) throws(CheckpointError) -> SafetensorsHeader.Entry {
        guard let entry = entries[name] else { throw .missing(name, file: path) }
        return entry
    }

    /// A tensor as 32-bit floats. Aligned F32 data is used where it lies in the mapping; everything else is converted into new memory.
    package func tensor(_ name: String) throws(CheckpointError) -> Tensor {
        let entry = try entry(name)
        let bytes = self.bytes(of: entry)
        if entry.type == .f32, let start = bytes.baseAddress, UInt(bitPattern: start) % 4 == 0, entry.shape.count > 0 {
            let part = MappedPart(mapping, dataStart + entry.bytes.lowerBound..<dataStart + entry.bytes.upperBound)
            return Tensor(shape: entry.shape, borrowing: start.assumingMemoryBound(to: Float.self), owner: part)
        }
        defer { mapping.release(bytes) }
        return Tensor(shape: entry.shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            Self.fill(to, from: bytes, type: entry.type, count: target.count, factor: 1)
        }
    }

    /// Some rows of a tensor that is stored in halves, as they lie in the mapping; nil where it is stored in another way.
    ///
    /// - Parameter rows: nil for all of it.
    func halves(_ name: String, rows: Range<Int>? = nil) throws(CheckpointError) -> HalfWeight? {
        let entry = try entry(name)
        let format: HalfFormat
        switch entry.type {
        case .f16: format = .f16
        case .bf16: format = .bf16
        default: return nil
        }
        var (shape, bytes) = (entry.shape, entry.bytes)
        if let rows, let all = shape.dimensions.first, all > 0 {
            let row = bytes.count / all
            bytes = bytes.lowerBound + rows.lowerBound * row..<bytes.lowerBound + rows.upperBound * row
            shape = Shape([rows.count] + shape.dimensions.dropFirst())
        }
        let part = MappedPart(mapping, dataStart + bytes.lowerBound..<dataStart + bytes.upperBound)
        guard let start = part.start, UInt(bitPattern: start) % 2 == 0, shape.count > 0 else { return nil }
        return HalfWeight(shape: shape, format: format, borrowing: start.assumingMemoryBound(to: UInt16.self), owner: part)
    }

    /// An I8 tensor `[rows, …]` whose rows are multiplied by `scales [rows]`.
    func tensor(_ name: String, scaledBy scales: Tensor) throws(CheckpointError) -> Tensor {
        let entry = try entry(name)
        let rows = entry.shape.dimensions.first ?? 1
        guard entry.type == .i8, scales.count == rows else {
            throw .badTensor(name, file: path, reason: "has \(rows) rows of \(entry.type.rawValue) but \(scales.count) scales")
        }
        return Tensor(shape: entry.shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            scales.withUnsafeValues { scales in
                Conversion.signedBytes(
                    bytes(of: entry).baseAddress!, scales: scales.baseAddress!, to: to, rows: rows, width: target.count / rows)
            }
        }
    }

    /// The 64-bit integers of an I64, I32 or smaller whole-number tensor: token numbers and the like.
    package func integers(_ name: String) throws(CheckpointError) -> [Int] {
        let entry = try entry(name)
        let bytes = self.bytes(of: entry)
        func each<T: FixedWidthInteger>(_ type: T.Type) -> [Int] {
            (0..<entry.shape.count).map {
                Int(truncatingIfNeeded: T(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * T.bitWidth / 8, as: T.self)))
            }
        }
        switch entry.type {
        case .i64: return each(Int64.self)
        case .i32: return each(Int32.self)
        case .i16: return each(Int16.self)
        case .i8: return each(Int8.self)
        case .u32: return each(UInt32.self)
        case .u16: return each(UInt16.self)
        case .u8, .bool: return each(UInt8.self)
        case .u64, .f64, .f32, .f16, .bf16, .f8e4m3, .f8e5m2:
            throw .unsupportedElements(name, type: entry.type.rawValue, file: path)
        }
    }

    private func bytes(of entry: SafetensorsHeader.Entry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: mapping.bytes[dataStart + entry.bytes.lowerBound..<dataStart + entry.bytes.upperBound])
    }

    /// Some rows of a tensor `[rows, width]` as floats: reads no other row from the disk.
    func rows(_ indices: [Int], of name: String, scales: Tensor?) throws(CheckpointError) -> Tensor {
        let entry = try entry(name)
        let width = entry.shape.count / max(entry.shape[0], 1)
        let rowBytes = width * entry.type.size
        let all = bytes(of: entry)
        return Tensor(shape: [indices.count, width]) { target in
            guard let to = target.baseAddress, width > 0 else { return }
            for (position, index) in indices.enumerated() {
                let row = UnsafeRawBufferPointer(rebasing: all[index * rowBytes..<(index + 1) * rowBytes])
                let factor = scales?.withUnsafeValues { $0[index] } ?? 1
                Self.fill(to + position * width, from: row, type: entry.type, count: width, factor: factor)
            }
        }
    }

    /// Converts `count` elements; `factor` is that of I8.
    private static func fill(
        _ to: UnsafeMutablePointer<Float>, from bytes: UnsafeRawBufferPointer, type: ElementType, count: Int, factor: Float
    ) {
        guard let start = bytes.baseAddress else { return }
        func each<T>(_ type: T.Type, _ value: (T) -> Float) {
            for index in 0..<count {
                to[index] = value(bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.stride, as: T.self))
            }
        }
        // The kernels read whole elements, so data at an odd offset is moved to aligned memory first.
        func aligned(_ convert: (UnsafeRawPointer) -> Void) {
            if UInt(bitPattern: start) % UInt(type.size) == 0 { return convert(start) }
            let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 64)
            defer { copy.deallocate() }
            copy.copyMemory(from: start, byteCount: bytes.count)
            convert(copy)
        }
        switch type {
        case .f32: UnsafeMutableRawPointer(to).copyMemory(from: start, byteCount: bytes.count)
        case .f16: aligned { Conversion.half($0, to: to, count: count) }
        case .bf16: aligned { Conversion.bfloat($0, to: to, count: count) }
        case .f8e4m3: Conversion.eightBits(start, .e4m3, to: to, count: count)
        case .f8e5m2: Conversion.eightBits(start, .e5m2, to: to, count: count)
        case .i8: withUnsafePointer(to: factor) { Conversion.signedBytes(start, scales: $0, to: to, rows: 1, width: count) }
        case .u8, .bool: each(UInt8.self) { Float($0) }
        case .i16: each(Int16.self) { Float(Int16(littleEndian: $0)) }
        case .i32: each(Int32.self) { Float(Int32(littleEndian: $0)) }
        case .i64: each(Int64.self) { Float(Int64(littleEndian: $0)) }
        case .f64: each(Double.self) { Float($0) }
        case .u16: each(UInt16.self) { Float($0) }
        case .u32: each(UInt32.self) { Float($0) }
        case .u64: each(UInt64.self) { Float($0) }
        }
    }
}
