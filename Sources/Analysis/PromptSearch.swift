import Encoders

/// Whether the text tower takes part in composing.
package enum CompositionMode: String, Sendable, Codable, CaseIterable {
    /// Whole prompts are embedded and compared with the picture; the text tower is loaded for it.
    case full
    /// Tags above a confidence are joined; the text tower stays where it is.
    case fast

    package static let standard = CompositionMode.full
}

/// How near a composed prompt is to its picture.
package struct CompositionScores: Sendable, Hashable, Codable {
    /// What a tag does for a prompt.
    package struct Gain: Sendable, Hashable, Codable {
        package let tag: String
        /// What the prompt's cosine with the picture loses without the tag; negative where the prompt would be nearer without it.
        package let gain: Float
    }

    package let mode: CompositionMode
    /// Cosine of the prompt with the picture; nil where nothing was embedded.
    package let similarity: Float?
    /// Prompts that were embedded.
    package let tried: Int
    /// For each tag in the prompt, in the order in which they were chosen.
    package let gains: [Gain]

    package init(mode: CompositionMode, similarity: Float?, tried: Int, gains: [Gain]) {
        (self.mode, self.similarity, self.tried, self.gains) = (mode, similarity, tried, gains)
    }
}

/// Chooses a prompt out of tags: ordered greedily by what each adds in the space of embeddings, then ten to twenty prompts really embedded.
struct PromptSearch {
    let picture: Embedding
    /// The likeliest first.
    let tags: [ApprovedTag]
    /// Of each tag with the picture; nil for one that is measured.
    let cosines: [Float?]
    /// Of two tags, by their position.
    let similarity: (Int, Int) -> Float?

    struct Found {
        let text: String
        /// Positions of the tags that are in it, in the order chosen.
        let chosen: [Int]
        let scores: CompositionScores
    }

    /// What a tag's likeness to those chosen takes from its likeness to the picture (Carbonell and Goldstein 1998, lambda 0.6).
    private static let redundancy: Float = 0.4
    /// Prompts this near to the best are as good: the one with more to say is taken.
    static let tolerance: Float = 0.01
    static let prefixLimit = 10
    /// Prompts that are embedded at most, besides the last round of leaving one out.
    static let budget = 20

    /// - Parameter embed: nil for a text that the encoder would cut.
    func best(embed: ([String]) throws -> [Embedding?]) rethrows -> Found {
        let order = order()
        let base = base(order)
        var rest = order.filter { !base.contains($0) }
        if rest.count > Self.prefixLimit - 1 { rest.removeLast(rest.count - Self.prefixLimit + 1) }
        let prefixes = (0...rest.count).map { base + rest.prefix($0) }
        let texts = prefixes.map(text)
        let nearness = try score(texts, embed)
        var tried = texts.count
        let top = nearness.max() ?? -1
        // The longest of those that are as near as the best.
        let winner = nearness.lastIndex { $0 >= top - Self.tolerance } ?? 0
        var chosen = prefixes[winner]
        var similarity = nearness[winner]
        var gains: [Float] = []
        while chosen.count > 1 {
            let without = chosen.map { left in chosen.filter { $0 != left } }
            let scores = try score(without.map(text), embed)
            tried += without.count
            gains = scores.map { similarity - $0 }
            // A tag that only does harm goes, while there is time to look at what is left.
            let worst = gains.indices.filter { !base.contains(chosen[$0]) }.min { gains[$0] < gains[$1] }
            guard let worst, gains[worst] < -Self.tolerance, tried + chosen.count - 1 <= Self.budget + Self.prefixLimit else { break }
            similarity = scores[worst]
            chosen.remove(at: worst)
            gains.remove(at: worst)
        }
        if chosen.count == 1 { gains = [similarity] }
        let named = zip(chosen, gains).map { CompositionScores.Gain(tag: tags[$0].text, gain: $1) }
        return Found(
            text: text(chosen), chosen: chosen,
            scores: CompositionScores(mode: .full, similarity: similarity, tried: tried, gains: named))
    }

    private func text(_ chosen: [Int]) -> String {
        // The composer wants the likeliest first.
        PromptComposer.compose(chosen.sorted().map { tags[$0] })
    }

    /// Cosines with the picture; -2 for a text that the encoder would cut.
    private func score(_ texts: [String], _ embed: ([String]) throws -> [Embedding?]) rethrows -> [Float] {
        try embed(texts).map { $0.map { $0.cosine(picture) } ?? -2 }
    }

    /// What every prompt has: the surest subject, and the medium.
    private func base(_ order: [Int]) -> [Int] {
        let subject = tags.indices.first { tags[$0].facet == .subject } ?? order.first
        let medium = tags.indices.first { tags[$0].facet == .medium && $0 != subject }
        return [subject, medium].compactMap { $0 }
    }

    /// Maximal marginal relevance; what has no embedding comes behind, as sure as it is.
    private func order() -> [Int] {
        var left = tags.indices.filter { cosines[$0] != nil }
        var chosen: [Int] = []
        while !left.isEmpty {
            func worth(_ tag: Int) -> Float {
                let likeness = chosen.compactMap { similarity(tag, $0) }.max() ?? 0
                return (1 - Self.redundancy) * (cosines[tag] ?? 0) - Self.redundancy * max(likeness, 0)
            }
            let next = left.indices.max { (worth(left[$0]), left[$1]) < (worth(left[$1]), left[$0]) }!
            chosen.append(left.remove(at: next))
        }
        return chosen + tags.indices.filter { cosines[$0] == nil }
    }
}
