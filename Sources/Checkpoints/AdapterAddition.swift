import Tensors

/// A module's change, read and computed when the weight is.
struct AdapterAddition: WeightAddition {
    let file: SafetensorsFile
    let change: AdapterLayer.Change
    /// alpha over rank.
    let scale: Float
    /// What the person asked for.
    let multiplier: Float
    /// Only so many ranks count.
    let ranks: Int?
    /// Of a weight that is decomposed (DoRA): the length of each of its rows or columns.
    let magnitude: String?

    func added(to weight: Tensor) throws(CheckpointError) -> Tensor {
        // Its multiplier counts in every round.
        if let butterfly = try butterfly() { return butterfly.turned(weight, multiplier: multiplier) }
        let difference = try difference(of: weight)
        guard let magnitude else { return weight.scaled(by: 1, adding: difference, scaledBy: scale * multiplier) }
        let merged = weight.scaled(by: 1, adding: difference, scaledBy: scale)
        return weight.scaled(by: 1 - multiplier, adding: try decomposed(merged, magnitude), scaledBy: multiplier)
    }

    /// What in the file does not fit a weight of that shape, in words; nil where all does. Only shapes are looked at.
    func problem(with weight: Shape) throws(CheckpointError) -> String? {
        let name = change.mainTensor
        let found = try file.shape(of: name)
        let outputs = weight.dimensions.first ?? 1
        let inputs = weight.count / max(outputs, 1)
        let fits: Bool
        switch change {
        case .lowRank(let down, let up, let mid):
            let (down, up) = (try file.shape(of: down), try file.shape(of: up))
            let rank = down.dimensions.first ?? 0
            if let mid {
                let core = try file.shape(of: mid)
                fits =
                    core.rank == 4 && up.dimensions.first == outputs && core[0] > 0 && times(core[0], outputs) == up.count
                    && core[1] == rank && rank > 0 && rank <= Self.mostInnerRanks && times(down.count / rank, core[2], core[3]) == inputs
            } else {
                fits =
                    rank > 0 && down.count == times(rank, inputs) && up.dimensions.first == outputs && up.count == times(outputs, rank)
            }
        case .factors(_, let onInput): fits = found.count == (try file.tensor(onInput).values.first != 0 ? inputs : outputs)
        case .difference: fits = found.count == weight.count
        case .rotation(_, let limit, let rescale):
            if let problem = try problem(withLimit: limit) { return problem }
            let factors = try count(rescale) ?? outputs
            fits =
                found.rank == 3 && found[1] == found[2] && (1...AdapterRotation.largestBlock).contains(found[1])
                && times(found[0], found[1]) == outputs && weight.rank > 1 && factors == outputs
        case .butterfly(_, let side, let limit, let rescale):
            if let problem = try problem(withLimit: limit) { return problem }
            let factors = try count(rescale) ?? outputs
            fits = factors == outputs && AdapterButterfly.fits(found, side, weight: weight)
        // Before anything is multiplied: a product is as large as its parts say.
        case .hadamard(let w1a, let w1b, let w2a, let w2b, let cores):
            let left = try productSize(w1a, w1b, core: cores?[0])
            let right = try productSize(w2a, w2b, core: cores?[1])
            fits = weight.rank >= 2 && left.map { $0.count } == weight.count && right.map { $0.count } == weight.count
        case .kronecker(let left, let right, let core):
            let first = try factorSize(left, core: nil)
            let second = try factorSize(right, core: core)
            let isFlat = left.count == 2 ? true : try file.shape(of: left[0]).rank == 2
            let kernel = weight.rank == 4 ? weight[2] * weight[3] : 1
            if weight.rank >= 2, isFlat, let first, let second, first.count > 0, second.count > 0,
                times(first.outputs, second.outputs) == outputs, times(first.count, second.count) == weight.count
            {
                fits = second.count % (second.outputs * kernel) == 0
            } else {
                fits = false
            }
        }
        if let magnitude, try !lengthsFit(file.shape(of: magnitude), weight) {
            return "\(magnitude) of shape \(try file.shape(of: magnitude))"
        }
        return fits ? nil : "\(name) of shape \(found), for a weight of shape \(weight)"
    }

    private func problem(withLimit name: String?) throws(CheckpointError) -> String? {
        guard let name, try file.tensor(name).values.first?.isFinite != true else { return nil }
        return "\(name) (which is no number)"
    }

    private func count(_ name: String?) throws(CheckpointError) -> Int? {
        guard let name else { return nil }
        return try file.shape(of: name).count
    }

    private func butterfly() throws(CheckpointError) -> AdapterButterfly? {
        guard case .butterfly(let name, let side, let limit, let rescale) = change else { return nil }
        return AdapterButterfly(
            blocks: try read(name), side: side, constraint: try limit.map(read)?.values.first ?? 0, rescale: try rescale.map(read))
    }

    /// Ranks on a core's inner side, over which the product on the way is larger than the weight.
    private static let mostInnerRanks = 4_096

    /// Outputs and numbers in all of what `product` makes of two tensors; nil where they do not go together.
    private func productSize(_ left: String, _ right: String, core: String?) throws(CheckpointError) -> (outputs: Int, count: Int)? {
        let (left, right) = (try file.shape(of: left), try file.shape(of: right))
        guard let rank = right.dimensions.first, rank > 0, left.rank > 0, left[0] > 0 else { return nil }
        guard let core = try core.map({ name throws(CheckpointError) in try file.shape(of: name) }) else {
            guard left.count == times(left[0], rank), let count = times(left[0], right.count / rank) else { return nil }
            return (left[0], count)
        }
        guard core.rank == 4, left.rank == 2, right.rank == 2, core[0] == left[0], core[1] == rank, rank <= Self.mostInnerRanks,
            let count = times(left[1], right[1], core[2], core[3])
        else { return nil }
        return (left[1], count)
    }

    private func factorSize(_ names: [String], core: String?) throws(CheckpointError) -> (outputs: Int, count: Int)? {
        if names.count == 2 { return try productSize(names[0], names[1], core: core) }
        let shape = try file.shape(of: names[0])
        return shape.rank >= 2 ? (shape[0], shape.count) : nil
    }

    /// Nil where it is no number that an Int holds.
    private func times(_ numbers: Int...) -> Int? {
        numbers.reduce(1) { product, number in
            guard let (value, overflow) = product?.multipliedReportingOverflow(by: number), !overflow else { return nil }
            return value
        }
    }

    private func lengthsFit(_ lengths: Shape, _ weight: Shape) -> Bool {
        lengths.count == weight.dimensions.first || (weight.rank > 1 && lengths.count == weight[1] && lengths.dimensions.first == 1)
    }

    /// The change in the weight's shape, neither alpha nor multiplier in it.
    ///
    /// - Throws: `CheckpointError.unfitAdapter` where the shapes do not multiply to the weight's.
    func difference(of weight: Tensor) throws(CheckpointError) -> Tensor {
        let made: Tensor
        switch change {
        case .lowRank(let down, let up, let mid): made = try lowRank(try read(down), try read(up), try mid.map(read), weight)
        case .hadamard(let w1a, let w1b, let w2a, let w2b, let cores):
            let left = try product(
                try read(w1a), try read(w1b), core: try cores.map { names throws(CheckpointError) in try read(names[0]) }, weight)
            let right = try product(
                try read(w2a), try read(w2b), core: try cores.map { names throws(CheckpointError) in try read(names[1]) }, weight)
            guard left.count == right.count else { throw unfit(weight) }
            made = Tensor(shape: left.shape) { target in
                left.withUnsafeValues { left in
                    right.withUnsafeValues { right in for index in target.indices { target[index] = left[index] * right[index] } }
                }
            }
        case .kronecker(let left, let right, let core): made = try kronecker(left, right, core, weight)
        case .factors(let name, let onInput):
            let factors = try read(name)
            let isOnInput = try file.tensor(onInput).values.first != 0
            let outputs = weight.shape[0]
            let inputs = weight.count / outputs
            guard factors.count == (isOnInput ? inputs : outputs) else { throw unfit(weight) }
            made = Tensor(shape: weight.shape) { target in
                weight.withUnsafeValues { weight in
                    factors.withUnsafeValues { factors in
                        for index in target.indices { target[index] = weight[index] * factors[isOnInput ? index % inputs : index / inputs] }
                    }
                }
            }
        case .difference(let name): made = try read(name)
        case .rotation(let name, let limit, let rescale):
            made = AdapterRotation(
                blocks: try read(name), constraint: try limit.map(read)?.values.first ?? 0, rescale: try rescale.map(read)
            ).difference(of: weight)
        case .butterfly: made = try butterfly().map { $0.turned(weight, multiplier: 1) - weight } ?? weight
        }
        guard made.count == weight.count else { throw unfit(weight) }
        return made.reshaped(weight.shape)
    }

    private func read(_ name: String) throws(CheckpointError) -> Tensor {
        let tensor = try file.tensor(name)
        guard tensor.isFinite else { throw .notFinite(name, file: file.path) }
        return tensor
    }

    private func unfit(_ weight: Tensor) -> CheckpointError {
        let name = change.mainTensor
        return .unfitAdapter(name, found: (try? file.shape(of: name)) ?? [], weight: weight.shape, file: file.path)
    }

    private func lowRank(_ down: Tensor, _ up: Tensor, _ mid: Tensor?, _ weight: Tensor) throws(CheckpointError) -> Tensor {
        guard let mid else { return try product(up, down, core: nil, weight) }
        let (rank, inputRank) = (
            up.shape.dimensions.last.map { _ in up.count / max(up.shape[0], 1) } ?? 0, down.shape.dimensions.first ?? 0
        )
        guard mid.shape.rank == 4, mid.shape[0] == rank, mid.shape[1] == inputRank, rank > 0, inputRank > 0 else { throw unfit(weight) }
        return composed(
            left: up.reshaped([up.shape[0], rank]), core: mid, right: down.reshaped([inputRank, down.count / inputRank]))
    }

    /// [outputs, rank] · [rank, …]; with a core, [rank, outputs] and [rank, inputs] around it, as LyCORIS stores those.
    private func product(_ left: Tensor, _ right: Tensor, core: Tensor?, _ weight: Tensor) throws(CheckpointError) -> Tensor {
        if let core {
            guard core.shape.rank == 4, left.shape.rank == 2, right.shape.rank == 2, core.shape[0] == left.shape[0],
                core.shape[1] == right.shape[0]
            else { throw unfit(weight) }
            return composed(left: left.transposed(), core: core, right: right)
        }
        let rank = right.shape.dimensions.first ?? 0
        guard rank > 0, left.shape.rank > 0, left.shape[0] > 0, left.count == left.shape[0] * rank else { throw unfit(weight) }
        let (outputs, inputs) = (left.shape[0], right.count / rank)
        var (left, right) = (left.reshaped([outputs, rank]), right.reshaped([rank, inputs]))
        if let ranks, ranks < rank {
            left = left.sliced(0..<ranks, axis: 1)
            right = right.sliced(0..<ranks)
        }
        return matmul(left, right)
    }

    /// left [outputs, n], core [n, m, height, width], right [m, inputs]: [outputs, inputs, height, width].
    private func composed(left: Tensor, core: Tensor, right: Tensor) -> Tensor {
        let (n, m, height, width) = (core.shape[0], core.shape[1], core.shape[2], core.shape[3])
        let (outputs, inputs) = (left.shape[0], right.shape[1])
        let first = matmul(left, core.reshaped([n, m * height * width])).reshaped([outputs, m, height * width])
        // The core's inner dimension comes last for the second product, and back.
        let turned = first.permuted([0, 2, 1]).reshaped([outputs * height * width, m])
        return matmul(turned, right).reshaped([outputs, height * width, inputs]).permuted([0, 2, 1]).reshaped([
            outputs, inputs, height, width,
        ])
    }

    private func kronecker(_ left: [String], _ right: [String], _ core: String?, _ weight: Tensor) throws(CheckpointError) -> Tensor {
        let first = left.count == 1 ? try read(left[0]) : try product(try read(left[0]), try read(left[1]), core: nil, weight)
        let second: Tensor =
            if right.count == 1 { try read(right[0]) } else {
                try product(try read(right[0]), try read(right[1]), core: try core.map(read), weight)
            }
        guard first.shape.rank == 2, second.shape.rank >= 2, first.count > 0, second.count > 0 else { throw unfit(weight) }
        let (a, b, c) = (first.shape[0], first.shape[1], second.shape[0])
        // A convolution's second factor may be stored flat; its inputs are what the weight has of them.
        let kernel = weight.shape.rank == 4 ? weight.shape[2] * weight.shape[3] : 1
        guard second.count % (c * kernel) == 0 else { throw unfit(weight) }
        let d = second.count / (c * kernel)
        guard a * c == weight.shape[0], a * c * b * d * kernel == weight.count else { throw unfit(weight) }
        return Tensor(shape: [a * c, b * d * kernel]) { target in
            first.withUnsafeValues { first in
                second.withUnsafeValues { second in
                    var index = 0
                    for i in 0..<a {
                        for k in 0..<c {
                            for j in 0..<b {
                                let factor = first[i * b + j]
                                for l in 0..<d * kernel {
                                    target[index] = factor * second[k * d * kernel + l]
                                    index += 1
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Each row (or column) brought to the length that was trained for it. A row is all that makes an output.
    private func decomposed(_ merged: Tensor, _ name: String) throws(CheckpointError) -> Tensor {
        let lengths = try read(name)
        let outputs = merged.shape[0]
        let inputs = merged.shape.rank > 1 ? merged.shape[1] : 1
        let kernel = merged.count / (outputs * inputs)
        // peft's are of the outputs, though a convolution's begin with a 1. Else [1, inputs] means columns, [outputs] and [outputs, 1] rows;
        // where only one of the numbers fits, that one.
        let isOfOutputs = name.contains("lora_magnitude_vector")
        let isByInput = !isOfOutputs && lengths.shape.rank > 1 && lengths.shape[0] == 1 && lengths.count == inputs
        guard lengths.count == (isByInput ? inputs : outputs) else {
            throw .unfitAdapter(name, found: lengths.shape, weight: merged.shape, file: file.path)
        }
        func group(_ index: Int) -> Int { isByInput ? index / kernel % inputs : index / (inputs * kernel) }
        var squares = [Double](repeating: 0, count: lengths.count)
        merged.withUnsafeValues { values in
            for index in values.indices { squares[group(index)] += Double(values[index]) * Double(values[index]) }
        }
        let factors = zip(lengths.values, squares).map { $1 > 0 ? $0 / Float($1.squareRoot()) : 0 }
        return Tensor(shape: merged.shape) { target in
            merged.withUnsafeValues { values in for index in target.indices { target[index] = values[index] * factors[group(index)] } }
        }
    }
}
