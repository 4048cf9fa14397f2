extension Image {
    /// Pictures side by side in RGB, aligned at the top, white between them and below.
    ///
    /// - Parameters:
    ///   - name: what differs between them, such as "strength".
    ///   - values: of each, written under it, the name before them where it finds room; none to write nothing.
    package static func sideBySide(_ pictures: [Image], name: String = "", values: [String] = [], gap: Int) -> Image {
        let letters = Lettering.label(beside: pictures.map { min($0.width, $0.height) }.max() ?? 1)
        let named = values.map { name.isEmpty ? $0 : "\(name) \($0)" }
        let labels = zip(named, pictures).allSatisfy { letters.width(of: $0) <= $1.width } ? named : values
        let widths = pictures.enumerated().map { max($1.width, $0 < labels.count ? letters.width(of: labels[$0]) : 0) }
        let height = pictures.map(\.height).max() ?? 1
        var canvas = Canvas(
            width: max(1, widths.reduce(0, +) + gap * (pictures.count - 1)),
            height: height + (labels.isEmpty ? 0 : gap + letters.lineHeight))
        var left = 0
        for (index, picture) in pictures.enumerated() {
            canvas.place(picture, x: left, y: 0)
            if index < labels.count { canvas.write(labels[index], letters, x: left, y: height + gap) }
            left += widths[index] + gap
        }
        return canvas.image
    }
}
