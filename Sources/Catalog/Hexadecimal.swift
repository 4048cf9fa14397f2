/// How digests are written everywhere: two lower-case digits a byte.
package enum Hexadecimal {
    /// Two small digits for each byte.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
