extension EncoderConfiguration {
    /// Numbers that decide which tags are worth a person's eyes, and what confidence is shown for them; the recipe fitted or tuned them on
    /// training pictures. Facets go by their names.
    public struct Judgement: Codable, Sendable, Equatable {
        /// Added to the log-odds of what embeddings say of a facet: the calibration was fitted on nouns of captions, which leave much unsaid.
        public var offsets: [String: Float]
        /// A tag of a facet below it, on the scale that `offsets` make, is not suggested.
        public var thresholds: [String: Float]
        /// Tags suggested of a facet at most, and of all.
        public var limits: [String: Int]
        public var limit: Int
        /// A particular tag stands for a general one while its odds are at least this share of the general one's.
        public var particularShare: Float
        /// The same for the likeliest of a group of which one holds.
        public var settledShare: Float
        /// A less certain tag never takes a general one's place.
        public var replacesFrom: Float
        /// A tag of embeddings is suggested while its confidence is at least this share of its facet's surest.
        public var facetShare: Float
        /// Tags whose embeddings have a higher cosine say the same.
        public var similarity: Float
        /// Nothing is told about less certain tags.
        public var toldFrom: Float
        /// The confidence that is shown for these facets is sigmoid(shownSlope * log-odds - shownOffset): how often a person agreed.
        public var shownFacets: [String]
        public var shownSlope: Float
        public var shownOffset: Float
        /// Taken from the log-odds of what embeddings say of a picture that is no photograph.
        public var drawnOffset: Float
        /// Less certain tags, as shown, stay out of a prompt that nobody has screened.
        public var promptConfidence: Float
        /// What cosines are multiplied with before a soft-max over texts tells them apart.
        public var softmaxScale: Float
        /// How a picture is framed, by the boxes of faces and people.
        public var framing: Framing?
        /// Tags that are seen and not told: on held-out pictures they were right too seldom for what they claimed.
        public var untold: [String]?
    }

    /// Shares of a picture's height.
    public struct Framing: Codable, Sendable, Equatable {
        /// A face of at least this height makes a close-up.
        public var closeUp: Float
        /// A face of at least this height makes a portrait.
        public var portrait: Float
        /// A person whose whole figure is seen, of at least this height, is shown in full.
        public var wholeFigure: Float

        public init(closeUp: Float, portrait: Float, wholeFigure: Float) {
            (self.closeUp, self.portrait, self.wholeFigure) = (closeUp, portrait, wholeFigure)
        }
    }
}
