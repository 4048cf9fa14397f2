import Pixels
import TestSupport
import Testing

@Suite struct SeamMatchingTests {
    private func picture(_ width: Int, _ height: Int, _ value: (Int, Int) -> UInt8) -> Image {
        Image(width: width, height: height, channels: 3, bytes: (0..<width * height * 3).map { value($0 / 3 % width, $0 / 3 / width) })
    }

    private func mask(_ width: Int, _ height: Int, _ inside: (Int, Int) -> Bool) -> Mask {
        Mask(width: width, height: height, values: (0..<width * height).map { inside($0 % width, $0 / width) ? 255 : 0 })
    }

    /// A picture that is 7 too dark everywhere is 7 brighter inside the mask, and left alone outside of it.
    @Test func aDriftIsTakenAway() {
        let original = picture(60, 50) { x, y in UInt8(60 + x + y) }
        let drifted = picture(60, 50) { x, y in UInt8(53 + x + y) }
        let mask = mask(60, 50) { x, y in (13..<44).contains(x) && (9..<37).contains(y) }
        let matched = drifted.colourMatched(to: original, mask: mask)
        for (pixel, amount) in mask.values.enumerated() {
            let expected = amount > 0 ? original.bytes[pixel * 3] : drifted.bytes[pixel * 3]
            #expect(abs(Int(matched.bytes[pixel * 3]) - Int(expected)) <= 1)
        }
    }

    /// A drift that grows from left to right is met at both sides of the mask.
    @Test func aSlopingDriftIsMetAtBothEnds() {
        let original = picture(96, 32) { _, _ in 120 }
        let drifted = picture(96, 32) { x, _ in UInt8(120 + x / 8) }
        let mask = mask(96, 32) { x, _ in (24..<72).contains(x) }
        let matched = drifted.colourMatched(to: original, mask: mask)
        let left = Int(matched[24, 16, 0])
        let right = Int(matched[71, 16, 0])
        #expect(abs(left - 120) <= 2 && abs(right - 120) <= 2, "\(left) \(right)")
    }

    @Test func anotherContentIsNoDriftAndNothingOutsideSaysNothing() {
        let original = picture(40, 40) { _, _ in 250 }
        let made = picture(40, 40) { _, _ in 10 }
        let half = mask(40, 40) { x, _ in x < 20 }
        let matched = made.colourMatched(to: original, mask: half)
        #expect(zip(matched.bytes, made.bytes).allSatisfy { $0 >= $1 && $0 - $1 <= 24 })
        #expect(made.colourMatched(to: original, mask: Mask(width: 40, height: 40, filledWith: 255)) == made)
    }

    /// A flat colour that a model moves by a little each time stays what it was where it is hardly redrawn, ten times over, and the lines
    /// that the model drew into it stay, too.
    @Test func whatIsHardlyRedrawnKeepsItsColour() {
        let first = picture(80, 64) { _, _ in 140 }
        var now = first
        let mask = mask(80, 64) { x, y in (10..<70).contains(x) && (8..<56).contains(y) }
        for _ in 0..<10 {
            let redrawn = Image(
                width: 80, height: 64, channels: 3,
                bytes: now.bytes.enumerated().map { UInt8(min(255, Int($1) + 2 + ($0 / 3 % 80 + $0 / 240) % 2 * 4)) })
            let matched = redrawn.colourMatched(to: now, mask: mask) { _ in 1 }
            now = now.pasted(matched, mask: mask)
        }
        let inside = (20..<60).flatMap { x in (16..<48).map { y in Int(now[x, y, 0]) } }
        #expect(abs(Double(inside.reduce(0, +)) / Double(inside.count) - 140) < 1)
        #expect(now[30, 30, 0] != now[31, 30, 0])
    }

    /// Half kept is half way between what surrounds the mask says and what stood there.
    @Test func aShareIsKept() {
        let original = picture(64, 64) { _, _ in 100 }
        let made = picture(64, 64) { x, _ in x < 16 ? 100 : 112 }
        let mask = mask(64, 64) { x, _ in x >= 16 }
        let none = made.colourMatched(to: original, mask: mask)
        let half = made.colourMatched(to: original, mask: mask) { _ in 0.5 }
        let whole = made.colourMatched(to: original, mask: mask) { _ in 1 }
        #expect([none, half, whole].map { $0[40, 32, 0] } == [112, 106, 100])
    }

    /// What nobody sees does not add up; what was made stays what it is, and between the two nothing jumps.
    @Test func smallChangesAreUndone() {
        let original = Image(width: 8, height: 1, filledWith: [100, 250, 3])
        var bytes = original.bytes
        for (pixel, difference) in [0, 1, 6, -6, 9, -9, 12, 40].enumerated() {
            bytes[pixel * 3] = UInt8(100 + difference)
            bytes[pixel * 3 + 1] = UInt8(250 - abs(difference) / 3)
        }
        let made = Image(width: 8, height: 1, channels: 3, bytes: bytes)
        let undone = made.withSmallChangesUndone(to: original, mask: Mask(width: 8, height: 1, filledWith: 255)) { _ in 6 }
        #expect((0..<8).map { Int(undone.bytes[$0 * 3]) - 100 } == [0, 0, 0, 0, 5, -4, 12, 40])
        #expect((0..<8).map { Int(undone.bytes[$0 * 3 + 1]) - 250 } == [0, 0, 0, 0, -1, -1, -4, -13])
        // Where nothing is expected to be kept, nothing is.
        #expect(made.withSmallChangesUndone(to: original, mask: Mask(width: 8, height: 1, filledWith: 255)) { _ in 0 } == made)
        // By the mask's value.
        let mask = Mask(width: 8, height: 1, values: [255, 255, 255, 10, 10, 10, 10, 10])
        let some = made.withSmallChangesUndone(to: original, mask: mask) { $0 == 255 ? 6 : 0 }
        #expect(Array(some.bytes[..<9]) == Array(original.bytes[..<9]) && Array(some.bytes[9...]) == Array(made.bytes[9...]))
    }
}
