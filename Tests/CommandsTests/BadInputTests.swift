import Foundation
import Pixels
import Screening
import TestSupport
import Testing

/// What is wrong is said in one line on standard error; the exit code tells scripts which kind it was; nothing is left behind.
struct BadInputTests {
    private let coffee = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path

    private func expectOneLine(_ outcome: Tool.Outcome, _ status: Int32, mentions: String) {
        #expect(outcome.status == status, "\(outcome)")
        #expect(outcome.output.isEmpty)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(mentions), "\(outcome.errors)")
    }

    @Test func missingAndForeignFilesAreNamed() throws {
        let tool = try Tool()
        expectOneLine(try tool.run("analyze", "nowhere.jpg"), 1, mentions: "nowhere.jpg")
        try Data("hello, this is text".utf8).write(to: URL(fileURLWithPath: tool.path("text.jpg")))
        expectOneLine(try tool.run("analyze", tool.path("text.jpg")), 1, mentions: "text.jpg")
        try Data().write(to: URL(fileURLWithPath: tool.path("empty.png")))
        expectOneLine(try tool.run("analyze", tool.path("empty.png")), 1, mentions: "empty")
        let half = try Data(contentsOf: URL(fileURLWithPath: coffee)).prefix(20_000)
        try half.write(to: URL(fileURLWithPath: tool.path("half.jpg")))
        expectOneLine(try tool.run("analyze", tool.path("half.jpg")), 1, mentions: "half.jpg")
    }

    @Test func wrongUsageExitsWith64() throws {
        let tool = try Tool()
        for arguments in [
            ["analyze"], ["no-such-command"], ["generate", coffee, "--size", "12"], ["generate", coffee, "--sampler", "nonsense"],
            ["generate", coffee, "--strength", "abc"], ["repaint", coffee], ["sheet", coffee],
        ] {
            let outcome = try tool.run(arguments: arguments)
            #expect(outcome.status == 64 && outcome.errors.hasPrefix("redraw: "), "\(arguments): \(outcome)")
        }
    }

    @Test func nothingApprovedSaysWhatToDo() throws {
        let tool = try Tool()
        expectOneLine(try tool.run("generate", coffee), 1, mentions: "redraw analyze")
        #expect(try tool.run("analyze", coffee).status == 0)
        expectOneLine(try tool.run("generate", coffee), 1, mentions: "--approve-above 0.5`, or give a prompt of your own")
    }

    @Test func helpIsNoFailure() throws {
        let tool = try Tool()
        for arguments in [["--help"], ["help"], ["analyze", "--help"], ["help", "generate"], ["--version"]] {
            let (process, input, output, _) = try tool.start(arguments)
            try input.fileHandleForWriting.close()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0 && text.contains("redraw"), "\(arguments): \(text)")
        }
    }

    @Test func aRepaintedPictureIsNeverSavedWithLoss() throws {
        let tool = try Tool()
        for name in ["new.jpg", "new.jpe", "new.jfif"] {
            expectOneLine(
                try tool.run("repaint", coffee, "--mask", coffee, "--prompt", "x", "--output", tool.path(name)), 1, mentions: "JPEG")
        }
        let output = tool.path("new.webp")
        let made = try tool.run(
            "repaint", coffee, "--mask", coffee, "--prompt", "x", "--steps", "1", "--size", "64x64", "--output", output)
        #expect(made.status == 0, "\(made.errors)")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: output))
        #expect(bytes.range(of: Data("VP8L".utf8)) != nil)
    }

    @Test func aMissingOutputFolderIsSaidBeforeAnythingRuns() throws {
        let tool = try Tool()
        expectOneLine(
            try tool.run("paint", "a cat", "--steps", "1000", "--quiet", "--output", tool.path("nosuch/x.png")), 1, mentions: "nosuch")
    }

    @Test func moreMemoryThanThereIsIsRefused() throws {
        let tool = try Tool()
        let outcome = try tool.run("paint", "a cat", "--size", "8192x8192", "--steps", "1", "--output", tool.path("x.png"))
        expectOneLine(outcome, 1, mentions: "memory")
    }

    @Test func valuesOutOfRangeAreRefusedBeforeAnythingRuns() throws {
        let tool = try Tool()
        for arguments in [
            ["--strength", "1.5"], ["--steps", "0"], ["--guidance", "-3"], ["--count", "0"],
            ["--size", "130x130", "--profile", "diffusers"], ["--preview", "now.txt"], ["--sampler", "lcm", "--steps", "51"],
        ] {
            let output = tool.path("never.png")
            let (process, input, _, _) = try tool.start(["generate", coffee, "--prompt", "x", "--output", output] + arguments)
            try input.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == (["--size", "--sampler"].contains(arguments[0]) ? 1 : 64), "\(arguments)")
            #expect(!FileManager.default.fileExists(atPath: output), "\(arguments)")
        }
    }

    @Test func anOutputThatExistsIsNotWrittenOver() throws {
        let tool = try Tool()
        let output = tool.path("mine.png")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: output))
        let outcome = try tool.run("paint", "a cat", "--steps", "1", "--size", "64x64", "--output", output)
        #expect(outcome.status == 1 && outcome.errors.contains("mine.png"), "\(outcome)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == Data("mine".utf8))
    }

    @Test func oneBadFileDoesNotStopAFolder() throws {
        let tool = try Tool()
        let folder = URL(fileURLWithPath: tool.path("folder"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("no picture".utf8).write(to: folder.appendingPathComponent("a.jpg"))
        try FileManager.default.copyItem(atPath: coffee, toPath: folder.appendingPathComponent("b.jpg").path)
        let outcome = try tool.run("analyze", folder.path, "--jsonl")
        #expect(outcome.status == 1)
        #expect(outcome.output.split(separator: "\n").count == 1 && outcome.output.contains("b.jpg"), "\(outcome)")
        #expect(outcome.errors.contains("a.jpg") && outcome.errors.contains("1 of 2"), "\(outcome.errors)")
    }

    @Test func interruptingEndsWith130AndLeavesNoFile() throws {
        let tool = try Tool()
        let output = tool.path("never.png")
        let (process, input, _, errors) = try tool.start([
            "generate", coffee, "--prompt", "a photo of a cup", "--steps", "1000", "--strength", "1", "--size", "256x256", "--output",
            output,
        ])
        try input.fileHandleForWriting.close()
        // The plan is printed just before the first step.
        let told = Tool.read(errors, until: "steps will run")
        #expect(told.contains("steps will run"), "\(told)")
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let left = try FileManager.default.contentsOfDirectory(atPath: tool.home.url.path).filter {
            $0.contains("never") || $0.hasPrefix(".")
        }
        #expect(left.isEmpty, "\(left)")
        let history = try tool.run("history", "--json")
        #expect(history.output.contains("cancelled"), "\(history)")
    }

    /// A queue's jobs were ordered before: the one that is cut off waits for whoever works the queue off next.
    @Test func aQueuedJobThatIsCutOffWaitsAgain() throws {
        let tool = try Tool()
        let ordered = try tool.run("paint", "a photo of a cup", "--steps", "1000", "--size", "256x256", "--later")
        #expect(ordered.output == "job 1\n", "\(ordered)")
        let (process, input, output, errors) = try tool.start(["jobs", "run", "--json"])
        try input.fileHandleForWriting.close()
        let told = Tool.read(errors, until: "will run")
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130, "\(told)")
        #expect(String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == "[]\n")
        #expect(try tool.run("jobs", "--json").output.contains("\"state\" : \"queued\""))
    }

    /// Work that cannot look whether it is to stop is cut off, and what it has begun to write goes.
    @Test func oneInterruptionEndsAnything() throws {
        let tool = try Tool()
        let folder = tool.home.url.appendingPathComponent("library")
        let library = try Library(folder: folder)
        for number in 1...300 {
            let path = "/" + String(repeating: "a long name ", count: 40) + "\(number).png"
            let digest = String(String(repeating: "0", count: 64).appending("\(number)").suffix(64))
            try library.record(NewPicture(sha256: digest, width: 8, height: 8, path: path))
        }
        // What it writes nobody reads.
        let (process, input, output, errors) = try tool.start(["export", "--library", folder.path])
        try input.fileHandleForWriting.close()
        _ = output.fileHandleForReading.readData(ofLength: 1)
        usleep(200_000)
        process.interrupt()
        let begin = ContinuousClock.now
        process.waitUntilExit()
        #expect(process.terminationStatus == 130 && begin.duration(to: .now) < .seconds(5))
        #expect(String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).contains("interrupted"))
    }

    /// A process that is killed says nothing more; the library says it for it when it is opened next.
    @Test func aKilledGenerationIsToldAsInterrupted() throws {
        let tool = try Tool()
        let (process, input, _, errors) = try tool.start([
            "paint", "a photo of a cup", "--steps", "1000", "--size", "256x256", "--preview", tool.path("now.png"), "--output",
            tool.path("never.png"),
        ])
        try input.fileHandleForWriting.close()
        #expect(Tool.read(errors, until: "MB of memory").contains("MB of memory"))
        // A preview shows that steps are being taken.
        let deadline = ContinuousClock.now + .seconds(120)
        while !FileManager.default.fileExists(atPath: tool.path("now.png")), ContinuousClock.now < deadline { usleep(50_000) }
        #expect(
            try ImageFile.decode(contentsOf: URL(fileURLWithPath: tool.path("now.png"))).image.size == PixelSize(width: 256, height: 256))
        #expect(try tool.run("history", "--json").output.contains("running"))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let history = try tool.run("history", "--json")
        #expect(history.output.contains("interrupted") && !history.output.contains("running"), "\(history)")
    }
}
