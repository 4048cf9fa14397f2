import ArgumentParser
import Foundation
import Studio
import Synchronization

/// `redraw sheet`: every value of one setting against every value of another, as one picture.
struct SheetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sheet",
        abstract: "Make a sheet of pictures over one or two settings, and write it as one picture with labels.",
        discussion: """
            Every value of --x against every value of --y, all from one seed, at most \(Studio.mostSheetPictures) pictures. Redraws the \
            picture that is named, repaints it with --mask or --select, and paints without one. What it will make and how long that takes \
            is printed first; if it is long and you are at a terminal, you are asked.

            Settings are the options of paint, generate and repaint: strength, steps, guidance, seed, sampler, model, size, prompt and more. \
            Values stand between commas; those of prompt and negative between semicolons.

            Each picture goes to the library and its history; --output names the file of the sheet (default: sheet-NUMBER.png in the working \
            directory), --cell how large its pictures are there. A long row goes on below. The number of a sheet that was interrupted makes the rest of it, and writes it again if it is complete. \
            Without anything: lists the sheets.

              redraw sheet photo.jpg --x strength=0.3,0.5,0.7 --y guidance=3,6,9
              redraw sheet --prompt "a castle" --x sampler=ddim,euler --y steps=8,16
              redraw sheet photo.jpg --mask hat.png --x "prompt=a red hat;a blue hat"
              redraw sheet 12 --output sheet.png --cell 256
            """)

    @Argument(
        help: ArgumentHelp("The picture to redraw, or the number of a sheet to go on with.", valueName: "picture|number"),
        completion: .file())
    var subject: String?

    @OptionGroup(title: "The sheet") var options: SheetOptions
    @OptionGroup(title: "How much changes") var redrawing: SheetRedrawingOptions
    @OptionGroup var generation: GenerationOptions
    @OptionGroup var library: LibraryOptions

    /// Sheets of fewer seconds are made without asking.
    private static let longSeconds = 60.0

    /// The sheet that is to be gone on with; nil where a new one is wanted.
    private var number: Int64? {
        guard let subject, options.x == nil, !FileManager.default.fileExists(atPath: subject) else { return nil }
        return Int64(subject)
    }

    func validate() throws {
        if let cell = options.cell, !Studio.sheetCells.contains(cell) {
            throw ValidationError(
                "--cell \(cell) is not between \(Studio.sheetCells.lowerBound) and \(Studio.sheetCells.upperBound) pixels.")
        }
        let (x, y) = (options.x, options.y)
        for (name, text) in [("--x", x), ("--y", y)] {
            guard let text, SheetAxis(text) == nil else { continue }
            throw ValidationError("\(name) \"\(text)\" needs a setting and its values: \(name) strength=0.3,0.5,0.7")
        }
        if x == nil, y != nil { throw ValidationError("--y goes with --x: redraw sheet photo.jpg --x strength=0.3,0.5 --y steps=10,20") }
        guard x == nil else { return }
        if subject != nil, number == nil {
            throw ValidationError("Say what is to differ: redraw sheet photo.jpg --x strength=0.3,0.5,0.7")
        }
        guard saysHow else { return }
        if let number {
            throw ValidationError("redraw sheet \(number) makes the rest as it was ordered; leave out what says otherwise, and --later.")
        }
        throw ValidationError("Say what is to differ: redraw sheet --prompt \"a castle\" --x steps=10,20")
    }

    func run() async throws {
        let studio: Studio
        let sheet: Int64
        if let x = options.x.flatMap(SheetAxis.init) {
            var wish = wish
            studio = try GenerationRun(options: generation, library: library).studio(for: &wish)
            if let output { try studio.checkPlace(ofSheet: output, overwriting: generation.result.overwrite) }
            let (axes, orders) = try await studio.orders(ofSheet: wish, x: x, y: options.y.flatMap(SheetAxis.init))
            let (seconds, notes) = try await studio.outlook(on: orders)
            let time = seconds.map { ", about \(ProgressLine.duration($0))" } ?? ""
            library.notice("\(CommandText.count(orders.count, "picture")): \(DisplayText.harmless(axes.told))\(time)")
            for note in notes { library.notice(note) }
            guard begins(orders.count, seconds) else {
                library.notice("Nothing was ordered.")
                throw ExitCode.failure
            }
            let report = try studio.enqueue(sheet: axes, orders)
            sheet = report.id
            if generation.engine.later {
                if library.json { return try JSONOutput.print(report) }
                Terminal.standardOutput.write("sheet \(sheet)\n")
                return library.notice("Queued; redraw jobs run makes its pictures, redraw sheet \(sheet) makes and writes it.")
            }
        } else if let number {
            var wish = GenerationWish()
            studio = try GenerationRun(options: generation, library: library).studio(for: &wish)
            sheet = try studio.sheet(number).id
            if let output { try studio.checkPlace(ofSheet: output, overwriting: generation.result.overwrite) }
        } else {
            return try list(try library.studio())
        }
        let report = try await make(sheet, studio)
        let file = output ?? studio.usualPlace(ofSheet: sheet, overwriting: generation.result.overwrite)
        let drawn = try await studio.draw(sheet: sheet, to: file, cell: options.cell, overwriting: generation.result.overwrite)
        if let shrunk = drawn.shrunkTo {
            library.notice(
                "On the sheet the pictures are \(shrunk) pixels large: more do not find room. Each is in the history as it was made.")
        }
        if library.json { try JSONOutput.print(drawn) } else { Terminal.standardOutput.write(DisplayText.harmless(drawn.file) + "\n") }
        let missing = report.cells.count { $0.state != "done" }
        guard missing > 0 else { return }
        let undone = CommandText.undone(missing, of: report.cells.count, "picture", "made")
        // Without its job nobody knows what a cell was to be.
        let lost = report.cells.count { $0.state != "done" && $0.job == nil }
        let remedy =
            lost == missing
            ? "their orders are gone (redraw jobs clear forgets them, and results in the bin do not count): order the sheet again"
            : "redraw sheet \(sheet) tries \(missing - lost == 1 ? "it" : "them") again"
                + (lost > 0 ? "; of \(CommandText.count(lost, "picture")) the order is gone" : "")
        Terminal.standardError.write("redraw: \(undone); \(remedy)\n")
        throw ExitCode.failure
    }

    private var output: URL? { generation.result.output.map { URL(asTyped: $0) } }

    /// Whether anything says what is to be made, or when: of a sheet that is there already it is settled.
    private var saysHow: Bool {
        var said = wish
        (said.picture, said.engine) = (nil, nil)
        let wording = generation.wording
        return said != GenerationWish() || wording.from != nil || wording.preset != nil || generation.engine.later
    }

    private var wish: GenerationWish {
        var wish = GenerationWish()
        wish.picture = subject
        redrawing.fill(&wish)
        generation.fill(&wish)
        (wish.output, wish.overwrite) = (nil, nil)
        return wish
    }

    /// Whether the person wants so many pictures, where that is long and there is somebody to ask.
    private func begins(_ count: Int, _ seconds: Double?) -> Bool {
        guard !options.yes, !generation.engine.later, seconds.map({ $0 > Self.longSeconds }) ?? true else { return true }
        return Terminal.agrees(to: count == 1 ? "Make it?" : "Make them?") ?? true
    }

    private func make(_ sheet: Int64, _ studio: Studio) async throws -> SheetReport {
        let progress = ProgressLine(enabled: !library.quiet)
        defer { progress.clear() }
        let cells = try studio.sheet(sheet).cells.count
        let notes = Mutex<Set<String>>([])
        @Sendable func place(_ cell: Int, before: String = "", after: String) -> String {
            cells == 1 ? "" : "\(before)\(cell + 1) of \(cells)\(after)"
        }
        do {
            return try await studio.make(sheet: sheet, atOnce: generation.engine.atOnce) { [library] cell, event in
                switch event {
                case .planned(let plan):
                    endsInOrder.withLock { $0 = true }
                    // What holds for all of them is said once.
                    for note in plan.notes where notes.withLock({ $0.insert(note).inserted }) { library.notice(note) }
                case .step(let step):
                    progress.show(
                        "\(place(cell, before: "picture ", after: ", "))step \(step.step) of \(step.steps)", share: step.share,
                        secondsLeft: step.secondsLeft)
                case .waiting, .preview: break
                }
            } onOutcome: { cell, outcome in
                progress.clear()
                switch outcome {
                case .success(let report):
                    library.notice("\(place(cell, after: ": "))g\(report.id), \(String(format: "%.1f s", report.seconds.total))")
                case .failure(let error):
                    Terminal.standardError.write(
                        DisplayText.harmless("redraw: \(place(cell, after: ": "))\(CommandLineTool.oneLine(error))") + "\n")
                }
            }
        } catch is CancellationError {
            progress.clear()
            Terminal.standardError.write("redraw: interrupted; what was made is kept, and redraw sheet \(sheet) goes on from there\n")
            throw ExitCode(CommandLineTool.ExitStatus.interrupted.rawValue)
        }
    }

    private func list(_ studio: Studio) throws {
        let sheets = try studio.sheets().sheets
        if library.json { return try JSONOutput.print(sheets) }
        guard !sheets.isEmpty else {
            return library.notice("There are no sheets; redraw sheet photo.jpg --x strength=0.3,0.5,0.7 makes one.")
        }
        for sheet in sheets {
            let made = sheet.cells.count { $0.state == "done" }
            let what = sheet.axes?.told ?? sheet.damaged ?? ""
            let share = sheet.cells.count == 1 ? made == 1 ? "made" : "not made" : "\(made) of \(sheet.cells.count) made"
            let line = "\(CommandText.moment(sheet.created))  \(sheet.id)  \(share): \(what)"
            Terminal.standardOutput.write(DisplayText.harmless(line) + "\n")
        }
    }
}

/// What differs on a sheet, and how it is drawn.
struct SheetOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The setting that differs from column to column, and its values; needed for a new sheet (default: none).",
            valueName: "setting=a,b,c"))
    var x: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The setting that differs from row to row, and its values (default: one row).", valueName: "setting=a,b,c"))
    var y: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The longer side of each picture on the sheet, \(Studio.sheetCells.lowerBound) to \(Studio.sheetCells.upperBound); none is enlarged (default: up to 768, what fits).",
            valueName: "pixels"))
    var cell: Int?

    @Flag(name: .long, help: "Begin without being asked, however long it takes (default: asked above a minute, at a terminal).")
    var yes = false
}

/// How far a sheet's pictures go from the one that is redrawn.
struct SheetRedrawingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: """
            How far the picture may change, elsewhere the denoising strength: 0 keeps it, 1 ignores it. With the small generator faces hold up to \
            0.35; with large models 0.4 to 0.8 is usual (default: the model's own, else 0.6).
            """)
    var strength: Double?

    @Option(
        name: .long, help: "Repaint only where this picture of the same size is white (default: all is redrawn).", completion: .file())
    var mask: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Repaint only a thing that was seen in the picture, such as dog or face, in place of a mask (default: none).",
            valueName: "thing"))
    var select: [String] = []

    @OptionGroup var transparency: BackgroundOption

    func fill(_ wish: inout GenerationWish) {
        (wish.mask, wish.strength) = (mask, strength)
        if !select.isEmpty { wish.select = select }
        transparency.fill(&wish)
    }
}
