import Foundation
import Glibc
import Pixels

/// Names of files that are no UTF-8, as surfaces meet them: in paths each of their bytes stands as a character for private use.
package enum ForeignNames {
    /// What the program was started with, but for its name; a path that is no UTF-8 is whole.
    package static var arguments: [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { number in
            CommandLine.unsafeArgv[number].map { SystemPath.text(of: bytes(of: $0), isTyped: true) }
        }
    }

    /// The byte that a character stands for in a path; nil for every other character.
    package static func byte(of scalar: Unicode.Scalar) -> UInt8? { SystemPath.byte(of: scalar) }

    /// Whether a text has bytes that are no UTF-8: a file may be called so, words are not read so.
    package static func isForeign(_ text: String) -> Bool { SystemPath.isForeign(text) }

    /// The name as people read it: `caf\xE9.jpg`.
    package static func shown(_ name: String) -> String {
        guard isForeign(name) else { return name }
        return name.unicodeScalars.reduce(into: "") { shown, scalar in
            guard let byte = byte(of: scalar) else { return shown.unicodeScalars.append(scalar) }
            shown += "\\x" + String(byte, radix: 16, uppercase: true)
        }
    }

    private static func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
        UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    }
}

/// Paths on standard input, one a line.
struct InputLines {
    /// No path is longer; what follows in its line is left out.
    private static let longest = 16 << 10

    private var piece = [UInt8](repeating: 0, count: 64 << 10)
    private var waiting = 0..<0

    /// The next line, without its end; nil at the input's end.
    mutating func next() -> String? {
        var line: [UInt8] = []
        while true {
            if waiting.isEmpty {
                let count = piece.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return line.isEmpty ? nil : text(line) }
                waiting = 0..<count
            }
            let end = piece[waiting].firstIndex(of: UInt8(ascii: "\n"))
            line += piece[waiting.lowerBound..<(end ?? waiting.upperBound)].prefix(max(0, Self.longest - line.count))
            waiting = (end.map { $0 + 1 } ?? waiting.upperBound)..<waiting.upperBound
            if end != nil { return text(line) }
        }
    }

    private func text(_ line: [UInt8]) -> String {
        SystemPath.text(of: line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...], isTyped: true)
    }
}
