/// Which name was probably meant by one that there is not: of models, presets, tags, samplers, settings, options and commands alike.
package enum NearestName {
    /// Of more names than these a list in a message is no help.
    private static let longestList = 9

    /// - Returns: the name that is written most like it, or that begins with it; nil where none is near.
    package static func of(_ name: String, among known: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased())
        guard !wanted.isEmpty else { return nil }
        // A third of its letters, three at most: of a short name a single one.
        let most = min(3, max(1, wanted.count / 3))
        var best: (name: String, distance: Int)?
        for candidate in known {
            let letters = Array(candidate.lowercased())
            let isBeginning = wanted.count >= 3 && letters.starts(with: wanted)
            let distance = isBeginning ? 1 : distance(wanted, letters)
            guard distance <= most, distance < letters.count, best.map({ distance < $0.distance }) ?? true else { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// What follows a message that there is no such name: the nearest, else all where they are few, else how they are listed.
    ///
    /// - Parameter listing: what lists them, such as `redraw models list`.
    package static func hint(for name: String, among known: [String], listing: String) -> String {
        if let near = of(name, among: known) { return "; did you mean \(near)?" }
        guard !known.isEmpty, known.count <= longestList else { return "; \(listing) lists those there are" }
        return "; there \(known.count == 1 ? "is" : "are") \(known.joined(separator: ", "))"
    }

    /// Letters to change, leave out, add or exchange with their neighbour to come from one to the other (optimal string alignment).
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var (before, row) = ([Int](), Array(0...b.count))
        for i in 1...a.count {
            var next = [i]
            for j in 1...b.count {
                var least = min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { least = min(least, before[j - 2] + 1) }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[b.count]
    }
}
