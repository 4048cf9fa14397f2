import ArgumentParser
import Foundation
import Studio

/// `redraw similar`: what in the library looks like a picture.
struct SimilarCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "similar",
        abstract: "Find the pictures of the library that look most like one.",
        discussion: """
            The picture may be any file, analysed or not, or a picture of the library by its number (p3) or the start of its SHA-256. What \
            is compared are the embeddings of one encoder, which redraw analyze keeps; the search is exact and does not look at tags.

            The number in front is the cosine of the two embeddings: 1 for the same picture, near 0 for unrelated ones. Which number \
            means alike depends on the encoder; the order is what counts.

              redraw similar photo.jpg
              redraw similar p3 --count 50
              redraw similar photo.jpg --json | jq -r '.[].path'
            """)

    @Argument(help: "A picture file, its number, or the start of its SHA-256.", completion: .file())
    var picture: String

    @Option(name: .long, help: ArgumentHelp("At most so many.", valueName: "n"))
    var count = 10

    @OptionGroup var encoder: EncoderOptions
    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard count >= 1 else { throw ValidationError("--count is \(count); it must be at least 1.") }
    }

    func run() async throws {
        encoder.useThreads()
        let found = try await library.studio(encoder).analyst.similar(to: picture, count: count)
        guard !library.json else { return try JSONOutput.print(found) }
        guard !found.isEmpty else { return library.notice("The library holds no other picture to compare with.") }
        let places = try Desks.open(library).pictures(numbers: Set(found.map(\.id))).mapValues(\.place)
        let output = Terminal.standardOutput
        let digits = found.map { String($0.id).count }.max() ?? 1
        for one in found {
            let number = DisplayText.padded("p\(one.id)", digits + 1)
            let name = DisplayText.harmless(places[one.id] ?? one.sha256)
            let line = "\(CommandText.fixed(one.cosine, 3))  \(number)  \(name)"
            output.write(DisplayText.fitted(line, max(10, output.columns - 1)) + "\n")
            if let damaged = one.damaged { library.notice(DisplayText.harmless("p\(one.id): \(damaged)")) }
            if output.isTerminal, !one.prompt.isEmpty {
                let words = DisplayText.harmless(one.prompt).split(whereSeparator: \.isNewline).joined(separator: " ")
                output.write(output.paint.dim(DisplayText.fitted("       " + words, max(10, output.columns - 1))) + "\n")
            }
        }
    }
}
