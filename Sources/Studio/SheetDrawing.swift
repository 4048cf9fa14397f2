import Engines
import Foundation
import Pixels
import Screening

/// A sheet as one picture: the results in a grid, over each column and before each row what is said there.
struct SheetDrawing {
    struct Cell {
        /// Nil where nothing was made.
        var size: PixelSize?
        /// What stands there instead.
        var word: String
    }

    let title: String
    let columns: [String]
    /// None where there is one row.
    let rows: [String]
    /// Row by row.
    let cells: [Cell]

    /// Pixels of a side, of a cell and of the whole sheet.
    private static let longestCell = 768
    private static let longestSheet = 6000
    private static let gap = 8

    /// - Parameter picture: the picture of a cell that has one; nil where it cannot be had after all.
    func image(_ picture: (_ cell: Int) throws -> Image?) rethrows -> Image {
        let (across, down) = (columns.count, max(rows.count, 1))
        let longest = min(Self.longestCell, Self.longestSheet / across, Self.longestSheet / down)
        let sizes = cells.map { $0.size.map { Self.fitted($0, longest) } }
        let (width, height) = (sizes.compactMap { $0?.width }.max() ?? 128, sizes.compactMap { $0?.height }.max() ?? 128)
        let letters = Lettering(scale: min(4, max(1, min(width, height) / 128)))
        let heads = columns.map { letters.lines($0, width: max(width, 60), most: 4) }
        let sides = rows.map { letters.lines($0, width: max(width / 2, 60), most: max(1, height / letters.lineHeight)) }
        let cellWidth = max(width, heads.joined().map(letters.width(of:)).max() ?? 0)
        let side = sides.joined().map(letters.width(of:)).max().map { $0 + Self.gap } ?? 0
        let whole = Self.gap + side + (cellWidth + Self.gap) * across
        let titleLines = letters.lines(title, width: whole - 2 * Self.gap, most: 3)
        let top = Self.gap + letters.lineHeight * (titleLines.count + (heads.map(\.count).max() ?? 0)) + Self.gap

        var canvas = Canvas(width: whole, height: top + (height + Self.gap) * down)
        for (line, text) in titleLines.enumerated() { canvas.write(text, letters, x: Self.gap, y: Self.gap + line * letters.lineHeight) }
        func left(_ column: Int) -> Int { Self.gap + side + (cellWidth + Self.gap) * column }
        for (column, head) in heads.enumerated() {
            // The last line stands on the picture.
            for (line, text) in head.reversed().enumerated() {
                canvas.write(text, letters, x: left(column), y: top - Self.gap / 2 - (line + 1) * letters.lineHeight)
            }
        }
        for (row, text) in sides.enumerated() {
            for (line, text) in text.enumerated() {
                canvas.write(text, letters, x: Self.gap, y: top + row * (height + Self.gap) + line * letters.lineHeight)
            }
        }
        for (index, cell) in cells.enumerated() {
            let (x, y) = (left(index % across), top + index / across * (height + Self.gap))
            if let size = sizes[index], let image = try picture(index) {
                canvas.place(image.size == size ? image : image.resized(width: size.width, height: size.height), x: x, y: y)
            } else {
                canvas.place(Image(width: width, height: height, filledWith: [230, 230, 230]), x: x, y: y)
                canvas.write(cell.word, letters, x: x + Self.gap, y: y + Self.gap, grey: 110)
            }
        }
        return canvas.image
    }

    private static func fitted(_ size: PixelSize, _ longest: Int) -> PixelSize {
        let side = max(size.width, size.height)
        guard side > longest else { return size }
        return PixelSize(width: max(1, size.width * longest / side), height: max(1, size.height * longest / side))
    }
}

/// A sheet that was written as one picture.
package struct DrawnSheet: Codable, Sendable {
    package let sheet: SheetReport
    package let file: String
}

extension Studio {
    /// Where a sheet is written for which nobody named a file: in the working directory, under its number and a name that is free.
    package func usualPlace(ofSheet id: Int64, overwriting: Bool) -> URL {
        let folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
        return overwriting ? folder.appendingPathComponent("sheet-\(id).png") : folder.freeFile("sheet-\(id)", "png")
    }

    /// Where a sheet's picture may be written.
    ///
    /// - Throws: where something of that name is there, or it is no picture's name.
    package func checkPlace(ofSheet file: URL, overwriting: Bool) throws {
        guard ImageFormat(fileExtension: file.pathExtension) != nil else {
            throw ImageError.inFile(path: file.path, .unknownExtension(file.pathExtension))
        }
        guard overwriting || !OutputPlaces.isTaken(file) else { throw StudioError.outputExists(path: file.path) }
        let folder = file.deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: folder) else { throw StudioError.noFolder(path: folder) }
    }

    /// Writes a sheet as one picture, with what runs over it beside its rows and columns. What was not made is left grey.
    ///
    /// - Throws: ``StudioError/noSuchSheet(_:)``; where the file cannot be written.
    package func draw(sheet id: Int64, to file: URL, overwriting: Bool) async throws -> DrawnSheet {
        try await NumericQueue.shared.run { [self] in
            try checkPlace(ofSheet: file, overwriting: overwriting)
            let report = try sheet(id)
            let made = report.cells.map { cell in
                cell.sha256 == nil ? nil : cell.generation.flatMap { try? self.file(ofGeneration: $0, output: 1).file }
            }
            let labels = report.axes.labels
            let drawing = SheetDrawing(
                title: try title(of: report), columns: labels.columns, rows: labels.rows,
                cells: zip(report.cells, made).map { cell, file in
                    .init(
                        size: file.map { PixelSize(width: $0.width, height: $0.height) }, word: cell.state == "done" ? "gone" : cell.state)
                })
            let image = drawing.image { try? made[$0]?.decoded().image }
            let said = "redraw sheet \(id): \(report.axes.told)" + (report.axes.seed.map { ", seed \($0)" } ?? "")
            try ImageFile.write(image, to: file, text: [("Comment", said)], replacing: overwriting)
            return DrawnSheet(sheet: report, file: file.path)
        }
    }

    /// What all of its pictures have in common: the prompt, the model and the seed, where those do not run over it.
    private func title(of sheet: SheetReport) throws -> String {
        struct Request: Decodable {
            var prompt: String?
        }
        let library = try premises.library()
        guard let generation = try sheet.cells.lazy.compactMap(\.generation).first.map({ try library.generation(id: $0) }) else {
            return ""
        }
        func said(_ axis: String, _ text: String?) -> String? { [sheet.axes.x, sheet.axes.y].contains(axis) ? nil : text }
        let request: Request? = try? generation.request.decoded()
        let seed = sheet.axes.seed.map { "seed \($0)" }
        return [said("prompt", request?.prompt), said("model", generation.model), said("seed", seed)].compactMap { $0 }.filter {
            !$0.isEmpty
        }.joined(separator: ", ")
    }
}
