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

    private func patterned(_ width: Int, _ height: Int) -> Image {
        Image(width: width, height: height, channels: 3, bytes: (0..<width * height * 3).map { UInt8($0 * 7 % 251) })
    }

    /// White over a rectangle.
    private func mask(over box: PixelRectangle, of size: PixelSize) -> Mask {
        var bytes = [UInt8](repeating: 0, count: size.pixelCount)
        for y in box.y..<box.y + box.height { for x in box.x..<box.x + box.width { bytes[y * size.width + x] = 255 } }
        return Mask(width: size.width, height: size.height, values: bytes)
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
        // Proportions count more than the area: what is composed square would be stretched later.
        #expect(
            outline.stages(
                growing(480, 320, first: 32), working: PixelSize(width: 480, height: 320), painted: PixelSize(width: 480, height: 320)
            ).map { Double($0.width) / Double($0.height) }.allSatisfy { (1.2...1.8).contains($0) })
        let (large, small) = (PixelSize(width: 512, height: 512), PixelSize(width: 64, height: 64))
        #expect(outline.stages(growing(512, 512, first: 64), working: large, painted: large).count == 4)
        #expect(outline.stages(growing(64, 64, first: 128), working: small, painted: small).count == 1)
        var redrawn = growing(512, 512, first: 64)
        (redrawn.mode, redrawn.strength) = (.generate, 0.7)
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
        let source = patterned(48, 48)
        let mask = mask(over: PixelRectangle(x: 8, y: 8, width: 32, height: 32), of: source.size)
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

    /// A picture that is redrawn far is redrawn in small, enlarged and redrawn again.
    @Test func farRedrawnPicturesGrow() throws {
        let pipeline = try tests.pipeline()
        let source = patterned(96, 48)
        var request = growing(32, 32, first: 16)
        (request.mode, request.strength) = (.generate, 0.8)
        var steps: [String] = []
        let grown = try pipeline.run(request, source: source) { _ in }
        #expect(grown.plan.stages.map(\.size.width) == [16, 32] && grown.plan.steps.run == 3 + 2)
        var small = request
        (small.width, small.height, small.firstSide, small.resize) = (16, 16, nil, .stretch)
        let square = source.cropped(to: PixelRectangle(x: 24, y: 0, width: 48, height: 48)).resized(width: 32, height: 32, filter: .lanczos)
        let first = try pipeline.run(small, source: square) { _ in }.pictures[0].image
        (small.strength, small.width, small.height) = (0.5, 32, 32)
        #expect(try pipeline.run(small, source: first) { _ in }.pictures[0].image == grown.pictures[0].image)

        let sheet = try pipeline.run(
            RunTask(request, strengths: [0.8, 0.3, 0.5], source: source, mask: nil),
            onStep: { steps.append("\($0.picture) of \($0.pictures)") })
        #expect(sheet.map(\.plan.steps.run) == [3 + 2, 1, 2] && sheet[0].pictures[0].image == grown.pictures[0].image)
        #expect(steps == ["0 of 3", "1 of 3", "1 of 3", "2 of 3", "2 of 3", "2 of 3", "2 of 3", "2 of 3"])
        request.outputSize = .picture
        let whole = try pipeline.run(request, source: source) { _ in }.pictures[0].image
        #expect(whole.width == 96 && whole.height == 48)
        request.strength = 0.7
        #expect(try pipeline.outline.plan(request, picture: PixelSize(width: 96, height: 48)).stages.count == 1)
    }

    /// Each picture is the one that its draft's seed alone gives, and the drafts are its own first stages.
    @Test func theChosenDraftIsTheOneThatGrows() throws {
        let pipeline = try tests.pipeline()
        var request = growing(96, 96, first: 48)
        (request.count, request.drafts) = (2, 3)
        var compared: [Image] = []
        var steps: [String] = []
        // The last of the first three, and the first of two equals among the others.
        let scores: [Float] = [0.1, 0.2, 0.3, -0.4, -0.1, -0.1]
        let made = try pipeline.run(
            request,
            score: {
                compared.append($0)
                return scores[compared.count - 1]
            }
        ) { steps.append("\($0.picture): \($0.step) of \($0.steps)") }
        // 48 and 96 pixels: 4 and 2 steps; of less than 96 pixels nothing can be told.
        #expect(made.plan.drafts == Pipeline.Drafts(count: 3, stages: 2))
        #expect(made.plan.steps.run == 6)
        #expect(steps == (0..<2).flatMap { picture in (1...18).map { "\(picture): \($0) of 18" } })
        #expect(made.pictures.map(\.seed) == [9, 11])
        #expect(Set(compared.map(\.bytes)).count == 6)
        #expect(compared[2] == made.pictures[0].image && compared[4] == made.pictures[1].image)
        (request.count, request.drafts) = (1, 1)
        for picture in made.pictures {
            request.seed = picture.seed
            #expect(try pipeline.run(request) { _ in }.pictures[0].image == picture.image)
        }
    }

    /// A draft that goes on becomes what its seed gives alone, a painting as well as a picture that is redrawn far.
    @Test func aDraftGoesOnAsItWouldAlone() throws {
        let pipeline = try tests.pipeline()
        let source = patterned(48, 24)
        for mode in [GenerationRequest.Mode.paint, .generate] {
            var request = growing(192, 128, first: 64)
            (request.mode, request.strength, request.drafts, request.steps) = (mode, 0.75, 2, 2)
            var compared: [Image] = []
            let made = try pipeline.run(
                request, source: source,
                score: {
                    compared.append($0)
                    return Float(compared.count)
                }
            ) { _ in }
            #expect(made.plan.stages.count == 3 && made.plan.drafts?.stages == 2)
            #expect(compared.allSatisfy { $0.width < 192 } && made.pictures[0].seed == 8)
            (request.drafts, request.seed) = (1, 8)
            #expect(try pipeline.run(request, source: source) { _ in }.pictures[0].image == made.pictures[0].image)
        }
    }

    /// Drafts end at the first stage that is large enough to be judged; what one chooses goes on alone.
    @Test func draftsStopAtTheFirstStageThatCanBeJudged() throws {
        let outline = try tests.pipeline().outline
        var request = growing(512, 512, first: 32)
        request.drafts = 4
        let plan = try outline.plan(request, picture: nil)
        #expect(plan.stages.map(\.size.width) == [32, 64, 128, 256, 512])
        #expect(plan.drafts == Pipeline.Drafts(count: 4, stages: 3))
        #expect(plan.passes == 4 * (4 + 2 + 2) + 2 + 2)
        #expect(plan.operations > plan.stages.reduce(0) { $0 + $1.operations })
        (request.width, request.height) = (32, 32)
        #expect(try outline.plan(request, picture: nil).drafts == Pipeline.Drafts(count: 4, stages: 1))

        (request.width, request.height, request.mode, request.strength) = (512, 512, .repaint, 1)
        let box = PixelRectangle(x: 0, y: 0, width: 128, height: 128)
        let filled = try outline.plan(request, picture: PixelSize(width: 512, height: 512), box: box)
        #expect(filled.stages.map(\.size.width) == [128, 256, 512] && filled.drafts?.stages == 2)
        // What is too small in the picture to be judged before the end would take several whole runs.
        let dot = PixelRectangle(x: 0, y: 0, width: 32, height: 32)
        #expect(try outline.plan(request, picture: PixelSize(width: 512, height: 512), box: dot).drafts == nil)
        request.strength = 0.8
        #expect(try outline.plan(request, picture: PixelSize(width: 512, height: 512), box: box).drafts == nil)
        (request.mode, request.strength) = (.generate, 0.7)
        #expect(try outline.plan(request, picture: PixelSize(width: 512, height: 512)).drafts == nil)
    }

    /// Drafts of a repainting are judged by what was repainted.
    @Test func draftsOfARepaintingShowWhatTheMaskCovers() throws {
        let pipeline = try tests.pipeline()
        let source = patterned(64, 48)
        let mask = mask(over: PixelRectangle(x: 0, y: 8, width: 32, height: 32), of: source.size)
        var request = growing(64, 48, first: 16)
        (request.mode, request.strength, request.fill, request.drafts) = (.repaint, 1, .noise, 2)
        var compared: [Image] = []
        let made = try pipeline.run(
            request, source: source, mask: mask,
            score: {
                compared.append($0)
                return Float(compared.count)
            }
        ) { _ in }
        #expect(try #require(made.untouched).identical)
        #expect(compared.map { "\($0.width)x\($0.height)" } == ["34x36", "34x36"])
        #expect(made.pictures[0].seed == 8)
    }

    @Test func draftsWantAFirstSide() {
        var request = GenerationRequest(mode: .paint, prompt: "a cat")
        request.drafts = 4
        #expect(throws: GenerationRequestError.draftsWithoutFirstSide(4)) { try request.validate() }
        request.profile = .a1111
        #expect(throws: GenerationRequestError.onlyRedraw(name: "trying drafts", profile: "a1111")) { try request.validate() }
        (request.profile, request.firstSide, request.drafts) = (.redraw, 32, 0)
        #expect(throws: GenerationRequestError.outOfRange(name: "drafts", value: "0", range: "1 to 100")) { try request.validate() }
    }

    @Test func onlyRedrawsOwnProfileGrows() {
        var request = GenerationRequest(mode: .paint, prompt: "a cat")
        request.firstSide = 64
        request.profile = .diffusers
        #expect(throws: GenerationRequestError.onlyRedraw(name: "a first side", profile: "diffusers")) { try request.validate() }
    }
}
