import Tensors

/// Butterfly orthogonal finetuning (BOFT, Liu 2024): several rounds, in each of which blocks of a weight's outputs or inputs are turned by the
/// Cayley transform of skew matrices that were trained. From round to round the places are dealt out over a stretch twice as long, so that
/// in the end each depends on many others.
struct AdapterButterfly {
    /// Whose convention it is, and so what is turned.
    enum Side: Sendable {
        /// LyCORIS' `ButterflyOFTModule`: the outputs. Its multiplier brings each turn nearer to none.
        case outputs
        /// peft's `BOFTLayer`: the inputs, of a convolution with its kernel's places. It knows no multiplier; here it is a share of the change.
        case inputs
    }

    /// [rounds, blocks, size, size]
    let blocks: Tensor
    let side: Side
    /// The largest norm of the skew matrices, over the number of outputs; 0: none.
    let constraint: Float
    /// A factor of each output; nil: none.
    let rescale: Tensor?

    private static let mostRounds = 32

    /// Whether blocks of that shape turn a weight of that one.
    static func fits(_ blocks: Shape, _ side: Side, weight: Shape) -> Bool {
        guard blocks.rank == 4, weight.rank > 1, weight[0] > 0, blocks[1] > 0, blocks[2] == blocks[3], (1...mostRounds).contains(blocks[0])
        else {
            return false
        }
        let (rounds, size) = (blocks[0], blocks[2])
        guard (1...AdapterRotation.largestBlock).contains(size), size % 2 == 0 || side == .inputs && rounds == 1 else { return false }
        let places = side == .outputs ? weight[0] : weight.count / weight[0]
        return blocks[1].multipliedReportingOverflow(by: size) == (places, false) && places % (size << (rounds - 1)) == 0
    }

    /// The turned weight. The shapes fit.
    func turned(_ weight: Tensor, multiplier: Float) -> Tensor {
        let (outputs, inputs) = (weight.shape[0], weight.count / weight.shape[0])
        let plain = weight.reshaped([outputs, inputs])
        let (rounds, count, size) = (blocks.shape[0], blocks.shape[1], blocks.shape[2])
        let skew = side == .outputs ? AdapterRotation.skewed(blocks, limit: constraint * Float(outputs)) : halved()
        var rows = side == .outputs ? plain : plain.transposed()
        for round in 0..<rounds {
            let order = order(round, places: count * size)
            let dealt = rows.rows(order)
            let turned = (0..<count).map { block in
                var turn = AdapterRotation.cayley(skew, block: round * count + block, size: size)
                if side == .outputs, multiplier != 1 { turn = turn.mixed(multiplier, withUnitOf: size) }
                return matmul(turn, dealt.sliced(block * size..<(block + 1) * size))
            }
            var back = order
            for (place, source) in order.enumerated() { back[source] = place }
            rows = (count == 1 ? turned[0] : Tensor.concatenated(turned, axis: 0)).rows(back)
        }
        var whole = side == .outputs ? rows : rows.transposed()
        if let rescale { whole = whole.rows(scaledBy: rescale.values) }
        guard side == .inputs, multiplier != 1 else { return whole.reshaped(weight.shape) }
        return plain.scaled(by: 1 - multiplier, adding: whole, scaledBy: multiplier).reshaped(weight.shape)
    }

    /// peft turns by (I - S) (I + S)^-1 with S half of what the blocks differ from their own transposes by.
    private func halved() -> [Double] { AdapterRotation.skewed(blocks, limit: 0).map { -$0 / 2 } }

    /// What comes to each place before a round's blocks are turned.
    private func order(_ round: Int, places: Int) -> [Int] {
        let size = blocks.shape[2]
        var order = Array(0..<places)
        if side == .outputs {
            // Both halves of a stretch in turns.
            let half = (size / 2) << round
            for start in stride(from: 0, to: places, by: 2 * half) {
                for place in 0..<half {
                    order[start + 2 * place] = start + place
                    order[start + 2 * place + 1] = start + half + place
                }
            }
        } else if blocks.shape[0] > 1 {
            // Of the half blocks of a stretch the even ones before the odd ones; the turned come back the same way.
            let (half, pieces) = (size / 2, 2 << round)
            let sorted = Array(stride(from: 0, to: pieces, by: 2)) + Array(stride(from: 1, to: pieces, by: 2))
            for start in stride(from: 0, to: places, by: half * pieces) {
                for (piece, source) in sorted.enumerated() {
                    for place in 0..<half { order[start + source * half + place] = start + piece * half + place }
                }
            }
        }
        return order
    }
}

extension Tensor {
    /// Rows of a matrix by their numbers.
    fileprivate func rows(_ order: [Int]) -> Tensor {
        let width = shape[1]
        return Tensor(shape: [order.count, width]) { target in
            guard let to = target.baseAddress else { return }
            withUnsafeValues { from in
                guard let from = from.baseAddress else { return }
                for (row, source) in order.enumerated() { (to + row * width).update(from: from + source * width, count: width) }
            }
        }
    }

    /// A factor for each row of a matrix.
    func rows(scaledBy factors: [Float]) -> Tensor {
        let width = shape[1]
        return Tensor(shape: shape) { target in
            withUnsafeValues { values in for index in target.indices { target[index] = values[index] * factors[index / width] } }
        }
    }

    /// A share of a square matrix, and the rest of the unit matrix.
    fileprivate func mixed(_ share: Float, withUnitOf size: Int) -> Tensor {
        Tensor(shape: shape) { target in
            withUnsafeValues { values in
                for index in target.indices { target[index] = share * values[index] + (index % (size + 1) == 0 ? 1 - share : 0) }
            }
        }
    }
}
