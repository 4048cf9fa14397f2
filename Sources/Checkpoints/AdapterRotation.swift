import Tensors

/// Orthogonal finetuning (OFT): blocks of a weight's outputs are turned by the Cayley transform of skew matrices that were trained. Source:
/// LyCORIS' `DiagOFTModule` and kohya's `oft`, whose files have the same tensors.
struct AdapterRotation {
    /// [blocks, size, size]
    let blocks: Tensor
    /// The largest norm of the skew matrices, over the number of outputs; 0: none.
    let constraint: Float
    /// A factor of each output; nil: none.
    let rescale: Tensor?

    /// Numbers in a row of a block up to which it is inverted: the time grows with the third power.
    static let largestBlock = 1_024

    /// The turned weight, less the weight.
    func difference(of weight: Tensor) -> Tensor {
        let (count, size) = (blocks.shape[0], blocks.shape[1])
        let inputs = weight.count / weight.shape[0]
        let skew = Self.skewed(blocks, limit: constraint * Float(weight.shape[0]))
        var turned: [Tensor] = []
        let rows = weight.reshaped([count * size, inputs])
        for block in 0..<count {
            let turn = Self.cayley(skew, block: block, size: size)
            turned.append(matmul(turn.transposed(), rows.sliced(block * size..<(block + 1) * size)))
        }
        var whole = turned.count == 1 ? turned[0] : Tensor.concatenated(turned, axis: 0)
        if let rescale { whole = whole.rows(scaledBy: rescale.values) }
        return (whole - rows).reshaped(weight.shape)
    }

    /// blocks - blocks^T, brought within a limit of their norm together; 0: none.
    ///
    /// - Parameter blocks: […, size, size]
    static func skewed(_ blocks: Tensor, limit: Float) -> [Double] {
        let size = blocks.shape[blocks.shape.rank - 1]
        let values = blocks.values
        var skew = [Double](repeating: 0, count: values.count)
        for base in stride(from: 0, to: values.count, by: size * size) {
            for row in 0..<size {
                for column in 0..<size {
                    skew[base + row * size + column] = Double(values[base + row * size + column] - values[base + column * size + row])
                }
            }
        }
        let limit = Double(limit)
        let norm = skew.reduce(0) { $0 + $1 * $1 }.squareRoot() + 1e-8
        if limit > 0, norm > limit { for index in skew.indices { skew[index] *= limit / norm } }
        return skew
    }

    /// (I + Q) (I - Q)^-1, which is (I - Q)^-1 (I + Q): the system is solved by Gauss and Jordan. I - Q of a skew Q is never singular.
    static func cayley(_ skew: [Double], block: Int, size: Int) -> Tensor {
        let base = block * size * size
        var left: [[Double]] = []
        var right: [[Double]] = []
        for row in 0..<size {
            let start = base + row * size
            let values = Array(skew[start..<start + size])
            left.append(values.map { -$0 })
            right.append(values)
            left[row][row] += 1
            right[row][row] += 1
        }
        for pivot in 0..<size {
            let best = (pivot..<size).max { abs(left[$0][pivot]) < abs(left[$1][pivot]) } ?? pivot
            left.swapAt(pivot, best)
            right.swapAt(pivot, best)
            let factor = 1 / left[pivot][pivot]
            for column in 0..<size {
                left[pivot][column] *= factor
                right[pivot][column] *= factor
            }
            let (pivotLeft, pivotRight) = (left[pivot], right[pivot])
            for row in 0..<size where row != pivot {
                let times = left[row][pivot]
                guard times != 0 else { continue }
                for column in 0..<size {
                    left[row][column] -= times * pivotLeft[column]
                    right[row][column] -= times * pivotRight[column]
                }
            }
        }
        let values: [Float] = right.flatMap { row in row.map { Float($0) } }
        return Tensor(values, shape: [size, size])
    }
}
