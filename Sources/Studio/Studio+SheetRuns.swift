import Diffusion
import Engines
import Foundation
import Screening

extension Studio {
    /// Seconds that orders are likely to take one after the other, nil where an engine does not tell; and what is to be said of orders that differ
    /// in their strengths alone and come to the same steps. Nothing is loaded.
    ///
    /// - Throws: what is in the way of one of them.
    package func outlook(on orders: [GenerationOrder]) async throws -> (seconds: Double?, notes: [String]) {
        var sum: Double? = 0
        var alike: [(request: GenerationRequest, runs: [GenerationPlan.Run])] = []
        for order in orders {
            try Task.checkCancellation()
            let plan = try await engine(named: order.engine).plan(order)
            sum = sum.flatMap { sum in plan.seconds.map { sum + $0 } }
            // All that differs on a sheet is of the request.
            var besides = order.request
            besides.strength = 0
            if let place = alike.firstIndex(where: { $0.request == besides }) {
                alike[place].runs += plan.runs
            } else {
                alike.append((besides, plan.runs))
            }
        }
        let notes = alike.compactMap { SameStepsWords.note(on: $0.runs) }
        return (sum, notes.enumerated().filter { !notes.prefix($0.offset).contains($0.element) }.map(\.element))
    }

    /// The same of a sheet that a page asks for.
    ///
    /// - Throws: as ``orders(ofSheet:)``, and what is in the way of one of them.
    package func outlook(onSheet sheet: SheetWish) async throws -> SheetOutlook {
        let orders = try await orders(ofSheet: sheet).orders
        let (seconds, notes) = try await outlook(on: orders)
        return SheetOutlook(pictures: orders.count, seconds: seconds, notes: notes.map(discreetText().plain))
    }

    /// Puts the orders of a sheet into the queue, and keeps the sheet; the picture they redraw is one of the library's then.
    package func enqueue(sheet axes: SheetAxes, _ orders: [GenerationOrder]) throws -> SheetReport {
        let library = try premises.library()
        let picture = try orders.first?.picture.map {
            // Changed beside its pixels it is the one that the library knows.
            try library.picture(of: PictureFile(path: $0.path))?.id
                ?? library.record(NewPicture(sha256: $0.sha256, width: $0.width, height: $0.height, path: $0.path)).id
        }
        return try enqueue(sheet: axes, orders, of: picture).0
    }

    /// Makes what is missing of a sheet in this process, and waits for what others make of it.
    ///
    /// What failed or was cancelled is ordered again. When its task is cancelled, what is under way goes back into the queue, and the same call
    /// goes on from there.
    ///
    /// - Parameters:
    ///   - most: jobs that may run at the same time on this library.
    ///   - onEvent: told with the cell, from 0 row by row.
    ///   - onOutcome: told what became of each cell that is made here.
    /// - Returns: the sheet when nothing of it is under way any more.
    /// - Throws: ``StudioError/noSuchSheet(_:)``; where a cell waits for an engine that this studio does not have.
    package func make(
        sheet id: Int64, atOnce most: Int = 1, onEvent: @escaping @Sendable (_ cell: Int, JobEvent) -> Void = { _, _ in },
        onOutcome: (_ cell: Int, Result<GenerationReport, any Error>) throws -> Void
    ) async throws -> SheetReport {
        let library = try premises.library()
        try library.markInterrupted(in: premises.libraryFolder)
        for (position, cell) in try sheet(id).cells.enumerated() where ["failed", "cancelled"].contains(cell.state) {
            guard let job = cell.job else { continue }
            // What cannot be read any more cannot be ordered again; the rest of the sheet can.
            guard let order = try library.job(id: job).order.listed(as: GenerationOrder.self).value else { continue }
            try library.renew(cell: position, ofSheet: id, by: enqueue(order))
        }
        // Cells whose jobs cannot be read: they wait until that is mended, and nobody waits for them.
        var damaged: Set<Int64> = []
        while true {
            let sheet = try sheet(id)
            let places = Dictionary(
                sheet.cells.enumerated().compactMap { position, cell -> (Int64, Int)? in
                    guard ["queued", "running"].contains(cell.state), let job = cell.job, !damaged.contains(job) else { return nil }
                    return (job, position)
                }, uniquingKeysWith: { first, _ in first })
            guard !places.isEmpty else { return sheet }
            try await workOffJobs(atOnce: most, among: Set(places.keys)) { job, event in
                if let cell = places[job] { onEvent(cell, event) }
            } onOutcome: { job, outcome in
                if case .failure(let error as LibraryError) = outcome, error.place != nil { damaged.insert(job) }
                if let cell = places[job] { try onOutcome(cell, outcome) }
            }
            let left = try library.jobsUnderWay().filter { places[$0.id] != nil && !damaged.contains($0.id) }
            for job in left where job.state == .queued && !job.isAttended { _ = try engine(named: job.engine) }
            // Another program makes them.
            if !left.isEmpty { try await Task.sleep(for: JobRun.patience) }
            try library.markInterrupted(in: premises.libraryFolder)
        }
    }
}
