import ArgumentParser
import Foundation
import Studio

extension VocabCommand {
    /// `redraw vocab calibrate`: what a nearness is worth, measured on the person's pictures.
    struct Calibrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "calibrate",
            abstract: "Measure on a folder of your pictures what confidences mean for an encoder and a vocabulary.",
            discussion: """
                An encoder as it was downloaded says how near a tag is, not how likely. Some hundred pictures of many kinds (50 at least, 2,000 at most are \
                looked at; nobody has to label them) tell how near each tag is to pictures in general, and how near means something. \
                Without it, confidences are a guess from the texts alone, and say so. The default encoder brings its own fit, which stands.

                  redraw vocab calibrate ~/Pictures --encoder clip-vit-b-32
                """)

        @Argument(help: "A folder of pictures.", completion: .directory)
        var folder: String

        @OptionGroup var looking: LookingOptions
        @OptionGroup var library: LibraryOptions

        /// Files whose names end like those of pictures, in a stable order; hidden ones are passed over.
        private static func pictures(below folder: String) -> [String] {
            let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
            return names.filter { name in
                let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") }
                return !isHidden && ["jpg", "jpeg", "png", "webp"].contains((name as NSString).pathExtension.lowercased())
            }.sorted().map { (folder as NSString).appendingPathComponent($0) }
        }

        func run() async throws {
            looking.useThreads()
            let paths = Calibrate.pictures(below: folder)
            guard !paths.isEmpty else { throw ValidationError("\(folder) is no folder with pictures in it.") }
            let progress = ProgressLine(enabled: !library.quiet)
            let report = try await library.studio(looking).analyst.calibrate(on: paths) { progress.show("calibrating", share: $0) }
            progress.clear()
            for failure in report.failures { library.notice("vocab calibrate: \(failure)") }
            guard !library.json else { return try JSONOutput.print(report) }
            Terminal.standardOutput.write(
                "\(report.encoder) with \(report.vocabulary), \(CommandText.count(report.tags, "tag")): "
                    + "\(report.confidence.explanation); statistics of \(CommandText.count(report.pictures, "picture"))\n")
        }
    }

    /// `redraw vocab thresholds`: what the person's decisions taught.
    struct Thresholds: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "thresholds",
            abstract: "Show from which confidence on tags are suggested, and what your decisions changed of it.",
            discussion: """
                If you reject most styles that were 60 % sure, you get surer ones: what you approve and reject (one by one, not with --approve-above) \
                shifts the confidences of a facet. It takes 20 decisions on a facet, at least 3 of each answer; with fewer, chance would decide.

                  redraw vocab thresholds
                  redraw vocab thresholds --reset    forget that; your decisions stand
                """)

        @Flag(name: .long, help: "Learn nothing from the decisions made until now; the decisions themselves stand.")
        var reset = false

        @OptionGroup var looking: LookingOptions
        @OptionGroup var library: LibraryOptions

        func run() async throws {
            looking.useThreads()
            let studio = try library.studio(looking)
            if reset { try await studio.analyst.resetThresholds(by: LibraryOptions.person) }
            let progress = ProgressLine(enabled: !library.quiet)
            let report = try await studio.analyst.thresholds { progress.show("reading the vocabulary (once)", share: $0) }
            progress.clear()
            guard !library.json else { return try JSONOutput.print(report) }
            var lines = ["\(report.encoder) with \(report.vocabulary); confidences: \(report.confidence.explanation)"]
            for facet in report.facets {
                let state =
                    if facet.learned {
                        "\(CommandText.percent(facet.threshold)) -> \(CommandText.percent(facet.learnedThreshold)), learned from "
                            + "\(facet.decisions) decisions, \(facet.approved) approved"
                    } else if facet.decisions > 0 {
                        "\(CommandText.percent(facet.threshold)), \(facet.decisions) of \(report.minimumDecisions) decisions, "
                            + "\(facet.approved) approved (at least \(report.minimumOfEach) of each answer are needed)"
                    } else {
                        CommandText.percent(facet.threshold)
                    }
                lines.append("  " + DisplayText.padded(facet.facet, 13) + state)
            }
            if let moment = report.resetAt { lines.append("decisions before \(CommandText.moment(moment)) do not count") }
            Terminal.standardOutput.write(lines.joined(separator: "\n") + "\n")
        }
    }
}
