import Encoders
import Foundation
import Tensors
import Vocabulary

/// A vocabulary as one encoder sees it: every tag's embedding, and how near the tag is to pictures in general.
///
/// Embedding a vocabulary takes the text tower many seconds; the index is therefore kept in a file named after the digests of encoder,
/// vocabulary and wording, and reading it needs no text tower. A run that is stopped while it embeds goes on where it stood.
package struct VocabularyIndex: Sendable {
    package let encoderDigest: String
    package let vocabularyDigest: String
    /// Names the sentences in which the tags were embedded.
    package let wording: String
    /// Positions in `TagVocabulary.tags` of the tags that are embedded: all that are not measured.
    package let positions: [Int]
    /// `[positions, dimension]`, rows of length 1.
    package let embeddings: Tensor
    /// One for each row. What their mean and deviation are of, `scale` says.
    package let statistics: [BackgroundStatistics]
    /// What a cosine is worth.
    package let scale: ConfidenceScale
    /// True where it was read from a file, false where the text tower made it.
    package let wasCached: Bool

    /// Reads the index from the first of `caches` that has it, else embeds the vocabulary and leaves the index in the first.
    ///
    /// Where a calibration from background pictures lies beside the index, it counts; else the encoder's own; else what texts alone tell.
    ///
    /// - Parameters:
    ///   - caches: folders; the first is made where it is missing. A file that cannot be written is no error: the next run embeds again.
    ///   - progress: told how many of how many tags are embedded; it may throw to cancel. Never called when a cached index is found.
    package init(
        vocabulary: TagVocabulary, encoder: some PictureEncoder, caches: [URL] = [],
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws {
        let positions = vocabulary.tags.indices.filter { !vocabulary.tags[$0].measured }
        let wording = TagWording(vocabulary: vocabulary, encoder: encoder)
        let key = IndexFile.Key(
            encoder: encoder.digest, vocabulary: vocabulary.digest, wording: wording.digest, count: positions.count,
            dimension: encoder.dimension)
        let name = Self.fileName(encoder: encoder, vocabulary: vocabulary)
        let calibrated = caches.lazy.compactMap {
            BackgroundCalibration.read($0.appendingPathComponent(name + BackgroundCalibration.suffix), key: key)
        }.first
        let own = encoder.fittedCalibration.map { ConfidenceScale(source: .fitted, calibration: $0) } ?? .textOnly(rows: positions.count)
        for folder in caches {
            guard let found = IndexFile.read(folder.appendingPathComponent(name), key: key) else { continue }
            self.init(key: key, positions: positions, contents: found, own: own, calibrated: calibrated, wasCached: true)
            return
        }
        if let folder = caches.first { try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
        let part = caches.first.map { PartialIndex($0.appendingPathComponent(name + ".partial"), key: key) }
        var embedded = part?.embeddings ?? []
        var done = encoder.dimension > 0 ? embedded.count / encoder.dimension : 0
        try progress(done, positions.count)
        while done < positions.count {
            let tags = positions[done..<min(done + Self.batch, positions.count)].map { vocabulary.tags[$0] }
            let rows = try Self.embed(tags.map(wording.texts), encoder: encoder)
            part?.append(rows)
            embedded += rows
            done += tags.count
            try progress(done, positions.count)
        }
        let vectors = stride(from: 0, to: embedded.count, by: max(encoder.dimension, 1)).map {
            Embedding(unit: Array(embedded[$0..<($0 + encoder.dimension)]))
        }
        let statistics = try encoder.ownBackground(of: vectors) ?? Self.nearness(embedded, count: positions.count)
        let contents = IndexFile.Contents(embeddings: embedded, statistics: statistics).rounded()
        self.init(key: key, positions: positions, contents: contents, own: own, calibrated: calibrated, wasCached: false)
        if let folder = caches.first, (try? IndexFile.write(contents, key: key, to: folder.appendingPathComponent(name))) != nil {
            part?.remove()
        }
    }

    /// Tags embedded between two calls of `progress`.
    private static let batch = 32

    /// The mean direction of each tag's texts, one row behind the other.
    private static func embed(_ texts: [[String]], encoder: some PictureEncoder) throws -> [Float] {
        let embedded = try encoder.embed(texts.flatMap { $0 })
        var rows: [Float] = []
        var next = 0
        for group in texts {
            if group.count == 1 {
                rows += embedded[next].values
            } else {
                var sum = [Float](repeating: 0, count: encoder.dimension)
                for vector in embedded[next..<(next + group.count)] {
                    for index in sum.indices { sum[index] += vector.values[index] }
                }
                rows += Embedding(direction: sum).values
            }
            next += group.count
        }
        return rows
    }

    /// For each row its mean cosine with all rows: a text that is near to every other one is near to every picture.
    private static func nearness(_ embeddings: [Float], count: Int) -> [BackgroundStatistics] {
        guard count > 0 else { return [] }
        let width = embeddings.count / count
        var mean = [Float](repeating: 0, count: width)
        for row in 0..<count {
            for column in 0..<width { mean[column] += embeddings[row * width + column] / Float(count) }
        }
        return (0..<count).map { row in
            var sum: Float = 0
            for column in 0..<width { sum += mean[column] * embeddings[row * width + column] }
            return BackgroundStatistics(mean: sum, deviation: 1)
        }
    }

    private init(
        key: IndexFile.Key, positions: [Int], contents: IndexFile.Contents, own: ConfidenceScale, calibrated: BackgroundCalibration?,
        wasCached: Bool
    ) {
        encoderDigest = key.encoder
        vocabularyDigest = key.vocabulary
        wording = key.wording
        self.positions = positions
        embeddings = Tensor(contents.embeddings, shape: [key.count, key.dimension])
        statistics = calibrated?.statistics ?? contents.statistics
        scale = calibrated?.scale ?? own
        self.wasCached = wasCached
    }

    /// The name of the file that holds the index of this vocabulary for this encoder.
    package static func fileName(encoder: some PictureEncoder, vocabulary: TagVocabulary) -> String {
        let wording = TagWording(vocabulary: vocabulary, encoder: encoder).digest
        return "vocabulary-\(vocabulary.digest.prefix(16))-\(encoder.digest.prefix(16))-\(DigestedFile.name(of: wording).prefix(8)).index"
    }

    /// The cosine of a picture with every row.
    package func cosines(with picture: Embedding) -> [Float] {
        guard !positions.isEmpty else { return [] }
        let column = Tensor(picture.values, shape: [1, picture.values.count])
        return matmul(column, embeddings, transposed: true).values
    }

    /// What is thought of every row for a picture: its cosine, and how sure that makes it.
    package func estimates(for picture: Embedding) -> [(cosine: Float, confidence: Float)] {
        let cosines = cosines(with: picture)
        return Array(zip(cosines, confidences(of: cosines)))
    }

    /// The rows nearest to a picture, the nearest first; of equally near ones the one written first. Exact: every row is compared.
    package func nearest(_ count: Int, to picture: Embedding) -> [(row: Int, cosine: Float)] {
        NearestRows.of(cosines(with: picture), count: count)
    }

    /// The confidence of every row for a picture whose cosines these are, before any facet's offset.
    func confidences(of cosines: [Float]) -> [Float] {
        scale.confidences(cosines, statistics: statistics)
    }

    /// The cosine of two rows.
    func similarity(_ one: Int, _ other: Int) -> Float {
        let width = embeddings.shape[1]
        return embeddings.withUnsafeValues { values in
            var sum: Float = 0
            for column in 0..<width { sum += values[one * width + column] * values[other * width + column] }
            return sum
        }
    }
}

/// The largest of many values, without sorting them all.
enum NearestRows {
    /// The rows of the `count` largest values, the largest first; of equal ones the first.
    static func of(_ values: [Float], count: Int) -> [(row: Int, cosine: Float)] {
        guard count > 0 else { return [] }
        // A heap of the best so far, the worst of them on top.
        var heap: [(row: Int, cosine: Float)] = []
        heap.reserveCapacity(count)
        func worse(_ one: (row: Int, cosine: Float), _ other: (row: Int, cosine: Float)) -> Bool {
            one.cosine < other.cosine || (one.cosine == other.cosine && one.row > other.row)
        }
        func sink() {
            var parent = 0
            while true {
                let left = 2 * parent + 1
                guard left < heap.count else { return }
                let child = left + 1 < heap.count && worse(heap[left + 1], heap[left]) ? left + 1 : left
                guard worse(heap[child], heap[parent]) else { return }
                heap.swapAt(parent, child)
                parent = child
            }
        }
        values.withUnsafeBufferPointer { values in
            for row in values.indices {
                if heap.count < count {
                    heap.append((row, values[row]))
                    if heap.count == count { heap.sort(by: worse) }
                } else if values[row] > heap[0].cosine {
                    heap[0] = (row, values[row])
                    sink()
                }
            }
        }
        return heap.sorted { worse($1, $0) }
    }
}
