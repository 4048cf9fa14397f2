import Pixels
import Testing

@testable import Diffusion

/// Paintings that grow out of a small first picture.
@Suite struct GrowthTests {
    let tests: PipelineTests

    init() throws { tests = try PipelineTests() }

    func growing(_ width: Int, _ height: Int, first: Int) -> GenerationRequest {
        var request = tests.request(.paint)
        (request.width, request.height, request.firstSide, request.refine, request.steps) = (width, height, first, 0.5, 4)
        return request
    }

    /// No leap more than doubles a side, the proportions stay, and the last stage is what was asked for.
    @Test func sizesAtMostDouble() throws {
        let outline = try tests.pipeline().outline
        let multiple = outline.sizeMultiple << (outline.unet.channels.count - 1)
        for (width, height, first) in [(512, 512, 64), (768, 512, 100), (200, 1000, 64), (128, 96, 96), (64, 64, 128)] {
            let working = PixelSize(width: width, height: height)
            let sizes = outline.stages(growing(width, height, first: first), working: working)
            #expect(sizes.last == working)
            for (small, large) in zip(sizes, sizes.dropFirst()) {
                #expect(small.width % multiple == 0 && small.height % multiple == 0)
                #expect(small.pixelCount < large.pixelCount)
                #expect(Double(large.width) <= 2 * Double(small.width) + Double(multiple))
                #expect(Double(large.height) <= 2 * Double(small.height) + Double(multiple))
            }
        }
        #expect(outline.stages(growing(512, 512, first: 64), working: PixelSize(width: 512, height: 512)).count == 4)
        #expect(outline.stages(growing(64, 64, first: 128), working: PixelSize(width: 64, height: 64)).count == 1)
        var redrawn = growing(512, 512, first: 64)
        redrawn.mode = .generate
        #expect(outline.stages(redrawn, working: PixelSize(width: 512, height: 512)).count == 1)
    }

    /// A growing painting is what a person gets who paints in small, enlarges and redraws by hand.
    @Test func stagesAreWhatOneWouldDoByHand() throws {
        let pipeline = try tests.pipeline()
        var request = growing(32, 32, first: 16)
        request.count = 2
        var steps: [String] = []
        let grown = try pipeline.run(request) { steps.append("\($0.picture): \($0.step) of \($0.steps)") }
        #expect(grown.plan.stages.map(\.size) == [PixelSize(width: 16, height: 16), PixelSize(width: 32, height: 32)])
        #expect(grown.plan.steps.run == 4 + 2)
        #expect(steps == (0..<2).flatMap { picture in (1...6).map { "\(picture): \($0) of 6" } })
        #expect(grown.pictures.map(\.seed) == [7, 8])
        for (number, picture) in grown.pictures.enumerated() {
            var small = request
            (small.width, small.height, small.firstSide, small.count, small.seed) = (16, 16, nil, 1, 7 + UInt64(number))
            let first = try pipeline.run(small) { _ in }.pictures[0].image
            var redrawn = small
            (redrawn.mode, redrawn.strength, redrawn.width, redrawn.height) = (.generate, 0.5, 32, 32)
            #expect(try pipeline.run(redrawn, source: first) { _ in }.pictures[0].image == picture.image)
        }
    }

    @Test func onlyRedrawsOwnProfileGrows() {
        var request = GenerationRequest(mode: .paint, prompt: "a cat")
        request.firstSide = 64
        request.profile = .diffusers
        #expect(throws: GenerationRequestError.onlyRedraw(name: "a first side", profile: "diffusers")) { try request.validate() }
    }
}
