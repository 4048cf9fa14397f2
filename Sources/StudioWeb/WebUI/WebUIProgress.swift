import Foundation
import Hummingbird
import Studio

/// How far it is, and the ways to stop it.
struct WebUIProgress {
    let site: Site
    let jobs: WebUIJobs

    func add(to router: RouterGroup<Context>) {
        router.get("progress") { request, _ in
            Response.json(try progress(withPicture: request.query("skip_current_image")?.lowercased() != "true"))
        }
        router.post("interrupt") { _, _ in try interrupt() }
        // The pictures of a job are made in one run, so one cannot be left out of them.
        router.post("skip") { _, _ in try interrupt() }
    }

    private struct Progress: Encodable {
        struct State: Encodable {
            let skipped = false
            let interrupted: Bool
            let job: String
            let jobCount: Int
            let jobTimestamp: String
            let jobNumber: Int
            let samplingStep: Int
            let samplingSteps: Int

            enum CodingKeys: String, CodingKey {
                case skipped, interrupted, job
                case jobCount = "job_count"
                case jobTimestamp = "job_timestamp"
                case jobNumber = "job_no"
                case samplingStep = "sampling_step"
                case samplingSteps = "sampling_steps"
            }
        }

        let progress: Double
        let etaRelative: Double
        let state: State
        @OrNull var currentImage: String?
        @OrNull var textinfo: String?

        enum CodingKeys: String, CodingKey {
            case progress, state, textinfo
            case etaRelative = "eta_relative"
            case currentImage = "current_image"
        }
    }

    /// Of the job that runs, whoever ordered it: the queue is one.
    private func progress(withPicture: Bool) throws -> Progress {
        let underWay = try site.studio.jobSummaries(limit: 0).map(\.report)
        let running = underWay.first { $0.state == "running" }
        let shown = running.flatMap { site.previews[$0.id] }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyyMMddHHmmss"
        let share = shown?.step?.share ?? running?.progress ?? 0
        let state = Progress.State(
            interrupted: running.map { jobs.isInterrupted($0.id) } ?? false, job: running.map { "job \($0.id)" } ?? "",
            jobCount: underWay.count, jobTimestamp: running?.started.map { format.string(from: $0) } ?? "0",
            jobNumber: shown?.step?.picture ?? 0, samplingStep: shown?.step?.step ?? 0, samplingSteps: shown?.step?.steps ?? 0)
        return Progress(
            // At its end it is over: clients take 1 for done and 0 for idle.
            progress: min(share, 0.99), etaRelative: shown?.step?.secondsLeft ?? running?.secondsLeft ?? 0, state: state,
            currentImage: withPicture ? shown?.jpeg.map { Base64Picture.text($0) } : nil, textinfo: nil)
    }

    /// Stops what came through this API: the job that runs, else the one that waits longest. What the person began on the page goes on.
    private func interrupt() throws -> Response {
        let own = try jobs.all.map { try site.studio.job($0) }
        if let job = own.first(where: { $0.state == "running" }) ?? own.first(where: { $0.state == "queued" }) {
            jobs.interrupt(job.id)
            _ = try? site.studio.cancelJob(job.id)
            site.tell(job: job.id)
        }
        return Response.json([String: String]())
    }
}
