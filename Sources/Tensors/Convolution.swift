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

    /// Whether the fast algorithm is taken for a map of outputs of this size.
    package static func transformPays(batch: Int, height: Int, width: Int) -> Bool {
        WinogradWeights.pays(batch: batch, height: height, width: width)
    }
}

/// The fast algorithm of a 3x3 convolution in the arithmetic of its weights.
enum FastConvolution: Sendable {
    case floats(WinogradWeights)
    case pairs(PairWinograd)

    /// nil where the layer is too thin for it to pay.
    init?(_ matrix: PackedMatrix, keeps: Bool) {
        if case .pairs(let packed) = matrix.form {
            guard let pairs = PairWinograd(packed, inputs: matrix.inputs / 9) else { return nil }
            self = .pairs(pairs)
        } else {
            guard let floats = WinogradWeights(matrix, keeps: keeps) else { return nil }
            self = .floats(floats)
        }
    }

    func suits(_ window: Window) -> Bool {
        switch self {
        case .floats(let winograd): winograd.suits(window)
        case .pairs(let winograd): winograd.suits(window)
        }
    }

    func convolve(_ from: UnsafePointer<Float>, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        switch self {
        case .floats(let winograd): winograd.convolve(from, window, to, finish: finish)
        case .pairs(let winograd): winograd.convolve(from, window, to, finish: finish)
        }
    }

    /// Whether a residual may stand where the result is written: where each of its values is read right before the result's is written.
    func addsInPlace(_ activation: Activation) -> Bool {
        if case .pairs = self { activation == .none } else { false }
    }

    /// Whether a map that is to be prepared first is better taken in bands.
    func takesBands(_ window: Window) -> Bool {
        switch self {
        case .floats(let winograd): winograd.takesBands(window)
        case .pairs(let winograd): winograd.takesBands(window)
        }
    }

    func convolve(_ x: Tensor, _ preparation: MapPreparation, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        switch self {
        case .floats(let winograd): winograd.convolve(x, preparation, window, to, finish: finish)
        case .pairs(let winograd): winograd.convolve(x, preparation, window, to, finish: finish)
        }
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
/// - Returns: `[batch, (height + top + bottom - kernelHeight) / stride + 1, …, outputs]`.
package func convolution(
    _ x: Tensor, _ weight: PackedConvolution, bias: Tensor? = nil, stride: Int = 1, padding: Padding = 0,
    activation: Activation = .none, adding residual: consuming Tensor? = nil, prepared preparation: MapPreparation? = nil
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
    if let preparation {
        guard case .dense(_, let fast?) = weight.form, fast.takesBands(window) else {
            return convolution(
                preparation.whole(x), weight, bias: bias, stride: stride, padding: padding, activation: activation, adding: residual)
        }
        func convolve(to: UnsafeMutablePointer<Float>, adding residual: UnsafePointer<Float>?) {
            withExtendedLifetime((x, weight, bias)) {
                fast.convolve(
                    x, preparation, window, to, finish: Finish(bias: bias?.pointer, residual: residual, activation: activation))
            }
        }
        if fast.addsInPlace(activation), residual?.isHeldAlone() == true, let storage = residual?.storage {
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
                if let fast, fast.suits(window) { return fast.convolve(x.pointer, window, to, finish: finish) }
                switch matrix.form {
                case .panels(let packed):
                    windowConvolution(x.pointer, matrix, packed, window, to, finish: finish)
                case .pairs(let packed):
                    pairConvolution(x.pointer, matrix, packed, window, to, finish: finish)
                case .rows(let rows):
                    unfoldedConvolution(x.pointer, rows, window, to, finish: finish)
                case .mapped, .quads:
                    preconditionFailure("the weights of windows are packed when they are loaded, and not in bytes")
                }
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

/// The product reads each window where it lies, tap by tap: nothing is copied.
private func windowConvolution(
    _ from: UnsafePointer<Float>, _ weight: PackedMatrix, _ packed: Panels, _ window: Window,
    _ to: UnsafeMutablePointer<Float>, finish: Finish
) {
    let shape = window.taps(channels: window.channels)
    let depth = window.depth(channels: window.channels)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: depth) { zeros in
        zeros.initialize(repeating: 0)
        multiplyPanels(
            .windows(from, shape, zeros: zeros.baseAddress!), count: window.batch * window.outputHeight * window.outputWidth,
            outputs: weight.outputs, inputs: weight.inputs, packed, to, finish: finish)
    }
}

/// Windows of a tile of pixels are laid out as rows, which a product then meets with the weights.
private func unfoldedConvolution(
    _ from: UnsafePointer<Float>, _ weight: Tensor, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish
) {
    let pixels = window.batch * window.outputHeight * window.outputWidth
    let (n, k) = (weight.shape[0], weight.shape[1])
    let perThread = (pixels + Parallel.threadCount - 1) / Parallel.threadCount
    let tile = max(8, min(512, perThread, (1 << 19) / k))
    let matrix = weight.pointer
    Parallel.forEachRange(count: (pixels + tile - 1) / tile, perThread: 4) { tiles in
        let rows = TensorStorage(count: tile * k)
        for index in tiles {
            let first = index * tile
            let count = min(tile, pixels - first)
            for row in 0..<count {
                window.unfold(from, pixel: first + row, to: rows.pointer + row * k)
            }
            let out = to + first * n
            BLAS.multiply(m: count, n: n, k: k, rows.pointer, aStride: k, matrix, bStride: k, transposed: true, out, cStride: n)
            finish.apply(out, row: first, column: 0, count: count, width: n, stride: n)
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
