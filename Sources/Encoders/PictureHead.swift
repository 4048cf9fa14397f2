import Checkpoints
import FoundationEssentials
import Layers
import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// Takes an image tower's features to the text space and to a medium.
///
/// The embedding mixes two looks, each of length 1 and then weighted: a projection fitted on pictures with captions, linear in the direction of
/// the features' square roots, and ConSE (Norouzi 2014), the mean of the likeliest classes' name embeddings, weighted by their probabilities.
struct PictureHead: Sendable {
    private let projection: Linear
    /// `[classes, dimension]`
    private let classEmbeddings: Tensor
    private let medium: Linear
    private let settings: EncoderConfiguration.Head
    let dimension: Int

    init(directory: URL, configuration: EncoderConfiguration) throws {
        let weights = try Weights(url: directory.appendingPathComponent("head.safetensors"))
        let features = configuration.image.headWidth
        dimension = configuration.dimension
        settings = configuration.head
        projection = try Linear(weights["projection"], input: features, output: dimension)
        classEmbeddings = try weights.tensor("class_embeddings", [configuration.image.classes, dimension])
        medium = try Linear(weights["medium"], input: features, output: settings.mediums.count)
        try weights.requireAllRead()
    }

    /// - Parameters:
    ///   - features: the tower's pooled features.
    ///   - logits: its class scores.
    func observe(features: [Float], logits: [Float]) -> (embedding: Embedding, mediums: [(name: String, probability: Float)]) {
        let row = Tensor(features, shape: [1, features.count])
        let roots = Self.roots(of: features)
        let projected = Embedding(direction: projection(Tensor(roots.values, shape: row.shape)).values)
        let named = Embedding(direction: classMean(logits))
        let mixed = zip(projected.values, named.values).map { settings.projectionWeight * $0 + settings.classWeight * $1 }
        let probabilities = medium(row).softmax().values
        let mediums = zip(settings.mediums, probabilities).map { (name: $0, probability: $1) }.sorted { $0.probability > $1.probability }
        return (Embedding(direction: mixed), mediums)
    }

    /// The direction of the features' square roots, which keep a few strong channels from drowning the many weak ones.
    static func roots(of features: [Float]) -> Embedding {
        Embedding(direction: features.map { max($0, 0).squareRoot() })
    }

    private func classMean(_ logits: [Float]) -> [Float] {
        let likeliest = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(settings.likeliestClasses)
        // Soft-max over all classes, kept for the likeliest and made to sum to 1, is soft-max over the likeliest.
        let highest = logits[likeliest.first ?? 0]
        let weights = likeliest.map { exp(logits[$0] - highest) }
        let total = weights.reduce(0, +)
        var mean = [Float](repeating: 0, count: dimension)
        classEmbeddings.withUnsafeValues { rows in
            for (index, weight) in zip(likeliest, weights) {
                for column in 0..<dimension {
                    mean[column] += weight / total * rows[index * dimension + column]
                }
            }
        }
        return mean
    }
}
