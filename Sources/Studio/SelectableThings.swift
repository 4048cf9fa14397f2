import Encoders
import Vocabulary

/// Which of the things that were seen in a picture a person can name to select them.
struct SelectableThings {
    /// The most certain first.
    let things: [SeenThing]
    let naming: EncoderConfiguration.Judgement.Naming
    /// For a thing what it is a part of.
    let parts: [String: String]
    /// How sure the picture's tags are, by `Tag.key`.
    let tags: [String: Float]

    /// Every box of that name that is sure enough by itself; where there is none, but the name is one of the picture's tags, the surest box:
    /// who reads "car" among the tags can select it.
    ///
    /// One thing is often found under two names. The less likely one is no thing of its own, and is there to be selected only where the
    /// picture's tags are sure of it as well, as they are of who sits on a motorcycle.
    func selected(_ isMeant: (_ name: String) -> Bool) -> [SeenThing] {
        let meant = things.filter { isMeant($0.name) }
        let sure = meant.filter { $0.certainty >= naming.leastBox && !isAnotherName($0) }
        guard sure.isEmpty else { return sure }
        return meant.filter(isTagged).max { $0.certainty < $1.certainty }.map { [$0] } ?? []
    }

    /// The names of what can be selected, each once.
    var names: [String] {
        var found: [String] = []
        for thing in things where !found.contains(thing.name) {
            if isTagged(thing) || (thing.certainty >= naming.leastBox && !isAnotherName(thing)) { found.append(thing.name) }
        }
        return found
    }

    private func isTagged(_ thing: SeenThing) -> Bool {
        guard let sure = tag(of: thing) else { return false }
        return Double(sure) >= naming.sureSubject || !isAnotherName(thing)
    }

    /// Whether a likelier name stands for what is in nearly the same place: the whole picture's tags know better than boxes, which take many
    /// a dog for a horse.
    private func isAnotherName(_ thing: SeenThing) -> Bool {
        things.contains { other in
            guard other.name != thing.name, parts[thing.name] != other.name, parts[other.name] != thing.name,
                other.box.overlap(with: thing.box) > Self.samePlace
            else { return false }
            return likelihood(of: other) > likelihood(of: thing)
        }
    }

    private func likelihood(of thing: SeenThing) -> (tag: Float, box: Float) { (tag(of: thing) ?? 0, thing.certainty) }

    private func tag(of thing: SeenThing) -> Float? { tags[Tag.key(thing.name)] }

    /// Of who rides a bicycle box and bicycle overlap by up to this, over all that both cover.
    private static let samePlace: Float = 0.75
}
