import Commands

@main
struct Redraw {
    static func main() async {
        await CommandLineTool.run(RedrawCommand.self)
    }
}
