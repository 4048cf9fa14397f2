import Foundation
import Testing

@testable import Pixels

/// A comment in EXIF names its characters in eight bytes; writers disagree about the byte order of UTF-16, and about the eight bytes.
@Suite struct ExifCommentTests {
    /// A block with nothing but a comment of these bytes.
    private func block(_ comment: [UInt8], bigEndian: Bool) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            let little = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return bigEndian ? little.reversed() : little
        }
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> [UInt8] {
            number(tag, 2) + number(type, 2) + number(count, 4) + number(value, 4)
        }
        return Array((bigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4)
            + number(1, 2) + entry(0x8769, 4, 1, 26) + number(0, 4)
            + number(1, 2) + entry(0x9286, 7, comment.count, 44) + number(0, 4) + comment
    }

    private let text = "a fox, 狐\nSteps: 20"

    @Test(arguments: [false, true], [false, true])
    func utf16IsReadInBothOrdersWhateverTheFileSays(_ fileIsBigEndian: Bool, _ textIsBigEndian: Bool) {
        let units = text.utf16.flatMap { unit in
            let bytes = [UInt8(truncatingIfNeeded: unit >> 8), UInt8(truncatingIfNeeded: unit)]
            return textIsBigEndian ? bytes : bytes.reversed()
        }
        #expect(Exif(block(Array("UNICODE\0".utf8) + units, bigEndian: fileIsBigEndian)).userComment == text)
    }

    @Test(arguments: ["ASCII\0\0\0", "\0\0\0\0\0\0\0\0", ""])
    func otherCommentsAreUTF8(_ prefix: String) {
        for bigEndian in [false, true] {
            #expect(Exif(block(Array((prefix + text).utf8), bigEndian: bigEndian)).userComment == text)
        }
    }

    @Test func whatIsNotReadIsNamed() {
        let exif = Exif(block(Array("JIS\0\0\0\0\0".utf8) + [0x46, 0x7C], bigEndian: false))
        #expect(exif.userComment == nil && exif.unreadCommentCharacters == "JIS")
    }
}
