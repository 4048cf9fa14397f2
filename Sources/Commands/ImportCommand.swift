import ArgumentParser
import Foundation
import Studio

/// `redraw import`: takes exports and other libraries in.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take exported libraries, or libraries as they are, into yours.",
        discussion: """
            What you decided here stays as it is; what you did not decide takes over the other's decisions. Importing twice changes nothing, so \
            after Ctrl-C the same command does the rest.

            A library is named by its folder, or by the file in it. It brings everything that is known of its pictures, so that a later \
            analysis skips them; that library itself is not changed, and may be in use. This is how the shards of redraw analyze --shard come together.

              redraw import library.json
              redraw import shards/*
              ssh studio redraw export | redraw import -
            """)

    @Argument(
        help: ArgumentHelp(
            "Files that `redraw export` wrote, libraries' folders or files, or - for an export on standard input.", valueName: "file"),
        completion: .file())
    var files: [String]

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("Name what is to be imported: redraw import library.json") }
        guard files.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("Standard input is read once: name it (-) once.") }
    }

    func run() throws {
        let desk = try Desks.open(library)
        let progress = ProgressLine(enabled: !library.quiet)
        defer { progress.clear() }
        let report = try ImportCommand.withFiles(files) { urls in
            try desk.import(contentsOf: urls, by: "import by \(LibraryOptions.person)") { count in
                // What was written for the import alone is taken away again.
                try Task.checkCancellation()
                progress.show("\(CommandText.count(count, "picture")) taken in")
            }
        }
        progress.clear()
        if library.json { try JSONOutput.print(report) } else { library.notice(ImportCommand.words(report)) }
        guard !report.leftOut.isEmpty else { return }
        let output = Terminal.standardError
        for reason in report.leftOut.prefix(ImportCommand.listed) { output.write("import: \(DisplayText.harmless(reason))\n") }
        let more = report.leftOut.count - ImportCommand.listed
        if more > 0 { output.write("import: and \(more) more.\n") }
        throw ExitCode.failure
    }

    /// Pictures that were left out which are told one by one; scripts are told all.
    private static let listed = 100

    private static func words(_ report: ImportedReport) -> String {
        let kept = report.decisionsKept > 0 ? "; \(report.decisionsKept) tags decided differently here stay as they are." : "."
        guard !report.isNothing else { return "Nothing new among \(CommandText.count(report.picturesMerged, "picture"))\(kept)" }
        let pictures = "\(CommandText.count(report.picturesAdded, "picture")) added, \(report.picturesMerged) merged"
        return "\(pictures); \(report.suggestionsAdded) suggestions, \(report.decisionsTaken) decisions, \(report.promptsAdded) prompts "
            + "and \(report.generationsAdded) generations taken in\(kept)"
    }

    /// The files that were named; what comes on standard input is kept in one meanwhile, for it is read twice.
    private static func withFiles<Result>(_ names: [String], _ body: ([URL]) throws -> Result) throws -> Result {
        guard names.contains("-") else { return try body(names.map { URL(asTyped: $0) }) }
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-import-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: place.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw TransferError.unwritable(path: place.path, reason: "cannot be written")
        }
        defer { try? FileManager.default.removeItem(at: place) }
        return try Studio.withUnfinishedFile(place.path) {
            let copy = try FileHandle(forWritingTo: place)
            waitsForInput.withLock { $0 = true }
            while let piece = try FileHandle.standardInput.read(upToCount: 1 << 20), !piece.isEmpty { try copy.write(contentsOf: piece) }
            waitsForInput.withLock { $0 = false }
            try copy.close()
            return try body(names.map { $0 == "-" ? place : URL(asTyped: $0) })
        }
    }
}
