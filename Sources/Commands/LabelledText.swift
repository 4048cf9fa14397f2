/// Lines with a label at the left, nothing wider than the terminal; where there is none, a line a value.
struct LabelledText {
    let width: Int
    let paint: Paint

    init(_ terminal: Terminal) {
        width = terminal.isTerminal ? min(terminal.columns, 120) : terminal.columns
        paint = terminal.paint
    }

    private static let labelColumns = 12

    func lines(_ label: String, _ value: String) -> [String] {
        let room = max(20, width - Self.labelColumns - 2)
        return DisplayText.wrapped(value, room).enumerated().map { index, line in
            "  "
                + (index == 0 ? paint.cyan(DisplayText.padded(label, Self.labelColumns)) : String(repeating: " ", count: Self.labelColumns))
                + line
        }
    }
}
