/// What a picture file says of itself.
package struct FileReport: Codable, Sendable {
    package let path: String
    package let sha256: String
    package let width: Int
    package let height: Int
    package let format: String
    /// EXIF's number, 1 to 8: how the stored pixels lie; width and height are those of the upright picture.
    package let orientation: Int
    package let bytes: Int
    /// PNG's text entries; those of EXIF and JPEG's comment.
    package let text: [String: String]
    /// The most telling prompt that stands in the file or beside it.
    @OrNull package internal(set) var recovered: RecoveredEntry?
    /// Other prompts that stand there too.
    package let alsoRecovered: [RecoveredEntry]
    /// What could not be read of the texts.
    package let notes: [String]
    /// Number of the generation in the library that made this very file.
    @OrNull package internal(set) var generation: Int64?
}
