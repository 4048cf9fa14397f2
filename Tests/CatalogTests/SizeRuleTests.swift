import Catalog
import Foundation
import TestSupport
import Testing

@Test(arguments: [
    ("redraw-small", 4032, 3024, 448, 336),
    ("redraw-small", 3024, 4032, 336, 448),
    ("redraw-small", 1000, 1000, 384, 384),
    ("redraw-small", 3000, 2000, 480, 320),
    ("redraw-small", 9000, 1000, 512, 224),
    ("redraw-painter", 1000, 1000, 384, 384),
    ("redraw-painter", 3000, 2000, 480, 320),
    ("sd15", 4032, 3024, 512, 384),
    ("sd15", 512, 512, 512, 512),
    ("sd15", 1920, 1080, 704, 384),
    ("sd21", 1, 1, 768, 768),
    ("sdxl", 4032, 3024, 1152, 896),
    ("sdxl", 1080, 1920, 768, 1344),
    ("sdxl", 1, 100, 512, 2048),
    ("sd-turbo", 700, 699, 512, 512),
])
func theNearestSizeIsWhatPeopleExpect(family: String, width: Int, height: Int, expectedWidth: Int, expectedHeight: Int) throws {
    let rule = try #require(ModelFamily.named(family)).sizes
    #expect(rule.nearest(toWidth: width, height: height) == CanvasSize(width: expectedWidth, height: expectedHeight))
}

@Test(arguments: ModelFamily.all)
func theNearestSizeIsLegalAndHasTheBestAspect(family: ModelFamily) {
    var random = SeededGenerator.announced()
    let legal = family.sizes.sizes
    #expect(!legal.isEmpty)
    for _ in 0..<500 {
        let width = Int.random(in: 1...9000, using: &random)
        let height =
            Bool.random(using: &random)
            ? Int.random(in: 1...9000, using: &random) : max(1, width * Int.random(in: 40...200, using: &random) / 100)
        let size = family.sizes.nearest(toWidth: width, height: height)
        #expect(legal.contains(size))
        let target = log(Double(width) / Double(height))
        let miss = abs(log(size.aspect) - target)
        let best = legal.map { abs(log($0.aspect) - target) }.min()!
        #expect(miss <= best + 0.0101, "\(width)x\(height) gave \(size)")
        if width != height {
            #expect(family.sizes.nearest(toWidth: height, height: width) == size.turned)
        }
        let again = family.sizes.nearest(toWidth: size.width, height: size.height)
        #expect(abs(log(again.aspect) - log(size.aspect)) <= 0.0101)
    }
}

@Test(arguments: ModelFamily.all)
func everyLegalSizeFitsTheLatent(family: ModelFamily) {
    for size in family.sizes.sizes {
        #expect(size.width % (family.latentFactor * 4) == 0 && size.height % (family.latentFactor * 4) == 0, "\(size)")
        #expect(family.sizes.sizes.contains(size.turned))
    }
    #expect(family.sizes.base.width == family.sizes.base.height)
}

@Test func bucketsAreTakenAsTheyAre() {
    let rule = SizeRule.buckets([CanvasSize(width: 640, height: 480), CanvasSize(width: 512, height: 512)])
    #expect(rule.sizes.count == 3)
    #expect(rule.nearest(toWidth: 3, height: 4) == CanvasSize(width: 480, height: 640))
    #expect(!rule.sizes.contains(CanvasSize(width: 640, height: 512)))
}
