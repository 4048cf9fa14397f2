import Tensors

/// The memory that a run may take, and what takes part of it beside the run's own maps.
package struct MemoryBudget: Sendable {
    /// Bytes that are free; nil: as many as it takes.
    package let free: Int?
    /// The weights that are yet to be loaded.
    package let weights: WeightMemory
    /// Whether each part of the model is loaded when it is needed and let go when it is done with; see `Pipeline.run`.
    package let letsGo: Bool
    /// Whether several pictures are made, so that the network stays until the last.
    package let isForSeveral: Bool

    package init(free: Int? = nil, weights: WeightMemory = WeightMemory(), letsGo: Bool = false, isForSeveral: Bool = false) {
        (self.free, self.weights, self.letsGo, self.isForSeveral) = (free, weights, letsGo, isForSeveral)
    }

    /// Whether the autoencoder is to work in tiles.
    func asksForTiles(_ work: Workload) -> Bool {
        guard let free else { return false }
        // Of a single picture the network is not there while the autoencoder works.
        let beside = letsGo && !isForSeveral ? codec : weights.all + work.transformMemory
        return work.autoencoderMemory + beside > free
    }

    private var codec: Int { weights.encoder + weights.decoder }

    /// Bytes that a run takes at once, at most.
    ///
    /// - Parameters:
    ///   - encodes: whether there is a picture to begin with.
    ///   - grows: whether pictures are made in stages or out of drafts, for which everything but the texts stays.
    func needed(_ work: Workload, encodes: Bool, grows: Bool, tiled: Bool) -> Int {
        let autoencoder = tiled ? work.tileMemory : work.autoencoderMemory
        guard letsGo else { return weights.all + work.transformMemory + max(work.passMemory, autoencoder) }
        let network = weights.network + work.transformMemory
        if grows { return max(weights.text + codec, codec + network + max(work.passMemory, autoencoder)) }
        return [
            weights.text + codec,
            encodes ? codec + autoencoder : 0,
            network + weights.decoder + work.passMemory,
            weights.decoder + autoencoder + (isForSeveral ? network : 0),
        ].reduce(0, max)
    }
}
