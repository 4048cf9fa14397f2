import Diffusion
import Engines

/// An order as a page shows it: every setting as it will be; no path of the machine is in it.
package struct OrderReport: Codable, Sendable, Equatable {
    package let mode: String
    package let model: String
    package let engine: String
    package let prompt: String
    package let negative: String
    /// The version of the picture's prompt that was taken, where none was given.
    @OrNull package internal(set) var promptVersion: Int?
    @OrNull package internal(set) var strength: Double?
    package let strengths: [Double]
    package let steps: Int
    package let guidance: Double
    @OrNull package internal(set) var guidanceUntil: Double?
    /// Every how many passes go through the whole network; nil: all of them.
    @OrNull package internal(set) var reuseEvery: Int?
    /// The share of a large map's pixels that are merged into others for its look at itself.
    @OrNull package internal(set) var mergeTokens: Double?
    package let sampler: String
    /// Nil: as the model's scheduler or the sampler has it.
    @OrNull package internal(set) var spacing: String?
    /// How much of what a step of TCD's has for noise is fresh; nil for other samplers.
    @OrNull package internal(set) var eta: Double?
    package let seed: UInt64
    /// How far the seed's noise goes toward another seed's, and that seed.
    @OrNull package internal(set) var variationStrength: Double?
    @OrNull package internal(set) var variationSeed: UInt64?
    @OrNull package internal(set) var clipSkip: Int?
    /// The tiny autoencoder that stands in for the model's own.
    @OrNull package internal(set) var autoencoder: String?
    /// Working size; nil: the model's own in the picture's proportions.
    @OrNull package internal(set) var width: Int?
    @OrNull package internal(set) var height: Int?
    package let count: Int
    @OrNull package internal(set) var firstSide: Int?
    package let refine: Double
    package let drafts: Int
    package let profile: String
    package let precision: String
    package let resize: String
    package let outputSize: String
    package let fill: String
    package let area: String
    package let padding: Int
    package let feather: Int
    package let grow: Int
    package let invert: Bool

    package init(_ order: GenerationOrder) {
        let request = order.request
        (mode, model, engine) = (request.mode.rawValue, order.model.name, order.engine)
        (prompt, negative, promptVersion) = (request.prompt, request.negative, order.promptNumber)
        strength = request.mode == .paint || !order.strengths.isEmpty ? nil : request.strength
        (strengths, steps, guidance, sampler) = (order.strengths, request.steps, request.guidance, request.sampler.rawValue)
        (spacing, eta) = (request.spacing?.rawValue, request.eta)
        (guidanceUntil, autoencoder) = (request.guidanceUntil, request.autoencoder)
        (reuseEvery, mergeTokens) = (request.reuseEvery, request.mergeTokens)
        (variationStrength, variationSeed) = (request.variationStrength, request.variationSeed)
        (seed, clipSkip, width, height, count) = (order.seed, request.clipSkip, request.width, request.height, request.count)
        (firstSide, refine, drafts) = (request.firstSide, request.refine, request.drafts)
        (profile, precision, resize) = (request.profile.rawValue, request.precision.rawValue, request.resize.rawValue)
        (outputSize, fill, area) = (request.outputSize.rawValue, request.fill.rawValue, request.area.rawValue)
        (padding, feather, grow, invert) = (request.padding, request.feather, request.grow, request.invert)
    }
}

/// What an order will do, and what it costs.
package struct PlannedOrder: Sendable {
    package let order: OrderReport
    package let plan: PlanReport
    /// The part of the picture that the model sees.
    package let crop: CropEntry?
}
