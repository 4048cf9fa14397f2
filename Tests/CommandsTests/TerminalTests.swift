import Foundation
import Testing

@testable import Commands
@testable import Screening
@testable import Studio

/// Where text is shown decides how wide its lines are.
@Suite struct TerminalTests {
    private let value = Array(repeating: "a photo of a cup", count: 20).joined(separator: ", ")

    private func lines(on descriptor: Int32) -> [String] {
        LabelledText(Terminal(descriptor: descriptor)).lines("prompt", value).map { line in
            Paint.codes.reduce(line) { $0.replacingOccurrences(of: $1, with: "") }
        }
    }

    @Test func aTerminalsLinesAreFolded() throws {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        for (columns, widest) in [(60, 60), (200, 120)] {
            var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
            try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
            let told = lines(on: terminal)
            #expect(told.count > 1 && told.allSatisfy { DisplayText.width(of: $0) <= widest }, "\(told)")
            #expect(told.map { $0.dropFirst(14) }.joined(separator: " ") == value)
            #expect(Terminal(descriptor: terminal).columns == columns)
        }
    }

    @Test func aPipesLinesAreWhole() throws {
        let pipe = Pipe()
        let end = pipe.fileHandleForWriting.fileDescriptor
        #expect(lines(on: end) == ["  prompt      " + value])
        let suggestion = SuggestionReport(Suggestion(tag: value, facet: "subject", confidence: 0.9, rank: 1))
        for (columns, isWhole) in [(Terminal(descriptor: end).columns, true), (60, false)] {
            let line = CommandText.line(suggestion, width: columns, paint: Paint(enabled: false))
            #expect(line.contains(value) == isWhole, "\(line)")
        }
    }
}
