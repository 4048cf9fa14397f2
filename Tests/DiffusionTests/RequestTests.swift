import Foundation
import Testing

@testable import Diffusion

@Suite struct RequestTests {
    @Test func missingKeysHaveTheirDefaultsAndARoundTripLosesNothing() throws {
        let decoder = JSONDecoder()
        let sparse = try decoder.decode(GenerationRequest.self, from: Data(#"{"prompt": "a harbour", "mode": "repaint"}"#.utf8))
        var expected = GenerationRequest(mode: .repaint, prompt: "a harbour")
        #expect(sparse == expected)
        #expect(expected.strength == 0.6 && expected.steps == 20 && expected.guidance == 7.5 && expected.sampler == .ddim)

        expected.seed = UInt64.max
        expected.sampler = .dpmpp2MKarras
        expected.width = 256
        expected.height = 320
        expected.fill = .noise
        expected.area = .masked
        expected.invert = true
        expected.model = "redraw-small"
        let encoded = try JSONEncoder().encode(expected)
        #expect(try decoder.decode(GenerationRequest.self, from: encoded) == expected)
    }

    @Test func whatIsOutOfRangeIsNamed() throws {
        let cases: [(String, (inout GenerationRequest) -> Void)] = [
            ("strength is 1.5; it must be from 0 to 1", { $0.strength = 1.5 }),
            ("strength is nan", { $0.strength = .nan }),
            ("steps is 0; it must be from 1 to 1000", { $0.steps = 0 }),
            ("guidance is -1", { $0.guidance = -1 }),
            ("count is 101", { $0.count = 101 }),
            ("only one side of the size was given (width 256)", { $0.width = 256 }),
            ("width is 9000", { ($0.width, $0.height) = (9000, 64) }),
            ("feather is -1", { $0.feather = -1 }),
            ("the prompt's length in bytes is 20001", { $0.prompt = String(repeating: "a", count: 20_001) }),
        ]
        for (message, change) in cases {
            var request = GenerationRequest(mode: .generate, prompt: "x")
            change(&request)
            let error = #expect(throws: GenerationRequestError.self) { try request.validate() }
            #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "no error")")
        }
        try GenerationRequest(mode: .paint, prompt: "").validate()
    }

    /// What is read may say any number, before it is checked.
    @Test func aRequestHasNoMoreSeedsThanMayBeAskedFor() {
        var request = GenerationRequest(mode: .paint, prompt: "x")
        for (count, seeds) in [(Int.min, 0), (-1, 0), (3, 3), (Int.max, 100)] {
            request.count = count
            #expect(request.seeds(from: .max).count == seeds)
        }
        request.count = 3
        #expect(request.seeds(from: .max) == [.max, 0, 1] && request.seeds(from: 5, apart: 4) == [5, 9, 13])
    }

    @Test func parametersReadAsOtherToolsWriteThem() throws {
        var request = GenerationRequest(mode: .generate, prompt: "a red boat, watercolour", negative: "blurry", steps: 20)
        request.sampler = .dpmpp2MKarras
        let schedule = try StepSchedule(NoiseSchedule(.stableDiffusion), sampler: .dpmpp2MKarras, count: 20)
        let steps = try StepPlan(schedule, strength: 0.6, profile: .redraw)
        let text = GenerationText(request: request, seed: 42, model: "one, two", steps: steps, width: 256, height: 320)
        #expect(
            text.parameters == """
                a red boat, watercolour
                Negative prompt: blurry
                Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 42, Size: 256x320, Model: "one, two", \
                Denoising strength: 0.6, Steps run: 12, Profile: redraw, Version: Redraw
                """)
        #expect(text.entries().map(\.key) == ["parameters", "redraw"])
        let stored = try JSONDecoder().decode(GenerationRequest.self, from: Data(text.entries()[1].text.utf8))
        #expect(stored.seed == 42 && stored.width == 256 && stored.prompt == request.prompt)
    }
}
