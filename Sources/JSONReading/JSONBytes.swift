/// What is told of JSON by single bytes, without anything being decoded.
package enum JSONBytes {
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    /// Whether a text holds at most so many values, by the signs between them. A decoded value takes many times its room in the text, so this
    /// is asked before.
    ///
    /// - Parameter text: JSON in UTF-8, whole.
    package static func holds(_ text: [UInt8], atMost most: Int) -> Bool {
        var (count, strings) = (0, JSONStringTracker())
        for byte in text where strings.take(byte) == .outside {
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"):
                count += 1
                if count > most { return false }
            default: break
            }
        }
        return true
    }
}

/// Tells what stands within a text's strings from what stands between them; each byte is shown to it once, in their order.
struct JSONStringTracker {
    enum Place {
        case outside
        /// A string's first quotation mark included.
        case within
        /// A string's last quotation mark.
        case end
    }

    private var isWithin = false
    private var isEscaped = false

    mutating func take(_ byte: UInt8) -> Place {
        guard isWithin else {
            isWithin = byte == UInt8(ascii: "\"")
            return isWithin ? .within : .outside
        }
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isWithin = false
            return .end
        }
        return .within
    }
}
