import CKernels

extension Tensor {
    /// Sums, differences and products of two tensors: the second may be smaller, its shape then equal to the last dimensions of the first,
    /// and is repeated.
    package static func + (left: Tensor, right: Tensor) -> Tensor { left.scaled(by: 1, adding: right, scaledBy: 1) }
    package static func - (left: Tensor, right: Tensor) -> Tensor { left.scaled(by: 1, adding: right, scaledBy: -1) }
    package static func * (left: Tensor, right: Tensor) -> Tensor {
        combine(left, right) { rd_product($0, $1, $2, $3, Processor.level) }
    }

    package static func + (left: Tensor, right: Float) -> Tensor { left.scaled(by: 1, adding: right) }
    package static func - (left: Tensor, right: Float) -> Tensor { left.scaled(by: 1, adding: -right) }
    package static func * (left: Tensor, right: Float) -> Tensor { left.scaled(by: right, adding: 0) }
    package static func * (left: Float, right: Tensor) -> Tensor { right.scaled(by: left, adding: 0) }
    package static func / (left: Tensor, right: Float) -> Tensor { left.mapped { $0 / right } }

    /// `factor * self + addend`, in one pass.
    package func scaled(by factor: Float, adding addend: Float) -> Tensor {
        elementwise { from, to, range in
            rd_affine(from + range.lowerBound, factor, addend, to + range.lowerBound, range.count, Processor.level)
        }
    }

    /// `factor * self + addend * other`, in one pass: what a sampler's update is made of. `other` may be smaller, as for `+`.
    package func scaled(by factor: Float, adding other: Tensor, scaledBy addend: Float) -> Tensor {
        Tensor.combine(self, other) { rd_weighted_sum($0, factor, $1, addend, $2, $3, Processor.level) }
    }

    /// Each value through `transform`; for the activations use `applying`, which is vectorised.
    @inline(__always)
    package func mapped(_ transform: (Float) -> Float) -> Tensor {
        elementwise { from, to, range in
            for index in range {
                to[index] = transform(from[index])
            }
        }
    }

    /// Values beyond the range become its bounds.
    package func clamped(to range: ClosedRange<Float>) -> Tensor {
        mapped { min(max($0, range.lowerBound), range.upperBound) }
    }

    private static func combine(
        _ left: Tensor, _ right: Tensor,
        _ operation: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    ) -> Tensor {
        let rank = right.shape.rank
        precondition(
            left.shape == right.shape || (rank <= left.shape.rank && Array(left.shape.dimensions.suffix(rank)) == right.shape.dimensions),
            "tensors of shape \(left.shape) and \(right.shape) do not combine")
        let repeated = max(right.count, 1)
        return right.withUnsafeValues { right in
            left.elementwise { from, to, range in
                guard let other = right.baseAddress else { return }
                var index = range.lowerBound
                while index < range.upperBound {
                    let start = index % repeated
                    let run = min(range.upperBound - index, repeated - start)
                    operation(from + index, other + start, to + index, run)
                    index += run
                }
            }
        }
    }

    /// The sum of all values, accumulated in double precision.
    package func sum() -> Float {
        withUnsafeValues { values in Float(values.reduce(into: 0.0) { $0 += Double($1) }) }
    }

    /// The mean of all values.
    package func mean() -> Float {
        withUnsafeValues { values in Float(values.reduce(into: 0.0) { $0 += Double($1) } / Double(max(values.count, 1))) }
    }

    /// The mean over a dimension, which disappears: `mean(axis: 1)` of `[batch, tokens, width]` is `[batch, width]`.
    package func mean(axis: Int) -> Tensor {
        let (outer, extent, inner) = split(at: axis)
        var dimensions = shape.dimensions
        dimensions.remove(at: axis < 0 ? axis + shape.rank : axis)
        return Tensor(shape: Shape(dimensions)) { target in
            target.initialize(repeating: 0)
            guard let to = target.baseAddress else { return }
            withUnsafeValues { from in
                guard let from = from.baseAddress else { return }
                Parallel.forEach(count: outer * inner * extent < smallestParallelCount ? 1 : outer) { block in
                    for block in outer * inner * extent < smallestParallelCount ? 0..<outer : block..<block + 1 {
                        for step in 0..<extent {
                            let row = from + (block * extent + step) * inner
                            for index in 0..<inner {
                                to[block * inner + index] += row[index]
                            }
                        }
                        for index in 0..<inner {
                            to[block * inner + index] /= Float(extent)
                        }
                    }
                }
            }
        }
    }

    /// The counts before, at and after a dimension.
    func split(at axis: Int) -> (outer: Int, extent: Int, inner: Int) {
        let axis = axis < 0 ? axis + shape.rank : axis
        precondition(axis >= 0 && axis < shape.rank, "a tensor of shape \(shape) has no dimension \(axis)")
        return (
            shape.dimensions[..<axis].reduce(1, *), shape.dimensions[axis], shape.dimensions[(axis + 1)...].reduce(1, *)
        )
    }
}

extension Tensor {
    /// Whether no value is an infinity or no number. Looks at all of them at the memory's speed.
    package var isFinite: Bool {
        withUnsafeValues { values in
            var sums = SIMD16<Float>(repeating: 0)
            let whole = values.count / 16 * 16
            // A number times 0 is 0; infinities and what is no number stay so.
            for start in stride(from: 0, to: whole, by: 16) {
                let part = UnsafeRawPointer(values.baseAddress! + start).loadUnaligned(as: SIMD16<Float>.self)
                sums += part * 0
            }
            return sums == SIMD16<Float>(repeating: 0) && values[whole...].allSatisfy(\.isFinite)
        }
    }
}
