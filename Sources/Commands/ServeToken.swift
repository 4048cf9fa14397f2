import ArgumentParser
import Foundation
import Studio
import StudioWeb

/// Where the token comes from that everybody shows who opens the page.
struct ServeToken: ParsableArguments {
    /// The variable of the environment that may hold it.
    static let variable = "REDRAW_TOKEN"

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What everybody who opens the page has to show; others on this machine can see it in the list of processes, so rather use --token-file, or REDRAW_TOKEN in the environment (default: none on this machine alone, else a random one).",
            valueName: "text"))
    var token: String?

    @Option(
        name: .long, help: ArgumentHelp("A file that holds the token on its first line (default: none).", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    func validate() throws {
        if token != nil, tokenFile != nil { throw ValidationError("--token and --token-file exclude each other.") }
    }

    /// What is to be said of the file: whether others can read the token in it.
    var remark: String? {
        guard let tokenFile, ServeOptions.isOpenToAll(tokenFile: tokenFile) else { return nil }
        let file = DisplayText.harmless(ShellWord.path(tokenFile))
        return "Everybody on this machine can read the token in \(file); chmod 600 \(file) keeps it to you."
    }

    /// Whether the command line shows it already; what a file or the environment holds is not printed.
    var isOnCommandLine: Bool { token != nil }

    /// The token that was given: by an option, else by the environment.
    ///
    /// - Throws: `ServeError` where it cannot be read, or is too short.
    func given() throws -> String? {
        let variable = ProcessInfo.processInfo.environment[Self.variable].flatMap { $0.isEmpty ? nil : $0 }
        guard let token = try token ?? tokenFile.map(ServeOptions.token(inFile:)) ?? variable else { return nil }
        guard token.utf8.count >= ServeOptions.shortestToken else { throw ServeError.shortToken(token.utf8.count) }
        return token
    }
}
