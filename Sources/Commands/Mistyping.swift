import ArgumentParser
import Foundation
import Studio

/// What is wrong with a command line that could not be parsed, where a name in it was mistyped or quotation marks were forgotten.
enum Mistyping {
    /// What the parser tells of itself.
    private struct Tool: Decodable {
        let command: Command
    }

    private struct Command: Decodable {
        let commandName: String
        let defaultSubcommand: String?
        let subcommands: [Command]?
        let arguments: [Argument]?

        /// `help` is everybody's.
        var own: [Command] { (subcommands ?? []).filter { $0.commandName != "help" } }
        var positionals: [Argument] { (arguments ?? []).filter { $0.kind == "positional" } }
        var usual: Command? { own.first { $0.commandName == defaultSubcommand } }

        func option(_ name: String, isLong: Bool) -> Argument? {
            arguments?.first { $0.names?.contains { $0.name == name && ($0.kind == "short") != isLong } ?? false }
        }
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }
        let kind: String
        let isRepeating: Bool
        let shouldDisplay: Bool
        let parsingStrategy: String
        let valueName: String?
        let names: [Name]?
    }

    /// The parser's own, which it does not tell.
    private static let everybodys: Set = ["help", "help-hidden", "version", "generate-completion-script", "experimental-dump-help"]

    /// - Returns: nil where no name is wrong.
    static func words(for arguments: [String], of root: any ParsableCommand.Type) -> String? {
        guard let tool = try? JSONDecoder().decode(Tool.self, from: Data(root._dumpHelp().utf8)) else { return nil }
        var (command, path, rest) = (tool.command, [tool.command.commandName], arguments[...])
        let asksForHelp = rest.first == "help" && !command.own.isEmpty
        if asksForHelp { rest.removeFirst() }
        while !command.own.isEmpty {
            guard let word = rest.first, !word.hasPrefix("-") else {
                guard let usual = command.usual else { return nil }
                command = usual
                break
            }
            if let next = command.own.first(where: { $0.commandName == word }) {
                (command, path) = (next, path + [word])
                rest.removeFirst()
            } else if !asksForHelp, let usual = command.usual, !usual.positionals.isEmpty {
                command = usual
                break
            } else if word == "help", !asksForHelp {
                return nil
            } else {
                return noCommand(word, command, path, asksForHelp)
            }
        }
        return asksForHelp ? nil : wrong(rest, command, path)
    }

    private static func noCommand(_ word: String, _ command: Command, _ path: [String], _ asksForHelp: Bool) -> String {
        let group = path.dropFirst().map { $0 + " " }.joined()
        let (known, start) = (command.own.map { group + $0.commandName }, "there is no command \(group)\(word)")
        if path.count == 1, let own = WordsOfOthers.commands[word.lowercased()], known.contains(own) {
            return "\(start); \(path[0]) \(own) does that"
        }
        if path.count == 1, !asksForHelp, NearestName.of(word, among: known) == nil, exists(word) {
            return "\(start); to look at a picture: redraw analyze \(ShellWord.quoted(word))"
        }
        return start + NearestName.hint(for: group + word, among: known, listing: (path + ["--help"]).joined(separator: " "))
    }

    /// The first unknown option, or words that were to be one.
    private static func wrong(_ arguments: ArraySlice<String>, _ command: Command, _ path: [String]) -> String? {
        var (rest, words) = (arguments, [String]())
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-", Double(argument) == nil else {
                words.append(argument)
                continue
            }
            let isLong = argument.hasPrefix("--")
            let name = String(argument.drop { $0 == "-" }.prefix { $0 != "=" })
            guard let option = command.option(name, isLong: isLong) else {
                // Several short ones may be written together.
                if !isLong && name.count > 1 || everybodys.contains(name) { continue }
                return unknown(name, isLong: isLong, command, path)
            }
            // Elsewhere that asks for a random one.
            if name.hasSuffix("seed"), argument == "--\(name)=-1" || argument == "--\(name)" && rest.first == "-1" {
                return "--\(name) is -1; leave it out for a random one"
            }
            guard option.kind == "option", !argument.contains("=") else { continue }
            if option.parsingStrategy == "upToNextOption" {
                rest = rest.drop { !$0.hasPrefix("-") }
            } else if let value = rest.first, !value.hasPrefix("--") {
                rest.removeFirst()
            }
        }
        let wanted = command.positionals
        guard words.count > wanted.count, wanted.count == 1, !wanted[0].isRepeating else { return nil }
        let (program, joined) = (path.joined(separator: " "), words.joined(separator: " "))
        guard wanted[0].valueName == "text" || exists(joined) else { return nil }
        return "words that belong together need quotation marks: \(program) \(ShellWord.quoted(joined))"
    }

    private static func unknown(_ name: String, isLong: Bool, _ command: Command, _ path: [String]) -> String {
        let known = (command.arguments ?? []).filter(\.shouldDisplay).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map(\.name)
        let start = "Unknown option '\(isLong ? "--" : "-")\(name)'"
        if isLong, let own = WordsOfOthers.option(for: name, among: known) { return "\(start); here it is '\(own)'" }
        if isLong, let near = NearestName.of(name, among: known) { return "\(start); did you mean '--\(near)'?" }
        return "\(start); \((path + ["--help"]).joined(separator: " ")) lists those there are"
    }

    static func exists(_ path: String) -> Bool { PictureListing.exists(path) }
}
