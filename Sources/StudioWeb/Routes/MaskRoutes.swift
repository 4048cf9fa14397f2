import Foundation
import Hummingbird
import Studio

/// Masks, kept under their digests.
struct MaskRoutes {
    let site: Site

    func add(to router: RouterGroup<Context>) {
        router.post("masks") { request, _ in
            guard request.headers[.contentType]?.lowercased().hasPrefix("image/") == true else {
                throw Refusal(.unsupportedMediaType, "send the mask's own bytes, with the header Content-Type: image/png")
            }
            return try await site.admit(request) {
                Response.json(try await site.studio.keepMask(request.bytes(atMost: Limits.picture)), status: .created)
            }
        }
        router.get("masks/{id}") { request, context in
            let id = context.parameters.get("id") ?? ""
            let shown = try await site.studio.mask(id)
            return Response.file(shown.bytes, shown.mediaType, tag: id, lasts: true, for: request)
        }
    }
}
