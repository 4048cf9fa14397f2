import Vocabulary

/// What of a prompt's tags stands to another of them: "a black cat on a grey sofa" in place of a cat and a sofa.
///
/// A place is said of what comes first, so that nobody reads it of anything else: "a man and a dog on a sofa" has both on it. Where a person is
/// named of whom no place is told, no place of a thing is said.
struct StandingThings {
    /// Things that stand to the same one.
    struct Group {
        fileprivate(set) var members: [ApprovedTag]
        let preposition: ThingRelation.Preposition
        let support: ApprovedTag

        /// " on a grey sofa".
        var place: String { " \(preposition.rawValue) \(PromptComposer.withArticle(support))" }
        fileprivate var isOfPeople: Bool { members.contains(where: PromptComposer.isOfPeople) }
    }

    /// Those of people first.
    let groups: [Group]
    /// All other tags, without what the groups say already.
    let rest: [ApprovedTag]

    /// - Parameter tags: ready for a prompt, the likeliest first.
    init(_ tags: [ApprovedTag]) {
        let found = Self.groups(in: tags)
        let named = found.flatMap { $0.members + [$0.support] }
        let left = tags.filter { !named.contains($0) }
        let isSomebodyElsewhere = left.contains { $0.facet == .subject && PromptComposer.isOfPeople($0) }
        let said = found.filter(\.isOfPeople) + (isSomebodyElsewhere ? [] : found.filter { !$0.isOfPeople })
        groups = said
        rest = tags.filter { tag in
            !said.contains { $0.members.contains(tag) || $0.support == tag || Self.isSaid(tag, by: $0) }
        }
    }

    private static func groups(in tags: [ApprovedTag]) -> [Group] {
        let subjects = tags.filter { $0.facet == .subject }
        var groups: [Group] = []
        for tag in subjects {
            guard let relation = tag.relation, !words(tag).contains(relation.preposition.rawValue[...]),
                let support = subjects.first(where: { $0 != tag && Tag.key($0.tag) == Tag.key(relation.support) }),
                // What stands on something carries nothing here: "a cup on a laptop on a table" is hard to read.
                !groups.contains(where: { $0.members.contains(support) || $0.support == tag })
            else { continue }
            if let known = groups.firstIndex(where: { $0.support == support }) {
                if groups[known].preposition == relation.preposition { groups[known].members.append(tag) }
            } else {
                groups.append(Group(members: [tag], preposition: relation.preposition, support: support))
            }
        }
        return groups
    }

    /// "A man on a red bicycle, riding a bicycle" has the bicycle twice; so has "on a skateboard, skateboarding".
    private static func isSaid(_ tag: ApprovedTag, by group: Group) -> Bool {
        guard tag.facet == .action, tag.weight == 1, let noun = words(group.support).last else { return false }
        return words(tag).contains { $0.hasPrefix(noun) }
    }

    private static func words(_ tag: ApprovedTag) -> [Substring] { tag.text.lowercased().split(separator: " ") }
}
