import Foundation
import Pixels
import TestSupport
import Testing

/// What is mistyped is named, and the nearest name with it, before anything else is said.
@Suite struct MistypingTests {
    private let tool: Tool
    private let coffee = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path

    init() throws {
        tool = try Tool()
    }

    private func expect(_ arguments: [String], _ status: Int32, says words: String) throws {
        let outcome = try tool.run(arguments: arguments)
        #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments): \(outcome)")
        #expect(outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
    }

    @Test func anOptionIsNamedBeforeWhatComesOfIt() throws {
        for arguments in [
            ["generate", coffee, "--promt", "x"], ["repaint", coffee, "--promt=x"], ["sheet", coffee, "--promt", "x"],
            ["generate", coffee, "--strength", "0.5", "--promt", "x"],
        ] { try expect(arguments, 64, says: "Unknown option '--promt'; did you mean '--prompt'?") }
        try expect(["generate", coffee, "--strenght", "0.5", "--prompt", "x"], 64, says: "'--strenght'; did you mean '--strength'?")
        try expect(["repaint", coffee, "--maks", "hat.png"], 64, says: "'--maks'; did you mean '--mask'?")
        try expect(["models", "--jsno"], 64, says: "did you mean '--json'?")
        try expect(["history", "--nonsense"], 64, says: "Unknown option '--nonsense'; redraw history --help lists")
        // Values that look like options are none.
        try expect(["generate", coffee, "--guidance", "-3", "--prompt", "x"], 64, says: "guidance")
    }

    @Test func forgottenQuotationMarksAreSeen() throws {
        try expect(["generate", coffee, "a", "dog"], 64, says: "a: there is no such file. If it belongs to a prompt")
        try expect(["paint", "a", "cat"], 64, says: "quotation marks: redraw paint 'a cat'")
        let name = "my coffee.jpg"
        try FileManager.default.copyItem(atPath: coffee, toPath: tool.path(name))
        try expect(["generate", "my", "coffee.jpg", "--prompt", "x"], 64, says: "redraw generate 'my coffee.jpg'")
        try expect(["review", "my", "coffee.jpg"], 64, says: "redraw review 'my coffee.jpg'")
    }

    @Test func aCommandIsNamed() throws {
        try expect(["analyse", coffee], 64, says: "there is no command analyse; did you mean analyze?")
        try expect(["genrate", coffee, "--strength", "0.5"], 64, says: "did you mean generate?")
        try expect(["help", "analyse"], 64, says: "there is no command analyse; did you mean analyze?")
        try expect(["help", "nope"], 64, says: "there is no command nope; redraw --help lists")
        try expect(["models", "lsit"], 64, says: "there is no command models lsit; did you mean models list?")
        try expect([coffee], 64, says: "to look at a picture: redraw analyze ")
    }

    @Test func wordsOfOtherProgramsAreKnown() throws {
        try expect(["img2img", coffee], 64, says: "there is no command img2img; redraw generate does that")
        try expect(["txt2img", "a cat"], 64, says: "there is no command txt2img; redraw paint does that")
        for (word, own) in [
            ("denoising-strength", "strength"), ("cfg-scale", "guidance"), ("mask_blur", "feather"), ("width", "size WxH"),
        ] {
            try expect(["repaint", coffee, "--\(word)", "4"], 64, says: "Unknown option '--\(word)'; here it is '--\(own)'")
        }
        for seed in [["--seed", "-1"], ["--seed=-1"]] {
            try expect(["generate", coffee, "--prompt", "x"] + seed, 64, says: "--seed is -1; leave it out for a random one")
        }
        // Where there is nothing of the kind, it is a name like any other.
        try expect(["analyze", coffee, "--cfg-scale", "7"], 64, says: "Unknown option '--cfg-scale'; redraw analyze --help lists")
    }

    @Test func aSamplerMayHaveTheNameThatOthersGiveIt() throws {
        let order = try tool.run("paint", "a cat", "--sampler", "DPM++ 2M Karras", "--size", "64x64", "--later")
        #expect(order.status == 0, "\(order)")
        try expect(["paint", "a cat", "--sampler", "DPM++ 9M", "--later"], 64, says: "the sampler DPM++ 9M is not known")
    }

    @Test func everyNameIsSuggested() throws {
        try expect(["generate", coffee, "--prompt", "x", "--model", "redraw-smal"], 1, says: "did you mean redraw-small?")
        try expect(["models", "show", "dreamshapr"], 1, says: "did you mean dreamshaper-8?")
        try expect(["generate", coffee, "--prompt", "x", "--model", "nope"], 1, says: "There is no model nope; redraw models list lists")
        try expect(["generate", coffee, "--prompt", "x", "--sampler", "eulr"], 64, says: "did you mean euler?")
        try expect(["config", "set", "strenght", "0.5"], 1, says: "did you mean strength?")
        #expect(try tool.run("config", "set", "preset.quick.steps", "2").status == 0)
        try expect(["paint", "a cat", "--preset", "qick"], 1, says: "There is no preset qick; did you mean quick?")
        try expect(["paint", "a cat", "--style", "qick"], 1, says: "There is no style qick; did you mean quick?")
        #expect(try tool.run("analyze", coffee).status == 0)
        #expect(try tool.run("tag", coffee, "--add", "teapot").status == 0)
        try expect(["tag", coffee, "--reject", "teapt"], 1, says: "did you mean teapot?")
        try expect(["tag", coffee, "--add", "styel: ink"], 1, says: "did you mean style?")
    }

    @Test func whoNamedAModelIsSaid() throws {
        let set = try tool.run("config", "set", "model", "dreamshaper-8")
        #expect(set.status == 0 && set.errors.contains("not installed: redraw models pull dreamshaper-8"), "\(set)")
        try expect(
            ["paint", "a cat"], 1,
            says: "the model dreamshaper-8, which your configuration names, is not installed: redraw models pull dreamshaper-8, "
                + "or redraw config unset model")
        #expect(try tool.run("config", "unset", "model").status == 0)
        let variable = try tool.run("paint", "a cat", environment: ["REDRAW_MODEL": "dreamshaper-8"])
        #expect(variable.status == 1 && variable.errors.contains("which REDRAW_MODEL of the environment names"), "\(variable)")
        #expect(try tool.run("config", "set", "preset.dream.model", "dreamshaper-8").status == 0)
        try expect(["paint", "a cat", "--preset", "dream"], 1, says: "which the preset dream names, is not installed")
        // Whoever names one is told of that one.
        try expect(["paint", "a cat", "--preset", "dream", "--model", "nope"], 1, says: "There is no model nope")
        #expect(try tool.run("config", "set", "model", "redraw-small").errors.isEmpty)
    }

    @Test func aHintCanBePasted() throws {
        let picture = tool.path("my portrait.jpg")
        try FileManager.default.copyItem(atPath: coffee, toPath: picture)
        try expect(["generate", picture], 1, says: "Run redraw analyze 'my portrait.jpg' and")
        #expect(try tool.run("analyze", picture).status == 0)
        try expect(["generate", picture], 1, says: "`redraw review 'my portrait.jpg'`")
    }

    @Test func aHubThatIsNotThereKeptNothing() throws {
        let outcome = try tool.run("models", "pull", "owner/hats", environment: ["HF_ENDPOINT": "http://127.0.0.1:9"])
        let words = "cannot reach 127.0.0.1 (connection refused); nothing was fetched"
        #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome)")
    }

    @Test func aMaskOfNearlyEverythingIsToldOf() throws {
        let size = try ImageFile.size(of: URL(fileURLWithPath: coffee)).size
        func notes(blackRows: Int, _ more: String...) throws -> String {
            let bytes = (0..<size.pixelCount).map { UInt8($0 / size.width < blackRows ? 0 : 255) }
            let mask = tool.path("mask.png")
            try ImageFile.write(Image(width: size.width, height: size.height, channels: 1, bytes: bytes), to: URL(fileURLWithPath: mask))
            return try tool.run(
                arguments: [
                    "repaint", coffee, "--mask", mask, "--prompt", "a cup", "--steps", "1", "--size", "64x64", "--overwrite", "--output",
                    tool.path("new.png"),
                ] + more
            ).errors
        }
        let nearly = try notes(blackRows: size.height * 3 / 100)
        #expect(nearly.contains("% of the picture, nearly all of it; invert it"), "\(nearly)")
        let half = try notes(blackRows: size.height / 2)
        #expect(half.contains("50.0 % of the picture") && !half.contains("nearly") && !half.contains("photograph"), "\(half)")
        let inverted = try notes(blackRows: size.height * 97 / 100, "--invert")
        #expect(inverted.contains("nearly all of it; without --invert"), "\(inverted)")
        let photograph = try tool.run(
            "repaint", coffee, "--mask", coffee, "--prompt", "a cup", "--steps", "1", "--size", "64x64", "--output", tool.path("other.png"))
        #expect(photograph.errors.contains("looks like a photograph"), "\(photograph.errors)")
    }

    @Test func anotherSubjectUnderAMaskNeedsStrength() throws {
        #expect(try tool.run("analyze", coffee).status == 0)
        func notes(_ strength: String) throws -> String {
            try tool.run(
                "repaint", coffee, "--mask", coffee, "--prompt", "a photo of a fox", "--steps", "2", "--size", "64x64", "--strength",
                strength,
                "--first-side", "0", "--overwrite", "--output", tool.path("fox.png")
            ).errors
        }
        let weak = try notes("0.5")
        #expect(weak.contains("the prompt asks for fox") && weak.contains("take a strength of 0.9"), "\(weak)")
        let strong = try notes("0.9")
        #expect(strong.contains("will run") && !strong.contains("asks for fox"), "\(strong)")
    }

    @Test func whatIsPrintedIsPlain() throws {
        #expect(try tool.run("analyze", coffee).status == 0)
        #expect(try tool.run("tag", coffee, "--approve-above", "0.5").status == 0)
        let version = try tool.run("prompt", coffee)
        #expect(version.errors.contains("Kept as version ") && !version.errors.contains(" of 1"), "\(version)")
        let settings = try tool.run("config").output
        #expect(settings.contains("how far a picture may change"), "\(settings)")
        func help(_ command: String) throws -> String {
            try tool.run(command, "--help").output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        let keys = try help("review")
        #expect(keys.contains("x take a decision back") && keys.contains("N next"), "\(keys)")
        #expect(try help("generate").contains("draws well, which may be smaller"))
    }
}
