import Engines
import Foundation
import Pixels
import Screening

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

    /// Sides of a sheet's pictures that may be asked for, in pixels.
    package static let sheetCells = 32...4096

    /// Writes a sheet as one picture, with what runs over it beside its rows and columns. What was not made is left grey.
    ///
    /// - Parameter cell: the longer side of each picture in pixels, at most; nil: up to 768, as many as find room.
    /// - Throws: ``StudioError/noSuchSheet(_:)``; where the file cannot be written.
    package func draw(sheet id: Int64, to file: URL, cell: Int? = nil, overwriting: Bool) async throws -> DrawnSheet {
        try await NumericQueue.shared.run { [self] in
            try checkPlace(ofSheet: file, overwriting: overwriting)
            let report = try sheet(id)
            // Reading one sheet throws where they cannot be read.
            guard let axes = report.axes else { throw StudioError.noSuchSheet(id) }
            let made = report.cells.map { cell in
                cell.sha256 == nil ? nil : cell.generation.flatMap { try? self.file(ofGeneration: $0, output: 1).file }
            }
            let labels = axes.labels
            let drawing = SheetDrawing(
                title: try title(of: report, axes), columns: labels.columns, rows: labels.rows,
                cells: zip(report.cells, made).map { cell, file in
                    .init(
                        size: file.map { PixelSize(width: $0.width, height: $0.height) }, word: cell.state == "done" ? "gone" : cell.state)
                },
                longest: cell ?? SheetLayout.usualCell)
            let image = drawing.image { try? made[$0]?.decoded().image }
            let said = "redraw sheet \(id): \(axes.told)" + (axes.seed.map { ", seed \($0)" } ?? "")
            try ImageFile.write(image, to: file, text: [("Comment", said)], replacing: overwriting)
            let layout = drawing.layout
            let shrunk = cell != nil && layout.isShrunk ? max(layout.place.width, layout.place.height) : nil
            return DrawnSheet(sheet: report, file: file.path, shrunkTo: shrunk)
        }
    }

    /// What all of its pictures have in common: the prompt, the model and the seed, where those do not run over it.
    private func title(of sheet: SheetReport, _ axes: SheetAxes) throws -> String {
        let library = try premises.library()
        guard let generation = try sheet.cells.lazy.compactMap(\.generation).first.map({ try library.generation(id: $0) }) else {
            return ""
        }
        func said(_ axis: String, _ text: String?) -> String? { [axes.x, axes.y].contains(axis) ? nil : text }
        let prompt = try generation.request.decoded(as: KeptRequest?.self)?.request.prompt
        let seed = axes.seed.map { "seed \($0)" }
        return [said("prompt", prompt), said("model", generation.model), said("seed", seed)].compactMap { $0 }.filter {
            !$0.isEmpty
        }.joined(separator: ", ")
    }
}
