/// Sizes that a model draws well.
package struct SizesReport: Codable, Sendable {
    /// In pixels.
    package struct Size: Codable, Sendable {
        package let width: Int
        package let height: Int
    }

    package let multiple: Int
    package let min: Int
    package let max: Int
    package let native: [Size]
}
