import Foundation
import Pixels
import TestSupport
import Testing

@testable import Commands
@testable import Screening

/// Files that would hold a command up, be written over, or speak to the terminal.
@Suite struct FileTests {
    private func picture(_ tool: Tool, _ name: String, text: [(String, String)] = []) throws -> String {
        let image = Image(width: 64, height: 48, filledWith: [90, 120, 60])
        try ImageFile.write(image, to: URL(fileURLWithPath: tool.path(name)), text: text)
        return tool.path(name)
    }

    /// Numbers of any size, or none, are shown as they are.
    @Test(arguments: ["1e30", "nan", "inf", "-1e308", "1e400", "7.125"])
    func recoveredNumbersOfAnySizeAreShown(_ number: String) throws {
        let tool = try Tool()
        let text =
            "a cat\nSteps: 20, Sampler: Euler a, CFG scale: \(number), Seed: 1, Size: 512x512, Denoising strength: \(number)"
        let outcome = try tool.run("info", picture(tool, "a.png", text: [("parameters", text)]))
        #expect(outcome.status == 0 && outcome.output.contains("a cat"), "\(outcome)")
        for value in [1e30, .nan, .infinity, -1e308, 0.005, 1e15] {
            #expect(!ReviewSession.number(value).isEmpty)
        }
        #expect(
            ReviewSession.number(7.125) == "7.13" && ReviewSession.number(3) == "3"
                && ReviewSession.number(1e30) == "1e+30")
    }

    /// What was not copied to its end is refused, or taken as far as it goes.
    @Test func whatEndsEarlyIsTakenWhereItIsAskedFor() throws {
        let tool = try Tool()
        let image = Image(width: 64, height: 48, channels: 3, bytes: (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) })
        for (name, bytes) in [("a.png", try ImageFile.encodePNG(image)), ("a.jpg", try ImageFile.encodeJPEG(image))] {
            let path = tool.path(name)
            try FileBytes.write(Array(bytes.prefix(bytes.count * 2 / 3)), to: URL(fileURLWithPath: path))
            let refused = try tool.run("embed", path)
            #expect(refused.status == 1 && refused.errors.contains("ends early") && refused.errors.contains("--accept-truncated"))
            let taken = try tool.run("embed", path, "--accept-truncated")
            #expect(taken.status == 0 && taken.output.contains("embedding"), "\(name): \(taken.errors)")
        }
    }

    /// What was asked for is read by type at the door: the history would end at it later.
    @Test func anExportWhoseOrdersAreNoneIsRefused() throws {
        let tool = try Tool()
        let picture = checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg").path
        for (command, words, output) in [("paint", ["a cat"], "cat.png"), ("generate", [picture, "--prompt", "a cat"], "new.png")] {
            let made = try tool.run(arguments: [command] + words + ["--size", "64x64", "--steps", "1", "--output", tool.path(output)])
            #expect(made.status == 0, "\(made.errors)")
        }
        let file = tool.path("export.json")
        #expect(try tool.run("export", "--output", file).status == 0)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        func imported(_ text: String) throws -> Tool.Outcome {
            try text.write(toFile: tool.path("changed.json"), atomically: true, encoding: .utf8)
            return try tool.run("import", tool.path("changed.json"), "--library", tool.path(UUID().uuidString))
        }
        #expect(try imported(text).status == 0)
        let steps = try #require(text.range(of: #"\"steps\":1"#))
        let last = try #require(text.range(of: #"\"steps\":1"#, options: .backwards))
        #expect(steps != last)
        for (place, name) in [(steps, "pictures[0].generations[0]"), (last, "generations[0]")] {
            for value in ["1e300", #"\"many\""#, "[1]"] {
                let refused = try imported(text.replacingCharacters(in: place, with: #"\"steps\":"# + value))
                let said = "\(name).request cannot be read"
                #expect(refused.status == 1 && refused.errors.contains(said), "\(refused.errors)")
            }
        }
    }

    /// What was asked for and cannot be read ends no list, is told with the remedy, does not leave the library or come into another one, and is
    /// set aside by a repair, with what was made staying.
    @Test func anOrderThatCannotBeReadIsToldAndMended() throws {
        let tool = try Tool()
        let library = tool.path("data/redraw")
        for (seed, words) in [(1, "a cat"), (2, "a dog")] {
            let made = try tool.run(
                "paint", words, "--seed", "\(seed)", "--size", "64x64", "--steps", "1", "--output", tool.path("\(seed).png"))
            #expect(made.status == 0, "\(made.errors)")
        }
        do {
            let opened = try Library(folder: URL(fileURLWithPath: library))
            try opened.onWriter { db in
                try db.execute(sql: "DROP TRIGGER finishedGenerationIsKept")
                try db.execute(sql: #"UPDATE generation SET request = '{"prompt":"a cat","steps":1e300}' WHERE id = 1"#)
            }
        }
        let remedy = "table generation, row id 1, column request"
        for command in [["history"], ["history", "--generations", "--json"], ["show", "g1"], ["search", "cat"]] {
            let told = try tool.run(arguments: command)
            #expect(told.status == 0 && told.output.contains(remedy) && told.output.contains("doctor --repair"), "\(command): \(told)")
        }
        #expect(try tool.run("history").output.split(separator: "\n").count == 2)
        let doctor = try tool.run("doctor")
        #expect(doctor.status == 1 && doctor.output.contains(remedy), "\(doctor)")
        let exported = try tool.run("export", "--output", tool.path("export.json"))
        #expect(exported.status == 1 && exported.errors.contains(remedy) && exported.errors.contains("doctor --repair"), "\(exported)")
        #expect(!FileManager.default.fileExists(atPath: tool.path("export.json")))
        let merged = try tool.run("import", library, "--library", tool.path("other"))
        #expect(merged.status == 1 && merged.errors.contains(remedy) && merged.errors.contains(library), "\(merged)")
        #expect(merged.errors.split(separator: "\n").count == 1, "\(merged.errors)")

        let repaired = try tool.run("doctor", "--repair")
        #expect(repaired.status == 0 && (repaired.errors + repaired.output).contains("1 value of generation.request"), "\(repaired)")
        let history = try tool.run("history")
        #expect(history.output.contains("g1 paint, done, seed 1") && !history.output.contains("damaged"), "\(history)")
        #expect(try tool.run("export", "--output", tool.path("export.json")).status == 0)
        for source in [tool.path("export.json"), library] {
            let taken = try tool.run("import", source, "--library", tool.path("other"))
            #expect(taken.status == 0, "\(source): \(taken.errors)")
        }
        #expect(try tool.run("history", "--library", tool.path("other")).output.split(separator: "\n").count == 2)
    }

    /// A suggestion of another library that cannot be read keeps its picture there until it is mended, and the others come in.
    @Test func aSuggestionThatCannotBeReadEndsNoImport() throws {
        let tool = try Tool()
        let other = tool.path("other")
        let paths = try [(UInt8(40), "a.png"), (UInt8(180), "b.png")].map { shade, name in
            let image = Image(width: 64, height: 48, filledWith: [shade, 120, 60])
            try ImageFile.write(image, to: URL(fileURLWithPath: tool.path(name)))
            return tool.path(name)
        }
        #expect(try tool.run(arguments: ["analyze", "--library", other] + paths).status == 0)
        do {
            let opened = try Library(folder: URL(fileURLWithPath: other))
            try opened.onWriter { db in
                let last = "(SELECT max(id) FROM suggestion WHERE pictureId = 1)"
                try db.execute(sql: "UPDATE suggestion SET rank = 'first' WHERE id = \(last)")
            }
        }
        let taken = try tool.run("import", other)
        #expect(taken.status == 1 && taken.errors.contains("1 picture added, 0 merged"), "\(taken)")
        let told = taken.errors.split(separator: "\n").filter { $0.contains("table suggestion") && $0.contains("doctor --repair") }
        #expect(told.count == 1 && told[0].hasPrefix("import: picture 1 of the library \(other)"), "\(taken)")
        #expect(try tool.run("doctor", "--repair", "--library", other).status == 0)
        let again = try tool.run("import", other)
        #expect(again.status == 0 && again.errors.contains("1 picture added, 1 merged"), "\(again)")
    }

    /// A prompt that cannot be read any more is told, and its picture is looked at as the others are.
    @Test func aPromptThatCannotBeReadEndsNoLookAtAFolder() throws {
        let tool = try Tool()
        let paths = try [(UInt8(40), "a.png"), (UInt8(180), "b.png")].map { shade, name in
            let image = Image(width: 64, height: 48, filledWith: [shade, 120, 60])
            try ImageFile.write(image, to: URL(fileURLWithPath: tool.path(name)))
            return tool.path(name)
        }
        #expect(try tool.run(arguments: ["analyze"] + paths).status == 0)
        do {
            let opened = try Library(folder: URL(fileURLWithPath: tool.path("data/redraw")))
            try opened.record(NewPrompt(positive: "words"), of: 1)
            try opened.onWriter { db in
                try db.execute(sql: "DROP TRIGGER promptIsKept")
                try db.execute(sql: "UPDATE prompt SET positive = X'00ff'")
            }
        }
        let told = try tool.run(arguments: ["analyze", "--again"] + paths)
        #expect(told.status == 0 && paths.allSatisfy { told.output.contains($0) }, "\(told)")
        #expect(told.errors.contains(paths[0]) && told.errors.contains("table prompt"), "\(told.errors)")
        #expect(told.errors.contains("doctor --repair") && !told.errors.contains(paths[1]), "\(told.errors)")
        // Nor does it end a list of neighbours.
        let near = try tool.run("similar", paths[1])
        #expect(near.status == 0 && near.output.contains("p1") && near.errors.contains("table prompt"), "\(near)")
        let listed = try tool.run("similar", paths[1], "--json")
        #expect(listed.status == 0 && listed.output.contains("table prompt"), "\(listed)")
    }

    /// A pipe nobody writes into ends a command at once.
    @Test func aPipeIsRefused() throws {
        let tool = try Tool()
        let pipe = tool.path("pipe.png")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(try tool.run("import", pipe).status == 1)
        for arguments in [["info", pipe], ["analyze", pipe]] {
            let outcome =
                try arguments.count == 2 ? tool.run(arguments[0], arguments[1]) : tool.run(arguments[0])
            #expect(outcome.status == 1 && outcome.errors.contains("pipe"), "\(outcome)")
        }
        let model = tool.path("model.safetensors")
        #expect(mkfifo(model, 0o600) == 0)
        #expect(try tool.run("paint", "a cat", "--model", model).status == 1)
    }

    /// What limits leave is asked before: memory that gives out on the way ends a process without a word.
    @Test func tooLittleMemoryIsToldBeforehand() throws {
        let tool = try Tool()
        let source = try picture(tool, "source.png")
        let paint = "paint x --size 64x64 --steps 1 --output '\(tool.path("painted.png"))'"
        for (command, limit) in [("analyze '\(source)'", 800_000), (paint, 800_000), (paint, 400_000), ("models list", 200_000)] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "ulimit -v \(limit); exec \"$0\" \(command)", Tool.program("redraw").path]
            process.environment = ["HOME": tool.home.url.path, "PATH": "/usr/bin:/bin"]
            let errors = Pipe()
            (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
            try process.run()
            let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 1, "\(command): \(said)")
            #expect(said.contains("MB of memory") && said.split(separator: "\n").count == 1, "\(command): \(said)")
        }
    }

    /// Neither the picture nor anything else is written over without a word, and the picture and the library never.
    @Test func nothingIsWrittenOverUnasked() throws {
        let tool = try Tool()
        let source = try picture(tool, "source.png")
        let other = try picture(tool, "other.png")
        let before = try Data(contentsOf: URL(fileURLWithPath: source))
        func generate(_ more: String...) throws -> Tool.Outcome {
            let (process, input, output, errors) = try tool.start(
                ["generate", source, "--prompt", "a cat", "--steps", "1", "--size", "64x64"] + more)
            try input.fileHandleForWriting.close()
            let said = output.fileHandleForReading.readDataToEndOfFile()
            let complained = errors.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return .init(
                status: process.terminationStatus, output: String(decoding: said, as: UTF8.self),
                errors: String(decoding: complained, as: UTF8.self))
        }
        for option in ["--preview", "--output"] {
            let taken = try generate(option, other)
            #expect(taken.status == 1 && taken.errors.contains("exists already"), "\(taken)")
            let own = try generate(option, source, "--overwrite")
            #expect(own.status == 1 && own.errors.contains("never written over"), "\(own)")
        }
        let latent = try generate("--latent", other)
        #expect(latent.status == 1 && latent.errors.contains("exists already"), "\(latent)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: source)) == before)

        // A link that leads nowhere is a name that is taken; a name too long is told before anything is computed.
        let link = tool.path("link.png")
        #expect(symlink(tool.path("nowhere/x.png"), link) == 0)
        let dangling = try generate("--output", link)
        #expect(dangling.status == 1 && dangling.errors.contains("exists already"), "\(dangling)")
        let long = try generate("--output", tool.path(String(repeating: "n", count: 300) + ".png"))
        #expect(long.status == 1 && long.errors.contains("too long"), "\(long)")
    }

    /// Escape sequences from texts and names reach neither output nor errors; JSON keeps them, escaped.
    @Test func escapesNeverReachTheTerminal() throws {
        let tool = try Tool()
        let evil = "\u{1B}]0;owned\u{07}\u{1B}[2J a cat \u{9B}31m \u{202E}x"
        let file = try picture(
            tool, "a.png",
            text: [
                ("parameters", evil + "\nSteps: 20, Sampler: \u{1B}[5m, Seed: 1, Model: m"), ("note", evil),
            ])
        func acts(_ text: String) -> Bool {
            text.unicodeScalars.contains {
                $0.value < 0x20 && $0 != "\n" && $0 != "\t" || (0x7F..<0xA0).contains($0.value)
                    || $0.value == 0x202E
            }
        }
        for arguments in [["info", file], ["info", tool.path(evil)]] {
            let outcome = try tool.run(arguments[0], arguments[1])
            #expect(!acts(outcome.output) && !acts(outcome.errors), "\(outcome)")
        }
        let json = try tool.run("info", file, "--json")
        #expect(
            !acts(json.output) && json.output.contains("\\u009b") && json.output.contains("\\u001b"))
        let read = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect((read["text"] as? [String: String])?["note"]?.contains("\u{9B}31m") == true)
    }

    /// An error that quotes a damaged file at length keeps what is wrong and what to do.
    @Test func aLongErrorIsCutInItsMiddle() {
        struct Long: Error, CustomStringConvertible { let description: String }
        let told = CommandLineTool.oneLine(Long(description: "it says\n" + String(repeating: "x", count: 9_000) + "; name another"))
        #expect(told.count < 2_100 && told.hasPrefix("it says xx") && told.hasSuffix("x; name another") && told.contains("x … x"))
        #expect(CommandLineTool.oneLine(Long(description: String(repeating: "x", count: 2_000))).count == 2_000)
    }

    @Test func harmlessTextKeepsItsOwnColoursOnly() {
        let paint = Paint(enabled: true)
        let text = paint.bold("a") + "\u{1B}[2J\u{1B}[8m\tb\n"
        #expect(
            DisplayText.harmless(output: text, withColours: true) == paint.bold("a")
                + "\u{FFFD}[2J\u{FFFD}[8m\tb\n")
        #expect(!DisplayText.harmless(output: text, withColours: false).contains("\u{1B}"))
        #expect(DisplayText.harmless("日本 👩‍🚀 é") == "日本 👩‍🚀 é")
        // One long word is cut into lines in the time it takes to read it.
        let begin = ContinuousClock.now
        #expect(DisplayText.wrapped(String(repeating: "a", count: 300_000), 80).count == 3750)
        #expect(begin.duration(to: .now) < .seconds(3))
    }
}
