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
        router.post("interrupt") { _, _ in try stop(by: .interrupt) }
        // The pictures of a batch are made in one run: it is left out as a whole, as it is in the web UI.
        router.post("skip") { _, _ in try stop(by: .skip) }
    }

    private struct Progress: Encodable {
        struct State: Encodable {
            let skipped: Bool
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
        let stopped = running.flatMap { jobs.stopped(byJob: $0.id) }
        let share = shown?.step?.share ?? running?.progress ?? 0
        let state = Progress.State(
            skipped: stopped == .skip, interrupted: stopped == .interrupt, job: running.map { "job \($0.id)" } ?? "",
            jobCount: underWay.count, jobTimestamp: running?.started.map { format.string(from: $0) } ?? "0",
            jobNumber: shown?.step?.picture ?? 0, samplingStep: shown?.step?.step ?? 0, samplingSteps: shown?.step?.steps ?? 0)
        return Progress(
            // At its end it is over: clients take 1 for done and 0 for idle.
            progress: min(share, 0.99), etaRelative: shown?.step?.secondsLeft ?? running?.secondsLeft ?? 0, state: state,
            currentImage: withPicture ? shown?.jpeg.map { Base64Picture.text($0) } : nil, textinfo: nil)
    }

    /// Stops what came through this API: the batch that runs, else the one that waits longest; an interrupt ends the others of its request,
    /// too. What the person began on the page goes on.
    private func stop(by stop: WebUIJobs.Stop) throws -> Response {
        let requests = try jobs.all.map { try $0.map { try site.studio.job($0) }.filter { ["queued", "running"].contains($0.state) } }
        let job = requests.joined().first { $0.state == "running" } ?? requests.joined().first
        guard let job, let request = requests.first(where: { $0.contains { $0.id == job.id } }) else {
            return Response.json([String: String]())
        }
        jobs.stop(job.id, by: stop)
        // Those that wait first: none of them is to begin meanwhile.
        for other in stop == .interrupt ? request.reversed() : [job] {
            _ = try? site.studio.cancelJob(other.id)
            site.tell(job: other.id)
        }
        return Response.json([String: String]())
    }
}
