/// Blocks of memory that wait for their next use. Large ones, of whole huge pages, are cut where less is wanted and joined with their
/// neighbours when they come back, so that a layer's large map serves the next one's small maps and the other way round.
struct KeptBlocks: @unchecked Sendable {
    /// In the order in which they came, the oldest first.
    private(set) var blocks: [MemoryPool.Block] = []
    private(set) var bytes = 0

    /// Takes out a block of at least `wanted` bytes; a large one has exactly as many.
    mutating func take(_ wanted: Int) -> MemoryPool.Block? {
        let isLarge = wanted >= MemoryPool.hugePage
        // A small one that is much larger would be missed elsewhere.
        let most = isLarge ? Int.max : wanted + wanted / 2
        var best: Int?
        for (index, block) in blocks.enumerated()
        where block.isLarge == isLarge && (wanted...most).contains(block.bytes) && best.map({ block.bytes <= blocks[$0].bytes }) ?? true {
            best = index
        }
        guard let best else { return nil }
        var block = blocks[best]
        if isLarge, block.bytes > wanted {
            blocks[best] = block.cut(to: wanted)
        } else {
            blocks.remove(at: best)
        }
        bytes -= block.bytes
        return block
    }

    mutating func keep(_ block: MemoryPool.Block) {
        bytes += block.bytes
        var block = block
        if block.isLarge {
            if let before = blocks.firstIndex(where: { $0.isLarge && $0.end == block.address }) {
                let other = blocks.remove(at: before)
                block = MemoryPool.Block(address: other.address, bytes: other.bytes + block.bytes)
            }
            if let after = blocks.firstIndex(where: { $0.isLarge && $0.address == block.end }) {
                block.bytes += blocks.remove(at: after).bytes
            }
        }
        blocks.append(block)
    }

    /// Takes out what is more than `most` bytes, the oldest first; of a large block no more than has to go.
    mutating func surplus(beyond most: Int) -> [MemoryPool.Block] {
        var dropped: [MemoryPool.Block] = []
        while bytes > most, var oldest = blocks.first {
            let page = MemoryPool.hugePage
            let excess = (bytes - most + page - 1) / page * page
            if oldest.isLarge, oldest.bytes > excess {
                dropped.append(oldest.cut(to: oldest.bytes - excess))
                blocks[0] = oldest
                bytes -= excess
            } else {
                dropped.append(blocks.removeFirst())
                bytes -= oldest.bytes
            }
        }
        return dropped
    }
}
