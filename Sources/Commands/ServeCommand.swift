import ArgumentParser
import Dispatch
import Foundation
import Glibc
import Studio
import StudioWeb

/// `redraw serve`: the whole flow in the browser.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Open the page: pictures, their tags, generating and painting masks, in the browser.",
        discussion: """
            The page is served to this machine alone, unless --host names another address; then everybody who comes needs the token, which is \
            printed if you give none: give yours in a file, or as REDRAW_TOKEN in the environment. Ctrl-C stops it: a picture that is being made goes back into the queue, for the next time.

              redraw serve --open
              redraw serve --folder ~/Pictures
              redraw serve --host 0.0.0.0 --token-file ~/.redraw-token
            """)

    @Flag(name: .long, help: "Open the page in the browser.")
    var open = false

    @Option(name: .long, help: ArgumentHelp("The port; 0 takes any that is free.", valueName: "n"))
    var port = 7861

    @Option(name: .long, help: ArgumentHelp("The address to listen at; any but this machine's own wants a token.", valueName: "address"))
    var host = "127.0.0.1"

    @OptionGroup var token: ServeToken

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A folder whose pictures the page may take in; may be given several times (default: none).", valueName: "dir"),
        completion: .directory)
    var folder: [String] = []

    @Option(name: .long, help: ArgumentHelp("Make up to n pictures at once, where the memory is enough.", valueName: "n"))
    var atOnce = 1

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A server of yours that speaks A1111's API, for the page to choose beside the built-in engine; several are a pool (default: the configuration's, else none).",
            valueName: "url"))
    var engine: [String] = []

    @OptionGroup(title: LookingOptions.title) var looking: LookingOptions
    @OptionGroup(title: LookingOptions.title) var tagger: TaggerOption
    @OptionGroup var library: LibraryPlace

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port is \(port); it must be from 0 to 65535.") }
        _ = try EngineNames.servers(engine)
        guard atOnce >= 1 else { throw ValidationError("--at-once is \(atOnce); it must be at least 1.") }
    }

    func run() async throws {
        endsInOrder.withLock { $0 = true }
        looking.useThreads()
        var options = ServeOptions()
        (options.host, options.port, options.jobsAtOnce) = (host, port, atOnce)
        options.folders = try folder.map { path in
            guard PictureListing.isFolder(path) else { throw ServeError.noFolder(path) }
            return URL(asTyped: path)
        }
        let given = try token.given()
        options.token = given ?? (options.isLoopback ? nil : ServeOptions.generatedToken())
        options.tellsToken = given == nil || token.isOnCommandLine
        if let remark = token.remark { library.notice(remark) }
        let studio = try library.studio(looking, tagger: tagger.tagger, engines: EngineNames.servers(engine))
        let server = WebServer(studio, options)
        let (started, opens, quiet) = (options, open, library.quiet)
        let work = Task {
            try await server.run { address in
                Terminal.standardOutput.write("Redraw is at \(started.opening(address))\n")
                if !quiet, !started.tellsToken {
                    Terminal.standardError.write("The browser asks for your token as a password; the name may be anything.\n")
                }
                if !quiet { Terminal.standardError.write("Ctrl-C stops it.\n") }
                let browser = BrowserOpening(address, started)
                if opens {
                    browser.begin { Terminal.standardError.write($0 + "\n") }
                } else if !quiet, let way = browser.fromElsewhere {
                    Terminal.standardError.write(way + "\n")
                }
            }
        }
        // What a system's manager sends; Ctrl-C cancels this very task.
        signal(SIGTERM, SIG_IGN)
        let termination = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global(qos: .userInteractive))
        termination.setEventHandler { work.cancel() }
        termination.resume()
        defer { termination.cancel() }
        let outcome = await withTaskCancellationHandler {
            await work.result
        } onCancel: {
            work.cancel()
        }
        switch outcome {
        case .success: break
        case .failure(let error) where !(error is CancellationError): throw error
        case .failure: break
        }
        library.notice("Stopped.")
    }
}
