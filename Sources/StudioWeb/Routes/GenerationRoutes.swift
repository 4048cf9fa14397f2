import Foundation
import Hummingbird
import Studio

/// What was made.
struct GenerationRoutes {
    let site: Site
    private var studio: Studio { site.studio }

    func add(to router: RouterGroup<Context>) {
        router.get("generations") { request, _ in
            let (total, generations) = try await studio.generations(
                of: try request.number("picture", in: 1...Int.max).map { Int64($0) }, kind: try request.choice("kind"),
                words: request.query("query") ?? "", stars: try request.number("stars", in: 0...5) ?? 0,
                offset: try request.number("offset", in: 0...10_000_000) ?? 0, limit: try request.number("limit", in: 0...Limits.list) ?? 50
            )
            return Response.json(List(total: total, generations: generations.map(GenerationAnswer.init)))
        }
        router.get("generations/{id}") { _, context in try await answer(context.id()) }
        router.patch("generations/{id}") { request, context in
            let id = try context.id()
            let mark: Strict<Mark> = try await request.json()
            try studio.mark(generation: id, stars: mark.value.stars, isKept: mark.value.kept)
            return try await told(id)
        }
        router.delete("generations/{id}") { _, context in
            let id = try context.id()
            try studio.bin(generation: id)
            return try await told(id)
        }
        router.post("generations/{id}/restore") { _, context in
            let id = try context.id()
            try studio.restore(generation: id)
            return try await told(id)
        }
        addOutputs(to: router)
    }

    private func addOutputs(to router: RouterGroup<Context>) {
        router.get("generations/{id}/outputs/{n}") { request, context in
            let (id, number) = (try context.id(), Int(try context.id("n")))
            let sha256 = try studio.digest(ofOutput: number, of: id)
            let shown = try await studio.output(number, of: id)
            return Response.file(
                shown.bytes, shown.mediaType, tag: sha256, lasts: request.names(sha256), for: request,
                name: "generation-\(id)-\(number).\(shown.fileExtension)")
        }
        router.get("generations/{id}/outputs/{n}/thumbnail") { request, context in
            let (id, number) = (try context.id(), Int(try context.id("n")))
            let sha256 = try studio.digest(ofOutput: number, of: id)
            let shown = try await studio.thumbnail(ofOutput: number, of: id)
            return Response.file(shown.bytes, shown.mediaType, tag: "\(sha256)-small", lasts: request.names(sha256), for: request)
        }
        router.get("generations/{id}/outputs/{n}/difference") { request, context in
            let (id, number) = (try context.id(), Int(try context.id("n")))
            let sha256 = try studio.digest(ofOutput: number, of: id)
            let shown = try await studio.difference(ofOutput: number, of: id)
            return Response.file(shown.bytes, shown.mediaType, tag: "\(sha256)-difference", lasts: request.names(sha256), for: request)
        }
        router.post("generations/{id}/outputs/{n}/picture") { _, context in
            let (id, number) = (try context.id(), Int(try context.id("n")))
            let picture = try await studio.takeIn(output: number, of: id)
            site.bell.ring()
            site.tell(picture: picture)
            return Response.json(try studio.picture(picture), status: .created)
        }
    }

    struct Mark: Codable, KeyedValue {
        var stars: Int?
        var kept: Bool?
        static let keys: Set<String> = ["stars", "kept"]
    }

    struct List: Encodable {
        let total: Int
        let generations: [GenerationAnswer]
    }

    private func answer(_ id: Int64) async throws -> Response { .json(GenerationAnswer(try await studio.generation(id))) }

    private func told(_ id: Int64) async throws -> Response {
        let generation = try await studio.generation(id)
        struct Note: Encodable {
            let id: Int64
            @OrNull var picture: Int64?
        }
        site.hub.tell("generation", Note(id: id, picture: generation.picture))
        if let picture = generation.picture { site.tell(picture: picture) }
        return .json(GenerationAnswer(generation))
    }
}
