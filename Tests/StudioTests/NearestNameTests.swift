import Studio
import Testing

@Suite struct NearestNameTests {
    @Test func aNameThatIsNearIsFound() {
        let samplers = ["ddim", "euler", "euler-a", "heun"]
        #expect(NearestName.of("eulr", among: samplers) == "euler")
        #expect(NearestName.of("elur", among: ["euler"]) == nil)
        #expect(NearestName.of("Oil", among: ["Night", "Oil painting"]) == "Oil painting")
        #expect(NearestName.of("genrate", among: ["generate", "paint"]) == "generate")
        #expect(NearestName.of("strenght", among: ["strength", "steps"]) == "strength")
        #expect(NearestName.of("x", among: ["y"]) == nil && NearestName.of("", among: ["y"]) == nil)
    }

    @Test func aListIsShownOnlyWhereItIsShort() {
        #expect(NearestName.hint(for: "nope", among: ["one", "two"], listing: "redraw x") == "; there are one, two")
        #expect(NearestName.hint(for: "nope", among: ["one"], listing: "redraw x") == "; there is one")
        let many = (1...20).map { "model-\($0)" }
        #expect(NearestName.hint(for: "nope", among: many, listing: "redraw x") == "; redraw x lists those there are")
    }
}
