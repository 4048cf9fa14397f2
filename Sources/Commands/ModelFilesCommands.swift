import ArgumentParser
import Foundation
import Studio

extension ModelsCommand {
    /// `redraw models identify`: what a file of weights is.
    struct Identify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "identify",
            abstract: "Say what a file of weights is, whatever it is called: kind, family, what it predicts, hashes.",
            discussion: """
                  redraw models identify photoreal.safetensors
                  redraw models identify --no-hash downloads/*.safetensors
                """)

        @Argument(help: "Files of weights, whatever they hold.", completion: .file())
        var files: [String]

        @Flag(name: .long, help: "Leave the hashes out: nothing but the header is read.")
        var noHash = false

        @Flag(name: .long, help: "Print the result as JSON.")
        var json = false

        func run() async throws {
            let studio = Studio(installation: try Installation.current())
            let progress = ProgressLine(enabled: !json)
            var reports: [IdentityReport] = []
            var isSound = true
            for file in files {
                do {
                    let report = try await studio.identify(file, digests: !noHash) { progress.show(file, share: $0) }
                    progress.clear()
                    reports.append(report)
                    if !json { Terminal.standardOutput.write(ModelText.lines(report).joined(separator: "\n") + "\n") }
                } catch let error as CancellationError {
                    throw error
                } catch {
                    // One bad file among many does not hide what the others are.
                    guard files.count > 1 else { throw error }
                    progress.clear()
                    isSound = false
                    Terminal.standardError.write("redraw: \(CommandLineTool.oneLine(error))\n")
                }
            }
            if json { try JSONOutput.print(reports) }
            if !isSound { throw ExitCode.failure }
        }
    }

    /// `redraw models add`: use what lies elsewhere.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract:
                "Use models, LoRAs, textual inversions, autoencoders and text encoders that lie elsewhere on this machine; nothing is copied.",
            discussion: """
                A file of weights, a folder in diffusers' layout, or a whole tree: ComfyUI's models folder, the web UI's, a hub's cache. Each \
                file is looked at; what cannot be used is listed with the reason.

                  redraw models add ~/Downloads/photoreal.safetensors
                  redraw models add ~/ComfyUI/models
                  redraw models add brush-v2.safetensors --name brush
                """)

        @Argument(help: "A file or a folder.", completion: .file())
        var path: String

        @Option(name: .long, help: ArgumentHelp("What it is called from now on (default: its file's name).", valueName: "name"))
        var name: String?

        @Flag(name: .long, help: "Print the result as JSON.")
        var json = false

        func run() async throws {
            let studio = Studio(installation: try Installation.current())
            let isJSON = json
            let reports = try await studio.addModels(at: path, as: name) { report in
                if !isJSON { Terminal.standardOutput.write(ModelText.line(report) + "\n") }
            }
            if json { try JSONOutput.print(reports) }
            if reports.allSatisfy({ $0.state == "passed over" }) {
                if reports.isEmpty {
                    Terminal.standardError.write("redraw: nothing that looks like a model lies at \(DisplayText.harmless(path)).\n")
                }
                throw ExitCode.failure
            }
        }
    }

    /// `redraw models show`: what is known of one.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what is known about a model.")

        @Argument(help: "Its name.")
        var name: String

        @Flag(name: .long, help: "Print the result as JSON.")
        var json = false

        func run() async throws {
            let studio = Studio(installation: try Installation.current())
            let models = studio.models().models + studio.registeredModels()
            guard let model = models.first(where: { $0.name == name }) else {
                throw StudioError.unknownModel(name: name, known: models.map(\.name))
            }
            if json { return try JSONOutput.print(model) }
            let way = model.installed ? nil : studio.howToGet(name)
            let lines = ModelText.lines(
                model, sizes: studio.sizesInWords(ofModel: name), words: studio.qualityWords(ofModel: name), howToGet: way)
            Terminal.standardOutput.write(lines.joined(separator: "\n") + "\n")
        }
    }

    /// `redraw models remove`: forget what was added.
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Take models that you added off the list; their files stay where they are.")

        @Argument(help: "Names of models that you added, as redraw models list shows them.")
        var names: [String]

        func run() throws {
            let studio = Studio(installation: try Installation.current())
            for name in names {
                let file = try studio.removeModel(name)
                Terminal.standardOutput.write("\(DisplayText.harmless(name)): taken off the list; \(DisplayText.harmless(file)) stays\n")
            }
        }
    }
}

/// What is said of models and of files of weights.
enum ModelText {
    static func lines(_ report: IdentityReport) -> [String] {
        let what = [report.kind, report.family].compactMap { $0 }.joined(separator: ", ")
        var lines = ["\(report.path): \(what)"]
        func add(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append("  \(DisplayText.padded(name, 12))\(value)")
        }
        add("title", report.title)
        add(report.runs ? "use" : "not run", report.use)
        let prediction = report.prediction.map { $0 + (report.zeroTerminalSNR ? ", down to noise alone" : "") }
        add("predicts", prediction)
        add("few steps", report.fewStep)
        add("made for", report.repaints ? "repainting: it is shown the mask" : nil)
        add("rank", report.rank.map(String.init))
        add("triggers", report.triggers.joined(separator: ", "))
        add("trained on", report.base)
        add("parameters", report.precisions.isEmpty ? nil : count(report.parameters) + " in " + report.precisions.joined(separator: ", "))
        add("size", size(report.bytes))
        if let digests = report.digests {
            add("SHA-256", digests.sha256)
            add("AutoV2", digests.autoV2)
            add("AutoV3", digests.autoV3)
            add("old hash", digests.short)
        }
        return lines.map { DisplayText.harmless($0) }
    }

    static func line(_ report: RegistrationReport) -> String {
        let start =
            switch report.state {
            case "added": "added \(report.name ?? "")"
            case "known": "known already: \(report.name ?? "")"
            default: "skipped \(report.path)"
            }
        return DisplayText.harmless("\(start) (\(report.what)): \(report.use)")
    }

    /// - Parameters:
    ///   - words: those about quality that go into its prompts, and into the negative ones.
    ///   - way: how to get one that is not here.
    static func lines(_ model: ModelEntry, sizes: String?, words: (wanted: String, unwanted: String), howToGet way: String?) -> [String] {
        var lines = [model.title == model.name ? model.name : "\(model.name): \(model.title)"]
        func add(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append("  \(DisplayText.padded(name, 12))\(value)")
        }
        add("kind", model.kind)
        add("family", model.family)
        add("here", model.installed ? model.folder : ["no", way].compactMap { $0 }.joined(separator: "; "))
        add("size", model.bytes.map(size))
        add("to fetch", model.installed ? nil : model.gigabytes.map { "about " + size(gigabytes: $0) })
        add("pictures", sizes)
        add(
            "prompts",
            model.prompts.map { ($0 == "tags" ? "as tags" : "as a \($0)") + (words.wanted.isEmpty ? "" : ", with \(words.wanted)") })
        add("negative", words.unwanted)
        add("licence", model.license)
        add("source", model.source == model.folder ? nil : model.source)
        for line in DisplayText.wrapped(model.description, 86) { add("", line) }
        return lines.map { DisplayText.harmless($0) }
    }

    static func size(_ bytes: Int) -> String {
        bytes < 1_000_000 ? "\((bytes + 999) / 1000) kB" : "\((bytes + 500_000) / 1_000_000) MB"
    }

    static func size(gigabytes: Double) -> String { gigabytes < 1 ? "\(Int(gigabytes * 1000)) MB" : String(format: "%.1f GB", gigabytes) }

    private static func count(_ numbers: Int) -> String {
        numbers >= 1_000_000 ? String(format: "%.2f billion", locale: nil, Double(numbers) / 1e9) : "\(numbers)"
    }
}
