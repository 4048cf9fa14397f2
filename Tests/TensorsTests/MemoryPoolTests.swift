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
