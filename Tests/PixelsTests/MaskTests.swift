import Foundation
import TestSupport
import Testing

@testable import Pixels

@Suite struct MaskTests {
    private func randomMask(binary: Bool, using random: inout SeededGenerator) -> Mask {
        let (width, height) = (Int.random(in: 1...24, using: &random), Int.random(in: 1...24, using: &random))
        let values = (0..<width * height).map { _ -> UInt8 in
            guard Int.random(in: 0..<12, using: &random) == 0 else { return 0 }
            return binary ? 255 : .random(in: 1...255, using: &random)
        }
        return Mask(width: width, height: height, values: values)
    }

    @Test func pastingBlendsAsPillowDoes() throws {
        let mask = Mask(width: 40, height: 30, values: pattern(40, 30, 1, seed: 913).bytes)
        let pasted = pattern(40, 30, 3, seed: 911).pasted(pattern(40, 30, 3, seed: 912), mask: mask)
        #expect(digest(pasted.bytes) == (try Expected.load()).paste["blend"])
    }

    @Test func whereTheMaskIsZeroEveryByteStays() {
        var random = SeededGenerator.announced()
        for _ in 0..<500 {
            let mask = randomMask(binary: false, using: &random)
            let channels = [1, 3, 4].randomElement(using: &random)!
            let base = pattern(mask.width, mask.height, channels, seed: .random(in: .min ... .max, using: &random))
            let over = pattern(
                mask.width, mask.height, [1, 3, 4].randomElement(using: &random)!, seed: .random(in: .min ... .max, using: &random))
            let result = base.pasted(over, mask: mask)
            let wholly = over.converted(toChannels: channels)
            for i in mask.values.indices {
                let pixel = i * channels..<(i + 1) * channels
                if mask.values[i] == 0 { #expect(result.bytes[pixel] == base.bytes[pixel]) }
                if mask.values[i] == 255 { #expect(result.bytes[pixel] == wholly.bytes[pixel]) }
            }
            #expect(result.untouchedBytes(mask) == base.untouchedBytes(mask))
            #expect(result.untouchedBytes(mask).count == mask.untouchedPixelCount * channels)
            #expect(mask.untouchedPixelCount + mask.touchedPixelCount == mask.width * mask.height)
        }
    }

    @Test func aPartIsPastedWhereItBelongs() {
        let base = pattern(20, 15, 3, seed: 5)
        let part = pattern(6, 4, 3, seed: 6)
        let result = base.pasted(part, x: 3, y: 8, mask: Mask(width: 6, height: 4, filledWith: 255))
        #expect(result.cropped(to: PixelRectangle(x: 3, y: 8, width: 6, height: 4)) == part)
        let whole = Mask(width: 6, height: 4, filledWith: 255).padded(left: 3, top: 8, right: 11, bottom: 3)
        #expect(result.untouchedBytes(whole) == base.untouchedBytes(whole))
    }

    @Test func growingTakesTheLargestWithinTheDisc() {
        var random = SeededGenerator.announced()
        for _ in 0..<200 {
            let mask = randomMask(binary: false, using: &random)
            let radius = Int.random(in: 1...9, using: &random)
            let grown = mask.grown(by: radius)
            for y in 0..<mask.height {
                for x in 0..<mask.width {
                    var largest: UInt8 = 0
                    for v in max(0, y - radius)...min(mask.height - 1, y + radius) {
                        for u in max(0, x - radius)...min(mask.width - 1, x + radius)
                        where (u - x) * (u - x) + (v - y) * (v - y) <= radius * radius { largest = max(largest, mask[u, v]) }
                    }
                    #expect(grown[x, y] == largest)
                }
            }
        }
    }

    @Test func shrinkingMirrorsGrowing() {
        let square = Mask(width: 9, height: 9, filledWith: 255).padded(left: 5, top: 5, right: 5, bottom: 5)
        #expect(square.grown(by: -2).touchedPixelCount == 25)
        #expect(square.grown(by: -5).isEmpty)
        #expect(square.grown(by: 0) == square)
        #expect(square.grown(by: 100_000).untouchedPixelCount == 0)
    }

    @Test func distancesAreEuclidean() {
        var random = SeededGenerator.announced()
        for _ in 0..<200 {
            let mask = randomMask(binary: true, using: &random).inverted()
            let distances = mask.squaredDistancesToZero()
            let zeros = mask.values.indices.filter { mask.values[$0] == 0 }
            for i in mask.values.indices {
                let least =
                    zeros.map { zero -> Float in
                        let (dx, dy) = (zero % mask.width - i % mask.width, zero / mask.width - i / mask.width)
                        return Float(dx * dx + dy * dy)
                    }.min() ?? .infinity
                #expect(distances[i] == least)
            }
        }
    }

    @Test func featheringStaysInsideAndFadesIn() {
        var random = SeededGenerator.announced()
        for _ in 0..<200 {
            let mask = randomMask(binary: false, using: &random).grown(by: 3)
            let feathered = mask.feathered(by: Double.random(in: 0.5...6, using: &random))
            for i in mask.values.indices {
                #expect((feathered.values[i] == 0) == (mask.values[i] == 0))
                #expect(feathered.values[i] <= mask.values[i])
            }
        }
        let half = Mask(width: 40, height: 3, values: (0..<3).flatMap { _ in (0..<40).map { $0 < 10 ? 0 : 255 } })
        let row = (0..<40).map { half.feathered(by: 3)[$0, 1] }
        #expect(row == row.sorted())
        #expect(row[10] < 80 && row[16] > 240 && row[39] == 255)
        #expect(Mask(width: 5, height: 5, filledWith: 255).feathered(by: 2) == Mask(width: 5, height: 5, filledWith: 255))
    }

    @Test func blurringSpreadsAndKeepsTheSum() {
        var values = [UInt8](repeating: 0, count: 41 * 41)
        for y in 15..<26 { for x in 15..<26 { values[y * 41 + x] = 255 } }
        let mask = Mask(width: 41, height: 41, values: values)
        let blurred = mask.blurred(by: 2)
        let (before, after) = (mask.values.reduce(0) { $0 + Int($1) }, blurred.values.reduce(0) { $0 + Int($1) })
        #expect(abs(before - after) < before / 100)
        #expect(blurred[14, 20] > 0 && blurred[20, 20] > 240)
        #expect(blurred.image.mirrored() == blurred.image)
        #expect(Mask(width: 7, height: 3, filledWith: 200).blurred(by: 4) == Mask(width: 7, height: 3, filledWith: 200))
    }

    @Test func whatWasPaintedIsFoundWhateverTheBrush() {
        func painted(_ brush: [UInt8], _ ground: [UInt8]) -> Mask { Mask(Image(width: 2, height: 1, channels: 4, bytes: brush + ground)) }
        #expect(painted([255, 255, 255, 255], [0, 0, 0, 255]).values == [255, 0])
        #expect(painted([255, 0, 0, 128], [0, 0, 0, 0]).values == [128, 0])
        #expect(painted([0, 0, 0, 255], [255, 255, 255, 0]).values == [255, 0])
        #expect(Mask(Image(width: 2, height: 1, channels: 3, bytes: [255, 255, 255, 0, 0, 0])).values == [255, 0])
        #expect(Mask(Image(width: 2, height: 1, channels: 1, bytes: [90, 0])).values == [90, 0])
        let mixed = Image(width: 3, height: 1, channels: 4, bytes: [255, 255, 255, 255, 0, 0, 0, 255, 255, 255, 255, 0])
        #expect(Mask(mixed).values == [255, 0, 0])
    }

    @Test func theBoundingBoxHoldsAllThatIsPainted() {
        var random = SeededGenerator.announced()
        #expect(Mask(width: 3, height: 3, filledWith: 0).boundingBox == nil)
        for _ in 0..<200 {
            let mask = randomMask(binary: false, using: &random)
            let painted = mask.values.indices.filter { mask.values[$0] > 0 }
            guard let box = mask.boundingBox else {
                #expect(painted.isEmpty && mask.isEmpty)
                continue
            }
            #expect(box.x == painted.map { $0 % mask.width }.min() && box.y == painted.map { $0 / mask.width }.min())
            #expect(box.x + box.width - 1 == painted.map { $0 % mask.width }.max())
            #expect(box.y + box.height - 1 == painted.map { $0 / mask.width }.max())
            #expect(mask.cropped(to: box).touchedPixelCount == painted.count)
        }
    }

    @Test func boxesHaveSoftEdgesAndEndWithThePicture() {
        func mask(_ boxes: (left: Float, top: Float, right: Float, bottom: Float)...) -> Mask {
            Mask(size: PixelSize(width: 40, height: 20), around: boxes, margin: 0, softness: 0.2)
        }
        let one = mask((0.25, 0.25, 0.75, 0.75))
        #expect(one.boundingBox.map { $0.x < 10 && $0.x + $0.width > 30 && $0.y < 5 && $0.y + $0.height > 15 } == true)
        #expect(one.values[10 * 40 + 20] == 255 && one.values[0] == 0)
        let edge = one.values[10 * 40..<10 * 40 + 20]
        #expect(edge == edge.sorted()[...] && edge.contains { $0 > 0 && $0 < 255 }, "from black to white without a step back")
        #expect(mask((0.25, 0.25, 0.75, 0.75), (0.25, 0.25, 0.75, 0.75)) == one)
        // What somebody's file says of a box may be anything.
        #expect(mask((1.5, 0, 2, 1)).isEmpty && mask((-1, -1, -0.5, -0.5)).isEmpty && mask((0.9, 0.9, 0.1, 0.1)).values.count == 800)
        #expect(mask((-1, -1, 2, 2)).values.allSatisfy { $0 == 255 })
    }

    @Test func invertingTwiceChangesNothing() {
        let mask = Mask(width: 4, height: 1, values: [0, 127, 128, 255])
        #expect(mask.inverted().inverted() == mask)
        #expect(mask.union(mask.inverted()).values == [255, 128, 128, 255])
    }
}
