import Glibc
import Synchronization

/// Keeps blocks that tensors gave back, so that a step of a network reuses the pages of the step before: the kernel's clearing of fresh
/// pages otherwise costs as much as a cheap layer does.
package enum MemoryPool {
    struct Block {
        var address: UnsafeMutableRawPointer
        var bytes: Int

        /// Whether it stands on huge pages of its own.
        var isLarge: Bool { bytes >= MemoryPool.hugePage }
        var end: UnsafeMutableRawPointer { address + bytes }

        /// Keeps the first `size` bytes and gives what stands behind them.
        mutating func cut(to size: Int) -> Block {
            defer { bytes = size }
            return Block(address: address + size, bytes: bytes - size)
        }
    }

    /// Blocks below this go straight to malloc, which is good at them.
    private static let smallest = 1 << 16
    /// What the processor maps at once where it can.
    static let hugePage = 2 << 20
    /// How many bytes are always kept.
    private static let limit = 96 << 20

    private struct State: Sendable {
        var kept = KeptBlocks()
        /// Bytes that tensors have now.
        var used = 0
        /// The most they had at once since a run began; nil where none is going on.
        var mostUsed: Int?
        var runs = 0

        /// Takes out what is kept beyond what may be.
        mutating func surplus() -> [Block] { kept.surplus(beyond: max(limit, (mostUsed ?? 0) - used)) }
    }

    private static let state = Mutex(State())

    /// Runs `body`, within which as much memory is kept for the next layer as layers took at once before: a process takes no more than
    /// without, and fresh pages only once. What is then kept is given back at the end.
    package static func keeping<Result>(_ body: () throws -> Result) rethrows -> Result {
        state.withLock { state in
            state.runs += 1
            state.mostUsed = max(state.mostUsed ?? 0, state.used)
        }
        defer {
            let dropped = state.withLock { state -> [Block] in
                state.runs -= 1
                if state.runs == 0 { state.mostUsed = nil }
                return state.surplus()
            }
            dropped.forEach(release)
        }
        return try body()
    }

    /// Forgets what layers took at once before, and gives back what was kept for as much: other work comes, or weights take its place, which are
    /// not kept here.
    package static func forgetMostUsed() {
        let dropped = state.withLock { state -> [Block] in
            if state.mostUsed != nil { state.mostUsed = state.used }
            return state.surplus()
        }
        dropped.forEach(release)
    }

    static func take(bytes: Int) -> Block {
        let rounded = max((bytes + 63) & ~63, 64)
        guard rounded >= smallest else { return allocate(rounded) }
        // Small sizes are rounded up to an eighth, so that maps of nearly the same size share blocks, and large ones to whole huge pages.
        let grain = rounded >= hugePage / 2 ? hugePage : 1 << max(Int.bitWidth - rounded.leadingZeroBitCount - 4, 12)
        let wanted = (rounded + grain - 1) & ~(grain - 1)
        let (found, dropped) = state.withLock { state -> (Block?, [Block]) in
            let block = state.kept.take(wanted)
            state.used += block?.bytes ?? wanted
            if let most = state.mostUsed { state.mostUsed = max(most, state.used) }
            return (block, state.surplus())
        }
        dropped.forEach(release)
        return found ?? allocate(wanted)
    }

    static func giveBack(_ address: UnsafeMutableRawPointer, bytes: Int) {
        let block = Block(address: address, bytes: bytes)
        guard bytes >= smallest else { return release(block) }
        let dropped = state.withLock { state -> [Block] in
            state.used -= bytes
            state.kept.keep(block)
            return state.surplus()
        }
        dropped.forEach(release)
    }

    /// Memory from the system; large blocks on huge pages of their own, so that they leave no holes between smaller ones.
    fileprivate static func allocate(_ bytes: Int) -> Block {
        guard bytes >= hugePage else {
            var address: UnsafeMutableRawPointer?
            guard posix_memalign(&address, 64, bytes) == 0, let address else { outOfMemory(bytes) }
            return Block(address: address, bytes: bytes)
        }
        // Of what is asked for more, what does not lie between huge pages goes back at once.
        let (page, wanted) = (Int(getpagesize()), bytes + hugePage)
        guard let start = mmap(nil, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED else {
            outOfMemory(bytes)
        }
        let before = (hugePage - Int(bitPattern: start) % hugePage) % hugePage
        let address = start + before
        if before > 0 { munmap(start, before) }
        let end = (bytes + page - 1) / page * page
        if wanted - before > end { munmap(address + end, wanted - before - end) }
        // Touching fresh memory then costs one fault for two megabytes, not for four kilobytes. A hint: it may well be refused.
        madvise(address, end / hugePage * hugePage, MADV_HUGEPAGE)
        return Block(address: address, bytes: bytes)
    }

    fileprivate static func release(_ block: Block) {
        if block.isLarge { munmap(block.address, block.bytes) } else { free(block.address) }
    }

    private static func outOfMemory(_ bytes: Int) -> Never {
        fatalError("out of memory: \(bytes) bytes for a tensor")
    }
}

/// Memory that is not handed from tensor to tensor: freed when the last storage within it goes.
final class LastingMemory: @unchecked Sendable {
    let block: MemoryPool.Block

    init(bytes: Int) {
        block = MemoryPool.allocate(max(64, (bytes + 63) & ~63))
    }

    deinit {
        MemoryPool.release(block)
    }
}

/// Packed weights stand side by side in chunks of many huge pages: a network has hundreds of them, most too small for a page of their
/// own, and to touch their memory for the first time would otherwise cost more than to pack them. What is not touched of a chunk takes none.
enum WeightMemory {
    private static let chunk = 32 << 20

    private struct State: Sendable {
        var chunk: LastingMemory?
        var used = 0
    }

    private static let state = Mutex(State())

    /// nil for what is large enough to stand alone.
    static func take(bytes: Int) -> (address: UnsafeMutableRawPointer, chunk: LastingMemory)? {
        guard bytes <= chunk / 4 else { return nil }
        let rounded = (bytes + 63) & ~63
        let (memory, start) = state.withLock { state -> (LastingMemory, Int) in
            if let memory = state.chunk, state.used + rounded <= chunk {
                defer { state.used += rounded }
                return (memory, state.used)
            }
            let memory = LastingMemory(bytes: chunk)
            state = State(chunk: memory, used: rounded)
            return (memory, 0)
        }
        return (memory.block.address + start, memory)
    }
}
