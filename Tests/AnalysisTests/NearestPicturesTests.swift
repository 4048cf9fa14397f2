import Analysis
import Encoders
import TestSupport
import Testing

@Suite struct NearestPicturesTests {
    @Test func theScanIsExactWhateverItsPieces() throws {
        var random = SeededGenerator.announced()
        for (rows, dimension) in [(1, 3), (37, 16), (500, 48)] {
            let all = (0..<rows).map { _ in Embedding(direction: random.floats(dimension)) }
            let query = Embedding(direction: random.floats(dimension))
            let cosines = all.map { query.cosine($0) }
            let expected = cosines.sorted(by: >)
            for (piece, count) in [(rows, 5), (7, 5), (1, rows + 3)] {
                var nearest = NearestPictures(to: query, count: count)
                for start in stride(from: 0, to: rows, by: piece) {
                    let part = start..<min(start + piece, rows)
                    let halves = part.flatMap { all[$0].halves }
                    halves.withUnsafeBytes { nearest.scan(part.map { Int64($0) }, halves: $0) }
                }
                let found = nearest.neighbours
                #expect(found.count == min(rows, count))
                #expect(Set(found.map(\.picture)).count == found.count)
                #expect(zip(found, found.dropFirst()).allSatisfy { $0.cosine >= $1.cosine })
                // Half precision keeps 11 bits: a row of length 1 is off by 5e-4 at most, which may swap two that are nearly as near.
                for (neighbour, cosine) in zip(found, expected) {
                    #expect(abs(neighbour.cosine - cosines[Int(neighbour.picture)]) < 1e-3)
                    #expect(abs(neighbour.cosine - cosine) < 1e-3)
                }
            }
        }
    }

    @Test func thePictureItselfIsLeftOutAndTiesGoToTheFirst() {
        let embedding = Embedding(direction: [1, 2, 3])
        var nearest = NearestPictures(to: embedding, count: 2, excluding: 8)
        let halves = embedding.halves + embedding.halves + embedding.halves + embedding.halves
        halves.withUnsafeBytes { nearest.scan([9, 8, 4, 6], halves: $0) }
        #expect(nearest.neighbours.map(\.picture) == [4, 6])
        #expect(nearest.neighbours.allSatisfy { $0.cosine > 0.999 && $0.cosine <= 1 })
    }
}
