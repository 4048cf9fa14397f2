import Diffusion
public import Engines

/// An order as a page shows it: every setting as it will be; no path of the machine is in it.
public struct OrderReport: Codable, Sendable, Equatable {
    public let mode: String
    public let model: String
    public let engine: String
    public let prompt: String
    public let negative: String
    /// The version of the picture's prompt that was taken, where none was given.
    @OrNull public internal(set) var promptVersion: Int?
    @OrNull public internal(set) var strength: Double?
    public let strengths: [Double]
    public let steps: Int
    public let guidance: Double
    public let sampler: String
    public let seed: UInt64
    @OrNull public internal(set) var clipSkip: Int?
    /// Working size; nil: the model's own in the picture's proportions.
    @OrNull public internal(set) var width: Int?
    @OrNull public internal(set) var height: Int?
    public let count: Int
    @OrNull public internal(set) var firstSide: Int?
    public let refine: Double
    public let drafts: Int
    public let profile: String
    public let precision: String
    public let resize: String
    public let outputSize: String
    public let fill: String
    public let area: String
    public let padding: Int
    public let feather: Int
    public let grow: Int
    public let invert: Bool

    public init(_ order: GenerationOrder) {
        let request = order.request
        (mode, model, engine) = (request.mode.rawValue, order.model.name, order.engine)
        (prompt, negative, promptVersion) = (request.prompt, request.negative, order.promptNumber)
        strength = request.mode == .paint || !order.strengths.isEmpty ? nil : request.strength
        (strengths, steps, guidance, sampler) = (order.strengths, request.steps, request.guidance, request.sampler.rawValue)
        (seed, clipSkip, width, height, count) = (order.seed, request.clipSkip, request.width, request.height, request.count)
        (firstSide, refine, drafts) = (request.firstSide, request.refine, request.drafts)
        (profile, precision, resize) = (request.profile.rawValue, request.precision.rawValue, request.resize.rawValue)
        (outputSize, fill, area) = (request.outputSize.rawValue, request.fill.rawValue, request.area.rawValue)
        (padding, feather, grow, invert) = (request.padding, request.feather, request.grow, request.invert)
    }
}

/// What an order will do, and what it costs.
public struct PlannedOrder: Sendable {
    public let order: OrderReport
    public let plan: PlanReport
    /// The part of the picture that the model sees.
    public let crop: CropEntry?
}
