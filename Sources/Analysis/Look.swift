import Encoders
import Pixels

extension Analyzer {
    /// One look at a picture: what the encoder sees in the whole and, where it is wide or tall, in its parts.
    package struct Look: Sendable {
        package let whole: Observation
        let parts: [Embedding]

        /// Where the picture stands: the mean direction of the whole and its parts.
        package let embedding: Embedding

        /// Runs the encoder's image tower over the whole and, where there are any, the parts.
        package init(at image: Image, with encoder: any PictureEncoder) throws {
            self = try Self.looks(at: [image], with: encoder)[0]
        }

        /// One look for each picture, in order; the tower takes all of them, with all their parts, together.
        static func looks(at images: [Image], with encoder: any PictureEncoder) throws -> [Look] {
            let views = images.map(PictureViews.views)
            var observations = try encoder.observe(views.flatMap { $0 })[...]
            return views.map { views in
                let mine = observations.prefix(views.count)
                observations = observations.dropFirst(views.count)
                return Look(whole: mine[mine.startIndex], parts: mine.dropFirst().map(\.embedding))
            }
        }

        package init(whole: Observation, parts: [Embedding] = []) {
            self.whole = whole
            self.parts = parts
            guard !parts.isEmpty else {
                embedding = whole.embedding
                return
            }
            var sum = whole.embedding.values
            for part in parts {
                for index in sum.indices { sum[index] += part.values[index] }
            }
            embedding = Embedding(direction: sum)
        }
    }
}
