import JSONReading
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
        var cursor = JSONCursor(Array(json)) { found, position in
            CheckpointError.malformed(file: file, reason: "its header has \(found) at byte \(position)")
        }
        try cursor.object { cursor, key throws(CheckpointError) in
            let name = try cursor.text(of: key)
            if name == "__metadata__" {
                try cursor.object { cursor, key throws(CheckpointError) in
                    metadata[try cursor.text(of: key)] = try cursor.text()
                }
                return
            }
            guard entries[name] == nil else { throw .badTensor(name, file: file, reason: "is listed twice") }
            entries[name] = try Self.entry(name, &cursor, dataSize: dataSize, file: file)
        }
        try cursor.expectEnd()
        try checkOverlaps(file: file)
    }

    private static func entry(
        _ name: String, _ cursor: inout JSONCursor<CheckpointError>, dataSize: Int, file: String
    ) throws(CheckpointError) -> Entry {
        var typeName: String?
        var dimensions: [Int]?
        var offsets: [Int]?
        try cursor.object { cursor, key throws(CheckpointError) in
            let key = try cursor.text(of: key)
            switch key {
            case "dtype": typeName = try cursor.text()
            case "shape": dimensions = try sizes(&cursor)
            case "data_offsets": offsets = try sizes(&cursor)
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

    private static func sizes(_ cursor: inout JSONCursor<CheckpointError>) throws(CheckpointError) -> [Int] {
        var sizes: [Int] = []
        try cursor.array { cursor throws(CheckpointError) in
            let size = try cursor.integer()
            guard size >= 0 else { throw cursor.fault("\(size) where a size must be") }
            sizes.append(size)
        }
        return sizes
    }

    private func checkOverlaps(file: String) throws(CheckpointError) {
        let sorted = entries.filter { !$0.value.bytes.isEmpty }.sorted { $0.value.bytes.lowerBound < $1.value.bytes.lowerBound }
        for (first, second) in zip(sorted, sorted.dropFirst()) where second.value.bytes.lowerBound < first.value.bytes.upperBound {
            throw .badTensor(second.key, file: file, reason: "overlaps tensor \(first.key)")
        }
    }
}
