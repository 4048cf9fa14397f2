import Catalog
import Encoders
import Foundation

/// The known generators as points in an encoder's space: what their manifests say their pictures look like, and what the person made with them.
package struct StyleIndex: Sendable {
    /// How near a picture is to a model.
    package struct Affinity: Sendable, Equatable {
        /// From 0 to 1: 0.5 is as near as to the mean model.
        package let value: Double
        /// The descriptor that is nearest.
        package let descriptor: String?
        /// Pictures made with the model that counted; 0 where there are too few.
        package let generations: Int
    }

    private struct Model: Sendable {
        let name: String
        let descriptors: [String]
        let embeddings: [Embedding]
        let made: Embedding?
        let madeCount: Int
    }

    private let models: [Model]

    /// So many pictures made with a model say more than its manifest.
    package static let minimumGenerations = 5

    /// Embeds the descriptors of the catalog's generators, or reads them from the first of `caches` that has them.
    ///
    /// - Parameter made: for each model the mean direction of the pictures made with it, and their number.
    package init(
        catalog: ModelCatalog, encoder: some PictureEncoder, caches: [URL] = [], made: [String: (mean: Embedding, count: Int)] = [:]
    ) throws {
        let described = catalog.generators.filter { !$0.descriptors.isEmpty }
        let texts = described.flatMap(\.descriptors)
        let name = DigestedFile.name(of: texts.joined(separator: "\n"))
        let header = "redraw styles 1 \(encoder.digest) \(name) \(texts.count) \(encoder.dimension)\n"
        let fileName = "styles-\(name)-\(encoder.digest.prefix(16)).index"
        var values = caches.lazy.compactMap {
            DigestedFile.read($0.appendingPathComponent(fileName), header: header, payloadBytes: texts.count * encoder.dimension * 4)
        }.first.map { $0.floats(at: 0, count: texts.count * encoder.dimension) }
        // Nothing to embed is no reason to load the text tower.
        if values == nil, !texts.isEmpty {
            let embedded = try encoder.embed(texts).flatMap(\.values)
            if let folder = caches.first {
                var payload = Data()
                payload.append(floats: embedded)
                try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try? DigestedFile.write(payload, header: header, to: folder.appendingPathComponent(fileName))
            }
            values = embedded
        }
        var next = 0
        models = described.map { manifest in
            let embeddings = manifest.descriptors.indices.map { index in
                let start = (next + index) * encoder.dimension
                return Embedding(unit: Array((values ?? [])[start..<(start + encoder.dimension)]))
            }
            next += manifest.descriptors.count
            let own = made[manifest.name].flatMap { $0.count >= Self.minimumGenerations ? $0 : nil }
            return Model(
                name: manifest.name, descriptors: manifest.descriptors, embeddings: embeddings, made: own?.mean, madeCount: own?.count ?? 0)
        }
    }

    /// How near a picture is to each model that is described.
    ///
    /// A picture is nearer to pictures than to any text, so models of which pictures are known are compared with each other, and texts with texts:
    /// each in deviations from the mean model, through a logistic curve. A lone model of its kind is as near as the mean.
    package func affinities(of picture: Embedding) -> [String: Affinity] {
        guard !models.isEmpty else { return [:] }
        let texts = models.map { model in model.embeddings.map { $0.cosine(picture) } }
        let told = Self.standardised(texts.map { $0.max() ?? 0 })
        let madeRows = models.indices.filter { models[$0].made != nil }
        let made = Self.standardised(madeRows.map { models[$0].made?.cosine(picture) ?? 0 })
        let madeOf = Dictionary(uniqueKeysWithValues: zip(madeRows, made))
        var result: [String: Affinity] = [:]
        for (index, model) in models.enumerated() {
            let nearest = texts[index].indices.max { texts[index][$0] < texts[index][$1] }
            let score = madeOf[index].map { ($0 + told[index]) / 2 } ?? told[index]
            result[model.name] = Affinity(
                value: Double(logOdds: score), descriptor: nearest.map { model.descriptors[$0] }, generations: model.madeCount)
        }
        return result
    }

    private static func standardised(_ values: [Float]) -> [Double] {
        let count = Double(max(values.count, 1))
        let mean = values.reduce(0.0) { $0 + Double($1) } / count
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        // Differences below a hundredth of a cosine say nothing, however few models there are.
        let deviation = max(variance.squareRoot(), 0.01)
        return values.map { (Double($0) - mean) / deviation }
    }
}
