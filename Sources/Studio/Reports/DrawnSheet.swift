/// A sheet that was written as one picture.
package struct DrawnSheet: Codable, Sendable {
    package let sheet: SheetReport
    package let file: String
    /// Where its pictures are smaller than was asked for, their longer side in pixels: a larger sheet is not made.
    package internal(set) var shrunkTo: Int?

    private enum CodingKeys: String, CodingKey {
        case sheet, file
    }
}
