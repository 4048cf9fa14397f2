import TestSupport
import Testing

@testable import Pixels

/// Letters for labels.
@Suite struct LetteringTests {
    private func drawn(_ text: String, scale: Int = 1) -> [String] {
        var canvas = Canvas(width: max(1, Lettering(scale: scale).width(of: text)), height: 9 * scale)
        canvas.write(text, Lettering(scale: scale), x: 0, y: 0)
        let image = canvas.image
        return (0..<image.height).map { y in (0..<image.width).map { image[$0, y, 0] == 0 ? "#" : "." }.joined() }
    }

    @Test func lettersStandWhereTheyBelong() {
        #expect(
            drawn("1g") == [
                "..#........", ".##........", "..#....####", "..#...#...#", "..#...#...#", "..#...#...#", ".###...####", "..........#",
                ".......###.",
            ])
        let large = drawn("1", scale: 3)
        #expect(large.count == 27 && large[0] == "......###......" && large[4] == "...######......")
    }

    /// Each of ASCII's letters has a shape of its own, and nothing is drawn for a blank.
    @Test func everyLetterHasItsOwnShape() {
        let shapes = (0x21..<0x7F).map { drawn(String(Unicode.Scalar($0)!)) }
        #expect(Set(shapes).count == shapes.count)
        #expect(drawn(" ").allSatisfy { !$0.contains("#") })
        #expect(drawn("é") == drawn("e") && drawn("ß") == drawn("ss") && drawn("雪") == drawn("?") && drawn("–") == drawn("-"))
    }

    @Test func textIsBrokenAtBlanks() {
        let letters = Lettering(scale: 2)
        let width = letters.width(of: "a red hat")
        #expect(letters.lines("a red hat on a table", width: width, most: 5) == ["a red hat", "on a", "table"])
        #expect(letters.lines("a red hat on a table", width: width, most: 2) == ["a red hat", "on a..."])
        #expect(letters.lines("dpmpp-2m-karras", width: width, most: 5) == ["dpmpp-2m-", "karras"])
        #expect(letters.lines("", width: width, most: 5).isEmpty)
        var random = SeededGenerator.announced()
        for _ in 0..<300 {
            let text = String((0..<Int.random(in: 0...60, using: &random)).map { _ in "ab cé雪".randomElement(using: &random)! })
            let width = Int.random(in: 60...300, using: &random)
            #expect(letters.lines(text, width: width, most: 4).allSatisfy { letters.width(of: $0) <= width && !$0.isEmpty })
        }
    }

    @Test func whatIsOutsideIsLeftOut() {
        var canvas = Canvas(width: 10, height: 8)
        let picture = Image(width: 6, height: 6, filledWith: [10, 20, 30])
        for (x, y) in [(-3, -3), (7, 5), (20, 20), (-9, 0), (2, -9)] {
            canvas.place(picture, x: x, y: y)
            canvas.write("W", Lettering(scale: 2), x: x, y: y)
        }
        var placed = Canvas(width: 10, height: 8)
        placed.place(picture, x: -3, y: -3)
        #expect(placed.image[2, 2, 1] == 20 && placed.image[3, 2, 1] == 255 && placed.image[2, 3, 1] == 255)
    }
}
