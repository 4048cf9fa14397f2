import CKernels

/// Which keys a query may look at.
public enum AttentionMask: Sendable {
    case none
    /// Keys at or behind this count of a sequence are padding: one count for each sequence of the batch.
    case lengths([Int])
    /// A query sees the keys up to its own position.
    case causal
}

/// Scaled dot-product attention with several heads: softmax(q k^T scale) v.
///
/// Scores are made for a block of queries at a time, so no `[queries, keys]` map of the whole is ever held.
///
/// - Parameters:
///   - queries: `[batch, queries, heads * width]`, head after head within a row.
///   - keys: `[batch, keys, heads * width]`; a batch of 1 serves every sequence of the queries.
///   - values: `[batch, keys, heads * valueWidth]`.
///   - scale: 1 / sqrt(width) unless given.
/// - Returns: `[batch, queries, heads * valueWidth]`.
public func attention(
    _ queries: Tensor, _ keys: Tensor, _ values: Tensor, heads: Int, mask: AttentionMask = .none, scale: Float? = nil
) -> Tensor {
    precondition(queries.shape.rank == 3 && keys.shape.rank == 3 && values.shape.rank == 3, "attention wants [batch, tokens, width]")
    let (batch, queryCount, queryWidth) = (queries.shape[0], queries.shape[1], queries.shape[2])
    let (keyBatch, keyCount, valueWidth) = (keys.shape[0], keys.shape[1], values.shape[2])
    precondition(
        keys.shape[2] == queryWidth && values.shape[1] == keyCount && values.shape[0] == keyBatch && (keyBatch == batch || keyBatch == 1)
            && queryWidth % heads == 0 && valueWidth % heads == 0,
        "queries \(queries.shape), keys \(keys.shape) and values \(values.shape) do not meet in \(heads) heads")
    if case .lengths(let lengths) = mask {
        precondition(
            lengths.count == batch && lengths.allSatisfy { $0 >= 1 && $0 <= keyCount }, "lengths \(lengths) for keys \(keys.shape)")
    }
    let width = queryWidth / heads
    let outWidth = valueWidth / heads
    let factor = scale ?? 1 / Float(width).squareRoot()
    // A block of scores stays within the second-level cache.
    let block = max(8, min(queryCount, 256, (1 << 16) / max(keyCount, 1)))
    let blocks = (queryCount + block - 1) / block
    return Tensor(shape: [batch, queryCount, valueWidth]) { target in
        guard let to = target.baseAddress, target.count > 0 else { return }
        withExtendedLifetime((queries, keys, values)) {
            let (q, k, v) = (queries.pointer, keys.pointer, values.pointer)
            Parallel.forEachRange(
                count: batch * heads * blocks, minimum: max(1, (1 << 16) / max(1, block * keyCount * width)), perThread: 8
            ) { items in
                let scores = TensorStorage(count: block * keyCount)
                for item in items {
                    let (sequence, head, first) = (item / (heads * blocks), item / blocks % heads, item % blocks * block)
                    let count = min(block, queryCount - first)
                    let keyStart = keyBatch == 1 ? 0 : sequence * keyCount
                    var used = keyCount
                    if case .lengths(let lengths) = mask { used = lengths[sequence] }
                    if case .causal = mask { used = min(keyCount, first + count) }
                    BLAS.multiply(
                        m: count, n: used, k: width,
                        q + (sequence * queryCount + first) * queryWidth + head * width, aStride: queryWidth,
                        k + keyStart * queryWidth + head * width, bStride: queryWidth, transposed: true,
                        scores.pointer, cStride: used)
                    if case .causal = mask {
                        for row in 0..<count {
                            let line = scores.pointer + row * used
                            let seen = min(used, first + row + 1)
                            rd_softmax_rows(line, 1, seen, used, factor, nil, Processor.level)
                            (line + seen).update(repeating: 0, count: used - seen)
                        }
                    } else {
                        rd_softmax_rows(scores.pointer, count, used, used, factor, nil, Processor.level)
                    }
                    BLAS.multiply(
                        m: count, n: outWidth, k: used,
                        scores.pointer, aStride: used,
                        v + keyStart * valueWidth + head * outWidth, bStride: valueWidth, transposed: false,
                        to + (sequence * queryCount + first) * valueWidth + head * outWidth, cStride: valueWidth)
                }
            }
        }
    }
}
