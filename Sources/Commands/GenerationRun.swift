import Foundation
import Studio

/// Runs an order and shows how it goes: what will run, a line of progress on a terminal, where the pictures are.
enum GenerationRun {
    static func run(_ order: GenerationOrder, studio: Studio, library: LibraryOptions) async throws {
        let progress = ProgressLine(enabled: !library.quiet)
        let report: GenerationReport
        do {
            report = try await studio.generate(order) { event in
                switch event {
                case .prompt(let length):
                    library.notice(told(length))
                case .recognised(let kind, let sign):
                    library.notice("taken for \(kind.rawValue), as \(sign)")
                case .note(let text): library.notice(text)
                case .planned(let model, let steps, let passes, let stages, let drafts, let seed, let guidance):
                    let from = drafts > 1 ? "the best of \(drafts) drafts, seeds from \(seed), \(passes) passes in all" : "seed \(seed)"
                    library.notice(plan(model, steps, stages.map { "\($0)" }, from, guidance))
                case .estimated(let seconds, let memory, let tiled):
                    library.notice(estimate(seconds, memory, tiled))
                case .step(let step):
                    let share = Double(step.picture * step.steps + step.step) / Double(step.pictures * step.steps)
                    progress.show("step \(step.step) of \(step.steps)", share: share, secondsLeft: step.secondsLeft)
                }
            }
        } catch {
            progress.clear()
            throw error
        }
        progress.clear()
        if library.json {
            try JSONOutput.print(report)
            return
        }
        for output in report.outputs { Terminal.standardOutput.write(output + "\n") }
        let seeds = report.seeds.map(String.init).joined(separator: ", ")
        library.notice("seed \(seeds), " + String(format: "%.1f s", report.seconds.total))
        if let untouched = report.untouched {
            library.notice(
                untouched.identical
                    ? "\(untouched.pixels) pixels outside the mask are byte-identical to the original (SHA-256 \(untouched.sha256.prefix(12))…)"
                    : "pixels outside the mask changed; please report this")
        }
    }

    private static func told(_ length: PromptLength) -> String {
        let limit = length.limit.map(String.init) ?? "all"
        if let cutOff = length.cutOff { return "prompt: \(length.tokens) tokens, of which the model sees \(limit); cut off: \(cutOff)" }
        if length.chunks > 1 { return "prompt: \(length.tokens) tokens, read in \(length.chunks) pieces of up to \(limit)" }
        return "prompt: \(length.tokens)\(length.limit == nil ? "" : " of \(limit)") tokens"
    }

    /// - Parameters:
    ///   - sizes: of the pictures that one that grows goes through, the last its own; that alone where it does not grow.
    ///   - from: what is said of the seed.
    private static func plan(
        _ model: String, _ steps: StepPlan, _ sizes: [String], _ from: String, _ guidance: Double
    ) -> String {
        let start = steps.firstTimestep.map { ", from t = \(Int($0.rounded()))" } ?? ""
        let passes = steps.passes == steps.run ? "" : " (\(steps.passes) passes)"
        let before = sizes.dropLast()
        let smaller = [before.dropLast().joined(separator: ", "), before.last ?? ""].filter { !$0.isEmpty }.joined(separator: " and ")
        let size = sizes[sizes.count - 1]
        let course =
            smaller.isEmpty
            ? "\(steps.run) of \(steps.requested) steps will run\(passes)\(start), at \(size)"
            : "\(steps.run) steps will run\(passes), growing from \(smaller) to \(size)"
        return "\(model): \(course), \(from)" + (guidance > 1 ? "" : ", without guidance")
    }

    private static func estimate(_ seconds: Double, _ memory: Int, _ tiled: Bool) -> String {
        let pieces = tiled ? "; too little is free for the whole picture at once, so it goes through the autoencoder in tiles" : ""
        return "about \(ProgressLine.duration(seconds)), \(memory >> 20) MB of memory at most\(pieces)"
    }
}
