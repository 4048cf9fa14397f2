import CKernels

/// How many zeros stand around a map before a convolution.
package struct Padding: Sendable, Hashable, ExpressibleByIntegerLiteral {
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int

    package init(top: Int, left: Int, bottom: Int, right: Int) {
        (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
    }

    /// The same on all four sides.
    package init(_ all: Int) {
        self.init(top: all, left: all, bottom: all, right: all)
    }

    package init(integerLiteral value: Int) {
        self.init(value)
    }
}

/// A convolution's weights, packed once for the kernel that will use them.
package struct PackedConvolution: Sendable {
    package let outputs: Int
    package let inputs: Int
    package let kernelHeight: Int
    package let kernelWidth: Int
    let form: Form

    enum Form: Sendable {
        /// `[outputs, kernelHeight * kernelWidth * inputs]`, channels innermost as in the maps.
        case dense(PackedMatrix, FastConvolution?)
        /// `[kernelHeight * kernelWidth, channels]`.
        case depthwise(Tensor)
    }

    /// - Parameters:
    ///   - weight: torch's layout, `[outputs, inputs / groups, height, width]`.
    ///   - groups: 1, or as many as there are channels (depthwise).
    ///   - format: how the numbers of a dense convolution are held and multiplied; in bfloat16 where bytes are asked for.
    ///   - keepsTransform: what a fast algorithm makes of the weights is kept for the next call; it takes up to four times their memory.
    ///     Not worth it for a layer that works once on a large map.
    ///   - inBytes: where it multiplies in bfloat16, its weights are held in one byte a number, unless it is thin.
    package init(
        _ weight: Tensor, groups: Int = 1, format: WeightFormat = .f32, keepsTransform: Bool = true, inBytes: Bool = false
    ) {
        self.init(.floats(weight), groups: groups, format: format, keepsTransform: keepsTransform, inBytes: inBytes)
    }

    /// The same of a weight that lies in a file: what is packed has the same bytes as by way of floats.
    package init(_ weight: HalfWeight, groups: Int, format: WeightFormat, keepsTransform: Bool, inBytes: Bool = false) {
        self.init(.halves(weight), groups: groups, format: format, keepsTransform: keepsTransform, inBytes: inBytes)
    }

    /// A dense one in pairs of bfloat16 whether the instructions for them are quicker than those for floats or not: for comparing the ways there.
    init(inPairs weight: Tensor) {
        (outputs, inputs, kernelHeight, kernelWidth) = (weight.shape[0], weight.shape[1], weight.shape[2], weight.shape[3])
        let matrix = PackedMatrix(inPairs: weight, taps: kernelHeight * kernelWidth)
        form = .dense(matrix, kernelHeight == 3 && kernelWidth == 3 ? FastConvolution(matrix, keeps: false) : nil)
    }

    private init(_ weight: WeightSource, groups: Int, format: WeightFormat, keepsTransform: Bool, inBytes: Bool) {
        precondition(weight.shape.rank == 4, "a convolution's weight has four dimensions, not \(weight.shape)")
        outputs = weight.shape[0]
        kernelHeight = weight.shape[2]
        kernelWidth = weight.shape[3]
        if groups == 1 {
            inputs = weight.shape[1]
            let matrix = PackedMatrix(
                weight, taps: kernelHeight * kernelWidth, format: format == .int8 ? .bf16 : format,
                inBytes: inBytes && Self.isHeldInBytes(weight.shape))
            form = .dense(matrix, kernelHeight == 3 && kernelWidth == 3 ? FastConvolution(matrix, keeps: keepsTransform) : nil)
        } else {
            precondition(
                groups == weight.shape[0] && weight.shape[1] == 1,
                "a convolution in \(groups) groups of weight \(weight.shape): only dense and depthwise ones are known")
            inputs = groups
            form = .depthwise(weight.tensor.reshaped([groups, kernelHeight * kernelWidth]).transposed())
        }
    }
}

extension PackedConvolution {
    /// Bytes that a convolution of stride 1 keeps for its fast algorithm from its first use on; 0 where it keeps nothing.
    ///
    /// - Parameter shape: of the weight, `[outputs, inputs, height, width]`.
    package static func transformMemory(_ shape: Shape) -> Int {
        guard Processor.level > rd_level_plain, shape.rank == 4, shape[2] == 3, shape[3] == 3 else { return 0 }
        return WinogradWeights.keptMemory(outputs: shape[0], inputs: shape[1], panelWidth: rd_panel_width(Processor.level))
    }

    /// Whether such a convolution is worth holding in bytes. Thin ones take hardly any memory, and stand at a network's ends, where an error
    /// is seen most.
    private static func isHeldInBytes(_ shape: Shape) -> Bool {
        shape.rank == 4 && shape[0] >= 64 && shape[1] >= 64 && Processor.multipliesBfloats
    }

    /// Bytes of a convolution's weights where they are held in bytes as far as that is worth it, by their shape.
    package static func memoryInBytes(_ shape: Shape) -> Int {
        isHeldInBytes(shape) ? Int(Double(shape.count) * BytePairs.bytesPerNumber) : 2 * shape.count
    }

    /// Whether a map of outputs is large enough for what is kept: where the fast algorithm is taken for a smaller one, it keeps nothing.
    package static func transformPays(batch: Int, height: Int, width: Int) -> Bool {
        WinogradWeights.pays(batch: batch, height: height, width: width)
    }

    /// Whether a convolution in bfloat16 of a large map, with as many outputs as inputs, puts its result where a residual stands.
    package static func pairsAddInPlace(channels: Int, pixels: Int) -> Bool {
        // What counts of a map are its tiles, here in a line.
        let shape = ConvolutionShape(inputs: channels, outputs: channels, batch: 1, height: 4, width: pixels / 4)
        return ConvolutionTimes.nearest(to: shape, in: .bf16)?.quickest != .direct
    }

    /// The ways there are to what this convolution makes at a stride.
    package func ways(stride: Int = 1) -> [ConvolutionWay] {
        guard stride == 1, case .dense(_, let fast?) = form else { return [.direct] }
        return [.direct, fast.way]
    }

    /// The one that is taken, or the one that is named.
    func way(over window: Window, named: ConvolutionWay?) -> ConvolutionWay {
        if let named {
            let ways = ways(stride: window.stride)
            precondition(ways.contains(named), "no way \(named) among \(ways)")
            return named
        }
        guard window.stride == 1, case .dense(_, let fast?) = form else { return .direct }
        let shape = ConvolutionShape(
            inputs: inputs, outputs: outputs, batch: window.batch, height: window.outputHeight, width: window.outputWidth)
        return ConvolutionWay.taken(for: shape, in: fast.arithmetic) == .direct ? .direct : fast.way
    }
}

/// activation(convolution(x) + bias) + residual, over channels-last maps.
///
/// - Parameters:
///   - x: `[batch, height, width, inputs]`.
///   - bias: `[outputs]`.
///   - residual: of the result's shape; added after the activation. Dense convolutions only. Where nobody else holds it, the result may take
///     its place in memory.
///   - preparation: what the map becomes first; nil: nothing.
///   - named: the way there, one of the weight's, for measuring them; nil: the one that is taken for the shape.
/// - Returns: `[batch, (height + top + bottom - kernelHeight) / stride + 1, …, outputs]`.
package func convolution(
    _ x: Tensor, _ weight: PackedConvolution, bias: Tensor? = nil, stride: Int = 1, padding: Padding = 0,
    activation: Activation = .none, adding residual: consuming Tensor? = nil, prepared preparation: MapPreparation? = nil,
    by named: ConvolutionWay? = nil
) -> Tensor {
    precondition(x.shape.rank == 4 && x.shape[3] == weight.inputs, "a map of \(x.shape) for a convolution of \(weight.inputs) channels")
    precondition(bias.map { $0.count == weight.outputs } ?? true, "a bias of \(bias?.shape ?? []) for \(weight.outputs) outputs")
    let map = preparation?.shape(of: x.shape) ?? x.shape
    let window = Window(
        batch: map[0], height: map[1], width: map[2], channels: map[3],
        kernelHeight: weight.kernelHeight, kernelWidth: weight.kernelWidth, stride: stride, padding: padding)
    let shape: Shape = [window.batch, window.outputHeight, window.outputWidth, weight.outputs]
    precondition(
        window.outputHeight > 0 && window.outputWidth > 0, "a window of \(weight.kernelHeight) by \(weight.kernelWidth) on \(x.shape)")
    precondition(residual.map { $0.shape == shape } ?? true, "a residual of \(residual?.shape ?? []) for a result of \(shape)")
    let way = weight.way(over: window, named: named)
    if let preparation {
        guard case .dense(let matrix, let fast?) = weight.form, window.stride == 1,
            way == .direct ? DirectConvolution.takesBands(window) : fast.takesBands(window)
        else {
            return convolution(
                preparation.whole(x), weight, bias: bias, stride: stride, padding: padding, activation: activation, adding: residual,
                by: way)
        }
        func convolve(to: UnsafeMutablePointer<Float>, adding residual: UnsafePointer<Float>?) {
            withExtendedLifetime((x, weight, bias)) {
                let finish = Finish(bias: bias?.pointer, residual: residual, activation: activation)
                if way == .direct { return DirectConvolution(matrix).convolve(x, preparation, window, to, finish: finish) }
                fast.convolve(x, preparation, window, to, finish: finish)
            }
        }
        if way != .direct, fast.addsInPlace(activation), residual?.isHeldAlone() == true, let storage = residual?.storage {
            convolve(to: storage.pointer, adding: storage.pointer)
            return Tensor(shape: shape, storage: storage)
        }
        let residual = residual
        return Tensor(shape: shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withExtendedLifetime(residual) { convolve(to: to, adding: residual?.pointer) }
        }
    }
    let residual = residual
    switch weight.form {
    case .depthwise(let taps):
        precondition(residual == nil, "a depthwise convolution takes no residual")
        return depthwise(x, taps, bias: bias, window, activation: activation)
    case .dense(let matrix, let fast):
        if window.isPointwise {
            return matmul(x, matrix, bias: bias, activation: activation, adding: residual)
        }
        return Tensor(shape: shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withExtendedLifetime((x, weight, bias, residual)) {
                let finish = Finish(bias: bias?.pointer, residual: residual?.pointer, activation: activation)
                if way != .direct, let fast { return fast.convolve(x.pointer, window, to, finish: finish) }
                DirectConvolution(matrix).convolve(x.pointer, window, to, finish: finish)
            }
        }
    }
}

/// Where a convolution's window stands on a map.
struct Window {
    var batch: Int
    var height: Int
    var width: Int
    var channels: Int
    var kernelHeight: Int
    var kernelWidth: Int
    var stride: Int
    var padding: Padding

    var outputHeight: Int { (height + padding.top + padding.bottom - kernelHeight) / stride + 1 }
    var outputWidth: Int { (width + padding.left + padding.right - kernelWidth) / stride + 1 }

    /// Whether every output pixel reads exactly the input pixel in its place.
    var isPointwise: Bool { kernelHeight == 1 && kernelWidth == 1 && stride == 1 && padding == 0 }

    /// Without padding at the sides, the taps of a row of the window are one run of memory.
    private var isJoined: Bool { padding.left == 0 && padding.right == 0 }

    /// What a product's kernel has to know of the window.
    ///
    /// - Parameter channels: floats of a pixel, or what else has four bytes.
    func taps(channels: Int) -> rd_window {
        var shape = rd_window()
        shape.height = height
        shape.width = width
        shape.channels = channels
        shape.taps_y = kernelHeight
        shape.taps_x = isJoined ? 1 : kernelWidth
        shape.stride = stride
        shape.top = padding.top
        shape.left = padding.left
        shape.output_height = outputHeight
        shape.output_width = outputWidth
        return shape
    }

    /// How much of the depth lies behind each other under one of these taps.
    func depth(channels: Int) -> Int { channels * (isJoined ? kernelWidth : 1) }

    /// Writes the window of output pixel `pixel` (counted over the batch) as a row: taps by rows, channels innermost.
    func unfold(_ from: UnsafePointer<Float>, pixel: Int, to row: UnsafeMutablePointer<Float>) {
        let x = pixel % outputWidth * stride - padding.left
        let y = pixel / outputWidth % outputHeight * stride - padding.top
        let image = from + pixel / (outputWidth * outputHeight) * height * width * channels
        let line = kernelWidth * channels
        let first = max(0, -x)
        let last = max(first, min(kernelWidth, width - x))
        for tap in 0..<kernelHeight {
            let out = row + tap * line
            guard y + tap >= 0, y + tap < height else {
                out.update(repeating: 0, count: line)
                continue
            }
            if first > 0 { out.update(repeating: 0, count: first * channels) }
            (out + first * channels).update(from: image + ((y + tap) * width + x + first) * channels, count: (last - first) * channels)
            if last < kernelWidth { (out + last * channels).update(repeating: 0, count: (kernelWidth - last) * channels) }
        }
    }
}

private func depthwise(_ x: Tensor, _ taps: Tensor, bias: Tensor?, _ window: Window, activation: Activation) -> Tensor {
    let (height, width, channels) = (window.outputHeight, window.outputWidth, window.channels)
    var shape = rd_depthwise_shape()
    shape.height = window.height
    shape.width = window.width
    shape.channels = channels
    shape.kernel_height = window.kernelHeight
    shape.kernel_width = window.kernelWidth
    shape.stride = window.stride
    shape.top = window.padding.top
    shape.left = window.padding.left
    shape.output_width = width
    return Tensor(shape: [window.batch, height, width, channels]) { target in
        guard let to = target.baseAddress, target.count > 0 else { return }
        withExtendedLifetime((x, taps, bias)) {
            let (from, taps, bias) = (x.pointer, taps.pointer, bias?.pointer)
            Parallel.forEachRange(count: window.batch * height, minimum: max(1, (1 << 13) / (width * channels)), perThread: 4) { rows in
                var shape = shape
                var row = rows.lowerBound
                while row < rows.upperBound {
                    let image = row / height
                    let last = min(rows.upperBound, (image + 1) * height)
                    rd_depthwise_rows(
                        from + image * window.height * window.width * channels, &shape, taps, bias, activation.code,
                        row - image * height, last - image * height, to + image * height * width * channels, Processor.level)
                    row = last
                }
            }
        }
    }
}
