import Foundation
import Pixels
import TestSupport
import Testing

/// Sheets on the command line, through the built program.
@Suite(.serialized) struct SheetTests {
    @Test func aSheetIsMadeToldAndGoneOnWith() throws {
        let tool = try Tool()
        let made = try tool.run(
            "sheet", "--prompt", "a photo of a cat", "--x", "steps=2,3", "--y", "guidance=1,4", "--size", "64x64", "--seed", "7",
            "--first-side",
            "0", "--output", tool.path("sheet.png"))
        #expect(made.status == 0 && made.output == tool.path("sheet.png") + "\n", "\(made)")
        #expect(made.errors.contains("4 pictures: steps 2, 3 across; guidance 1, 4 down, about "), "\(made.errors)")
        let sheet = try ImageFile.decode(contentsOf: URL(fileURLWithPath: tool.path("sheet.png")))
        #expect(sheet.image.width > 128 && sheet.image.height > 128)
        #expect(try tool.run("history").output.split(separator: "\n").count == 4)
        let again = try tool.run("sheet", "1", "--output", tool.path("again.png"))
        #expect(again.status == 0 && !again.errors.contains("of 4"), "nothing is made twice: \(again)")
        #expect(try ImageFile.decode(contentsOf: URL(fileURLWithPath: tool.path("again.png"))).image == sheet.image)
        #expect(try tool.run("sheet").output.contains("1  4 of 4 made: steps 2, 3 across"))

        let later = try tool.run("sheet", "--prompt", "a dog", "--x", "seed=1,2", "--size", "64x64", "--steps", "2", "--later")
        #expect(later.output == "sheet 2\n", "\(later)")
        #expect(try tool.run("sheet", "2", "--json").output.contains("sheet-2.png"))
        #expect(FileManager.default.fileExists(atPath: tool.path("sheet-2.png")))
        #expect(try tool.run("sheet", "2").output.hasSuffix("/sheet-2-2.png\n"), "nothing is written over")
    }

    @Test(arguments: [
        ("--prompt x --x steps", "needs a setting and its values"),
        ("--prompt x --x colour=1", "colour is no setting that a sheet can run over"),
        ("--prompt x --x steps=2,many", "many is no value of steps"),
        ("--prompt x --x steps=2 --count 3", "Unknown option '--count'"),
        ("--y steps=2", "--y goes with --x"), ("photo.jpg", "Say what is to differ"), ("--prompt x", "Say what is to differ"),
        ("12 --steps 30", "sheet 12 makes the rest as it was ordered"), ("12 --later", "sheet 12 makes the rest as it was ordered"),
    ])
    func whatIsNoSheetIsRefused(_ arguments: String, _ words: String) throws {
        let tool = try Tool()
        let said = arguments.split(separator: " ").map(String.init)
        let outcome = try tool.run(arguments: ["sheet"] + said)
        #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome)")
        #expect(try tool.run("jobs").output.isEmpty)
    }

    @Test func aFileThatIsThereIsNotWrittenOver() throws {
        let tool = try Tool()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: tool.path("sheet.png")))
        let outcome = try tool.run("sheet", "--prompt", "x", "--x", "steps=2,3", "--size", "64x64", "--output", tool.path("sheet.png"))
        #expect(outcome.status == 1 && outcome.errors.contains("exists already"), "\(outcome)")
        #expect(try tool.run("jobs").output.isEmpty, "nothing was ordered")
        let unknown = try tool.run("sheet", "99")
        #expect(unknown.status == 1 && unknown.errors.contains("99"), "\(unknown)")
    }
}
