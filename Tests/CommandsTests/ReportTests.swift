import Foundation
import Pixels
import TestSupport
import Testing

/// What scripts read: every `--json` against the one schema file.
@Suite(.serialized) struct ReportTests {
    private let coffee = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path
    private let cat = checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg").path

    @Test func everyReportIsAsTheSchemaSays() throws {
        let tool = try Tool()
        let schema = try JSONSchema.reports()
        var checked: Set<String> = []
        func check(_ name: String, _ arguments: [String], isList: Bool = false, always: Bool = false) throws {
            let (process, input, output, errors) = try tool.start(arguments + (always ? [] : ["--json"]))
            try input.fileHandleForWriting.close()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(arguments): \(said)")
            let problems = schema.problems(of: text, as: name, isList: isList)
            #expect(problems.isEmpty, "\(arguments): \(problems.joined(separator: "\n"))")
            checked.formUnion([name])
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
        try check("job", ["jobs"], isList: true)
        try check(
            "drawnSheet",
            ["sheet", "--prompt", "a cat", "--x", "steps=2,3", "--size", "64x64", "--first-side", "0", "--output", tool.path("sheet.png")])
        try check("sheet", ["sheet"], isList: true)
        try check("happening", ["history"], isList: true)
        try check("generation", ["show", "g1"])
        try check("picture", ["show", cat])
        try check("picture", ["review", cat], isList: true)
        try check("model", ["models", "list"], isList: true)
        try check("vocabulary", ["vocab", "list"], isList: true)
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
        try check("forgotten", ["forget", cat])
        try check("finding", ["doctor"], isList: true)
        try check("bench", ["bench"])
        try check("similar", ["similar", cat], isList: true)
        try check("embedding", ["embed", "text", "a cat"], isList: true, always: true)
        let export = tool.path("export.json")
        #expect(try tool.run("export", "--output", export).status == 0)
        try check("imported", ["import", export])
        #expect(try tool.run("config", "set", "preset.quick.steps", "2").status == 0)
        #expect(try tool.run("config", "set", "steps", "8").status == 0)
        try check("settings", ["config", "list"])
        // What others are made of stands in them.
        let parts: Set = ["composition", "confidence", "recovered", "suggestion"]
        #expect(checked.union(parts) == schema.names)
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
        #expect(try tool.run("jobs", "cancel", "3").status == 0)
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
