import Synchronization
import Tensors
import TestSupport
import Testing

/// Work that is no longer wanted ends within an operation, and leaves nothing behind that a later call would take for whole.
@Suite struct InterruptionTests {
    /// Every thread that takes part is told, the asking is done by one; the blocks of queries that are left are left out.
    @Test func anAttentionEndsWithinItsPieces() {
        let asked = Atomic<Int>(0)
        let seen = Atomic<Int>(0)
        Parallel.interruptible {
            asked.wrappingAdd(1, ordering: .relaxed).newValue > 8
        } _: {
            Parallel.forEach(count: 10_000) { _ in
                if Parallel.isInterrupted { seen.wrappingAdd(1, ordering: .relaxed) }
            }
            let tokens = Tensor.filled(0.1, [1, 4096, 64])
            let clock = ContinuousClock()
            let whole = clock.measure { for _ in 0..<200 { _ = attention(tokens, tokens, tokens, heads: 1) } }
            // 430 GFLOP if they were computed.
            #expect(whole < .seconds(2))
            #expect(Parallel.isInterrupted)
        }
        #expect(asked.load(ordering: .relaxed) == 9)
        #expect(seen.load(ordering: .relaxed) <= Parallel.threadCount)
        #expect(!Parallel.isInterrupted)
    }

    /// A convolution that is cut short while its weights are transformed answers rightly the next time.
    @Test func aTransformThatWasCutShortIsNotKept() {
        var random = SeededGenerator(seed: 5)
        let weight = Tensor((0..<64 * 32 * 9).map { _ in Float.random(in: -1...1, using: &random) }, shape: [64, 32, 3, 3])
        let map = Tensor((0..<24 * 24 * 32).map { _ in Float.random(in: -1...1, using: &random) }, shape: [1, 24, 24, 32])
        let expected = convolution(map, PackedConvolution(weight), padding: 1)
        let layer = PackedConvolution(weight)
        Parallel.interruptible(by: { true }) { _ = convolution(map, layer, padding: 1) }
        #expect(convolution(map, layer, padding: 1) == expected)
    }

    /// What is kept for the fast algorithm: 36 numbers for each pair of channels; nothing of layers that are too large or too thin.
    @Test func transformsAreCountedBeforeTheyAreMade() {
        let kept = PackedConvolution.transformMemory([320, 320, 3, 3])
        #expect(kept == 0 || kept == 36 * 320 * 320 * 4)
        for shape: Shape in [[640, 320, 3, 3], [320, 4, 3, 3], [320, 320, 1, 1], [320, 320]] {
            #expect(PackedConvolution.transformMemory(shape) == 0)
        }
        #expect(PackedConvolution.transformPays(batch: 2, height: 16, width: 16))
        #expect(!PackedConvolution.transformPays(batch: 2, height: 8, width: 8))
    }
}
