import TestSupport
import Testing

@testable import Tensors

@Suite struct MemoryPoolTests {
    /// Blocks of any size are used again within a run.
    @Test func aRunUsesItsMemoryAgain() {
        let bytes = 300 << 20
        let found = MemoryPool.keeping {
            // More than the block itself, and older: what tests beside this one take is made up for out of that.
            let beside = MemoryPool.take(bytes: bytes)
            let first = MemoryPool.take(bytes: bytes + (64 << 20))
            MemoryPool.giveBack(beside.address, bytes: beside.bytes)
            MemoryPool.giveBack(first.address, bytes: first.bytes)
            return (0..<3).map { _ in
                let block = MemoryPool.take(bytes: bytes + (64 << 20))
                // A mark that fresh memory would not have.
                defer {
                    block.address.storeBytes(of: 0x5EED, as: UInt64.self)
                    MemoryPool.giveBack(block.address, bytes: block.bytes)
                }
                return block.address.load(as: UInt64.self)
            }
        }
        #expect(found == [0, 0x5EED, 0x5EED])
    }

    /// What was kept for work that is over goes back to the system.
    @Test func whatIsForgottenIsFresh() {
        let bytes = 700 << 20
        let found = MemoryPool.keeping {
            (0..<2).map { _ in
                let block = MemoryPool.take(bytes: bytes)
                defer {
                    block.address.storeBytes(of: 0x5EED, as: UInt64.self)
                    MemoryPool.giveBack(block.address, bytes: block.bytes)
                    MemoryPool.forgetMostUsed()
                }
                return block.address.load(as: UInt64.self)
            }
        }
        #expect(found == [0, 0])
    }

    /// Random takes and returns: no two blocks that are out overlap, nothing is lost, and what was cut comes together again.
    @Test func keptBlocksAreCutAndJoined() {
        var generator = SeededGenerator.announced()
        let page = MemoryPool.hugePage
        // Addresses alone: nothing is read or written there.
        let start = UnsafeMutableRawPointer(bitPattern: 64 * page)!
        for _ in 0..<50 {
            let pages = Int.random(in: 5...60, using: &generator)
            var kept = KeptBlocks()
            // Two neighbours, as the system may well give them.
            let seam = Int.random(in: 1..<pages, using: &generator)
            kept.keep(MemoryPool.Block(address: start + seam * page, bytes: (pages - seam) * page))
            kept.keep(MemoryPool.Block(address: start, bytes: seam * page))
            #expect(kept.blocks.count == 1 && kept.bytes == pages * page)
            var out: [MemoryPool.Block] = []
            for _ in 0..<100 {
                if out.isEmpty || Bool.random(using: &generator) {
                    let wanted = Int.random(in: 1...pages / 3 + 1, using: &generator) * page
                    let longest = kept.blocks.map(\.bytes).max() ?? 0
                    let block = kept.take(wanted)
                    #expect((block != nil) == (longest >= wanted))
                    guard let block else { continue }
                    #expect(block.bytes == wanted && out.allSatisfy { $0.end <= block.address || block.end <= $0.address })
                    out.append(block)
                } else {
                    kept.keep(out.remove(at: Int.random(in: out.indices, using: &generator)))
                }
                #expect(kept.bytes == kept.blocks.reduce(0) { $0 + $1.bytes })
                #expect(kept.bytes + out.reduce(0) { $0 + $1.bytes } == pages * page)
            }
            out.forEach { kept.keep($0) }
            #expect(kept.blocks.count == 1 && kept.blocks[0].address == start && kept.bytes == pages * page)
        }
    }

    /// What is too much goes, the oldest first, and of a large block only that.
    @Test func surplusGoesFromTheOldest() {
        let page = MemoryPool.hugePage
        let start = UnsafeMutableRawPointer(bitPattern: 64 * page)!
        var kept = KeptBlocks()
        kept.keep(MemoryPool.Block(address: start, bytes: 100_000))
        kept.keep(MemoryPool.Block(address: start + 2 * page, bytes: 4 * page))
        kept.keep(MemoryPool.Block(address: start + 9 * page, bytes: 3 * page))
        #expect(kept.surplus(beyond: kept.bytes).isEmpty)
        let first = kept.surplus(beyond: 6 * page)
        #expect(first.map(\.bytes) == [100_000, page] && first[1].address == start + 5 * page)
        #expect(kept.surplus(beyond: 2 * page + 5).map(\.bytes) == [3 * page, page])
        #expect(kept.bytes == 2 * page && kept.blocks.map(\.address) == [start + 9 * page])
    }

    /// What the system gives is aligned, and all of it can be written to, whatever its size.
    @Test(arguments: [1, 64, 65_535, 65_536, 2 << 20, (2 << 20) + 64, (5 << 20) + 4_160])
    func memoryIsWholeAndAligned(_ bytes: Int) {
        let lasting = LastingMemory(bytes: bytes)
        let block = MemoryPool.take(bytes: bytes)
        for (address, size) in [(lasting.block.address, lasting.block.bytes), (block.address, block.bytes)] {
            #expect(size >= bytes && Int(bitPattern: address) % 64 == 0)
            for place in [0, size / 2, size - 1] { address.storeBytes(of: 7, toByteOffset: place, as: UInt8.self) }
        }
        MemoryPool.giveBack(block.address, bytes: block.bytes)
    }
}
