import Commands

@main
struct Analyze {
    static func main() async {
        await CommandLineTool.run(AnalyzeCommand.self)
    }
}
