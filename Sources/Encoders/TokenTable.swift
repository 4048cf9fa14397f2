/// Tokens by their bytes. Swift's strings are equal when they look the same; tokens are equal when their bytes are.
struct TokenTable: Sendable {
    /// All tokens, one behind the other.
    private var bytes: [UInt8] = []
    private var entries: [(start: Int, length: Int, number: Int)] = []
    /// Open addressing: the index of an entry in a slot, or -1. The size is a power of two, at least twice the entries.
    private var slots = [Int32](repeating: -1, count: 1024)

    /// How many tokens there are.
    var count: Int { entries.count }

    /// The first entry of a token counts.
    mutating func insert(_ token: [UInt8], number: Int) {
        if 2 * (entries.count + 1) > slots.count { grow() }
        let slot = slot(of: token[...])
        guard slots[slot] < 0 else { return }
        slots[slot] = Int32(entries.count)
        entries.append((bytes.count, token.count, number))
        bytes += token
    }

    func number(_ token: [UInt8]) -> Int? { number(token[...]) }

    func number(_ token: ArraySlice<UInt8>) -> Int? {
        let entry = slots[slot(of: token)]
        return entry < 0 ? nil : entries[Int(entry)].number
    }

    /// Where a token stands, or would.
    private func slot(of token: ArraySlice<UInt8>) -> Int {
        let mask = slots.count - 1
        var slot = Self.hash(token) & mask
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.length == token.count, bytes[entry.start..<entry.start + entry.length].elementsEqual(token) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: 4 * slots.count)
        let mask = slots.count - 1
        for (index, entry) in entries.enumerated() {
            var slot = Self.hash(bytes[entry.start..<entry.start + entry.length]) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(index)
        }
    }

    /// FNV-1a.
    private static func hash(_ bytes: ArraySlice<UInt8>) -> Int {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes {
            state = (state ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return Int(truncatingIfNeeded: state ^ (state >> 32)) & Int.max
    }
}
