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
        for (name, axis) in [("x", sheet.x), ("y", sheet.y)] where axis.map({ !Studio.sheetAxes.contains($0) }) ?? false {
            throw OrderError.unknown(what: name, value: String((axis ?? "").prefix(80)), known: Studio.sheetAxes)
        }
        if sheet.x == sheet.y { throw OrderError.axisTwice(sheet.x) }
        let rows = sheet.y == nil ? [] : sheet.rows ?? []
        let count = sheet.columns.count.multipliedReportingOverflow(by: sheet.y == nil ? 1 : rows.count).partialValue
        guard (1...OrderError.mostCells).contains(count) else { throw OrderError.sheetCells(count) }
        var base = sheet.wish
        if let strengths = base.settings.strengths { throw OrderError.sheetOf(count: strengths.count, drafts: 1) }
        base.settings.count = 1
        if sheet.x != "seed", sheet.y != "seed" { base.settings.seed = base.settings.seed ?? UInt64.random(in: 0...UInt64(UInt32.max)) }
        var orders: [GenerationOrder] = []
        for row in sheet.y == nil ? [nil] : rows.map(Optional.some) {
            for column in sheet.columns {
                var values = [(sheet.x, column)]
                if let y = sheet.y, let row { values.append((y, row)) }
                orders.append(try await order(base.with(values)))
            }
        }
        let axes = SheetAxes(x: sheet.x, columns: sheet.columns, y: sheet.y, rows: rows, seed: base.settings.seed)
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
        return (total, try sheets.map { SheetReport($0, try $0.axes.decoded()) })
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

extension LibraryWish {
    /// The wish with some of its settings changed.
    ///
    /// - Throws: `OrderError.noValue` where a setting cannot have such a value.
    fileprivate func with(_ values: [(axis: String, value: SheetValue)]) throws -> LibraryWish {
        var keys = try JSONDecoder().decode([String: SheetValue].self, from: JSONEncoder().encode(self))
        for (axis, value) in values {
            // Seeds have more digits than some who send them can hold as numbers.
            if axis == "seed", case .text(let digits) = value, let seed = UInt64(digits) {
                keys[axis] = .whole(seed)
            } else {
                keys[axis] = value
            }
        }
        do {
            return try JSONDecoder().decode(LibraryWish.self, from: JSONEncoder().encode(keys))
        } catch let error as DecodingError {
            guard let (axis, value) = values.first(where: { error.names($0.axis) }) ?? values.first else { throw error }
            throw OrderError.noValue(axis: axis, value: String("\(value)".prefix(80)))
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
    init(_ sheet: SheetRecord, _ axes: SheetAxes) {
        self.init(
            id: sheet.id, picture: sheet.pictureID, axes: axes, created: sheet.createdAt,
            cells: sheet.cells.map { cell in
                Cell(
                    job: cell.job, state: cell.isBinned ? "binned" : (cell.jobState?.rawValue ?? cell.status?.rawValue ?? "gone"),
                    generation: cell.generation, sha256: cell.isBinned ? nil : cell.sha256)
            })
    }
}
