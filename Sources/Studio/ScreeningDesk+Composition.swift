public import Foundation

extension ScreeningDesk {
    /// The desk of the library in that folder, with Redraw's own way to compose prompts.
    public init(libraryFolder: URL) throws {
        try self.init(libraryFolder: libraryFolder, compose: ScreeningDesk.commaSeparated)
    }

    /// The texts by facet, with brackets escaped and weights as `(text:1.2)`.
    static let commaSeparated: Composition = { approved in
        let ordered = approved.enumerated().sorted { a, b in
            let (left, right) = (position(ofFacet: a.element.facet), position(ofFacet: b.element.facet))
            return left == right ? a.offset < b.offset : left < right
        }.map(\.element)
        return ordered.map { tag in
            let text = tag.text.map { "\\()[]".contains($0) ? "\\\($0)" : "\($0)" }.joined()
            return tag.weight == 1 ? text : "(\(text):\((tag.weight * 100).rounded() / 100))"
        }.joined(separator: ", ")
    }
}
