import Foundation
import Hummingbird
import Studio

/// Why a request is not granted: one line that says what, and what to do.
struct Refusal: Error {
    let status: HTTPResponse.Status
    let message: String
    /// The key or the setting that is wrong.
    var field: String?
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ message: String, field: String? = nil, headers: HTTPFields = [:]) {
        (self.status, self.message, self.field, self.headers) = (status, message, field, headers)
    }

    static func tooLong(limit: Int) -> Refusal {
        Refusal(.contentTooLarge, "that is longer than the \(limit >> 20) MB taken here; send less")
    }

    static let tooSlow = Refusal(.requestTimeout, "the request took too long to come; send it again")

    /// What is wrong with a body's JSON, and where.
    init(_ error: DecodingError) {
        func name(_ path: [any CodingKey]) -> String? {
            let keys = path.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }
            return keys.isEmpty ? nil : keys.joined(separator: ".")
        }
        switch error {
        case .typeMismatch(let type, let context):
            let key = name(context.codingPath)
            self.init(.unprocessableContent, "\(key ?? "the body") must be \(Self.words(type))", field: key)
        case .valueNotFound(_, let context):
            let key = name(context.codingPath)
            self.init(.unprocessableContent, "\(key ?? "the body") must not be null", field: key)
        case .keyNotFound(let key, let context):
            let missing = name(context.codingPath + [key])
            self.init(.unprocessableContent, "\(missing ?? "a key") is missing", field: missing)
        case .dataCorrupted(let context):
            let key = name(context.codingPath)
            self.init(
                key == nil ? .badRequest : .unprocessableContent,
                key.map { "\($0) is not as it should be: \(context.debugDescription)" } ?? "the body is no JSON", field: key)
        @unknown default: self.init(.badRequest, "the body is not as it should be")
        }
    }

    /// What is wrong with a body that is JSON and has a number that does not fit: Foundation takes such a body for no JSON, and does not say
    /// which number it is. Each key is tried alone.
    init?<Value: Decodable>(numberIn body: Data, for type: Value.Type, _ error: DecodingError) {
        guard Self.isUnfitNumber(error), let object = try? JSONSerialization.jsonObject(with: body) as? [String: Any] else { return nil }
        let key = object.sorted { $0.key < $1.key }.prefix(100).first { key, value in
            guard JSONSerialization.isValidJSONObject([key: value]), let alone = try? JSONSerialization.data(withJSONObject: [key: value])
            else { return false }
            do {
                _ = try JSONDecoder().decode(type, from: alone)
                return false
            } catch {
                return (error as? DecodingError).map(Self.isUnfitNumber) ?? false
            }
        }?.key
        self.init(
            .unprocessableContent, "\(key.map { String($0.prefix(80)) } ?? "the body") has a number that is not whole, or out of range",
            field: key)
    }

    private static func isUnfitNumber(_ error: DecodingError) -> Bool {
        if case .dataCorrupted(let context) = error { context.codingPath.isEmpty } else { false }
    }

    private static func words(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is Double.Type, is Float.Type: "a number"
        case is Int.Type, is Int64.Type, is UInt64.Type: "a whole number"
        default: "\(type)".hasPrefix("Array") ? "a list" : "\(type)".hasPrefix("Dictionary") ? "an object" : "of another kind"
        }
    }

    var answer: Response {
        struct Body: Encodable {
            struct Failure: Encodable {
                let message: String
                @OrNull var field: String?
            }
            let error: Failure
        }
        var response = Response.json(Body(error: .init(message: message, field: field)), status: status)
        for header in headers { response.headers.append(header) }
        return response
    }
}

/// What the rooms below say, as an answer; without any path of the machine.
struct ErrorAnswers: Sendable {
    let text: DiscreetText

    func refusal(_ error: any Error) -> Refusal {
        switch error {
        case let refusal as Refusal: refusal
        case let error as HTTPError: Refusal(error.status, plain(error.body ?? Self.usual(error.status)), headers: error.headers)
        case let error as OrderError: Refusal(.unprocessableContent, text.words(of: error), field: error.field)
        case let error as WishError: Refusal(.unprocessableContent, text.words(of: error), field: String(error.field.prefix(80)))
        case let error as StudioError: studio(error)
        case let error as ScreeningDeskError: desk(error)
        case is CancellationError: Refusal(.serviceUnavailable, "the server is stopping; ask again when it has been started anew")
        default: Obstacle(error, text).map(told) ?? Refusal(.unprocessableContent, text.words(of: error))
        }
    }

    private static func usual(_ status: HTTPResponse.Status) -> String {
        status == .notFound ? "there is nothing of that name" : status.reasonPhrase.lowercased()
    }

    private func told(_ obstacle: Obstacle) -> Refusal {
        let status: HTTPResponse.Status =
            switch obstacle.kind {
            case .missing: .notFound
            case .conflict: .conflict
            case .notTaken: .unprocessableContent
            case .unavailable: .serviceUnavailable
            case .damaged: .internalServerError
            }
        return Refusal(status, obstacle.words, field: obstacle.field)
    }

    private func studio(_ error: StudioError) -> Refusal {
        switch error {
        case .noSuchMask: Refusal(.notFound, text.words(of: error), field: "mask")
        case .noSuchPreset, .noSuchFolder, .noSuchSheet, .noSuchOutput: Refusal(.notFound, text.words(of: error))
        case .fileIsGone, .pictureChanged: Refusal(.conflict, text.words(of: error), field: "picture")
        case .neverAnalysed:
            Refusal(.conflict, "nothing is approved for the picture yet; approve some tags, or write a prompt", field: "prompt")
        case .unknownModel, .modelNotInstalled, .namedElsewhere, .runsElsewhere, .notAGenerator, .noModel:
            Refusal(.unprocessableContent, text.words(of: error), field: "model")
        case .notAName(let what, _): Refusal(.unprocessableContent, text.words(of: error), field: what)
        case .nothingRecovered: Refusal(.conflict, "no prompt was found in the picture's file")
        case .presetExists: Refusal(.conflict, text.words(of: error), field: "name")
        case .nothingToCompare, .nothingKnownOf, .jobCancelled: Refusal(.conflict, text.words(of: error))
        case .tooManyPixels: Refusal(.contentTooLarge, text.words(of: error))
        case .damagedLibrary, .damagedModel, .damagedVocabulary, .damagedPreset, .noData:
            Refusal(.internalServerError, text.words(of: error))
        default: Refusal(.unprocessableContent, text.words(of: error))
        }
    }

    private func desk(_ error: ScreeningDeskError) -> Refusal {
        switch error {
        case .nothingApproved:
            Refusal(.conflict, "nothing is approved for the picture yet; approve some tags, or write a prompt", field: "prompt")
        case .noSuchFacet: Refusal(.unprocessableContent, "\(error)", field: "facet")
        }
    }

    private func plain(_ message: String) -> String { text.plain(message) }
}
