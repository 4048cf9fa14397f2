/// `x` times the transposed weight: each row of `x`, seen along its last dimension, becomes a row of `weight.outputs` values.
///
/// - Parameters:
///   - x: `[…, inputs]`.
///   - bias: `[outputs]`, added before the activation.
///   - residual: `[…, outputs]`, added after the activation.
/// - Returns: `[…, outputs]`.
package func matmul(
    _ x: Tensor, _ weight: PackedMatrix, bias: Tensor? = nil, activation: Activation = .none, adding residual: Tensor? = nil
) -> Tensor {
    if case .mapped(let rows) = weight.form { return matmul(x, rows.next(), bias: bias, activation: activation, adding: residual) }
    precondition(x.shape[-1] == weight.inputs, "rows of \(x.shape) do not meet a weight of \(weight.outputs) by \(weight.inputs)")
    precondition(bias.map { $0.count == weight.outputs } ?? true, "a bias of \(bias?.shape ?? []) for \(weight.outputs) outputs")
    let shape = x.shape.replacingLast(with: weight.outputs)
    precondition(residual.map { $0.count == shape.count } ?? true, "a residual of \(residual?.shape ?? []) for a result of \(shape)")
    return Tensor(shape: shape) { target in
        guard let to = target.baseAddress, target.count > 0 else { return }
        withExtendedLifetime((x, weight, bias, residual)) {
            let finish = Finish(bias: bias?.pointer, residual: residual?.pointer, activation: activation)
            switch weight.form {
            case .panels(let packed):
                multiplyPanels(
                    .matrix(x.pointer, stride: weight.inputs), count: x.rowCount, outputs: weight.outputs, inputs: weight.inputs, packed,
                    to,
                    finish: finish)
            case .pairs(let packed):
                multiplyPairs(x.pointer, count: x.rowCount, outputs: weight.outputs, inputs: weight.inputs, packed, to, finish: finish)
            case .quads(let packed):
                multiplyQuads(x.pointer, count: x.rowCount, outputs: weight.outputs, inputs: weight.inputs, packed, to, finish: finish)
            case .rows(let matrix):
                multiplyRows(x.pointer, count: x.rowCount, matrix, to, finish: finish)
            case .mapped:
                preconditionFailure("a mapped weight says how it is taken before a product begins")
            }
        }
    }
}

/// to [count, n] = finish(from [count, k] matrix^T) by OpenBLAS, cut over threads by rows, or by columns where rows are few.
private func multiplyRows(
    _ from: UnsafePointer<Float>, count: Int, _ matrix: Tensor, _ to: UnsafeMutablePointer<Float>, finish: Finish
) {
    let (n, k) = (matrix.shape[0], matrix.shape[1])
    let weight = matrix.pointer
    func block(_ rows: Range<Int>, _ columns: Range<Int>) {
        let out = to + rows.lowerBound * n + columns.lowerBound
        BLAS.multiply(
            m: rows.count, n: columns.count, k: k, from + rows.lowerBound * k, aStride: k, weight + columns.lowerBound * k, bStride: k,
            transposed: true, out, cStride: n)
        finish.apply(out, row: rows.lowerBound, column: columns.lowerBound, count: rows.count, width: columns.count, stride: n)
    }
    if 2 * count * n * k < 1 << 19 {
        block(0..<count, 0..<n)
    } else if count >= 32 * Parallel.threadCount || count >= n {
        Parallel.forEachRange(count: count, minimum: 16, multiple: 8, perThread: count > 2048 ? 4 : 1) { block($0, 0..<n) }
    } else {
        Parallel.forEachRange(count: n, minimum: 16, multiple: 16, perThread: 1) { block(0..<count, $0) }
    }
}

/// The matrix product of two tensors: `[…, k]` by `[k, n]`, or by `[n, k]` where `transposed`. For a weight that stays, use `PackedMatrix`.
package func matmul(_ a: Tensor, _ b: Tensor, transposed: Bool = false) -> Tensor {
    precondition(b.shape.rank == 2, "the second factor of a product is a matrix, not \(b.shape)")
    if transposed { return matmul(a, PackedMatrix(unpacked: b)) }
    let (k, n) = (b.shape[0], b.shape[1])
    precondition(a.shape[-1] == k, "\(a.shape) and \(b.shape) do not multiply")
    return Tensor(shape: a.shape.replacingLast(with: n)) { target in
        guard let to = target.baseAddress, target.count > 0 else { return }
        withExtendedLifetime((a, b)) {
            let (left, right) = (a.pointer, b.pointer)
            Parallel.forEachRange(count: a.rowCount, minimum: max(16, (1 << 18) / max(1, n * k)), perThread: 1) { rows in
                BLAS.multiply(
                    m: rows.count, n: n, k: k, left + rows.lowerBound * k, aStride: k, right, bStride: n, transposed: false,
                    to + rows.lowerBound * n, cStride: n)
            }
        }
    }
}
