import Foundation
import Pixels
import TestSupport
import Testing

@testable import Studio

/// Styles as the web UI keeps them, and what they and choices make of a prompt on its way to an order.
@Suite struct StyleTests {
    private let pictures: ScreenedPictures

    init() throws { pictures = try ScreenedPictures() }

    private static let sheet = [
        "\u{FEFF}name,prompt,negative_prompt", #"Oil painting,"oil painting of {prompt}, thick ""impasto""",photo"#,
        "Night,\"at night,\nunder stars\",", ",left out,", #"Größe,,"blurry, grainy""#, "",
    ].joined(separator: "\r\n")

    @Test func theWebUIsTableIsRead() throws {
        let sheet = try StyleSheet(Self.sheet)
        #expect(
            sheet.styles == [
                .init(name: "Oil painting", prompt: "oil painting of {prompt}, thick \"impasto\"", negative: "photo"),
                .init(name: "Night", prompt: "at night,\nunder stars", negative: ""),
                .init(name: "Größe", prompt: "", negative: "blurry, grainy"),
            ])
        #expect(try StyleSheet(sheet.text) == sheet && sheet.text.unicodeScalars.first == "\u{FEFF}")
        #expect(try StyleSheet("name,text\nold,\"x\"").styles == [.init(name: "old", prompt: "x", negative: "")])
        for wrong in ["", "a,b\n1,2", "prompt,negative_prompt\nx,y"] {
            #expect(throws: StyleSheet.Problem.noHeader) { try StyleSheet(wrong) }
        }
        #expect(throws: StyleSheet.Problem.openQuote(line: 2)) { try StyleSheet("name,prompt\na,\"b\nc\n") }
    }

    @Test func whatWasWrittenIsReadBack() throws {
        var random = SeededGenerator.announced()
        for _ in 0..<300 {
            let styles = (0..<3).map { number in
                func text() -> String {
                    String((0..<8).map { _ in Array("ab,\"\n{} é").randomElement(using: &random)! }).trimmingCharacters(
                        in: .whitespacesAndNewlines)
                }
                return StyleSheet.Style(name: "n\(number)", prompt: text(), negative: text())
            }
            #expect(try StyleSheet(StyleSheet(styles).text).styles == styles)
        }
    }

    @Test func stylesArePresetsThatNobodyLoses() throws {
        let studio = pictures.studio
        try Self.sheet.write(to: pictures.url("styles.csv"), atomically: true, encoding: .utf8)
        #expect(try studio.importStyles(from: pictures.url("styles.csv"), replacing: false).added.count == 3)
        #expect(try studio.importStyles(from: pictures.url("styles.csv"), replacing: false).added.isEmpty)
        try "name,prompt\nnight,dark\n".write(to: pictures.url("other.csv"), atomically: true, encoding: .utf8)
        #expect(try studio.importStyles(from: pictures.url("other.csv"), replacing: false).kept == ["night"])
        #expect(try studio.styles().styles.first { $0.name == "Night" }?.prompt == "at night,\nunder stars")
        #expect(try studio.importStyles(from: pictures.url("other.csv"), replacing: true).replaced == ["night"])
        #expect(try studio.styles().styles.count == 3)
        #expect(throws: TransferError.self) { try studio.exportStyles(to: pictures.url("styles.csv"), overwriting: false) }
        #expect(try studio.exportStyles(to: pictures.url("new.csv"), overwriting: false) == 3)
        #expect(try StyleSheet(pictures.text("new.csv")) == studio.styles())
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity]) func whatIsNoNumberTakesNothingAlong(_ number: Double) async throws {
        var (said, preset) = (wish { $0.guidance = number }, GenerationWish())
        (preset.prompt, preset.steps) = ("a dog", 12)
        let alone = await #expect(throws: (any Error).self) { try await pictures.studio.order(said) }
        said.fill(from: preset)
        #expect(said.prompt == "a cat" && said.output == pictures.path("new.png") && said.steps == 12)
        let filled = await #expect(throws: (any Error).self) { try await pictures.studio.order(said) }
        #expect(try "\(#require(filled))".hasPrefix("guidance is ") && "\(#require(filled))" == "\(#require(alone))")
        let axis = try #require(SheetAxis("steps=2,3"))
        let sheet = await #expect(throws: (any Error).self) { try await pictures.studio.orders(ofSheet: said, x: axis, y: nil) }
        #expect(try "\(#require(sheet))" == "\(#require(alone))")
    }

    private func wish(_ change: (inout GenerationWish) -> Void) -> GenerationWish {
        var wish = GenerationWish()
        (wish.prompt, wish.output) = ("a cat", pictures.path("new.png"))
        change(&wish)
        return wish
    }

    @Test func aStyleIsLaidOverThePromptAndTold() async throws {
        try Self.sheet.write(to: pictures.url("styles.csv"), atomically: true, encoding: .utf8)
        _ = try pictures.studio.importStyles(from: pictures.url("styles.csv"), replacing: false)
        let order = try await pictures.studio.order(wish { ($0.styles, $0.negative) = (["oil PAINTING", "Night"], "dog") })
        #expect(order.request.prompt == "oil painting of a cat, thick \"impasto\", at night,\nunder stars")
        #expect(order.request.negative == "dog, photo")
        #expect(order.request.wording?.styles == ["Oil painting", "Night"] && order.request.wording?.prompt == "a cat")
        let plan = PlanReport(try await pictures.engine.plan(order), nil)
        #expect(
            plan.notes.contains("styles: Oil painting, Night") && plan.notes.contains { $0.hasPrefix("the prompt is now: oil painting of") }
        )
        await #expect(throws: StudioError.self) { try await pictures.studio.order(wish { $0.styles = ["none"] }) }
    }

    @Test func whatElseAStyleSaysFillsGaps() async throws {
        var preset = LibraryWish()
        (preset.settings.prompt, preset.settings.steps, preset.settings.guidance, preset.settings.seed) = ("oil", 7, 3, .max)
        try pictures.studio.keep(preset: "mine", preset, replacing: false)
        let order = try await pictures.studio.order(wish { ($0.styles, $0.guidance) = (["mine"], 5) })
        #expect((order.request.steps, order.request.guidance, order.request.prompt, order.seed) == (7, 5, "a cat, oil", .max))
    }

    @Test func eachPictureMakesItsOwnChoice() async throws {
        try FileManager.default.createDirectory(at: pictures.url("words"), withIntermediateDirectories: true)
        try "red\nblue\ngreen\n".write(to: pictures.url("words/colours.txt"), atomically: true, encoding: .utf8)
        let many = wish {
            ($0.prompt, $0.negative, $0.wildcards) = ("a __colours__ cat", "{x|y}", pictures.path("words"))
            ($0.count, $0.seed) = (6, 40)
        }
        let orders = try await pictures.studio.orders(many)
        #expect(orders.map(\.seed) == Array(40...45) && orders.allSatisfy { $0.request.count == 1 })
        #expect(Set(orders.map(\.request.prompt)).isSubset(of: ["a red cat", "a blue cat", "a green cat"]))
        #expect(Set(orders.map(\.request.prompt)).count > 1)
        #expect(try await pictures.studio.orders(many) == orders)
        for order in orders { _ = try await pictures.studio.generate(order) }
        let written = try ImageFile.text(of: pictures.url("new-2.png"))
        #expect(written["parameters"]?.contains("Template: a __colours__ cat, Negative Template: {x|y}") == true, "\(written)")
        #expect(written["parameters"]?.hasPrefix(orders[1].request.prompt) == true)
        let plain = try await pictures.studio.orders(wish { $0.count = 3 })
        #expect(plain.count == 1 && plain[0].request.wording == nil)
    }

    @Test func aPageNamesNoFolder() {
        #expect(throws: WishError.namesFile("wildcards")) {
            try JSONDecoder().decode(LibraryWish.self, from: Data(#"{"wildcards":"/etc"}"#.utf8))
        }
    }
}
