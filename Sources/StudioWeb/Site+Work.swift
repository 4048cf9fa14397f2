import Foundation
import Studio

extension Site {
    /// Works off both queues, and looks after what others change, until the task is cancelled.
    func work() async {
        await withTaskGroup(of: Void.self) { group in
            // What another program makes does not wait for what is made here.
            for engine in studio.engineNames {
                for _ in 0..<max(studio.jobsAtOnce(engine), engine == Studio.builtinEngine ? options.jobsAtOnce : 1) {
                    group.addTask { await self.makePictures(engine) }
                }
            }
            group.addTask { await self.analysePictures() }
            group.addTask { await self.watchLibrary() }
            group.addTask { await self.beat() }
        }
    }

    private func makePictures(_ engine: String) async {
        while !Task.isCancelled {
            do {
                try await studio.workOffJobs(atOnce: options.jobsAtOnce, of: engine, staying: true) { job, event in
                    self.hear(event, of: job)
                } onOutcome: { job, outcome in
                    self.previews.remove(job)
                    self.endsTold.withLock { _ = $0.insert(job) }
                    self.tell(job: job)
                    guard case .success(let report) = outcome else { return }
                    let picture = try? self.studio.jobSummary(job).picture
                    self.hub.tell("generation", GenerationNote(id: report.id, picture: picture))
                    if let picture { self.tell(picture: picture) }
                }
            } catch is CancellationError {
                return
            } catch {
                // A library that is locked, or a full disk, may be well again later.
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    private struct GenerationNote: Encodable {
        let id: Int64
        @OrNull var picture: Int64?
    }

    private struct StepNote: Encodable {
        let job: Int64
        let step: Int
        let steps: Int
        let picture: Int
        let pictures: Int
        let secondsLeft: Double
        let preview: Bool
    }

    private func hear(_ event: JobEvent, of job: Int64) {
        switch event {
        case .waiting, .planned: tell(job: job)
        case .preview(let jpeg): previews.put(jpeg, of: job)
        case .step(let step):
            let isTold = previews.put(step, of: job)
            // A quick model takes a hundred steps a second; nobody reads so many.
            guard isTold || step.step == step.steps else { return }
            hub.tell(
                "step",
                StepNote(
                    job: job, step: step.step, steps: step.steps, picture: step.picture, pictures: step.pictures,
                    secondsLeft: step.secondsLeft, preview: previews[job]?.jpeg != nil))
        }
    }

    private func analysePictures() async {
        while !Task.isCancelled {
            do {
                if try await studio.analyseNext(onChange: { picture in
                    self.tell(picture: picture)
                    self.tellAnalysis()
                }) {
                    continue
                }
            } catch is CancellationError {
                return
            } catch {
                // As above.
            }
            await bell.wait(atMost: .seconds(1))
        }
    }

    /// Once a second: whether another program changed the library, and what became of its jobs.
    private func watchLibrary() async {
        var changes = try? studio.foreignChanges()
        var extent = try? studio.extent()
        var jobs = WatchedJobs()
        _ = try? jobs.ended(in: studio)
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            let now = (try? studio.foreignChanges()) ?? changes
            let isForeign = now != changes
            changes = now
            if isForeign {
                let newExtent = try? studio.extent()
                if newExtent != extent {
                    tellLibrary()
                    bell.ring()
                }
                extent = newExtent
                for job in (try? studio.jobSummaries(limit: 0)) ?? [] { hub.tell("job", JobAnswer(job, previews[job.report.id])) }
            }
            // What was told above may be over by now, and a job whose program died is ended by this one: no change from outside tells.
            for job in (try? jobs.ended(in: studio)) ?? [] { tellEnd(of: job) }
        }
    }

    /// Says what became of a job; where it is gone from the list already, pages ask for the whole list.
    private func tellEnd(of id: Int64) {
        guard let job = try? answer(job: id) else { return hub.tell("jobs", [String: String]()) }
        hub.tell("job", job)
        let isToldFully = endsTold.withLock { $0.remove(id) != nil }
        guard !isToldFully, let generation = job.job.report.generation else { return }
        hub.tell("generation", GenerationNote(id: generation, picture: job.job.picture))
        if let picture = job.job.picture { tell(picture: picture) }
    }

    private func beat() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(15))
            hub.comment()
            Studio.giveMemoryBack()
        }
    }
}
