import Studio
import Testing

@Suite struct SamplerNameTests {
    @Test(arguments: [
        ("DPM++ 2M Karras", "dpmpp-2m-karras"), ("dpm++ 2m sde", "dpmpp-2m-sde"), ("Euler a", "euler-a"), ("PLMS", "pndm"),
        ("UniPC", "unipc"),
    ])
    func aNameOfTheWebUIIsUnderstood(_ theirs: String, _ ours: String) {
        #expect(Studio.samplerName(theirs) == ours)
    }

    @Test func aNameOfItsOwnStays() {
        #expect(GenerationWish.samplers.map(Studio.samplerName) == GenerationWish.samplers)
        #expect(Studio.samplerName("DPM++ 9M") == "DPM++ 9M", "the rules refuse it by the name that was typed")
    }
}
