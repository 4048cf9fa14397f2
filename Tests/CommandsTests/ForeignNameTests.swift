import Foundation
import Pixels
import TestSupport
import Testing

/// Names that are no UTF-8, from the shell to the disk and back. A test's own process gives arguments in UTF-8 alone: a shell makes them.
@Suite struct ForeignNameTests {
    private func shell(_ script: String, _ tool: Tool) throws -> Tool.Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, Tool.program("redraw").path]
        process.currentDirectoryURL = tool.home.url
        process.environment = [
            "HOME": tool.home.url.path, "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": tool.path("cache"), "XDG_DATA_HOME": tool.path("data"),
        ]
        let (output, errors) = (URL(fileURLWithPath: tool.path("said")), URL(fileURLWithPath: tool.path("complained")))
        for url in [output, errors] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return .init(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }

    private func tool() throws -> Tool {
        let tool = try Tool()
        try FileManager.default.createDirectory(atPath: tool.path("in"), withIntermediateDirectories: true)
        let image = Image(width: 64, height: 48, channels: 3, bytes: (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 / 5) })
        try ImageFile.write(
            image, to: URL(fileURLWithPath: tool.path("in/caf\u{10FEE9}.png")), text: [("parameters", "a cat\nSteps: 20, Seed: 1")])
        return tool
    }

    @Test func theyAreReadAndShownSafely() throws {
        let tool = try tool()
        for script in [
            "\"$0\" info \"in/$(printf 'caf\\351').png\"", "\"$0\" info in", "find in -name '*.png' | \"$0\" info -",
            "cd in && \"$0\" info ./*.png",
        ] {
            let outcome = try shell(script, tool)
            #expect(
                outcome.status == 0 && outcome.output.contains("caf\\xE9.png") && outcome.output.contains("a cat"), "\(script): \(outcome)")
        }
        let json = try shell("\"$0\" info in --json", tool)
        let read = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        let path = try #require(read.first?["path"] as? String)
        #expect(path == "in/caf\u{10FEE9}.png")
        // A path out of JSON is one that may be given again.
        #expect(try tool.run("info", path).status == 0)
        let none = try shell("\"$0\" info \"$(printf 'no\\377').png\"", tool)
        #expect(none.status == 1 && none.errors.contains("no\\xFF.png") && none.errors.split(separator: "\n").count == 1, "\(none)")
        let list = try shell("printf 'no\\377.png\\n' | \"$0\" info -", tool)
        #expect(list.status == 1 && list.errors.contains("is no path that can be read"), "\(list)")
    }

    @Test func picturesAreMadeOfThemAndUnderSuchNames() throws {
        let tool = try tool()
        let made = try shell(
            "\"$0\" generate \"in/$(printf 'caf\\351').png\" --prompt 'a cat' --steps 1 --size 64x64 --output \"$(printf 'out\\374').png\"",
            tool)
        #expect(made.status == 0 && made.output.contains("out\\xFC.png"), "\(made)")
        #expect(
            try shell("[ -s \"$(printf 'out\\374').png\" ] && \"$0\" info \"$(printf 'out\\374').png\"", tool).output.contains(
                "generation 1"))
        let folder = try shell(
            "\"$0\" generate in --prompt 'a cat' --steps 1 --size 64x64 --output \"$(printf 'all\\374')/\" && ls -b \"$(printf 'all\\374')\"",
            tool)
        #expect(folder.status == 0 && folder.output.contains("caf\\351.png"), "\(folder)")
        #expect(try shell("\"$0\" show g1", tool).output.contains("out\\xFC.png"))
        let export = try shell("\"$0\" export", tool)
        #expect(
            export.status == 0 && export.output.contains("out\\udbff\\udefc.png") || export.output.contains("out\u{10FEFC}.png"),
            "\(export.errors)")
        let back = try shell("\"$0\" export > all.json && \"$0\" import all.json --library other && \"$0\" export --library other", tool)
        #expect(back.status == 0 && back.output.contains("caf"), "\(back.errors)")
        #expect(try shell("\"$0\" export --library other > copy.json && cmp all.json copy.json", tool).status == 0)
        // Words are another matter.
        let prompt = try shell("\"$0\" paint \"$(printf 'caf\\351')\" --steps 1 --output x.png", tool)
        #expect(prompt.status == 64 && prompt.errors.contains("UTF-8"), "\(prompt)")
        let library = try shell("\"$0\" history --library \"$(printf 'caf\\351')\"", tool)
        #expect(library.status == 64 && library.errors.contains("UTF-8") && library.errors.contains("caf\\xE9"), "\(library)")
    }
}
