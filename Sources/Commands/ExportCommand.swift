import ArgumentParser
import Foundation
import Studio

/// `redraw export`: the library as text.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the library, or some pictures of it, as JSON.",
        discussion: """
            The text holds analyses, suggestions, all decisions, prompts and generations; picture files are named in it, not contained.

              redraw export --output library.json
              redraw export photo.jpg | jq '.pictures[0].suggestions'
            """)

    @Argument(help: ArgumentHelp("Only these pictures.", valueName: "picture"))
    var pictures: [String] = []

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Write to this file instead of standard output.", valueName: "file"), completion: .file())
    var output: String?

    @OptionGroup var library: LibraryOptions

    func run() throws {
        let desk = try Desks.open(library)
        let wanted = pictures.isEmpty ? nil : try pictures.map { try desk.picture($0).id }
        let export = try desk.export(pictures: wanted)
        let json = try export.json()
        guard let output, output != "-" else { return Terminal.standardOutput.write(json: String(decoding: json, as: UTF8.self)) }
        do {
            // Beside and renamed: a full disk leaves the file that was there.
            try json.write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw TransferError.unwritable(output)
        }
        library.notice("Wrote \(CommandText.count(export.pictures.count, "picture")) to \(output).")
    }
}

/// `redraw import`: takes an export in.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take an exported library in.",
        discussion: """
            What you decided here stays as it is; what you did not decide takes over the export's decisions. Importing twice changes nothing.

              redraw import library.json
              ssh studio redraw export | redraw import -
            """)

    @Argument(help: ArgumentHelp("A file that `redraw export` wrote, or - for standard input.", valueName: "file"), completion: .file())
    var file: String

    @OptionGroup var library: LibraryOptions

    /// Larger texts are refused before they are read.
    static let longest = 1 << 30

    func run() throws {
        let json = try ImportCommand.text(file)
        let export: LibraryExport
        do {
            export = try LibraryExport(json: json)
        } catch {
            throw TransferError.notAnExport(file, "\(error)")
        }
        let report = try Desks.open(library).import(export, by: "import by \(LibraryOptions.person)")
        if library.json { return try JSONOutput.print(report) }
        library.notice(
            "\(CommandText.count(report.picturesAdded, "picture")) added, \(report.picturesMerged) merged; \(report.suggestionsAdded) suggestions, "
                + "\(report.decisionsTaken) decisions, \(report.promptsAdded) prompts and \(report.generationsAdded) generations taken in"
                + (report.decisionsKept > 0 ? "; \(report.decisionsKept) tags decided differently here stay as they are." : "."))
    }

    private static func text(_ file: String) throws -> Data {
        if file == "-" {
            waitsForInput.withLock { $0 = true }
            defer { waitsForInput.withLock { $0 = false } }
            return try FileHandle.standardInput.readToEnd() ?? Data()
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        if let size = attributes?[.size] as? Int, size > longest { throw TransferError.tooLarge(file) }
        guard let data = FileManager.default.contents(atPath: file) else { throw TransferError.unreadable(file) }
        return data
    }
}

enum TransferError: Error, CustomStringConvertible {
    case unwritable(String)
    case unreadable(String)
    case tooLarge(String)
    case notAnExport(String, String)

    var description: String {
        switch self {
        case .unwritable(let path): "\(path) cannot be written; name a file in a folder of yours with --output"
        case .unreadable(let path): "\(path) cannot be read; name a file that `redraw export` wrote"
        case .tooLarge(let path): "\(path) is larger than 1 GiB; export fewer pictures at a time"
        case .notAnExport(let path, let reason): "\(path): \(reason)"
        }
    }
}
