public import Foundation
public import Screening

public struct PromptReport: Codable, Sendable {
    public let version: Int
    @OrNull public internal(set) var parent: Int?
    public let positive: String
    public let negative: String
    @OrNull public internal(set) var model: String?
    @OrNull public internal(set) var width: Int?
    @OrNull public internal(set) var height: Int?
    public let source: String
    public let created: Date

    public init(_ prompt: PromptVersion) {
        (version, parent, positive, negative) = (prompt.number, prompt.parent, prompt.positive, prompt.negative)
        (model, width, height) = (prompt.model, prompt.width, prompt.height)
        (source, created) = (prompt.source.rawValue, prompt.createdAt)
    }
}
