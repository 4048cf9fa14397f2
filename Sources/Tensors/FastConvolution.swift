/// The fast algorithm of a 3x3 convolution in the arithmetic of its weights. What it makes of them comes out of the same panels that the direct
/// way reads, so that the way is chosen for each map.
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

    var way: ConvolutionWay {
        switch self {
        case .floats: .winograd4
        case .pairs: .winograd2
        }
    }

    var arithmetic: Arithmetic {
        switch self {
        case .floats: .f32
        case .pairs: .bf16
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
