extension EncoderConfiguration {
    /// When the colour of a thing is certain enough to be said; the recipe measured it on training pictures.
    package struct Colours: Codable, Sendable, Equatable {
        /// Things that are judged alike.
        package struct Kind: Codable, Sendable, Equatable {
            /// Names of things; "person" stands for what a person wears above.
            package var things: [String]
            /// A less certain box tells no colour, nor one that fills less of the picture.
            package var leastCertainty: Float
            package var leastArea: Float
            /// The share of a thing's pixels that have to have one colour.
            package var least: Float
            /// A colour that more than this share of its surroundings has may be theirs.
            package var mostAround: Float
            /// The same for colours that have a bound of their own; above 1 a colour is never said.
            package var leastOf: [String: Float]?
            /// Colours that are called by another one's name here: a beige dog is a brown one.
            package var calledAs: [String: String]?

            package init(
                things: [String], leastCertainty: Float, leastArea: Float, least: Float, mostAround: Float, leastOf: [String: Float]? = nil,
                calledAs: [String: String]? = nil
            ) {
                (self.things, self.leastCertainty, self.leastArea) = (things, leastCertainty, leastArea)
                (self.least, self.mostAround, self.leastOf, self.calledAs) = (least, mostAround, leastOf, calledAs)
            }
        }

        /// When the colour of what a standing person wears below is said.
        package struct Below: Codable, Sendable, Equatable {
            /// The share of the thighs' pixels that have to have one colour, and the same for colours that have a bound of their own.
            package var least: Float
            package var leastOf: [String: Float]
            /// The share of the shins' pixels that has that colour too: else it may be a coat's that ends there.
            package var leastOfShins: Float
            /// How much of their part of the box thighs and shins have to fill.
            package var leastFill: Float
            package var leastShinFill: Float
            /// A person less high in the picture, less high for the width, or likelier seated shows too little.
            package var leastHeight: Float
            package var leastShape: Float
            package var mostSeated: Float
            /// A colour that more than this share of the surroundings has may be theirs.
            package var mostAround: Float
            /// What is black has no more colour than this by its mean, as distance in OKLab and towards blue: dark jeans are not black.
            package var mostTint: Float
            package var mostBlue: Float
            /// Garments that are worn below, by the vocabulary's names: the likeliest of them is what is coloured.
            package var garments: [String]
        }

        package var kinds: [Kind]
        /// A person who is less high in the picture wears no colour that could be told.
        package var leastHeight: Float
        /// How much of its box a thing has to fill, as far as it differs from what is around it, and how much of their part of the box clothes.
        package var leastFill: Float
        package var leastWornFill: Float
        /// Another box of the same name, at least as certain as `alikeCertainty` and with `alikeArea` of the area, makes it doubtful which
        /// one is meant.
        package var alikeCertainty: Float
        package var alikeArea: Float
        /// A face that is less certain does not tell where clothes begin, and a figure that is less certain to be whole does not either.
        package var leastFace: Float
        package var leastWhole: Float
        /// Garments that are worn above, by the vocabulary's names: the likeliest of them is what is coloured.
        package var garments: [String]
        /// Pictures that are less likely photographs tell none.
        package var leastPhoto: Float
        /// nil tells no colour of what is worn below.
        package var below: Below?

        package init(
            kinds: [Kind], leastHeight: Float, leastFill: Float, leastWornFill: Float, alikeCertainty: Float, alikeArea: Float,
            leastFace: Float, leastWhole: Float, garments: [String], leastPhoto: Float, below: Below? = nil
        ) {
            (self.kinds, self.leastHeight) = (kinds, leastHeight)
            (self.leastFill, self.leastWornFill) = (leastFill, leastWornFill)
            (self.alikeCertainty, self.alikeArea) = (alikeCertainty, alikeArea)
            (self.leastFace, self.leastWhole, self.garments, self.leastPhoto) = (leastFace, leastWhole, garments, leastPhoto)
            self.below = below
        }
    }
}
