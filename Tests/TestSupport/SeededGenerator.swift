/// SplitMix64 (Steele, Lea, Flood 2014): a small deterministic generator, so that a failing random case can be run again.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    /// A generator with a fresh seed, which it prints, so that a failure names the case it failed on.
    ///
    /// The environment variable `REDRAW_TEST_SEED` fixes the seed.
    package static func announced(_ test: String = #function) -> SeededGenerator {
        let seed = environmentSeed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        print("\(test): seed \(seed)")
        return SeededGenerator(seed: seed)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// `count` values uniform in [-1, 1).
    package mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1..<1, using: &self) }
    }
}
