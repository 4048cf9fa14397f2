import Foundation
import Hummingbird

/// A request on its way: Hummingbird's, and from where it comes.
struct Context: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address of whoever asks; nil in tests without a connection.
    let address: String?

    init(source: Source) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress
    }
}

extension Request {
    /// Reads the body whole.
    ///
    /// - Throws: ``Refusal`` where it is too long, or too slow in coming.
    func bytes(atMost limit: Int) async throws -> [UInt8] {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw Refusal.tooLong(limit: limit) }
        let seconds = Limits.bodySeconds + Limits.bodySecondsPerMegabyte * Double(limit >> 20)
        let body = body
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                for try await part in body {
                    guard bytes.count + part.readableBytes <= limit else { throw Refusal.tooLong(limit: limit) }
                    bytes.append(contentsOf: part.readableBytesView)
                }
                return bytes
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let bytes = first else { throw Refusal.tooSlow }
            return bytes
        }
    }

    /// Reads the body as JSON.
    ///
    /// - Throws: ``Refusal``, naming the key that is wrong; what the type's own decoding throws.
    func json<Value: Decodable>(as type: Value.Type = Value.self) async throws -> Value {
        guard headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
            throw Refusal(.unsupportedMediaType, "the body must be JSON, with the header Content-Type: application/json")
        }
        let bytes = try await bytes(atMost: Limits.json)
        let body = Data(bytes.isEmpty ? Array("{}".utf8) : bytes)
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch let error as DecodingError {
            throw Refusal(numberIn: body, for: type, error) ?? Refusal(error)
        }
    }

    /// A query's value, decoded; nil where it is missing or empty.
    func query(_ name: String) -> String? {
        uri.queryParameters[Substring(name)].map(String.init).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether the address itself says which content is meant: `v` begins its digest.
    func names(_ sha256: String) -> Bool {
        guard let version = query("v") else { return false }
        return version.utf8.count >= Address.versionLength && sha256.hasPrefix(version)
    }

    /// A yes or no of the query.
    ///
    /// - Throws: ``Refusal`` where it is neither.
    func flag(_ name: String) throws -> Bool? {
        guard let text = query(name) else { return nil }
        guard let flag = Bool(text) else {
            throw Refusal(.unprocessableContent, "\(name) is \(text.prefix(40)); it must be true or false", field: name)
        }
        return flag
    }

    /// A number of the query.
    ///
    /// - Throws: ``Refusal`` where it is none, or out of range.
    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = query(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Refusal(
                .unprocessableContent, "\(name) is \(text.prefix(40)); it must be a number from \(range.lowerBound) to \(range.upperBound)",
                field: name)
        }
        return number
    }
}

extension Context {
    /// A number of the path.
    func id(_ name: String = "id") throws -> Int64 {
        guard let id = parameters.get(name).flatMap({ Int64($0) }), id > 0 else {
            throw Refusal(.notFound, "there is no \((parameters.get(name) ?? "").prefix(40))")
        }
        return id
    }
}
