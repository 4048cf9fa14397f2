import AsyncHTTPClient
import Foundation

/// Requests to one server, answers of JSON. Every answer is bounded in size, every wait but that for a picture in time.
struct HTTPExchange: Sendable {
    let address: EngineAddress

    /// - Parameters:
    ///   - path: below the address: `/sdapi/v1/options`.
    ///   - seconds: within which the whole answer must be there; nil: no limit.
    ///   - limit: most bytes of an answer.
    func get<Answer: Decodable>(_ path: String, within seconds: Int?, limit: Int = HTTPExchange.smallAnswer) async throws -> Answer {
        try decoded(try await answer("GET", path, body: nil, within: seconds, limit: limit), path)
    }

    func post<Answer: Decodable>(
        _ path: String, _ body: some Encodable & Sendable, within seconds: Int?, limit: Int = HTTPExchange.smallAnswer
    ) async throws -> Answer {
        try decoded(try await answer("POST", path, body: try JSONEncoder().encode(body), within: seconds, limit: limit), path)
    }

    /// For what is told by doing it: the answer is only looked at for its status.
    func tell(_ path: String, _ body: (some Encodable & Sendable)?, within seconds: Int) async throws {
        _ = try await answer("POST", path, body: try body.map { try JSONEncoder().encode($0) }, within: seconds, limit: Self.smallAnswer)
    }

    /// Seconds that no picture takes: a year.
    private static let noLimit = 31_536_000

    /// Lists of models and samplers are a few kilobytes, of thousands of models a megabyte or two.
    static let smallAnswer = 32 << 20

    private func answer(_ method: String, _ path: String, body: Data?, within seconds: Int?, limit: Int) async throws -> Data {
        var request = HTTPClientRequest(url: address.description + path)
        request.method = .init(rawValue: method)
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "Redraw")
        if let authorization = address.authorization { request.headers.add(name: "Authorization", value: authorization) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let engine = address.description
        do {
            let response = try await HTTPClients.engines.execute(request, timeout: .seconds(Int64(seconds ?? Self.noLimit)))
            let status = Int(response.status.code)
            // What is wrong is said in a line; a page of HTML is not read to its end.
            guard (200..<300).contains(status) else {
                let told = try? await response.body.collect(upTo: 1 << 20)
                throw refusal(status, path, location: response.headers.first(name: "Location"), told.map { Data($0.readableBytesView) })
            }
            var data = Data()
            for try await part in response.body {
                guard data.count + part.readableBytes <= limit else {
                    throw HTTPEngineError.tooLarge(engine: engine, path: path, bytes: limit)
                }
                data.append(contentsOf: part.readableBytesView)
            }
            return data
        } catch let error as HTTPEngineError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw failure(error, path, seconds)
        }
    }

    private func decoded<Answer: Decodable>(_ data: Data, _ path: String) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            let reason: String
            switch error {
            case DecodingError.keyNotFound(let key, _): reason = "\(key.stringValue) is missing"
            case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
                reason = context.codingPath.map(\.stringValue).joined(separator: ".") + " is of the wrong kind"
            default: reason = "it is not JSON"
            }
            throw HTTPEngineError.unreadable(engine: address.description, path: path, reason: reason)
        }
    }

    private func refusal(_ status: Int, _ path: String, location: String?, _ body: Data?) -> HTTPEngineError {
        let engine = address.description
        switch status {
        case 300..<400:
            // Where a server sends callers may hold what it was told of them.
            let target = location.flatMap { URLComponents(string: $0) }.map { parts in
                "\(parts.scheme.map { $0 + "://" } ?? "")\(parts.host ?? "")\(parts.port.map { ":\($0)" } ?? "")\(parts.path)"
            }
            return .redirects(engine: engine, to: target ?? "elsewhere")
        case 401, 403: return .unauthorized(engine: engine)
        case 404, 405: return .speaksOtherwise(engine: engine, path: path)
        default: return .refused(engine: engine, path: path, status: status, message: body.map(Self.message) ?? "")
        }
    }

    /// What a server says is wrong, on one line of bearable length: its own words for it stand under one of a few keys.
    private static func message(_ body: Data) -> String {
        guard let told = try? JSONDecoder().decode(Complaint.self, from: body) else { return "" }
        let text = [told.detail?.text, told.errors?.text, told.error?.text].compactMap { $0 }.first { !$0.isEmpty } ?? ""
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 200 ? line.prefix(200) + "…" : line
    }

    private struct Complaint: Decodable {
        /// A text, or a list of what is wrong with which field, as FastAPI has it.
        enum Said: Decodable {
            case words(String)
            case fields([Field])
            case object(Message)
            case other

            struct Field: Decodable {
                let loc: [Place]?
                let msg: String
            }
            struct Message: Decodable { let message: String }
            enum Place: Decodable {
                case name(String), index(Int)
                init(from decoder: any Decoder) throws {
                    let value = try decoder.singleValueContainer()
                    self = try (try? value.decode(String.self)).map { .name($0) } ?? .index(value.decode(Int.self))
                }
                var text: String {
                    switch self {
                    case .name(let name): name
                    case .index(let index): "\(index)"
                    }
                }
            }

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let words = try? value.decode(String.self) {
                    self = .words(words)
                } else if let fields = try? value.decode([Field].self) {
                    self = .fields(fields)
                } else if let object = try? value.decode(Message.self) {
                    self = .object(object)
                } else {
                    self = .other
                }
            }

            var text: String {
                switch self {
                case .words(let words): words
                case .fields(let fields):
                    fields.map { field in ((field.loc ?? []).map(\.text) + [field.msg]).joined(separator: ": ") }.joined(separator: "; ")
                case .object(let object): object.message
                case .other: ""
                }
            }
        }

        let detail: Said?
        let errors: Said?
        let error: Said?
    }

    private func failure(_ error: any Error, _ path: String, _ seconds: Int?) -> HTTPEngineError {
        let engine = address.description
        switch error as? HTTPClientError {
        case .connectTimeout?: return .unreachable(engine: engine, reason: "no answer within 10 s")
        case .deadlineExceeded?, .readTimeout?, .writeTimeout?: return .tooSlow(engine: engine, path: path, seconds: seconds ?? 0)
        case .remoteConnectionClosed?: return .cutOff(engine: engine)
        default: break
        }
        if HTTPClients.isCutOff(error) { return .cutOff(engine: engine) }
        return .unreachable(engine: engine, reason: HTTPClients.reason(error))
    }
}
