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
            let sizes = outline.stages(growing(width, height, first: first), working: working, painted: working)
            #expect(sizes.last == working)
            for (small, large) in zip(sizes, sizes.dropFirst()) {
                #expect(small.width % multiple == 0 && small.height % multiple == 0)
                #expect(small.pixelCount < large.pixelCount)
                #expect(Double(large.width) <= 2 * Double(small.width) + Double(multiple))
                #expect(Double(large.height) <= 2 * Double(small.height) + Double(multiple))
            }
        }
        let (large, small) = (PixelSize(width: 512, height: 512), PixelSize(width: 64, height: 64))
        #expect(outline.stages(growing(512, 512, first: 64), working: large, painted: large).count == 4)
        #expect(outline.stages(growing(64, 64, first: 128), working: small, painted: small).count == 1)
        var redrawn = growing(512, 512, first: 64)
        redrawn.mode = .generate
        #expect(outline.stages(redrawn, working: large, painted: large).count == 1)
    }

    /// What a mask covers begins at the first side, however small a part of the picture it is; and only where it is filled anew.
    @Test func repaintingGrowsWithWhatTheMaskCovers() throws {
        let outline = try tests.pipeline().outline
        var request = growing(512, 512, first: 64)
        (request.mode, request.strength) = (.repaint, 1)
        let (working, painted) = (PixelSize(width: 512, height: 512), PixelSize(width: 128, height: 128))
        #expect(outline.stages(request, working: working, painted: painted) == [PixelSize(width: 256, height: 256), working])
        request.strength = 0.85
        #expect(outline.stages(request, working: working, painted: painted) == [working])

        request.strength = 1
        let picture = PixelSize(width: 1024, height: 1024)
        let box = PixelRectangle(x: 256, y: 256, width: 256, height: 256)
        #expect(try outline.plan(request, picture: picture, box: box).stages.map(\.size.width) == [256, 512])
        request.area = .masked
        request.padding = 0
        #expect(try outline.plan(request, picture: picture, box: box).stages.map(\.size.width) == [64, 128, 256, 512])
    }

    /// A growing repainting is what a person gets who repaints in small and repaints that again in large; nothing else changes.
    @Test func repaintingStagesAreWhatOneWouldDoByHand() throws {
        let pipeline = try tests.pipeline()
        let source = Image(width: 48, height: 48, channels: 3, bytes: (0..<48 * 48 * 3).map { UInt8($0 * 7 % 251) })
        var bytes = [UInt8](repeating: 0, count: 48 * 48)
        for y in 8..<40 { for x in 8..<40 { bytes[y * 48 + x] = 255 } }
        let mask = Mask(width: 48, height: 48, values: bytes)
        var request = growing(48, 48, first: 16)
        (request.mode, request.strength, request.fill) = (.repaint, 1, .noise)
        let grown = try pipeline.run(request, source: source, mask: mask) { _ in }
        #expect(grown.plan.stages.count == 2)
        #expect(try #require(grown.untouched).identical && grown.untouched?.pixels == 48 * 48 - 32 * 32)

        var small = request
        let first = try #require(grown.plan.stages.first).size
        (small.width, small.height, small.firstSide) = (first.width, first.height, nil)
        let begun = try pipeline.run(small, source: source, mask: mask) { _ in }.pictures[0].image
        var again = small
        (again.strength, again.fill, again.width, again.height) = (0.5, .original, 48, 48)
        #expect(try pipeline.run(again, source: begun, mask: mask) { _ in }.pictures[0].image == grown.pictures[0].image)
        #expect(begun != grown.pictures[0].image)
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
