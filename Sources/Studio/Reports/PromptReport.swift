import Foundation
import Screening

package struct PromptReport: Codable, Sendable {
    package let version: Int
    @OrNull package internal(set) var parent: Int?
    package let positive: String
    package let negative: String
    @OrNull package internal(set) var model: String?
    @OrNull package internal(set) var width: Int?
    @OrNull package internal(set) var height: Int?
    package let source: String
    package let created: Date

    package init(_ prompt: PromptVersion) {
        (version, parent, positive, negative) = (prompt.number, prompt.parent, prompt.positive, prompt.negative)
        (model, width, height) = (prompt.model, prompt.width, prompt.height)
        (source, created) = (prompt.source.rawValue, prompt.createdAt)
    }
}
