import Foundation
import Hummingbird
import Studio

/// What was said of a picture, and what the person decides.
struct ScreeningRoutes {
    let site: Site
    private var studio: Studio { site.studio }

    func add(to router: RouterGroup<Context>) {
        router.post("pictures/{id}/analyze") { request, context in
            let id = try context.id()
            let wish: Strict<AnalysisWish> = try await request.json()
            try studio.wantAnalysis(of: id, wish.value)
            site.bell.ring()
            site.tell(picture: id)
            return Response.json(try studio.picture(id), status: .accepted)
        }
        router.post("pictures/{id}/decisions") { request, context in try await decide(request, context) }
        router.post("pictures/{id}/undo") { request, context in
            let id = try context.id()
            return told(id, try studio.undo(on: id, by: site.person, model: request.query("model")))
        }
        router.get("pictures/{id}/compose") { request, context in
            let id = try context.id()
            _ = try studio.picture(id)
            return Response.json(try studio.composed(id, model: request.query("model")))
        }
        router.put("pictures/{id}/prompt") { request, context in
            let id = try context.id()
            let written: Strict<Prompt> = try await request.json()
            let prompt = try studio.write(positive: written.value.positive, negative: written.value.negative, for: id)
            site.tell(picture: id)
            return Response.json(prompt)
        }
        router.post("pictures/{id}/prompt/recovered") { _, context in
            let id = try context.id()
            let prompt = try studio.adoptRecovered(for: id)
            site.tell(picture: id)
            return Response.json(prompt)
        }
        router.get("vocabulary") { request, _ in
            let picture = try request.number("picture", in: 1...Int.max).map { Int64($0) }
            let limit = try request.number("limit", in: 1...100) ?? 12
            let found = try await studio.analyst.completions(
                of: String((request.query("prefix") ?? "").prefix(200)), for: picture, limit: limit)
            return Response.json(found)
        }
    }

    struct Prompt: Codable, KeyedValue {
        var positive: String?
        var negative: String?
        static let keys: Set<String> = ["positive", "negative"]
    }

    struct Decisions: Codable, KeyedValue {
        var changes: [DecisionWish]?
        var approveAbove: Double?
        static let keys: Set<String> = ["changes", "approveAbove"]
    }

    private func decide(_ request: Request, _ context: Context) async throws -> Response {
        let id = try context.id()
        let wish: Strict<Decisions> = try await request.json()
        let model = request.query("model")
        switch (wish.value.changes, wish.value.approveAbove) {
        case (let changes?, nil):
            guard changes.count <= 1000 else { throw Refusal(.unprocessableContent, "at most 1000 changes at once", field: "changes") }
            return told(id, try studio.decide(changes, on: id, by: site.person, model: model))
        case (nil, let confidence?): return told(id, try studio.approve(above: confidence, on: id, by: site.person, model: model))
        default: throw Refusal(.unprocessableContent, "give either changes or approveAbove", field: "changes")
        }
    }

    private struct DecisionNote: Encodable {
        let picture: Int64
        let counts: PictureSummary.Counts
        @OrNull var lastDecision: Int64?
        @OrNull var lastPrompt: Int?
    }

    /// Tells the other pages, and answers.
    private func told(_ picture: Int64, _ report: ScreeningReport) -> Response {
        site.hub.tell(
            "decision",
            DecisionNote(picture: picture, counts: report.counts, lastDecision: report.lastDecision, lastPrompt: report.lastPrompt))
        return .json(report)
    }
}

extension AnalysisWish: KeyedValue {
    static let keys: Set<String> = ["encoder", "vocabulary", "tagger"]
}
