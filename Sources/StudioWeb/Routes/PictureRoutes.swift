import Foundation
import Hummingbird
import Studio

/// Pictures: in, listed, shown, away.
struct PictureRoutes {
    let site: Site
    private var studio: Studio { site.studio }

    func add(to router: RouterGroup<Context>) {
        router.post("pictures") { request, _ in try await site.admit(request) { try await upload(request) } }
        router.post("folders/{id}") { _, context in try await takeIn(folder: context) }
        router.get("pictures") { request, _ in try list(request) }
        router.get("pictures/{id}") { request, context in
            Response.json(try studio.pictureDetail(context.id(), model: request.query("model")))
        }
        router.delete("pictures/{id}") { _, context in
            try change(context) { try studio.bin(picture: $0) }
        }
        router.post("pictures/{id}/restore") { _, context in
            try change(context) { try studio.restore(picture: $0) }
        }
        router.post("pictures/{id}/enlarge") { request, context in
            let margins: Strict<Margins> = try await request.json()
            let enlarged = try await studio.enlarge(picture: context.id(), by: margins.value)
            toldNew(enlarged.picture.id)
            return Response.json(enlarged, status: .created)
        }
        router.get("pictures/{id}/file") { request, context in try await file(request, context) }
        router.get("pictures/{id}/thumbnail") { request, context in
            let id = try context.id()
            let sha256 = try studio.picture(id).sha256
            let shown = try await studio.thumbnail(picture: id)
            return Response.file(shown.bytes, shown.mediaType, tag: "\(sha256)-small", lasts: request.names(sha256), for: request)
        }
    }

    private func upload(_ request: Request) async throws -> Response {
        let type = request.headers[.contentType]?.lowercased() ?? ""
        guard type.hasPrefix("image/") || type == "application/octet-stream" else {
            throw Refusal(.unsupportedMediaType, "send the picture's own bytes, with the header Content-Type: image/…")
        }
        let header = request.headers[.init("X-File-Name")!] ?? ""
        let name = header.removingPercentEncoding ?? header
        let bytes = try await request.bytes(atMost: Limits.picture)
        guard !bytes.isEmpty else { throw Refusal(.badRequest, "the picture is empty: 0 bytes came") }
        let (id, isNew) = try await studio.takeIn(bytes, named: name)
        toldNew(id)
        return .json(try studio.picture(id), status: isNew ? .created : .ok)
    }

    /// A picture came in: it is looked at next.
    private func toldNew(_ id: Int64) {
        site.bell.ring()
        site.tell(picture: id)
        site.tellAnalysis()
    }

    private func takeIn(folder context: Context) async throws -> Response {
        let number = Int(try context.id())
        guard site.options.folders.indices.contains(number - 1) else { throw StudioError.noSuchFolder(number) }
        let report = try await studio.takeIn(folder: site.options.folders[number - 1]) { site.tell(picture: $0) }
        site.bell.ring()
        site.tellAnalysis()
        return .json(report)
    }

    private func list(_ request: Request) throws -> Response {
        var filter = PictureFilter()
        filter.words = request.query("query") ?? ""
        filter.state = try request.choice("state")
        filter.order = try request.choice("order") ?? .newest
        filter.tag = request.query("tag")
        filter.stars = try request.number("stars", in: 0...5)
        filter.offset = try request.number("offset", in: 0...10_000_000) ?? 0
        filter.limit = try request.number("limit", in: 0...Limits.list) ?? 100
        let (total, pictures) = try studio.pictures(filter)
        return .json(List(total: total, pictures: pictures))
    }

    struct List: Encodable {
        let total: Int
        let pictures: [PictureSummary]
    }

    private func change(_ context: Context, _ body: (Int64) throws -> Void) throws -> Response {
        let id = try context.id()
        try body(id)
        site.bell.ring()
        site.tellLibrary()
        return .json(try studio.picture(id))
    }

    /// Sides that a picture is scaled to: whatever is asked for is the next of them, so that few are made.
    private static let sides = [320, 640, 1280, 2560, 5120]

    private func file(_ request: Request, _ context: Context) async throws -> Response {
        let id = try context.id()
        let size = try request.number("size", in: 1...16384)
        let side = size.map { size in Self.sides.first { $0 >= size } ?? size }
        let summary = try studio.picture(id)
        let shown = try await studio.shown(picture: id, side: side)
        return .file(
            shown.bytes, shown.mediaType, tag: "\(summary.sha256)-\(side ?? 0)", lasts: request.names(summary.sha256), for: request,
            name: summary.name)
    }
}

extension Margins: KeyedValue {}

extension Request {
    /// A word of the query that is one of several.
    ///
    /// - Throws: ``Refusal`` where it is none of them.
    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws -> Choice? where Choice.RawValue == String {
        guard let word = query(name) else { return nil }
        guard let choice = Choice(rawValue: word) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(.unprocessableContent, "the \(name) \(word.prefix(40)) is not known; there are \(known)", field: name)
        }
        return choice
    }
}
