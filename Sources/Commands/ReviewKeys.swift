/// A key, as a terminal in raw mode tells it.
enum Key: Sendable, Hashable {
    case character(Character)
    case enter, escape, backspace, delete
    case up, down, left, right, home, end, pageUp, pageDown
    /// Ctrl-C.
    case interrupt
    /// Ctrl-D.
    case endOfInput
    /// Ctrl-U: empties the line that is typed.
    case clear
}

/// Turns the bytes of a terminal into keys. Sequences may arrive in pieces.
struct KeyDecoder: Sendable {
    private var pending: [UInt8] = []

    /// Whether an escape sequence has begun and its end is still to come; a lone Escape key looks the same.
    var isWaiting: Bool { !pending.isEmpty }

    /// The keys that are complete with these bytes.
    mutating func keys(_ bytes: some Sequence<UInt8>) -> [Key] {
        pending += bytes
        var keys: [Key] = []
        while let (key, length) = next() {
            pending.removeFirst(length)
            if let key { keys.append(key) }
        }
        return keys
    }

    /// Nothing more came for a while: what has begun is taken for what it is.
    mutating func flush() -> [Key] {
        defer { pending = [] }
        return pending.first == 0x1B ? [.escape] : []
    }

    /// The first key of what is pending and how many bytes it took; nil where more are needed. An unknown sequence is no key.
    private func next() -> (key: Key?, length: Int)? {
        guard let first = pending.first else { return nil }
        switch first {
        case 0x1B: return escapeSequence()
        case 0x0D, 0x0A: return (.enter, 1)
        case 0x7F, 0x08: return (.backspace, 1)
        case 0x03: return (.interrupt, 1)
        case 0x04: return (.endOfInput, 1)
        case 0x15: return (.clear, 1)
        case 0x09: return (.down, 1)
        case 0..<0x20: return (nil, 1)
        case 0x20..<0x7F: return (.character(Character(Unicode.Scalar(first))), 1)
        default: return character(first)
        }
    }

    /// A character in UTF-8.
    private func character(_ first: UInt8) -> (key: Key?, length: Int)? {
        let length =
            switch first {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        guard pending.count >= length else { return nil }
        guard let text = String(validating: pending.prefix(length), as: UTF8.self), let character = text.first else { return (nil, 1) }
        return (.character(character), length)
    }

    /// CSI and SS3 sequences, as xterm sends them.
    private func escapeSequence() -> (key: Key?, length: Int)? {
        guard pending.count > 1 else { return nil }
        guard pending[1] == UInt8(ascii: "[") || pending[1] == UInt8(ascii: "O") else { return (.escape, 1) }
        guard let end = pending.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else {
            return pending.count > 16 ? (nil, pending.count) : nil
        }
        let parameter = String(decoding: pending[2..<end], as: UTF8.self)
        let key: Key? =
            switch pending[end] {
            case UInt8(ascii: "A"): .up
            case UInt8(ascii: "B"): .down
            case UInt8(ascii: "C"): .right
            case UInt8(ascii: "D"): .left
            case UInt8(ascii: "H"): .home
            case UInt8(ascii: "F"): .end
            case UInt8(ascii: "Z"): .up
            case UInt8(ascii: "~"):
                switch parameter {
                case "1", "7": .home
                case "4", "8": .end
                case "3": .delete
                case "5": .pageUp
                case "6": .pageDown
                default: nil
                }
            default: nil
            }
        return (key, end + 1)
    }
}
