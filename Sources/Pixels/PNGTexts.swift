/// The text chunks of a PNG (tEXt, zTXt, iTXt): https://www.w3.org/TR/png-3/#11textinfo
///
/// libpng is not asked for them: it unpacks every one of them whole, and a file of a megabyte can hold gigabytes. Here all texts of a file
/// share one budget, and what goes beyond it is left out and told.
struct PNGTexts {
    /// By keyword; a keyword's second text stands under `keyword (2)`, and so on.
    private(set) var entries: [String: String] = [:]
    /// What was not read, in words.
    private(set) var notes: [String] = []

    /// Bytes that all texts of a file may have together, unpacked.
    static let budget = 16 << 20
    /// Bytes a single text may have; the largest graphs in the wild have a few hundred thousand.
    static let longest = 8 << 20
    /// Texts that are kept; real files have a handful.
    static let most = 1_000
    /// Notes about single texts.
    private static let mostNotes = 20
    /// Bytes of a keyword, by the standard.
    private static let longestKeyword = 79

    private var left = budget
    private var leftOut = 0

    init(of bytes: [UInt8]) {
        PNGFile.visitChunks(of: bytes) { name, content in
            if bytes.says("tEXt", at: name) {
                plain(bytes[content])
            } else if bytes.says("zTXt", at: name) {
                packed(bytes[content])
            } else if bytes.says("iTXt", at: name) {
                international(bytes[content])
            }
        }
        if leftOut > 0 { notes.append("\(leftOut) more text entries, beyond what is read of one file") }
    }

    /// The keyword and what stands behind it; nil, and counted, where it is longer than keywords are.
    private mutating func keyed(_ content: ArraySlice<UInt8>) -> (keyword: String, rest: ArraySlice<UInt8>)? {
        guard content.prefix(Self.longestKeyword + 1).contains(0) else {
            leftOut += 1
            return nil
        }
        return Self.split(content).map { (keyword: $0.text, rest: $0.rest) }
    }

    private mutating func note(_ text: String) {
        if notes.count < Self.mostNotes { notes.append(text) } else { leftOut += 1 }
    }

    private mutating func plain(_ content: ArraySlice<UInt8>) {
        guard let (keyword, rest) = keyed(content) else { return }
        keep(keyword, rest)
    }

    private mutating func packed(_ content: ArraySlice<UInt8>) {
        guard let (keyword, rest) = keyed(content), rest.first == 0 else { return }
        unpack(keyword, rest.dropFirst())
    }

    /// Keyword, whether it is packed, the method, language and translated keyword, then UTF-8.
    private mutating func international(_ content: ArraySlice<UInt8>) {
        guard let (keyword, rest) = keyed(content), rest.count >= 2, let (_, more) = Self.split(rest.dropFirst(2)),
            let (_, text) = Self.split(more)
        else { return }
        if rest[rest.startIndex] == 0 { keep(keyword, text) } else { unpack(keyword, text) }
    }

    private mutating func unpack(_ keyword: String, _ packed: ArraySlice<UInt8>) {
        guard left > 0, entries.count < Self.most else {
            leftOut += 1
            return
        }
        let limit = min(Self.longest, left)
        switch Inflation.unpacked(packed, atMost: limit) {
        case .whole(let text):
            keep(keyword, text[...])
        case .longer:
            // What was unpacked in vain counts too: that is where the time goes.
            left -= limit
            note("its text entry \"\(keyword)\" is longer than \(limit >> 20) MiB unpacked")
        case .damaged:
            // It may have been unpacked to the limit before its damage.
            left -= limit
            note("its text entry \"\(keyword)\" cannot be unpacked")
        }
    }

    private mutating func keep(_ keyword: String, _ text: ArraySlice<UInt8>) {
        guard text.count <= left, text.count <= Self.longest, entries.count < Self.most else {
            leftOut += 1
            return
        }
        left -= text.count
        var key = keyword
        var number = 2
        while entries[key] != nil, number < 100 {
            key = "\(keyword) (\(number))"
            number += 1
        }
        entries[key] = Self.decoded(text)
    }

    /// UTF-8 where it is that, whatever the chunk's standard says (writers do not heed it); else Latin-1.
    private static func decoded(_ text: ArraySlice<UInt8>) -> String {
        if let utf8 = String(validating: text, as: UTF8.self) { return utf8 }
        return latin1(text)
    }

    private static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
        var scalars = String.UnicodeScalarView()
        for byte in bytes { scalars.append(Unicode.Scalar(byte)) }
        return String(scalars)
    }

    /// The Latin-1 text before the first zero, and what stands behind it.
    private static func split(_ content: ArraySlice<UInt8>) -> (text: String, rest: ArraySlice<UInt8>)? {
        guard let zero = content.firstIndex(of: 0) else { return nil }
        return (latin1(content[..<zero]), content[(zero + 1)...])
    }
}
