/// A short number that stands for any amount of bytes.
package struct Digest: Sendable, Hashable {
    package let bytes: [UInt8]

    /// Two lower-case digits a byte, as digests are written everywhere.
    package var hexadecimal: String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            for (place, byte) in bytes.enumerated() {
                text[2 * place] = Self.digits[Int(byte >> 4)]
                text[2 * place + 1] = Self.digits[Int(byte & 15)]
            }
            return 2 * bytes.count
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
