import ArgumentParser
import Foundation
import Studio

/// Which library a command opens, and how much it says.
protocol LibraryChoice {
    var libraryPath: String? { get }
    var quiet: Bool { get }
}

extension LibraryChoice {
    /// A line on standard error, unless `--quiet`.
    func notice(_ text: @autoclosure () -> String) {
        guard !quiet else { return }
        Terminal.standardError.write(text() + "\n")
    }
}

/// The options of a command that opens the library and has no result to print as JSON.
struct LibraryPlace: ParsableArguments, LibraryChoice {
    @Option(
        name: .customLong("library"),
        help: ArgumentHelp(
            "The folder where Redraw keeps what was seen, decided and made (default: ~/.local/share/redraw).", valueName: "dir"),
        completion: .directory)
    var libraryPath: String?

    @Flag(name: .shortAndLong, help: "Print no progress and no notices.")
    var quiet = false

    func validate() throws {
        if let libraryPath, libraryPath.isEmpty { throw ValidationError("--library needs a folder.") }
        if let libraryPath, ForeignNames.isForeign(libraryPath) {
            let shown = ForeignNames.shown(libraryPath)
            throw ValidationError("--library is \(shown); SQLite takes names in UTF-8 alone, so choose another folder.")
        }
    }
}

/// The options of every other command that opens the library.
struct LibraryOptions: ParsableArguments, LibraryChoice {
    @OptionGroup var place: LibraryPlace

    @Flag(name: .long, help: "Print the result as JSON.")
    var json = false

    var libraryPath: String? { place.libraryPath }
    var quiet: Bool { place.quiet }

    /// Who decides, for the record.
    static var person: String { Studio.person() }
}

/// How many processor cores a command may use.
struct ThreadOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("How many processor cores to use (default: all that it may).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !Studio.threadCounts.contains(threads) {
            throw ValidationError(
                "--threads is \(threads); it must be from \(Studio.threadCounts.lowerBound) to \(Studio.threadCounts.upperBound).")
        }
    }

    func apply() {
        // A file that cannot be read is told of where the library is opened.
        if let threads = threads ?? (try? Settings())?.threads { Studio.useThreads(threads) }
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
