import Foundation
import Pixels
import TestSupport
import Testing

/// What people do with many pictures, through the built program: captions, keywords, styles, choices, searching, folders.
@Suite(.serialized) struct EverydayTests {
    private let coffee = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path
    private let cat = checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg").path

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// A folder with two photographs.
    private func photographs(_ tool: Tool) throws -> String {
        let folder = tool.path("photos")
        try FileManager.default.createDirectory(atPath: folder + "/deep", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: cat, toPath: folder + "/cat.jpg")
        try FileManager.default.copyItem(atPath: coffee, toPath: folder + "/deep/coffee.jpg")
        return folder
    }

    /// No kind of it comes in its place, nor what only sounds like one; a person may say so all the same.
    @Test func aPictureWithoutACatHasNoKindOfCat() throws {
        let tool = try Tool()
        #expect(try tool.run("analyze", cat).output.contains("cat "))
        #expect(try tool.run("tag", cat, "--reject", "cat").status == 0)
        let again = try tool.run("analyze", cat, "--again", "--dropped")
        let parts = again.output.split(separator: "left out", maxSplits: 1)
        try #require(parts.count == 2, "\(again)")
        let (seen, leftOut) = (parts[0], parts[1])
        #expect(!seen.contains("cat "), "\(seen)")
        #expect(seen.contains("1 rejected before: neither it nor its kinds are suggested"), "\(seen)")
        #expect(leftOut.contains("tabby cat") && leftOut.contains("implies \"cat\", which was rejected"), "\(leftOut)")
        #expect(try tool.run("tag", cat, "--add", "tabby cat").status == 0)
        #expect(try tool.run("prompt", cat).output.contains("tabby cat"))
    }

    @Test func tagsGoToCaptionsAndKeywordsAndAreFoundAgain() throws {
        let tool = try Tool()
        let folder = try photographs(tool)
        try "my own words".write(toFile: folder + "/cat.txt", atomically: true, encoding: .utf8)
        let looked = try tool.run("analyze", folder, "--write-captions", "--caption-prefix", "myword")
        #expect(looked.status == 1 && looked.errors.contains("cat.txt holds a text that is not Redraw's"), "\(looked.errors)")
        #expect(try text(folder + "/cat.txt") == "my own words")
        #expect(try text(folder + "/deep/coffee.txt").hasPrefix("myword, "))

        #expect(try tool.run("tag", folder + "/cat.jpg", "--add", "soft light", "--add", "ginger cat").status == 0)
        let captions = try tool.run("captions", folder, "--overwrite")
        #expect(captions.status == 0 && captions.errors.contains("1 picture without a tag to write: "), "\(captions)")
        #expect(captions.errors.contains("deep/coffee.jpg"), "\(captions.errors)")
        #expect(try text(folder + "/cat.txt") == "ginger cat, soft light\n" && exists(folder + "/deep/coffee.txt"))

        // Written again in another form, from another place; a caption that was edited since stays.
        try FileManager.default.moveItem(atPath: folder, toPath: folder + " moved")
        let renewed = try tool.run("captions", folder + " moved/cat.jpg", "--caption-prefix", "myword")
        #expect(renewed.status == 0 && renewed.errors.contains("0 captions written, 1 brought up to date."), "\(renewed)")
        #expect(try text(folder + " moved/cat.txt") == "myword, ginger cat, soft light\n")
        try FileManager.default.moveItem(atPath: folder + " moved", toPath: folder)
        try "myword, ginger cat\n".write(toFile: folder + "/cat.txt", atomically: true, encoding: .utf8)
        let edited = try tool.run("captions", folder + "/cat.jpg")
        #expect(edited.status == 1 && edited.errors.contains("--overwrite replaces it"), "\(edited)")
        #expect(try text(folder + "/cat.txt") == "myword, ginger cat\n")
        #expect(try tool.run("captions", folder + "/cat.jpg", "--overwrite").status == 0)

        let before = try ImageFile.decode(contentsOf: URL(fileURLWithPath: folder + "/cat.jpg")).image
        #expect(try tool.run("keywords", folder, "--digikam").output.contains("cat.jpg.xmp"))
        #expect(try text(folder + "/cat.jpg.xmp").contains("/ginger cat<") && !exists(folder + "/deep/coffee.jpg.xmp"))
        let embedded = try tool.run("keywords", folder + "/cat.jpg", "--embed")
        #expect(embedded.status == 0, "\(embedded.errors)")
        #expect(try ImageFile.decode(contentsOf: URL(fileURLWithPath: folder + "/cat.jpg")).image == before)
        // The changed file is the same picture, and is not looked at again.
        let again = try tool.run("analyze", folder)
        #expect(again.errors.contains("2 analysed before"), "\(again.errors)")
        #expect(try tool.run("prompt", folder + "/cat.jpg").output.contains("ginger cat"))
        #expect(try tool.run("keywords", folder, "--remove").status == 0)
        // Those in the picture itself are others, and are named as what is looked for, not as tags.
        let beside = try tool.run("keywords", folder + "/cat.jpg", "--remove")
        #expect(beside.status == 0 && beside.errors.contains("1 picture without a keyword of Redraw's beside it (--embed"), "\(beside)")
        let within = try tool.run("keywords", folder + "/cat.jpg", "--remove", "--embed")
        #expect(within.output.hasSuffix("cat.jpg\n") && within.errors.contains("1 file written"), "\(within)")
        #expect(!exists(folder + "/cat.jpg.xmp"))

        // What was approved, for a spreadsheet and for a script.
        let rows = try tool.run("export", "--tags", "csv", "--approved").output.split(separator: "\n")
        #expect(rows[0] == "picture,sha256,tag,text,facet,confidence,source,state,weight,decidedAt,decidedBy")
        #expect(rows.count == 3 && rows[1...].allSatisfy { $0.contains("cat.jpg") && $0.contains(",approved,") }, "\(rows)")
        let lines = try tool.run("export", folder + "/cat.jpg", "--tags", "jsonl", "--since", "2020-01-01").output.split(separator: "\n")
        let objects = try lines.map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(Set(objects.compactMap { $0["text"] as? String }) == ["soft light", "ginger cat"], "\(lines)")
        #expect(try tool.run("export", "--tags", "csv", "--since", "2999-01-01").output.split(separator: "\n").count == 1)
        #expect(try tool.run("export", "--approved").status == 64)

        let found = try tool.run("search", "ginger", "--approved")
        #expect(found.output.contains("cat.jpg") && !found.output.contains("coffee.jpg"), "\(found)")
        #expect(try tool.run("search", "ginger", "--since", "yesterday").status == 64)
        let told = try tool.run("forget", folder + "/cat.jpg")
        #expect(told.output.contains("would go") && told.errors.contains("--yes"), "\(told)")
        #expect(try tool.run("search", "ginger").output.contains("cat.jpg"))
        #expect(try tool.run("forget", folder + "/cat.jpg", "--yes").output.contains("cat.jpg stays"))
        #expect(try tool.run("search", "ginger").output.isEmpty && exists(folder + "/cat.jpg"))
    }

    @Test func stylesChoicesAndOtherPicturesMakeThePrompt() throws {
        let tool = try Tool()
        try Data("\u{FEFF}name,prompt,negative_prompt\r\nOil,\"oil painting of {prompt}\",photo\r\n".utf8).write(
            to: URL(fileURLWithPath: tool.path("styles.csv")))
        #expect(try tool.run("styles", "import", tool.path("styles.csv")).status == 0)
        #expect(try tool.run("styles").output == "Oil: oil painting of {prompt} | negative: photo\n")
        let table = try tool.run("styles", "export", "-").output
        #expect(table == "\u{FEFF}name,prompt,negative_prompt\r\nOil,oil painting of {prompt},photo\r\n", "it is what the file would be")
        let words = tool.path("words")
        try FileManager.default.createDirectory(atPath: words, withIntermediateDirectories: true)
        try "a cat\na dog\n".write(toFile: words + "/animals.txt", atomically: true, encoding: .utf8)
        let made = try tool.run(
            "paint", "__animals__ in {snow|rain}", "--style", "oil", "--wildcards", words, "--size", "64x64", "--steps", "2", "--seed", "5",
            "--infotext", "a1111", "--output", tool.path("a.png"))
        #expect(made.status == 0 && made.errors.contains("the prompt is now: oil painting of a "), "\(made.errors)")
        let written = try #require(try ImageFile.text(of: URL(fileURLWithPath: tool.path("a.png")))["parameters"])
        #expect(written.contains("Negative prompt: photo") && written.contains("Template: __animals__ in {snow|rain}"), "\(written)")
        #expect(!written.contains("Steps run") && written.contains("Styles: Oil"), "\(written)")
        // What it was made with makes it again.
        let again = try tool.run("paint", "--from", tool.path("a.png"), "--output", tool.path("b.png"))
        #expect(again.status == 0, "\(again.errors)")
        #expect(
            try ImageFile.decode(contentsOf: URL(fileURLWithPath: tool.path("b.png"))).image
                == ImageFile.decode(contentsOf: URL(fileURLWithPath: tool.path("a.png"))).image)
        for (arguments, reason) in [
            (["paint", "a cat", "--style", "none"], "no style none"), (["paint", "__nothing__"], "no wildcard file"),
            (["paint", "__../a__"], "no wildcard file"), (["paint", "--from", words + "/nowhere"], "nowhere"),
        ] {
            let (process, input, _, errors) = try tool.start(arguments)
            try input.fileHandleForWriting.close()
            let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus != 0 && (said.contains(reason) || said.contains("outside")), "\(arguments): \(said)")
        }
    }

    @Test func aFolderIsRedrawnAndTheRestIsMadeLater() throws {
        let tool = try Tool()
        let folder = try photographs(tool)
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder + "/bad.jpg"))
        let arguments = [
            "generate", folder, "--prompt", "a cat", "--size", "64x64", "--steps", "2", "--strength", "0.5", "--output",
            tool.path("out") + "/",
        ]
        func run(_ arguments: [String]) throws -> (status: Int32, errors: String) {
            let (process, input, output, errors) = try tool.start(arguments)
            try input.fileHandleForWriting.close()
            let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            _ = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, said)
        }
        let first = try run(arguments)
        #expect(first.status == 1 && first.errors.contains("bad.jpg") && first.errors.contains("2 made"), "\(first)")
        #expect(exists(tool.path("out/cat.png")) && exists(tool.path("out/deep/coffee.png")))
        try FileManager.default.removeItem(atPath: folder + "/bad.jpg")
        try FileManager.default.removeItem(atPath: tool.path("out/cat.png"))
        let second = try run(arguments)
        #expect(second.status == 0 && second.errors.contains("1 made, 1 there already"), "\(second)")

        let rated = try tool.run("rate", tool.path("out/cat.png"), "4")
        #expect(rated.status == 0, "\(rated.errors)")
        #expect(try tool.run("search", "--stars", "4").output.contains("cat.jpg"))

        let masks = tool.path("masks")
        try FileManager.default.createDirectory(atPath: masks, withIntermediateDirectories: true)
        let size = try ImageFile.size(of: URL(fileURLWithPath: cat)).size
        let white = (0..<size.pixelCount).map { UInt8($0 % size.width < 60 ? 255 : 0) }
        try ImageFile.write(
            Image(width: size.width, height: size.height, channels: 1, bytes: white), to: URL(fileURLWithPath: masks + "/cat.png"))
        let repainted = try run([
            "repaint", folder, "--mask", masks, "--prompt", "a cat", "--size", "64x64", "--steps", "2", "--output",
            tool.path("repainted") + "/",
        ])
        #expect(repainted.status == 1 && repainted.errors.contains("no mask of that name"), "\(repainted)")
        #expect(exists(tool.path("repainted/cat.png")) && !exists(tool.path("repainted/deep/coffee.png")))
        #expect(try run(["generate", folder, "--prompt", "a cat"]).errors.contains("--output"))
    }
}
