/// A rectangle in a picture, in shares of its width and height from the top left corner, whatever the picture's size.
public struct UnitBox: Codable, Sendable, Hashable {
    public var left: Float
    public var top: Float
    public var right: Float
    public var bottom: Float

    public init(left: Float, top: Float, right: Float, bottom: Float) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    public var width: Float { max(right - left, 0) }
    public var height: Float { max(bottom - top, 0) }
    /// Share of the picture.
    public var area: Float { width * height }

    /// The area that both share.
    public func shared(with other: UnitBox) -> Float {
        UnitBox(
            left: max(left, other.left), top: max(top, other.top), right: min(right, other.right), bottom: min(bottom, other.bottom)
        ).area
    }

    /// Intersection over union, 0 to 1.
    public func overlap(with other: UnitBox) -> Float {
        let shared = shared(with: other)
        return shared / max(area + other.area - shared, 1e-9)
    }
}

/// One thing in a picture and where it is.
public struct SeenThing: Codable, Sendable, Hashable {
    /// A vocabulary's name for it: "dog", "person", "face".
    public var name: String
    public var box: UnitBox
    /// The probability that such a thing is there, 0 to 1.
    public var certainty: Float
    /// What else holds of a person, by name ("woman", "whole figure"), 0 to 1; empty for every other thing.
    public var traits: [String: Float]

    public init(name: String, box: UnitBox, certainty: Float, traits: [String: Float] = [:]) {
        self.name = name
        self.box = box
        self.certainty = certainty
        self.traits = traits
    }
}

/// What an encoder that was taught to sees in a picture: how likely each thing, surface, place and garment it knows is, and where things are.
public struct Seen: Sendable {
    /// Probability by the vocabulary's name, for everything the encoder was taught, 0 to 1.
    public let tags: [String: Float]
    /// The most certain first.
    public let things: [SeenThing]

    public init(tags: [String: Float], things: [SeenThing]) {
        self.tags = tags
        self.things = things
    }
}
