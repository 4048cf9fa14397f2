import CKernels

/// Which keys a query may look at.
package enum AttentionMask: Sendable {
    case none
    /// Keys at or behind this count of a sequence are padding: one count for each sequence of the batch.
    case lengths([Int])
    /// A query sees the keys up to its own position.
    case causal
    /// Every pair is weighed by something of its own.
    case biased(AttentionBias)
}

/// What is added to the scaled scores before the soft-max.
package struct AttentionBias: Sendable {
    /// `[heads, queries, keys]`, the same for every sequence.
    package let heads: Tensor
    /// `[maps, queries, keys]`, the same for every head of a sequence.
    package let maps: Tensor?
    /// Which of the maps a sequence has, if any; sequences behind these begin again at the first.
    package let mapOfSequence: [Int?]

    package init(heads: Tensor, maps: Tensor? = nil, mapOfSequence: [Int?] = [nil]) {
        precondition(!mapOfSequence.isEmpty && mapOfSequence.allSatisfy { $0 == nil || (0..<(maps?.shape[0] ?? 0)).contains($0!) })
        (self.heads, self.maps, self.mapOfSequence) = (heads, maps, mapOfSequence)
    }

    /// Adds it to the scaled scores of queries from `first` on with some of the keys, each row `stride` behind the other.
    func add(
        to scores: UnsafeMutablePointer<Float>, first: Int, count: Int, keys: Range<Int>, stride: Int, sequence: Int, head: Int,
        scale: Float
    ) {
        for row in 0..<count {
            let line = scores + row * stride
            rd_weighted_sum(
                line, scale, place(heads, head, first + row) + keys.lowerBound, 1, line, keys.count, Processor.level)
            guard let map = map(sequence, first + row) else { continue }
            rd_weighted_sum(line, 1, map + keys.lowerBound, 1, line, keys.count, Processor.level)
        }
    }

    /// The scores of some queries of a sequence's head, from `first` on, through bias and soft-max.
    fileprivate func weigh(
        _ scores: UnsafeMutablePointer<Float>, first: Int, count: Int, keys: Int, sequence: Int, head: Int, scale: Float
    ) {
        for row in 0..<count {
            let line = scores + row * keys
            rd_weighted_sum(line, scale, place(heads, head, first + row), 1, line, keys, Processor.level)
            rd_softmax_rows(line, 1, keys, keys, 1, map(sequence, first + row), Processor.level)
        }
    }

    private func place(_ biases: Tensor, _ index: Int, _ query: Int) -> UnsafePointer<Float> {
        biases.pointer + (index * biases.shape[1] + query) * biases.shape[2]
    }

    private func map(_ sequence: Int, _ query: Int) -> UnsafePointer<Float>? {
        mapOfSequence[sequence % mapOfSequence.count].flatMap { index in maps.map { place($0, index, query) } }
    }
}

/// Scaled dot-product attention with several heads: softmax(q k^T scale) v.
///
/// Scores are made for a block of queries at a time, so no `[queries, keys]` map of the whole is ever held.
///
/// - Parameters:
///   - queries: `[batch, queries, heads * width]`, head after head within a row.
///   - keys: `[batch, keys, heads * width]`; a batch of 1 serves every sequence of the queries.
///   - values: `[batch, keys, heads * valueWidth]`.
///   - scale: 1 / sqrt(width) unless given; above 0.
///   - arithmetic: of both products.
/// - Returns: `[batch, queries, heads * valueWidth]`.
package func attention(
    _ queries: Tensor, _ keys: Tensor, _ values: Tensor, heads: Int, mask: AttentionMask = .none, scale: Float? = nil,
    arithmetic: Arithmetic = .f32
) -> Tensor {
    precondition(queries.shape.rank == 3 && keys.shape.rank == 3 && values.shape.rank == 3, "attention wants [batch, tokens, width]")
    let (batch, queryCount, queryWidth) = (queries.shape[0], queries.shape[1], queries.shape[2])
    let (keyBatch, keyCount, valueWidth) = (keys.shape[0], keys.shape[1], values.shape[2])
    precondition(
        keys.shape[2] == queryWidth && values.shape[1] == keyCount && values.shape[0] == keyBatch && (keyBatch == batch || keyBatch == 1)
            && keyCount > 0 && queryWidth % heads == 0 && valueWidth % heads == 0,
        "queries \(queries.shape), keys \(keys.shape) and values \(values.shape) do not meet in \(heads) heads")
    if case .lengths(let lengths) = mask {
        precondition(
            lengths.count == batch && lengths.allSatisfy { $0 >= 1 && $0 <= keyCount }, "lengths \(lengths) for keys \(keys.shape)")
    }
    if case .biased(let bias) = mask {
        precondition(
            bias.heads.shape == [heads, queryCount, keyCount]
                && bias.maps.map { $0.shape.dimensions.dropFirst() == [queryCount, keyCount] } ?? true,
            "a bias of \(bias.heads.shape) and \(bias.maps?.shape ?? []) for \(heads) heads, queries \(queries.shape) and keys \(keys.shape)"
        )
    }
    let plan = AttentionPlan(
        batch: batch, heads: heads, queries: queryCount, keys: keyCount, sharedKeys: keyBatch == 1, width: queryWidth / heads,
        outWidth: valueWidth / heads, scale: scale ?? 1 / Float(queryWidth / heads).squareRoot(), mask: mask)
    return Tensor(shape: [batch, queryCount, valueWidth]) { target in
        guard let to = target.baseAddress, target.count > 0 else { return }
        withExtendedLifetime((queries, keys, values, mask)) {
            if arithmetic != .f32, Arithmetic.bf16.isNative {
                plan.runPaired(queries.pointer, keys.pointer, values.pointer, to)
            } else {
                plan.run(queries.pointer, keys.pointer, values.pointer, to)
            }
        }
    }
}

/// Attention cut into items, a block of queries of one head of one sequence each.
///
/// A head's keys and values are packed into panels as a weight would be; threads take runs of items, so this happens about once a head.
struct AttentionPlan {
    var batch: Int
    var heads: Int
    var queries: Int
    var keys: Int
    var sharedKeys: Bool
    var width: Int
    var outWidth: Int
    var scale: Float
    var mask: AttentionMask

    /// Queries of an item: a block of scores stays within the second-level cache.
    private var block: Int { max(24, min(192, (1 << 16) / keys / 12 * 12)) }

    func run(
        _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>
    ) {
        let blocks = (queries + block - 1) / block
        let work = min(block, queries) * keys * width
        Parallel.forEachRange(count: batch * heads * blocks, minimum: max(1, (1 << 16) / max(1, work)), perThread: 4) { items in
            var head = AttentionHead(plan: self, block: min(block, queries))
            for item in items {
                if Parallel.isInterrupted { return }
                head.look(sequence: item / (heads * blocks), head: item / blocks % heads, k, v)
                head.attend(first: item % blocks * block, q, to)
            }
        }
    }
}

/// The memory a thread needs for one head at a time.
private struct AttentionHead {
    let plan: AttentionPlan
    let block: Int
    let panelWidth: Int
    let keys: TensorStorage
    let values: TensorStorage
    let scores: TensorStorage
    var sequence = -1
    var head = -1
    /// How many keys of this sequence are there to be looked at.
    var used = 0

    init(plan: AttentionPlan, block: Int) {
        let wide = rd_panel_width(Processor.level)
        func padded(_ count: Int) -> Int { (count + wide - 1) / wide * wide }
        panelWidth = wide
        self.plan = plan
        self.block = block
        keys = TensorStorage(count: padded(plan.keys) * plan.width)
        values = TensorStorage(count: padded(plan.outWidth) * plan.keys)
        scores = TensorStorage(count: block * plan.keys)
    }

    /// Packs a head's keys and values, unless they are those of the item before.
    mutating func look(sequence: Int, head: Int, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>) {
        guard (sequence, head) != (self.sequence, self.head) else { return }
        (self.sequence, self.head) = (sequence, head)
        used = if case .lengths(let lengths) = plan.mask { lengths[sequence] } else { plan.keys }
        let start = plan.sharedKeys ? 0 : sequence * plan.keys
        let (row, outRow) = (plan.heads * plan.width, plan.heads * plan.outWidth)
        rd_pack_panels(
            k + start * row + head * plan.width, used, 1, plan.width, row, 0, 1, panelWidth, 0, (used + panelWidth - 1) / panelWidth,
            keys.pointer)
        rd_pack_panels(
            v + start * outRow + head * plan.outWidth, plan.outWidth, 1, used, 1, 0, outRow, panelWidth, 0,
            (plan.outWidth + panelWidth - 1) / panelWidth, values.pointer)
    }

    func attend(first: Int, _ q: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>) {
        let count = min(block, plan.queries - first)
        let (row, outRow) = (plan.heads * plan.width, plan.heads * plan.outWidth)
        let group = rd_panel_group(panelWidth)
        let query = sequence * plan.queries + first
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: count) { table in
            let table = table.baseAddress!
            rd_matrix_table(q + query * row + head * plan.width, count, row, group, table)
            rd_panel_rows(
                table, count, 1, plan.width, keys.pointer, panelWidth, 0, used, nil, Int32(rd_activation_none), scores.pointer, used,
                Processor.level)
            weigh(first: first, count: count)
            rd_matrix_table(scores.pointer, count, used, group, table)
            rd_panel_rows(
                table, count, 1, used, values.pointer, panelWidth, 0, plan.outWidth, nil, Int32(rd_activation_none),
                to + query * outRow + head * plan.outWidth, outRow, Processor.level)
        }
    }

    private func weigh(first: Int, count: Int) {
        switch plan.mask {
        case .none, .lengths: rd_softmax_rows(scores.pointer, count, used, used, plan.scale, nil, Processor.level)
        case .causal:
            for row in 0..<count {
                let line = scores.pointer + row * used
                let seen = min(used, first + row + 1)
                rd_softmax_rows(line, 1, seen, used, plan.scale, nil, Processor.level)
                (line + seen).update(repeating: 0, count: used - seen)
            }
        case .biased(let bias):
            bias.weigh(scores.pointer, first: first, count: count, keys: used, sequence: sequence, head: head, scale: plan.scale)
        }
    }
}
