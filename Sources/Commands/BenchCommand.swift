import ArgumentParser
import Studio

/// `redraw bench`: what this machine multiplies in a second, and how long pictures will take.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure this machine: the rate of each arithmetic, a look at a picture, and what pictures will take.",
        discussion: """
            auto takes the quickest arithmetic of those that stay near to f32, by what was measured once on processors of this kind \
            rather than by the rates of now, so that the same order gives the same picture. On a kind that was never measured it is \
            f32. What other programs do meanwhile counts.
            """)

    @OptionGroup var library: LibraryOptions
    @OptionGroup var threads: ThreadOptions

    func run() async throws {
        threads.apply()
        let report = try await library.studio().bench()
        guard !library.json else { return try JSONOutput.print(report) }
        let out = Terminal.standardOutput
        let processor = report.processor
        let reason = processor.isMeasured ? "auto goes by rates measured on such" : "auto is f32: such were never measured"
        out.write("\(report.threads) threads; processor \(processor.maker), \(processor.level): \(reason)\n")
        for rate in report.rates {
            let note = rate.isNative ? "" : "  (the processor has no instructions for it: weights are rounded, and multiplied as floats)"
            out.write("\(DisplayText.padded(rate.precision, 6)) \(Int(rate.gigaOperations.rounded())) GFLOP/s\(note)\n")
        }
        let look = report.look
        out.write("\(look.encoder): looks at a picture of \(look.width)x\(look.height) in \(Int(look.milliseconds.rounded())) ms\n")
        for model in report.models {
            let pictures = model.pictures.map { "\($0.width)x\($0.height) in \(ProgressLine.duration($0.seconds)) (\($0.steps) steps)" }
            out.write("\(model.name): auto is \(model.precision); about \(pictures.joined(separator: ", "))\n")
        }
    }
}
