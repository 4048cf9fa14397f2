import Diffusion

/// What a person said of a picture to be made, all of it optional: the command line, a page, an API and a picture's own text all come to it.
///
/// Choices are words here, as people and scripts write them; an order has them checked.
public struct GenerationWish: Codable, Sendable, Equatable {
    /// One of `modes`; nil: told by the picture and the mask that are there.
    public var mode: String?
    /// File of the picture to redraw or repaint.
    public var picture: String?
    /// File of a picture of the same size, white where it is to be repainted.
    public var mask: String?
    /// Names of things in the picture that are to be repainted, in place of a mask: "dog", "face".
    public var select: [String]?
    public var prompt: String?
    public var negative: String?
    /// An installed model's name, a folder in diffusers' layout, or a .safetensors file.
    public var model: String?
    public var strength: Double?
    /// One sheet with the picture redrawn at each of these strengths.
    public var strengths: [Double]?
    public var steps: Int?
    public var guidance: Double?
    public var seed: UInt64?
    /// One of `samplers`.
    public var sampler: String?
    public var clipSkip: Int?
    /// `512x384`, or `picture` for the picture's own.
    public var size: String?
    /// Side of the first picture of what grows; 0: at once.
    public var firstSide: Int?
    public var refine: Double?
    public var drafts: Int?
    public var count: Int?
    /// One of `profiles`.
    public var profile: String?
    /// One of `precisions`.
    public var precision: String?
    /// One of `resizes`.
    public var resize: String?
    /// One of `outputSizes`.
    public var outputSize: String?
    /// One of `fills`.
    public var fill: String?
    /// One of `areas`.
    public var area: String?
    public var padding: Int?
    public var feather: Int?
    public var grow: Int?
    public var invert: Bool?
    /// Name of what is to make it.
    public var engine: String?
    /// A file, or a folder, which ends in `/` where it is not there yet.
    public var output: String?
    public var overwrite: Bool?
    /// File of a picture that shows what is becoming of it.
    public var preview: String?
    /// File of the latent after the last step.
    public var latent: String?

    public init() {}

    public static let modes = GenerationRequest.Mode.allCases.map(\.rawValue)
    public static let samplers = SamplerName.allCases.map(\.rawValue)
    public static let profiles = GenerationRequest.Profile.allCases.map(\.rawValue)
    public static let precisions = GenerationRequest.Precision.allCases.map(\.rawValue)
    public static let resizes = GenerationRequest.Resize.allCases.map(\.rawValue)
    public static let outputSizes = GenerationRequest.OutputSize.allCases.map(\.rawValue)
    public static let fills = GenerationRequest.Fill.allCases.map(\.rawValue)
    public static let areas = GenerationRequest.Area.allCases.map(\.rawValue)
}
