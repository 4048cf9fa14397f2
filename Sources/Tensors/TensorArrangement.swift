extension Tensor {
    /// Tensors of equal shape but for one dimension, one behind the other in that dimension (the last one joins channels).
    package static func concatenated(_ tensors: [Tensor], axis: Int) -> Tensor {
        precondition(!tensors.isEmpty, "nothing to concatenate")
        let first = tensors[0]
        let axis = axis < 0 ? axis + first.shape.rank : axis
        var dimensions = first.shape.dimensions
        for tensor in tensors.dropFirst() {
            var other = tensor.shape.dimensions
            precondition(other.count == dimensions.count, "cannot join \(first.shape) and \(tensor.shape)")
            dimensions[axis] += other[axis]
            other[axis] = first.shape[axis]
            precondition(other == first.shape.dimensions, "cannot join \(first.shape) and \(tensor.shape) in dimension \(axis)")
        }
        let (outer, extent, inner) = first.split(at: axis)
        _ = extent
        let row = dimensions[axis] * inner
        return Tensor(shape: Shape(dimensions)) { target in
            guard let to = target.baseAddress else { return }
            var start = 0
            for tensor in tensors {
                let part = tensor.shape[axis] * inner
                guard part > 0 else { continue }
                let begin = start
                tensor.withUnsafeValues { from in
                    let from = from.baseAddress!
                    Parallel.forEachRange(count: outer, minimum: max(1, smallestParallelCount / part)) { range in
                        for index in range {
                            (to + index * row + begin).update(from: from + index * part, count: part)
                        }
                    }
                }
                start += part
            }
        }
    }

    /// The part `range` of a dimension. Of the outermost one (where all before it have extent 1) it shares memory.
    package func sliced(_ range: Range<Int>, axis: Int = 0) -> Tensor {
        let axis = axis < 0 ? axis + shape.rank : axis
        let (outer, extent, inner) = split(at: axis)
        precondition(range.lowerBound >= 0 && range.upperBound <= extent, "\(range) is not within dimension \(axis) of \(shape)")
        var dimensions = shape.dimensions
        dimensions[axis] = range.count
        if outer == 1 {
            return Tensor(shape: Shape(dimensions), storage: storage, offset: offset + range.lowerBound * inner)
        }
        let part = range.count * inner
        return Tensor(shape: Shape(dimensions)) { target in
            guard let to = target.baseAddress, part > 0 else { return }
            withUnsafeValues { from in
                let from = from.baseAddress! + range.lowerBound * inner
                for index in 0..<outer {
                    (to + index * part).update(from: from + index * extent * inner, count: part)
                }
            }
        }
    }

    /// One element of the outermost dimension, without that dimension: `batch[0]`. Shares memory.
    package subscript(_ index: Int) -> Tensor {
        let part = sliced(index..<index + 1)
        return part.reshaped(Shape(Array(shape.dimensions.dropFirst())))
    }

    /// Equal parts of the last dimension: what splits a fused q, k, v.
    package func chunks(_ count: Int, axis: Int = -1) -> [Tensor] {
        let extent = shape[axis]
        precondition(count > 0 && extent % count == 0, "dimension \(axis) of \(shape) does not split into \(count)")
        let part = extent / count
        return (0..<count).map { sliced($0 * part..<($0 + 1) * part, axis: axis) }
    }

    /// The tensor with its dimensions in another order: `permuted([0, 3, 1, 2])` takes channels-last to channels-first.
    package func permuted(_ order: [Int]) -> Tensor {
        precondition(order.sorted() == Array(0..<shape.rank), "\(order) is no order of the dimensions of \(shape)")
        let dimensions = order.map { shape.dimensions[$0] }
        var strides = [Int](repeating: 1, count: shape.rank)
        for axis in stride(from: shape.rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * shape.dimensions[axis + 1]
        }
        let steps = order.map { strides[$0] }
        guard let extent = dimensions.last, let step = steps.last else { return self }
        return Tensor(shape: Shape(dimensions)) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withUnsafeValues { from in
                let from = from.baseAddress!
                let rows = target.count / extent
                Parallel.forEachRange(count: rows, minimum: max(1, smallestParallelCount / extent)) { range in
                    for row in range {
                        var rest = row
                        var start = 0
                        for axis in stride(from: dimensions.count - 2, through: 0, by: -1) {
                            start += rest % dimensions[axis] * steps[axis]
                            rest /= dimensions[axis]
                        }
                        let out = to + row * extent
                        for index in 0..<extent {
                            out[index] = from[start + index * step]
                        }
                    }
                }
            }
        }
    }

    /// A matrix with rows and columns exchanged.
    package func transposed() -> Tensor {
        precondition(shape.rank == 2, "only a matrix is transposed; \(shape) wants permuted()")
        return permuted([1, 0])
    }

    /// The tensor `count` times, one behind the other in the outermost dimension.
    package func repeated(_ count: Int) -> Tensor {
        Tensor.concatenated(Array(repeating: self, count: count), axis: 0)
    }

    /// Every pixel of `[batch, height, width, channels]` as a square of `factor` by `factor`.
    package func upsampledNearest(by factor: Int = 2) -> Tensor {
        precondition(shape.rank == 4, "a map to be upsampled has four dimensions, not \(shape)")
        let (batch, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
        return Tensor(shape: [batch, height * factor, width * factor, channels]) { target in
            guard let to = target.baseAddress else { return }
            let row = width * factor * channels
            withUnsafeValues { from in
                let from = from.baseAddress!
                Parallel.forEachRange(count: batch * height, minimum: max(1, smallestParallelCount / max(1, row))) { lines in
                    for line in lines {
                        let out = to + line * factor * row
                        for x in 0..<width {
                            for copy in 0..<factor {
                                (out + (x * factor + copy) * channels).update(from: from + (line * width + x) * channels, count: channels)
                            }
                        }
                        for copy in 1..<max(factor, 1) {
                            (out + copy * row).update(from: out, count: row)
                        }
                    }
                }
            }
        }
    }
}
