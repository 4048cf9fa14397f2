import Glibc
import Synchronization

/// The floats behind one or more tensors: memory of our own, or memory that `owner` keeps alive.
///
/// The one class that holds an unsafe pointer to values. It is written through `pointer` before a tensor is made of it and never
/// after, which is what makes sharing it between threads sound.
final class TensorStorage: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int
    private let owner: (any AnyObject & Sendable)?
    /// Bytes to hand back to the pool; 0 for borrowed memory.
    private let capacity: Int

    /// Memory that is not yet initialised: the caller fills all of it before it makes a tensor.
    init(count: Int) {
        let block = MemoryPool.take(bytes: count * MemoryLayout<Float>.stride)
        pointer = block.address.bindMemory(to: Float.self, capacity: count)
        capacity = block.bytes
        self.count = count
        owner = nil
    }

    /// Whether the values lie in memory that something else keeps alive, such as a mapped file.
    var isBorrowed: Bool { owner != nil }

    /// Memory for what stays as long as a model does, such as packed weights; not yet initialised.
    convenience init(lasting count: Int) {
        if let place = WeightMemory.take(bytes: count * MemoryLayout<Float>.stride) {
            self.init(borrowing: place.address.bindMemory(to: Float.self, capacity: count), count: count, owner: place.chunk)
        } else {
            self.init(count: count)
        }
    }

    init(borrowing pointer: UnsafePointer<Float>, count: Int, owner: any AnyObject & Sendable) {
        self.pointer = UnsafeMutablePointer(mutating: pointer)
        self.count = count
        self.owner = owner
        capacity = 0
    }

    deinit {
        if owner == nil {
            MemoryPool.giveBack(UnsafeMutableRawPointer(pointer), bytes: capacity)
        }
    }
}

/// Keeps a few large blocks that tensors gave back, so that a step of a network reuses the pages of the step before:
/// the kernel's clearing of fresh pages otherwise costs as much as a cheap layer does.
enum MemoryPool {
    struct Block {
        var address: UnsafeMutableRawPointer
        var bytes: Int
    }

    /// Blocks below this go straight to malloc, which is good at them.
    private static let smallest = 1 << 16
    /// What the processor maps at once where it can.
    private static let hugePage = 2 << 20
    /// How many bytes are kept at most.
    private static let limit = 96 << 20

    private struct State: @unchecked Sendable {
        var blocks: [Block] = []
        var bytes = 0
    }

    private static let state = Mutex(State())

    static func take(bytes: Int) -> Block {
        let rounded = max((bytes + 63) & ~63, 64)
        guard rounded >= smallest else { return allocate(rounded) }
        // Sizes are rounded up to an eighth, so that maps of nearly the same size share blocks, and large ones to whole huge pages.
        let eighth = 1 << max(Int.bitWidth - rounded.leadingZeroBitCount - 4, 12)
        let grain = rounded >= hugePage / 2 ? max(eighth, hugePage) : eighth
        let wanted = (rounded + grain - 1) & ~(grain - 1)
        let found = state.withLock { state -> Block? in
            var best: Int?
            for (index, block) in state.blocks.enumerated() where block.bytes >= wanted && block.bytes <= wanted + wanted / 2 {
                if best.map({ block.bytes <= state.blocks[$0].bytes }) ?? true { best = index }
            }
            guard let best else { return nil }
            let block = state.blocks.remove(at: best)
            state.bytes -= block.bytes
            return block
        }
        return found ?? allocate(wanted)
    }

    static func giveBack(_ address: UnsafeMutableRawPointer, bytes: Int) {
        guard bytes >= smallest, bytes <= limit / 2 else {
            free(address)
            return
        }
        let dropped = state.withLock { state -> [Block] in
            state.blocks.append(Block(address: address, bytes: bytes))
            state.bytes += bytes
            var dropped: [Block] = []
            while state.bytes > limit {
                let oldest = state.blocks.removeFirst()
                state.bytes -= oldest.bytes
                dropped.append(oldest)
            }
            return dropped
        }
        for block in dropped {
            free(block.address)
        }
    }

    fileprivate static func allocate(_ bytes: Int) -> Block {
        var address: UnsafeMutableRawPointer?
        let large = bytes >= hugePage
        guard posix_memalign(&address, large ? hugePage : 64, bytes) == 0, let address else {
            fatalError("out of memory: \(bytes) bytes for a tensor")
        }
        if large {
            // Touching fresh memory then costs one fault for two megabytes, not for four kilobytes. A hint: it may well be refused.
            madvise(address, bytes / hugePage * hugePage, MADV_HUGEPAGE)
        }
        return Block(address: address, bytes: bytes)
    }
}

/// Packed weights stand side by side in chunks of several huge pages: a network has hundreds of them, most too small for a page of their
/// own, and to touch their memory for the first time would otherwise cost more than to pack them.
private enum WeightMemory {
    /// Freed when the last storage within it goes.
    final class Chunk: @unchecked Sendable {
        static let size = 8 << 20
        let block = MemoryPool.allocate(Chunk.size)

        deinit {
            free(block.address)
        }
    }

    private struct State: Sendable {
        var chunk: Chunk?
        var used = 0
    }

    private static let state = Mutex(State())

    /// nil for what is large enough to stand alone.
    static func take(bytes: Int) -> (address: UnsafeMutableRawPointer, chunk: Chunk)? {
        guard bytes <= Chunk.size / 4 else { return nil }
        let rounded = (bytes + 63) & ~63
        let (chunk, start) = state.withLock { state -> (Chunk, Int) in
            if let chunk = state.chunk, state.used + rounded <= Chunk.size {
                defer { state.used += rounded }
                return (chunk, state.used)
            }
            let chunk = Chunk()
            state = State(chunk: chunk, used: rounded)
            return (chunk, 0)
        }
        return (chunk.block.address + start, chunk)
    }
}
