import CKernels

extension Tensor {
    /// Soft-max over the last dimension, of `scale` times the values.
    package func softmax(scale: Float = 1) -> Tensor {
        let width = shape[-1]
        return Tensor(shape: shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withUnsafeValues { from in
                let from = from.baseAddress!
                Parallel.forEachRange(count: rowCount, minimum: max(1, smallestParallelCount / width)) { rows in
                    let out = to + rows.lowerBound * width
                    out.update(from: from + rows.lowerBound * width, count: rows.count * width)
                    rd_softmax_rows(out, rows.count, width, width, scale, nil, Processor.level)
                }
            }
        }
    }

    /// Each row of the last dimension divided by its Euclidean length, as `torch.nn.functional.normalize`: a length below 1e-12 counts as that.
    package func l2Normalised() -> Tensor {
        let width = shape[-1]
        return Tensor(shape: shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withUnsafeValues { from in
                Parallel.forEachRange(count: rowCount, minimum: max(1, smallestParallelCount / width)) { rows in
                    for row in rows {
                        let values = UnsafeBufferPointer(rebasing: from[row * width..<(row + 1) * width])
                        let length = values.reduce(into: 0.0) { $0 += Double($1) * Double($1) }.squareRoot()
                        let factor = Float(1 / max(length, 1e-12))
                        for column in 0..<width {
                            to[row * width + column] = values[column] * factor
                        }
                    }
                }
            }
        }
    }

    /// The mean of token states `[batch, tokens, width]` over the tokens that count, as sentence-transformers pools.
    ///
    /// - Parameter lengths: how many leading tokens of each sequence count.
    package func meanPooled(lengths: [Int]) -> Tensor {
        precondition(shape.rank == 3 && lengths.count == shape[0], "\(lengths.count) lengths for states of shape \(shape)")
        let (tokens, width) = (shape[1], shape[2])
        return Tensor(shape: [shape[0], width]) { target in
            target.initialize(repeating: 0)
            withUnsafeValues { from in
                for (sequence, length) in lengths.enumerated() {
                    for token in 0..<min(length, tokens) {
                        let row = (sequence * tokens + token) * width
                        for column in 0..<width {
                            target[sequence * width + column] += from[row + column]
                        }
                    }
                    for column in 0..<width {
                        target[sequence * width + column] /= Float(max(length, 1))
                    }
                }
            }
        }
    }
}

/// LayerNorm over the last dimension (torch's: the biased variance).
package func layerNorm(_ x: Tensor, weight: Tensor?, bias: Tensor?, epsilon: Float = 1e-5) -> Tensor {
    let width = x.shape[-1]
    precondition((weight?.count ?? width) == width && (bias?.count ?? width) == width, "a layer norm of another width than \(x.shape)")
    return Tensor(shape: x.shape) { target in
        guard let to = target.baseAddress, target.count > 0 else { return }
        withExtendedLifetime((x, weight, bias)) {
            let (from, weight, bias) = (x.pointer, weight?.pointer, bias?.pointer)
            Parallel.forEachRange(count: x.rowCount, minimum: max(1, smallestParallelCount / width)) { rows in
                rd_layer_norm_rows(
                    from + rows.lowerBound * width, to + rows.lowerBound * width, rows.count, width, weight, bias, epsilon,
                    Processor.level)
            }
        }
    }
}

/// GroupNorm of `[batch, …, channels]` (torch's, over channels-last memory), with an activation behind it.
package func groupNorm(
    _ x: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, epsilon: Float = 1e-5, activation: Activation = .none
) -> Tensor {
    x.scaled(groupScales(x, groups: groups, weight: weight, bias: bias, epsilon: epsilon), activation)
}

/// What a GroupNorm does to each channel of each picture of `[batch, …, channels]`.
package func groupScales(_ x: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, epsilon: Float = 1e-5) -> [ChannelScale] {
    let channels = x.shape[-1]
    let batch = x.shape[0]
    precondition(groups > 0 && channels % groups == 0, "\(channels) channels do not split into \(groups) groups")
    precondition(
        (weight?.count ?? channels) == channels && (bias?.count ?? channels) == channels, "a group norm of another width than \(x.shape)")
    let pixels = x.count / max(1, batch * channels)
    guard pixels > 0 else { return [] }
    return withExtendedLifetime((x, weight, bias)) {
        (0..<batch).map { picture in
            groupScale(
                x.pointer + picture * pixels * channels, pixels: pixels, channels: channels, groups: groups, weight?.pointer, bias?.pointer,
                epsilon: epsilon)
        }
    }
}

/// The factor and the addend of each channel that normalise one picture's groups.
///
/// The moments are taken about each channel's first value, in blocks whose partial sums meet in double precision, so that neither a large
/// mean nor a large map costs digits.
private func groupScale(
    _ from: UnsafePointer<Float>, pixels: Int, channels: Int, groups: Int, _ weight: UnsafePointer<Float>?, _ bias: UnsafePointer<Float>?,
    epsilon: Float
) -> ChannelScale {
    let block = max(1, smallestParallelCount / channels)
    let blocks = (pixels + block - 1) / block
    var partial = [Float](repeating: 0, count: blocks * 2 * channels)
    partial.withUnsafeMutableBufferPointer { partial in
        let sums = partial.baseAddress!
        Parallel.forEach(count: blocks) { index in
            let begin = index * block
            let sum = sums + index * 2 * channels
            rd_channel_moments(
                from + begin * channels, min(block, pixels - begin), channels, from, sum, sum + channels, Processor.level)
        }
    }
    var scale = [Float](repeating: 0, count: channels)
    var shift = scale
    let size = channels / groups
    let count = Double(pixels)
    for group in 0..<groups {
        let members = group * size..<(group + 1) * size
        var means: [Double] = []
        var within = 0.0
        for channel in members {
            var sum = 0.0
            var squares = 0.0
            for index in 0..<blocks {
                sum += Double(partial[index * 2 * channels + channel])
                squares += Double(partial[index * 2 * channels + channels + channel])
            }
            means.append(Double(from[channel]) + sum / count)
            within += squares - sum * sum / count
        }
        let mean = means.reduce(0, +) / Double(size)
        let between = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } * count
        let inverse = 1 / (max(0, within + between) / (count * Double(size)) + Double(epsilon)).squareRoot()
        for channel in members {
            let factor = Double(weight?[channel] ?? 1) * inverse
            scale[channel] = Float(factor)
            shift[channel] = Float(Double(bias?[channel] ?? 0) - mean * factor)
        }
    }
    return ChannelScale(scale: scale, shift: shift)
}
