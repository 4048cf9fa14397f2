import Foundation
import Pixels
import TestSupport
import Testing

/// Folders and lists of pictures, through the built program: what is printed, passed over, told at the end, and gone on with.
@Suite(.serialized) struct ManyPicturesTests {
    /// A folder of small pictures, each of its own; and one that is none.
    private func gallery(_ tool: Tool, pictures: Int, broken: Bool = false) throws -> String {
        let folder = tool.path("gallery")
        try FileManager.default.createDirectory(atPath: folder + "/inner", withIntermediateDirectories: true)
        let coffee = try ImageFile.decode(contentsOf: checkout.appendingPathComponent("Documentation/pictures/coffee.jpg")).image
        for number in 0..<pictures {
            let image = coffee.resized(width: 120 + number, height: 90)
            let place = number % 2 == 0 ? folder : folder + "/inner"
            try ImageFile.write(image, to: URL(fileURLWithPath: "\(place)/picture-\(100 + number).png"))
        }
        if broken { try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder + "/broken.jpg")) }
        return folder
    }

    private func lines(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// `info` takes folders and lists as `analyze` does; what looks like a picture and is not read is told by kind.
    @Test func filesAreToldOneAfterTheOther() throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 3, broken: true)
        for name in ["layers.psd", "more.PSD", "raw.nef", "notes.txt"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        }
        let told = try tool.run("info", folder, "--json")
        let files = try #require(try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [[String: Any]])
        #expect(told.status == 1 && files.count == 3 && files.allSatisfy { $0["format"] as? String == "PNG" }, "\(told)")
        #expect(
            told.errors.contains("broken.jpg") && told.errors.contains("2 .psd, 1 .nef") && !told.errors.contains("txt"), "\(told.errors)")
        let two = try tool.run("info", folder + "/picture-100.png", folder + "/picture-102.png")
        #expect(two.status == 0 && two.output.contains("picture-100") && two.output.contains("\n\n") && two.output.contains("picture-102"))
        #expect(try tool.run("analyze", folder).errors.contains("Skipped, as Redraw does not read them: 2 .psd, 1 .nef."))
    }

    @Test func aFolderIsPrintedAsItComesAndOneBadFileIsTold() throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 5, broken: true)
        let first = try tool.run("analyze", folder, "--jsonl")
        #expect(first.status == 1, "\(first.errors)")
        let reports = try lines(first.output)
        #expect(reports.count == 5 && reports.allSatisfy { $0["reused"] as? Bool == false })
        #expect(first.errors.contains("broken.jpg") && first.errors.contains("1 of 6 pictures could not be analysed"))
        #expect(!first.errors.contains("\r") && !first.errors.contains("\u{1B}"), "\(first.errors)")

        // Again: nothing is looked at, everything is printed.
        let again = try tool.run("analyze", folder, "--jsonl")
        let reused = try lines(again.output)
        #expect(reused.count == 5 && reused.allSatisfy { $0["reused"] as? Bool == true })
        #expect(again.errors.contains("5 analysed before"))
        func told(_ reports: [[String: Any]]) -> [[String]] {
            reports.map { report in
                ["prompt", "size", "suggestions"].map { key in
                    let data = try? JSONSerialization.data(withJSONObject: report[key] ?? [], options: .sortedKeys)
                    return String(decoding: data ?? Data(), as: UTF8.self)
                }
            }
        }
        #expect(told(reports) == told(reused))

        // As an array, which is whole whatever failed.
        let array = try tool.run("analyze", folder, "--json")
        #expect((try JSONSerialization.jsonObject(with: Data(array.output.utf8)) as? [Any])?.count == 5)
        let flat = try tool.run("analyze", folder, "--no-recursive", "--jsonl", "--again")
        #expect(try lines(flat.output).count == 3)
        #expect(try lines(flat.output).allSatisfy { $0["reused"] as? Bool == false })
    }

    /// Of many pictures each is told in short, and what is the same for all of them once; one is told whole, with what to do next.
    @Test func manyAreToldInShortAndOneWhole() throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 3)
        func count(_ label: String, in text: String) -> Int { text.components(separatedBy: "\n  \(label) ").count - 1 }
        let short = try tool.run("analyze", folder)
        #expect(short.status == 0, "\(short.errors)")
        #expect(count("prompt", in: short.output) == 3 && count("model", in: short.output) == 3, "\(short.output)")
        #expect(short.output.contains("For these 3 pictures\n  negative "), "\(short.output)")
        #expect(short.output.hasSuffix("\n\nNext: redraw review\n"), "\(short.output)")
        let ways = short.output.split(separator: "\n").filter { $0.contains("redraw models pull ") }
        #expect(!ways.isEmpty && Set(ways).count == ways.count, "\(ways)")
        let details = try tool.run("analyze", folder, "--again", "--details", "--quiet").output
        #expect(count("negative", in: details) == 3 && count("size", in: details) == 3 && !details.contains("Next:"), "\(details)")

        try FileManager.default.copyItem(atPath: folder + "/picture-100.png", toPath: tool.path("my coffee.png"))
        let one = try tool.run("analyze", "my coffee.png")
        #expect(count("negative", in: one.output) == 1, "\(one.output)")
        // What reads a pipe reads lines: no value is folded.
        let json = try tool.run("analyze", "my coffee.png", "--json").output
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let negative = try #require((report["prompt"] as? [String: Any])?["negative"] as? String)
        #expect(negative.count > 100 && one.output.contains("\n  negative    \(negative)\n"), "\(one.output)")
        #expect(one.output.hasSuffix("\n\nNext: redraw review 'my coffee.png'\n"), "\(one.output)")
        let elsewhere = try tool.run("analyze", "my coffee.png", "--library", "my library").output
        #expect(elsewhere.hasSuffix("\n\nNext: redraw review 'my coffee.png' --library 'my library'\n"), "\(elsewhere)")
        #expect(try !tool.run("analyze", "my coffee.png", "--quiet").output.contains("Next:"))
    }

    /// Shards that look at a folder each into a library of its own, one of them twice, and what they found put together.
    @Test func shardsOfAFolderBecomeOneLibrary() throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 9)
        // In which shard a picture is follows from its name: none of the two is without one.
        var looked = 0
        for shard in ["1/2", "2/2", "2/2"] {
            let library = tool.path("shards/\(shard.prefix(1))")
            let outcome = try tool.run("analyze", folder, "--shard", shard, "--library", library, "--jsonl", "--quiet")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let reports = try lines(outcome.output)
            #expect(!reports.isEmpty)
            looked += reports.filter { $0["reused"] as? Bool == false }.count
        }
        #expect(looked == 9)
        let told = try tool.run("analyze", folder, "--shard", "1/2", "--library", tool.path("shards/1"))
        #expect(told.status == 0 && told.errors.contains("This was shard 1 of 2;"), "\(told.errors)")
        #expect(told.errors.contains("left to the others."), "\(told.errors)")

        let merged = try tool.run("import", tool.path("shards/1"), tool.path("shards/2/redraw.sqlite"))
        #expect(merged.status == 0 && merged.errors.contains("9 pictures added"), "\(merged)")
        let again = try tool.run("import", tool.path("shards/1"), tool.path("shards/2"))
        #expect(again.status == 0 && again.errors.contains("Nothing new among 9 pictures."), "\(again)")
        let whole = try tool.run("analyze", folder)
        #expect(whole.status == 0 && whole.errors.contains("0 pictures analysed, 9 analysed before"), "\(whole.errors)")

        // Nothing of these comes in, and each says why.
        for (name, reason) in [
            (folder, "no library is in"), (folder + "/picture-100.png", "not an export"), (tool.path("none.json"), "cannot be read"),
            (tool.path("data/redraw"), "is the library itself"),
        ] {
            let refused = try tool.run("import", tool.path("shards/1"), name)
            #expect(refused.status == 1 && refused.errors.contains(reason), "\(refused.errors)")
        }
        for shard in ["/8", "9/8", "0/8", "three"] {
            let refused = try tool.run("analyze", folder, "--shard", shard)
            #expect(refused.status == 64 && refused.errors.contains("--shard"), "\(refused.errors)")
        }
    }

    @Test func aRenamedPictureIsKnownAndAChangedOneIsNot() throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 2)
        #expect(try tool.run("analyze", folder, "--quiet").status == 0)
        try FileManager.default.moveItem(atPath: folder + "/picture-100.png", toPath: folder + "/renamed.png")
        let changed = Image(width: 64, height: 64, filledWith: [200, 30, 30])
        try ImageFile.write(changed, to: URL(fileURLWithPath: folder + "/inner/picture-101.png"))
        let reports = try lines(try tool.run("analyze", folder, "--jsonl").output)
        let reused = reports.reduce(into: [String: Bool]()) { found, report in
            let path = (report["picture"] as? [String: Any])?["path"] as? String ?? ""
            found[URL(fileURLWithPath: path).lastPathComponent] = report["reused"] as? Bool
        }
        #expect(reused == ["renamed.png": true, "picture-101.png": false])
    }

    @Test func aListOnStandardInputIsTaken() throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 2)
        let listed = try tool.run("analyze", "-", "--jsonl", input: "\(folder)/picture-100.png\n\n\(folder)/inner/picture-101.png\n")
        #expect(listed.status == 0, "\(listed.errors)")
        #expect(try lines(listed.output).count == 2)
        let bytes = try tool.run("analyze", "-", input: "\u{1}\u{2}\n")
        #expect(bytes.status == 1 && bytes.errors.contains("is no path that can be read"))
        let none = try tool.run("analyze", "-", "--json", input: "")
        #expect(none.status == 0 && none.output == "[]\n")
    }

    /// What a list on standard input still brings cannot be known: no result is written into a listed picture's own folder.
    @Test func resultsOfAListDoNotStandAmongItsPictures() throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 1)
        let told = try tool.run(
            "generate", "-", "--prompt", "x", "--steps", "1", "--output", folder, "--overwrite", input: folder + "/picture-100.png\n")
        #expect(told.status == 1 && told.errors.contains("among the pictures in"), "\(told)")
    }

    /// A count that is set for good makes as many names as one that is said.
    @Test func aUsualCountHasItsNames() throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 1)
        try FileManager.default.copyItem(atPath: folder + "/picture-100.png", toPath: folder + "/picture-100-2.png")
        let told = try tool.run(
            "generate", folder, "--prompt", "x", "--steps", "1", "--size", "64x64", "--output", tool.path("out"), "--json",
            environment: ["REDRAW_COUNT": "2"])
        #expect(told.status == 1 && told.errors.contains("rename one of the two"), "\(told.errors)")
        let made = try #require(try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [[String: Any]])
        #expect(made.count == 1 && (made[0]["outputs"] as? [String])?.count == 2, "\(told.output)")
    }

    @Test func ctrlCStopsAndTheSameCommandGoesOn() async throws {
        let tool = try Tool()
        let folder = try gallery(tool, pictures: 30)
        _ = try tool.run("analyze", folder + "/picture-100.png")
        let (process, input, output, errors) = try tool.start(["analyze", folder, "--jsonl"])
        try input.fileHandleForWriting.close()
        _ = output.fileHandleForReading.availableData
        let begin = ContinuousClock.now
        process.interrupt()
        let rest = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        // A second is promised; the machine that tests run on may be busy with others.
        #expect(begin.duration(to: .now) < .seconds(3))
        #expect(process.terminationStatus == 130)
        let told = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(told.contains("goes on from there") && told.split(separator: "\n").count == 1, "\(told)")
        #expect(rest.last == nil || rest.last == UInt8(ascii: "\n"))
        let after = try tool.run("analyze", folder, "--jsonl")
        let reports = try lines(after.output)
        #expect(after.status == 0 && reports.count == 30)
        #expect(reports.contains { $0["reused"] as? Bool == true } && reports.contains { $0["reused"] as? Bool == false })
    }

    @Test func neighboursAreFoundAndAnEmptyLibrarySaysSo() throws {
        let tool = try Tool()
        let pictures = checkout.appendingPathComponent("Documentation/pictures")
        let coffee = pictures.appendingPathComponent("coffee.jpg").path
        let cat = pictures.appendingPathComponent("chelsea.jpg").path
        let empty = try tool.run("similar", coffee)
        #expect(empty.status == 1 && empty.errors.contains("redraw analyze"), "\(empty.errors)")
        let folder = try gallery(tool, pictures: 3)
        #expect(try tool.run("analyze", folder, cat, "--quiet").status == 0)
        // The gallery is the cup at other sizes; the cat is no cup. The cup itself was never analysed.
        let found = try tool.run("similar", coffee, "--json")
        #expect(found.status == 0, "\(found.errors)")
        let list = try #require(try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [[String: Any]])
        #expect(list.count == 4)
        #expect((list.last?["path"] as? String)?.hasSuffix("chelsea.jpg") == true)
        let cosines = list.compactMap { $0["cosine"] as? Double }
        #expect(cosines == cosines.sorted(by: >) && cosines[0] > 0.8)
        // A picture of the library is not its own neighbour.
        let own = try tool.run("similar", cat, "--count", "2")
        #expect(own.status == 0 && own.output.split(separator: "\n").count == 2 && !own.output.contains("chelsea"))
        #expect(try tool.run("similar", cat, "--count", "0").status == 64)
    }
}

/// Prompts that stand in files: shown under their own name, kept, and taken over when a person says so.
@Suite(.serialized) struct RecoveredPromptCommandTests {
    private let parameters = """
        a paper boat, <lora:x:1>
        Negative prompt: rain
        Steps: 30, Sampler: Euler a, CFG scale: 7, Seed: 99, Size: 640x448, Hires prompt: "a boat, \\"big\\""
        """

    private func write(_ tool: Tool, _ name: String) throws -> String {
        let path = tool.path(name)
        let image = Image(width: 96, height: 64, filledWith: [90, 120, 200])
        try ImageFile.write(image, to: URL(fileURLWithPath: path), text: [("parameters", parameters)])
        return path
    }

    @Test(arguments: ["boat.png", "boat.jpg", "boat.webp"])
    func aPromptIsFoundKeptAndTakenOver(_ name: String) throws {
        let tool = try Tool()
        let picture = try write(tool, name)
        let told = try tool.run("info", picture)
        #expect(told.status == 0 && told.output.contains("recovered") && told.output.contains("Euler a"), "\(told)")
        #expect(!FileManager.default.fileExists(atPath: tool.path("data/redraw")), "info keeps nothing")
        let info = try #require(
            try JSONSerialization.jsonObject(with: Data(tool.run("info", picture, "--json").output.utf8)) as? [String: Any])
        let recovered = try #require(info["recovered"] as? [String: Any])
        #expect(recovered["positive"] as? String == "a paper boat, <lora:x:1>" && recovered["seed"] as? Int == 99)
        #expect((recovered["settings"] as? [String: Any])?["Hires prompt"] as? String == "a boat, \"big\"")

        #expect(try tool.run("prompt", picture, "--recovered").status == 1)
        let seen = try tool.run("analyze", picture, "--json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(seen.output.utf8)) as? [String: Any])
        #expect((report["recovered"] as? [String: Any])?["negative"] as? String == "rain")
        // What was recovered is in no suggestion and not in the prompt that was composed.
        let suggested = String(decoding: try JSONSerialization.data(withJSONObject: report["suggestions"] ?? []), as: UTF8.self)
        #expect(!suggested.contains("paper boat"))
        #expect((report["prompt"] as? [String: Any])?["positive"] as? String != "a paper boat, <lora:x:1>")
        let text = try tool.run("analyze", picture).output
        let (words, tags) = (text.range(of: "recovered"), text.range(of: "prompt  ", options: .backwards))
        #expect(try #require(words).lowerBound < #require(tags).lowerBound)

        let adopted = try tool.run("prompt", picture, "--recovered", "--json")
        let prompt = try #require(try JSONSerialization.jsonObject(with: Data(adopted.output.utf8)) as? [String: Any])
        #expect(prompt["positive"] as? String == "a paper boat, <lora:x:1>" && prompt["negative"] as? String == "rain")
        #expect(prompt["source"] as? String == "recovered" && prompt["width"] as? Int == 640 && prompt["version"] as? Int == 1)
        #expect(try tool.run("prompt", picture).output.contains("a paper boat"))
        #expect(try tool.run("show", picture).output.contains("recovered"))
        #expect(try tool.run("prompt", picture, "--recovered", "--compose").status == 64)
    }

    @Test func aPictureThatRedrawMadeTellsItsGeneration() throws {
        let tool = try Tool()
        let output = tool.path("made.png")
        let made = try tool.run("paint", "a photo of a pear", "--size", "64x64", "--steps", "1", "--seed", "5", "--output", output)
        #expect(made.status == 0, "\(made.errors)")
        let told = try tool.run("info", output).output
        #expect(told.contains("as Redraw writes it") && told.contains("generation 1") && told.contains("seed 5"), "\(told)")
    }
}
