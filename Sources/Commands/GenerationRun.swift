import Foundation
import Studio

/// Has a wish made and shows how it goes: what will run, a line of progress on a terminal, where the pictures are.
struct GenerationRun {
    let options: GenerationOptions
    let library: LibraryOptions

    func run(_ wish: GenerationWish) async throws {
        var wish = wish
        let studio = try studio(for: &wish)
        // Several where each seed says other words; else one.
        let orders = try await studio.orders(wish)
        let list = library.json && orders.count > 1 ? JSONListOutput() : nil
        defer { list?.end() }
        for (index, order) in orders.enumerated() {
            for remark in studio.remarks(on: order, wish) { library.notice(DisplayText.harmless(remark)) }
            if options.engine.later {
                let job = try studio.enqueue(order)
                if let list {
                    try list.add(studio.job(job))
                } else if library.json {
                    try JSONOutput.print(try studio.job(job))
                } else {
                    Terminal.standardOutput.write("job \(job)\n")
                    library.notice("Queued; redraw jobs run makes it, redraw jobs lists it.")
                }
                continue
            }
            let telling = JobTelling(library: library, list: list)
            defer { telling.end() }
            let report = try await studio.generate(order, atOnce: options.engine.atOnce, isLast: index == orders.count - 1) {
                telling.tell($0)
            }
            telling.end()
            try telling.tell(report)
        }
    }

    /// One picture, or many.
    ///
    /// - Parameter mask: a picture, or a folder of them.
    func run(_ wish: GenerationWish, of pictures: ManyPictures, mask: String?) async throws {
        var wish = wish
        guard pictures.areMany else {
            (wish.picture, wish.mask) = (pictures.names[0], mask)
            return try await run(wish)
        }
        let studio = try studio(for: &wish)
        try await pictures.make(wish, masks: mask, studio, options, library)
    }

    /// A studio with the engines that were named, and the wish with what the options take from elsewhere.
    func studio(for wish: inout GenerationWish) throws -> Studio {
        options.useThreads()
        let servers = try options.engine.servers()
        // Whatever was in the addresses, what orders and jobs keep is the engine's name.
        if let name = servers.name { wish.engine = name } else if !options.engine.names.isEmpty { wish.engine = Studio.builtinEngine }
        let studio = try library.studio(engines: servers)
        if let source = options.wording.from {
            let notes = try studio.fill(&wish, from: source)
            for note in notes { library.notice("\(source): \(note)") }
        }
        if let preset = options.wording.preset { wish = try studio.filled(wish, preset: preset) }
        return studio
    }
}

/// What is said of a job while it runs, and when it is done.
struct JobTelling: Sendable {
    let library: LibraryOptions
    private let list: JSONListOutput?
    private let progress: ProgressLine

    /// - Parameter list: takes the reports where they are told as JSON and may be several.
    init(library: LibraryOptions, list: JSONListOutput? = nil) {
        (self.library, self.list) = (library, list)
        progress = ProgressLine(enabled: !library.quiet)
    }

    func tell(_ event: JobEvent) {
        switch event {
        case .waiting(let job, let ahead):
            library.notice("job \(job) waits for \(CommandText.count(ahead, "other")); redraw jobs lists them, --at-once 2 does not wait")
        case .planned(let plan):
            // From now on it ends within a part of a step.
            endsInOrder.withLock { $0 = true }
            if let prompt = plan.prompt { library.notice(Self.length(prompt)) }
            if let recognised = plan.recognised { library.notice(Self.recognition(recognised)) }
            for note in plan.notes { library.notice(note) }
            for run in plan.runs { library.notice(Self.course(plan, run)) }
            if let cost = Self.cost(plan) { library.notice(cost) }
        case .preview: break
        case .step(let step):
            progress.show("step \(step.step) of \(step.steps)", share: step.share, secondsLeft: step.secondsLeft)
        }
    }

    /// Takes the line of progress away.
    func end() { progress.clear() }

    func tell(_ report: GenerationReport) throws {
        if let list { return try list.add(report) }
        if library.json { return try JSONOutput.print(report) }
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

    private static func length(_ prompt: PlanReport.Prompt) -> String {
        let limit = prompt.limit.map(String.init) ?? "all"
        if let cutOff = prompt.cutOff { return "prompt: \(prompt.tokens) tokens, of which the model sees \(limit); cut off: \(cutOff)" }
        if prompt.chunks > 1 { return "prompt: \(prompt.tokens) tokens, read in \(prompt.chunks) pieces of up to \(limit)" }
        return prompt.limit == nil ? "prompt: \(CommandText.count(prompt.tokens, "token"))" : "prompt: \(prompt.tokens) of \(limit) tokens"
    }

    private static func course(_ plan: PlanReport, _ run: PlanReport.Run) -> String {
        let from =
            run.drafts > 1
            ? "the best of \(run.drafts) drafts, seeds from \(plan.seed), \(run.passes) passes in all" : "seed \(plan.seed)"
        let start =
            run.firstTimestep.map { first in
                ", from noise level \(Int(first.rounded()))" + (run.trainingSteps.map { " of \($0)" } ?? "")
            } ?? ""
        let passes = run.ownPasses == run.run ? "" : " (\(run.ownPasses) passes)"
        // Why not all of them run; who named no strength learns which one it is.
        let strength = run.run < run.requested ? "at strength \(ReviewSession.number(run.strength)), " : ""
        let steps = run.requested == 1 ? "\(run.run) step" : "\(run.run) of \(run.requested) steps"
        let sizes = run.sizes.map { "\($0)" }
        let smaller = CommandText.list(sizes.dropLast())
        let size = sizes[sizes.count - 1]
        let course =
            smaller.isEmpty
            ? "\(strength)\(steps) will run\(passes)\(start), at \(size)"
            : "\(run.run) steps will run\(passes), growing from \(smaller) to \(size)"
        return "\(plan.model): \(course), \(from)" + (guidance(plan, run).map { ", " + $0 } ?? "")
            + (run.outerPasses.flatMap { $0 > 0 ? ", \($0) of \(run.passes) passes from the one before" : nil } ?? "")
    }

    private static func recognition(_ found: PlanReport.Recognition) -> String {
        "taken for \(found.kind), as \(found.sign)" + (found.settings.map { ": \($0)" } ?? "")
    }

    /// What is to be said of guidance; nil where every pass has it.
    private static func guidance(_ plan: PlanReport, _ run: PlanReport.Run) -> String? {
        guard plan.guidance > 1 else { return "without guidance" }
        guard let guided = run.guidedPasses, guided < run.passes, guided > 0 || plan.guidanceUntil != nil else { return nil }
        return guided == 0 ? "without guidance" : "guided for \(guided) of \(run.passes) passes"
    }

    private static func cost(_ plan: PlanReport) -> String? {
        guard let seconds = plan.seconds, let memory = plan.memory else { return nil }
        let pieces = plan.tiled ? "; too little is free for the whole picture at once, so it goes through the autoencoder in tiles" : ""
        let arithmetic = plan.precision + (plan.precisionNote.map { " (\($0))" } ?? "")
        return "about \(ProgressLine.duration(seconds)), \(memory >> 20) MB of memory at most, in \(arithmetic)\(pieces)"
    }
}
