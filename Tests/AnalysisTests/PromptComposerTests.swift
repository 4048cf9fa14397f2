import Analysis
import Catalog
import Foundation
import TestSupport
import Testing
import Vocabulary

private func compose(_ tags: (String, Facet)...) -> String {
    PromptComposer.compose(tags.map { ApprovedTag(text: $0.0, facet: $0.1) })
}

@Test func thePromptReadsInTheOrderOfTheFacets() {
    let prompt = compose(
        ("calm", .mood), ("living room", .setting), ("warm colours", .colour), ("photo", .medium), ("tabby cat", .subject),
        ("sleeping", .action),
        ("sofa", .subject), ("window light", .lighting), ("close-up", .composition), ("highly detailed", .quality), ("vintage", .style))
    #expect(
        prompt
            == "a photo of a tabby cat, sofa, sleeping, living room, vintage, window light, warm colours, close-up, calm, highly detailed")
}

@Test func theMediumLeads() {
    #expect(compose(("oil painting", .medium), ("ship", .subject)) == "an oil painting of a ship")
    #expect(compose(("pixel art", .medium), ("ship", .subject)) == "pixel art of a ship")
    #expect(compose(("x-ray image", .medium), ("hand", .subject)) == "an x-ray image of a hand")
    #expect(compose(("photo", .medium)) == "a photo")
    #expect(compose(("ship", .subject)) == "ship")
    #expect(compose(("photo", .medium), ("poster", .medium), ("ship", .subject)) == "a photo of a ship, poster")
    #expect(PromptComposer.compose([]) == "")
    #expect(
        PromptComposer.compose([ApprovedTag(text: "photo", facet: .medium, weight: 1.3), ApprovedTag(text: "cat", facet: .subject)])
            == "a (photo:1.3) of a cat")
}

@Test func whatLeadsHasItsArticle() {
    #expect(compose(("photo", .medium), ("dining table", .subject), ("espresso", .subject)) == "a photo of a dining table, espresso")
    let leads = [
        "espresso": "an espresso", "flowers": "flowers", "grass": "grass", "two dogs": "two dogs", "people": "people", "person": "a person",
        "group of people": "a group of people", "flock of birds": "a flock of birds", "glass of water": "a glass of water",
        "cup of coffee": "a cup of coffee", "coffee": "coffee", "red wine": "red wine", "wine glass": "a wine glass", "skis": "skis",
        "bus": "a bus", "camera lens": "a camera lens", "triceratops": "a triceratops", "praying mantis": "a praying mantis",
        "dress": "a dress", "glasses": "glasses", "unicorn": "a unicorn", "umbrella": "an umbrella", "hourglass": "an hourglass",
        "sheep": "a sheep", "children": "children", "women": "women", "ice cream": "ice cream", "bow and arrow": "a bow and arrow",
        "my cat": "my cat", "Eiffel Tower": "Eiffel Tower", "1girl": "1girl", "猫": "猫", "back of a person": "the back of a person",
    ]
    for (subject, lead) in leads {
        #expect(compose(("photo", .medium), (subject, .subject)) == "a photo of \(lead)")
    }
    #expect(compose(("3d render", .medium), ("robot", .subject)) == "a 3d render of a robot")
}

/// A picture is of a thing or a place, not of a light or of "indoors".
@Test func whatIsNoThingStandsBesideTheMedium() {
    #expect(compose(("photo", .medium), ("beach", .setting), ("outdoors", .setting)) == "a photo of a beach, outdoors")
    #expect(compose(("photo", .medium), ("outdoors", .setting), ("palace", .setting)) == "a photo of a palace, outdoors")
    #expect(compose(("photo", .medium), ("sea", .setting)) == "a photo of the sea")
    #expect(compose(("photo", .medium), ("indoors", .setting), ("window light", .lighting)) == "a photo, indoors, window light")
    #expect(compose(("photo", .medium), ("sunset", .setting)) == "a photo, sunset")
    #expect(compose(("photo", .medium), ("sleeping", .action)) == "a photo, sleeping")
    #expect(compose(("photo", .medium), ("warm colours", .colour)) == "a photo, warm colours")
}

@Test func aSentenceSaysWhereInPlainEnglish() {
    let places = [
        "kitchen": "in a kitchen", "beach": "on a beach", "wedding": "at a wedding", "sunset": "at sunset", "night": "at night",
        "daytime": "in the daytime", "blue sky": "under the blue sky", "fountain": "with a fountain", "indoors": "indoors",
        "sea": "in the sea", "snow": "in snow", "tennis court": "on a tennis court",
    ]
    for (place, words) in places {
        let tags = [ApprovedTag(text: "cat", facet: .subject), ApprovedTag(text: place, facet: .setting)]
        #expect(PromptComposer.sentence(tags) == "A picture of a cat, \(words).")
    }
}

/// What is done to a thing names it; one game is played at a time.
@Test func whatIsDoneIsNotSaidTwice() {
    func sentence(_ subjects: [String], _ actions: [String]) -> String {
        PromptComposer.sentence(
            subjects.map { ApprovedTag(text: $0, facet: .subject) } + actions.map { ApprovedTag(text: $0, facet: .action) })
    }
    #expect(sentence(["person", "bicycle"], ["riding a bicycle"]) == "A picture of a person, riding a bicycle.")
    #expect(sentence(["person", "red bicycle"], ["riding a bicycle"]) == "A picture of a person, riding a red bicycle.")
    #expect(sentence(["mountain bike", "man in red"], ["riding a bicycle"]) == "A picture of a man in red, riding a mountain bike.")
    #expect(sentence(["orange ball", "child"], ["playing with a ball"]) == "A picture of a child, playing with an orange ball.")
    #expect(sentence(["red bicycle", "house"], ["riding a bicycle"]) == "A picture of a red bicycle and a house, riding a bicycle.")
    #expect(sentence(["man", "horse cart"], ["riding a horse"]) == "A picture of a man and a horse cart, riding a horse.")
    #expect(sentence(["bicycle"], ["riding a bicycle"]) == "A picture of a bicycle, riding a bicycle.", "else it is of nothing")
    #expect(
        sentence(["man", "ball"], ["playing with a ball", "playing football", "jumping"])
            == "A picture of a man, playing with a ball and jumping.")
    #expect(
        sentence(["man"], ["playing with a ball", "kicking a ball", "running through snow"])
            == "A picture of a man, playing with a ball and running through snow.")
    let weighted = [
        ApprovedTag(text: "man", facet: .subject), ApprovedTag(text: "ball", facet: .subject, weight: 1.2),
        ApprovedTag(text: "playing with a ball", facet: .action), ApprovedTag(text: "playing football", facet: .action, weight: 1.1),
    ]
    #expect(
        PromptComposer.sentence(weighted) == "A picture of a man and a (ball:1.2), playing with a ball and (playing football:1.1).")
    #expect(PromptComposer.compose(weighted.map { ApprovedTag(text: $0.text, facet: $0.facet) }) == "man, playing with a ball")
}

/// What is outdoors is in no building: that stands behind.
@Test func whatIsOutdoorsIsBesideABuilding() {
    func sentence(_ places: String...) -> String {
        PromptComposer.sentence([ApprovedTag(text: "cat", facet: .subject)] + places.map { ApprovedTag(text: $0, facet: .setting) })
    }
    #expect(sentence("outdoors", "house") == "A picture of a cat, outdoors, with a house.")
    #expect(sentence("stone church", "outdoors") == "A picture of a cat, with a stone church, outdoors.")
    #expect(sentence("indoors", "castle") == "A picture of a cat, indoors, in a castle.")
    #expect(sentence("castle") == "A picture of a cat, in a castle.")
    #expect(sentence("outdoors", "forest") == "A picture of a cat, outdoors, in a forest.")
    // Nor is who is on a beach in the sea.
    #expect(sentence("beach", "sea") == "A picture of a cat, on a beach, by the sea.")
    #expect(sentence("sea") == "A picture of a cat, in the sea.")
}

/// Where nothing else is named the picture is of the place, as in a phrase.
@Test func aSentenceOfNothingElseIsOfAPlace() {
    func sentence(_ places: String...) -> String { PromptComposer.sentence(places.map { ApprovedTag(text: $0, facet: .setting) }) }
    #expect(sentence("mountain", "snow") == "A picture of a mountain, in snow.")
    #expect(sentence("outdoors", "house") == "A picture of a house, outdoors.")
    #expect(sentence("indoors", "night") == "A picture, indoors, at night.")
}

/// A food photo is of food, and a place that is called as a thing in it is that thing.
@Test func nounsAreNotSaidTwice() {
    func forms(_ named: [(String, Facet)]) -> [String] {
        let tags = named.map { ApprovedTag(text: $0.0, facet: $0.1) }
        return [PromptComposer.compose(tags), PromptComposer.sentence(tags)]
    }
    let food: [(String, Facet)] = [("food photo", .medium), ("food", .subject)]
    #expect(forms(food + [("indoors", .setting)]) == ["a food photo, indoors", "A food photo, indoors."])
    #expect(forms(food + [("bowl", .subject)]) == ["a food photo of a bowl", "A food photo of a bowl."])
    #expect(
        forms([("photo", .medium), ("dining table", .subject), ("indoors", .setting), ("dinner table", .setting)]) == [
            "a photo of a dining table, indoors", "A photo of a dining table, indoors.",
        ])
    let wanted = [
        ApprovedTag(text: "table", facet: .subject), ApprovedTag(text: "dinner table", facet: .setting, weight: 1.2),
    ]
    #expect(PromptComposer.sentence(wanted) == "A picture of a table, on a (dinner table:1.2).")
}

/// "A car and a man, riding a bicycle" has the car ride it.
@Test func whoDoesSomethingStandsFirst() {
    func forms(_ subjects: [String], _ action: String?) -> [String] {
        let tags =
            [ApprovedTag(text: "photo", facet: .medium)] + subjects.map { ApprovedTag(text: $0, facet: .subject) }
            + [action].compactMap { $0.map { ApprovedTag(text: $0, facet: .action) } }
        return [PromptComposer.compose(tags), PromptComposer.sentence(tags)]
    }
    #expect(
        forms(["car", "man", "people"], "riding a bicycle") == [
            "a photo of a man, other people, car, riding a bicycle", "A photo of a man, other people and a car, riding a bicycle.",
        ])
    #expect(forms(["car", "man"], nil)[1] == "A photo of a car and a man.")
    #expect(forms(["car", "dog"], "running")[1] == "A photo of a car and a dog, running.")
}

@Test func aStyleIsSaidInPlainEnglish() {
    let styles = [
        "industrial": "in industrial style", "cubism": "in the style of cubism", "japanese woodblock style": "in japanese woodblock style",
        "bold outlines": "with bold outlines", "mywatercolour": "in the style of mywatercolour",
    ]
    for (style, words) in styles {
        let tags = [ApprovedTag(text: "ship", facet: .subject), ApprovedTag(text: style, facet: .style)]
        #expect(PromptComposer.sentence(tags) == "A picture of a ship, \(words).")
    }
}

@Test func wordsAreNotSaidTwice() {
    #expect(compose(("cat", .subject), ("tabby cat", .subject), ("Tabby-Cat", .subject)) == "tabby cat")
    #expect(compose(("photo", .medium), ("portrait photo", .medium), ("man", .subject)) == "a portrait photo of a man")
    #expect(compose(("street", .setting), ("street photo", .medium)) == "a street photo of a street")
    // Two things, one named after the other: the likelier stands.
    #expect(compose(("espresso", .subject), ("espresso machine", .subject)) == "espresso")
    #expect(compose(("espresso machine", .subject), ("cup", .subject), ("espresso", .subject)) == "espresso machine, cup")
    #expect(compose(("cat", .subject), ("tabby cat", .subject)) == "tabby cat", "one thing, named more exactly")
    let weighted = [ApprovedTag(text: "cat", facet: .subject, weight: 1.4), ApprovedTag(text: "tabby cat", facet: .subject)]
    #expect(PromptComposer.compose(weighted) == "(cat:1.4), tabby cat")
    let twice = [ApprovedTag(text: "cat", facet: .subject), ApprovedTag(text: "Cat", facet: .subject, weight: 0.5)]
    #expect(PromptComposer.compose(twice) == "(cat:0.5)")
}

@Test func bracketsAreEscapedAndWeightsWritten() {
    #expect(compose(("kite (toy)", .subject)) == "kite \\(toy\\)")
    let tags = [
        ApprovedTag(text: "a [b] \\c", facet: .subject, weight: 1.25), ApprovedTag(text: "  two\n words, ", facet: .mood, weight: .nan),
        ApprovedTag(text: " ", facet: .mood), ApprovedTag(text: "x", facet: .style, weight: 99),
        ApprovedTag(text: "y", facet: .style, weight: 2),
    ]
    #expect(PromptComposer.compose(tags) == "(a \\[b\\] \\\\c:1.25), (x:10), (y:2), two words")
}

/// What a person's own prompt asks for is not kept out by a negative prompt that was made for the picture as it is.
@Test func aNegativePromptYieldsToWords() {
    let standard = NegativePrompt.standard(medium: "photo")
    let left = NegativePrompt.left(of: standard, besides: "An Oil-Painting, or an oil painting, of a cup")
    #expect(left == standard.replacing(" painting,", with: ""))
    #expect(NegativePrompt.left(of: "painting, blurry", besides: "a painting") == "blurry")
    #expect(NegativePrompt.left(of: "bad anatomy, (text:1.2)", besides: "a bad day") == "bad anatomy, (text:1.2)")
    #expect(NegativePrompt.left(of: "", besides: "a cat").isEmpty && NegativePrompt.left(of: "cat", besides: "").contains("cat"))
}

@Test func aNegativePromptNeverForbidsWhatIsWanted() {
    #expect(NegativePrompt.standard(medium: "photo").contains("cartoon"))
    #expect(!NegativePrompt.standard(medium: "cartoon").contains("cartoon"))
    #expect(!NegativePrompt.standard(medium: "photo", wanted: ["blurry"]).contains("blurry"))
    #expect(!NegativePrompt.standard(medium: nil).isEmpty)
}

/// One approved set in the two forms that models want.
@Test func theSameTagsMakeAListAndASentence() {
    let named: [(String, Facet)] = [
        ("calm", .mood), ("living room", .setting), ("warm colours", .colour), ("photo", .medium), ("tabby cat", .subject),
        ("sleeping", .action), ("sofa", .subject), ("window light", .lighting), ("close-up", .composition), ("flowers", .subject),
        ("night", .setting), ("indoors", .setting),
    ]
    let tags = named.map { ApprovedTag(text: $0.0, facet: $0.1) }
    #expect(
        PromptComposer.tags(tags)
            == "tabby cat, sofa, flowers, sleeping, living room, night, indoors, window light, warm colours, close-up, calm, photo")
    #expect(
        PromptComposer.sentence(tags)
            == "A photo of a tabby cat, a sofa and flowers, sleeping, in a living room, at night, indoors, with window light, in warm colours, close-up. The mood is calm."
    )
    let weighted = [ApprovedTag(text: "owl (bird)", facet: .subject, weight: 1.2)]
    #expect(
        PromptComposer.tags(weighted) == #"(owl \(bird\):1.2)"#
            && PromptComposer.sentence(weighted) == #"A picture of an (owl \(bird\):1.2)."#)
    let photo = ApprovedTag(text: "photo", facet: .medium, weight: 1.1)
    let cups = [ApprovedTag(text: "red cup", facet: .subject, weight: 1.3), ApprovedTag(text: "spoon", facet: .subject)]
    #expect(PromptComposer.sentence([photo] + cups) == "A (photo:1.1) of a (red cup:1.3) and a spoon.")
    #expect(
        PromptComposer.sentence([ApprovedTag(text: "beach", facet: .setting, weight: 1.2)] + cups.suffix(1))
            == "A picture of a spoon, on a (beach:1.2).")
    // Nobody goes about without a face; a face alone is one.
    let face = ApprovedTag(text: "face", facet: .subject)
    #expect(PromptComposer.sentence([ApprovedTag(text: "person", facet: .subject), face]) == "A picture of a person.")
    #expect(PromptComposer.sentence([face]) == "A picture of a face.")
    #expect(PromptComposer.tags([ApprovedTag(text: "person", facet: .subject), face]) == "person, face")
    #expect(PromptComposer.tags([]).isEmpty && PromptComposer.sentence([]).isEmpty)
    #expect(PromptComposer.sentence([ApprovedTag(text: "beach", facet: .setting)]) == "A picture of a beach.")
    let light = ["dark", "high contrast", "window light"].map { ApprovedTag(text: $0, facet: .lighting) }
    #expect(PromptComposer.sentence(light) == "A picture, dark, with high contrast and window light.")
}

/// What describes a thing stands in every form; what one person wears stands with that person.
@Test func coloursAndClothesReadAsAPersonWritesThem() {
    func forms(_ subjects: String...) -> [String] {
        let tags = [ApprovedTag(text: "photo", facet: .medium)] + subjects.map { ApprovedTag(text: $0, facet: .subject) }
        return [PromptComposer.compose(tags), PromptComposer.sentence(tags), PromptComposer.tags(tags)]
    }
    #expect(forms("red car") == ["a photo of a red car", "A photo of a red car.", "red car, photo"])
    #expect(forms("woman in red") == ["a photo of a woman in red", "A photo of a woman in red.", "woman in red, photo"])
    #expect(
        forms("woman", "blue dress", "black dog") == [
            "a photo of a woman in a blue dress, black dog", "A photo of a woman in a blue dress and a black dog.",
            "woman, blue dress, black dog, photo",
        ])
    #expect(forms("hat", "orange coat", "man")[1] == "A photo of a man in a hat and an orange coat.")
    #expect(forms("hat", "orange coat", "man")[0] == "a photo of a man in a hat and an orange coat")
    // The dog is first, and stays so; of several people nobody knows who wears it.
    #expect(forms("dog", "man", "coat")[1] == "A photo of a dog and a man in a coat.")
    #expect(forms("dog", "man", "coat")[0] == "a photo of a dog, man, coat")
    #expect(forms("people", "dress")[1] == "A photo of people and a dress.")
    #expect(forms("woman", "man", "dress")[1] == "A photo of a woman, a man and a dress.")
    #expect(forms("dress")[1] == "A photo of a dress.")
    // Nobody wears what is drunk from.
    #expect(forms("woman", "wine glasses")[0] == "a photo of a woman, wine glasses")
    #expect(forms("woman", "wine glasses")[1] == "A photo of a woman and wine glasses.")
    #expect(forms("woman", "red glasses")[1] == "A photo of a woman in red glasses.")
    // Whoever is named has a face, also where more is said.
    #expect(forms("woman in red", "face")[1] == "A photo of a woman in red.")
    let weighted = [ApprovedTag(text: "woman", facet: .subject), ApprovedTag(text: "blue dress", facet: .subject, weight: 1.2)]
    #expect(PromptComposer.sentence(weighted) == "A picture of a woman in a (blue dress:1.2).")
}

/// Whoever is named is one of those who are counted.
@Test func nobodyIsSaidTwice() {
    func forms(_ subjects: String...) -> [String] {
        let tags = [ApprovedTag(text: "photo", facet: .medium)] + subjects.map { ApprovedTag(text: $0, facet: .subject) }
        return [PromptComposer.compose(tags), PromptComposer.sentence(tags), PromptComposer.tags(tags)]
    }
    #expect(
        forms("people", "woman") == ["a photo of a woman, other people", "A photo of a woman and other people.", "people, woman, photo"])
    #expect(forms("group of people", "child", "table")[1] == "A photo of a child, other people and a table.")
    #expect(forms("man", "two people")[1] == "A photo of a man and another person.")
    // Two are named, and two were seen.
    #expect(forms("people", "man", "child")[1] == "A photo of a man and a child.")
    #expect(forms("two people", "man", "child")[1] == "A photo of a man and a child.")
    #expect(forms("group of people", "man", "child")[1] == "A photo of a man, a child and other people.")
    #expect(forms("people", "two people", "man")[1] == "A photo of a man and another person.")
    // Nobody is named, or what is named are several again.
    #expect(forms("people", "dog")[1] == "A photo of people and a dog.")
    #expect(forms("people", "children")[1] == "A photo of people and children.")
    #expect(forms("crowd", "man")[1] == "A photo of a crowd and a man.")
    // A weight is a person's own.
    let weighted = [ApprovedTag(text: "people", facet: .subject, weight: 1.2), ApprovedTag(text: "man", facet: .subject)]
    #expect(PromptComposer.sentence(weighted) == "A picture of (people:1.2) and a man.")
}

/// Pony's score words, danbooru tags with words of quality at the end, a sentence.
@Test func aModelsOwnWordsFrameThePrompt() {
    let tags = [ApprovedTag(text: "Tabby cat", facet: .subject), ApprovedTag(text: "sofa", facet: .subject, weight: 1.2)]
    func written(_ form: Manifest.Prompt.Form, before: String? = nil, after: String? = nil) -> String {
        PromptComposer.compose(tags, for: Manifest.Prompt(form: form, before: before, after: after))
    }
    #expect(written(.tags, before: "score_9, score_8_up") == "score_9, score_8_up, tabby cat, (sofa:1.2)")
    #expect(written(.tags, after: "masterpiece, tabby cat") == "tabby cat, (sofa:1.2), masterpiece")
    #expect(written(.sentence) == "A picture of a Tabby cat and a (sofa:1.2).")
    #expect(written(.phrase) == PromptComposer.compose(tags) && PromptComposer.compose(tags, for: nil) == PromptComposer.compose(tags))
    #expect(PromptComposer.compose([], for: Manifest.Prompt(form: .tags, before: "score_9")).isEmpty)
}
