import ArgumentParser
import Foundation
import Studio

/// `redraw jobs`: what waits, runs and ran.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List, run, cancel and clear the jobs of the queue.",
        discussion: """
            Every picture that is made is a job of the library's queue, and one runs at a time unless --at-once says otherwise; programs that use \
            the same library share it. With --later a job waits for redraw jobs run.

              redraw jobs
              redraw paint "a photo of a lighthouse" --later
              redraw jobs run
              redraw jobs cancel 12
              redraw jobs clear
            """,
        subcommands: [List.self, Run.self, Cancel.self, Clear.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the jobs, the latest first.")

        @Option(name: .long, help: ArgumentHelp("At most so many.", valueName: "n"))
        var limit = 50

        @OptionGroup var library: LibraryOptions

        func validate() throws {
            guard limit >= 1 else { throw ValidationError("--limit is \(limit); it must be at least 1.") }
        }

        func run() throws {
            let jobs = try library.studio().jobs(limit: limit)
            if library.json { return try JSONOutput.print(jobs) }
            guard !jobs.isEmpty else { return library.notice("There are no jobs.") }
            let output = Terminal.standardOutput
            for job in jobs {
                let line = JobsCommand.line(job)
                output.write(DisplayText.fitted(line, output.columns) + "\n")
            }
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Make the waiting jobs that no other program waits for, one after the other.")

        @Option(name: .long, help: ArgumentHelp("How many pictures may be made at once on this library.", valueName: "n"))
        var atOnce = 1

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Also make what waits for these servers, named as when it was ordered (default: only what waits for the built-in engine).",
                valueName: "url"))
        var engine: [String] = []

        @OptionGroup var threads: ThreadOptions
        @OptionGroup var library: LibraryOptions

        func validate() throws {
            guard atOnce >= 1 else { throw ValidationError("--at-once is \(atOnce); it must be at least 1.") }
            _ = try EngineNames.servers(engine)
        }

        func run() async throws {
            threads.apply()
            let studio = try library.studio(engines: EngineNames.servers(engine))
            let list = library.json ? JSONListOutput() : nil
            defer { list?.end() }
            let telling = JobTelling(library: library, list: list)
            defer { telling.end() }
            var failed = 0
            defer { tellOfOthers(studio) }
            // A job that is cut off goes back into the queue.
            endsInOrder.withLock { $0 = true }
            try await studio.workOffJobs(atOnce: atOnce) {
                telling.tell($1)
            } onOutcome: { job, outcome in
                telling.end()
                switch outcome {
                case .success(let report): try telling.tell(report)
                case .failure(let error):
                    failed += 1
                    Terminal.standardError.write("redraw: job \(job): \(CommandLineTool.oneLine(error))\n")
                }
            }
            if failed > 0 { throw ExitCode.failure }
        }

        /// Jobs that wait for engines this run was not given are not done by waiting.
        private func tellOfOthers(_ studio: Studio) {
            let jobs = (try? studio.jobs()) ?? []
            let others = Set(jobs.filter { $0.state == "queued" && !$0.attended }.map(\.engine)).subtracting(studio.engineNames)
            for name in others.sorted() {
                let options = name.split(separator: " ").map { "--engine \(ShellWord.quoted(String($0)))" }.joined(separator: " ")
                library.notice("Jobs wait for another engine: redraw jobs run \(options)")
            }
        }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Cancel jobs: at once if they wait, within a fraction of a step if they run.")

        @Argument(help: ArgumentHelp("Numbers of jobs.", valueName: "id"))
        var ids: [Int64]

        @OptionGroup var library: LibraryOptions

        func run() throws {
            let studio = try library.studio()
            var (jobs, failures) = ([JobReport](), [String]())
            for id in ids {
                do {
                    jobs.append(try studio.cancelJob(id))
                } catch {
                    guard studio.isOfOneJob(error) else { throw error }
                    failures.append(CommandLineTool.oneLine(error))
                }
            }
            if library.json {
                try JSONOutput.print(jobs)
            } else {
                for job in jobs { library.notice("job \(job.id) \(job.state == "running" ? "is asked to stop" : "is cancelled")") }
            }
            try CommandLineTool.end(with: failures)
        }
    }

    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "clear", abstract: "Take finished jobs off the list; what they made stays.")

        @OptionGroup var library: LibraryOptions

        func run() throws {
            let report = try library.studio().clearJobs()
            if library.json { return try JSONOutput.print(report) }
            library.notice("\(CommandText.count(report.cleared, "job")) cleared.")
        }
    }

    static func line(_ job: JobReport) -> String {
        let share = job.state == "running" ? " \(CommandText.percent(job.progress))" : ""
        let left = job.secondsLeft.map { ", \(ProgressLine.duration($0)) left" } ?? ""
        let made = job.generation.map { ", g\($0)" } ?? ""
        let what = [job.mode, job.model].compactMap { $0 }.joined(separator: ", ")
        let said = (job.message ?? job.prompt ?? job.damaged).map { ": \($0)" } ?? ""
        let engine = job.engine == Studio.builtinEngine ? "" : " at \(job.engine)"
        return DisplayText.harmless(
            "\(CommandText.moment(job.created))  \(job.id) \(job.state)\(share)\(left)\(made), \(what)\(engine)\(said)")
    }
}
