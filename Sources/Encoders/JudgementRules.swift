/// Numbers that were chosen beside those that were fitted. Each group may be left out; `usual` is what serves an encoder of which nothing is known.
extension EncoderConfiguration.Judgement {
    /// How tags that bear on each other are weighed.
    package struct Weighing: Codable, Sendable, Equatable {
        /// Of the tags that imply a general one those count as agreeing that are at least this share as sure as the surest.
        package var agreeingShare: Float
        /// By this share each that agrees, after the first, raises the odds of the general one.
        package var agreeingGain: Float
        /// More than so many raise them no further.
        package var mostAgreeing: Int
        /// Members of an exclusive group share its certainty by a soft-max over so many times their log-odds: the calibration is gentle, for
        /// it was fitted on things that do not exclude each other.
        package var rivalry: Float
        /// A ranked tag below it is not suggested where its facet has no threshold of its own.
        package var leastRanked: Float
        /// Nothing less certain is suggested of what a head, a tagger or a measurement tells.
        package var leastTold: Float
        /// Nothing is told about what the encoder saw less of.
        package var leastSeen: Float

        package static let usual = Weighing(
            agreeingShare: 0.8, agreeingGain: 0.05, mostAgreeing: 10, rivalry: 3, leastRanked: 0.3, leastTold: 0.05, leastSeen: 0.02)
    }

    /// How models are ranked for a picture.
    package struct Ranking: Codable, Sendable, Equatable {
        /// How much tags other than the medium count, at full confidence.
        package var tagShare: Double
        /// How much nearness to what a model's pictures look like counts beside its ratings.
        package var nearnessShare: Double
        /// The same where it is nearness to pictures that were made with it.
        package var madeShare: Double
        /// A model is said to be near from there on; 0.5 is as near as the mean model.
        package var near: Double
        /// What suits better by less is not spoken of.
        package var better: Double

        package static let usual = Ranking(tagShare: 0.4, nearnessShare: 0.2, madeShare: 0.4, near: 0.7, better: 0.05)
    }

    /// What a person names in a picture: to select it, or to ask for another thing than is there.
    package struct Naming: Codable, Sendable, Equatable {
        /// A box that is less certain is selected only where its name is among the picture's tags.
        package var leastBox: Float
        /// Boxes are drawn tightly, and what is repainted is to meet its surroundings: how far a mask reaches beyond one, and over how much
        /// of it white becomes black, in shares of the box's shorter side.
        package var margin: Float
        package var softness: Float
        /// A less certain subject is no ground to say that a picture shows something else.
        package var sureSubject: Double

        package static let usual = Naming(leastBox: 0.35, margin: 0.06, softness: 0.08, sureSubject: 0.5)
    }
}

extension EncoderConfiguration.Judgement {
    /// The first of the chosen numbers that cannot be, or nil.
    var firstProblem: String? {
        func outside<Value: Comparable>(_ name: String, _ value: Value?, _ range: ClosedRange<Value>) -> String? {
            guard let value, !range.contains(value) else { return nil }
            return "judgement.\(name) is \(value), allowed are \(range.lowerBound) to \(range.upperBound)"
        }
        let checks: [String?] = [
            outside("weighing.agreeingShare", weighing?.agreeingShare, 0...1),
            outside("weighing.agreeingGain", weighing?.agreeingGain, 0...1),
            outside("weighing.mostAgreeing", weighing?.mostAgreeing, 0...1000),
            outside("weighing.rivalry", weighing?.rivalry, 0...100),
            outside("weighing.leastRanked", weighing?.leastRanked, 0...1),
            outside("weighing.leastTold", weighing?.leastTold, 0...1),
            outside("weighing.leastSeen", weighing?.leastSeen, 0...1),
            outside("ranking.tagShare", ranking?.tagShare, 0...1),
            outside("ranking.nearnessShare", ranking?.nearnessShare, 0...1),
            outside("ranking.madeShare", ranking?.madeShare, 0...1),
            outside("ranking.near", ranking?.near, 0...1),
            outside("ranking.better", ranking?.better, 0...1),
            outside("naming.leastBox", naming?.leastBox, 0...1),
            outside("naming.margin", naming?.margin, 0...1),
            outside("naming.softness", naming?.softness, 0...1),
            outside("naming.sureSubject", naming?.sureSubject, 0...1),
            outside("faintSeen.from", faintSeen?.from, 0...1),
            outside("faintSeen.slope", faintSeen?.slope, 0...100),
            outside("counting.sameShare", counting?.sameShare, 0...1),
            outside("counting.leastHeight", counting?.leastHeight, 0...1),
            outside("counting.measuredFrom", counting?.measuredFrom, 0...1),
            outside("counting.label", counting?.label, -100...100),
            outside("counting.boxes", counting?.boxes, -100...100),
            outside("counting.intercept", counting?.intercept, -100...100),
            outside("colours.leastHeight", colours?.leastHeight, 0...1),
            outside("colours.leastFill", colours?.leastFill, 0...1),
            outside("colours.leastWornFill", colours?.leastWornFill, 0...1),
            outside("colours.alikeCertainty", colours?.alikeCertainty, 0...1),
            outside("colours.alikeArea", colours?.alikeArea, 0...1),
            outside("colours.leastFace", colours?.leastFace, 0...1),
            outside("colours.leastWhole", colours?.leastWhole, 0...1),
            outside("colours.leastPhoto", colours?.leastPhoto, 0...1),
            outside("relations.leastPhoto", relations?.leastPhoto, 0...1),
        ]
        let told = (telling ?? [:]).sorted { $0.key < $1.key }.flatMap { trait, least in
            [outside("telling.\(trait).trait", least.trait, 0...1), outside("telling.\(trait).height", least.height, 0...1)]
        }
        // What is shown is taken back to what selection weighs: a scale that is level, or falls, cannot be.
        let shown: [String?] =
            [outside("shownSlope", shownSlope, 0.01...100), outside("shownOffset", shownOffset, -100...100)]
            + (shownScales ?? [:]).sorted { $0.key < $1.key }.map { facet, scale in
                outside("shownScales.\(facet).slope", scale.slope, 0.01...100)
            }
        let scales = [("box", counting?.box), ("number", counting?.number), ("plural", counting?.plural)]
        let counted: [String?] = scales.flatMap { name, scale in
            [
                outside("counting.\(name).slope", scale?.slope, 0...100),
                outside("counting.\(name).offset", scale?.offset, -100...100),
                outside("counting.\(name).ranked", scale?.ranked, -100...100),
            ]
        }
        // A colour of which never enough is seen is one that is never said.
        let said = (colours?.kinds ?? []).enumerated().flatMap { index, kind in
            [
                outside("colours.kinds[\(index)].leastCertainty", kind.leastCertainty, 0...1),
                outside("colours.kinds[\(index)].leastArea", kind.leastArea, 0...1),
                outside("colours.kinds[\(index)].least", kind.least, 0...2),
                outside("colours.kinds[\(index)].mostAround", kind.mostAround, 0...1),
            ]
                + (kind.leastOf ?? [:]).sorted { $0.key < $1.key }.map { outside("colours.kinds[\(index)].leastOf.\($0)", $1, 0...2) }
        }
        let related = (relations?.rules ?? []).enumerated().flatMap { index, rule in
            [
                outside("relations.rules[\(index)].leastSubject", rule.leastSubject, 0...1),
                outside("relations.rules[\(index)].leastSupport", rule.leastSupport, 0...1),
            ]
        }
        return (checks + told + shown + counted + said + related).lazy.compactMap { $0 }.first
    }
}
