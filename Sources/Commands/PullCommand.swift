import ArgumentParser
import Foundation
import Studio
import Synchronization

extension ModelsCommand {
    /// `redraw models pull`: fetch a model.
    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pull",
            abstract: "Fetch a model: a known one, one of a model hub, or a file by its address.",
            discussion: """
                Only what is needed comes: never pickles, never a second copy in another precision. An interrupted download goes on where it \
                stopped; files are checked against the checksums of the hub or of the model's description. HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and the usual \
                variables for proxies are respected.

                  redraw models pull sd15
                  redraw models pull owner/name
                  redraw models pull owner/name:model.safetensors
                  redraw models pull https://example.org/model.safetensors
                """)

        @Argument(help: ArgumentHelp("What to fetch.", valueName: "name|owner/name[:file]|url"))
        var what: String

        @Option(
            name: .long,
            help: ArgumentHelp("Which revision of the hub's repository to fetch (default: main).", valueName: "branch|tag|commit"))
        var revision: String?

        @Option(
            name: .long,
            help: ArgumentHelp("What it is to be called, where Redraw does not know it by name (default: its own name).", valueName: "name")
        )
        var name: String?

        @Flag(name: .long, help: "Replace files of the same name with other contents.")
        var overwrite = false

        @Flag(
            name: [.customLong("accept-licence"), .customLong("accept-license")],
            help: "Agree to the model's licence without being asked, as a script must.")
        var acceptLicence = false

        @Flag(name: .long, help: "Fetch nothing; it is an error if something is missing.")
        var offline = false

        @Flag(name: .long, help: "Print the result as JSON.")
        var json = false

        func run() async throws {
            var options = PullOptions()
            if let revision { options.revision = revision }
            if offline { options.isOffline = true }
            (options.name, options.overwrites) = (name, overwrite)
            let accepts = acceptLicence
            options.acceptsLicense = { question in
                if accepts { return true }
                let terms = question.terms.map { ", which is at \($0)" } ?? ""
                return Terminal.agrees(to: "\(question.model) comes under \(question.license)\(terms). Do you agree to it?")
            }
            let progress = ProgressLine(enabled: !json)
            let shares = Shares()
            let studio = Studio(installation: try Installation.current())
            let isJSON = json
            let report = try await studio.pull(what, options) { event in
                switch event {
                case .planned(let name, let files, let bytes, let license):
                    guard !isJSON else { return }
                    shares.expect(bytes)
                    let size = bytes.map { ", \(Int((Double($0) / 1_000_000).rounded())) MB" } ?? ""
                    let terms = license.map { "; licence: \($0)" } ?? ""
                    Terminal.standardError.write(DisplayText.harmless("\(name): \(CommandText.count(files, "file"))\(size)\(terms)") + "\n")
                case .progress(let file, let bytes, let total, let left):
                    let (share, isKnown) = shares.note(file, bytes, total)
                    progress.show(
                        isKnown ? "fetching" : "fetching, \(bytes / 1_000_000) MB", share: share, secondsLeft: shares.files > 1 ? nil : left
                    )
                }
            }
            progress.clear()
            if json { return try JSONOutput.print(report) }
            Terminal.standardOutput.write(DisplayText.harmless("\(report.name) (\(report.what)): \(report.use)") + "\n")
        }
    }
}

/// How much of several files is here.
private final class Shares: Sendable {
    private struct State {
        var expected: Int?
        var have: [String: Int] = [:]
        var totals: [String: Int] = [:]
    }

    private let state = Mutex(State())

    var files: Int { state.withLock { $0.have.count } }

    func expect(_ bytes: Int?) { state.withLock { $0.expected = bytes } }

    /// - Returns: the share of all, and whether there is one.
    func note(_ file: String, _ bytes: Int, _ total: Int?) -> (share: Double, isKnown: Bool) {
        state.withLock { state in
            state.have[file] = bytes
            state.totals[file] = total
            func sum(_ sizes: some Sequence<Int>) -> Double { sizes.reduce(0) { $0 + Double($1) } }
            let all = state.expected.map { Double($0) } ?? (state.totals.count == state.have.count ? sum(state.totals.values) : 0)
            guard all > 0 else { return (0, false) }
            return (min(1, sum(state.have.values) / all), true)
        }
    }
}
