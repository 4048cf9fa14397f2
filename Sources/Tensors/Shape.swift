/// The extents of a tensor, outermost first: `[batch, height, width, channels]` for pictures, `[batch, tokens, width]` for text.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    package var dimensions: [Int]

    package init(_ dimensions: [Int]) {
        self.dimensions = dimensions
    }

    package init(arrayLiteral elements: Int...) {
        dimensions = elements
    }

    /// How many dimensions there are.
    package var rank: Int { dimensions.count }

    /// How many elements a tensor of this shape holds; 1 for a shape without dimensions.
    package var count: Int { dimensions.reduce(1, *) }

    /// The extent of a dimension; a negative index counts from the end.
    package subscript(_ index: Int) -> Int {
        dimensions[index < 0 ? dimensions.count + index : index]
    }

    /// This shape with its last dimension replaced.
    package func replacingLast(with extent: Int) -> Shape {
        Shape(dimensions.dropLast() + [extent])
    }

    package var description: String {
        "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
    }
}
