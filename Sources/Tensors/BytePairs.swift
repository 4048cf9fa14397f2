import CKernels

/// A weight's panels of pairs of bfloat16, held in one byte a number: a panel is widened where a product takes it, so that the arithmetic is that
/// of pairs and the memory half of theirs.
///
/// Sixty-four neighbours in the depth share a scale, their largest |value| / 127, and not all of an output's: what rounding to steps of it adds
/// (0.55 % root mean square of numbers that are normally spread) is little more than what the product itself rounds; with one scale an output it
/// would be 0.9 %.
struct BytePairs: Sendable {
    /// Pairs that share a scale.
    private static let shared = 32

    /// Two bytes a pair, as many pairs as words in the panels.
    private let bytes: TensorStorage
    private let scales: TensorStorage
    private let taps: Int
    private let depth: Int

    /// - Parameters:
    ///   - depth: pairs under one tap.
    ///   - pack: writes a panel's words.
    init(panels: Int, taps: Int, depth: Int, pack: (Int, UnsafeMutablePointer<UInt32>) -> Void) {
        (self.taps, self.depth) = (taps, depth)
        let words = Self.words(taps: taps, depth: depth)
        let perPanel = taps * ((depth + Self.shared - 1) / Self.shared) * PairPanels.width
        let (bytes, scales) = (TensorStorage(lasting: panels * words / 2), TensorStorage(lasting: panels * perPanel))
        (self.bytes, self.scales) = (bytes, scales)
        Parallel.forEachRange(count: panels, minimum: max(1, (1 << 16) / max(1, words))) { range in
            let panel = TensorStorage(count: words)
            let to = UnsafeMutableRawPointer(panel.pointer).assumingMemoryBound(to: UInt32.self)
            for index in range {
                pack(index, to)
                rd_pairs_to_bytes(to, taps, depth, Self.pairs(bytes) + index * words, scales.pointer + index * perPanel, Processor.level)
            }
        }
    }

    /// Bytes for each number, scales included.
    static let bytesPerNumber = 1 + 4 / Double(2 * shared)

    private static func words(taps: Int, depth: Int) -> Int { taps * depth * PairPanels.width }

    private static func pairs(_ storage: TensorStorage) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt16.self)
    }

    /// Calls `body` with a panel's words; the pointer is valid within the call only.
    func withPanel(_ panel: Int, _ body: (UnsafePointer<UInt32>) -> Void) {
        let words = Self.words(taps: taps, depth: depth)
        let perPanel = words / depth * ((depth + Self.shared - 1) / Self.shared)
        let widened = TensorStorage(count: words)
        let to = UnsafeMutableRawPointer(widened.pointer).assumingMemoryBound(to: UInt32.self)
        rd_bytes_to_pairs(Self.pairs(bytes) + panel * words, scales.pointer + panel * perPanel, taps, depth, to, Processor.level)
        body(UnsafePointer(to))
        withExtendedLifetime(widened) {}
    }
}
