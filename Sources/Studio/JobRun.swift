import Checkpoints
import Diffusion
import Engines
import Foundation
import Pixels
import Screening
import Synchronization

/// A job of this process, from its turn in the queue to the pictures.
struct JobRun: Sendable {
    let studio: Studio
    let job: Int64
    let order: GenerationOrder
    /// Jobs that may run at the same time.
    let most: Int
    /// Whether it is the last that this process makes: nothing is kept for another.
    var isLast = false
    /// Whether it is shown what is becoming of the pictures: once a second at most.
    var showsSteps = false
    /// Whether a job that this process gives up because it ends goes back into the queue, for the next one.
    var leavesUnfinished = false
    let onEvent: @Sendable (JobEvent) -> Void

    /// How often is looked whether the turn has come, and whether somebody wants the job to stop.
    static let patience = Duration.milliseconds(300)

    /// - Parameter waits: whether the turn has yet to come.
    func report(waits: Bool) async throws -> GenerationReport {
        let library = try studio.premises.library()
        let work = Task { try await made(library, waits: waits) }
        let watch = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: JobRun.patience)
                // A library that cannot be read for a moment is looked at again.
                if (try? library.job(id: job))?.isAskedToStop == true { return work.cancel() }
            }
        }
        defer { watch.cancel() }
        let outcome = await withTaskCancellationHandler {
            await work.result
        } onCancel: {
            work.cancel()
        }
        do {
            let report = try outcome.get()
            try library.finish(job: job, .done)
            return report
        } catch LibraryError.jobIsOver {
            throw StudioError.jobCancelled(job)
        } catch {
            let isCancelled = error is CancellationError
            if isCancelled, leavesUnfinished, (try? library.job(id: job))?.isAskedToStop == false {
                try library.leave(job)
                throw error
            }
            _ = try? library.finish(job: job, isCancelled ? .cancelled : .failed, message: isCancelled ? nil : words(of: error))
            if isCancelled, try library.job(id: job).isAskedToStop { throw StudioError.jobCancelled(job) }
            throw error
        }
    }

    private func made(_ library: Library, waits: Bool) async throws -> GenerationReport {
        let engine = try studio.engine(named: order.engine)
        try order.checkNumbers()
        if waits { try await turn(library) }
        let pictureFile = try order.picture.map(unchanged)
        _ = try order.mask.map(unchanged)
        let targets = try studio.freeOutputs(of: order)
        let plan = try await plan(engine, library)
        var begun: (generation: Int64, load: Double)?
        do {
            var results: [GenerationResult] = []
            var noted = ContinuousClock.now
            var shown: ContinuousClock.Instant?
            func tell(_ entry: StepEntry, showing preview: Image?) async throws {
                if noted.duration(to: .now) > .seconds(1) {
                    try? library.note(JobProgress(share: entry.share, secondsLeft: entry.secondsLeft), ofJob: job)
                    noted = .now
                }
                if showsSteps, let preview, shown.map({ $0.duration(to: .now) >= .seconds(1) }) ?? true {
                    shown = .now
                    onEvent(.preview(try await NumericQueue.shared.run { try ImageFile.encodeJPEG(preview, quality: 85) }))
                }
                onEvent(.step(entry))
            }
            for try await event in engine.run(plan) {
                switch event {
                case .loaded(let prompt, let seconds):
                    // Nothing is told of a run that is refused but why.
                    onEvent(.planned(PlanReport(plan, prompt, notes: studio.subjectNotes(on: order))))
                    begun = (try begin(plan, pictureFile, library), seconds)
                case .step(let step):
                    try await keep(step)
                    try await tell(StepEntry(step), showing: step.preview)
                case .progress(let progress):
                    try await keep(progress.preview)
                    try await tell(StepEntry(progress), showing: progress.preview)
                case .finished(let made):
                    results = made
                }
            }
            try Task.checkCancellation()
            guard let begun, let last = results.last else { preconditionFailure("a run that throws nothing finishes") }
            var files = targets
            // Files of the studio's own naming are called after the seeds that were chosen.
            if case .folder = order.place { files = try studio.outputs(of: order, seeds: last.pictures.map(\.seed)) }
            let report = try await NumericQueue.shared.run { [results, files] in
                try studio.deliver(results, of: plan, to: files, id: begun.generation, load: begun.load)
            }
            do {
                _ = try library.finish(generation: begun.generation, report.outcome())
            } catch let error as LibraryError {
                throw StudioError.notNoted(
                    paths: report.outputs,
                    reason: error == .full(path: library.location) ? "no space is left on its disk" : words(of: error))
            }
            // A sheet of several strengths and a picture that is mostly the old one say little about a model.
            if order.request.mode != .repaint, order.strengths.count < 2 { await studio.analyst.rememberOutputs(of: report) }
            return report
        } catch {
            await engine.settle()
            let isCancelled = error is CancellationError
            if let begun {
                _ = try? library.finish(
                    generation: begun.generation,
                    GenerationOutcome(status: isCancelled ? .cancelled : .failed, message: isCancelled ? nil : words(of: error)))
            }
            throw error
        }
    }

    /// What is kept of a failure: those who read it are not all at this machine.
    private func words(of error: any Error) -> String { studio.discreetText().words(of: error) }

    /// Waits until the job may run.
    private func turn(_ library: Library) async throws {
        var told = 0
        while try !library.start(job, most: most) {
            // Who ended while it ran, or waited, holds nobody up.
            try library.markInterrupted(in: studio.premises.libraryFolder)
            let ahead = try library.jobsUnderWay().count { $0.id != job && ($0.state == .running || $0.id < job && $0.isAttended) }
            if ahead != told, ahead > 0 {
                told = ahead
                onEvent(.waiting(job: job, ahead: ahead))
            }
            try await Task.sleep(for: JobRun.patience)
        }
    }

    /// What the order comes to. Where there is too little memory beside other jobs, they are waited for.
    private func plan(_ engine: any Engine, _ library: Library) async throws -> GenerationPlan {
        while true {
            do {
                var plan = try await engine.plan(order, isLast: isLast)
                plan.wantsPreviews = showsSteps
                let limit = Memory.installed ?? .max
                // What is told of a job in passing is not worth the job: another process may hold the library for long, or its disk be full.
                // Another program's memory is its own affair.
                guard let memory = plan.memory, (try? library.admit(job: job, memory: memory, limit: limit)) == false else { return plan }
                // Beside the others it would be too much, once they have taken all that they were planned to.
                try library.putBack(job)
                try await Task.sleep(for: JobRun.patience)
                try await turn(library)
            } catch let error as EngineError {
                guard case .tooLittleMemory = error, try library.jobsUnderWay().contains(where: { $0.state == .running && $0.id != job })
                else { throw error }
                try library.putBack(job)
                try await Task.sleep(for: JobRun.patience)
                try await turn(library)
            }
        }
    }

    /// A picture that is still the one that was ordered. Keywords written into its file make no other of it.
    private func unchanged(_ picture: GenerationOrder.Picture) throws -> PictureFile {
        let file = try PictureFile(path: picture.path)
        guard file.sha256 != picture.sha256 else { return file }
        let library = try studio.premises.library()
        guard let known = try library.picture(of: file), known.id == (try library.picture(sha256: picture.sha256))?.id else {
            throw StudioError.pictureChanged(path: picture.path)
        }
        return file
    }

    /// Keeps the mask's file, whatever becomes of the one that was named: it can be edited again.
    private func keepMask() throws -> String? {
        guard let mask = order.mask else { return nil }
        let file = try unchanged(mask)
        try studio.files.keep(file.bytes, .masks, file.sha256, file.format.fileExtension)
        return file.sha256
    }

    /// Notes in the library that the pictures are being made, and makes the folder they go to.
    ///
    /// - Returns: the generation's number.
    private func begin(_ plan: GenerationPlan, _ picture: PictureFile?, _ library: Library) throws -> Int64 {
        let request = order.request
        if case .folder(let folder) = order.place {
            if let reason = SystemPath.makeFolder(folder.path) { throw StudioError.unwritableOutput(path: folder.path, reason: reason) }
        }
        return try library.record(
            NewGeneration(
                kind: request.mode.kind, request: request.json(strengths: order.strengths), seed: order.seed, model: order.model.name,
                profile: request.profile.rawValue, precision: plan.precision, stepsRequested: request.steps,
                pictureID: try picture.map { picture in
                    // One whose file was changed beside its pixels is found before it is taken for a new one.
                    _ = try library.picture(of: picture)
                    return try library.record(picture.record).id
                }, promptNumber: order.promptNumber, mask: try keepMask()),
            ofJob: job
        ).id
    }

    /// The files that show a step, where they are wanted.
    private func keep(_ step: StepReport) async throws {
        try await keep(step.preview)
        guard let latent = order.latent, step.step == step.steps else { return }
        try await NumericQueue.shared.run {
            try SafetensorsFile.write(tensors: [("latent", step.latent.permuted([0, 3, 1, 2]))], to: latent)
        }
    }

    private func keep(_ image: Image?) async throws {
        guard let preview = order.preview, let image else { return }
        try await NumericQueue.shared.run { try ImageFile.write(image, to: preview) }
    }
}

extension GenerationRequest.Mode {
    var kind: Generation.Kind {
        switch self {
        case .generate: .generate
        case .repaint: .repaint
        case .paint: .paint
        }
    }
}

extension PictureFile {
    var record: NewPicture {
        let place = ScreeningDesk.storedPath(path)
        var picture = NewPicture(
            sha256: sha256, width: width, height: height, path: place, stamp: stamp,
            name: SystemPath.isForeign(place) ? ForeignNames.shown(URL(fileURLWithPath: place).lastPathComponent) : nil)
        picture.pixels = pixelDigestOfData
        return picture
    }
}
