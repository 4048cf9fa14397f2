import CKernels

/// A weight in two bytes a number, as a file has it: packed out of where it lies, without a copy in floats.
package struct HalfWeight: Sendable {
    package let shape: Shape
    package let format: HalfFormat
    nonisolated(unsafe) private let start: UnsafePointer<UInt16>
    private let owner: any AnyObject & Sendable

    /// - Parameters:
    ///   - start: the first number, aligned to two bytes; nobody changes what is there.
    ///   - owner: keeps the memory alive.
    package init(shape: Shape, format: HalfFormat, borrowing start: UnsafePointer<UInt16>, owner: any AnyObject & Sendable) {
        (self.shape, self.format, self.start, self.owner) = (shape, format, start, owner)
    }

    /// Whether no value is an infinity or no number.
    package var isFinite: Bool {
        withPointer { from in
            let count = shape.count
            let part = 1 << 20
            let results = Tensor(shape: [(count + part - 1) / part]) { target in
                nonisolated(unsafe) let target = target
                Parallel.forEach(count: target.count) { index in
                    let first = index * part
                    let isFinite = rd_halves_are_finite(from + first, min(part, count - first), format.code, Processor.level)
                    target[index] = Float(isFinite)
                }
            }
            return results.withUnsafeValues { $0.allSatisfy { $0 != 0 } }
        }
    }

    /// Calls `body` with the first number; the pointer is valid within the call only.
    func withPointer<R>(_ body: (UnsafePointer<UInt16>) -> R) -> R {
        withExtendedLifetime(owner) { body(start) }
    }

    /// The same values as floats.
    package var tensor: Tensor {
        Tensor(shape: shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withPointer { from in
                switch format {
                case .f16: Conversion.half(from, to: to, count: target.count)
                case .bf16: Conversion.bfloat(from, to: to, count: target.count)
                }
            }
        }
    }
}

extension HalfFormat {
    /// What the kernels call it.
    var code: Int32 {
        switch self {
        case .f16: Int32(rd_half_f16)
        case .bf16: Int32(rd_half_bf16)
        }
    }
}

/// What a weight is packed from.
enum WeightSource {
    case floats(Tensor)
    case halves(HalfWeight)

    var shape: Shape {
        switch self {
        case .floats(let tensor): tensor.shape
        case .halves(let weight): weight.shape
        }
    }

    var tensor: Tensor {
        switch self {
        case .floats(let tensor): tensor
        case .halves(let weight): weight.tensor
        }
    }

    /// Calls `body` with rows of `width` as floats; the pointer, at the first of them, is valid within the call only.
    func withRows(_ rows: Range<Int>, width: Int, _ body: (UnsafePointer<Float>) -> Void) {
        switch self {
        case .floats(let tensor):
            withExtendedLifetime(tensor) { body(tensor.pointer + rows.lowerBound * width) }
        case .halves(let weight):
            let floats = TensorStorage(count: rows.count * width)
            weight.withPointer { weight.format.read($0 + rows.lowerBound * width, to: floats.pointer, count: floats.count) }
            body(floats.pointer)
        }
    }
}
