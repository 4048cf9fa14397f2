import Commands

@main
struct Redraw {
    static func main() async {
        // Packages have one program under both names.
        let isAnalyze = CommandLine.arguments[0].split(separator: "/").last == "analyze"
        await CommandLineTool.run(isAnalyze ? AnalyzeCommand.self : RedrawCommand.self)
    }
}
