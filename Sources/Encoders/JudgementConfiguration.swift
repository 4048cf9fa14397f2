extension EncoderConfiguration {
    /// Numbers that decide which tags are worth a person's eyes, and what confidence is shown for them; the recipe fitted or tuned them on
    /// training pictures. Facets go by their names.
    package struct Judgement: Codable, Sendable, Equatable {
        /// Added to the log-odds of what embeddings say of a facet: the calibration was fitted on nouns of captions, which leave much unsaid.
        package var offsets: [String: Float]
        /// A tag of a facet below it, on the scale that `offsets` make, is not suggested.
        package var thresholds: [String: Float]
        /// Tags suggested of a facet at most, and of all.
        package var limits: [String: Int]
        package var limit: Int
        /// A particular tag stands for a general one while its odds are at least this share of the general one's.
        package var particularShare: Float
        /// The same for the likeliest of a group of which one holds.
        package var settledShare: Float
        /// A less certain tag never takes a general one's place, unless its odds are `equalShare` of the general one's at least.
        package var replacesFrom: Float
        package var equalShare: Float
        /// A tag of embeddings is suggested while its confidence is at least this share of its facet's surest.
        package var facetShare: Float
        /// Tags whose embeddings have a higher cosine say the same.
        package var similarity: Float
        /// Nothing is told about less certain tags.
        package var toldFrom: Float
        /// The confidence that is shown for these facets is sigmoid(shownSlope * log-odds - shownOffset): how often a person agreed.
        package var shownFacets: [String]
        package var shownSlope: Float
        package var shownOffset: Float
        /// The same by a scale of the facet's own, of those that have one; it takes what embeddings say there, and `ranked` is not asked.
        package var shownScales: [String: Scale]?
        /// Taken from the log-odds of what embeddings say of a picture that is no photograph.
        package var drawnOffset: Float
        /// Taken, by tag or else by facet, from the log-odds of what was seen in such a picture: things and places were learned from
        /// photographs.
        package var drawnSeenOffsets: [String: Float]?
        /// Less certain tags, as shown, stay out of a prompt that nobody has screened.
        package var promptConfidence: Float
        /// The same for facets that have a bound of their own. Where no subject reaches its own, the likeliest from `promptConfidence` on stands.
        package var promptConfidences: [String: Float]?
        /// Tags of a facet in such a prompt at most.
        package var promptLimits: [String: Int]?
        /// What cosines are multiplied with before a soft-max over texts tells them apart.
        package var softmaxScale: Float
        /// How a picture is framed, by the boxes of faces and people.
        package var framing: Framing?
        /// For a thing what it is a part of: it is told no surer than that.
        package var parts: [String: String]?
        /// Tags that are seen and not told: on held-out pictures they were right too seldom for what they claimed.
        package var untold: [String]?
        /// What of a person's box it takes to say who a person is, by the trait; a trait that is not named here needs none.
        package var telling: [String: Telling]?
        /// How often a person agrees with what was seen, by tag, else for subjects that have boxes by "thing", else by facet; what has no
        /// scale is as sure as it was seen.
        package var seenScales: [String: Scale]?
        /// What counts for little of what was seen; nil: nothing.
        package var faintSeen: Faint?
        /// How many there are of a thing; nil counts every box as it is.
        package var counting: Counting?
        /// How tags that bear on each other are weighed, models ranked, and things selected that a person names; nil takes what is usual.
        package var weighing: Weighing?
        package var ranking: Ranking?
        package var naming: Naming?
        /// When the colour of a thing is said; nil: never.
        package var colours: Colours?
        /// When it is said how one thing stands to another; nil: never.
        package var relations: Relations?
    }

    /// Takes a probability p to sigmoid(slope * log-odds of p + ranked * log-odds of what embeddings say - offset).
    package struct Scale: Codable, Sendable, Equatable {
        package var slope: Float
        package var offset: Float
        /// How much it counts what embeddings say of the same tag; nil: nothing.
        package var ranked: Float?

        package init(slope: Float, offset: Float, ranked: Float? = nil) {
            (self.slope, self.offset, self.ranked) = (slope, offset, ranked)
        }
    }

    /// Who a person is is told of a box that shows it: not of the picture around it, and not of somebody far away.
    package struct Telling: Codable, Sendable, Equatable {
        /// The box's certainty times the trait's has to be at least this.
        package var trait: Float
        /// In shares of the picture's height.
        package var height: Float

        package init(trait: Float, height: Float) {
            (self.trait, self.height) = (trait, height)
        }
    }

    /// The head has something to say of each thing it knows, however unlikely: what it says of the unlikely must not outrank what embeddings
    /// tell of all the rest.
    package struct Faint: Codable, Sendable, Equatable {
        /// Certainties, as a person would agree, from which on the head's word counts for less.
        package var from: Float
        /// What a step of their log-odds is worth below that, in log-odds on the scale on which tags are ranked.
        package var slope: Float
    }

    /// How boxes are counted: one thing is often found twice, and a doubtful box less often than its certainty says.
    package struct Counting: Codable, Sendable, Equatable {
        /// Of two boxes of one kind the less certain is the same thing where more than this share of the smaller lies within both.
        package var sameShare: Float
        /// What is less high, in shares of the tallest of its kind, stands in the background and is not counted.
        package var leastHeight: Float
        /// A less certain box is no measure for the others; nil measures by every one.
        package var measuredFrom: Float?
        /// What a box's certainty counts as.
        package var box: Scale
        /// How often a person agrees with a number that boxes alone tell, of things of which no label of the whole picture says that there are
        /// several; nil: as often as they say.
        package var number: Scale?
        /// For a thing the tag that says more than one of it, however many.
        package var several: [String: String]
        /// How often a person agrees with such a tag where boxes alone tell it ("dogs"), no label of the whole picture ("people"); nil: by
        /// `boxes` and `intercept`.
        package var plural: Scale?
        /// By which of its parts a thing is counted where neither its boxes nor a label of the whole picture tells several; nil: by none.
        package var byPart: ByPart?
        /// The log-odds of such a tag: `label` times those with which it was seen in the whole picture, `boxes` times those of two boxes and
        /// more, and `intercept`.
        package var label: Float
        package var boxes: Float
        package var intercept: Float

        package init(
            sameShare: Float, leastHeight: Float, box: Scale, several: [String: String], label: Float, boxes: Float, intercept: Float
        ) {
            (self.sameShare, self.leastHeight, self.box, self.several) = (sameShare, leastHeight, box, several)
            (self.label, self.boxes, self.intercept) = (label, boxes, intercept)
        }
    }

    /// Shares of a picture's height.
    package struct Framing: Codable, Sendable, Equatable {
        /// A face of at least this height makes a close-up.
        package var closeUp: Float
        /// A face of at least this height makes a portrait.
        package var portrait: Float
        /// A person whose whole figure is seen, of at least this height, is shown in full.
        package var wholeFigure: Float
        /// A person of at least this height who is not seen from head to foot is shown by half; nil does not tell it.
        package var upperBody: Float?

        package init(closeUp: Float, portrait: Float, wholeFigure: Float, upperBody: Float? = nil) {
            (self.closeUp, self.portrait, self.wholeFigure, self.upperBody) = (closeUp, portrait, wholeFigure, upperBody)
        }
    }
}

extension EncoderConfiguration.Counting {
    /// Of what each has one of there are as many as of the part: people by their faces, where two stand so close that one box holds both.
    package struct ByPart: Codable, Sendable, Equatable {
        /// As those of things themselves.
        package var sameShare: Float
        package var leastHeight: Float
        package var measuredFrom: Float
        /// How often a person agrees that there are several where two parts and more are seen.
        package var several: EncoderConfiguration.Scale
        /// How often there are, then, exactly as many as parts are seen.
        package var exactly: Float

        package init(sameShare: Float, leastHeight: Float, measuredFrom: Float, several: EncoderConfiguration.Scale, exactly: Float) {
            (self.sameShare, self.leastHeight, self.measuredFrom) = (sameShare, leastHeight, measuredFrom)
            (self.several, self.exactly) = (several, exactly)
        }
    }
}
