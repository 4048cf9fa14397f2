/// A sheet as one picture: the results in a grid, over each column and before each row what is said there.
package struct SheetDrawing {
    /// A place of the grid.
    package struct Cell {
        /// Nil where nothing was made.
        var size: PixelSize?
        /// What stands there instead.
        var word: String

        package init(size: PixelSize?, word: String) {
            (self.size, self.word) = (size, word)
        }
    }

    let title: String
    let columns: [String]
    /// None where there is one row.
    let rows: [String]
    /// Row by row.
    let cells: [Cell]

    /// A picture's longer side in pixels, at most.
    let longest: Int

    /// - Parameters:
    ///   - title: stands over all of it.
    ///   - rows: none where there is one row.
    ///   - cells: row by row.
    ///   - longest: a picture's longer side in pixels, at most.
    package init(title: String, columns: [String], rows: [String], cells: [Cell], longest: Int = SheetLayout.usualCell) {
        (self.title, self.columns, self.rows, self.cells, self.longest) = (title, columns, rows, cells, longest)
    }

    package var layout: SheetLayout {
        SheetLayout(title: title, columns: columns, rows: rows, pictures: cells.map(\.size), longest: longest)
    }

    /// - Parameter picture: the picture of a cell that has one; nil where it cannot be had after all. One at a time is asked for.
    package func image(_ picture: (_ cell: Int) throws -> Image?) rethrows -> Image {
        let (layout, gap) = (layout, SheetLayout.gap)
        let letters = layout.letters
        var canvas = Canvas(width: layout.size.width, height: layout.size.height)
        for (line, text) in layout.title.enumerated() { canvas.write(text, letters, x: gap, y: gap + line * letters.lineHeight) }
        for (column, head) in layout.heads.enumerated() {
            // The last line stands on the picture.
            for (line, text) in head.reversed().enumerated() {
                canvas.write(text, letters, x: layout.left(column), y: layout.top(0, column) - gap / 2 - (line + 1) * letters.lineHeight)
            }
        }
        for (row, side) in layout.sides.enumerated() {
            for top in layout.tops(row) {
                for (line, text) in side.enumerated() { canvas.write(text, letters, x: gap, y: top + line * letters.lineHeight) }
            }
        }
        for (index, cell) in cells.enumerated() {
            let (row, column) = index.quotientAndRemainder(dividingBy: columns.count)
            let (x, y) = (layout.left(column), layout.top(row, column))
            if let size = layout.pictures[index], let image = try picture(index) {
                canvas.place(image.size == size ? image : image.resized(width: size.width, height: size.height), x: x, y: y)
            } else {
                canvas.place(Image(width: layout.place.width, height: layout.place.height, filledWith: [230, 230, 230]), x: x, y: y)
                canvas.write(cell.word, letters, x: x + gap, y: y + gap, grey: 110)
            }
        }
        return canvas.image
    }
}
