/// Which neighbouring tokens become one, and in which order (Sennrich 2016).
struct BytePairMerges: Sendable {
    private struct Merge {
        var pair: UInt64
        var rank: Int32
        var merged: Int32
    }

    /// Open addressing; free where `merged` is negative. The size is a power of two, at least twice the merges.
    private var slots: [Merge]
    private var count = 0

    /// - Parameter capacity: how many merges are to come; more than that make the table slow, not wrong.
    init(capacity: Int) {
        var size = 1024
        while size < 2 * capacity { size *= 2 }
        slots = [Merge](repeating: Merge(pair: 0, rank: 0, merged: -1), count: size)
    }

    /// The first entry of a pair counts. Merges are applied in the order in which they were inserted.
    mutating func insert(_ left: Int, _ right: Int, merged: Int) {
        if 2 * (count + 1) > slots.count { grow() }
        let pair = Self.pair(left, right)
        let slot = slot(of: pair)
        guard slots[slot].merged < 0 else { return }
        slots[slot] = Merge(pair: pair, rank: Int32(count), merged: Int32(merged))
        count += 1
    }

    private mutating func grow() {
        let old = slots
        slots = [Merge](repeating: Merge(pair: 0, rank: 0, merged: -1), count: 2 * old.count)
        for merge in old where merge.merged >= 0 {
            slots[slot(of: merge.pair)] = merge
        }
    }

    private static func pair(_ left: Int, _ right: Int) -> UInt64 {
        UInt64(UInt32(truncatingIfNeeded: left)) << 32 | UInt64(UInt32(truncatingIfNeeded: right))
    }

    private func slot(of pair: UInt64) -> Int {
        let mask = slots.count - 1
        let mixed = pair &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(truncatingIfNeeded: (mixed ^ mixed >> 32) & UInt64(mask))
        while slots[slot].merged >= 0, slots[slot].pair != pair { slot = (slot + 1) & mask }
        return slot
    }

    /// The tokens after every merge that applies: always the earliest one, and the leftmost of its places.
    ///
    /// A queue of the pairs that stand side by side, so that a word of many thousands of letters takes no time quadratic in them.
    func applied(to tokens: [Int]) -> [Int] {
        guard tokens.count > 1 else { return tokens }
        var tokens = tokens
        let count = tokens.count
        var next = Array(1...count)
        var previous = Array(-1..<count - 1)
        var queue = CandidateQueue()
        func consider(_ position: Int) {
            let right = next[position]
            guard right < count else { return }
            let merge = slots[slot(of: Self.pair(tokens[position], tokens[right]))]
            guard merge.merged >= 0 else { return }
            queue.insert(
                CandidateQueue.Candidate(
                    order: UInt64(merge.rank) << 32 | UInt64(position), pair: merge.pair, merged: Int(merge.merged)))
        }
        for position in 0..<count - 1 { consider(position) }
        while let candidate = queue.removeFirst() {
            let position = Int(candidate.order & 0xFFFF_FFFF)
            let right = next[position]
            // What was queued may have become part of another token since.
            guard tokens[position] >= 0, right < count, Self.pair(tokens[position], tokens[right]) == candidate.pair else { continue }
            tokens[position] = candidate.merged
            tokens[right] = -1
            next[position] = next[right]
            if next[right] < count { previous[next[right]] = position }
            if previous[position] >= 0 { consider(previous[position]) }
            consider(position)
        }
        return tokens.filter { $0 >= 0 }
    }
}

/// A binary heap of places where a merge applies, the earliest merge and then the leftmost place first.
private struct CandidateQueue {
    struct Candidate {
        /// The merge's rank and below it the position.
        var order: UInt64
        var pair: UInt64
        var merged: Int
    }

    private var heap: [Candidate] = []

    mutating func insert(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2].order > heap[child].order {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Candidate? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].order < heap[smallest].order {
                smallest = child
            }
            guard smallest != parent else { return first }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
