import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

@Suite struct RepaintTests {
    private let pipeline: Pipeline

    init() throws {
        pipeline = try PipelineTests().pipeline()
    }

    private func request() throws -> GenerationRequest {
        var request = try PipelineTests().request(.repaint)
        (request.width, request.height, request.steps) = (nil, nil, 2)
        return request
    }

    private func picture(_ width: Int, _ height: Int, channels: Int, _ generator: inout SeededGenerator) -> Image {
        Image(
            width: width, height: height, channels: channels,
            bytes: (0..<width * height * channels).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    private func size(_ multiple: Int, _ generator: inout SeededGenerator) -> PixelSize {
        PixelSize(
            width: multiple * Int.random(in: 1...8, using: &generator), height: multiple * Int.random(in: 1...8, using: &generator))
    }

    /// Random sizes, channels, masks and settings: outside the mask every byte is the source's, the count is right, the size is kept.
    @Test func pixelsOutsideTheMaskAreTheSources() throws {
        var generator = SeededGenerator.announced()
        for round in 0..<24 {
            let (width, height) = (Int.random(in: 5...70, using: &generator), Int.random(in: 5...70, using: &generator))
            let source = picture(width, height, channels: [1, 3, 4][round % 3], &generator)
            var values = [UInt8](repeating: 0, count: width * height)
            let (left, top) = (Int.random(in: 0..<width, using: &generator), Int.random(in: 0..<height, using: &generator))
            for y in top..<Int.random(in: top + 1...height, using: &generator) {
                for x in left..<width { values[y * width + x] = UInt8.random(in: round % 2 == 0 ? 255...255 : 1...255, using: &generator) }
            }
            let mask = Mask(width: width, height: height, values: values)
            var request = try request()
            request.fill = GenerationRequest.Fill.allCases[round % 4]
            request.area = round % 5 < 2 ? .masked : .whole
            request.strength = [0, 0.3, 1][round % 3]
            request.feather = round % 7
            request.padding = round
            request.firstSide = round % 2 == 0 ? 8 : nil
            let result = try pipeline.run(request, source: source, mask: mask) { _ in }
            let made = result.pictures[0].image
            let untouched = try #require(result.untouched)
            #expect(untouched.identical && untouched.pixels == values.count { $0 == 0 })
            #expect(made.size == source.size && made.channels == source.channels)
            for pixel in values.indices where values[pixel] == 0 {
                let range = pixel * source.channels..<(pixel + 1) * source.channels
                #expect(made.bytes[range] == source.bytes[range])
            }
            #expect(made.untouchedBytes(untouched.mask) == source.untouchedBytes(untouched.mask))
            if request.strength == 0 { #expect(made == source) }
            if request.strength == 1, values.count(where: { $0 == 255 }) > 20 { #expect(made != source) }
        }
    }

    @Test func invertAndGrowShapeTheMask() throws {
        var generator = SeededGenerator.announced()
        let source = picture(40, 30, channels: 3, &generator)
        let mask = Mask(width: 40, height: 30, values: (0..<1200).map { $0 % 40 < 20 ? 255 : 0 })
        var request = try request()
        request.invert = true
        #expect(try pipeline.run(request, source: source, mask: mask) { _ in }.untouched?.pixels == 600)
        request.grow = 3
        #expect(try pipeline.run(request, source: source, mask: mask) { _ in }.untouched?.pixels == 510)
    }

    @Test func whatIsMissingIsSaid() throws {
        var generator = SeededGenerator.announced()
        let source = picture(40, 30, channels: 3, &generator)
        let request = try request()
        let black = Mask(width: 40, height: 30, filledWith: 0)
        #expect(throws: DiffusionError.missingSource(mode: "repaint")) { try pipeline.run(request, mask: black) { _ in } }
        #expect(throws: DiffusionError.missingMask) { try pipeline.run(request, source: source) { _ in } }
        #expect(throws: DiffusionError.emptyMask) { try pipeline.run(request, source: source, mask: black) { _ in } }
        #expect(throws: DiffusionError.maskSize(mask: "30x40", picture: "40x30")) {
            try pipeline.run(request, source: source, mask: Mask(width: 30, height: 40, filledWith: 255)) { _ in }
        }
    }

    /// The seen region holds the box and its padding, lies in the picture, and has the working proportions where there is room.
    @Test func theMaskedRegionIsWithinThePicture() {
        var generator = SeededGenerator.announced()
        for _ in 0..<2000 {
            let picture = PixelSize(width: Int.random(in: 1...900, using: &generator), height: Int.random(in: 1...900, using: &generator))
            let working = size(64, &generator)
            let (x, y) = (Int.random(in: 0..<picture.width, using: &generator), Int.random(in: 0..<picture.height, using: &generator))
            let box = PixelRectangle(
                x: x, y: y, width: Int.random(in: 1...picture.width - x, using: &generator),
                height: Int.random(in: 1...picture.height - y, using: &generator))
            let region = Framing.region(around: box, padding: Int.random(in: 0...40, using: &generator), picture: picture, working: working)
            #expect(region.x >= 0 && region.y >= 0)
            #expect(region.x + region.width <= picture.width && region.y + region.height <= picture.height)
            #expect(region.x <= box.x && region.x + region.width >= box.x + box.width)
            #expect(region.y <= box.y && region.y + region.height >= box.y + box.height)
        }
    }

    @Test func everyWayOfFramingGivesTheWorkingSizeAndItsRegionBack() {
        var generator = SeededGenerator.announced()
        for round in 0..<60 {
            let (width, height) = (Int.random(in: 1...80, using: &generator), Int.random(in: 1...80, using: &generator))
            let source = picture(width, height, channels: 3, &generator)
            let working = size(8, &generator)
            let canvas = PixelSize(width: working.width + round % 5, height: working.height + round % 3)
            let framing = Framing(
                picture: source.size, working: working, canvas: canvas, resize: GenerationRequest.Resize.allCases[round % 3])
            let seen = framing.toCanvas(source)
            #expect(seen.size == canvas)
            let back = framing.toRegion(seen)
            #expect(back.width == framing.region.width && back.height == framing.region.height)
        }
    }

    @Test func theBlurFillTakesItsColoursFromAround() {
        var bytes = [UInt8](repeating: 200, count: 20 * 16 * 3)
        var values = [UInt8](repeating: 0, count: 20 * 16)
        for y in 4..<12 {
            for x in 5..<15 {
                values[y * 20 + x] = 255
                for i in 0..<3 { bytes[(y * 20 + x) * 3 + i] = 10 }
            }
        }
        let image = Image(width: 20, height: 16, channels: 3, bytes: bytes)
        let filled = image.filledFromAround(Mask(width: 20, height: 16, values: values))
        #expect(filled.bytes.allSatisfy { $0 == 200 })
        #expect(image.filledFromAround(Mask(width: 20, height: 16, filledWith: 255)) == image)
    }

    /// A latent value stands for a square of pixels and goes as far as the whitest of them, but for diffusers' own rule.
    @Test func theMaskOverLatentsCoversEveryPixelOfTheMask() {
        var values = [UInt8](repeating: 0, count: 16 * 8)
        (values[0], values[7 * 16 + 15], values[16 * 5 + 5]) = (255, 255, 90)
        let mask = Mask(width: 16, height: 8, values: values)
        func latents(_ mask: Mask, _ profile: GenerationRequest.Profile) -> [Float] {
            Scene.latentMask(mask, scale: 4, channels: 1, profile: profile).values
        }
        #expect(latents(mask, .redraw) == [1, 0, 0, 0, 0, 90 / 255, 0, 1])
        #expect(latents(mask, .diffusers) == [1, 0, 0, 0, 0, 0, 0, 0])
        #expect(latents(Mask(width: 16, height: 8, filledWith: 200), .a1111) == [Float](repeating: 1, count: 8))
        #expect(latents(Mask(width: 16, height: 8, filledWith: 100), .a1111) == [Float](repeating: 0, count: 8))
    }

    /// A grey of half lets everything go for the last half of the steps: what a white mask at half the strength does.
    @Test(arguments: [SamplerName.ddim, .euler])
    func greyIsAShareOfTheStrength(_ sampler: SamplerName) throws {
        var generator = SeededGenerator.announced()
        let source = picture(32, 24, channels: 3, &generator)
        var request = try request()
        (request.sampler, request.steps, request.strength, request.width, request.height) = (sampler, 20, 0.8, 32, 24)
        var latents: [Tensor] = []
        for (grey, strength) in [(UInt8(128), 0.8), (255, 0.4)] {
            request.strength = strength
            var last: Tensor?
            _ = try pipeline.run(request, source: source, mask: Mask(width: 32, height: 24, filledWith: grey)) { last = $0.latent }
            latents.append(try #require(last))
        }
        let agreement = Agreement(latents[0].values, latents[1].values)
        #expect(agreement.relative < 1e-4, "\(agreement)")
    }

    /// Ten edits, each of the one before, at places of their own: what no mask ever touched has the bytes it had.
    @Test func tenRepaintsLeaveTheRestAsItWas() throws {
        var generator = SeededGenerator.announced()
        let source = picture(61, 43, channels: 3, &generator)
        var picture = source
        var everMasked = Mask(width: 61, height: 43, filledWith: 0)
        for round in 0..<10 {
            var values = [UInt8](repeating: 0, count: 61 * 43)
            let (left, top) = (Int.random(in: 0..<40, using: &generator), Int.random(in: 0..<30, using: &generator))
            for y in top..<top + 12 {
                for x in left..<left + 15 { values[y * 61 + x] = UInt8.random(in: 1...255, using: &generator) }
            }
            let mask = Mask(width: 61, height: 43, values: values)
            everMasked = everMasked.union(mask)
            var request = try request()
            (request.seed, request.area, request.feather) = (UInt64(round), round % 2 == 0 ? .masked : .whole, 6)
            let result = try pipeline.run(request, source: picture, mask: mask) { _ in }
            #expect(result.untouched?.identical == true)
            picture = result.pictures[0].image
        }
        #expect(everMasked.untouchedPixelCount > 200 && picture != source)
        #expect(hash(bytes: picture.untouchedBytes(everMasked)) == hash(bytes: source.untouchedBytes(everMasked)))
    }

    /// A flat colour that the way through a model spoils a little each time is itself after ten repaints where next to nothing was asked for;
    /// at full strength it is what was made.
    @Test(arguments: [(0.05, true), (1, false)])
    func whatIsHardlyRedrawnStaysAsItIs(_ strength: Double, _ stays: Bool) throws {
        let size = PixelSize(width: 48, height: 48)
        let framing = Framing(region: PixelRectangle(x: 0, y: 0, width: 48, height: 48), working: size, canvas: size)
        let source = Image(width: 48, height: 48, filledWith: [252, 200, 3])
        let values = (0..<48 * 48).map { (8..<40).contains($0 % 48) && (8..<40).contains($0 / 48) ? UInt8(255) : 0 }
        var request = try request()
        (request.strength, request.profile, request.feather) = (strength, .redraw, 0)
        var now = source
        for round in 0..<10 {
            let bytes = now.bytes.enumerated().map { UInt8(min(255, Int($1) + ($0 + round) % 2 * 4)) }
            let made = Image(width: 48, height: 48, channels: 3, bytes: bytes)
            now = framing.repainted(now, with: made, Mask(width: 48, height: 48, values: values), request, runs: 1)
        }
        #expect((now == source) == stays)
    }

    /// Under the web UI's profile the picture is put back into every estimate: at the end, latents outside the mask are the picture's own.
    @Test func theWebUIKeepsThePictureInItsEstimates() throws {
        var generator = SeededGenerator.announced()
        let source = picture(32, 24, channels: 3, &generator)
        let mask = Mask(width: 32, height: 24, values: (0..<768).map { $0 % 32 < 16 ? 255 : 0 })
        var request = try request()
        (request.profile, request.sampler, request.steps) = (.a1111, .dpmpp2MKarras, 5)
        (request.width, request.height, request.strength) = (32, 24, 0.5)
        var last: Tensor?
        let result = try pipeline.run(request, source: source, mask: mask) { last = $0.latent }
        #expect(result.plan.steps.run == 3)
        let clean = try pipeline.scaledMean(pipeline.encoded(source.latentInput(), tiled: false, checkCancelled: {}))
        let latent = try #require(last)
        let (kept, expected) = (latent.sliced(8..<16, axis: 2), clean.sliced(8..<16, axis: 2))
        // The estimate goes through the sampler as an answer and back.
        #expect(Agreement(kept.values, expected.values).relative < 1e-4)
        #expect(Agreement(latent.sliced(0..<8, axis: 2).values, clean.sliced(0..<8, axis: 2).values).relative > 0.01)
    }
}
