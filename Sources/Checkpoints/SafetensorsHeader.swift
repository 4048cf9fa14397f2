import Tensors

/// What a safetensors header says: the entries, their bytes counted from the end of the header, and the free-form metadata.
struct SafetensorsHeader {
    struct Entry: Sendable {
        var type: ElementType
        var shape: Shape
        var bytes: Range<Int>
    }

    /// The reference implementation's limit of a header.
    static let longest = 100_000_000
    static let mostDimensions = 8

    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]

    /// Reads and checks a header; nothing in it is believed before it was compared with `dataSize`, the bytes behind it.
    init(json: UnsafeRawBufferPointer, dataSize: Int, file: String) throws(CheckpointError) {
        var reader = HeaderReader(bytes: json, file: file)
        try reader.object { reader, name throws(CheckpointError) in
            if name == "__metadata__" {
                try reader.object { reader, key throws(CheckpointError) in
                    metadata[key] = try reader.string()
                }
                return
            }
            guard entries[name] == nil else { throw .badTensor(name, file: file, reason: "is listed twice") }
            entries[name] = try Self.entry(name, &reader, dataSize: dataSize, file: file)
        }
        try reader.expectEnd()
        try checkOverlaps(file: file)
    }

    private static func entry(
        _ name: String, _ reader: inout HeaderReader, dataSize: Int, file: String
    ) throws(CheckpointError) -> Entry {
        var typeName: String?
        var dimensions: [Int]?
        var offsets: [Int]?
        try reader.object { reader, key throws(CheckpointError) in
            switch key {
            case "dtype": typeName = try reader.string()
            case "shape": dimensions = try reader.integers()
            case "data_offsets": offsets = try reader.integers()
            default: throw .badTensor(name, file: file, reason: "has an unknown field \(key)")
            }
        }
        guard let typeName, let dimensions, let offsets, offsets.count == 2 else {
            throw .badTensor(name, file: file, reason: "lacks dtype, shape or two data_offsets")
        }
        guard let type = ElementType(rawValue: typeName) else {
            throw .unsupportedElements(name, type: typeName, file: file)
        }
        guard dimensions.count <= mostDimensions else {
            throw .badTensor(name, file: file, reason: "has \(dimensions.count) dimensions, more than \(mostDimensions)")
        }
        var size = type.size
        for extent in dimensions {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw .badTensor(name, file: file, reason: "has the impossible shape \(Shape(dimensions))") }
            size = product
        }
        guard offsets[0] <= offsets[1], offsets[1] <= dataSize else {
            throw .badTensor(name, file: file, reason: "lies at bytes \(offsets[0]) to \(offsets[1]) of \(dataSize)")
        }
        guard offsets[1] - offsets[0] == size else {
            throw .badTensor(
                name, file: file, reason: "of shape \(Shape(dimensions)) in \(typeName) takes \(size) bytes, not \(offsets[1] - offsets[0])"
            )
        }
        return Entry(type: type, shape: Shape(dimensions), bytes: offsets[0]..<offsets[1])
    }

    private func checkOverlaps(file: String) throws(CheckpointError) {
        let sorted = entries.filter { !$0.value.bytes.isEmpty }.sorted { $0.value.bytes.lowerBound < $1.value.bytes.lowerBound }
        for (first, second) in zip(sorted, sorted.dropFirst()) where second.value.bytes.lowerBound < first.value.bytes.upperBound {
            throw .badTensor(second.key, file: file, reason: "overlaps tensor \(first.key)")
        }
    }
}

/// Reads the JSON that such headers are made of: objects, strings, and arrays of non-negative integers.
struct HeaderReader {
    private let bytes: UnsafeRawBufferPointer
    private let file: String
    private var position = 0

    init(bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// Calls `member` behind the colon of every member; it must read the value.
    mutating func object(_ member: (inout HeaderReader, String) throws(CheckpointError) -> Void) throws(CheckpointError) {
        try expect(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try string()
            try expect(UInt8(ascii: ":"))
            try member(&self, key)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    mutating func integers() throws(CheckpointError) -> [Int] {
        var result: [Int] = []
        try expect(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return result }
        repeat {
            result.append(try integer())
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
        return result
    }

    private mutating func integer() throws(CheckpointError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tens.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else { throw failure("a number that does not fit") }
            value = sum
            position += 1
        }
        guard position > start else { throw failure("something else than a whole number") }
        return value
    }

    mutating func string() throws(CheckpointError) -> String {
        try expect(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw failure("the end within a string") }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else { throw failure("a string that is not UTF-8") }
                return result
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case 0..<0x20:
                throw failure("a control character")
            default:
                text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(CheckpointError) {
        guard position < bytes.count else { throw failure("the end within a string") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try codeUnit()
            if (0xD800..<0xDC00).contains(code), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                code = 0x10000 + (code - 0xD800) << 10 + (try codeUnit() &- 0xDC00) & 0x3FF
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw failure("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(CheckpointError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("the end within a string") }
        let digits = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[position..<position + 4]), as: UTF8.self)
        guard digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
            throw failure("an escape of other than hex digits")
        }
        position += 4
        return value
    }

    mutating func expectEnd() throws(CheckpointError) {
        skipSpace()
        guard position == bytes.count else { throw failure("more than one JSON value") }
    }

    private mutating func expect(_ byte: UInt8) throws(CheckpointError) {
        guard take(byte) else { throw failure("no \(Character(Unicode.Scalar(byte))) where one must be") }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) {
            position += 1
        }
    }

    private func failure(_ what: String) -> CheckpointError {
        .malformed(file: file, reason: "its header has \(what) at byte \(position)")
    }
}
