import ArgumentParser
import Foundation
import Studio

/// `redraw show`: a generation or a picture with all that is known of it.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all that is known of a picture, or of one that was made.",
        discussion: """
            A plain number is that of a generation, which is what a command made (as history prints it, also g12); p3, a file or the start \
            of a SHA-256 is a picture's.

              redraw show 12
              redraw show p3
              redraw show photo.jpg --json
            """)

    @Argument(help: ArgumentHelp("A generation's number, or a picture.", valueName: "id"))
    var id: String

    @OptionGroup var library: LibraryOptions

    func run() throws {
        let desk = try Desks.open(library)
        let digits = id.hasPrefix("g") ? id.dropFirst() : id[...]
        if let number = Int64(digits), !FileManager.default.fileExists(atPath: id) {
            try show(try desk.generation(id: number), desk)
        } else {
            try show(try desk.picture(id), desk)
        }
    }

    private func show(_ generation: GenerationEntry, _ desk: ScreeningDesk) throws {
        if library.json { return try JSONOutput.print(generation) }
        var lines = [("generation", "\(generation.id), \(generation.kind), \(generation.status)")]
        lines.append(("when", CommandText.moment(generation.created)))
        if let message = generation.message { lines.append(("message", message)) }
        lines += generation.outputs.map { ("output", $0) }
        if let id = generation.picture {
            let picture = try desk.picture(id: id)
            lines.append(("picture", "p\(id) \(picture.place)"))
            if let number = generation.prompt {
                lines.append(("prompt", "\(number): \(try desk.prompt(number, of: id).positive)"))
            }
        }
        lines.append(("model", "\(generation.model), profile \(generation.profile), \(generation.precision)"))
        lines.append(("seed", "\(generation.seed)"))
        let first = generation.steps.firstTimestep.map { ", from noise level \(ReviewSession.number($0))" } ?? ""
        lines.append(("steps", "\(generation.steps.run) run of \(generation.steps.requested)\(first)"))
        if let proof = generation.untouched {
            lines.append(("untouched", "\(proof.pixels) pixels, \(proof.identical ? "identical to the original" : "CHANGED")"))
        }
        if let seconds = generation.secondsText { lines.append(("seconds", seconds)) }
        lines.append(("request", generation.requestText))
        if let damaged = generation.damaged { lines.append(("damaged", damaged)) }
        write(lines)
    }

    private func show(_ picture: KnownPicture, _ desk: ScreeningDesk) throws {
        if library.json { return try JSONOutput.print(try PictureReport(picture, desk)) }
        var lines = [("picture", "p\(picture.id), \(picture.width)x\(picture.height)"), ("sha256", picture.sha256)]
        lines += picture.paths.map { ("seen at", $0) }
        if let recovered = try desk.recovered(for: picture) { lines += RecoveredText.lines(recovered) }
        for analysis in try PictureReport.Analysis.latest(of: picture, desk) {
            lines.append(
                ("looked at by", "\(analysis.encoder.name) with \(analysis.vocabulary.name), \(CommandText.moment(analysis.created))"))
            if let confidence = analysis.confidence { lines.append(("confidences", confidence.explanation)) }
            guard let composition = analysis.prompt.composition, let similarity = composition.similarity else { continue }
            lines.append(("composed", "\(analysis.prompt.positive) (cosine \(CommandText.fixed(similarity, 3)))"))
            let gains = composition.gains.map { "\($0.tag) \($0.gain < 0 ? "" : "+")\(CommandText.fixed($0.gain, 3))" }
            lines.append(("each adds", gains.joined(separator: ", ")))
        }
        if let prompt = try desk.latestPrompt(of: picture.id) { lines.append(("prompt \(prompt.number)", prompt.positive)) }
        lines += try desk.generations(of: picture.id, limit: 10).map { run in
            ("generation", "g\(run.id) \(run.kind), \(run.status)\(run.outputs.first.map { ", \($0)" } ?? "")")
        }
        write(lines)
        let output = Terminal.standardOutput
        let suggestions = CommandText.lines(try desk.suggestions(of: picture.id), width: output.columns, paint: output.paint)
        output.write(suggestions.map { $0 + "\n" }.joined())
    }

    private func write(_ lines: [(name: String, value: String)]) {
        let paint = Terminal.standardOutput.paint
        for line in lines {
            Terminal.standardOutput.write(
                paint.dim(DisplayText.padded(line.name, 13)) + DisplayText.harmless(line.value) + "\n")
        }
    }
}
