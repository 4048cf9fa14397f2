/// Where everything stands on a sheet.
///
/// Where the pictures of a row would become too small beside each other, the row goes on below: the columns stand in bands, one under the other,
/// each band with all rows.
package struct SheetLayout: Sendable {
    /// Of the whole sheet.
    let size: PixelSize
    let letters: Lettering
    let title: [String]
    /// What stands over each column and before each row, in lines.
    let heads: [[String]]
    let sides: [[String]]
    /// The pictures as they are drawn, row by row; nil where there is none.
    let pictures: [PixelSize?]
    /// The place that each of them has.
    package let place: PixelSize
    /// Columns that stand beside each other.
    let columnsInBand: Int
    /// Whether the pictures are smaller than was asked for, so that all of them find room.
    package let isShrunk: Bool

    private let side: Int
    private let columnWidth: Int
    private let rowHeight: Int
    /// Where the first row of each band begins.
    private let tops: [Int]

    /// Pixels between pictures and around all of them.
    static let gap = 8
    /// A picture's longer side where nobody says another.
    package static let usualCell = 768
    /// Pixels of a sheet's sides, and of all of it, without the words.
    private static let (widest, tallest, mostPixels) = (6000.0, 12_000.0, 48_000_000.0)

    /// - Parameters:
    ///   - rows: none where there is one row.
    ///   - pictures: their own sizes, row by row.
    ///   - longest: a picture's longer side, at most; none is enlarged.
    init(title: String, columns: [String], rows: [String], pictures own: [PixelSize?], longest: Int) {
        let (across, down, gap) = (columns.count, max(rows.count, 1), Self.gap)
        let wanted = own.map { $0.map { Self.fitted($0, longest) } }
        let room = Self.place(of: wanted)
        let narrowest = Self.head(columns, room, Lettering(scale: Lettering.smallestLabel)).width
        let column = PixelSize(width: max(room.width, narrowest), height: room.height)
        let (band, share) = Self.bands(across, down, column)
        (columnsInBand, isShrunk) = (band, share < 1)
        let side = max(1, Int(Double(max(room.width, room.height)) * share))
        pictures = share < 1 ? wanted.map { $0.map { Self.fitted($0, side) } } : wanted
        place = Self.place(of: pictures)

        let letters = Self.letters(columns, rows, place)
        let (forHead, forSide) = (Self.head(columns, place, letters), Self.widerSide(rows, place, letters))
        // A sheet grows for words rather than that they are cut.
        heads = columns.map { letters.lines($0, width: forHead.width, most: max(forHead.lines, 12)) }
        sides = rows.map { letters.lines($0, width: forSide.width, most: forSide.lines) }
        rowHeight = max(place.height, letters.lineHeight * (sides.map(\.count).max() ?? 0))
        columnWidth = max(place.width, heads.joined().map(letters.width(of:)).max() ?? 0)
        self.side = sides.joined().map(letters.width(of:)).max().map { $0 + gap } ?? 0
        let width = gap + self.side + (columnWidth + gap) * band
        self.title = letters.lines(title, width: width - 2 * gap, most: 6)
        self.letters = letters

        var (tops, y) = ([Int](), gap + letters.lineHeight * self.title.count)
        for first in stride(from: 0, to: across, by: band) {
            if first > 0 { y += 2 * gap }
            y += letters.lineHeight * (heads[first..<min(first + band, across)].map(\.count).max() ?? 0) + gap
            tops.append(y)
            y += (rowHeight + gap) * down
        }
        self.tops = tops
        size = PixelSize(width: width, height: y)
    }

    func left(_ column: Int) -> Int { Self.gap + side + (columnWidth + Self.gap) * (column % columnsInBand) }

    func top(_ row: Int, _ column: Int) -> Int { tops[column / columnsInBand] + row * (rowHeight + Self.gap) }

    /// Where a row begins in each band.
    func tops(_ row: Int) -> [Int] { tops.map { $0 + row * (rowHeight + Self.gap) } }

    /// How many columns stand beside each other, and how much smaller than this place a picture's must be: as few bands as leave the
    /// pictures nearly as large as they can be.
    private static func bands(_ across: Int, _ down: Int, _ place: PixelSize) -> (columns: Int, share: Double) {
        let (width, height) = (Double(place.width + gap), Double(place.height + gap))
        let ways = (1...across).map { bands in
            let columns = (across + bands - 1) / bands
            let (wide, high) = (Double(columns) * width, Double(bands * down) * height)
            return (columns: columns, share: min(1, widest / wide, tallest / high, (mostPixels / (wide * high)).squareRoot()))
        }
        let best = ways.map(\.share).max() ?? 1
        return ways.first { $0.share >= 0.8 * best } ?? (across, 1)
    }

    /// As large as the pictures allow, smaller where the words do not fit, but never too small to be read.
    private static func letters(_ columns: [String], _ rows: [String], _ place: PixelSize) -> Lettering {
        let largest = Lettering.label(beside: min(place.width, place.height))
        let fitting = (Lettering.smallestLabel...largest.scale).reversed().map(Lettering.init(scale:)).first { letters in
            func fit(_ words: [String], _ box: (width: Int, lines: Int)) -> Bool {
                words.allSatisfy { letters.lines($0, width: box.width, most: .max).count <= box.lines }
            }
            return fit(columns, head(columns, place, letters)) && fit(rows, side(rows, place, letters))
        }
        return fitting ?? Lettering(scale: Lettering.smallestLabel)
    }

    /// The room for words over a column.
    private static func head(_ words: [String], _ place: PixelSize, _ letters: Lettering) -> (width: Int, lines: Int) {
        (max(place.width, letters.width(ofLetters: longestWord(words))), max(4, place.height / 2 / letters.lineHeight))
    }

    /// The room for words before a row that goes well with the pictures.
    private static func side(_ words: [String], _ place: PixelSize, _ letters: Lettering) -> (width: Int, lines: Int) {
        (max(place.width / 2, letters.width(ofLetters: longestWord(words))), max(1, place.height / letters.lineHeight))
    }

    /// The room that they get: wider where they do not fit beside small pictures.
    private static func widerSide(_ words: [String], _ place: PixelSize, _ letters: Lettering) -> (width: Int, lines: Int) {
        let room = side(words, place, letters)
        let lines = max(room.lines, 3)
        let widths = [room.width] + [20, 30, 40].map(letters.width(ofLetters:)).filter { $0 > room.width }
        let width = widths.first { width in words.allSatisfy { letters.lines($0, width: width, most: .max).count <= lines } }
        return (width ?? widths[widths.count - 1], lines)
    }

    /// Letters of the longest word, within bounds: no usual word is broken, however small the pictures are.
    private static func longestWord(_ words: [String]) -> Int {
        min(20, max(6, words.flatMap { $0.split(separator: " ") }.map(\.count).max() ?? 0))
    }

    private static func place(of pictures: [PixelSize?]) -> PixelSize {
        PixelSize(width: pictures.compactMap { $0?.width }.max() ?? 128, height: pictures.compactMap { $0?.height }.max() ?? 128)
    }

    private static func fitted(_ size: PixelSize, _ longest: Int) -> PixelSize {
        let side = max(size.width, size.height)
        guard side > longest else { return size }
        return PixelSize(width: max(1, size.width * longest / side), height: max(1, size.height * longest / side))
    }
}
