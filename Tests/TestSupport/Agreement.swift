/// How far two lists of numbers are apart.
package struct Agreement: Sendable, CustomStringConvertible {
    /// Largest |actual - expected|.
    package let absolute: Float
    /// `absolute` over the largest |expected|: an error relative to the magnitude of the whole, so values near zero do not dominate.
    package let relative: Float
    /// Where the largest difference stands.
    package let index: Int

    /// Infinite where the lengths differ or a value is not finite.
    package init(_ actual: [Float], _ expected: [Float]) {
        guard actual.count == expected.count else {
            (absolute, relative, index) = (.infinity, .infinity, -1)
            return
        }
        var worst: Float = 0
        var magnitude: Float = 0
        var position = 0
        for i in actual.indices {
            let difference = abs(actual[i] - expected[i])
            if !(difference <= worst) {
                worst = difference.isNaN ? .infinity : difference
                position = i
            }
            magnitude = max(magnitude, abs(expected[i]))
        }
        absolute = worst
        relative = worst == 0 ? 0 : worst / magnitude
        index = position
    }

    package var description: String { "largest difference \(absolute) (relative \(relative)) at \(index)" }
}
