import Encoders
import Foundation
import Vocabulary

/// Numbers that decide which tags are shown.
package struct SelectionSettings: Sendable {
    /// What is added to the log-odds of a ranked tag of each facet: the calibration was fitted on nouns.
    package var offsets: [Facet: Float]
    /// A ranked tag below it is not suggested.
    package var thresholds: [Facet: Float]
    /// Tags suggested of a facet at most.
    package var limits: [Facet: Int]
    /// Tags suggested in all at most.
    package var limit: Int
    /// A particular tag is shown in place of the general one while its odds are at least this share of the general one's: a sure general tag
    /// gives way to nothing less sure, an unsure one sooner.
    package var particularShare: Float
    /// The same for the winner of an exclusive group, whose odds are reduced by its rivals already.
    package var settledShare: Float
    /// A particular tag that is less certain never takes a general one's place, unless its odds are `equalShare` of the general one's at least:
    /// then the general one is hardly likelier, and says less.
    package var replacesFrom: Float
    package var equalShare: Float
    /// A ranked tag is suggested while its confidence is at least this share of that of its facet's surest tag.
    package var facetShare: Float
    /// Tags of one facet whose embeddings have a higher cosine say the same.
    package var similarity: Float
    /// Less certain tags are not considered, and nothing is told about them.
    package var toldFrom: Float
    /// How tags that bear on each other are weighed.
    package var weighing = EncoderConfiguration.Judgement.Weighing.usual

    package init(
        offsets: [Facet: Float] = [:], thresholds: [Facet: Float] = [:], limits: [Facet: Int] = [:], limit: Int = 24,
        particularShare: Float = 0.75, settledShare: Float = 0.4, replacesFrom: Float = 0.3, equalShare: Float = 0.9,
        facetShare: Float = 0.7, similarity: Float = 0.9, toldFrom: Float = 0.1
    ) {
        self.offsets = offsets
        self.thresholds = thresholds
        self.limits = limits
        self.limit = limit
        self.particularShare = particularShare
        self.settledShare = settledShare
        self.replacesFrom = replacesFrom
        self.equalShare = equalShare
        self.facetShare = facetShare
        self.similarity = similarity
        self.toldFrom = toldFrom
    }

    /// The confidence below which a ranked tag of a facet is not suggested.
    func threshold(of facet: Facet) -> Float { thresholds[facet] ?? weighing.leastRanked }

    /// For confidences that are not the default encoder's fit: they mean what they say, so nothing is added to them. Quality stays away: no
    /// encoder was shown to tell it.
    package static let unfitted = SelectionSettings(
        offsets: [.quality: -9],
        thresholds: [
            .subject: 0.35, .action: 0.4, .setting: 0.4, .medium: 0.4, .style: 0.45, .lighting: 0.4, .colour: 0.2, .composition: 0.6,
            .mood: 0.5, .quality: 0.9,
        ],
        limits: [
            .subject: 7, .action: 2, .setting: 3, .medium: 2, .style: 1, .lighting: 3, .colour: 5, .composition: 3, .mood: 1, .quality: 1,
        ])

    /// Those that an encoder's recipe fitted. A facet that this version does not know is passed over.
    package init(_ judgement: EncoderConfiguration.Judgement) {
        self.init(
            offsets: .init(byName: judgement.offsets), thresholds: .init(byName: judgement.thresholds),
            limits: .init(byName: judgement.limits),
            limit: judgement.limit, particularShare: judgement.particularShare, settledShare: judgement.settledShare,
            replacesFrom: judgement.replacesFrom, equalShare: judgement.equalShare, facetShare: judgement.facetShare,
            similarity: judgement.similarity, toldFrom: judgement.toldFrom)
        if let weighing = judgement.weighing { self.weighing = weighing }
    }
}

/// Chooses what is worth a person's eyes out of a whole ranked vocabulary, and says of everything else why not.
package struct TagSelection {
    private let vocabulary: TagVocabulary
    private let settings: SelectionSettings
    private let similarity: (Tag, Tag) -> Float?

    /// - Parameter similarity: the cosine of two tags' embeddings, nil where one has none.
    package init(
        vocabulary: TagVocabulary, settings: SelectionSettings = SelectionSettings(),
        similarity: @escaping (Tag, Tag) -> Float? = { _, _ in nil }
    ) {
        self.vocabulary = vocabulary
        self.settings = settings
        self.similarity = similarity
    }

    /// - Parameters:
    ///   - candidates: at most one for each tag.
    ///   - rejected: what the person rejected for this picture, by name or alias.
    package func select(_ candidates: [Suggested], rejected: Set<String> = []) -> (suggestions: [Suggested], dropped: [Dropped]) {
        // A tag excludes others only where it is shown itself, which is known at the end: a winner that fell for another reason stays a rival
        // that makes its group less sure, but excludes nothing.
        var barred: Set<String> = []
        while true {
            let pool = chosen(from: candidates, rejected: rejected, barred: barred)
            let shown = Set(pool.standing.flatMap { [$0.tag] + pool.implied(by: $0) })
            let winners = pool.dropped.compactMap { dropped in
                if case .excluded(let winner, _) = dropped.reason { winner } else { nil }
            }
            let vain = Set(winners).subtracting(shown)
            guard !vain.isEmpty else { return told(pool) }
            barred.formUnion(vain)
        }
    }

    private func chosen(from candidates: [Suggested], rejected: Set<String>, barred: Set<String>) -> Pool {
        var pool = Pool(candidates, vocabulary: vocabulary)
        dropRejected(rejected, from: &pool)
        raiseTheGeneral(in: &pool)
        pool.forget { $0.confidence < settings.toldFrom }
        settleGroups(in: &pool, barred: barred)
        preferTheParticular(in: &pool)
        dropTheUnlikely(in: &pool)
        dropTheSimilar(in: &pool)
        dropTheSurplus(in: &pool)
        return pool
    }

    private func told(_ pool: Pool) -> (suggestions: [Suggested], dropped: [Dropped]) {
        var suggestions = pool.standing
        for index in suggestions.indices { suggestions[index].rank = index + 1 }
        return (suggestions, pool.dropped.sorted { ($1.confidence, $0.tag) < ($0.confidence, $1.tag) })
    }

    /// The candidates that still stand, likeliest first, and those that fell.
    private struct Pool {
        private(set) var byName: [String: Suggested] = [:]
        private(set) var dropped: [Dropped] = []
        /// Winners of exclusive groups.
        private(set) var settled: Set<String> = []
        /// Names of all that a tag implies, the nearest first.
        private let implied: [String: [String]]

        init(_ candidates: [Suggested], vocabulary: TagVocabulary) {
            byName = Dictionary(candidates.map { ($0.tag, $0) }) { first, _ in first }
            implied = byName.mapValues { vocabulary.implied(by: $0.entry).map(\.name) }
        }

        func implied(by candidate: Suggested) -> [String] {
            implied[candidate.tag] ?? []
        }

        /// Takes candidates out without a word.
        mutating func forget(_ isForgotten: (Suggested) -> Bool) {
            byName = byName.filter { !isForgotten($0.value) }
        }

        var standing: [Suggested] {
            byName.values.sorted { ($1.confidence, $0.tag) < ($0.confidence, $1.tag) }
        }

        mutating func drop(_ candidate: Suggested, _ reason: Dropped.Reason) {
            guard byName.removeValue(forKey: candidate.tag) != nil else { return }
            dropped.append(
                Dropped(
                    tag: candidate.tag, facet: candidate.facet, confidence: candidate.confidence, source: candidate.source, reason: reason))
        }

        mutating func set(_ confidence: Float, of name: String) {
            byName[name]?.confidence = confidence
        }

        /// Sets the confidence of a group's winner, whose rivals are accounted for with it.
        mutating func settle(_ confidence: Float, of name: String) {
            set(confidence, of: name)
            settled.insert(name)
        }
    }

    private func dropRejected(_ rejected: Set<String>, from pool: inout Pool) {
        guard !rejected.isEmpty else { return }
        let rejected = RejectedTags(rejected, in: vocabulary)
        for candidate in pool.standing {
            if let reason = rejected.reason(against: candidate.tag) { pool.drop(candidate, reason) }
        }
    }

    /// Whatever a tag implies holds at least as surely as the tag, and more surely where many likely tags imply it: a picture that may be of a
    /// pedestrian, a tourist or a shopper is likelier to show a person than any of them.
    private func raiseTheGeneral(in pool: inout Pool) {
        let weighing = settings.weighing
        var particulars: [String: [Float]] = [:]
        for candidate in pool.standing where candidate.source == .ranked {
            for general in pool.implied(by: candidate) { particulars[general, default: []].append(candidate.confidence) }
        }
        for (general, confidences) in particulars {
            guard let known = pool.byName[general], known.source == .ranked else { continue }
            let surest = max(known.confidence, confidences.max() ?? 0)
            let agreeing = confidences.count { $0 >= weighing.agreeingShare * surest }
            let odds = Self.odds(surest) * (1 + weighing.agreeingGain * Float(min(max(agreeing - 1, 0), weighing.mostAgreeing)))
            pool.set(max(surest, odds / (1 + odds)), of: general)
        }
    }

    /// Of each exclusive group the likeliest stays; the nearer the others come, the less sure it is. What implies a loser falls with it.
    /// Where the likeliest is not sure enough to be shown, the group is undecided, and each of its tags is only as sure as its share.
    private func settleGroups(in pool: inout Pool, barred: Set<String>) {
        let pooled = pool
        func depth(_ members: [Suggested]) -> Int { members.map { pooled.implied(by: $0).count }.min() ?? 0 }
        let groups = Dictionary(grouping: pool.standing.filter { $0.entry.exclusiveGroup != nil }) { $0.entry.exclusiveGroup! }
        let generalFirst = groups.map { (name: $0.key, depth: depth($0.value)) }.sorted { ($0.depth, $0.name) < ($1.depth, $1.name) }
        for group in generalFirst.map(\.name) {
            let members = pool.standing.filter { $0.entry.exclusiveGroup == group }
            guard members.count > 1, let first = members.firstIndex(where: { !barred.contains($0.tag) }) else { continue }
            var winner = members[first]
            if winner.source == .ranked {
                let powers = members.map { pow(Self.odds($0.confidence), settings.weighing.rivalry) }
                let total = max(powers.reduce(0, +), 1e-12)
                winner.confidence *= powers[first] / total
                if winner.confidence < threshold(winner) {
                    for (member, power) in zip(members, powers) where member.source == .ranked {
                        pool.settle(member.confidence * power / total, of: member.tag)
                    }
                    continue
                }
                pool.settle(winner.confidence, of: winner.tag)
            }
            let losers = Set(members.map(\.tag)).subtracting([winner.tag]).subtracting(barred)
            for candidate in pool.standing where candidate.tag != winner.tag {
                let falls =
                    losers.contains(candidate.tag) || pool.implied(by: candidate).contains(where: losers.contains)
                if falls { pool.drop(candidate, .excluded(by: winner.tag, group: group)) }
            }
        }
    }

    /// The particular tag takes the general one's place while it is nearly as sure; else it gives way.
    private func preferTheParticular(in pool: inout Pool) {
        for candidate in pool.standing {
            let general = pool.implied(by: candidate).compactMap { pool.byName[$0] }
            guard let surest = general.max(by: { $0.confidence < $1.confidence }) else { continue }
            // What was looked for and seen is sure by itself, however sure the general is.
            if candidate.source == .seen, candidate.confidence >= settings.replacesFrom { continue }
            let share = pool.settled.contains(candidate.tag) ? settings.settledShare : settings.particularShare
            if Self.odds(candidate.confidence) < share * Self.odds(surest.confidence) {
                pool.drop(candidate, .lessCertain(than: surest.tag))
            }
        }
        let mostParticularFirst = pool.standing.sorted {
            (pool.implied(by: $0).count, $1.tag) > (pool.implied(by: $1).count, $0.tag)
        }
        for candidate in mostParticularFirst where candidate.confidence >= threshold(candidate) {
            for general in pool.implied(by: candidate) {
                guard let known = pool.byName[general], replaces(candidate, known) else { continue }
                pool.drop(known, .said(by: candidate.tag))
            }
        }
        // One that cannot take the place of a general tag that is shown would say the same again, less surely.
        for candidate in pool.standing {
            let general = pool.implied(by: candidate).compactMap { pool.byName[$0] }
                .filter { $0.confidence >= threshold($0) && !replaces(candidate, $0) }
            guard let surest = general.max(by: { $0.confidence < $1.confidence }) else { continue }
            pool.drop(candidate, .lessCertain(than: surest.tag))
        }
    }

    private func replaces(_ particular: Suggested, _ general: Suggested) -> Bool {
        particular.confidence >= settings.replacesFrom
            || Self.odds(particular.confidence) >= settings.equalShare * Self.odds(general.confidence)
    }

    private static func odds(_ confidence: Float) -> Float { confidence / max(1 - confidence, 1e-4) }

    private func threshold(_ candidate: Suggested) -> Float {
        switch candidate.source {
        case .ranked, .seen: settings.threshold(of: candidate.facet)
        case .head, .measured, .tagger: settings.weighing.leastTold
        }
    }

    private func dropTheUnlikely(in pool: inout Pool) {
        let surest = Dictionary(pool.standing.filter { $0.source == .ranked }.map { ($0.facet, $0) }) { first, _ in first }
        for candidate in pool.standing {
            if candidate.confidence < threshold(candidate) {
                pool.drop(candidate, .unlikely(threshold: threshold(candidate)))
            } else if candidate.source == .ranked, let first = surest[candidate.facet],
                candidate.confidence < settings.facetShare * first.confidence
            {
                pool.drop(candidate, .overshadowed(by: first.tag))
            }
        }
    }

    private func dropTheSimilar(in pool: inout Pool) {
        var kept: [Suggested] = []
        for candidate in pool.standing {
            let twin = kept.first { other in
                guard other.facet == candidate.facet else { return false }
                return Self.sameWords(other.tag, candidate.tag)
                    || similarity(other.entry, candidate.entry).map { $0 > settings.similarity } ?? false
            }
            if let twin {
                pool.drop(candidate, .similar(to: twin.tag))
            } else {
                kept.append(candidate)
            }
        }
    }

    /// Whether two names are one word in singular and plural.
    private static func sameWords(_ one: String, _ other: String) -> Bool {
        let (first, second) = (Tag.key(one), Tag.key(other))
        return first == second || Tag.singularKeys(first).contains(second) || Tag.singularKeys(second).contains(first)
    }

    private func dropTheSurplus(in pool: inout Pool) {
        var counts: [Facet: Int] = [:]
        var total = 0
        for candidate in pool.standing {
            let facet = candidate.facet
            let limit = settings.limits[facet] ?? settings.limit
            if counts[facet, default: 0] >= limit {
                pool.drop(candidate, .enough(of: facet, limit: limit))
            } else if total >= settings.limit {
                pool.drop(candidate, .enoughInAll(limit: settings.limit))
            } else {
                counts[facet, default: 0] += 1
                total += 1
            }
        }
    }
}
