import Foundation
import Hummingbird
import Studio

/// The queue: what is to be made, and how it goes.
struct JobRoutes {
    let site: Site
    private var studio: Studio { site.studio }

    func add(to router: RouterGroup<Context>) {
        router.post("jobs") { request, _ in
            let wish = try await request.json(as: LibraryWish.self)
            try site.checkRoom()
            let job = try studio.enqueue(try await studio.order(wish))
            return told(try site.answer(job: job), status: .created)
        }
        router.get("jobs") { request, _ in
            let limit = try request.number("limit", in: 0...Limits.list) ?? 100
            return Response.json(try studio.jobSummaries(limit: limit).map { JobAnswer($0, site.previews[$0.report.id]) })
        }
        router.delete("jobs") { _, _ in
            let report = try studio.clearJobs(sparing: Set(site.webUIJobs.all.joined()))
            site.tellLibrary()
            return Response.json(report)
        }
        router.get("jobs/{id}") { _, context in Response.json(try site.answer(job: context.id())) }
        router.post("jobs/{id}/cancel") { _, context in
            let id = try context.id()
            _ = try studio.cancelJob(id)
            return told(try site.answer(job: id))
        }
        router.post("jobs/{id}/move") { request, context in
            let id = try context.id()
            let place: Strict<Place> = try await request.json()
            try studio.move(job: id, before: place.value.before)
            // Others stand at other places now, too.
            for job in try studio.jobSummaries(limit: 0) { site.hub.tell("job", JobAnswer(job, site.previews[job.report.id])) }
            return Response.json(try site.answer(job: id))
        }
        router.get("jobs/{id}/preview") { request, context in
            let id = try context.id()
            guard let jpeg = site.previews[id]?.jpeg else {
                _ = try studio.job(id)
                throw Refusal(.notFound, "there is nothing to be seen of job \(id) yet")
            }
            return Response.file(jpeg, "image/jpeg", tag: nil, lasts: false, for: request)
        }
    }

    struct Place: Codable, KeyedValue {
        var before: Int64?
        static let keys: Set<String> = ["before"]
    }

    private func told(_ job: JobAnswer, status: HTTPResponse.Status = .ok) -> Response {
        site.hub.tell("job", job)
        return .json(job, status: status)
    }
}
