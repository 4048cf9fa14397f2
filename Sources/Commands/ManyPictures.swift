import ArgumentParser
import Foundation
import Studio

/// The pictures that a command makes others of: one, or many by their names, by folders, or from standard input.
struct ManyPictures {
    let names: [String]

    init(_ names: [String]) { self.names = names }

    var areMany: Bool { names.count > 1 || names.contains { $0 == "-" || PictureListing.isFolder($0) } }

    func validate(_ options: GenerationOptions, _ one: OnePictureOptions, command: String) throws {
        guard !names.isEmpty else { throw ValidationError("Name a picture: redraw \(command) photo.jpg") }
        guard areMany else { return }
        try refuseWords(command: command, hasOutput: options.result.output != nil)
        guard options.result.output != nil else { throw ValidationError("Many pictures go into a folder; name one with --output results/") }
        if one.preview != nil || one.latent != nil {
            throw ValidationError("--preview and --latent are for one picture; leave them out.")
        }
    }

    /// Words without quotation marks look like several pictures.
    private func refuseWords(command: String, hasOutput: Bool) throws {
        guard names.count > 1, let word = names.first(where: { $0 != "-" && !PictureListing.exists($0) }) else { return }
        let joined = names.joined(separator: " ")
        if PictureListing.exists(joined) {
            throw ValidationError("A name with spaces needs quotation marks: redraw \(command) \(ShellWord.quoted(joined))")
        }
        // Of many pictures those that are there are made, and the others told at the end.
        guard !hasOutput || !word.contains(where: { "./".contains($0) }) else { return }
        throw ValidationError(
            "\(word): there is no such file. If it belongs to a prompt, put the prompt in quotation marks: --prompt \"a dog\"")
    }

    /// Makes them, and tells what became of each.
    ///
    /// - Throws: `ExitCode.failure` where one failed; all others were made.
    func make(
        _ wish: GenerationWish, masks: String?, _ studio: Studio, _ options: GenerationOptions, _ library: LibraryOptions
    ) async throws {
        let list = library.json ? JSONListOutput() : nil
        let telling = JobTelling(library: library, list: list)
        defer { telling.end() }
        var failures: [String] = []
        var (made, queued, stood) = (0, 0, 0)
        let sources = names.map { $0 == "-" ? PictureListing.Source.standardInput : .path($0) }
        do {
            defer { list?.end() }
            try await studio.makeMany(of: sources, wish, masks: masks, atOnce: options.engine.atOnce, isLater: options.engine.later) {
                telling.tell($0)
            } onOutcome: { _, outcome in
                telling.end()
                switch outcome {
                case .made(let report):
                    made += 1
                    try telling.tell(report)
                case .queued(let job):
                    queued += 1
                    if let list { try list.add(studio.job(job)) } else { Terminal.standardOutput.write("job \(job)\n") }
                case .stood: stood += 1
                case .failed(let reason): failures.append(reason)
                }
            }
        } catch {
            // What ends the work for all is told last, behind what failed before.
            telling.end()
            try? CommandLineTool.end(with: failures)
            throw error
        }
        var parts = [options.engine.later ? "\(queued) queued" : "\(made) made"]
        if stood > 0 { parts.append("\(stood) there already (--overwrite makes them again)") }
        if !failures.isEmpty { parts.append("\(failures.count) failed") }
        library.notice(parts.joined(separator: ", ") + ".")
        try CommandLineTool.end(with: failures)
    }
}
