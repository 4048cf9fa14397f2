import Analysis
import Catalog
import Foundation
import Vocabulary

extension ScreeningDesk {
    /// The desk of the library in that folder, with Redraw's own way to compose prompts.
    package init(libraryFolder: URL, vocabulary: DeskVocabulary = .none) throws {
        try self.init(libraryFolder: libraryFolder, compose: ScreeningDesk.composition, vocabulary: vocabulary)
    }

    /// What Analysis keeps out of a picture of that medium for which all these were approved.
    static func negative(_ medium: String, _ approved: Set<String>) -> String {
        NegativePrompt.standard(medium: medium, wanted: approved)
    }

    /// What Analysis makes of approved tags. A facet that this version does not know counts as a subject.
    package static let composition: Composition = composition(for: nil)

    /// The same, as a model wants it written.
    static func composition(for habit: Manifest.Prompt?) -> Composition {
        { approved in
            PromptComposer.compose(
                approved.map {
                    ApprovedTag(
                        text: $0.text, facet: Facet(rawValue: $0.facet) ?? .subject, weight: $0.weight, tag: $0.tag,
                        relations: $0.relations)
                }, for: habit)
        }
    }
}
