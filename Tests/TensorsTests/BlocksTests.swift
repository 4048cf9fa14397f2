import TestSupport
import Testing

@testable import Tensors

@Suite struct BlocksTests {
    @Test func piecesCoverTheProductOnce() {
        var generator = SeededGenerator.announced()
        for _ in 0..<2000 {
            func random(_ most: Int) -> Int { 1 << Int.random(in: 0...most, using: &generator) + Int.random(in: 0...3, using: &generator) }
            let (count, outputs, depth) = (random(14), random(12), random(13))
            let (group, panelWidth) = Bool.random(using: &generator) ? (6, 16) : (12, 32)
            let threads = Int.random(in: 1...64, using: &generator)
            let blocks = Blocks(count: count, outputs: outputs, depth: depth, group: group, panelWidth: panelWidth, threads: threads)
            let words = "\(count) x \(outputs) x \(depth), groups of \(group), \(threads) threads: \(blocks)"
            #expect(blocks.rows * (blocks.rowPieces - 1) < count && count <= blocks.rows * blocks.rowPieces, "\(words)")
            #expect(blocks.columns * (blocks.columnPieces - 1) < outputs && outputs <= blocks.columns * blocks.columnPieces, "\(words)")
            #expect(blocks.columnPieces == 1 || blocks.columns % panelWidth == 0, "\(words)")
            #expect(blocks.rows % group == 0, "\(words)")
        }
    }

    /// Each piece of rows reads the whole weight.
    @Test(arguments: [(6, 16), (12, 32)]) func fewRowsMeetAWeightOnce(group: Int, panelWidth: Int) {
        for (count, outputs) in [(1, 768), (50, 768), (50, 3072), (77, 768), (128, 1280)] {
            for threads in [2, 8] {
                let blocks = Blocks(count: count, outputs: outputs, depth: 768, group: group, panelWidth: panelWidth, threads: threads)
                #expect(blocks.rowPieces == 1 && blocks.columnPieces >= 2 * threads, "\(count) rows, \(threads) threads: \(blocks)")
            }
        }
    }

    @Test func aNarrowWeightIsSharedOutByRows() {
        let blocks = Blocks(count: 150, outputs: 8, depth: 4096, group: 6, panelWidth: 16, threads: 2)
        #expect(blocks.columnPieces == 1 && blocks.rowPieces >= 4)
    }

    @Test func ofNothingThereIsNoPiece() {
        #expect(Blocks(count: 0, outputs: 64, depth: 64, group: 6, panelWidth: 16, threads: 2).rowPieces == 0)
    }
}
