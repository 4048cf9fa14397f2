/// The aspect of a picture that a tag speaks about.
///
/// The order of the cases is the order in which people expect to see the facets.
package enum Facet: String, Codable, CaseIterable, Sendable, Comparable {
    case subject, action, setting, medium, style, lighting, colour, composition, mood, quality

    /// The facet of that name, in whatever case it is written; "color" is understood.
    package init?(spelling: String) {
        let lowered = spelling.lowercased()
        self.init(rawValue: lowered == "color" ? "colour" : lowered)
    }

    package static func < (left: Facet, right: Facet) -> Bool {
        left.position < right.position
    }

    private var position: Int { Self.allCases.firstIndex(of: self)! }
}
