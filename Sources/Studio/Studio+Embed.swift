/// An embedding of a picture or a text, in the shape that scripts read.
public struct EmbeddingEntry: Codable, Sendable {
    /// The path or the text.
    public let input: String
    /// Of length 1.
    public let embedding: [Float]
}

extension Studio {
    public func embed(picture file: PictureFile) throws -> EmbeddingEntry {
        let encoder = try encoder()
        let image = try file.decoded(targetShortSide: encoder.configuration.image.imageSize).image
        return EmbeddingEntry(input: file.path, embedding: try encoder.embed(image).values)
    }

    public func embed(texts: [String]) throws -> [EmbeddingEntry] {
        zip(texts, try encoder().embed(texts)).map { EmbeddingEntry(input: $0, embedding: $1.values) }
    }
}
