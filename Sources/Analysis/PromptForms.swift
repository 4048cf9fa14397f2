import Catalog
import Foundation
import Vocabulary

extension PromptComposer {
    /// The prompt as a model wants it written; without its manifest's word, as ``compose(_:)`` writes it.
    ///
    /// - Parameter tags: the likeliest first.
    package static func compose(_ tags: [ApprovedTag], for habit: Manifest.Prompt?) -> String {
        guard let habit else { return compose(tags) }
        let body =
            switch habit.form {
            case .phrase: compose(tags)
            case .tags: self.tags(tags.map { $0.said($0.text.lowercased(), weight: $0.weight) })
            case .sentence: sentence(tags)
            }
        // Words about quality say nothing by themselves, and none is said twice.
        guard !body.isEmpty else { return body }
        let said = Set(body.split(separator: ", ").map(String.init))
        func missing(_ words: String?) -> String? {
            let left = (words ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                !$0.isEmpty && !said.contains($0)
            }
            return left.isEmpty ? nil : left.joined(separator: ", ")
        }
        return [missing(habit.before), body, missing(habit.after)].compactMap { $0 }.joined(separator: ", ")
    }
}

/// The two forms that people need of one approved set: models that were trained on tags want tags, the others a sentence.
extension PromptComposer {
    /// "tabby cat, sofa, sleeping, living room, window light, photo": every tag by itself, in the order of the facets.
    ///
    /// - Parameter tags: the likeliest first.
    package static func tags(_ tags: [ApprovedTag]) -> String {
        let used = kept(of: tags)
        return (order + [.medium]).flatMap { facet in used.filter { $0.facet == facet } }.map(written).joined(separator: ", ")
    }

    /// "A photo of a tabby cat and a sofa, sleeping, in a living room, with window light."
    ///
    /// - Parameter tags: the likeliest first.
    package static func sentence(_ tags: [ApprovedTag]) -> String {
        let used = ready(withoutBodies(kept(of: tags)))
        guard !used.isEmpty else { return "" }
        func texts(_ facet: Facet) -> [String] { used.filter { $0.facet == facet }.map { written($0) } }
        func things(_ facet: Facet) -> [String] { used.filter { $0.facet == facet }.map(withArticle) }
        var media = things(.medium)
        let lead = media.isEmpty ? "a picture" : media.removeFirst()
        let standing = StandingThings(used)
        let (wearer, worn) = dressed(standing.groups.flatMap(\.members) + standing.rest.filter { $0.facet == .subject })
        func whole(_ tag: ApprovedTag) -> String {
            withArticle(tag) + (tag == wearer ? " in \(listed(worn.map(withArticle)))" : "")
        }
        let subjects =
            standing.groups.map { listed($0.members.map(whole)) + $0.place }
            + standing.rest.filter { $0.facet == .subject && !worn.contains($0) }.map(whole)
        var settings = used.filter { $0.facet == .setting }
        // Who is outdoors is in no building: it stands behind. Who is on a beach is not in the sea.
        let isOutside = settings.contains { ["outdoors", "outside"].contains($0.text.lowercased()) }
        let isAshore = settings.contains { shores.contains(lastWord($0) ?? "") }
        // A picture of nothing else is of a place.
        let place = subjects.isEmpty ? settings.firstIndex(where: isPlace).map { withArticle(settings.remove(at: $0)) } : nil
        var clauses = [(listedOrNil(subjects) ?? place).map { "\(lead) of \($0)" } ?? lead]
        if !media.isEmpty { clauses.append("also \(listed(media))") }
        if let actions = listedOrNil(standing.rest.filter { $0.facet == .action }.map(written)) { clauses.append(actions) }
        clauses += settings.map { placed($0, isOutside: isOutside, isAshore: isAshore) }
        clauses += used.filter { $0.facet == .style }.map(styled)
        let light = used.filter { $0.facet == .lighting }
        clauses += light.filter(isQuality).map { written($0) }
        if let light = listedOrNil(light.filter { !isQuality($0) }.map { written($0) }) { clauses.append("with \(light)") }
        if let colours = listedOrNil(texts(.colour)) { clauses.append("in \(colours)") }
        clauses += texts(.composition)
        var sentences = [clauses.joined(separator: ", ")]
        if let mood = listedOrNil(texts(.mood)) { sentences.append("the mood is \(mood)") }
        if let quality = listedOrNil(texts(.quality)) { sentences.append(quality) }
        return sentences.map { begun($0) + "." }.joined(separator: " ")
    }

    /// With a capital letter, also behind the bracket of a weight.
    private static func begun(_ sentence: String) -> String {
        let bracket = sentence.prefix { $0 == "(" }
        let words = sentence.dropFirst(bracket.count)
        return bracket + words.prefix(1).uppercased() + words.dropFirst()
    }

    /// "A woman and other people": whoever is named is one of those who are counted, and nobody is said twice. "A man, a woman and two people"
    /// would be four.
    static func gathered(_ tags: [ApprovedTag]) -> [ApprovedTag] {
        let named = tags.filter { $0.facet == .subject && isOnePerson($0) }
        guard let last = named.last else { return tags }
        let counted = tags.filter { $0.facet == .subject && $0.weight == 1 && others[$0.text.lowercased()] != nil }
        guard !counted.isEmpty else { return tags }
        let most = counted.compactMap { others[$0.text.lowercased()] }.max { $0.least < $1.least }
        let rest = most.flatMap { most in
            most.least <= named.count ? nil : ApprovedTag(text: most.least == 2 ? most.text : "other people", facet: .subject)
        }
        return tags.filter { !counted.contains($0) }.flatMap { $0 == last ? [$0] + [rest].compactMap { $0 } : [$0] }
    }

    /// The tags as a prompt of either form says them: nobody and nothing twice, and who does something before what else is there.
    ///
    /// - Parameter tags: kept ones, the likeliest first.
    static func ready(_ tags: [ApprovedTag]) -> [ApprovedTag] {
        let used = actingOnNamedThings(withoutRepeatedActs(withoutRepeatedNouns(gathered(tags))))
        guard used.contains(where: { $0.facet == .action }) else { return used }
        func acts(_ tag: ApprovedTag) -> Bool { tag.facet == .subject && isOfPeople(tag) }
        return used.filter(acts) + used.filter { !acts($0) }
    }

    /// Whether a tag names a person or several.
    static func isOfPeople(_ tag: ApprovedTag) -> Bool { people.contains(head(tag)) }

    /// A "food photo" is of food, and where a dining table is, "on a dinner table" says it again.
    private static func withoutRepeatedNouns(_ tags: [ApprovedTag]) -> [ApprovedTag] {
        func words(_ tag: ApprovedTag) -> Set<Substring> { Set(tag.text.lowercased().split(separator: " ")) }
        let medium = tags.first { $0.facet == .medium }.map(words) ?? []
        let left = tags.filter { $0.facet != .subject || $0.weight != 1 || !words($0).isSubset(of: medium) }
        let nouns = Set(left.filter { $0.facet == .subject }.map(head))
        return left.filter { $0.facet != .setting || $0.weight != 1 || !nouns.contains(head($0)) }
    }

    /// "A person, riding a bicycle" has the bicycle; "playing with a ball and playing football" is one game, and so is "throwing a ball and
    /// kicking a ball". The likelier stands.
    static func withoutRepeatedActs(_ tags: [ApprovedTag]) -> [ApprovedTag] {
        func words(_ tag: ApprovedTag) -> [Substring] { tag.text.lowercased().split(separator: " ") }
        // What something is done to has an article: "a ball" of "playing with a ball", but nothing of "playing in the snow".
        func object(_ words: [Substring]) -> ArraySlice<Substring>? {
            let rest = words.dropFirst(words.dropFirst().first == "with" ? 2 : 1)
            return rest.count > 1 && ["a", "an", "the"].contains(rest.first) ? rest : nil
        }
        var begun: Set<Substring> = []
        var used: Set<ArraySlice<Substring>> = []
        let left = tags.filter { tag in
            guard tag.facet == .action, tag.weight == 1, let verb = words(tag).first else { return true }
            guard !begun.contains(verb), object(words(tag)).map({ !used.contains($0) }) ?? true else { return false }
            begun.insert(verb)
            if let object = object(words(tag)) { used.insert(object) }
            return true
        }
        let acts = left.filter { $0.facet == .action }.map(words).filter { $0.count > 1 }
        func isActedOn(_ tag: ApprovedTag) -> Bool {
            let own = words(tag)
            return tag.facet == .subject && tag.weight == 1 && acts.contains { $0.suffix(own.count).elementsEqual(own) }
        }
        guard left.contains(where: { $0.facet == .subject && !isActedOn($0) }) else { return left }
        return left.filter { !isActedOn($0) }
    }

    /// "Riding a red bicycle" in place of a red bicycle and "riding a bicycle": what something is done to is said once, by its fuller name.
    private static func actingOnNamedThings(_ tags: [ApprovedTag]) -> [ApprovedTag] {
        guard tags.contains(where: { $0.facet == .subject && isOfPeople($0) }) else { return tags }
        var named = tags
        for (index, act) in tags.enumerated() where act.facet == .action && act.weight == 1 {
            let words = act.text.lowercased().split(separator: " ").map(String.init)
            guard words.count > 2, let noun = words.last, ["a", "an", "the"].contains(words[words.count - 2]) else { continue }
            let things = named.filter { $0.facet == .subject && $0.weight == 1 && isKind($0, of: noun) }
            guard things.count == 1 else { continue }
            let thing = NounPhrase.article(for: things[0].text) + things[0].text
            named[index] = act.said((words.dropLast(2) + [thing]).joined(separator: " "), weight: 1)
            named = named.map { $0 == things[0] ? $0.said("", weight: 1) : $0 }
        }
        return named.filter { !$0.text.isEmpty }
    }

    /// "Red bicycle" and "mountain bike" are bicycles by their last word, with more said of them.
    private static func isKind(_ tag: ApprovedTag, of noun: String) -> Bool {
        let words = tag.text.lowercased().split(separator: " ").map(String.init)
        guard words.count > 1, let last = words.last, NounPhrase.head(of: words) == last else { return false }
        return last == noun || last == "bike" && ["bicycle", "motorcycle"].contains(noun)
    }

    private static func isOnePerson(_ tag: ApprovedTag) -> Bool {
        people.contains(head(tag)) && !["portrait", "crowd", "couple", "family"].contains(head(tag))
            && ["a ", "an "].contains(NounPhrase.article(for: tag.text))
    }

    /// How many they are at least, and who is left beside one of them.
    private static let others: [String: (least: Int, text: String)] = [
        "people": (2, "other people"), "several people": (3, "other people"), "two people": (2, "another person"),
        "three people": (3, "other people"), "group of people": (4, "other people"),
    ]

    /// "A woman in a blue dress and boots": the one person of a prompt, and the garments that go with that person.
    ///
    /// - Returns: nobody where there is no such person, or more than one.
    static func dressed(_ subjects: [ApprovedTag]) -> (wearer: ApprovedTag?, worn: [ApprovedTag]) {
        let persons = subjects.filter { people.contains(head($0)) }
        guard persons.count == 1, let wearer = persons.first, ["a ", "an "].contains(NounPhrase.article(for: wearer.text)),
            head(wearer) == lastWord(wearer)
        else { return (nil, []) }
        let worn = subjects.filter { $0 != wearer && isWorn($0) }
        return worn.isEmpty ? (nil, []) : (wearer, worn)
    }

    /// A garment by its last word; but nobody wears wine glasses.
    private static func isWorn(_ tag: ApprovedTag) -> Bool {
        guard let last = lastWord(tag), garments.contains(last) else { return false }
        return last != "glasses" || drinks.isDisjoint(with: tag.text.lowercased().split(separator: " ").map(String.init))
    }

    /// The noun of a phrase: of "woman in red" the woman.
    private static func head(_ tag: ApprovedTag) -> String {
        NounPhrase.head(of: tag.text.lowercased().split(separator: " ").map(String.init)) ?? ""
    }

    /// Whoever is named has a face: "a person and a face" would be two.
    private static func withoutBodies(_ tags: [ApprovedTag]) -> [ApprovedTag] {
        guard tags.contains(where: { $0.facet == .subject && people.contains(head($0)) }) else { return tags }
        return tags.filter { $0.weight != 1 || !($0.facet == .subject && bodies.contains($0.text.lowercased())) }
    }

    private static let people: Set<String> = [
        "person", "people", "man", "men", "woman", "women", "child", "children", "boy", "boys", "girl", "girls", "baby", "toddler",
        "portrait", "crowd", "couple", "family", "astronaut", "soldier", "nurse", "doctor", "bride", "groom", "player", "dancer",
    ]
    private static let garments: Set<String> = [
        "dress", "gown", "coat", "raincoat", "jacket", "blazer", "shirt", "t-shirt", "blouse", "sweater", "hoodie", "vest", "waistcoat",
        "skirt", "trousers", "jeans", "shorts", "leggings", "suit", "tuxedo", "uniform", "costume", "kimono", "sari", "robe", "bathrobe",
        "swimsuit", "bikini", "wetsuit", "apron", "hat", "cap", "helmet", "scarf", "boots", "shoes", "trainers", "gloves", "sunglasses",
        "glasses",
    ]
    /// What glasses are for that are drunk from.
    private static let drinks: Set<String> = ["wine", "beer", "champagne", "cocktail", "drinking", "water"]
    private static let bodies: Set<String> = ["face", "human face", "head", "human head", "body", "human body", "human"]

    static func listed(_ words: [String]) -> String {
        words.enumeration
    }

    private static func listedOrNil(_ words: [String]) -> String? { words.isEmpty ? nil : listed(words) }

    /// Where it is: "in a living room", "on a beach", "indoors", "at a wedding", "with a fountain".
    private static func placed(_ tag: ApprovedTag, isOutside: Bool, isAshore: Bool) -> String {
        guard let last = lastWord(tag) else { return written(tag) }
        if isAdverb(tag) { return written(tag) }
        if times.contains(last) { return "in the " + written(tag) }
        if moments.contains(last) { return "at " + written(tag) }
        let preposition =
            if surfaces.contains(last) {
                "on"
            } else if events.contains(last) {
                "at"
            } else if skies.contains(last) {
                "under"
            } else if features.contains(last) || isOutside && buildings.contains(last) {
                "with"
            } else if isAshore && waters.contains(last) {
                "by"
            } else {
                "in"
            }
        return "\(preposition) \(withArticle(tag))"
    }

    /// In what style it is: "in gothic style", "in japanese woodblock style", "with bold outlines", "in the style of cubism".
    private static func styled(_ tag: ApprovedTag) -> String {
        let text = tag.text.lowercased()
        if text.hasSuffix(" style") { return "in " + written(tag) }
        if manners.contains(text) { return "in \(written(tag)) style" }
        return (means.contains(text) ? "with " : "in the style of ") + written(tag)
    }

    /// Whether a setting is somewhere a picture may be of: a beach, but neither "indoors" nor a time.
    static func isPlace(_ tag: ApprovedTag) -> Bool {
        guard tag.facet == .setting, let last = lastWord(tag) else { return false }
        return !isAdverb(tag) && !times.contains(last) && !moments.contains(last)
    }

    private static func lastWord(_ tag: ApprovedTag) -> String? { tag.text.lowercased().split(separator: " ").last.map(String.init) }

    private static func isAdverb(_ tag: ApprovedTag) -> Bool { adverbs.contains(tag.text.lowercased()) }

    /// Whether a tag of light says how the picture is, not what is in it: "dark", but not "window light".
    private static func isQuality(_ tag: ApprovedTag) -> Bool { qualities.contains(tag.text.lowercased()) }

    private static let qualities: Set<String> = ["dark", "bright", "glowing", "low key", "high key"]
    /// Styles that are called by an adjective.
    private static let manners: Set<String> = [
        "realistic", "photorealistic", "minimalist", "abstract", "vintage", "retro", "modern", "contemporary", "rustic", "elegant",
        "romantic", "gothic", "futuristic", "surreal", "dreamlike", "cute", "documentary", "fashion", "cinematic", "whimsical", "ornate",
        "geometric",
        "psychedelic", "grunge", "industrial", "tropical", "hand-drawn", "baroque", "rococo", "renaissance", "medieval", "neoclassical",
        "byzantine", "bauhaus", "victorian", "art deco", "art nouveau", "pop art",
    ]
    /// Styles that are called by what they are drawn with.
    private static let means: Set<String> = [
        "flat colours", "bold outlines", "thick outlines", "cross-hatching", "loose brushstrokes", "visible brushstrokes", "thick paint",
        "detailed linework", "cel shading", "halftone", "halftone dots",
    ]
    private static let shores: Set<String> = ["beach", "coast", "shore", "pier", "island"]
    private static let waters: Set<String> = ["sea", "ocean", "water", "lake", "river"]
    private static let adverbs: Set<String> = ["indoors", "outdoors", "underwater", "outside", "inside"]
    private static let times: Set<String> = ["day", "daytime", "morning", "evening", "afternoon", "spring", "summer", "autumn", "winter"]
    private static let moments: Set<String> = ["night", "noon", "dawn", "dusk", "sunset", "sunrise", "christmas"]
    private static let surfaces: Set<String> = [
        "beach", "street", "road", "roof", "rooftop", "stage", "mountain", "hill", "island", "coast", "shore", "bridge", "farm", "balcony",
        "terrace", "table", "lawn", "path", "staircase", "field", "pitch", "court", "track", "slope", "pier", "motorway",
    ]
    private static let events: Set<String> = [
        "wedding", "party", "concert", "festival", "parade", "picnic", "event", "race", "conference", "exhibition", "rodeo", "stop",
    ]
    private static let skies: Set<String> = ["sky", "moon", "rainbow", "way", "aurora"]
    private static let buildings: Set<String> = [
        "building", "house", "castle", "church", "cathedral", "temple", "mosque", "palace", "skyscraper", "barn", "hut", "cabin",
        "lighthouse", "windmill", "ruins", "monument",
    ]
    /// What stands in a picture's background rather than around what is in it.
    private static let features: Set<String> = [
        "fence", "wall", "gate", "door", "window", "sign", "signpost", "light", "fountain", "hydrant", "column", "flagpole", "billboard",
        "waterfall", "tower", "rocks", "waves", "skyline", "skyscrapers",
    ]
}
