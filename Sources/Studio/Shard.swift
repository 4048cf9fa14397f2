import Digests

/// One of several parts of a listing, so that as many processes, or machines, look at a part each.
///
/// In which part a picture is depends on its name and on how many parts there are, and on nothing else: not on what else there is, and not on
/// who lists it and when. So a part that is begun again finds its own pictures, though files have come or gone meanwhile.
package struct Shard: Sendable, Hashable {
    /// More parts than anybody's cluster runs jobs.
    package static let most = 100_000

    /// From 1 on.
    package let number: Int
    package let count: Int

    /// - Parameter text: `3/8` for the third of eight.
    /// - Throws: ``ShardError``.
    package init(_ text: String) throws(ShardError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .form(text) }
        guard !parts[0].isEmpty else { throw .unnumbered(text) }
        guard let number = Shard.number(parts[0]), let count = Shard.number(parts[1]) else { throw .form(text) }
        guard (1...Shard.most).contains(count) else { throw .count(count) }
        guard (1...count).contains(number) else { throw .outside(number: number, count: count) }
        (self.number, self.count) = (number, count)
    }

    /// `Int` would take a sign, too.
    private static func number(_ digits: Substring) -> Int? {
        digits.utf8.allSatisfy { (48...57).contains($0) } ? Int(digits) : nil
    }

    /// Whether a picture is in this part: by the first eight bytes of its name's SHA-256, a number whose remainder by the count tells the part.
    ///
    /// - Parameter name: below the folder that is looked into, or as it stands in a list; a `./` in front does not count.
    func holds(_ name: some StringProtocol) -> Bool {
        var bytes = Substring(name).utf8[...]
        while bytes.starts(with: [0x2E, 0x2F]) { bytes = bytes.dropFirst(2) }
        let start = Digest.sha256(Array(bytes)).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return start % UInt64(count) == UInt64(number - 1)
    }
}

/// What is wrong with the name of a ``Shard``.
package enum ShardError: Error, Equatable, CustomStringConvertible {
    case form(String)
    /// Nothing stands in front of the slash: a variable of the shell that is not set.
    case unnumbered(String)
    case count(Int)
    case outside(number: Int, count: Int)

    package var description: String {
        switch self {
        case .form(let text): "\(text) is no shard; write 3/8 for the third of eight"
        case .unnumbered(let text):
            "\(text) has no number before the slash; write 3/8 for the third of eight (in a job array: is its variable set?)"
        case .count(let count): "the number of shards is from 1 to \(Shard.most), not \(count)"
        case .outside(let number, let count):
            "shards are counted from 1 to \(count), so there is no \(number)" + (number == 0 ? "; number the job array from 1" : "")
        }
    }
}
