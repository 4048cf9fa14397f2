import ArgumentParser
import Studio

/// `redraw bench`: what this machine multiplies in a second, and how long pictures will take.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure this machine: the rate of each arithmetic, a look at a picture, and what pictures will take.",
        discussion: """
            auto goes by what was measured once on processors of this kind, not by the rates of now: the same order gives the same \
            picture whatever other programs do meanwhile. What it takes is said of each model, with the reason. A model that cannot be \
            run is told of among the others.
            """)

    @OptionGroup var library: LibraryOptions
    @OptionGroup var threads: ThreadOptions

    // For `Benchmarks/convolution_table.py`.
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Time each way to 3x3 convolutions, in so many rounds, and print that as JSON.", valueName: "n", visibility: .hidden))
    var convolutions: Int?

    func validate() throws {
        if let convolutions, convolutions < 1 { throw ValidationError("--convolutions is \(convolutions); it must be at least 1.") }
    }

    func run() async throws {
        threads.apply()
        if let convolutions { return try JSONOutput.print(try await Studio.timeConvolutions(rounds: convolutions)) }
        let report = try await library.studio().bench()
        guard !library.json else { return try JSONOutput.print(report) }
        let out = Terminal.standardOutput
        out.write("\(report.threads) threads; processor \(report.processor.maker), \(report.processor.level)\n")
        for rate in report.rates {
            let note = rate.note.map { "  (\($0))" } ?? ""
            out.write("\(DisplayText.padded(rate.precision, 6)) \(Int(rate.gigaOperations.rounded())) GFLOP/s\(note)\n")
        }
        let look = report.look
        out.write("\(look.encoder): looks at a picture of \(look.width)x\(look.height) in \(Int(look.milliseconds.rounded())) ms\n")
        for model in report.models { out.write(Self.line(model) + "\n") }
    }

    private static func line(_ model: BenchReport.Model) -> String {
        let choice = model.precision.map { precision in "auto is \(precision)" + (model.reason.map { ", as \($0)" } ?? "") }
        let pictures = model.pictures.map { "\($0.width)x\($0.height) in \(ProgressLine.duration($0.seconds)) (\($0.steps) steps)" }
        let times = pictures.isEmpty ? nil : "about " + pictures.joined(separator: ", ")
        let parts = [choice, times].compactMap { $0 } + model.problems.map { DisplayText.harmless($0) }
        return "\(model.name): \(parts.joined(separator: "; "))"
    }
}
