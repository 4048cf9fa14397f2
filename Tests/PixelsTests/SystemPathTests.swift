import Foundation
import TestSupport
import Testing

@testable import Pixels

/// Names that are no UTF-8, and what a killed write leaves.
@Suite struct SystemPathTests {
    private func bytes(_ text: String) -> [UInt8] {
        text.withSystemPath { path in (0..<strlen(path)).map { UInt8(bitPattern: path[$0]) } }
    }

    @Test func everyNameComesBackByteForByte() {
        var random = SeededGenerator.announced()
        let pieces: [[UInt8]] = [
            Array("café".utf8), [0xE9], [0xC3], [0xF4, 0x8F, 0xBA, 0xA9], [0xF4, 0x8F], [0xED, 0xA0, 0x80], [0xC0, 0x80], Array("日本".utf8),
            [0xFF],
            Array("a b.jpg".utf8), [0x0A], [0x1B],
        ]
        for _ in 0..<5000 {
            var name: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                name +=
                    Bool.random(using: &random)
                    ? pieces.randomElement(using: &random)! : [UInt8.random(in: 1...255, using: &random)]
            }
            let text = SystemPath.text(of: name)
            #expect(bytes(text) == name, "\(name)")
            // It may be printed and typed again, and stands in a URL as in a path.
            #expect(bytes(SystemPath.text(of: Array(text.utf8), isTyped: true)) == name)
            if !name.contains(UInt8(ascii: "/")) {
                #expect(bytes(URL(fileURLWithPath: "/a").appendingPathComponent(text).path) == Array("/a/".utf8) + name)
            }
        }
        #expect(SystemPath.text(of: Array("café.jpg".utf8)) == "café.jpg" && !SystemPath.isForeign("café.jpg"))
        #expect(SystemPath.text(of: [0x63, 0xE9]) == "c\u{10FEE9}" && SystemPath.isForeign("c\u{10FEE9}"))
        #expect(SystemPath.byte(of: "\u{10FEE9}") == 0xE9 && SystemPath.byte(of: "é") == nil)
    }

    @Test func filesOfSuchNamesAreWrittenAndRead() throws {
        let folder = try TemporaryFolder()
        let place = folder.url.path + "/" + SystemPath.text(of: Array("de".utf8) + [0xE9]) + "/in"
        #expect(SystemPath.makeFolder(place) == nil && SystemPath.kind(of: place) == .folder && SystemPath.makeFolder(place) == nil)
        let file = URL(fileURLWithPath: place + "/" + SystemPath.text(of: [0xFF, 0x2E, 0x70, 0x6E, 0x67]))
        for replacing in [false, true] { try FileBytes.write([1, 2], to: file, replacing: replacing) }
        #expect(throws: ImageError.exists) { try FileBytes.write([3], to: file, replacing: false) }
        #expect(try FileBytes.read(file) == [1, 2] && SystemPath.kind(of: file.path) == .file)
        // The system has the bytes, and nothing else lies beside them.
        var names: [[UInt8]] = []
        let directory = try #require(place.withSystemPath { opendir($0) })
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        #expect(names == [[0xFF, 0x2E, 0x70, 0x6E, 0x67]])
        #expect(SystemPath.resolved(place + "/../in/.") == SystemPath.resolved(place) && SystemPath.resolved(place + "/x") == nil)
        #expect(SystemPath.kind(of: place + "/x") == nil && SystemPath.makeFolder(file.path + "/x") != nil)
    }

    @Test func whatAKilledWriteLeftIsRemoved() throws {
        let folder = try TemporaryFolder()
        func make(_ name: String, seconds: Int) throws -> String {
            let path = folder.url.appendingPathComponent(name).path
            try Data(repeating: 1, count: 10).write(to: URL(fileURLWithPath: path))
            var times = [timeval(tv_sec: time(nil) - seconds, tv_usec: 0), timeval(tv_sec: time(nil) - seconds, tv_usec: 0)]
            #expect(utimes(path, &times) == 0)
            return path
        }
        let abandoned = try [".redraw-0123456789abc.tmp", ".redraw-1y2p0ij32e8e7"].map { try make($0, seconds: 7200) }
        let held = try make(".redraw-held000000000.tmp", seconds: 7200)
        let stay = [
            try make(AbandonedFiles.newName(), seconds: 60), try make(".redraw-configuration", seconds: 7200),
            try make(".redraw-0123456789abc.tmp.png", seconds: 7200), try make("redraw-0123456789abc.tmp", seconds: 7200), held,
        ]
        try FileManager.default.createDirectory(atPath: folder.url.path + "/.redraw-folder0000000.tmp", withIntermediateDirectories: false)
        let descriptor = open(held, O_RDONLY)
        #expect(flock(descriptor, LOCK_SH) == 0)
        #expect(AbandonedFiles.remove(in: folder.url.path) == (2, 20))
        #expect(abandoned.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
        #expect(stay.allSatisfy { FileManager.default.fileExists(atPath: $0) })
        close(descriptor)
        // Whoever writes there next clears up.
        try FileBytes.write([1], to: folder.url.appendingPathComponent("a"))
        #expect(!FileManager.default.fileExists(atPath: held))
        #expect(AbandonedFiles.remove(in: folder.url.path + "/nowhere") == (0, 0))
    }
}
