/// An IPTC record (IPTC-NAA Information Interchange Model, version 4.2): numbered data sets, of which keywords are some. All others stay as they
/// are.
struct IPTCRecord: Equatable {
    private struct DataSet: Equatable {
        var record: UInt8
        var number: UInt8
        var content: [UInt8]

        /// Where it stands among others.
        var order: Int { Int(record) << 8 | Int(number) }
    }

    private static let characterSet = 1 << 8 | 90
    private static let version = 2 << 8
    private static let keyword = 2 << 8 | 25
    /// Data sets of the second record that hold no text: its version, a drawn caption, a small copy of the picture.
    private static let binary: Set<Int> = [0, 125, 200, 201, 202]
    /// Bytes of a keyword.
    static let longestKeyword = 64
    /// ISO 2022's escapes for UTF-8, the usual one first.
    private static let utf8: [[UInt8]] = [
        [0x1B, 0x25, 0x47], [0x1B, 0x25, 0x2F, 0x47], [0x1B, 0x25, 0x2F, 0x48], [0x1B, 0x25, 0x2F, 0x49],
    ]

    private var sets: [DataSet] = []

    /// Nil where the bytes are no data sets, one after the other.
    init?(_ bytes: [UInt8]) {
        var position = 0
        while position < bytes.count, bytes[position] != 0 {
            guard bytes[position] == 0x1C, bytes.count - position >= 5 else { return nil }
            var length = Int(bytes[position + 3]) << 8 | Int(bytes[position + 4])
            var content = position + 5
            if length & 0x8000 != 0 {
                // The length of the length, for what is longer than 32 767 bytes.
                let digits = length & 0x7FFF
                guard digits <= 4, bytes.count - content >= digits else { return nil }
                length = bytes[content..<content + digits].reduce(0) { $0 << 8 | Int($1) }
                content += digits
            }
            guard length <= bytes.count - content else { return nil }
            sets.append(
                DataSet(record: bytes[position + 1], number: bytes[position + 2], content: Array(bytes[content..<content + length])))
            position = content + length
        }
        // Some fill it up.
        guard bytes[position...].allSatisfy({ $0 == 0 }) else { return nil }
    }

    var bytes: [UInt8] {
        sets.flatMap { set -> [UInt8] in
            let count = set.content.count
            let short = [UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
            let long = [0x80, 4, UInt8(truncatingIfNeeded: count >> 24), UInt8(truncatingIfNeeded: count >> 16)] + short
            return [0x1C, set.record, set.number] + (count < 0x8000 ? short : long) + set.content
        }
    }

    /// Whether it says nothing but how it is written.
    var isEmpty: Bool { sets.allSatisfy { $0.order == Self.characterSet || $0.order == Self.version } }

    var keywords: [String] { sets.filter { $0.order == Self.keyword }.map { Self.text($0.content) } }

    /// Takes out keywords that are marked and puts in those that are wanted, after the others.
    ///
    /// A keyword that somebody else put there already is left theirs. One that is longer than a record takes is left out, and so is one that the
    /// record's characters may not have: in a record that says or shows to be in others than UTF-8, only ASCII is the same for every reader.
    ///
    /// - Returns: those that are Redraw's now.
    mutating func bring(_ marked: [String], to wanted: [String]) -> [String] {
        let gone = Set(marked)
        sets.removeAll { $0.order == Self.keyword && gone.contains(Self.text($0.content)) }
        let others = Set(keywords.map { $0.lowercased() })
        let takesAll = isInUTF8
        let ours = wanted.filter { text in
            !others.contains(text.lowercased()) && text.utf8.count <= Self.longestKeyword
                && (takesAll || text.utf8.allSatisfy { $0 < 0x80 })
        }
        guard !ours.isEmpty else {
            if isEmpty, !marked.isEmpty { sets = [] }
            return []
        }
        let isNew = sets.isEmpty
        if isNew { insert(Self.version, [0, 4]) }
        if takesAll, !sets.contains(where: { $0.order == Self.characterSet }),
            isNew || !ours.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } })
        {
            insert(Self.characterSet, Self.utf8[0])
        }
        for text in ours { insert(Self.keyword, Array(text.utf8)) }
        return ours
    }

    /// What it says of its characters, else what they look like.
    private var isInUTF8: Bool {
        if let told = sets.first(where: { $0.order == Self.characterSet }) { return Self.utf8.contains(told.content) }
        return sets.allSatisfy { set in
            set.record != 2 || Self.binary.contains(Int(set.number)) || String(validating: set.content, as: UTF8.self) != nil
        }
    }

    /// After all that come before it or are alike.
    private mutating func insert(_ order: Int, _ content: [UInt8]) {
        let place = (sets.lastIndex { $0.order <= order }).map { $0 + 1 } ?? 0
        sets.insert(DataSet(record: UInt8(order >> 8), number: UInt8(order & 255), content: content), at: place)
    }

    private static func text(_ content: [UInt8]) -> String {
        String(validating: content, as: UTF8.self)
            ?? String(String.UnicodeScalarView(content.map { Unicode.Scalar($0) }))
    }
}
