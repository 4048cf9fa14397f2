/// Tags that speak of the canvas, which the size says already, or of a fault, which nobody wants drawn. They enter a prompt only where a person
/// chose them one by one.
package enum FormatTags {
    /// - Parameter tag: a tag's name, as the vocabulary spells it.
    package static func contains(_ tag: String) -> Bool {
        tag.hasSuffix(" orientation") || tag.hasSuffix(" format") || tag == "blurry"
    }
}
