import Tensors
import TestSupport
import Testing

/// Sums in double precision straight from the definition: slow, and plainly right.
private func plainMatmul(_ a: Tensor, _ b: Tensor, bias: [Float]) -> [Float] {
    let (n, k) = (b.shape[0], b.shape[1])
    let (x, w) = (a.values, b.values)
    return (0..<a.rowCount).flatMap { row in
        (0..<n).map { column in
            Float((0..<k).reduce(Double(bias[column])) { $0 + Double(x[row * k + $1]) * Double(w[column * k + $1]) })
        }
    }
}

private func plainConvolution(_ x: Tensor, _ w: Tensor, bias: [Float], stride: Int, padding: Padding, groups: Int) -> Tensor {
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let (outputs, depth, kh, kw) = (w.shape[0], w.shape[1], w.shape[2], w.shape[3])
    let outHeight = (height + padding.top + padding.bottom - kh) / stride + 1
    let outWidth = (width + padding.left + padding.right - kw) / stride + 1
    let (from, weight) = (x.values, w.values)
    var result: [Float] = []
    for image in 0..<x.shape[0] {
        for y in 0..<outHeight {
            for column in 0..<outWidth {
                for output in 0..<outputs {
                    var sum = Double(bias[output])
                    for ty in 0..<kh {
                        for tx in 0..<kw {
                            let (sy, sx) = (y * stride + ty - padding.top, column * stride + tx - padding.left)
                            guard sy >= 0, sy < height, sx >= 0, sx < width else { continue }
                            for i in 0..<depth {
                                let channel = groups == 1 ? i : output
                                sum +=
                                    Double(from[((image * height + sy) * width + sx) * channels + channel])
                                    * Double(weight[((output * depth + i) * kh + ty) * kw + tx])
                            }
                        }
                    }
                    result.append(Float(sum))
                }
            }
        }
    }
    return Tensor(result, shape: [x.shape[0], outHeight, outWidth, outputs])
}

/// - Parameter seen: how many keys a query of a sequence may look at.
private func plainAttention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, adding bias: AttentionBias? = nil, seen: (Int, Int) -> Int
) -> [Float] {
    let maps = bias?.maps?.values ?? []
    let ownBias = bias?.heads.values ?? []
    let (queries, keys, row) = (q.shape[1], k.shape[1], q.shape[2])
    let width = row / heads
    let (qs, ks, vs) = (q.values, k.values, v.values)
    var result: [Float] = []
    for sequence in 0..<q.shape[0] {
        for query in 0..<queries {
            for head in 0..<heads {
                let used = seen(sequence, query)
                let from = (sequence * queries + query) * row + head * width
                func start(_ key: Int) -> Int { (sequence * keys + key) * row + head * width }
                let map = bias.flatMap { $0.mapOfSequence[sequence % $0.mapOfSequence.count] }
                let scores = (0..<used).map { key in
                    let product = (0..<width).reduce(Float(0)) { $0 + qs[from + $1] * ks[start(key) + $1] } / Float(width).squareRoot()
                    let added = bias == nil ? 0 : ownBias[(head * queries + query) * keys + key]
                    return product + added + (map.map { maps[($0 * queries + query) * keys + key] } ?? 0)
                }
                let weights = Tensor(scores, shape: [used]).softmax().values
                result += (0..<width).map { column in
                    (0..<used).reduce(Float(0)) { $0 + weights[$1] * vs[start($1) + column] }
                }
            }
        }
    }
    return result
}

private func random(_ shape: Shape, _ generator: inout SeededGenerator) -> Tensor {
    Tensor(generator.floats(shape.count), shape: shape)
}

@Test func productsOfAllShapes() {
    var generator = SeededGenerator.announced()
    for index in 0..<120 {
        let large = index % 10 == 0
        let m = Int.random(in: 1...(large ? 300 : 40), using: &generator)
        let n = Int.random(in: 1...(large ? 200 : 70), using: &generator)
        let k = Int.random(in: 1...(large ? 700 : 60), using: &generator)
        let (x, w) = (random([m, k], &generator), random([n, k], &generator))
        let bias = generator.floats(n)
        let expected = plainMatmul(x, w, bias: bias)
        let actual = matmul(x, PackedMatrix(w), bias: Tensor(bias, shape: [n]))
        // Rounding of k products, relative to the largest sum.
        #expect(Agreement(actual.values, expected).relative <= 2e-6, "\(m) by \(n) by \(k)")
        let residual = random([m, n], &generator)
        let finished = matmul(x, PackedMatrix(w), bias: Tensor(bias, shape: [n]), activation: .relu6, adding: residual)
        #expect(finished.shape == [m, n])
        #expect(Agreement(finished.values, (actual.relu6() + residual).values).relative <= 1e-6)
        let unpacked = matmul(x, PackedMatrix(unpacked: w), bias: Tensor(bias, shape: [n]))
        #expect(Agreement(unpacked.values, expected).relative <= 2e-6)
        let plain = matmul(x, w.transposed())
        #expect(Agreement((plain + Tensor(bias, shape: [n])).values, expected).relative <= 2e-6)
    }
}

@Test func convolutionsOfAllShapes() {
    var generator = SeededGenerator.announced()
    for index in 0..<150 {
        let depthwise = index % 2 == 0
        let channels = Int.random(in: 1...40, using: &generator)
        let outputs = depthwise ? channels : Int.random(in: 1...40, using: &generator)
        let (kh, kw) = index % 3 == 0 ? (3, 3) : (Int.random(in: 1...5, using: &generator), Int.random(in: 1...5, using: &generator))
        let padding = Padding(
            top: Int.random(in: 0...2, using: &generator), left: Int.random(in: 0...2, using: &generator),
            bottom: Int.random(in: 0...2, using: &generator), right: Int.random(in: 0...2, using: &generator))
        let stride = index % 3 == 0 ? 1 : Int.random(in: 1...3, using: &generator)
        let x = random(
            [
                Int.random(in: 1...2, using: &generator), Int.random(in: kh...20, using: &generator),
                Int.random(in: kw...20, using: &generator), channels,
            ], &generator)
        let w = random([outputs, depthwise ? 1 : channels, kh, kw], &generator)
        let bias = generator.floats(outputs)
        let groups = depthwise ? channels : 1
        let expected = plainConvolution(x, w, bias: bias, stride: stride, padding: padding, groups: groups)
        let packed = PackedConvolution(w, groups: groups)
        let what: Comment = "\(x.shape) by \(w.shape), stride \(stride), \(padding)"
        let actual = convolution(x, packed, bias: Tensor(bias, shape: [outputs]), stride: stride, padding: padding)
        #expect(actual.shape == expected.shape, what)
        #expect(Agreement(actual.values, expected.values).relative <= 1e-5, what)
        let activation = Activation.allCases.randomElement(using: &generator)!
        let finished = convolution(
            x, packed, bias: Tensor(bias, shape: [outputs]), stride: stride, padding: padding, activation: activation)
        #expect(
            Agreement(finished.values, expected.applying(activation).values).absolute <= 1e-5 * max(1, expected.values.map(abs).max()!),
            what)
    }
}

/// Maps large enough for Winograd's filtering, edges cut in every way.
@Test func largeThreeByThreeConvolutions() {
    var generator = SeededGenerator.announced()
    for index in 0..<12 {
        let inputs = Int.random(in: 16...40, using: &generator)
        // With fewer tiles than outputs, weights that are not kept are transformed a panel at a time.
        let outputs = Int.random(in: 16...(index % 2 == 0 ? 40 : 130), using: &generator)
        let keeps = index % 3 == 0
        let padding = Padding(
            top: Int.random(in: 0...1, using: &generator), left: Int.random(in: 0...1, using: &generator),
            bottom: Int.random(in: 0...1, using: &generator), right: Int.random(in: 0...1, using: &generator))
        let x = random(
            [2, Int.random(in: 13...24, using: &generator), Int.random(in: 13...24, using: &generator), inputs], &generator)
        let w = random([outputs, inputs, 3, 3], &generator)
        let bias = generator.floats(outputs)
        let expected = plainConvolution(x, w, bias: bias, stride: 1, padding: padding, groups: 1)
        let residual = random(expected.shape, &generator)
        for activation in [Activation.none, .relu6, .silu] {
            let actual = convolution(
                x, PackedConvolution(w, keepsTransform: keeps), bias: Tensor(bias, shape: [outputs]), padding: padding,
                activation: activation, adding: residual)
            let wanted = expected.applying(activation) + residual
            // Relative to the convolution's own magnitude: relu6 hides it.
            let error = Agreement(actual.values, wanted.values).absolute / expected.values.map(abs).max()!
            #expect(error <= 1e-5, "\(x.shape) by \(w.shape), \(padding), \(activation)")
        }
    }
}

@Test func attentionOfAllShapes() {
    var generator = SeededGenerator.announced()
    for index in 0..<40 {
        let heads = Int.random(in: 1...4, using: &generator)
        let width = Int.random(in: 1...20, using: &generator)
        let batch = Int.random(in: 1...3, using: &generator)
        let queries = Int.random(in: 1...(index % 8 == 0 ? 300 : 20), using: &generator)
        let keys = Int.random(in: 1...(index % 8 == 0 ? 300 : 20), using: &generator)
        let q = random([batch, queries, heads * width], &generator) * 3
        let k = random([batch, keys, heads * width], &generator) * 3
        let v = random([batch, keys, heads * width], &generator)
        let lengths = (0..<batch).map { _ in Int.random(in: 1...keys, using: &generator) }
        let bias = AttentionBias(
            heads: random([heads, queries, keys], &generator), maps: random([2, queries, keys], &generator) * 4, mapOfSequence: [1, nil, 0])
        for mask in [AttentionMask.none, .lengths(lengths), .causal, .biased(bias)] {
            let actual = attention(q, k, v, heads: heads, mask: mask)
            let isBiased = if case .biased = mask { true } else { false }
            let expected = plainAttention(q, k, v, heads: heads, adding: isBiased ? bias : nil) { sequence, query in
                switch mask {
                case .none, .biased: keys
                case .lengths(let lengths): lengths[sequence]
                case .causal: min(keys, query + 1)
                }
            }
            #expect(Agreement(actual.values, expected).relative <= 5e-6, "\(q.shape) at \(k.shape) in \(heads) heads, biased \(isBiased)")
        }
    }
}

@Test func pooledAndNormalisedRows() {
    let x = Tensor([3, 4, 1, 0, 9, 9, 0, 0, 2, 2, 4, 4], shape: [2, 3, 2])
    #expect(x.meanPooled(lengths: [2, 3]).values == [2, 2, 2, 2])
    let unit = Tensor([3, 4, 0, 0], shape: [2, 2]).l2Normalised().values
    #expect(Agreement(unit, [0.6, 0.8, 0, 0]).absolute < 1e-6)
}

/// The owner of memory that a tensor borrows.
private final class Values: @unchecked Sendable {
    let pointer: UnsafePointer<Float>

    init(_ values: [Float]) {
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: values.count)
        memory.initialize(from: values, count: values.count)
        pointer = UnsafePointer(memory)
    }

    deinit { pointer.deallocate() }
}

@Test func aMappedWeightIsPackedAtItsSecondUseAndItsFileLetGo() {
    var random = SeededGenerator.announced()
    let (rows, inputs, outputs) = (7, 65, 130)
    let x = Tensor(random.floats(rows * inputs), shape: [rows, inputs])
    let numbers = random.floats(outputs * inputs)
    var values: Values? = Values(numbers)
    weak let owner = values
    let weight = PackedMatrix(mapped: Tensor(shape: [outputs, inputs], borrowing: values!.pointer, owner: values!))
    values = nil
    let plain = matmul(x, PackedMatrix(Tensor(numbers, shape: [outputs, inputs]))).values
    // Sums of 65 products of numbers about 1, added in another order.
    #expect(zip(matmul(x, weight).values, plain).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(matmul(x, weight).values == plain)
    #if arch(x86_64)
        #expect(owner == nil, "packed weights need no file")
    #endif
    #expect(matmul(x, weight).values == plain)
}
