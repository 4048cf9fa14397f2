import CKernels

/// Attention with both products in bfloat16 and the soft-max in single precision, in one pass over blocks of keys: scores, their
/// exponentials and the products with the values stay in the second-level cache (Dao et al. 2022, "FlashAttention").
extension AttentionPlan {
    /// Queries of an item.
    private var pairBlock: Int { min(96, (queries + 11) / 12 * 12) }

    func runPaired(
        _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>
    ) {
        run(block: pairBlock, q, k, v, to) { PairAttentionHead(plan: self, block: pairBlock) }
    }
}

/// With products in bfloat16.
private struct PairAttentionHead: AttendingHead {
    /// Keys of a block, a multiple of a panel: the scores of 96 queries with them take 192 KiB.
    private static let blockKeys = 512

    let plan: AttentionPlan
    let block: Int
    let keys: TensorStorage
    let values: TensorStorage
    let scores: TensorStorage
    let weights: TensorStorage
    let statistics: TensorStorage
    var sequence = -1
    var head = -1
    /// How many keys of this sequence are there to be looked at.
    var used = 0

    init(plan: AttentionPlan, block: Int) {
        let (wide, seen) = (PairPanels.width, min(plan.keys, Self.blockKeys))
        func padded(_ count: Int) -> Int { (count + wide - 1) / wide * wide }
        self.plan = plan
        self.block = block
        keys = TensorStorage(count: padded(plan.keys) * ((plan.width + 1) / 2))
        // A panel of values for each block of keys.
        let keyBlocks = (plan.keys + Self.blockKeys - 1) / Self.blockKeys
        values = TensorStorage(count: keyBlocks * padded(plan.outWidth) * ((seen + 1) / 2))
        scores = TensorStorage(count: block * seen)
        weights = TensorStorage(count: block * ((seen + 1) / 2))
        statistics = TensorStorage(count: 3 * block)
    }

    private var queryPairs: Int { (plan.width + 1) / 2 }
    private var valuePanels: Int { PairPanels.panels(plan.outWidth) }

    private func words(_ storage: TensorStorage) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self)
    }

    /// The values of the keys from `first` on; blocks before it are full ones.
    private func values(from first: Int) -> UnsafeMutablePointer<UInt32> {
        words(values) + first / Self.blockKeys * valuePanels * PairPanels.width * (Self.blockKeys / 2)
    }

    mutating func look(sequence: Int, head: Int, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>) {
        guard (sequence, head) != (self.sequence, self.head) else { return }
        (self.sequence, self.head) = (sequence, head)
        used = if case .lengths(let lengths) = plan.mask { lengths[sequence] } else { plan.keys }
        let start = plan.sharedKeys ? 0 : sequence * plan.keys
        let (row, outRow) = (plan.heads * plan.width, plan.heads * plan.outWidth)
        rd_pack_pairs(
            k + start * row + head * plan.width, used, 1, plan.width, row, 0, 1, 0, PairPanels.panels(used), words(keys), Processor.level)
        for first in stride(from: 0, to: used, by: Self.blockKeys) {
            rd_pack_pairs(
                v + (start + first) * outRow + head * plan.outWidth, plan.outWidth, 1, min(Self.blockKeys, used - first), 1, 0, outRow, 0,
                valuePanels, values(from: first), Processor.level)
        }
    }

    func attend(first: Int, _ q: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>) {
        let count = min(block, plan.queries - first)
        let (row, outRow) = (plan.heads * plan.width, plan.heads * plan.outWidth)
        let query = sequence * plan.queries + first
        let out = to + query * outRow + head * plan.outWidth
        let group = PairPanels.group(of: count)
        let maxima = statistics.pointer
        let (sums, factors) = (maxima + block, maxima + 2 * block)
        maxima.update(repeating: -.infinity, count: count)
        sums.update(repeating: 0, count: count)
        let rounded = TensorStorage(count: count * queryPairs)
        rd_bfloat_rows(
            q + query * row + head * plan.width, count, plan.width, row,
            UnsafeMutableRawPointer(rounded.pointer).assumingMemoryBound(to: UInt16.self), Processor.level)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: count) { table in
            let table = table.baseAddress!
            for start in stride(from: 0, to: lastKey(first: first, count: count), by: Self.blockKeys) {
                let seen = start..<min(used, start + Self.blockKeys)
                let pairs = (seen.count + 1) / 2
                rd_matrix_table(rounded.pointer, count, queryPairs, group, table)
                rd_pair_rows(
                    table, count, 1, queryPairs, group, words(keys) + start * queryPairs, 0, seen.count, nil, Int32(rd_activation_none), 0,
                    scores.pointer, seen.count, Processor.level)
                weigh(first: first, count: count, seen, maxima: maxima, sums: sums, factors: factors)
                if start > 0 {
                    for row in 0..<count where factors[row] != 1 {
                        rd_affine(out + row * outRow, factors[row], 0, out + row * outRow, plan.outWidth, Processor.level)
                    }
                }
                rd_matrix_table(weights.pointer, count, pairs, group, table)
                rd_pair_rows(
                    table, count, 1, pairs, group, values(from: start), 0, plan.outWidth, nil, Int32(rd_activation_none),
                    start > 0 ? Int32(rd_pair_adds) : 0,
                    out, outRow, Processor.level)
            }
        }
        for row in 0..<count {
            let factor = sums[row] > 0 ? 1 / sums[row] : 0
            rd_affine(out + row * outRow, factor, 0, out + row * outRow, plan.outWidth, Processor.level)
        }
    }

    /// Where the keys end that any of these queries looks at.
    private func lastKey(first: Int, count: Int) -> Int {
        if case .causal = plan.mask { min(used, first + count) } else { used }
    }

    /// Scores with some keys, through bias and soft-max, to weights in bfloat16.
    private func weigh(
        first: Int, count: Int, _ seen: Range<Int>, maxima: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
        factors: UnsafeMutablePointer<Float>
    ) {
        var scale = plan.scale
        var (reach, growth) = (seen.count, 0)
        switch plan.mask {
        case .none, .lengths: break
        case .causal: (reach, growth) = (first + 1 - seen.lowerBound, 1)
        case .biased(let bias):
            bias.add(
                to: scores.pointer, first: first, count: count, keys: seen, stride: seen.count, sequence: sequence, head: head, scale: scale
            )
            scale = 1
        }
        rd_softmax_pairs(
            scores.pointer, count, seen.count, seen.count, scale, reach, growth, maxima, sums, factors,
            UnsafeMutableRawPointer(weights.pointer).assumingMemoryBound(to: UInt16.self), (seen.count + 1) / 2 * 2, Processor.level)
    }
}
