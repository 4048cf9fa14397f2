/// An array of 32-bit floats with a shape: contiguous, row-major, immutable once made.
///
/// Pictures and feature maps are channels-last, `[batch, height, width, channels]`; sequences are `[batch, tokens, width]`.
/// Copies, reshapes and slices of the outermost dimension share the same memory.
package struct Tensor: Sendable, CustomStringConvertible {
    package let shape: Shape
    private(set) var storage: TensorStorage
    /// Where this tensor's first value stands in `storage`.
    let offset: Int

    init(shape: Shape, storage: TensorStorage, offset: Int = 0) {
        precondition(offset >= 0 && offset + shape.count <= storage.count, "a tensor of shape \(shape) does not fit its storage")
        self.shape = shape
        self.storage = storage
        self.offset = offset
    }

    /// A tensor whose values `body` writes: all of them, as the memory is not cleared first.
    package init(shape: Shape, initializingWith body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        let storage = TensorStorage(count: shape.count)
        try body(UnsafeMutableBufferPointer(start: storage.pointer, count: storage.count))
        self.init(shape: shape, storage: storage)
    }

    /// A tensor of the given values in row-major order.
    package init(_ values: [Float], shape: Shape) {
        precondition(values.count == shape.count, "\(values.count) values do not make a tensor of shape \(shape)")
        self.init(shape: shape) { target in
            _ = target.initialize(fromContentsOf: values)
        }
    }

    /// A tensor over memory that `owner` keeps alive and nobody changes, such as a mapped file.
    package init(shape: Shape, borrowing pointer: UnsafePointer<Float>, owner: any AnyObject & Sendable) {
        self.init(shape: shape, storage: TensorStorage(borrowing: pointer, count: shape.count, owner: owner))
    }

    /// A tensor of zeros.
    package static func zeros(_ shape: Shape) -> Tensor {
        filled(0, shape)
    }

    /// A tensor that has one value everywhere.
    package static func filled(_ value: Float, _ shape: Shape) -> Tensor {
        Tensor(shape: shape) { $0.initialize(repeating: value) }
    }

    /// How many values there are.
    package var count: Int { shape.count }

    /// A copy of the values in row-major order.
    package var values: [Float] {
        withUnsafeValues { Array($0) }
    }

    /// The value of a tensor that has exactly one.
    package var scalar: Float {
        precondition(count == 1, "a tensor of shape \(shape) is no single value")
        return pointer[0]
    }

    /// Calls `body` with the values in row-major order; the pointer is valid within the call only.
    package func withUnsafeValues<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: pointer, count: count))
    }

    /// The first value. Whoever uses it keeps the tensor alive meanwhile (`withUnsafeValues`, `withExtendedLifetime`).
    var pointer: UnsafePointer<Float> { UnsafePointer(storage.pointer + offset) }

    /// Whether nobody else holds the memory, so that a result may be written over the values.
    mutating func isHeldAlone() -> Bool {
        offset == 0 && !storage.isBorrowed && storage.count == count && isKnownUniquelyReferenced(&storage)
    }

    /// The same values under another shape of the same count.
    package func reshaped(_ shape: Shape) -> Tensor {
        precondition(shape.count == count, "a tensor of shape \(self.shape) cannot be seen as \(shape)")
        return Tensor(shape: shape, storage: storage, offset: offset)
    }

    /// How many rows there are where the last dimension is a row.
    package var rowCount: Int { shape.dimensions.dropLast().reduce(1, *) }

    package var description: String {
        let shown = withUnsafeValues { $0.prefix(8).map { String($0) }.joined(separator: ", ") }
        return "Tensor \(shape) [\(shown)\(count > 8 ? ", …" : "")]"
    }
}

extension Tensor: Equatable {
    /// The same shape and values.
    package static func == (left: Tensor, right: Tensor) -> Bool {
        guard left.shape == right.shape else { return false }
        return left.withUnsafeValues { left in right.withUnsafeValues { right in left.elementsEqual(right) } }
    }
}
