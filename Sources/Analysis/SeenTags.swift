import Encoders
import Foundation

/// What an encoder saw, as tags with the probability that a person would agree: each thing and place, how many there are, and how the picture
/// is framed.
struct SeenTags {
    /// By the vocabulary's names, 0 to 1.
    let confidences: [String: Float]
    /// Tags that say how many there are: fitted as such, so that no facet's scale is theirs.
    let counted: Set<String>
    /// Those of them that boxes alone tell, no label of the whole picture. Embeddings have no say in them: they take two for one.
    let boxed: Set<String>
    private let prominence: [String: Float]

    /// - Parameters:
    ///   - counts: for a thing or a trait of a person the tags that say two of it, three and so on; the last says as many or more.
    ///   - parts: for a thing what it is a part of.
    ///   - untold: tags that are left out.
    ///   - telling: what of a person's box it takes to say who it is.
    init(
        _ seen: Seen, counts: [String: [String]], framing: EncoderConfiguration.Framing?, parts: [String: String] = [:],
        untold: [String] = [], telling: [String: EncoderConfiguration.Telling] = [:], counting: EncoderConfiguration.Counting? = nil
    ) {
        var confidences = seen.tags
        var boxed: Set<String> = []
        func say(_ tag: String, _ confidence: Float) { confidences[tag] = max(confidences[tag] ?? 0, min(confidence, 1)) }
        for name in Set(counts.keys).union(counting.map { Array($0.several.keys) } ?? []) {
            let certainties = Self.counted(seen.things, of: name, by: counting)
            let several = counting?.several[name]
            let isLabelled = several.map { seen.tags[$0] != nil } ?? false
            let tags = counts[name] ?? []
            var most: Float = 1
            // A number is no surer than that there are several.
            var numbers = Self.shares(certainties, from: 2, kinds: tags.count)
            if !isLabelled, let number = counting?.number { numbers = numbers.map { number.applied(to: $0) } }
            if let counting, let several {
                most = counting.several(seen: seen.tags[several], boxes: Self.shares(certainties, from: 2, kinds: 1)[0])
                if most < 0.5, let told = counting.byPart?.told(of: name, in: seen, parts: parts, kinds: tags.count), told.several > most {
                    (most, numbers) = told
                }
                confidences[several] = most
            }
            if let several, !isLabelled { boxed.formUnion(tags + [several]) }
            for (tag, share) in zip(tags, numbers) { say(tag, min(share, most)) }
        }
        if let framing {
            // What looks like a face where nobody is frames nothing.
            let most = parts["face"].flatMap { seen.tags[$0] } ?? 1
            for (tag, certainty) in Self.framing(seen.things, framing, most: most) { say(tag, certainty) }
        }
        // A part is no surer than the whole: what looks like a face where nobody is is none.
        for (part, whole) in parts {
            if let own = confidences[part], let all = confidences[whole] { confidences[part] = min(own, all) }
        }
        for (trait, least) in telling {
            let shown = seen.things.contains { thing in
                guard let own = thing.traits[trait] else { return false }
                return thing.certainty * own >= least.trait && thing.box.height >= least.height
            }
            // The rest is a guess from what stands around.
            if !shown, let told = confidences[trait] { confidences[trait] = min(told, 0.5) }
        }
        for tag in untold { confidences[tag] = nil }
        (self.confidences, self.boxed) = (confidences, boxed)
        counted = Set(counts.values.flatMap { $0 }).union(counting?.several.values.map { $0 } ?? [])
        prominence = Dictionary(seen.things.map { ($0.name, $0.certainty * $0.box.area.squareRoot()) }, uniquingKeysWith: max)
    }

    /// How much a thing stands out by its certainty and its size, 0 to 1; nil for what has no box.
    func prominence(of tag: String) -> Float? { prominence[tag] }

    /// How surely each thing of a kind, or person of a kind, counts.
    private static func counted(_ things: [SeenThing], of name: String, by counting: EncoderConfiguration.Counting?) -> [Float] {
        func certainty(_ thing: SeenThing) -> Float? {
            thing.name == name ? thing.certainty : thing.traits[name].map { $0 * thing.certainty }
        }
        guard let counting else { return things.compactMap(certainty) }
        let ofKind = things.filter { certainty($0) != nil }
        let apart = Self.apart(
            ofKind, leastHeight: counting.leastHeight, measuredFrom: counting.measuredFrom ?? 0, sameShare: counting.sameShare)
        return apart.compactMap(certainty).map { counting.box.applied(to: $0) }
    }

    /// The boxes that stand for a thing each: none in the background, and none of a thing that a more certain one has found.
    ///
    /// - Parameter things: of one kind, the most certain first.
    fileprivate static func apart(_ things: [SeenThing], leastHeight: Float, measuredFrom: Float, sameShare: Float) -> [SeenThing] {
        let tallest = things.filter { $0.certainty >= measuredFrom }.map(\.box.height).max() ?? 0
        return things.filter { $0.box.height >= leastHeight * tallest }.reduce(into: [SeenThing]()) { kept, thing in
            let isKnown = kept.contains { $0.box.shared(with: thing.box) > sameShare * min($0.box.area, thing.box.area) }
            if !isKnown { kept.append(thing) }
        }
    }

    /// How likely it is that exactly `from` of them are there, then one more, and so on; the last of `kinds` stands for as many or more.
    ///
    /// Each is there with its own certainty, whatever the others are.
    static func shares(_ certainties: [Float], from: Int, kinds: Int) -> [Float] {
        var counted: [Float] = [1]
        for certainty in certainties {
            var next = [Float](repeating: 0, count: counted.count + 1)
            for (count, share) in counted.enumerated() {
                next[count] += share * (1 - certainty)
                next[count + 1] += share * certainty
            }
            counted = next
        }
        return (0..<kinds).map { kind in
            let count = from + kind
            guard count < counted.count else { return 0 }
            return kind == kinds - 1 ? counted[count...].reduce(0, +) : counted[count]
        }
    }

    /// By the largest face, else by how much is seen of the largest person.
    ///
    /// - Parameter most: how sure a face may be.
    private static func framing(
        _ things: [SeenThing], _ framing: EncoderConfiguration.Framing, most: Float
    ) -> [(tag: String, certainty: Float)] {
        func height(_ thing: SeenThing) -> Float { thing.box.height * thing.certainty }
        if let face = things.filter({ $0.name == "face" }).max(by: { height($0) < height($1) }), face.box.height >= framing.portrait {
            return [(face.box.height >= framing.closeUp ? "close-up" : "portrait framing", min(face.certainty, most))]
        }
        guard let person = things.filter({ $0.name == "person" }).max(by: { height($0) < height($1) }),
            let whole = person.traits["whole figure"]
        else { return [] }
        var told: [(tag: String, certainty: Float)] = []
        if person.box.height >= framing.wholeFigure { told.append(("full body", whole * person.certainty)) }
        if let least = framing.upperBody, person.box.height >= least { told.append(("upper body", (1 - whole) * person.certainty)) }
        return told
    }
}

extension EncoderConfiguration.Scale {
    /// - Parameter told: what embeddings say of the same; nil where they say nothing.
    func applied(to probability: Float, ranked told: Float? = nil) -> Float {
        let agreed = told.map { (ranked ?? 0) * $0.logOdds } ?? 0
        return Float(logOdds: slope * probability.logOdds + agreed - offset)
    }
}

extension EncoderConfiguration.Counting {
    /// How likely more than one is there.
    ///
    /// - Parameters:
    ///   - seen: the same as the whole picture tells it; nil where it does not.
    ///   - boxes: that there are two boxes and more.
    fileprivate func several(seen: Float?, boxes: Float) -> Float {
        if seen == nil, let plural { return plural.applied(to: boxes) }
        let told = seen.map { label * $0.logOdds } ?? 0
        return Float(logOdds: told + self.boxes * boxes.logOdds + intercept)
    }
}

extension EncoderConfiguration.Counting.ByPart {
    /// How likely there are several of a thing, and how many, by those of its parts that are seen.
    ///
    /// - Parameters:
    ///   - parts: for a thing what it is a part of.
    ///   - kinds: how many numbers are told, from two on.
    /// - Returns: nil where no part of it is looked for, or fewer than two are seen.
    fileprivate func told(of whole: String, in seen: Seen, parts: [String: String], kinds: Int) -> (several: Float, numbers: [Float])? {
        guard let part = parts.filter({ $0.value == whole }).keys.min() else { return nil }
        let found = SeenTags.apart(
            seen.things.filter { $0.name == part }, leastHeight: leastHeight, measuredFrom: measuredFrom, sameShare: sameShare
        ).map(\.certainty)
        let share = SeenTags.shares(found, from: 2, kinds: 1)[0]
        guard share > 0 else { return nil }
        // What looks like two faces where nobody is, or no face, is not two people.
        let most = [part, whole].compactMap { seen.tags[$0] }.min() ?? 1
        let agreed = min(several.applied(to: share), most)
        return (agreed, SeenTags.shares(found, from: 2, kinds: kinds).map { exactly * agreed * $0 / share })
    }
}
