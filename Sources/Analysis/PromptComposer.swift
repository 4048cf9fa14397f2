import Foundation
import Vocabulary

/// A tag as a person approved it: perhaps edited, perhaps weighted.
package struct ApprovedTag: Sendable, Hashable {
    package let text: String
    package let facet: Facet
    /// 1 leaves it as it is; above emphasises, below plays down.
    package let weight: Double
    /// As the vocabulary has it: "cat" where the text is "black cat".
    package let tag: String
    /// How what it names stands to another thing. It is said where that one's tag is approved too.
    package let relation: ThingRelation?

    /// - Parameters:
    ///   - tag: nil where it is the text.
    ///   - relations: those of the picture's things.
    package init(text: String, facet: Facet, weight: Double = 1, tag: String? = nil, relations: [ThingRelation] = []) {
        (self.text, self.facet, self.weight, self.tag) = (text, facet, weight, tag ?? text)
        relation = facet == .subject ? relations.first { Tag.key($0.subject) == Tag.key(tag ?? text) } : nil
    }

    /// The same tag, said otherwise.
    func said(_ text: String, weight: Double) -> ApprovedTag {
        ApprovedTag(text: text, facet: facet, weight: weight, tag: tag, relations: [relation].compactMap { $0 })
    }
}

/// Approved tags to a prompt's text: a pure function, so that the same approval always gives the same prompt.
package enum PromptComposer {
    /// The order in which facets stand in a prompt. The medium leads: "a photo of …".
    static let order: [Facet] = [.subject, .action, .setting, .style, .lighting, .colour, .composition, .mood, .quality]

    /// "a photo of a tabby cat on a sofa, sleeping, living room, window light": what leads has its article, and so has what it stands on; the
    /// others are tags.
    ///
    /// Brackets and backslashes in a tag are escaped; a weight other than 1 is written `(text:1.2)`; equal texts are written once. Within a
    /// facet a tag whose words all stand in another tag is a repetition: "cat" beside "tabby cat", which ends in it, is left out; of
    /// "espresso" and "espresso machine", two things, the one that stands first, the likelier, is kept. A tag with a weight of its own stays.
    ///
    /// - Parameter tags: the likeliest first.
    package static func compose(_ tags: [ApprovedTag]) -> String {
        let used = ready(kept(of: tags))
        let mediums = used.filter { $0.facet == .medium }
        let standing = StandingThings(used)
        var rest = order.flatMap { facet in standing.rest.filter { $0.facet == facet } }[...]
        var groups = standing.groups[...]
        func plain(_ group: StandingThings.Group) -> String { listed(group.members.map(written)) + group.place }
        guard let medium = mediums.first else { return (groups.map(plain) + rest.map(written)).joined(separator: ", ") }
        var lead = withArticle(medium)
        // A picture is of a thing or of a place; whatever else is said of it stands beside, but for what a person wears.
        let (wearer, worn) = dressed(groups.flatMap(\.members) + rest.filter { $0.facet == .subject })
        func whole(_ tag: ApprovedTag) -> String {
            withArticle(tag) + (tag == wearer ? " in \(listed(worn.map(withArticle)))" : "")
        }
        if let group = groups.popFirst() {
            lead += " of \(listed(group.members.map(whole)))\(group.place)"
            if let wearer, group.members.contains(wearer) { rest.removeAll { worn.contains($0) } }
        } else if let wearer, let first = rest.first, first == wearer || worn.contains(first) {
            lead += " of \(whole(wearer))"
            rest.removeAll { $0 == wearer || worn.contains($0) }
        } else if let first = rest.firstIndex(where: { $0.facet == .subject }) ?? rest.firstIndex(where: isPlace) {
            lead += " of \(withArticle(rest.remove(at: first)))"
        }
        return ([lead] + groups.map(plain) + (rest + mediums.dropFirst()).map(written)).joined(separator: ", ")
    }

    /// The tags as they go into a prompt: tidy, and without what repeats another.
    static func kept(of tags: [ApprovedTag]) -> [ApprovedTag] {
        withoutRepetition(
            tags.map { $0.said(plain($0.text), weight: rounded($0.weight)) }.filter { !$0.text.isEmpty })
    }

    /// The text with every character escaped that would change weights.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if "\\()[]".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }

    static func written(_ tag: ApprovedTag) -> String {
        tag.weight == 1 ? escaped(tag.text) : "(\(escaped(tag.text)):\(number(tag.weight)))"
    }

    /// One line without double spaces.
    private static func plain(_ text: String) -> String {
        text.split { $0.isWhitespace }.joined(separator: " ").trimmingCharacters(in: CharacterSet(charactersIn: ", "))
    }

    /// Two decimals, from 0 to 10; what is no number counts as 1.
    private static func rounded(_ weight: Double) -> Double {
        weight.isFinite ? (min(max(weight, 0), 10) * 100).rounded() / 100 : 1
    }

    private static func number(_ weight: Double) -> String {
        weight == weight.rounded() ? String(Int(weight)) : String(weight)
    }

    /// "a red cup", and "a (red cup:1.3)": a weight's bracket holds the tag alone, in whatever form.
    static func withArticle(_ tag: ApprovedTag) -> String { NounPhrase.article(for: tag.text) + written(tag) }

    private static func withoutRepetition(_ tags: [ApprovedTag]) -> [ApprovedTag] {
        var unique: [ApprovedTag] = []
        for tag in tags {
            if let index = unique.firstIndex(where: { Tag.key($0.text) == Tag.key(tag.text) }) {
                // Of two weights the one further from 1 was meant.
                if abs(tag.weight - 1) > abs(unique[index].weight - 1) {
                    unique[index] = unique[index].said(unique[index].text, weight: tag.weight)
                }
            } else {
                unique.append(tag)
            }
        }
        let words = unique.map { Tag.key($0.text).split(separator: " ") }
        let sets = words.map { Set($0) }
        return unique.indices.filter { index in
            unique[index].weight != 1
                || !unique.indices.contains { other in
                    guard other != index, unique[other].facet == unique[index].facet else { return false }
                    if sets[index].isStrictSubset(of: sets[other]) {
                        return words[other].suffix(words[index].count).elementsEqual(words[index]) || other < index
                    }
                    return sets[other].isStrictSubset(of: sets[index]) && other < index
                        && !words[index].suffix(words[other].count).elementsEqual(words[other])
                }
        }.map { unique[$0] }
    }
}
