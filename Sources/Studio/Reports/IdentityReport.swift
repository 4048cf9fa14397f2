import Diffusion

/// What a file of weights is, in the shape that scripts read.
package struct IdentityReport: Codable, Sendable, Equatable {
    /// By which the web UI, its successors and collections of models know a file.
    package struct Digests: Codable, Sendable, Equatable {
        /// Of the whole file.
        package let sha256: String
        /// Its first ten digits: what collections and newer tools call a model's hash.
        package let autoV2: String
        /// What the web UI's older versions wrote as a model's hash: eight digits of 64 kB at 1 MB; nil for files that are shorter.
        @OrNull package internal(set) var short: String?
        /// Of the numbers without the header, twelve digits: what tools call a LoRA's hash. Nil for what is no safetensors file.
        @OrNull package internal(set) var autoV3: String?
    }

    package let path: String
    /// `checkpoint`, `network`, `autoencoder`, `text encoder`, `LoRA`, `textual inversion`, `ControlNet`, `adapter`, `upscaler`, `unknown`.
    package let kind: String
    @OrNull package internal(set) var family: String?
    /// Whether the built-in engine runs or uses it.
    package let runs: Bool
    /// What to do with it, or why it is not run.
    package let use: String
    /// `noise`, `velocity` or `flow`.
    @OrNull package internal(set) var prediction: String?
    package let zeroTerminalSNR: Bool
    package let precisions: [String]
    @OrNull package internal(set) var fewStep: String?
    package let repaints: Bool
    @OrNull package internal(set) var rank: Int?
    package let triggers: [String]
    @OrNull package internal(set) var base: String?
    @OrNull package internal(set) var title: String?
    package let parameters: Int
    package let bytes: Int
    /// Nil where they were not asked for.
    @OrNull package internal(set) var digests: Digests?

    init(_ identity: FileIdentity, path: String, bytes: Int, digests: Digests?) {
        (self.path, self.bytes) = (path, bytes)
        (kind, runs, use) = (identity.kind.rawValue, identity.runs, identity.use)
        (zeroTerminalSNR, precisions, repaints) = (identity.endsInNoise, identity.precisions, identity.repaints)
        (triggers, parameters) = (identity.triggers, identity.parameters)
        _family = OrNull(wrappedValue: identity.family)
        _prediction = OrNull(wrappedValue: identity.prediction)
        _fewStep = OrNull(wrappedValue: identity.fewStep)
        _rank = OrNull(wrappedValue: identity.rank)
        _base = OrNull(wrappedValue: identity.base)
        _title = OrNull(wrappedValue: identity.title)
        _digests = OrNull(wrappedValue: digests)
    }
}
