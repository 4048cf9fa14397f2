extension EncoderConfiguration {
    /// When it is said how one thing stands to another; the recipe measured on training pictures how often that is right.
    package struct Relations: Codable, Sendable, Equatable {
        /// A number that has to lie between two others; nil is no bound.
        package struct Bounds: Codable, Sendable, Equatable {
            package var least: Float?
            package var most: Float?

            package init(least: Float? = nil, most: Float? = nil) {
                (self.least, self.most) = (least, most)
            }

            package func hold(_ value: Float) -> Bool { value >= least ?? -.infinity && value <= most ?? .infinity }
        }

        /// Pairs of things of which one relation is said within the same bounds.
        package struct Rule: Codable, Sendable, Equatable {
            /// Names of things.
            package var subjects: [String]
            package var supports: [String]
            /// "on", "in" or "at".
            package var preposition: String
            /// Less certain boxes tell nothing.
            package var leastSubject: Float
            package var leastSupport: Float
            /// The share of the subject's box that lies within the support's.
            package var within: Bounds?
            /// The same of its width alone.
            package var across: Bounds?
            /// Where the subject's upper and lower edge lie: 0 is the support's upper edge, 1 its lower one.
            package var head: Bounds?
            package var foot: Bounds?
            /// The subject's area in shares of the support's.
            package var size: Bounds?
            /// How likely traits of a person are.
            package var traits: [String: Bounds]?

            package init(
                subjects: [String], supports: [String], preposition: String, leastSubject: Float, leastSupport: Float,
                within: Bounds? = nil, across: Bounds? = nil, head: Bounds? = nil, foot: Bounds? = nil, size: Bounds? = nil,
                traits: [String: Bounds]? = nil
            ) {
                (self.subjects, self.supports, self.preposition) = (subjects, supports, preposition)
                (self.leastSubject, self.leastSupport) = (leastSubject, leastSupport)
                (self.within, self.across, self.head, self.foot, self.size) = (within, across, head, foot, size)
                self.traits = traits
            }
        }

        package var rules: [Rule]
        /// Pictures that are less likely photographs tell none.
        package var leastPhoto: Float

        package init(rules: [Rule], leastPhoto: Float) {
            (self.rules, self.leastPhoto) = (rules, leastPhoto)
        }
    }
}
