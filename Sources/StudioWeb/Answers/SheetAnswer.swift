import Foundation
import Studio

/// A sheet as the page sees it: the keys of `SheetReport`, each cell with the addresses of its picture.
struct SheetAnswer: Encodable, Sendable {
    let sheet: SheetReport

    init(_ sheet: SheetReport) { self.sheet = sheet }

    private enum CodingKeys: String, CodingKey { case cells }

    struct Cell: Encodable {
        let cell: SheetReport.Cell

        private enum CodingKeys: String, CodingKey { case url, thumbnail }

        func encode(to encoder: any Encoder) throws {
            try cell.encode(to: encoder)
            var values = encoder.container(keyedBy: CodingKeys.self)
            let place: (url: String, version: String)? =
                if let generation = cell.generation, let sha256 = cell.sha256 {
                    (Address.output(1, of: generation), Address.version(sha256))
                } else { nil }
            try values.encode(place.map { $0.url + $0.version }, forKey: .url)
            try values.encode(place.map { $0.url + "/thumbnail" + $0.version }, forKey: .thumbnail)
        }
    }

    func encode(to encoder: any Encoder) throws {
        try sheet.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(sheet.cells.map(Cell.init), forKey: .cells)
    }
}
