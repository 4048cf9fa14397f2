private let half: Int32 = 1 << (ResamplingWeights.fractionBits - 1)

@inline(__always)
private func clipped(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum &>> ResamplingWeights.fractionBits, 0), 255))
}

extension Image {
    /// `rows` of the picture, each resampled to `width` columns.
    func resampledColumns(rows: Range<Int>, weights: ResamplingWeights, width: Int) -> Image {
        let channels = self.channels
        let inputWidth = self.width
        return bytes.withUnsafeBufferPointer { source in
            weights.weights.withUnsafeBufferPointer { kernels in
                Image(width: width, height: rows.count, channels: channels) { target in
                    nonisolated(unsafe) let (input, output, kernels) = (source.baseAddress!, target, kernels.baseAddress!)
                    inChunks(of: rows.count, work: rows.count * inputWidth * channels) { chunk in
                        for y in chunk {
                            let from = input + (rows.lowerBound + y) * inputWidth * channels
                            let to = output + y * width * channels
                            switch channels {
                            case 1: resampleGreyRow(from, to, weights, kernels)
                            case 3: resampleColourRow(from, to, weights, kernels)
                            default: resampleAlphaRow(from, to, weights, kernels)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Every column resampled to `height` rows. The picture's first row is row `offset` of what the weights count in.
    func resampledRows(weights: ResamplingWeights, height: Int, offset: Int) -> Image {
        let rowBytes = width * channels
        return bytes.withUnsafeBufferPointer { source in
            weights.weights.withUnsafeBufferPointer { kernels in
                Image(width: width, height: height, channels: channels) { target in
                    nonisolated(unsafe) let (input, output, kernels) = (source.baseAddress!, target, kernels.baseAddress!)
                    inChunks(of: height, work: height * rowBytes * weights.stride) { chunk in
                        for y in chunk {
                            resampleRow(
                                input + (weights.first[y] - offset) * rowBytes, output + y * rowBytes, count: rowBytes,
                                kernel: kernels + y * weights.stride, taps: weights.count[y])
                        }
                    }
                }
            }
        }
    }
}

@inline(__always)
private func product(_ sample: UInt8, _ weight: Int32) -> Int32 { Int32(truncatingIfNeeded: sample) &* weight }

private func resampleGreyRow(
    _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ weights: ResamplingWeights, _ kernels: UnsafePointer<Int32>
) {
    for x in 0..<weights.first.count {
        let kernel = kernels + x &* weights.stride
        let pixel = input + weights.first[x]
        var sum = half
        for i in 0..<weights.count[x] { sum &+= product(pixel[i], kernel[i]) }
        output[x] = clipped(sum)
    }
}

private func resampleColourRow(
    _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ weights: ResamplingWeights, _ kernels: UnsafePointer<Int32>
) {
    for x in 0..<weights.first.count {
        let kernel = kernels + x &* weights.stride
        var pixel = input + weights.first[x] &* 3
        var (red, green, blue) = (half, half, half)
        for i in 0..<weights.count[x] {
            let weight = kernel[i]
            red &+= product(pixel[0], weight)
            green &+= product(pixel[1], weight)
            blue &+= product(pixel[2], weight)
            pixel += 3
        }
        output[x &* 3] = clipped(red)
        output[x &* 3 &+ 1] = clipped(green)
        output[x &* 3 &+ 2] = clipped(blue)
    }
}

private func resampleAlphaRow(
    _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ weights: ResamplingWeights, _ kernels: UnsafePointer<Int32>
) {
    for x in 0..<weights.first.count {
        let kernel = kernels + x &* weights.stride
        var pixel = input + weights.first[x] &* 4
        var (red, green, blue, alpha) = (half, half, half, half)
        for i in 0..<weights.count[x] {
            let weight = kernel[i]
            red &+= product(pixel[0], weight)
            green &+= product(pixel[1], weight)
            blue &+= product(pixel[2], weight)
            alpha &+= product(pixel[3], weight)
            pixel += 4
        }
        output[x &* 4] = clipped(red)
        output[x &* 4 &+ 1] = clipped(green)
        output[x &* 4 &+ 2] = clipped(blue)
        output[x &* 4 &+ 3] = clipped(alpha)
    }
}

/// One output row: the weighted sum of `taps` input rows that lie `count` bytes apart.
private func resampleRow(
    _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, count: Int, kernel: UnsafePointer<Int32>, taps: Int
) {
    typealias Sums = SIMD16<Int32>
    let lanes = Sums.scalarCount
    var x = 0
    while x &+ lanes <= count {
        // Sixteen sums stay in registers while the rows go by.
        var sums = Sums(repeating: half)
        var row = UnsafeRawPointer(input + x)
        for i in 0..<taps {
            let samples = row.loadUnaligned(as: SIMD16<UInt8>.self)
            sums &+= Sums(truncatingIfNeeded: samples) &* kernel[i]
            row += count
        }
        let shifted = (sums &>> ResamplingWeights.fractionBits).clamped(lowerBound: Sums(repeating: 0), upperBound: Sums(repeating: 255))
        UnsafeMutableRawPointer(output + x).storeBytes(of: SIMD16<UInt8>(truncatingIfNeeded: shifted), as: SIMD16<UInt8>.self)
        x &+= lanes
    }
    while x < count {
        var sum = half
        for i in 0..<taps { sum &+= product(input[i &* count &+ x], kernel[i]) }
        output[x] = clipped(sum)
        x &+= 1
    }
}
