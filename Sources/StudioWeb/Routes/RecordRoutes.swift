import Foundation
import Hummingbird
import Studio

/// The history, wishes that are kept, the bin, the export.
struct RecordRoutes {
    let site: Site
    private var studio: Studio { site.studio }

    func add(to router: RouterGroup<Context>) {
        router.get("history") { request, _ in
            let picture = try request.number("picture", in: 1...Int.max).map { Int64($0) }
            return Response.json(try studio.history(of: picture, limit: request.number("limit", in: 1...Limits.list) ?? 50))
        }
        router.get("presets") { _, _ in Response.json(try studio.presets()) }
        router.put("presets/{name}") { request, context in
            let body: Strict<PresetBody> = try await request.json()
            try studio.keep(preset: name(context), body.value.wish, replacing: request.flag("replace") ?? false)
            site.tellLibrary()
            return Response.json(try studio.presets())
        }
        router.delete("presets/{name}") { _, context in
            try studio.remove(preset: name(context))
            site.tellLibrary()
            return Response.json(try studio.presets())
        }
        router.get("bin") { request, _ in
            var filter = PictureFilter()
            (filter.isBinned, filter.limit) = (true, Limits.list)
            let pictures = try studio.pictures(filter)
            let generations = try await studio.generations(isBinned: true, limit: Limits.list)
            return Response.json(
                Bin(
                    total: pictures.total + generations.total, pictures: pictures.pictures,
                    generations: generations.generations.map(GenerationAnswer.init)))
        }
        router.delete("bin") { _, _ in
            let report = try await studio.emptyBin()
            site.tellLibrary()
            return Response.json(report)
        }
        router.get("export") { request, _ in
            let picture = try request.number("picture", in: 1...Int.max).map { Int64($0) }
            let text = try studio.exportText(of: picture)
            let name = "redraw-\(picture.map { "picture-\($0)" } ?? "library").json"
            return Response(
                status: .ok,
                headers: [
                    .contentType: "application/json; charset=utf-8", .cacheControl: "no-store",
                    .contentDisposition: "attachment; filename=\"\(name)\"",
                ],
                body: ResponseBody { writer in
                    for try await piece in text { try await writer.write(ByteBuffer(bytes: piece)) }
                    try await writer.finish(nil)
                })
        }
    }

    struct PresetBody: Codable, KeyedValue {
        var wish: LibraryWish
        static let keys: Set<String> = ["wish"]
    }

    struct Bin: Encodable {
        let total: Int
        let pictures: [PictureSummary]
        let generations: [GenerationAnswer]
    }

    private func name(_ context: Context) -> String {
        let name = context.parameters.get("name") ?? ""
        return name.removingPercentEncoding ?? name
    }
}
