import ArgumentParser
import Studio

/// `redraw info`: what a picture file says of itself.
struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show a picture's format, size, digest and the texts written into it.",
        discussion: """
            Pictures that Redraw makes carry their prompt, seed and settings: the entry "parameters" is what other tools read, "redraw" is the \
            whole request.

              redraw info redrawn.png
              redraw info redrawn.png --json | jq -r .text.parameters
            """)

    @Argument(help: "The picture.", completion: .file())
    var picture: String

    @Flag(name: .long, help: "Print the result as JSON.")
    var json = false

    func run() throws {
        let report = try Studio(installation: try Installation.current()).info(try PictureFile(path: picture))
        guard !json else { return try JSONOutput.print(report) }
        var lines = [
            "\(report.path): \(report.format), \(report.width)x\(report.height), \(report.bytes) bytes", "SHA-256 \(report.sha256)",
        ]
        for (key, text) in report.text.sorted(by: { $0.key < $1.key }) {
            lines.append("\(DisplayText.harmless(key)):")
            lines += text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + DisplayText.harmless(String($0)) }
        }
        Terminal.standardOutput.write(lines.joined(separator: "\n") + "\n")
    }
}
