/// Where a stored tensor stands in the layout that readers ask for.
package struct TensorPlace: Sendable, Equatable {
    package var name: String
    /// Which of `parts` equal parts of the stored rows it is, such as the queries of a fused projection.
    package var part: Int
    package var parts: Int
    /// The stored matrix is the transposed of the one that is asked for.
    package var isTransposed: Bool

    package init(_ name: String, part: Int = 0, of parts: Int = 1, transposed: Bool = false) {
        (self.name, self.part, self.parts, isTransposed) = (name, part, parts, transposed)
    }
}
