import Glibc

/// The text of a caption file, whatever its writer's system called a text: UTF-8 and UTF-16 with and without their marks, and the code pages
/// of Windows for Japanese (932) and the West (1252).
package enum CaptionText {
    /// The text; nil where the bytes are none.
    package static func decoded(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return text(String(validating: bytes.dropFirst(3), as: UTF8.self)) }
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
            return utf16(bytes.dropFirst(2), highFirst: bytes[0] == 0xFE)
        }
        if let zero = bytes.firstIndex(of: 0) { return utf16(bytes[...], highFirst: zero % 2 == 0) }
        if let utf8 = String(validating: bytes, as: UTF8.self) { return utf8 }
        if let japanese = converted(bytes, from: "CP932"), looksJapanese(japanese) { return japanese }
        // Latin letters with marks and typographic quotes; what the page leaves free is no text.
        return converted(bytes, from: "CP1252")
    }

    private static func text(_ text: String?) -> String? { text.flatMap { $0.contains("\0") ? nil : $0 } }

    private static func utf16(_ bytes: ArraySlice<UInt8>, highFirst: Bool) -> String? {
        guard bytes.count % 2 == 0 else { return nil }
        let units = stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return highFirst ? first << 8 | second : second << 8 | first
        }
        return text(String(validating: units, as: UTF16.self))
    }

    /// Bytes of code page 1252 are seldom valid in code page 932, and then make few letters of Japan: kana and signs of its writing must be
    /// most of what is no ASCII.
    private static func looksJapanese(_ text: String) -> Bool {
        let foreign = text.unicodeScalars.filter { !$0.isASCII }
        let japanese = foreign.count { (0x3000...0x30FF).contains($0.value) || (0x4E00...0x9FFF).contains($0.value) }
        return japanese * 2 > foreign.count
    }

    private static func converted(_ bytes: [UInt8], from page: String) -> String? {
        guard let converter = iconv_open("UTF-8", page), converter != iconv_t(bitPattern: -1) else { return nil }
        defer { iconv_close(converter) }
        var source = bytes.map { CChar(bitPattern: $0) }
        var target = [CChar](repeating: 0, count: bytes.count * 4 + 16)
        let written: Int? = source.withUnsafeMutableBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                var (from, fromLeft, to, toLeft) = (source.baseAddress, source.count, target.baseAddress, target.count)
                guard iconv(converter, &from, &fromLeft, &to, &toLeft) != -1 else { return nil }
                return target.count - toLeft
            }
        }
        return written.map { String(decoding: target[..<$0].map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    }
}
