import Encoders
import Pixels

/// The colours of the things in a picture, and of what a person wears above and below, where they are certain.
struct ThingColours {
    private let settings: EncoderConfiguration.Colours
    private let picture: ThingPixels
    private let things: [SeenThing]

    /// The things, each with its colour where that is certain: of several of a name the one that stands out, where there is such a one.
    ///
    /// - Parameters:
    ///   - image: what the boxes are shares of.
    ///   - photo: how likely it is a photograph.
    ///   - settings: nil tells none.
    static func told(of things: [SeenThing], in image: Image, photo: Float, _ settings: EncoderConfiguration.Colours?) -> [SeenThing] {
        guard let settings, photo >= settings.leastPhoto, !things.isEmpty else { return things }
        return ThingColours(settings: settings, picture: ThingPixels(image), things: things).told
    }

    private var told: [SeenThing] {
        var told = things
        for name in Set(things.map(\.name)) {
            guard let kind = settings.kinds.first(where: { $0.things.contains(name) }), let index = mainOne(of: name, kind) else {
                continue
            }
            told[index].colour = colour(of: things[index], kind)
            if name == Self.person, let below = settings.below { told[index].colourBelow = colour(wornBelowBy: things[index], below) }
        }
        return told
    }

    private func mainOne(of name: String, _ kind: EncoderConfiguration.Colours.Kind) -> Int? {
        let own = things.indices.filter { things[$0].name == name }
        func prominence(_ index: Int) -> Float { things[index].certainty * things[index].box.area.squareRoot() }
        guard let main = own.max(by: { (prominence($0), $1) < (prominence($1), $0) }) else { return nil }
        let box = things[main].box
        guard things[main].certainty >= kind.leastCertainty, box.area >= kind.leastArea,
            name != Self.person || box.height >= settings.leastHeight
        else { return nil }
        // The same thing is often found twice.
        let isAlone = !own.contains { index in
            let other = things[index]
            return index != main && other.certainty >= settings.alikeCertainty && other.box.area >= settings.alikeArea * box.area
                && other.box.share(within: box) < Self.sameShare && box.share(within: other.box) < Self.sameShare
        }
        return isAlone ? main : nil
    }

    private func colour(of thing: SeenThing, _ kind: EncoderConfiguration.Colours.Kind) -> String? {
        let part: ThingPixels.Part
        if thing.name == Self.person {
            guard let worn = clothes(of: thing), worn.fill >= settings.leastWornFill else { return nil }
            part = worn
        } else {
            part = picture.part(of: thing.box, holes: before(thing))
            guard part.fill >= settings.leastFill else { return nil }
        }
        let names = kind.calledAs ?? [:]
        guard let most = part.shares(calledAs: names).first, most.share >= kind.leastOf?[most.name] ?? kind.least,
            picture.shareAround(thing.box, of: most.name, calledAs: names) <= kind.mostAround
        else { return nil }
        return most.name
    }

    /// Who rides a horse or sits in a boat hides some of it.
    private func before(_ thing: SeenThing) -> [UnitBox] {
        things.filter {
            $0.name == Self.person && $0.certainty >= Self.leastBefore && $0.box.share(within: thing.box) < Self.mostBefore
        }.map(\.box)
    }

    /// What a person wears above: under the face or, where none is seen, in the upper half of a whole figure. What has the face's colour is
    /// skin.
    private func clothes(of person: SeenThing) -> ThingPixels.Part? {
        let box = person.box
        let face = face(of: person)
        let place: UnitBox
        if let face {
            place = Self.below(face, of: box)
        } else {
            guard person.traits["whole figure"] ?? 0 >= settings.leastWhole else { return nil }
            place = Self.middle(of: box, from: 0.2, to: 0.47)
        }
        return dressed(picture.part(of: box), in: place, besides: face)
    }

    /// What a standing person wears below: it has one colour at the thighs, and at the shins too, so that it is neither a coat nor bare legs.
    private func colour(wornBelowBy person: SeenThing, _ bounds: EncoderConfiguration.Colours.Below) -> String? {
        let box = person.box
        let shape = box.height * Float(picture.height) / max(box.width * Float(picture.width), 1e-6)
        guard person.traits["whole figure"] ?? 0 >= settings.leastWhole, person.traits["seated"] ?? 0 < bounds.mostSeated,
            box.height >= bounds.leastHeight, shape >= bounds.leastShape
        else { return nil }
        let (figure, face) = (picture.part(of: box), face(of: person))
        guard let thighs = dressed(figure, in: Self.middle(of: box, from: 0.53, to: 0.72), besides: face), thighs.fill >= bounds.leastFill,
            let shins = dressed(figure, in: Self.middle(of: box, from: 0.72, to: 0.9), besides: face), shins.fill >= bounds.leastShinFill,
            let most = thighs.shares().first, most.share >= bounds.leastOf[most.name] ?? bounds.least,
            shins.shares().first(where: { $0.name == most.name })?.share ?? 0 >= bounds.leastOfShins,
            picture.shareAround(box, of: most.name, calledAs: [:]) <= bounds.mostAround
        else { return nil }
        guard most.name == ColourName.black.rawValue, let mean = thighs.mean else { return most.name }
        return mean.b >= -bounds.mostBlue && (mean.a * mean.a + mean.b * mean.b).squareRoot() <= bounds.mostTint ? most.name : nil
    }

    private func face(of person: SeenThing) -> UnitBox? {
        let box = person.box
        let faces = things.filter { $0.name == Self.face && $0.certainty >= settings.leastFace }.map(\.box).filter { face in
            let middle = (face.top + face.bottom) / 2
            return face.share(within: box) > 0.8 && middle < box.top + box.height / 2 && face.height < 0.7 * box.height
        }
        return faces.max { $0.area < $1.area }
    }

    /// What in a place of a figure is not of the face's colour; nil where the place is too small.
    private func dressed(_ figure: ThingPixels.Part, in place: UnitBox, besides face: UnitBox?) -> ThingPixels.Part? {
        guard place.area * Float(picture.width * picture.height) >= Self.fewestPixels else { return nil }
        let skin = face.flatMap { picture.median(in: Self.cheeks(of: $0)) }
        return figure.within(place, in: picture) { colour in
            guard let skin else { return true }
            let (a, b) = (colour.a - skin.a, colour.b - skin.b)
            return (a * a + b * b).squareRoot() >= 0.03 || abs(colour.lightness - skin.lightness) >= 0.2
        }
    }

    /// The middle half of a box between two shares of its height.
    private static func middle(of box: UnitBox, from top: Float, to bottom: Float) -> UnitBox {
        UnitBox(
            left: box.left + box.width / 4, top: box.top + top * box.height, right: box.right - box.width / 4,
            bottom: box.top + bottom * box.height)
    }

    private static func below(_ face: UnitBox, of person: UnitBox) -> UnitBox {
        let middle: Float = (face.left + face.right + person.left + person.right) / 4
        let half: Float = max(face.width, 0.22 * person.width)
        let end: Float = min(face.bottom + 2.6 * face.height, person.bottom - 0.02 * person.height)
        return UnitBox(
            left: max(person.left, middle - half), top: face.bottom + face.height / 4, right: min(person.right, middle + half), bottom: end)
    }

    /// Below hair and beside hats, above what is worn.
    private static func cheeks(of face: UnitBox) -> UnitBox {
        let (aside, above, below): (Float, Float, Float) = (face.width / 4, 0.35 * face.height, 0.15 * face.height)
        return UnitBox(left: face.left + aside, top: face.top + above, right: face.right - aside, bottom: face.bottom - below)
    }

    static let person = "person"
    private static let face = "face"
    /// Of two boxes of which more lies in the other both are of one thing.
    private static let sameShare: Float = 0.7
    private static let leastBefore: Float = 0.4
    /// Who is wholly within a thing's box may be the thing's picture on it, or inside.
    private static let mostBefore: Float = 0.8
    private static let fewestPixels: Float = 20
}

extension UnitBox {
    /// How much of it lies within another.
    fileprivate func share(within other: UnitBox) -> Float { shared(with: other) / max(area, 1e-9) }
}
