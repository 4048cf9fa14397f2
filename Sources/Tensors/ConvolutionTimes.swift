import Glibc

/// What a 3x3 convolution of stride 1 took in each way on a kind of processor, measured once and kept: the same order has to give the same
/// picture whatever else the machine is doing, so nothing is timed when a picture is made.
package struct ConvolutionTimes: Sendable {
    package let kind: ProcessorKind
    /// f32 or bf16; int8 makes its convolutions in bf16.
    package let arithmetic: Arithmetic
    package let inputs: Int
    package let outputs: Int
    /// Tiles of 4 by 4 outputs, over the whole batch.
    package let tiles: Int
    /// Milliseconds; nil for a way that this arithmetic has not. Weights in bfloat16 have no F(4x4): made in it, that would multiply rounding by
    /// ten, and for one made in floats they would have to be held a second time or spread out at each call, which nothing here does.
    private let direct: Double
    private let winograd2: Double?
    private let winograd4: Double?
    private let place: SIMD3<Double>

    init(
        _ kind: ProcessorKind, _ arithmetic: Arithmetic, inputs: Int, outputs: Int, tiles: Int, direct: Double, winograd2: Double? = nil,
        winograd4: Double? = nil
    ) {
        (self.kind, self.arithmetic, self.inputs, self.outputs, self.tiles) = (kind, arithmetic, inputs, outputs, tiles)
        (self.direct, self.winograd2, self.winograd4) = (direct, winograd2, winograd4)
        place = Self.place(inputs: Double(inputs), outputs: Double(outputs), tiles: Double(tiles))
    }

    package subscript(way: ConvolutionWay) -> Double? {
        switch way {
        case .direct: direct
        case .winograd2: winograd2
        case .winograd4: winograd4
        }
    }

    package var quickest: ConvolutionWay {
        ConvolutionWay.allCases.min { (self[$0] ?? .infinity) < (self[$1] ?? .infinity) } ?? .direct
    }
}

extension ConvolutionTimes {
    /// The nearest measured shape, by the logarithms of channels and of tiles; nil where nothing was measured on this kind of processor.
    package static func nearest(
        to shape: ConvolutionShape, in arithmetic: Arithmetic, on kind: ProcessorKind = .here
    ) -> ConvolutionTimes? {
        let arithmetic = arithmetic == .int8 ? .bf16 : arithmetic
        guard kind == .here else { return nearest(to: shape, of: rows.filter { $0.kind == kind && $0.arithmetic == arithmetic }) }
        return nearest(to: shape, of: here[arithmetic] ?? [])
    }

    static func nearest(to shape: ConvolutionShape, of rows: [ConvolutionTimes]) -> ConvolutionTimes? {
        let place = place(inputs: Double(shape.inputs), outputs: Double(shape.outputs), tiles: shape.tiles(4))
        var (nearest, least): (ConvolutionTimes?, Double) = (nil, .infinity)
        for row in rows {
            let way = row.place - place
            let distance = (way * way).sum()
            if distance < least { (nearest, least) = (row, distance) }
        }
        return nearest
    }

    /// Looked up at each convolution, so found once.
    private static let here = Dictionary(grouping: rows.filter { $0.kind == .here }, by: \.arithmetic)

    private static func place(inputs: Double, outputs: Double, tiles: Double) -> SIMD3<Double> {
        SIMD3(log2(max(1, inputs)), log2(max(1, outputs)), log2(max(1, tiles)))
    }
}
