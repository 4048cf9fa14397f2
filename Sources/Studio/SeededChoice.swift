/// Choices that a seed decides: the same on every machine and in every version of Swift, whose own shuffling promises neither.
///
/// The numbers are SplitMix64's (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct SeededChoice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below `count`, which is at least 1.
    mutating func index(below count: Int) -> Int {
        // The high half of the product is as even as 64 bits allow.
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// From 0 up to, but without, 1.
    mutating func share() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for last in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(last, index(below: last + 1)) }
    }
}
