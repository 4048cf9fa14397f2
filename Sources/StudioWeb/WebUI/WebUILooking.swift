import Hummingbird
import Studio

/// What looks at pictures that are sent: the analysis, and the text in a file.
struct WebUILooking {
    let site: Site

    func add(to router: RouterGroup<Context>) {
        router.post("interrogate") { request, _ in try await site.admit(request) { try await interrogated(request) } }
        router.post("png-info") { request, _ in
            try await site.admit(request) {
                var fields = FieldReader(try await request.webUIBody())
                return Response.json(try await site.studio.textInfo(Self.picture(&fields)).told)
            }
        }
    }

    private func interrogated(_ request: Request) async throws -> Response {
        var fields = FieldReader(try await request.webUIBody())
        let bytes = try Self.picture(&fields)
        let kind = try fields.text("model") ?? "clip"
        let form: Studio.CaptionForm
        switch kind {
        case "clip": form = .prompt
        case "deepdanbooru", "deepbooru": form = .tags
        default: throw Refusal(.unprocessableContent, "model is \(kind.prefix(40)); it must be clip or deepdanbooru", field: "model")
        }
        let taken = try await site.studio.takeIn(bytes, named: "interrogated", isAnalysed: false, isWanted: false)
        let caption = try await site.studio.caption(of: taken.picture, as: form)
        site.tell(picture: taken.picture)
        return Response.json(["caption": caption])
    }

    private static func picture(_ fields: inout FieldReader) throws -> [UInt8] {
        guard let text = try fields.pictures("image").first else {
            throw Refusal(.unprocessableContent, "image must be a picture in base64", field: "image")
        }
        return try Base64Picture.bytes(text, field: "image")
    }
}

extension TextInfo {
    fileprivate struct Told: Encodable {
        let info: String
        let items: [String: String]
        let parameters: [String: String]
    }

    fileprivate var told: Told { Told(info: parameters, items: items, parameters: settings) }
}
