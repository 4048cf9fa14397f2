import Foundation
import Pixels
import TestSupport
import Testing

/// The whole flow on a shipped photograph with the shipped models, through the built program: look, screen, prompt, redraw.
@Suite(.serialized) struct FlowTests {
    /// As somebody who may read the library and write nothing; the superuser may write anywhere and so becomes somebody else for it.
    @Test(.enabled(if: getuid() == 0 && FileManager.default.fileExists(atPath: "/usr/bin/setpriv")))
    func aLibraryThatCannotBeWrittenIsReadAllTheSame() throws {
        let tool = try Tool()
        let picture = tool.path("coffee.jpg")
        try FileManager.default.copyItem(
            atPath: checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path, toPath: picture)
        #expect(try tool.run("analyze", picture).status == 0)
        #expect(try tool.run("tag", picture, "--add", "cup").status == 0)
        #expect(try tool.run("prompt", picture).output.contains("cup"))
        let library = tool.path("data/redraw")
        func run(_ arguments: String...) throws -> (status: Int32, text: String) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            process.arguments = ["--reuid", "65534", "--regid", "65534", "--clear-groups", Tool.program("redraw").path] + arguments
            process.environment = [
                "HOME": tool.home.url.path, "XDG_DATA_HOME": tool.path("data"), "XDG_CACHE_HOME": tool.path("cache"),
                "REDRAW_DATA": checkout.path, "PATH": "/usr/bin:/bin",
            ]
            let pipe = Pipe()
            (process.standardOutput, process.standardError) = (pipe, pipe)
            try process.run()
            let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, text)
        }
        chmod(tool.home.url.path, 0o755)
        for (place, mode) in [(library, mode_t(0o555)), (library + "/redraw.sqlite", 0o444), (tool.path("data"), 0o755)] {
            chmod(place, mode)
        }
        let before = try FileManager.default.contentsOfDirectory(atPath: library)
        for arguments in [["show", picture], ["history"], ["prompt", picture], ["info", picture]] {
            let outcome = try run(arguments[0], arguments.count > 1 ? arguments[1] : "--json")
            #expect(outcome.status == 0, "\(arguments): \(outcome.text)")
        }
        #expect(try run("show", picture).text.contains("cup"))
        #expect(try run("export").text.contains("cup"))
        // What the library cannot take note of is told; the folder of the pictures may be written all the same.
        let photos = tool.path("photos")
        try FileManager.default.createDirectory(atPath: photos, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: picture, toPath: photos + "/coffee.jpg")
        chmod(photos, 0o777)
        let captioned = try run("captions", photos)
        #expect(captioned.status == 0 && captioned.text.contains("not noted as Redraw's"), "\(captioned)")
        #expect(try String(contentsOfFile: photos + "/coffee.txt", encoding: .utf8) == "cup\n")
        let refused = try run("tag", picture, "--add", "spoon")
        #expect(refused.status == 1 && refused.text.contains("read-only"), "\(refused)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: library) == before)
    }

    let coffee = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path
    let cat = checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg").path

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func aPictureOfNothingSureIsSaidToHaveNoSubject() throws {
        let tool = try Tool()
        let grey = tool.path("grey.png")
        try FileBytes.write(
            try ImageFile.encodePNG(Image(width: 200, height: 150, filledWith: [128, 128, 128])), to: URL(fileURLWithPath: grey))
        let suggestions = try #require(try json(try tool.run("analyze", grey, "--json").output)["suggestions"] as? [[String: Any]])
        #expect(!suggestions.isEmpty && !suggestions.contains { $0["facet"] as? String == "subject" }, "\(suggestions)")
        func subject() throws -> Substring? {
            try tool.run("analyze", grey).output.split(separator: "\n").first { $0.hasPrefix("  subject ") }
        }
        #expect(try subject()?.hasSuffix(" nothing that it is sure enough of") == true)
        // What the person adds is one.
        #expect(try tool.run("tag", grey, "--add", "cat").status == 0)
        #expect(try subject()?.contains("cat added") == true)
    }

    @Test func aPhotographIsSeenScreenedAndRedrawn() throws {
        let tool = try Tool()
        let seen = try tool.run("analyze", cat, "--json")
        #expect(seen.status == 0, "\(seen.errors)")
        let report = try json(seen.output)
        for key in ["picture", "encoder", "vocabulary", "suggestions", "prompt", "model", "size", "recovered", "seconds"] {
            #expect(report[key] != nil, "analyze --json has no key \(key)")
        }
        let suggestions = try #require(report["suggestions"] as? [[String: Any]])
        let tags = suggestions.compactMap { $0["tag"] as? String }
        #expect(tags.contains { $0.contains("cat") }, "no cat among \(tags)")
        #expect(suggestions.allSatisfy { $0["state"] as? String == "pending" })
        let confidences = suggestions.compactMap { $0["confidence"] as? Double }
        #expect(confidences.count == suggestions.count && confidences.allSatisfy { (0...1).contains($0) })
        let size = try #require(report["size"] as? [String: Any])
        let (width, height) = (try #require(size["width"] as? Int), try #require(size["height"] as? Int))
        #expect(width > height, "a wide picture wants a wide size, not \(width)x\(height)")

        let first = try #require(tags.first)
        let rejected = try #require(tags.last)
        let decided = try tool.run("tag", cat, "--approve", first, "--reject", rejected, "--add", "soft light")
        #expect(decided.status == 0, "\(decided.errors)")
        let edited = try tool.run("tag", cat, "--edit", "soft light=soft light at dawn")
        #expect(edited.status == 0, "\(edited.errors)")
        let shown = try tool.run("analyze", cat).output
        #expect(shown.contains("soft light at dawn added"), "\(shown)")
        // The prompt that counts stands first, in the person's words.
        let own = try #require(shown.split(separator: "\n").first { $0.contains("your prompt") })
        #expect(own.contains("soft light at dawn") && own.contains(first) && shown.contains("\n  suggested "), "\(shown)")

        let again = try json(try tool.run("analyze", cat, "--json").output)
        let states = try #require(again["suggestions"] as? [[String: Any]]).reduce(into: [String: String]()) {
            $0[$1["tag"] as? String ?? ""] = $1["state"] as? String
        }
        #expect(states[first] == "approved")
        #expect(states[rejected] == nil || states[rejected] == "rejected")

        let prompt = try json(try tool.run("prompt", cat, "--json").output)
        let positive = try #require(prompt["positive"] as? String)
        #expect(positive.contains(first) && positive.contains("soft light") && !positive.contains(rejected))

        let output = tool.path("redrawn.png")
        let made = try tool.run(
            "generate", cat, "--strength", "0.4", "--steps", "5", "--seed", "7", "--size", "128x96", "--json", "--output", output)
        #expect(made.status == 0, "\(made.errors)")
        let generation = try json(made.output)
        #expect(generation["seed"] as? Int == 7 && ["f32", "bf16"].contains(generation["precision"] as? String))
        #expect((generation["steps"] as? [String: Any])?["run"] as? Int == 2)
        #expect(generation["untouched"] is NSNull)
        let picture = try ImageFile.decode(contentsOf: URL(fileURLWithPath: output))
        #expect(picture.image.width == 128 && picture.image.height == 96)
        #expect(picture.text["parameters"]?.contains(positive) == true)
        #expect(picture.text["parameters"]?.contains("Seed: 7") == true)

        let history = try tool.run("history", "--json")
        #expect(history.status == 0 && history.output.contains("redrawn.png"), "\(history.errors)")
    }

    @Test func theSameSeedGivesTheSamePictureAndAnotherSeedAnother() throws {
        let tool = try Tool()
        let names = ["a.png", "b.png", "c.png"].map(tool.path)
        for (name, seed) in zip(names, ["3", "3", "4"]) {
            let made = try tool.run("paint", "a photo of a sunflower", "--size", "64x64", "--steps", "2", "--seed", seed, "--output", name)
            #expect(made.status == 0, "\(made.errors)")
        }
        let pictures = try names.map { try ImageFile.decode(contentsOf: URL(fileURLWithPath: $0)).image }
        #expect(pictures[0] == pictures[1])
        #expect(pictures[0] != pictures[2])
    }

    /// The sizes a painting grows through are told, stored in the picture, and only Redraw's own profile has them.
    @Test func aPaintingGrowsFromSmallToItsSize() throws {
        let tool = try Tool()
        let output = tool.path("grown.png")
        let made = try tool.run(
            "paint", "a photo of a sunflower", "--model", "redraw-small", "--size", "128x96", "--first-side", "32", "--refine", "0.5",
            "--steps", "2", "--seed", "3", "--json", "--output", output)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.errors.contains("growing from 48x32 and 64x48 to 128x96"), "\(made.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any])
        let stages = try #require(report["stages"] as? [[String: Any]])
        #expect(stages.map { $0["width"] as? Int } == [48, 64, 128] && stages.map { $0["run"] as? Int } == [2, 1, 1])
        #expect((report["steps"] as? [String: Any])?["run"] as? Int == 4)
        let picture = try ImageFile.decode(contentsOf: URL(fileURLWithPath: output))
        #expect(picture.image.width == 128 && picture.image.height == 96)
        #expect(picture.text["parameters"]?.contains("First side: 32, Refine: 0.5") == true, "\(picture.text)")

        let refused = try tool.run(
            "paint", "a cat", "--first-side", "32", "--profile", "diffusers", "--size", "64x64", "--output", tool.path("x.png"))
        #expect(refused.status == 64 && refused.errors.contains("profile diffusers"), "\(refused.errors)")
        let atOnce = try tool.run(
            "paint", "a photo of a sunflower", "--size", "128x96", "--first-side", "0", "--steps", "2", "--seed", "3", "--json", "--output",
            tool.path("at-once.png"))
        #expect(atOnce.status == 0 && atOnce.output.contains("\"stages\" : null"), "\(atOnce.output)\(atOnce.errors)")
    }

    /// The seed that is told, in the name, the report and the picture, is the chosen draft's, and gives the same picture alone.
    @Test func theBestOfSeveralDraftsIsPainted() throws {
        let tool = try Tool()
        let prompt = "a photo of a (sunflower:1.2)"
        let made = try tool.run(
            "paint", prompt, "--model", "redraw-small", "--size", "96x96", "--steps", "2", "--seed", "3", "--drafts", "4", "--json",
            "--output", tool.path("") + "/")
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.errors.contains("the best of 4 drafts, seeds from 3, 16 passes in all"), "\(made.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any])
        let seed = try #require(report["seed"] as? Int)
        let file = try #require((report["outputs"] as? [String])?.first)
        #expect((3...6).contains(seed) && file.hasSuffix("painted-\(seed).png"), "\(made.output)")
        let picture = try ImageFile.decode(contentsOf: URL(fileURLWithPath: file))
        #expect(picture.text["parameters"]?.contains("Seed: \(seed)") == true)
        let shown = try tool.run("history")
        #expect(shown.output.contains("seed \(seed)"), "\(shown.output)")

        // It is the one that the encoder finds nearest to the words, and its seed alone gives it again.
        func painted(_ arguments: String...) throws -> Tool.Outcome {
            let painted = try tool.run(
                arguments: ["paint", prompt, "--model", "redraw-small", "--size", "96x96", "--steps", "2"] + arguments)
            #expect(painted.status == 0 && !painted.errors.contains("drafts"), "\(painted.errors)")
            return painted
        }
        let again = tool.path("again.png")
        _ = try painted("--seed", "\(seed)", "--output", again)
        #expect(try ImageFile.decode(contentsOf: URL(fileURLWithPath: again)).image == picture.image)
        let all = try painted("--seed", "3", "--count", "4", "--json", "--output", tool.path("all") + "/")
        let told = try #require(try JSONSerialization.jsonObject(with: Data(all.output.utf8)) as? [String: Any])
        let alone = try #require(told["outputs"] as? [String])
        try #require(alone.count == 4 && told["seeds"] as? [Int] == [3, 4, 5, 6], "\(all.output)")
        struct Entry: Decodable { let embedding: [Double] }
        func embeddings(_ told: Tool.Outcome) throws -> [[Double]] {
            try JSONDecoder().decode([Entry].self, from: Data(told.output.utf8)).map(\.embedding)
        }
        let wanted = try embeddings(tool.run("embed", "text", "a photo of a sunflower"))[0]
        let cosines = try embeddings(tool.run("embed", alone[0], alone[1], alone[2], alone[3])).map { picture in
            zip(picture, wanted).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(cosines.count == 4 && cosines[seed - 3] == cosines.max(), "\(cosines), seed \(seed)")

        let refused = try tool.run("paint", "a cat", "--first-side", "0", "--drafts", "4", "--output", tool.path("x.png"))
        #expect(refused.status == 64 && refused.errors.contains("give a first side"), "\(refused.errors)")
        let idle = try tool.run("generate", coffee, "--prompt", "a cat", "--drafts", "4", "--strength", "0.5")
        #expect(idle.status == 64 && idle.errors.contains("only what grows has drafts"), "\(idle.errors)")
    }

    @Test func moreStrengthGoesFurtherFromThePicture() throws {
        let tool = try Tool()
        let before = try ImageFile.decode(contentsOf: URL(fileURLWithPath: coffee)).image
        var distances: [Double] = []
        for strength in ["0", "0.2", "0.8"] {
            let output = tool.path("at-\(strength).png")
            let made = try tool.run(
                "generate", coffee, "--prompt", "a photo of a cup of coffee", "--strength", strength, "--steps", "10", "--seed", "1",
                "--size",
                "192x128", "--output", output)
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.errors.contains("at strength \(strength), "), "\(made.errors)")
            let after = try ImageFile.decode(contentsOf: URL(fileURLWithPath: output)).image
            let small = before.resized(width: after.width, height: after.height)
            let sum = zip(small.bytes, after.bytes).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            distances.append(Double(sum) / Double(after.bytes.count))
        }
        #expect(distances[0] < 1, "strength 0 keeps the picture; it is \(distances[0]) levels off")
        #expect(distances[0] < distances[1] && distances[1] < distances[2], "\(distances)")
    }

    @Test func withoutAStrengthTheModelsOwnCounts() throws {
        let tool = try Tool()
        let made = try tool.run(
            "generate", coffee, "--prompt", "a photo of a cup of coffee", "--steps", "4", "--size", "64x48", "--json", "--output",
            tool.path("usual.png"))
        // redraw-small's manifest advises 0.35, where the general default is 0.6.
        #expect(made.status == 0, "\(made.errors)")
        #expect((try json(made.output)["steps"] as? [String: Any])?["run"] as? Int == 1)
        let text = try ImageFile.decode(contentsOf: URL(fileURLWithPath: tool.path("usual.png"))).text
        #expect(text["parameters"]?.contains("Denoising strength: 0.35") == true, "\(text)")
    }

    /// A model named by its folder is run as its manifest says, like one named by its name.
    @Test func aFoldersOwnManifestCounts() throws {
        let tool = try Tool()
        let folder = checkout.appendingPathComponent("Models/redraw-small").path
        let names = ["by-name.png", "by-folder.png"].map(tool.path)
        for (name, model) in zip(names, ["redraw-small", folder]) {
            let made = try tool.run(
                "paint", "a photo of a sunflower", "--model", model, "--size", "64x64", "--seed", "3", "--json", "--output", name)
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.errors.contains("growing from 32x32 to 64x64"), "\(made.errors)")
        }
        let pictures = try names.map { try ImageFile.decode(contentsOf: URL(fileURLWithPath: $0)).image }
        #expect(pictures[0] == pictures[1])
    }

    @Test func repaintingLeavesEveryPixelOutsideTheMaskAsItWas() throws {
        let tool = try Tool()
        let before = try ImageFile.decode(contentsOf: URL(fileURLWithPath: coffee)).image
        var bytes = [UInt8](repeating: 0, count: before.width * before.height)
        for y in 120..<260 { for x in 200..<380 { bytes[y * before.width + x] = 255 } }
        let mask = tool.path("mask.png")
        try ImageFile.write(Image(width: before.width, height: before.height, channels: 1, bytes: bytes), to: URL(fileURLWithPath: mask))
        let output = tool.path("repainted.png")
        let made = try tool.run(
            "repaint", coffee, "--mask", mask, "--prompt", "a photo of a strawberry", "--steps", "4", "--seed", "2", "--size", "192x128",
            "--json", "--output", output)
        #expect(made.status == 0, "\(made.errors)")
        let after = try ImageFile.decode(contentsOf: URL(fileURLWithPath: output)).image
        #expect(after.size == before.size)
        let changed = bytes.indices.filter { pixel in
            (0..<3).contains { before.bytes[pixel * 3 + $0] != after.bytes[pixel * 3 + $0] }
        }
        let outside = changed.filter { bytes[$0] == 0 }
        #expect(outside.isEmpty, "\(outside.count) pixels outside the mask changed, the first is \(outside.first ?? 0)")
        #expect(changed.count > 1000, "only \(changed.count) pixels under the mask changed")
        let untouched = try #require(try json(made.output)["untouched"] as? [String: Any])
        #expect(untouched["identical"] as? Bool == true)
        #expect(untouched["pixels"] as? Int == bytes.count { $0 == 0 })
    }

    /// A picture of odd sides, worked on in its own size; a sheet whose text names all its strengths.
    @Test func anOddPictureComesBackInItsSizeAndASheetTellsItsStrengths() throws {
        let tool = try Tool()
        let source = tool.path("odd.png")
        let odd = try ImageFile.decode(contentsOf: URL(fileURLWithPath: coffee)).image.resized(width: 121, height: 83)
        try ImageFile.write(odd, to: URL(fileURLWithPath: source))
        for (option, strength) in [
            ("--size=picture", "0.5"), ("--picture-size", "0.5"), ("--size=picture", "0.8"), ("--picture-size", "0.8"),
        ] {
            let output = tool.path("odd\(option)-\(strength).png")
            let made = try tool.run(
                "generate", source, "--prompt", "coffee", "--steps", "2", "--seed", "1", "--strength", strength, "--first-side", "32",
                option, "--output", output)
            #expect(made.status == 0, "\(made.errors)")
            #expect(try ImageFile.decode(contentsOf: URL(fileURLWithPath: output)).image.size == PixelSize(width: 121, height: 83))
        }
        let sheet = tool.path("sheet.png")
        let made = try tool.run(
            "generate", source, "--prompt", "coffee", "--steps", "4", "--strengths", "0.25,0.75", "--size", "64x64", "--output", sheet,
            "--first-side", "32", "--precision", "bf16", "--json")
        #expect(made.status == 0, "\(made.errors)")
        #expect(try json(made.output)["precision"] as? String == "bf16")
        // Each picture's own strength, in the report and in the history. The second grows: 3 steps in small, 2 at its size.
        let parts = try #require(try json(made.output)["strengths"] as? [[String: Any]])
        #expect(parts.map { $0["strength"] as? Double } == [0.25, 0.75] && parts.map { $0["run"] as? Int } == [1, 5])
        let number = try #require(try json(made.output)["id"] as? Int)
        let shown = try tool.run("show", "g\(number)")
        #expect(shown.output.contains(#""strength":null,"strengths":[0.25,0.75]"#), "\(shown.output) \(shown.errors)")
        let text = try ImageFile.decode(contentsOf: URL(fileURLWithPath: sheet)).text
        let image = try ImageFile.size(of: URL(fileURLWithPath: sheet))
        // Two pictures of 64x64, and a line of words under them.
        #expect(image.width == 2 * 64 + 8 && image.height == 64 + 8 + 24)
        #expect(text["parameters"]?.contains("Denoising strength: \"0.25, 0.75\"") == true, "\(text)")
        #expect(text["parameters"]?.contains("Steps run: \"1, 5\"") == true && text["redraw"]?.contains("[0.25,0.75]") == true)
    }

    /// What an order takes that nobody said stands before what it does.
    @Test func whatIsTakenUnsaidIsSaid() throws {
        let tool = try Tool()
        #expect(try tool.run("analyze", cat).status == 0)
        func made(_ arguments: String...) throws -> String {
            let all = ["generate", cat, "--steps", "2", "--size", "64x64", "--overwrite", "--output", tool.path("made.png")] + arguments
            let made = try tool.run(arguments: all)
            #expect(made.status == 0, "\(made.errors)")
            return made.errors
        }
        let painting = try made("--prompt", "an oil painting")
        #expect(painting.contains("negative prompt, as this picture has it (--negative gives another): blurry"), "\(painting)")
        #expect(!painting.contains("the prompt is empty"))
        #expect(try !made("--prompt", "a cat", "--negative", "rain").contains("negative prompt"))
        #expect(try made("--prompt", "").contains("the prompt is empty, so nothing in particular is asked for; without --prompt"))
        #expect(try tool.run("tag", cat, "--approve", "cat").status == 0)
        let approved = try made()
        #expect(approved.contains(/version 1 of this picture's prompt: .*cat; negative: blurry/), "\(approved)")
        #expect(try made("--quiet").isEmpty)
    }

    @Test func aSecondRunNeedsNoTextTower() throws {
        let tool = try Tool()
        _ = try tool.run("analyze", coffee)
        // The vocabulary's embeddings are cached now: an analysis works with a text tower that could not be loaded.
        let data = tool.home.url.appendingPathComponent("installation")
        try FileManager.default.createDirectory(at: data.appendingPathComponent("Models"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: data.appendingPathComponent("Vocab"), withDestinationURL: checkout.appendingPathComponent("Vocab"))
        let encoder = checkout.appendingPathComponent("Models/redraw-encoder")
        let copy = data.appendingPathComponent("Models/redraw-encoder")
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: encoder.path) where name != "text.safetensors" {
            try FileManager.default.createSymbolicLink(
                at: copy.appendingPathComponent(name), withDestinationURL: encoder.appendingPathComponent(name))
        }
        try Data("no weights".utf8).write(to: copy.appendingPathComponent("text.safetensors"))
        let seen = try tool.run("analyze", coffee, environment: ["REDRAW_DATA": data.path])
        #expect(seen.status == 0, "\(seen.errors)")
    }
}
