import Commands

@main
struct Redraw {
    static func main() {
        // Packages have one program under both names.
        let isAnalyze = CommandLine.arguments[0].split(separator: "/").last == "analyze"
        CommandLineTool.run(isAnalyze ? AnalyzeCommand.self : RedrawCommand.self)
    }
}
