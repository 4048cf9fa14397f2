import Diffusion
import Foundation
import TestSupport
import Testing

/// What `--help` says, read from the built program: every option tells what happens without it, once, and as it is.
@Suite(.serialized) struct HelpTests {
    /// An option, a flag or an argument as the program describes it to others.
    private struct Described: Decodable {
        struct Name: Decodable {
            let name: String
        }

        let kind: String
        let shouldDisplay: Bool
        let isOptional: Bool
        let names: [Name]?
        let valueName: String?
        let defaultValue: String?
        let abstract: String?

        var name: String { names?.map(\.name).max { $0.count < $1.count }.map { "--\($0)" } ?? valueName ?? "" }
        var text: String { abstract ?? "" }
        var isFirstHelp: Bool { ["--help", "--version"].contains(name) }
    }

    private struct Command: Decodable {
        let commandName: String
        let abstract: String?
        let discussion: String?
        let arguments: [Described]?
        let subcommands: [Command]?

        func all(_ path: [String] = []) -> [(path: String, command: Command)] {
            let path = path + [commandName]
            return [(path.joined(separator: " "), self)] + (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { $0.all(path) }
        }
    }

    private static func commands() throws -> [(path: String, command: Command)] { try told.get() }

    /// Asked of each program once for all tests.
    private static let told = Result<[(path: String, command: Command)], any Error> {
        struct Dump: Decodable {
            let command: Command
        }
        return try ["redraw", "analyze"].flatMap { program in
            let told = try Tool().run("--experimental-dump-help", program: program)
            return try JSONDecoder().decode(Dump.self, from: Data(told.output.utf8)).command.all()
        }
    }

    /// Options that are what the command is to do: without them it does not do it.
    private static let deeds: Set<String> = [
        "redraw tag --approve", "redraw tag --reject", "redraw tag --add", "redraw tag --edit", "redraw tag --weight", "redraw tag --reset",
        "redraw tag --approve-above", "redraw prompt --set",
    ]

    @Test func everyOptionTellsItsDefaultOnce() throws {
        var (options, deeds) = (0, Set<String>())
        for (path, command) in try Self.commands() {
            #expect(command.abstract?.hasSuffix(".") == true, "\(path) says what it does")
            for one in command.arguments ?? [] where one.shouldDisplay && !one.isFirstHelp {
                let place = "\(path) \(one.name)"
                #expect(one.text.count >= 8 && one.text.hasSuffix("."), "\(place): \(one.text)")
                guard one.kind == "option", one.isOptional else { continue }
                options += 1
                if Self.deeds.contains(place) {
                    deeds.insert(place)
                    continue
                }
                // One that is written down here is printed by itself.
                #expect((one.defaultValue != nil) != one.text.contains("(default: "), "\(place): \(one.text)")
            }
        }
        #expect(options > 100)
        #expect(deeds == Self.deeds, "what is no option any more is no exception either")
    }

    /// A terminal has 80 columns; a command that is cut in two is not copied whole.
    @Test func examplesFitOnALine() throws {
        var examples = 0
        for (path, command) in try Self.commands() {
            for line in (command.discussion ?? "").split(separator: "\n") where line.hasPrefix("  ") {
                examples += 1
                #expect(line.count <= 80, "\(path): \(line)")
            }
        }
        #expect(examples > 80)
    }

    /// Also in a pipe, and the line that says how a command is called.
    @Test func allOfTheHelpFitsOnATerminal() throws {
        let tool = try Tool()
        var commands = 0
        for (path, _) in try Self.commands() {
            let words = path.split(separator: " ").map(String.init)
            let help = try tool.run(arguments: Array(words.dropFirst()) + ["--help"], program: words[0])
            #expect(help.status == 0 && help.errors.isEmpty && help.output.contains("USAGE: \(path)"), "\(path): \(help.errors)")
            for line in help.output.split(separator: "\n") { #expect(line.count <= 80, "\(path): \(line)") }
            commands += 1
        }
        #expect(commands > 40)
        let asked = try tool.run("help", "tag").output
        #expect(asked.contains("USAGE: redraw tag <picture> [--approve <tag> ...]") && asked.contains("\n       ["), "\(asked)")
        let refused = try tool.run("tag")
        #expect(refused.status == 64 && refused.errors.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(refused.errors)")
    }

    /// The program breaks lines where the terminal ends; one that is broken before is broken twice.
    @Test func paragraphsAreNotBrokenByHand() throws {
        for (path, command) in try Self.commands() {
            let lines = (command.discussion ?? "").split(separator: "\n", omittingEmptySubsequences: false)
            for (line, next) in zip(lines, lines.dropFirst()) where !line.isEmpty && !next.isEmpty {
                #expect(line.hasPrefix("  ") && next.hasPrefix("  "), "\(path): \(line)")
            }
        }
    }

    /// A sheet has a picture for each of its cells; what embeds names no tags.
    @Test(arguments: [
        ("redraw sheet", ["--count", "--preview", "--latent"]), ("redraw embed image", ["--vocabulary"]),
        ("redraw embed text", ["--vocabulary"]), ("redraw similar", ["--vocabulary"]),
    ])
    func nothingIsOfferedThatIsNotHeeded(_ path: String, _ names: [String]) throws {
        let command = try #require(try Self.commands().first { $0.path == path }).command
        let offered = Set((command.arguments ?? []).filter(\.shouldDisplay).map(\.name))
        #expect(offered.isDisjoint(with: names) && offered.contains("--help"), "\(offered.intersection(names))")
    }

    @Test func noOptionIsThereTwice() throws {
        for (path, command) in try Self.commands() {
            let names = (command.arguments ?? []).filter(\.shouldDisplay).flatMap { ($0.names ?? []).map(\.name) }
            #expect(names.count == Set(names).count, "\(path): \(Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys)")
        }
    }

    /// The numbers and names that are told are those of an order that says nothing.
    @Test func theDefaultsThatAreToldAreTheRealOnes() throws {
        let request = GenerationRequest()
        let real: [String: String] = [
            "--strength": "\(request.strength)", "--steps": "\(request.steps)", "--guidance": "\(request.guidance)",
            "--sampler": request.sampler.rawValue, "--refine": "\(request.refine)", "--drafts": "\(request.drafts)",
            "--count": "\(request.count)", "--profile": request.profile.rawValue, "--precision": request.precision.rawValue,
            "--resize": request.resize.rawValue, "--fill": request.fill.rawValue, "--area": request.area.rawValue,
            "--padding": "\(request.padding)", "--feather": "\(request.feather)", "--grow": "\(request.grow)",
            "--infotext": request.infotext.rawValue,
        ]
        var seen: Set<String> = []
        for (path, command) in try Self.commands()
        where ["redraw generate", "redraw repaint", "redraw paint", "redraw sheet"].contains(path) {
            for option in command.arguments ?? [] where real[option.name] != nil {
                let told = try #require(option.text.split(separator: "default: ").last?.split(separator: ")").first)
                let value = told.split(separator: "else ").last.map(String.init)
                #expect(value == real[option.name], "\(path) \(option.name): \(option.text)")
                seen.insert(option.name)
            }
        }
        #expect(seen == Set(real.keys))
    }

    /// What is named in the words of one command is there.
    @Test func commandsThatAreNamedAreThere() throws {
        let commands = try Self.commands()
        let known = Set(commands.map(\.path))
        let texts = commands.flatMap { path, command in (command.arguments ?? []).map { (path, $0.text) } }
        for (path, text) in texts {
            for part in text.split(separator: "see redraw ").dropFirst() {
                let name = "redraw " + part.prefix { $0.isLetter || $0 == " " || $0 == "-" }
                #expect(known.contains { name == $0 || name.hasPrefix($0 + " ") && $0 != "redraw" }, "\(path): \(name)")
            }
        }
    }

    /// Lines that a person copies out of the README and the pages beside it.
    @Test func commandsOfTheDocumentationAreThere() throws {
        let commands = Dictionary(try Self.commands(), uniquingKeysWith: { first, _ in first })
        let folder = checkout.appendingPathComponent("Documentation")
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }.map(
            folder.appendingPathComponent)
        var lines = 0
        for page in pages + [checkout.appendingPathComponent("README.md")] {
            for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") where line.hasPrefix("    redraw ") {
                lines += 1
                // What follows several blanks says what the line does; what follows a bar is another program.
                let said = line.dropFirst(4).firstRange(of: "  ").map { line.dropFirst(4)[..<$0.lowerBound] } ?? line.dropFirst(4)
                let words = (said.split(separator: " | ").first ?? said).split(separator: " ").map(String.init)
                let path =
                    (1...min(3, words.count)).reversed().map { words.prefix($0).joined(separator: " ") }.first { commands[$0] != nil } ?? ""
                #expect(words.count == 1 || path != "redraw" || words[1].hasPrefix("-"), "\(page.lastPathComponent): \(line)")
                let known = Set(
                    commands.filter { $0.key == path || $0.key.hasPrefix(path + " ") }.values.flatMap { command in
                        (command.arguments ?? []).flatMap { ($0.names ?? []).map { "--" + $0.name } }
                    })
                for word in words where word.hasPrefix("--") && word != "--" {
                    #expect(known.contains(word) || path == "redraw", "\(page.lastPathComponent): \(line): there is no \(word)")
                }
            }
        }
        #expect(lines > 60)
    }
}
