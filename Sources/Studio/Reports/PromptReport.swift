import Foundation
import Screening

/// A numbered prompt of a picture. Versions are never changed or removed.
package struct PromptReport: Codable, Sendable, Equatable {
    /// Composed from the approved tags, written by hand, or found in the picture's own file.
    package enum Source: String, Codable, Sendable {
        case composed, written, recovered
    }

    /// 1 is the first.
    package let number: Int
    @OrNull package internal(set) var parent: Int?
    package let positive: String
    package let negative: String
    @OrNull package internal(set) var model: String?
    @OrNull package internal(set) var width: Int?
    @OrNull package internal(set) var height: Int?
    package let source: Source
    package let created: Date

    private enum CodingKeys: String, CodingKey {
        case number = "version"
        case parent, positive, negative, model, width, height, source, created
    }

    init(_ prompt: PromptVersion) {
        (number, parent, positive, negative) = (prompt.number, prompt.parent, prompt.positive, prompt.negative)
        (model, width, height, created) = (prompt.model, prompt.width, prompt.height, prompt.createdAt)
        source =
            switch prompt.source {
            case .composed: .composed
            case .written: .written
            case .recovered: .recovered
            }
    }
}
