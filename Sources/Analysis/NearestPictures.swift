import Encoders
import Tensors

/// The pictures whose embeddings lie nearest to a given one: an exact scan over all that it is shown, which keeps the best.
package struct NearestPictures {
    /// A picture by its number in the library, and its cosine with the one that was asked for.
    package struct Neighbour: Sendable, Hashable {
        package let picture: Int64
        /// From -1 to 1.
        package let cosine: Float
    }

    private let query: Embedding
    private let column: Tensor
    private let count: Int
    private let excluded: Int64?
    /// Sorted, the nearest first; at most `count`.
    package private(set) var neighbours: [Neighbour] = []

    /// - Parameters:
    ///   - query: of length 1.
    ///   - count: how many are kept, at least 1.
    ///   - excluded: a picture that is not wanted among them: the one that is asked about.
    package init(to query: Embedding, count: Int, excluding excluded: Int64? = nil) {
        precondition(count >= 1, "at least one neighbour is wanted, not \(count)")
        self.query = query
        self.count = count
        self.excluded = excluded
        column = Tensor(query.values, shape: [1, query.dimension])
    }

    /// Looks at some more pictures.
    ///
    /// - Parameter halves: half-precision embeddings behind each other, little-endian, as many as there are pictures.
    package mutating func scan(_ pictures: [Int64], halves: UnsafeRawBufferPointer) {
        let dimension = query.dimension
        precondition(halves.count == pictures.count * dimension * 2, "\(halves.count) bytes for \(pictures.count) rows of \(dimension)")
        guard let base = halves.baseAddress, !pictures.isEmpty else { return }
        let rows = Tensor(shape: [pictures.count, dimension]) { target in
            guard let to = target.baseAddress else { return }
            Conversion.half(base, to: to, count: target.count)
        }
        let cosines = matmul(column, rows, transposed: true)
        cosines.withUnsafeValues { cosines in
            for (index, cosine) in cosines.enumerated() where pictures[index] != excluded && cosine.isFinite {
                take(Neighbour(picture: pictures[index], cosine: min(max(cosine, -1), 1)))
            }
        }
    }

    private mutating func take(_ neighbour: Neighbour) {
        if neighbours.count == count {
            guard let worst = neighbours.last, Self.isNearer(neighbour, worst) else { return }
            neighbours.removeLast()
        }
        let place = neighbours.firstIndex { Self.isNearer(neighbour, $0) } ?? neighbours.count
        neighbours.insert(neighbour, at: place)
    }

    /// Of two equally near the one that was kept first is the nearer, so that a scan gives the same answer every time.
    private static func isNearer(_ one: Neighbour, _ other: Neighbour) -> Bool {
        one.cosine == other.cosine ? one.picture < other.picture : one.cosine > other.cosine
    }
}

extension Embedding {
    /// IEEE half precision, little-endian, two bytes a number: how libraries keep it.
    package var halves: [UInt8] {
        var numbers = [UInt16](repeating: 0, count: values.count)
        values.withUnsafeBufferPointer { source in
            numbers.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                Conversion.toHalf(from, to: to, count: values.count)
            }
        }
        return numbers.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    /// The direction that ``halves`` keeps.
    ///
    /// - Parameter halves: an even number of bytes.
    package init(halves: [UInt8]) {
        var values = [Float](repeating: 0, count: halves.count / 2)
        halves.withUnsafeBytes { source in
            values.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                Conversion.half(from, to: to, count: target.count)
            }
        }
        self.init(direction: values)
    }
}
