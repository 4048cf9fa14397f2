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
    /// Bytes of memory of our own; 0 for borrowed memory.
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
            let lasting = LastingMemory(bytes: count * MemoryLayout<Float>.stride)
            self.init(borrowing: lasting.block.address.bindMemory(to: Float.self, capacity: count), count: count, owner: lasting)
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
