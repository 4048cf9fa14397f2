import Tensors

/// Which pixels of a map stand for which in its self-attention: Token Merging (Bolya and Hoffman 2023). Of every square of two by two pixels
/// one stays; of the others those that are most like one that stays are merged into it, and get its answer.
struct TokenMerging: Sendable {
    /// Fewer pixels than this are not worth the finding.
    static let fewest = 2048

    /// How many tokens are left, in every picture of the batch.
    let count: Int
    /// For each picture, where each token's place is among those that are left.
    private let places: [[Int]]

    /// nil where the map is small or nothing is to be merged.
    ///
    /// - Parameters:
    ///   - x: [batch, height * width, channels], by which likeness is judged: the cosine of two tokens.
    ///   - share: of all tokens that are merged into others, 0 to 0.75.
    init?(_ x: Tensor, height: Int, width: Int, share: Double) {
        let all = height * width
        let staying = ((height + 1) / 2) * ((width + 1) / 2)
        let merged = min(all - staying, Int(share * Double(all)))
        guard all >= Self.fewest, merged > 0 else { return nil }
        let targets = (0..<all).filter { $0 / width % 2 == 0 && $0 % width % 2 == 0 }
        let others = (0..<all).filter { $0 / width % 2 == 1 || $0 % width % 2 == 1 }
        count = all - merged
        places = (0..<x.shape[0]).map { picture in
            let tokens = x.sliced(picture..<picture + 1).reshaped([all, x.shape[2]]).l2Normalised()
            let likeness = matmul(tokens.rows(others), tokens.rows(targets), transposed: true)
            return Self.places(likeness, others: others, targets: targets, merged: merged)
        }
    }

    /// - Parameter likeness: [others, targets]
    private static func places(_ likeness: Tensor, others: [Int], targets: [Int], merged: Int) -> [Int] {
        var nearest: [(target: Int, likeness: Float)] = []
        nearest.reserveCapacity(others.count)
        likeness.withUnsafeValues { values in
            for row in others.indices {
                var best = (target: 0, likeness: -Float.infinity)
                for target in targets.indices where values[row * targets.count + target] > best.likeness {
                    best = (target, values[row * targets.count + target])
                }
                nearest.append(best)
            }
        }
        var places = [Int](repeating: 0, count: others.count + targets.count)
        for (place, token) in targets.enumerated() { places[token] = place }
        // Of equally like ones the first is merged first, so that a picture is the same wherever it is made.
        let order = others.indices.sorted { (nearest[$0].likeness, $1) > (nearest[$1].likeness, $0) }
        for index in order.prefix(merged) { places[others[index]] = nearest[index].target }
        for (place, index) in order.dropFirst(merged).sorted().enumerated() { places[others[index]] = targets.count + place }
        return places
    }

    /// The mean of the tokens of each place: [batch, count, channels] of [batch, tokens, channels].
    func merged(_ x: Tensor) -> Tensor {
        let channels = x.shape[2]
        return Tensor(shape: [places.count, count, channels]) { target in
            target.initialize(repeating: 0)
            x.withUnsafeValues { values in
                for (picture, places) in places.enumerated() {
                    var members = [Float](repeating: 0, count: count)
                    for place in places { members[place] += 1 }
                    for (token, place) in places.enumerated() {
                        let from = (picture * places.count + token) * channels
                        let to = (picture * count + place) * channels
                        let part = 1 / members[place]
                        for channel in 0..<channels { target[to + channel] += part * values[from + channel] }
                    }
                }
            }
        }
    }

    /// Each token's answer, that of its place: [batch, tokens, channels] of [batch, count, channels].
    func spread(_ answers: Tensor) -> Tensor {
        let channels = answers.shape[2]
        return Tensor(shape: [places.count, places[0].count, channels]) { target in
            answers.withUnsafeValues { values in
                for (picture, places) in places.enumerated() {
                    for (token, place) in places.enumerated() {
                        let from = values.baseAddress! + (picture * count + place) * channels
                        (target.baseAddress! + (picture * places.count + token) * channels).update(from: from, count: channels)
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// Some rows of a matrix, in this order.
    fileprivate func rows(_ indices: [Int]) -> Tensor {
        let width = shape[1]
        return Tensor(shape: [indices.count, width]) { target in
            withUnsafeValues { values in
                for (place, index) in indices.enumerated() {
                    (target.baseAddress! + place * width).update(from: values.baseAddress! + index * width, count: width)
                }
            }
        }
    }
}
