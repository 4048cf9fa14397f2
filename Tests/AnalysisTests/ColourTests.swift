import Catalog
import Encoders
import Foundation
import Pixels
import TestSupport
import Testing
import Vocabulary

@testable import Analysis

private let words = TagVocabulary(
    name: "words",
    tags: [
        Tag(name: "car", facet: .subject), Tag(name: "taxi", facet: .subject, implies: ["car"]), Tag(name: "animal", facet: .subject),
        Tag(name: "dog", facet: .subject, implies: ["animal"]), Tag(name: "two dogs", facet: .subject, implies: ["dog"]),
        Tag(name: "several dogs", facet: .subject, implies: ["dog"]), Tag(name: "bear", facet: .subject, implies: ["animal"]),
        Tag(name: "brown bear", facet: .subject, implies: ["bear"]), Tag(name: "person", facet: .subject),
        Tag(name: "woman", facet: .subject, implies: ["person"]), Tag(name: "dress", facet: .subject), Tag(name: "hat", facet: .subject),
        Tag(name: "jeans", facet: .subject),
        Tag(name: "photo", facet: .medium, exclusiveGroup: "medium"), Tag(name: "painting", facet: .medium, exclusiveGroup: "medium"),
    ])

private typealias Colour = (red: Int, green: Int, blue: Int)

/// Colours that nobody calls by another name.
private let plain: [String: Colour] = [
    "black": (20, 20, 22), "white": (240, 240, 238), "red": (200, 25, 30), "orange": (245, 140, 20), "yellow": (240, 215, 40),
    "green": (40, 150, 50), "blue": (40, 70, 200), "purple": (120, 40, 160), "pink": (245, 130, 190), "brown": (110, 65, 30),
]

private func thing(_ name: String, _ box: UnitBox, certainty: Float = 0.9, traits: [String: Float] = [:]) -> SeenThing {
    SeenThing(name: name, box: box, certainty: certainty, traits: traits)
}

private func analysis(
    of image: Image, _ tags: [String: Float], _ things: [SeenThing], medium: String = "photo", in vocabulary: TagVocabulary = words
) throws -> AnalysisResult {
    let encoder = TinyEncoder(
        mediums: [(medium, 0.9), (medium == "photo" ? "painting" : "photo", 0.1)],
        calibration: Calibration(z: 0, cosine: 0, intercept: -6), seen: Seen(tags: tags, things: things),
        counts: ["dog": ["two dogs", "several dogs"]], drawnSeenOffsets: [:])
    let index = try VocabularyIndex(vocabulary: vocabulary, encoder: encoder)
    return try Analyzer(encoder: encoder, vocabulary: vocabulary, index: index, catalog: ModelCatalog(directories: [])).analyze(image)
}

/// An ellipse that fills the box, before something else.
private func ellipse(_ colour: Colour, in box: UnitBox, on ground: Colour, second: Colour? = nil) -> Image {
    painted(width: 240, height: 160) { x, y in
        let u = (x - Double(box.left + box.right) / 2) / (Double(box.width) / 2)
        let v = (y - Double(box.top + box.bottom) / 2) / (Double(box.height) / 2)
        // Neither is quite even, as nothing in a photograph is.
        let shade = Int(6 * sin(40 * x) * cos(31 * y))
        let own = u * u + v * v <= 1 ? (u < 0 ? colour : second ?? colour) : ground
        return (own.red + shade, own.green + shade, own.blue + shade)
    }
}

private func described(_ tag: String, in result: AnalysisResult) -> String? { result.suggestions.first { $0.tag == tag }?.described }

@Test func aThingHasTheColourThatItsSurroundingsHaveNot() throws {
    var random = SeededGenerator.announced()
    for _ in 0..<40 {
        let names = plain.keys.sorted().shuffled(using: &random)
        let (own, ground) = (names[0], names[1])
        let (left, top) = (Float.random(in: 0.1...0.4, using: &random), Float.random(in: 0.1...0.4, using: &random))
        let box = UnitBox(
            left: left, top: top, right: left + Float.random(in: 0.25...0.5, using: &random),
            bottom: top + Float.random(in: 0.25...0.5, using: &random))
        let result = try analysis(of: ellipse(plain[own]!, in: box, on: plain[ground]!), ["car": 0.9], [thing("car", box)])
        #expect(result.things[0].colour == own && described("car", in: result) == "\(own) car", "\(own) before \(ground) in \(box)")
        let article = own == "orange" ? "an" : "a"
        #expect(result.prompt.positive.hasPrefix("a photo of \(article) \(own) car"), "\(result.prompt.positive)")
    }
}

private let middle = UnitBox(left: 0.25, top: 0.2, right: 0.75, bottom: 0.8)

@Test func whatHasNoOneColourIsSaidToHaveNone() throws {
    let two = ellipse(plain["red"]!, in: middle, on: plain["green"]!, second: plain["white"]!)
    let result = try analysis(of: two, ["car": 0.9], [thing("car", middle)])
    #expect(result.things[0].colour == nil && described("car", in: result) == nil)
    #expect(result.prompt.positive.hasPrefix("a photo of a car"))
}

@Test func anUncertainBoxASmallOneAndADrawingTellNoColour() throws {
    let red = ellipse(plain["red"]!, in: middle, on: plain["green"]!)
    #expect(described("car", in: try analysis(of: red, ["car": 0.9], [thing("car", middle)])) == "red car")
    #expect(described("car", in: try analysis(of: red, ["car": 0.9], [thing("car", middle, certainty: 0.4)])) == nil)
    let speck = UnitBox(left: 0.45, top: 0.45, right: 0.55, bottom: 0.55)
    #expect(described("car", in: try analysis(of: red, ["car": 0.9], [thing("car", speck)])) == nil)
    #expect(described("car", in: try analysis(of: red, ["car": 0.9], [thing("car", middle)], medium: "painting")) == nil)
    // What was not fitted to have one says none.
    #expect(described("hat", in: try analysis(of: red, ["hat": 0.9], [thing("hat", middle)])) == nil)
}

@Test func ofTwoAlikeNeitherIsMeant() throws {
    let (one, other) = (UnitBox(left: 0.05, top: 0.2, right: 0.45, bottom: 0.8), UnitBox(left: 0.55, top: 0.2, right: 0.95, bottom: 0.8))
    let image = painted(width: 240, height: 160) { x, y in
        abs(y - 0.5) > 0.25 || abs(x - 0.5) < 0.1 || abs(x - 0.5) > 0.4 ? plain["green"]! : plain[x < 0.5 ? "black" : "white"]!
    }
    let both = try analysis(of: image, ["dog": 0.9], [thing("dog", one), thing("dog", other, certainty: 0.8)])
    #expect(both.suggestions.allSatisfy { $0.described == nil } && both.things.allSatisfy { $0.colour == nil })
    // The same dog, found twice, is one.
    let twice = UnitBox(left: 0.08, top: 0.2, right: 0.45, bottom: 0.75)
    let single = try analysis(of: image, ["dog": 0.9], [thing("dog", one), thing("dog", twice, certainty: 0.6)])
    #expect(single.things[0].colour == "black")
}

@Test func aKindIsDescribedButNotWhatNamesItsColour() throws {
    let yellow = ellipse(plain["yellow"]!, in: middle, on: plain["green"]!)
    let taxi = try analysis(of: yellow, ["car": 0.8, "taxi": 0.85], [thing("car", middle)])
    #expect(described("taxi", in: taxi) == "yellow taxi")
    let brown = ellipse(plain["brown"]!, in: middle, on: plain["green"]!)
    let bear = try analysis(of: brown, ["bear": 0.8, "brown bear": 0.85], [thing("bear", middle)])
    #expect(bear.suggestions.contains { $0.tag == "brown bear" } && described("brown bear", in: bear) == nil)
    #expect(bear.things[0].colour == "brown")
}

/// The library keeps 200 code points of what is said of a tag, and a letter may be made of many.
@Test func whatWouldBeTooLongIsNotDescribed() throws {
    let red = ellipse(plain["red"]!, in: middle, on: plain["green"]!)
    for (marks, isDescribed) in [(188, true), (189, false)] {
        let roadster = "roadster" + String(repeating: "\u{301}", count: marks)
        let long = TagVocabulary(name: "long", tags: words.tags + [Tag(name: roadster, facet: .subject, implies: ["car"])])
        let result = try analysis(of: red, ["car": 0.8, roadster: 0.85], [thing("car", middle)], in: long)
        #expect(result.suggestions.contains { $0.tag == roadster } && result.things[0].colour == "red")
        #expect(described(roadster, in: result) == (isDescribed ? "red " + roadster : nil), "\(marks) marks")
    }
}

private let blueTrousers: Colour = (35, 55, 120)

/// Somebody before something green, with a face, in a shirt of that colour and trousers, blue ones where nothing else is said.
private func somebody(in shirt: Colour, thighs: Colour = blueTrousers, shins: Colour? = nil) -> Image {
    painted(width: 160, height: 240) { x, y in
        let shade = Int(6 * sin(50 * x) * cos(43 * y))
        func shaded(_ colour: Colour) -> Colour { (colour.red + shade, colour.green + shade, colour.blue + shade) }
        if abs(x - 0.5) < 0.08, (0.08..<0.24).contains(y) { return shaded((224, 172, 140)) }
        if abs(x - 0.5) < 0.17, (0.24..<0.55).contains(y) { return shaded(shirt) }
        if abs(x - 0.5) < 0.14, (0.53..<0.95).contains(y) { return shaded(y < 0.7 ? thighs : shins ?? thighs) }
        return shaded((80, 140, 70))
    }
}

private let figure = thing(
    "person", UnitBox(left: 0.3, top: 0.06, right: 0.7, bottom: 0.96), traits: ["woman": 0.9, "whole figure": 0.9])
private let face = thing("face", UnitBox(left: 0.42, top: 0.08, right: 0.58, bottom: 0.24))

@Test func whatAPersonWearsIsSaidOfTheGarmentElseOfThePerson() throws {
    for (name, colour) in plain where !["green", "brown", "pink"].contains(name) {
        let image = somebody(in: colour)
        for things in [[figure, face], [figure]] {
            let unnamed = try analysis(of: image, ["person": 0.95, "woman": 0.95], things)
            #expect(described("woman", in: unnamed) == (name == "blue" ? "woman in blue" : "woman in \(name) and blue"))
            #expect(unnamed.prompt.positive.hasPrefix("a photo of a woman in \(name)"))
            let named = try analysis(of: image, ["person": 0.95, "woman": 0.95, "dress": 0.9], things)
            #expect(described("dress", in: named) == "\(name) dress" && described("woman", in: named) == nil)
            let article = name == "orange" ? "an" : "a"
            #expect(named.prompt.positive.hasPrefix("a photo of a woman in \(article) \(name) dress"), "\(named.prompt.positive)")
        }
    }
}

@Test func aGarmentThatThePromptLeavesOutTakesNoColourFromThePerson() throws {
    let image = somebody(in: plain["red"]!)
    let faint = try analysis(of: image, ["person": 0.95, "woman": 0.95, "dress": 0.45], [figure, face])
    #expect(described("woman", in: faint) == "woman in red and blue" && described("dress", in: faint) == nil)
    #expect(faint.prompt.positive.hasPrefix("a photo of a woman in red and blue"), "\(faint.prompt.positive)")
    #expect(!faint.prompt.positive.contains("dress"))
}

@Test func whatIsWornBelowIsSaidOfTheGarmentElseBesideWhatIsWornAbove() throws {
    func said(_ image: Image, _ tags: [String: Float] = [:], _ things: [SeenThing] = [figure, face]) throws -> AnalysisResult {
        try analysis(of: image, tags.merging(["person": 0.95, "woman": 0.95]) { own, _ in own }, things)
    }
    let skin: Colour = (224, 172, 140)
    let red = somebody(in: plain["red"]!)
    #expect(described("woman", in: try said(red)) == "woman in red and blue")
    let named = try said(red, ["jeans": 0.9])
    #expect(described("jeans", in: named) == "blue jeans" && described("woman", in: named) == "woman in red")
    #expect(named.things[0].colourBelow == "blue")
    // Legs are bare below shorts and skirts, and what is dark blue is not black.
    let bareLegs = somebody(in: plain["red"]!, shins: skin)
    for things in [[figure, face], [figure]] {
        #expect(described("woman", in: try said(bareLegs, [:], things)) == "woman in red")
    }
    #expect(described("woman", in: try said(somebody(in: plain["red"]!, thighs: (16, 20, 42)))) == "woman in red")
    #expect(described("woman", in: try said(somebody(in: plain["red"]!, thighs: plain["black"]!))) == "woman in red and black")
    // Who sits, or is not seen to the feet, shows too little.
    for traits: [String: Float] in [["whole figure": 0.9, "seated": 0.6], ["whole figure": 0.2]] {
        let other = thing("person", figure.box, traits: traits)
        #expect(described("woman", in: try said(red, ["jeans": 0.9], [other, face])) == "woman in red")
    }
    // Bare above: of what is worn below alone the person is not said to be "in" it.
    let bare = try said(somebody(in: skin))
    #expect(bare.things[0].colourBelow == "blue" && described("woman", in: bare) == nil)
}

@Test func skinIsNoGarment() throws {
    // Bare above: nothing is worn that could be told.
    let result = try analysis(of: somebody(in: (224, 172, 140)), ["person": 0.95, "woman": 0.95], [figure, face])
    #expect(result.things[0].colour == nil && described("woman", in: result) == nil)
}

@Test func anEncoderWithoutTheNumbersTellsNoColour() throws {
    let red = ellipse(plain["red"]!, in: middle, on: plain["green"]!)
    let things = [thing("car", middle)]
    #expect(ThingColours.told(of: things, in: red, photo: 1, nil) == things)
    let judgement = try EncoderConfiguration(directory: checkout.appendingPathComponent("Models/redraw-encoder")).judgement
    #expect(ThingColours.told(of: things, in: red, photo: 1, judgement.colours)[0].colour == "red")
    #expect(ThingColours.told(of: [], in: red, photo: 1, judgement.colours).isEmpty)
}

/// Whatever boxes a damaged analysis or an odd encoder gives, a picture of one pixel included.
@Test func oddBoxesTellNothingAndDoNoHarm() throws {
    var random = SeededGenerator.announced()
    let judgement = try EncoderConfiguration(directory: checkout.appendingPathComponent("Models/redraw-encoder")).judgement
    for (width, height) in [(1, 1), (3, 200), (240, 160)] {
        let image = Image(width: width, height: height, filledWith: [200, 20, 30])
        for _ in 0..<40 {
            let edges = (0..<4).map { _ in Float.random(in: -0.5...1.5, using: &random) }
            let box = UnitBox(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])
            let things = ["car", "person", "face"].map { thing($0, box, traits: ["whole figure": 0.9]) }
            let told = ThingColours.told(of: things, in: image, photo: 1, judgement.colours)
            #expect(told.map(\.name) == things.map(\.name) && told.allSatisfy { $0.colour == nil || $0.colour == "red" })
        }
    }
}

@Test func everyColourHasTheNameThatPeopleGiveIt() {
    for (name, colour) in plain {
        #expect(OKLab(red: UInt8(colour.red), green: UInt8(colour.green), blue: UInt8(colour.blue)).called.rawValue == name)
    }
    let others: [(String, [UInt8])] = [
        ("grey", [128, 128, 128]), ("beige", [222, 203, 170]), ("blue", [15, 30, 75]), ("red", [120, 15, 25]), ("green", [60, 70, 25]),
        ("pink", [255, 182, 193]), ("white", [200, 200, 202]), ("black", [50, 50, 52]), ("blue", [120, 200, 240]),
    ]
    for (name, bytes) in others {
        #expect(OKLab(red: bytes[0], green: bytes[1], blue: bytes[2]).called.rawValue == name, "\(bytes)")
    }
}
