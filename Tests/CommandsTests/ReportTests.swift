import Foundation
import Pixels
import TestSupport
import Testing

/// What scripts read: every `--json` against the one schema file.
@Suite(.serialized) struct ReportTests {
    private let coffee = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path
    private let cat = checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg").path
    private let servers = ServingProcesses()

    @Test func everyReportIsAsTheSchemaSays() throws {
        let tool = try Tool()
        let schema = try JSONSchema.reports()
        // What was printed by each command, by the names of the schema.
        var checked: [String: Set<String>] = [:]
        func check(
            _ name: String, _ arguments: [String], isList: Bool = false, always: Bool = false, environment: [String: String] = [:]
        ) throws {
            let made = try tool.run(arguments: arguments + (always ? [] : ["--json"]), environment: environment)
            #expect(made.status == 0, "\(arguments): \(made.errors)")
            let problems = schema.problems(of: made.output, as: name, isList: isList)
            #expect(problems.isEmpty, "\(arguments): \(problems.joined(separator: "\n"))")
            let command = [arguments.prefix(2).joined(separator: " "), arguments[0]].first { schema.commands[$0] != nil }
            checked[try #require(command, "\(arguments) is not listed"), default: []].insert(name)
        }
        let mask = tool.path("mask.png")
        let size = try ImageFile.size(of: URL(fileURLWithPath: coffee))
        let white = (0..<size.width * size.height).map { UInt8($0 % size.width < 60 ? 255 : 0) }
        try ImageFile.write(
            Image(width: size.width, height: size.height, channels: 1, bytes: white), to: URL(fileURLWithPath: mask))

        try check("analysis", ["analyze", cat])
        try check("analysis", ["analyze", cat, coffee], isList: true)
        try check("picture", ["tag", cat, "--approve-above", "0.01", "--add", "soft light"])
        try check("prompt", ["prompt", cat])
        try check("prompt", ["prompt", cat, "--versions"], isList: true)
        try check("made", ["generate", cat, "--steps", "2", "--size", "64x64", "--output", tool.path("a.png")])
        try check(
            "made",
            ["repaint", coffee, "--mask", mask, "--prompt", "x", "--steps", "2", "--size", "64x64", "--output", tool.path("b.png")])
        try check("made", ["paint", "a cat", "--steps", "2", "--size", "64x64", "--output", tool.path("c.png")])
        try check(
            "made",
            ["generate", cat, "--steps", "4", "--strengths", "0.5,1", "--size", "64x64", "--output", tool.path("d.png")])
        try check("job", ["paint", "a cat", "--steps", "2", "--size", "64x64", "--output", tool.path("e.png"), "--later"])
        try check("job", ["generate", cat, "--steps", "2", "--size", "64x64", "--output", tool.path("f.png"), "--later"])
        try check(
            "job",
            [
                "repaint", coffee, "--mask", mask, "--prompt", "x", "--steps", "2", "--size", "64x64", "--output", tool.path("g.png"),
                "--later",
            ])
        try check("job", ["jobs", "list"], isList: true)
        let listed = try JSONSerialization.jsonObject(with: Data(try tool.run("jobs", "--json").output.utf8)) as? [[String: Any]] ?? []
        let waiting = listed.filter { $0["state"] as? String == "queued" }.compactMap { ($0["id"] as? Int).map(String.init) }
        #expect(waiting.count == 3, "\(listed)")
        try check("job", ["jobs", "cancel"] + waiting.prefix(2), isList: true)
        try check("made", ["jobs", "run"], isList: true)
        try check("cleared", ["jobs", "clear"])
        try check(
            "drawnSheet",
            ["sheet", "--prompt", "a cat", "--x", "steps=2,3", "--size", "64x64", "--first-side", "0", "--output", tool.path("sheet.png")])
        try check("sheet", ["sheet"], isList: true)
        try check("generation", ["rate", "g1", "4"])
        try check("happening", ["history"], isList: true)
        try check("generation", ["show", "g1"])
        try check("picture", ["show", cat])
        try check("picture", ["review", cat], isList: true)
        try check("model", ["models", "list"], isList: true)
        try check("model", ["models", "show", "redraw-small"])
        let hat = tool.path("hub/owner/hats/hat.safetensors")
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: hat).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Tool.weights(PullTests.lora).write(to: URL(fileURLWithPath: hat))
        try check("identity", ["models", "identify", hat], isList: true)
        try check("registration", ["models", "add", hat, "--name", "brim"], isList: true)
        let hub = try servers.start(python: [fixture("hub_server.py", room: "Engines").path, tool.path("hub")])
        try check("pulled", ["models", "pull", "owner/hats"], environment: ["HF_ENDPOINT": hub.address])
        try check("vocabulary", ["vocab", "list"], isList: true)
        try check("vocabulary", ["vocab", "check"])
        try check("calibration", try calibration(tool))
        try check("thresholds", ["vocab", "thresholds"])
        try check("file", ["info", tool.path("a.png")])
        try check("file", ["info", coffee, cat], isList: true)
        try FileManager.default.copyItem(atPath: cat, toPath: tool.path("cat.jpg"))
        try check("caption", ["captions", tool.path("cat.jpg")], isList: true)
        try check("keywords", ["keywords", tool.path("cat.jpg")], isList: true)
        try Data("name,prompt,negative_prompt\nNight,\"{prompt}, at night\",bright\n".utf8).write(
            to: URL(fileURLWithPath: tool.path("styles.csv")))
        try check("styles", ["styles", "import", tool.path("styles.csv")])
        try check("style", ["styles", "list"], isList: true)
        try check("found", ["search", "soft"], isList: true)
        #expect(try tool.run("paint", "zeppelin", "--steps", "1", "--size", "64x64", "--output", tool.path("h.png")).status == 0)
        try check("foundPainting", ["search", "zeppelin"], isList: true)
        try check("forgotten", ["forget", cat])
        try check("finding", ["doctor"], isList: true)
        try check("bench", ["bench"])
        try check("similar", ["similar", cat], isList: true)
        try check("embedding", ["embed", "text", "a cat"], isList: true, always: true)
        try check("times", ["embed", "text", "a cat", "--time", "2"], always: true)
        try check("embedding", ["embed", "image", cat], isList: true, always: true)
        try check("times", ["embed", "image", cat, "--time", "2"], always: true)
        let tagger = fixture("tagger-vit", room: "Encoders").path
        for more in [[], ["--raw"]] {
            try check("labels", ["embed", "labels", cat, "--tagger", tagger] + more, isList: true, always: true)
        }
        let export = tool.path("export.json")
        #expect(try tool.run("export", "--output", export).status == 0)
        try check("imported", ["import", export])
        #expect(try tool.run("config", "set", "preset.quick.steps", "2").status == 0)
        #expect(try tool.run("config", "set", "steps", "8").status == 0)
        try check("settings", ["config", "list"])
        // What others are made of stands in them.
        let parts: Set = ["composition", "confidence", "recovered", "suggestion"]
        #expect(schema.commands.values.reduce(into: parts) { $0.formUnion($1) } == schema.names)
        for (command, names) in schema.commands.sorted(by: { $0.key < $1.key }) {
            #expect(checked[command] == Set(names), "what \(command) prints")
        }
    }

    /// Whoever writes a command that offers `--json` says in the schema what it prints; the test above looks whether it does.
    @Test func everyCommandThatOffersJSONIsInTheSchema() throws {
        let listed = try JSONSchema.reports().commands
        let help = try Tool().run("--experimental-dump-help").output
        let root = try #require(try JSONSerialization.jsonObject(with: Data(help.utf8)) as? [String: Any])
        var offering: Set<String> = []
        func walk(_ command: [String: Any], below path: [String]) {
            let arguments = command["arguments"] as? [[String: Any]] ?? []
            let names = arguments.flatMap { $0["names"] as? [[String: Any]] ?? [] }.compactMap { $0["name"] as? String }
            if names.contains("json") { offering.insert(path.joined(separator: " ")) }
            for below in command["subcommands"] as? [[String: Any]] ?? [] {
                walk(below, below: path + [below["commandName"] as? String ?? ""])
            }
        }
        walk(try #require(root["command"] as? [String: Any]), below: [])
        #expect(offering.count > 30)
        // Embeddings are printed as JSON whether asked or not.
        #expect(offering.union(["embed image", "embed text", "embed labels"]) == Set(listed.keys))
    }

    /// As many small pictures as it takes, for a narrow encoder and a few words.
    private func calibration(_ tool: Tool) throws -> [String] {
        let folder = URL(fileURLWithPath: tool.path("noise"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var random = SeededGenerator(seed: 5)
        for number in 0..<50 {
            let bytes = (0..<(48 * 40 * 3)).map { _ in UInt8.random(in: 0...255, using: &random) }
            try ImageFile.write(
                Image(width: 48, height: 40, channels: 3, bytes: bytes), to: folder.appendingPathComponent("\(number).png"))
        }
        let words = tool.path("words.txt")
        try Data((0..<30).map { "thing \($0)\n" }.joined().utf8).write(to: URL(fileURLWithPath: words))
        return ["vocab", "calibrate", folder.path, "--encoder", fixture("clip", room: "Encoders").path, "--vocabulary", words]
    }

    /// A job that is left in the queue is made by whoever works it off, once.
    @Test func whatIsLeftForLaterIsMadeByTheQueue() throws {
        let tool = try Tool()
        let outputs = ["a.png", "b.png", "c.png"].map(tool.path)
        for (index, output) in outputs.enumerated() {
            let queued = try tool.run(
                "paint", "a photo of a cup", "--size", "64x64", "--steps", "2", "--seed", "\(index)", "--output", output, "--later")
            #expect(queued.status == 0 && queued.output == "job \(index + 1)\n", "\(queued)")
        }
        // What cannot be cancelled is told, and ends nothing of the others.
        let cancelled = try tool.run("jobs", "cancel", "99", "3")
        #expect(cancelled.status == 1 && cancelled.errors.contains("job 3 is cancelled") && cancelled.errors.contains("99"), "\(cancelled)")
        let workers = try (0..<2).map { _ in try tool.start(["jobs", "run", "--quiet"]) }
        for worker in workers { try worker.input.fileHandleForWriting.close() }
        let made = workers.map { String(decoding: $0.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
        for worker in workers {
            worker.process.waitUntilExit()
            #expect(worker.process.terminationStatus == 0)
        }
        let lines = made.joined().split(separator: "\n").map(String.init)
        #expect(lines.sorted() == Array(outputs.prefix(2)), "\(lines)")
        let listed = try tool.run("jobs")
        #expect(listed.output.contains("3 cancelled") && listed.output.contains("1 done"), "\(listed)")
        #expect(try tool.run("jobs", "cancel", "1").status == 1)
        #expect(try tool.run("jobs", "clear").status == 0)
        #expect(try tool.run("jobs").output.isEmpty)
    }
}
