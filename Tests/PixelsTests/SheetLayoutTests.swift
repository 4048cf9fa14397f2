import TestSupport
import Testing

@testable import Pixels

@Suite struct SheetLayoutTests {
    private func layout(
        _ columns: [String], _ rows: [String] = [], _ picture: PixelSize = PixelSize(width: 512, height: 512), longest: Int = 768
    ) -> SheetLayout {
        SheetLayout(
            title: "a castle by the sea, redraw-small, seed 7", columns: columns, rows: rows,
            pictures: Array(repeating: picture, count: columns.count * max(rows.count, 1)), longest: longest)
    }

    /// However many pictures of whatever size, under whatever words: each has its place, none lies on another, and the sheet stays within bounds.
    @Test func everythingHasItsPlace() {
        var generator = SeededGenerator.announced()
        for _ in 0..<40 { place(&generator) }
    }

    private func place(_ generator: inout SeededGenerator) {
        let across = Int.random(in: 1...64, using: &generator)
        let down = Int.random(in: 1...(64 / across), using: &generator)
        func words() -> String {
            (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                String(repeating: "m", count: .random(in: 1...30, using: &generator))
            }.joined(separator: " ")
        }
        func side() -> Int { [8, 64, 512, 1024, 4000].randomElement(using: &generator) ?? 8 }
        let pictures = (0..<across * down).map { _ in Bool.random(using: &generator) ? PixelSize(width: side(), height: side()) : nil }
        let longest = Int.random(in: 32...4096, using: &generator)
        let layout = SheetLayout(
            title: words(), columns: (0..<across).map { _ in words() }, rows: down == 1 ? [] : (0..<down).map { _ in words() },
            pictures: pictures, longest: longest)
        #expect(layout.size.pixelCount < 120_000_000, "\(layout.size)")
        var places: [(left: Int, top: Int, right: Int, bottom: Int)] = []
        for row in 0..<down {
            for column in 0..<across {
                let (left, top) = (layout.left(column), layout.top(row, column))
                places.append((left, top, left + layout.place.width, top + layout.place.height))
                #expect(layout.tops(row).contains(top))
            }
        }
        #expect(places.allSatisfy { $0.left >= 0 && $0.top >= 0 && $0.right <= layout.size.width && $0.bottom <= layout.size.height })
        for (number, one) in places.enumerated() {
            for other in places[..<number] {
                #expect(one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top)
            }
        }
        for (picture, own) in zip(layout.pictures, pictures) {
            guard let picture, let own else {
                #expect(picture == nil && own == nil)
                continue
            }
            #expect(picture.width <= min(layout.place.width, own.width) && picture.height <= min(layout.place.height, own.height))
            #expect(max(picture.width, picture.height) <= longest)
        }
    }

    @Test func aLongRowGoesOnBelow() {
        let columns = (1...64).map { "seed \($0)" }
        let long = layout(columns)
        #expect(long.place.width > 400 && long.columnsInBand < 20 && long.size.width <= 6500, "\(long.place), \(long.size)")
        #expect(long.tops(0).count == (64 + long.columnsInBand - 1) / long.columnsInBand)
        #expect(long.left(long.columnsInBand) == long.left(0) && long.top(0, long.columnsInBand) > long.top(0, 0))
        // What finds room on a screen stays in one row.
        #expect(layout(Array(columns.prefix(8))).columnsInBand == 8)
        let both = layout(Array(columns.prefix(32)), ["steps 8", "steps 16"])
        #expect(both.columnsInBand < 32 && both.tops(1).count == both.tops(0).count && both.top(1, 0) > both.top(0, 0))
        #expect(both.top(0, both.columnsInBand) > both.top(1, 0), "a band has all rows")
    }

    @Test func longWordsWrapAndAreWhole() {
        let words =
            "prompt a photograph of a red castle by the sea in the evening light, with boats, gulls, a lighthouse and people on the pier"
        let layout = layout([words, "prompt a tree"], [words + " down", "prompt nothing"])
        #expect(layout.heads[0].joined(separator: " ") == words && layout.heads[0].count > 1)
        #expect(layout.sides[0].joined(separator: " ") == words + " down")
        let widest = layout.heads.joined().map(layout.letters.width(of:)).max() ?? 0
        #expect(widest <= layout.place.width && layout.letters.scale >= 2)
        let small = self.layout(["a"], [words, "b"], PixelSize(width: 128, height: 128))
        #expect(small.sides[0].joined(separator: " ") == words, "beside small pictures, too")
    }

    /// Small pictures have labels that can be read; rows whose words find no room beside them are wider, or higher.
    @Test(arguments: [32, 64, 128, 256]) func smallPicturesHaveLabelsThatCanBeRead(_ side: Int) {
        let (columns, rows) = (["strength 0.35", "sampler dpmpp-2m-karras"], ["sampler dpmpp-2m-sde", "prompt a red house by the sea"])
        let layout = layout(columns, rows, PixelSize(width: side, height: side * 2 / 3))
        #expect(layout.letters.scale >= 2)
        #expect(layout.heads.map { $0.joined(separator: " ") } == columns, "\(layout.heads)")
        #expect(layout.sides.map { $0.joined(separator: " ") } == rows, "\(layout.sides)")
        let pitch = layout.tops(1)[0] - layout.tops(0)[0]
        #expect(pitch >= layout.place.height && pitch >= layout.letters.lineHeight * (layout.sides.map(\.count).max() ?? 0))
        #expect(layout.top(1, 0) + layout.place.height <= layout.size.height && layout.left(1) + layout.place.width <= layout.size.width)
    }

    @Test func aCellIsAsLargeAsItIsAskedFor() {
        let names = ["steps 2", "steps 3"]
        #expect(layout(names, longest: 64).place == PixelSize(width: 64, height: 64))
        #expect(layout(names, longest: 4096).place == PixelSize(width: 512, height: 512), "none is enlarged")
        let large = PixelSize(width: 4000, height: 2000)
        let two = layout(names, [], large, longest: 2048)
        #expect(two.place == PixelSize(width: 2048, height: 1024) && !two.isShrunk)
        let many = layout((1...64).map { "seed \($0)" }, [], large, longest: 2048)
        #expect(many.isShrunk && many.place.width < 2048 && many.size.pixelCount < 60_000_000, "\(many.size)")
    }
    /// Every picture is whole where its row and its column meet, and nothing overlaps it.
    @Test(arguments: [(1, 1), (3, 2), (8, 8)]) func picturesStandInAGrid(_ across: Int, _ down: Int) throws {
        let size = PixelSize(width: 40, height: 30)
        let drawing = SheetDrawing(
            title: "a cat on a very long sofa, redraw-small, seed 7", columns: (0..<across).map { "strength 0.\($0)" },
            rows: down == 1 ? [] : (0..<down).map { "guidance \($0)" },
            cells: Array(repeating: .init(size: size, word: ""), count: across * down))
        let sheet = drawing.image { Image(width: 40, height: 30, filledWith: [200, UInt8($0 * 3), 90]) }
        var boxes: [UInt8: (left: Int, top: Int, right: Int, bottom: Int, count: Int)] = [:]
        for y in 0..<sheet.height {
            for x in 0..<sheet.width where sheet[x, y, 0] == 200 && sheet[x, y, 2] == 90 {
                var box = boxes[sheet[x, y, 1]] ?? (x, y, x, y, 0)
                box = (min(box.left, x), min(box.top, y), max(box.right, x), max(box.bottom, y), box.count + 1)
                boxes[sheet[x, y, 1]] = box
            }
        }
        #expect(
            boxes.count == across * down
                && boxes.values.allSatisfy { $0.count == 1200 && $0.right - $0.left == 39 && $0.bottom - $0.top == 29 })
        for (index, box) in boxes.map({ (Int($0.key) / 3, $0.value) }) {
            #expect(
                try box.left == #require(boxes[UInt8(index % across * 3)]).left
                    && box.top == #require(boxes[UInt8(index / across * across * 3)]).top)
        }
        let first = try #require(boxes[0])
        var (isOver, isBefore) = (false, false)
        for y in 0..<sheet.height {
            for x in 0..<sheet.width where sheet[x, y, 0] == 0 {
                isOver = isOver || y < first.top
                isBefore = isBefore || x < first.left && y >= first.top
            }
        }
        #expect(isOver && isBefore == (down > 1))
    }

    @Test func largePicturesAreMadeSmaller() {
        let drawing = SheetDrawing(
            title: "", columns: ["a", "b"], rows: [],
            cells: [.init(size: PixelSize(width: 3000, height: 1500), word: ""), .init(size: nil, word: "failed")])
        let sheet = drawing.image { $0 == 0 ? Image(width: 3000, height: 1500, filledWith: [9, 9, 9]) : nil }
        #expect((1500...1700).contains(sheet.width) && (384...500).contains(sheet.height), "\(sheet.size)")
    }
}
