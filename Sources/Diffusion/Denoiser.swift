import Tensors

/// What predicts noise: the UNet of Stable Diffusion, or whatever network another family has.
package protocol Denoiser: Sendable {
    /// - Parameters:
    ///   - latent: [batch, height, width, channels], what this network is shown behind the latent's own channels included.
    ///   - time: the training timestep, one for the whole batch.
    ///   - told: the text of each latent of the batch, and what goes with it.
    ///   - extras: what others add to the run.
    ///   - deep: where it is its turn, the network's outermost layers alone are run on what it holds; else it keeps what the deeper ones make.
    ///     A network that has no such layers leaves it alone, and goes through all of itself each time.
    ///   - checkCancelled: called between the network's blocks; what it throws is thrown here.
    /// - Returns: what the network was trained to predict, [batch, height, width, channels of the latent].
    func predict(
        _ latent: Tensor, at time: Double, _ told: TextContext, _ extras: Extras, reusing deep: inout DeepFeatures,
        checkCancelled: CancellationCheck
    ) throws -> Tensor
}

extension Denoiser {
    /// A pass through the whole network.
    package func predict(
        _ latent: Tensor, at time: Double, _ told: TextContext, _ extras: Extras, checkCancelled: CancellationCheck
    ) throws -> Tensor {
        var never = DeepFeatures(every: 1)
        return try predict(latent, at: time, told, extras, reusing: &never, checkCancelled: checkCancelled)
    }
}

/// What is added to a network from outside while it predicts: by a ControlNet, or by a picture that stands beside the text.
package struct Extras: Sendable {
    /// Added to what the way down leaves for the way up, in the order in which it is left: [batch, height, width, channels] of each level.
    /// Empty: nothing.
    package var skips: [Tensor]
    /// Added to what the middle gives.
    package var middle: Tensor?
    /// Stand beside the text's tokens, [batch or 1, tokens, width of the text's].
    package var pictureTokens: Tensor?
    /// How many of the pixels of a large map are merged into others for its look at itself, 0 to 0.75.
    package var mergedShare: Double

    package init(skips: [Tensor] = [], middle: Tensor? = nil, pictureTokens: Tensor? = nil, mergedShare: Double = 0) {
        (self.skips, self.middle, self.pictureTokens, self.mergedShare) = (skips, middle, pictureTokens, mergedShare)
    }

    package static let none = Extras()
}
