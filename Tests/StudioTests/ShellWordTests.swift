import Foundation
import Pixels
import Studio
import TestSupport
import Testing

@Suite struct ShellWordTests {
    @Test func whatAShellWouldTakeApartIsQuoted() {
        #expect(ShellWord.quoted("a/b-c_1.png") == "a/b-c_1.png" && ShellWord.quoted("~/bücher.jpg") == "~/bücher.jpg")
        #expect(ShellWord.quoted("my portrait.jpg") == "'my portrait.jpg'" && ShellWord.quoted("") == "''")
        #expect(ShellWord.quoted("it's $5") == "'it'\\''s $5'")
    }

    @Test func whatATerminalDoesNotShowIsWrittenOut() {
        #expect(ShellWord.quoted("caf\u{10FEE9}.jpg") == "$'caf\\xE9.jpg'")
        #expect(ShellWord.quoted("it's\n5 \\ 6") == "$'it\\'s\\x0A5 \\\\ 6'")
        #expect(ShellWord.quoted("\u{202E}gpj.exe") == "$'\\xE2\\x80\\xAEgpj.exe'")
    }

    @Test func aNameThatLooksLikeAnOptionOrAHomeIsNamedFromHere() {
        let here = FileManager.default.currentDirectoryPath
        #expect(ShellWord.path(here + "/-x.jpg") == "./-x.jpg" && ShellWord.path(here + "/~x.jpg") == "'./~x.jpg'")
        #expect(ShellWord.path(here + "/a/b.jpg") == "a/b.jpg")
    }

    /// Whatever bytes a name has, a shell that is given the word makes them of it.
    @Test func aShellMakesTheSameBytesOfIt() throws {
        var random = SeededGenerator.announced()
        let telling = Array("ab 'é$\"\\~-*?!#&;()<>|`{}[]\n\t\r".utf8) + [0x80, 0xCC, 0x81, 0xC3, 0xE9, 0xFF, 0x1B, 0x7F]
        let names = (0..<200).map { _ in (0..<Int.random(in: 1...12, using: &random)).map { _ in telling.randomElement(using: &random)! } }
        let words = names.map { ShellWord.quoted(SystemPath.text(of: $0, isTyped: true)) }
        for word in words { #expect(word.unicodeScalars.allSatisfy { $0.value >= 0x20 && ForeignNames.byte(of: $0) == nil }, "\(word)") }
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", "printf '%s\\0' \(words.joined(separator: " "))"]
        shell.environment = ["HOME": "/nowhere"]
        let pipe = Pipe()
        shell.standardOutput = pipe
        try shell.run()
        let said = pipe.fileHandleForReading.readDataToEndOfFile().split(separator: 0, omittingEmptySubsequences: false)
        shell.waitUntilExit()
        try #require(shell.terminationStatus == 0 && said.count == names.count + 1)
        for (name, bytes) in zip(names, said) where !name.starts(with: Array("~".utf8)) { #expect(Array(bytes) == name) }
    }
}
