/// What a picture file says of itself.
public struct FileReport: Codable, Sendable {
    public let path: String
    public let sha256: String
    public let width: Int
    public let height: Int
    public let format: String
    /// EXIF's number, 1 to 8: how the stored pixels lie; width and height are those of the upright picture.
    public let orientation: Int
    public let bytes: Int
    /// PNG's text entries; those of EXIF and JPEG's comment.
    public let text: [String: String]
    /// The most telling prompt that stands in the file or beside it.
    @OrNull public internal(set) var recovered: RecoveredPrompt?
    /// Other prompts that stand there too.
    public let alsoRecovered: [RecoveredPrompt]
    /// What could not be read of the texts.
    public let notes: [String]
    /// Number of the generation in the library that made this very file.
    @OrNull public internal(set) var generation: Int64?
}
