extension Image {
    /// Pictures side by side in RGB, aligned at the top, white between them and below.
    package static func sideBySide(_ pictures: [Image], gap: Int) -> Image {
        let height = pictures.map(\.height).max() ?? 1
        let width = max(1, pictures.reduce(0) { $0 + $1.width } + gap * (pictures.count - 1))
        var bytes = [UInt8](repeating: 255, count: width * height * 3)
        var left = 0
        for picture in pictures.map({ $0.rgb() }) {
            for y in 0..<picture.height {
                let row = picture.bytes[y * picture.width * 3..<(y + 1) * picture.width * 3]
                let begin = (y * width + left) * 3
                bytes.replaceSubrange(begin..<begin + row.count, with: row)
            }
            left += picture.width + gap
        }
        return Image(width: width, height: height, channels: 3, bytes: bytes)
    }
}
