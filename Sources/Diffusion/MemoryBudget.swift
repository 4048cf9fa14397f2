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

    /// Whether the autoencoder is to work in tiles: whether it would take more at once than is free, and what is there beside it.
    ///
    /// - Parameters: as those of ``needed(_:encodes:grows:tiled:)``.
    func asksForTiles(_ work: Workload, encodes: Bool, grows: Bool) -> Bool {
        guard let free else { return false }
        return work.autoencoderMemory + besideAutoencoder(work, encodes: encodes, grows: grows) > free
    }

    /// Bytes that a run takes at once, at most.
    ///
    /// - Parameters:
    ///   - encodes: whether there is a picture to begin with.
    ///   - grows: whether pictures are made in stages or out of drafts, for which everything but the texts stays.
    func needed(_ work: Workload, encodes: Bool, grows: Bool, tiled: Bool) -> Int {
        let autoencoder = tiled ? work.tileMemory : work.autoencoderMemory
        let withAutoencoder = autoencoder + besideAutoencoder(work, encodes: encodes, grows: grows)
        guard letsGo else { return max(withAutoencoder, weights.all + work.transformMemory + work.passMemory) }
        let withNetwork = weights.network + work.transformMemory + (grows ? codec : weights.decoder) + work.passMemory
        return [weights.text + codec, withNetwork, withAutoencoder].reduce(0, max)
    }

    /// Bytes that are there while the autoencoder works, at most, its own maps apart.
    private func besideAutoencoder(_ work: Workload, encodes: Bool, grows: Bool) -> Int {
        guard letsGo else { return weights.all + work.transformMemory }
        let network = weights.network + work.transformMemory
        if grows { return codec + network }
        // A single picture's network is yet to come while it is encoded, and gone when it is decoded.
        return max(encodes ? codec : 0, weights.decoder + (isForSeveral ? network : 0))
    }

    private var codec: Int { weights.encoder + weights.decoder }
}
