import Analysis
import Encoders
import Foundation
import Screening
import Vocabulary

extension Analyst {
    /// Tags that begin as a person types, or of which a word or another name does: those that begin so first, then by their nearness to the
    /// picture.
    ///
    /// - Parameters:
    ///   - prefix: empty: the tags nearest to the picture.
    ///   - picture: one that this analyst's encoder has looked at; nil: in the vocabulary's order.
    package func completions(of prefix: String, for picture: Int64?, limit: Int) throws -> [CompletionEntry] {
        let vocabulary = try vocabulary()
        let key = Tag.key(prefix)
        func rank(_ name: String) -> Int? {
            let name = Tag.key(name)
            if name == key { return 0 }
            if name.hasPrefix(key) { return 1 }
            return name.contains(" " + key) ? 3 : nil
        }
        var estimates: [Int: (cosine: Float, confidence: Float)] = [:]
        if let picture, let halves = try library().embedding(of: picture, encoder: encoder().identity.sha256) {
            let index = try openIndex { _ in }
            estimates = Dictionary(uniqueKeysWithValues: zip(index.positions, index.estimates(for: Embedding(halves: halves))))
        }
        let found = vocabulary.tags.indices.compactMap { position -> (position: Int, rank: Int)? in
            let tag = vocabulary.tags[position]
            let best = [rank(tag.name), tag.aliases.compactMap(rank).min().map { $0 + 1 }].compactMap { $0 }.min()
            return best.map { (position, $0) }
        }
        let sorted = found.sorted { a, b in
            if a.rank != b.rank { return a.rank < b.rank }
            let (near, far) = (estimates[a.position]?.cosine ?? -2, estimates[b.position]?.cosine ?? -2)
            return near == far ? a.position < b.position : near > far
        }
        return sorted.prefix(max(0, limit)).map { position, _ in
            let tag = vocabulary.tags[position]
            func rounded(_ value: Float) -> Double { (Double(value) * 10_000).rounded() / 10_000 }
            return CompletionEntry(
                tag: tag.name, facet: tag.facet.rawValue, aliases: tag.aliases, nearness: estimates[position].map { rounded($0.cosine) },
                confidence: estimates[position].map { rounded($0.confidence) })
        }
    }
}
