import Encoders
import Vocabulary

/// Tells how the things in a picture stand to each other, by where their boxes are.
struct ThingRelations {
    private let settings: EncoderConfiguration.Relations
    private let vocabulary: TagVocabulary
    private let counted: Set<String>
    /// A thing that is less high in shares of the highest of its name stands in the background.
    private let leastHeight: Float

    /// Nil for an encoder of which nobody measured how often its relations are right.
    ///
    /// - Parameter counted: tags of several.
    init?(vocabulary: TagVocabulary, judgement: EncoderConfiguration.Judgement?, counted: Set<String>) {
        guard let settings = judgement?.relations else { return nil }
        (self.settings, self.vocabulary, self.counted) = (settings, vocabulary, counted)
        leastHeight = judgement?.counting?.leastHeight ?? 0
    }

    /// What is told of a picture: of each tag one relation at most, and none where nothing is certain.
    ///
    /// - Parameters:
    ///   - suggestions: the likeliest first.
    ///   - photo: how likely it is a photograph.
    func told(of things: [SeenThing], named suggestions: [Suggested], photo: Float) -> [ThingRelation] {
        guard photo >= settings.leastPhoto else { return [] }
        let subjects = suggestions.filter { $0.facet == .subject }
        return subjects.compactMap { suggestion -> ThingRelation? in
            for rule in settings.rules {
                guard let preposition = ThingRelation.Preposition(rawValue: rule.preposition),
                    let name = rule.subjects.first(where: { isKind(suggestion, of: $0) })
                else { continue }
                let meant = boxes(of: name, meantBy: suggestion, among: things)
                // Of several all have to stand to one thing.
                let supports = meant.map { subject in
                    things.filter { rule.supports.contains($0.name) && rule.holds(of: subject, to: $0) }
                }
                guard let common = supports.first?.filter({ support in supports.allSatisfy { $0.contains(support) } }) else { continue }
                for support in common.sorted(by: { $0.certainty > $1.certainty }) {
                    // Of several of a name nobody could tell which one is meant, and a kind of it may be another one.
                    let named = subjects.filter { isKind($0, of: support.name) }
                    guard named.count == 1, !counted.contains(named[0].tag), named[0].tag != suggestion.tag else { continue }
                    return ThingRelation(subject: suggestion.tag, preposition: preposition, support: named[0].tag)
                }
            }
            return nil
        }
    }

    /// The one that a tag means: the one that stands out, of a man the likeliest to be one. Of a tag of several all that count.
    private func boxes(of name: String, meantBy suggestion: Suggested, among things: [SeenThing]) -> [SeenThing] {
        let own = things.filter { $0.name == name }
        guard !counted.contains(suggestion.tag) else {
            let highest = own.map(\.box.height).max() ?? 0
            let all = own.filter { $0.box.height >= leastHeight * highest }
            return all.count > 1 ? all : []
        }
        func prominence(_ thing: SeenThing) -> Float {
            let traits = thing.traits.filter { isKind(suggestion, of: $0.key) }
            return thing.certainty * thing.box.area.squareRoot() * (traits.values.max() ?? 1)
        }
        return own.max { prominence($0) < prominence($1) }.map { [$0] } ?? []
    }

    private func isKind(_ suggestion: Suggested, of name: String) -> Bool {
        suggestion.tag == name || vocabulary.implied(by: suggestion.entry).contains { $0.name == name }
    }
}

extension EncoderConfiguration.Relations.Rule {
    /// Whether one thing stands so to another.
    fileprivate func holds(of subject: SeenThing, to support: SeenThing) -> Bool {
        let (own, other) = (subject.box, support.box)
        guard subject.certainty >= leastSubject, support.certainty >= leastSupport, own.area > 0, other.area > 0 else { return false }
        let across = max(min(own.right, other.right) - max(own.left, other.left), 0) / own.width
        let measured: [(bounds: EncoderConfiguration.Relations.Bounds?, value: Float)] = [
            (within, own.shared(with: other) / own.area), (self.across, across), (head, (own.top - other.top) / other.height),
            (foot, (own.bottom - other.top) / other.height), (size, own.area / other.area),
        ]
        return measured.allSatisfy { $0.bounds?.hold($0.value) ?? true }
            && (traits ?? [:]).allSatisfy { $1.hold(subject.traits[$0] ?? 0) }
    }
}
