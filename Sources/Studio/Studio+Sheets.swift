import Engines
import Foundation
import Screening

/// A sheet as a page asks for it: a wish, and the values that one or two of its settings have beside each other.
package struct SheetWish: Decodable, Sendable {
    package var wish: LibraryWish
    package var x: String
    package var columns: [SheetValue]
    package var y: String?
    package var rows: [SheetValue]?

    package static let keys: Set<String> = ["wish", "x", "columns", "y", "rows"]
}

extension Studio {
    /// As many pictures as a sheet may have.
    package static let mostSheetPictures = OrderError.mostCells

    /// The settings that a sheet can run over.
    package static let sheetAxes: [String] = {
        let others: Set<GenerationWish.CodingKeys> = [
            .mode, .picture, .mask, .select, .strengths, .count, .output, .overwrite, .preview, .latent, .vae, .textEncoders, .styles,
            .wildcards,
            .infotext, .readsEmptyNegative,
        ]
        return GenerationWish.CodingKeys.allCases.filter { !others.contains($0) }.map(\.rawValue)
    }()

    /// Every order of a sheet, row by row, and what runs over it: all of them, or none where one is refused.
    ///
    /// One seed holds for the whole sheet, unless it is the seed that differs.
    /// - Throws: `OrderError` for axes and values that are none; as ``order(_:)-(LibraryWish)``.
    package func orders(ofSheet sheet: SheetWish) async throws -> (axes: SheetAxes, orders: [GenerationOrder]) {
        let axes = SheetAxes(x: sheet.x, columns: sheet.columns, y: sheet.y, rows: sheet.y == nil ? [] : sheet.rows ?? [])
        return try await orders(of: sheet.wish, axes) { try await self.order($0) }
    }

    /// As ``orders(ofSheet:)``, of a wish that may name files of this machine. The pictures go to the library's own.
    package func orders(
        ofSheet wish: GenerationWish, x: SheetAxis, y: SheetAxis?
    ) async throws -> (axes: SheetAxes, orders: [GenerationOrder]) {
        var wish = wish
        (wish.output, wish.overwrite) = (files.folder(.results).path + "/", nil)
        let axes = SheetAxes(x: x.name, columns: x.values, y: y?.name, rows: y?.values ?? [])
        return try await orders(of: wish, axes) { try await self.order($0) }
    }

    private func orders<Wish: SheetBase>(
        of wish: Wish, _ axes: SheetAxes, _ order: (Wish) async throws -> GenerationOrder
    ) async throws -> (axes: SheetAxes, orders: [GenerationOrder]) {
        for (name, axis) in [("x", axes.x), ("y", axes.y)] where axis.map({ !Studio.sheetAxes.contains($0) }) ?? false {
            throw OrderError.noAxis(field: name, name: String((axis ?? "").prefix(80)), known: Studio.sheetAxes)
        }
        if axes.x == axes.y { throw OrderError.axisTwice(axes.x) }
        let count = axes.columns.count.multipliedReportingOverflow(by: axes.y == nil ? 1 : axes.rows.count).partialValue
        guard (1...OrderError.mostCells).contains(count) else { throw OrderError.sheetCells(count) }
        var base = wish
        if let strengths = base.settings.strengths { throw OrderError.sheetOf(count: strengths.count, drafts: 1) }
        base.settings.count = 1
        if axes.x != "seed", axes.y != "seed" { base.settings.seed = base.settings.seed ?? UInt64.random(in: 0...UInt64(UInt32.max)) }
        var orders: [GenerationOrder] = []
        for row in axes.y == nil ? [nil] : axes.rows.map(Optional.some) {
            for column in axes.columns {
                var values = [(axes.x, column)]
                if let y = axes.y, let row { values.append((y, row)) }
                orders.append(try await order(base.with(values)))
            }
        }
        var axes = axes
        axes.seed = base.settings.seed
        return (axes, orders)
    }

    /// Puts the orders of a sheet into the queue, and keeps the sheet.
    ///
    /// - Returns: the sheet, and its jobs.
    package func enqueue(sheet axes: SheetAxes, _ orders: [GenerationOrder], of picture: Int64?) throws -> (SheetReport, jobs: [Int64]) {
        var jobs: [Int64] = []
        do {
            for order in orders { jobs.append(try enqueue(order)) }
            return (SheetReport(try premises.library().keep(sheet: JSON.text(axes), of: picture, jobs: jobs), axes), jobs)
        } catch {
            // Half a sheet is none.
            for job in jobs { _ = try? cancelJob(job) }
            throw error
        }
    }

    /// Sheets, the latest first.
    ///
    /// - Parameters:
    ///   - picture: of this one only.
    ///   - isPainted: of none only: what was painted from words.
    package func sheets(
        of picture: Int64? = nil, isPainted: Bool = false, offset: Int = 0, limit: Int = 50
    ) throws -> (total: Int, sheets: [SheetReport]) {
        let (total, sheets) = try premises.library().sheets(of: picture, isPainted: isPainted, offset: offset, limit: limit)
        return (
            total,
            sheets.map { sheet in
                let axes = sheet.axes.listed(as: SheetAxes.self)
                return SheetReport(sheet, axes.value, damaged: (sheet.damaged ?? axes.damaged).map(discreetText().plain))
            }
        )
    }

    /// - Throws: ``StudioError/noSuchSheet(_:)``.
    package func sheet(_ id: Int64) throws -> SheetReport {
        guard let sheet = try premises.library().sheet(id: id) else { throw StudioError.noSuchSheet(id) }
        return SheetReport(sheet, try sheet.axes.decoded())
    }

    /// Takes a sheet away; its pictures stay.
    ///
    /// - Throws: ``StudioError/noSuchSheet(_:)``.
    package func remove(sheet id: Int64) throws {
        guard try premises.library().remove(sheet: id) else { throw StudioError.noSuchSheet(id) }
    }
}

/// A wish of either kind, with what can be set of it.
private protocol SheetBase: Codable {
    var settings: GenerationWish { get set }
}

extension LibraryWish: SheetBase {}

extension GenerationWish: SheetBase {
    fileprivate var settings: GenerationWish {
        get { self }
        set { self = newValue }
    }
}

extension SheetBase {
    /// The wish with some of its settings changed.
    ///
    /// - Throws: `OrderError.noValue` where a setting cannot have such a value.
    fileprivate func with(_ values: [(axis: String, value: SheetValue)]) throws -> Self {
        var keys = try JSONDecoder().decode([String: WishValue].self, from: WishCoding.encoder().encode(self))
        for (axis, value) in values {
            // Seeds have more digits than some who send them can hold as numbers.
            if axis == "seed", case .text(let digits) = value, let seed = UInt64(digits) {
                keys[axis] = .one(.whole(seed))
            } else {
                keys[axis] = .one(value)
            }
        }
        do {
            return try WishCoding.decoder().decode(Self.self, from: JSONEncoder().encode(keys))
        } catch let error as DecodingError {
            guard let (axis, value) = values.first(where: { error.names($0.axis) }) ?? values.first else { throw error }
            throw OrderError.noValue(axis: axis, value: String("\(value)".prefix(80)))
        }
    }
}

/// What a wish says of one thing: a value, or several, such as its styles.
private enum WishValue: Codable {
    case one(SheetValue)
    case several([SheetValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let several = try? value.decode([SheetValue].self) {
            self = .several(several)
        } else {
            self = .one(try value.decode(SheetValue.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .one(let one): try value.encode(one)
        case .several(let several): try value.encode(several)
        }
    }
}

extension DecodingError {
    fileprivate func names(_ key: String) -> Bool {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.contains { $0.stringValue == key }
        @unknown default: false
        }
    }
}

extension SheetReport {
    init(_ sheet: SheetRecord, _ axes: SheetAxes?, damaged: String? = nil) {
        var cells = sheet.cells.map { cell in
            Cell(
                job: cell.job, state: cell.isBinned ? "binned" : (cell.jobState?.rawValue ?? cell.status?.rawValue ?? "gone"),
                generation: cell.generation, sha256: cell.isBinned ? nil : cell.sha256)
        }
        // As many as there are places: a library may be anybody's.
        if let places = axes?.cells {
            cells = Array(cells.prefix(places))
            cells += (cells.count..<places).map { _ in Cell(job: nil, state: "gone", generation: nil, sha256: nil) }
        }
        self.init(id: sheet.id, picture: sheet.pictureID, axes: axes, damaged: damaged, created: sheet.createdAt, cells: cells)
    }
}
