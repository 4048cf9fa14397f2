/// The extents of a tensor, outermost first: `[batch, height, width, channels]` for pictures, `[batch, tokens, width]` for text.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    public var dimensions: [Int]

    public init(_ dimensions: [Int]) {
        self.dimensions = dimensions
    }

    public init(arrayLiteral elements: Int...) {
        dimensions = elements
    }

    /// How many dimensions there are.
    public var rank: Int { dimensions.count }

    /// How many elements a tensor of this shape holds; 1 for a shape without dimensions.
    public var count: Int { dimensions.reduce(1, *) }

    /// The extent of a dimension; a negative index counts from the end.
    public subscript(_ index: Int) -> Int {
        dimensions[index < 0 ? dimensions.count + index : index]
    }

    /// This shape with its last dimension replaced.
    public func replacingLast(with extent: Int) -> Shape {
        Shape(dimensions.dropLast() + [extent])
    }

    public var description: String {
        "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
    }
}
