import ArgumentParser
import Foundation
import Studio

/// The options of every command that opens the library.
struct LibraryOptions: ParsableArguments {
    @Option(
        name: .customLong("library"),
        help: ArgumentHelp("The folder that keeps pictures, decisions and generations.", valueName: "dir"),
        completion: .directory)
    var libraryPath: String?

    @Flag(name: .long, help: "Print the result as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress and no notices.")
    var quiet = false

    /// `--library`, or the folder that the XDG base directory specification names for a program's data.
    var folder: URL {
        LibraryOptions.folder(option: libraryPath, environment: ProcessInfo.processInfo.environment)
    }

    static func folder(option: String?, environment: [String: String]) -> URL {
        if let option { return URL(fileURLWithPath: NSString(string: option).expandingTildeInPath, isDirectory: true) }
        return Installation.dataFolder(environment: environment)
    }

    /// A line on standard error, unless `--quiet`.
    func notice(_ text: @autoclosure () -> String) {
        guard !quiet else { return }
        Terminal.standardError.write(text() + "\n")
    }

    /// Who decides, for the record.
    static var person: String { Studio.person() }

    func validate() throws {
        if let libraryPath, libraryPath.isEmpty { throw ValidationError("--library needs a folder.") }
    }
}

/// How many processor cores a command may use.
struct ThreadOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Processor cores to use (default: all).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it must be at least 1.") }
    }

    func apply() {
        if let threads { Studio.useThreads(threads) }
    }
}

/// How results are written as JSON: readable, keys in a fixed order, a line at the end.
enum JSONOutput {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// On one line.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// JSON Lines.
    static func printLine(_ value: some Encodable) throws {
        Terminal.standardOutput.write(json: try line(value) + "\n")
    }

    static func print(_ value: some Encodable) throws {
        Terminal.standardOutput.write(json: try text(value) + "\n")
    }
}
