import Encoders
import Foundation
import Tensors
import Vocabulary

/// A vocabulary as one encoder sees it: every tag's embedding, and how near the tag is to pictures in general.
///
/// Embedding a vocabulary takes the text tower many seconds; the index is therefore kept in a file named after the encoder's and the
/// vocabulary's digests, and reading it needs no text tower.
public struct VocabularyIndex: Sendable {
    public let encoderDigest: String
    public let vocabularyDigest: String
    /// Positions in `TagVocabulary.tags` of the tags that are embedded: all that are not measured.
    public let positions: [Int]
    /// `[positions, dimension]`, rows of length 1.
    public let embeddings: Tensor
    /// One for each row.
    public let statistics: [BackgroundStatistics]
    /// True where it was read from a file, false where the text tower made it.
    public let wasCached: Bool

    /// How the embedded texts are worded; part of a cached file's identity.
    static let wording = "1"

    /// The text embedded for a tag: its own phrase where it has one, else its name in a sentence that fits its facet.
    static func text(for tag: Tag, encoder: some PictureEncoder) -> String {
        if tag.facet == .subject { return encoder.phrase(for: tag.phrase) }
        guard tag.phrase == tag.name else { return tag.phrase }
        switch tag.facet {
        case .subject, .setting: return encoder.phrase(for: tag.name)
        case .action: return "a photo of someone \(tag.name)"
        case .medium: return "a \(tag.name)"
        case .style, .mood: return "a \(tag.name) photo"
        case .lighting: return "a photo with \(tag.name)"
        case .composition: return "a photo, \(tag.name)"
        case .colour, .quality: return tag.name
        }
    }

    /// Reads the index from the first of `caches` that has it, else embeds the vocabulary and leaves the index in the first.
    ///
    /// - Parameters:
    ///   - caches: folders; the first is made where it is missing. A file that cannot be written is no error: the next run embeds again.
    ///   - progress: told how many of how many tags are embedded; it may throw to cancel. Never called when a cached index is found.
    public init(
        vocabulary: TagVocabulary, encoder: some PictureEncoder, caches: [URL] = [],
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws {
        let positions = vocabulary.tags.indices.filter { !vocabulary.tags[$0].measured }
        let key = IndexFile.Key(
            encoder: encoder.digest, vocabulary: vocabulary.digest, wording: Self.wording, count: positions.count,
            dimension: encoder.dimension)
        let name = Self.fileName(encoder: encoder, vocabulary: vocabulary)
        for folder in caches {
            guard let found = IndexFile.read(folder.appendingPathComponent(name), key: key) else { continue }
            self.init(key: key, positions: positions, contents: found, wasCached: true)
            return
        }
        var embedded: [Embedding] = []
        embedded.reserveCapacity(positions.count)
        try progress(0, positions.count)
        for start in stride(from: 0, to: positions.count, by: Self.batch) {
            let part = positions[start..<min(start + Self.batch, positions.count)]
            embedded += try encoder.embed(part.map { Self.text(for: vocabulary.tags[$0], encoder: encoder) })
            try progress(embedded.count, positions.count)
        }
        let contents = IndexFile.Contents(
            embeddings: embedded.flatMap(\.values), statistics: try encoder.backgroundStatistics(of: embedded)
        ).rounded()
        self.init(key: key, positions: positions, contents: contents, wasCached: false)
        if let folder = caches.first {
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try? IndexFile.write(contents, key: key, to: folder.appendingPathComponent(name))
        }
    }

    /// Texts embedded between two calls of `progress`.
    private static let batch = 32

    private init(key: IndexFile.Key, positions: [Int], contents: IndexFile.Contents, wasCached: Bool) {
        encoderDigest = key.encoder
        vocabularyDigest = key.vocabulary
        self.positions = positions
        embeddings = Tensor(contents.embeddings, shape: [key.count, key.dimension])
        statistics = contents.statistics
        self.wasCached = wasCached
    }

    /// The name of the file that holds the index of this vocabulary for this encoder.
    public static func fileName(encoder: some PictureEncoder, vocabulary: TagVocabulary) -> String {
        "vocabulary-\(vocabulary.digest.prefix(16))-\(encoder.digest.prefix(16)).index"
    }

    /// The cosine of a picture with every row.
    public func cosines(with picture: Embedding) -> [Float] {
        guard !positions.isEmpty else { return [] }
        let column = Tensor(picture.values, shape: [1, picture.values.count])
        return matmul(column, embeddings, transposed: true).values
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
