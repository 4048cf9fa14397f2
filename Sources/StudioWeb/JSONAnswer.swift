import Foundation
import Hummingbird

extension Response {
    /// A value as JSON: moments in ISO 8601; never kept by anybody on the way.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        do {
            return json(try JSONText.data(value), status: status)
        } catch {
            // Our own values encode; one with a number that JSON does not have would not.
            return json(
                Data(#"{"error":{"message":"the answer cannot be written as JSON","field":null}}"#.utf8), status: .internalServerError)
        }
    }

    static func json(_ data: Data, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// A file's bytes.
    ///
    /// - Parameters:
    ///   - tag: what names this very content; a browser that has it is told so.
    ///   - lasts: whether the address always means this content: numbers do not, since another library may be served at the same place.
    static func file(
        _ bytes: [UInt8], _ mediaType: String, tag: String?, lasts: Bool, for request: Request, name: String? = nil
    ) -> Response {
        var headers: HTTPFields = [.contentType: mediaType]
        headers[.cacheControl] = lasts ? "private, max-age=31536000, immutable" : "private, no-cache"
        if let tag { headers[.eTag] = "\"\(tag)\"" }
        if let name { headers[.contentDisposition] = "inline; filename*=UTF-8''\(name.percentEncoded)" }
        if let tag, let known = request.headers[.ifNoneMatch], known.contains("\"\(tag)\"") {
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

enum JSONText {
    private static let moment = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // To the millisecond: what was decided after a prompt was written may have been so within one second.
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(moment))
        }
        return try encoder.encode(value)
    }

    static func text(_ value: some Encodable) -> String {
        (try? data(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension String {
    /// Nothing but what RFC 3986 leaves unreserved: as RFC 5987 writes a file's name into a header, and as a value stands in an address.
    var percentEncoded: String {
        addingPercentEncoding(
            withAllowedCharacters: CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
            ?? "picture"
    }
}
