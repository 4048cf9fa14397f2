import Commands

@main
struct Analyze {
    static func main() {
        CommandLineTool.run(AnalyzeCommand.self)
    }
}
