import Foundation
import Hummingbird
import Studio

/// `/sdapi/v1`, as clients of A1111's web UI speak it: the wishes are the page's, the words theirs.
struct WebUIRoutes {
    let site: Site
    let settings = WebUISettings()

    func add(to router: RouterGroup<Context>) {
        let router = router.add(middleware: WebUIErrors(errors: site.errors))
        WebUIGeneration(site: site, settings: settings, jobs: site.webUIJobs).add(to: router)
        WebUIProgress(site: site, jobs: site.webUIJobs).add(to: router)
        WebUILooking(site: site).add(to: router)
        WebUIInventory(site: site, settings: settings).add(to: router)
    }
}

/// Errors in the shape that these clients show.
struct WebUIErrors: RouterMiddleware {
    let errors: ErrorAnswers

    private struct Told: Encodable {
        let error: String
        let detail: String
        let body = ""
        let errors: String
        /// The field that is wrong.
        @OrNull var field: String?
    }

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let refusal = errors.refusal(error)
            var response = Response.json(
                Told(error: refusal.status.reasonPhrase, detail: refusal.message, errors: refusal.message, field: refusal.field),
                status: refusal.status)
            for field in refusal.headers { response.headers.append(field) }
            return response
        }
    }
}

extension Request {
    /// A body of the web UI's clients: JSON with pictures in it.
    func webUIBody() async throws -> [String: JSONValue] {
        let bytes = try await bytes(atMost: Limits.webUIBody)
        guard UploadLimits.holds(bytes, values: Limits.webUIValues) else {
            throw Refusal(.contentTooLarge, "the body holds more than \(Limits.webUIValues) values; send less")
        }
        do {
            return try JSONDecoder().decode([String: JSONValue].self, from: Data(bytes.isEmpty ? Array("{}".utf8) : bytes))
        } catch {
            throw Refusal(.unprocessableContent, "the body must be JSON: an object of fields")
        }
    }
}

/// A picture in base64, with or without what a data URL has before it.
enum Base64Picture {
    static func bytes(_ text: String, field: String) throws -> [UInt8] {
        let encoded = text.hasPrefix("data:") ? text.drop { $0 != "," }.dropFirst() : text[...]
        // Addresses are not fetched: nothing is asked of other machines that the person did not name.
        guard !encoded.hasPrefix("http"), let data = Data(base64Encoded: String(encoded), options: .ignoreUnknownCharacters), !data.isEmpty
        else { throw Refusal(.unprocessableContent, "\(field) must be a picture in base64", field: field) }
        return [UInt8](data)
    }

    static func text(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
