/// A rectangle in a picture, in shares of its width and height from the top left corner, whatever the picture's size.
package struct UnitBox: Codable, Sendable, Hashable {
    package var left: Float
    package var top: Float
    package var right: Float
    package var bottom: Float

    package init(left: Float, top: Float, right: Float, bottom: Float) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    package var width: Float { max(right - left, 0) }
    package var height: Float { max(bottom - top, 0) }
    /// Share of the picture.
    package var area: Float { width * height }

    /// The area that both share.
    package func shared(with other: UnitBox) -> Float {
        UnitBox(
            left: max(left, other.left), top: max(top, other.top), right: min(right, other.right), bottom: min(bottom, other.bottom)
        ).area
    }

    /// Intersection over union, 0 to 1.
    package func overlap(with other: UnitBox) -> Float {
        let shared = shared(with: other)
        return shared / max(area + other.area - shared, 1e-9)
    }
}

/// One thing in a picture and where it is.
package struct SeenThing: Codable, Sendable, Hashable {
    /// A vocabulary's name for it: "dog", "person", "face".
    package var name: String
    package var box: UnitBox
    /// The probability that such a thing is there, 0 to 1.
    package var certainty: Float
    /// What else holds of a person, by name ("woman", "whole figure"), 0 to 1; empty for every other thing.
    package var traits: [String: Float]
    /// Its colour, of a person that of the clothes above, where it is certain.
    package var colour: String?
    /// Of a person the colour of what is worn below, where it is certain.
    package var colourBelow: String?

    package init(name: String, box: UnitBox, certainty: Float, traits: [String: Float] = [:]) {
        self.name = name
        self.box = box
        self.certainty = certainty
        self.traits = traits
    }
}

/// What an encoder that was taught to sees in a picture: how likely each thing, surface, place and garment it knows is, and where things are.
package struct Seen: Sendable {
    /// Probability by the vocabulary's name, for everything the encoder was taught, 0 to 1.
    package let tags: [String: Float]
    /// The most certain first.
    package let things: [SeenThing]

    package init(tags: [String: Float], things: [SeenThing]) {
        self.tags = tags
        self.things = things
    }
}
