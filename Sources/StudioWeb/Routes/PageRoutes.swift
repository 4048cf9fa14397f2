import Foundation
import Hummingbird
import Studio

/// The page's own files: `/` is `index.html`, `/assets/x` is the file `x` beside it.
struct PageRoutes {
    let page: URL

    func add(to router: Router<Context>) {
        router.get("/") { request, _ in try answer("index.html", request) }
        router.get("assets/**") { request, context in
            try answer(context.parameters.getCatchAll().joined(separator: "/"), request)
        }
        router.get("favicon.ico") { request, _ in try answer("favicon.svg", request) }
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8", "json": "application/json; charset=utf-8", "svg": "image/svg+xml", "png": "image/png",
        "webmanifest": "application/manifest+json", "woff2": "font/woff2", "txt": "text/plain; charset=utf-8",
    ]

    /// A file below the page's folder: by names of letters, digits, `-`, `_` and `.` that begin with none of these, and never through a link.
    private func answer(_ path: String, _ request: Request) throws -> Response {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            part.first.map { $0.isLetter || $0.isNumber } ?? false
                && part.utf8.allSatisfy {
                    (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0)
                }
        }
        guard isPlain, parts.count <= 4 else { throw Refusal(.notFound, "there is no page of that name") }
        let file = page.appendingPathComponent(path)
        guard let type = Self.types[file.pathExtension],
            let attributes = try? FileManager.default.attributesOfItem(atPath: file.path),
            attributes[.type] as? FileAttributeType == .typeRegular, let data = try? Data(contentsOf: file)
        else { throw Refusal(.notFound, "there is no page of that name") }
        let modified = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return .file(
            [UInt8](data), type, tag: "\(data.count)-\(Int64(modified * 1000))", lasts: false, for: request)
    }
}
