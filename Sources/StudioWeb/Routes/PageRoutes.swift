import Foundation
import Hummingbird
import Studio
import Synchronization

/// The page's own files: `/` is `index.html`, `/assets/x` is the file `x` beside it.
struct PageRoutes {
    let page: URL
    private let packed = PackedFiles()

    init(page: URL) { self.page = page }

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
        let tag = "\(data.count)-\(Int64(modified * 1000))"
        guard !type.hasPrefix("image/png"), request.headers[.acceptEncoding]?.contains("gzip") == true,
            let small = packed.file(path, tag: tag, [UInt8](data))
        else { return .file([UInt8](data), type, tag: tag, lasts: false, for: request) }
        var response = Response.file(small, type, tag: tag + "-gzip", lasts: false, for: request)
        response.headers[.contentEncoding] = "gzip"
        response.headers[.vary] = "Accept-Encoding"
        return response
    }
}

/// The page's files packed, each once as long as it does not change.
private final class PackedFiles: Sendable {
    private let files = Mutex<[String: (tag: String, bytes: [UInt8])]>([:])

    func file(_ path: String, tag: String, _ bytes: [UInt8]) -> [UInt8]? {
        if let known = files.withLock({ $0[path] }), known.tag == tag { return known.bytes }
        guard let packed = Studio.packed(bytes) else { return nil }
        files.withLock { $0[path] = (tag, packed) }
        return packed
    }
}
