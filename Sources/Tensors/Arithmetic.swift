import CKernels
import Glibc

/// In which numbers products are made. Sums, norms and soft-maxes are in single precision whatever the factors are in.
package enum Arithmetic: String, Sendable, Hashable, CaseIterable {
    /// Single precision: the reference.
    case f32
    /// Both factors are rounded to bfloat16 (eight bits of precision), the nearest, ties to even.
    case bf16
    /// Linear layers in whole numbers of eight bits: weights in steps of each output's own, what they meet in steps of each row's own.
    /// Convolutions and attention in bfloat16.
    case int8

    /// Whether this processor has instructions for it. Where it has none for bfloat16, weights are rounded and held so, and
    /// multiplied as floats.
    package var isNative: Bool {
        switch self {
        case .f32: true
        case .bf16: Processor.multipliesBfloats
        case .int8: Processor.multipliesBytes
        }
    }
}

extension Arithmetic {
    /// Whether products of bfloat16 are quicker here than those of floats, by a fifth at least: there are processors whose instructions for
    /// bfloat16 are the slower ones. Timed once in a process, in a thousandth of a second.
    package static let bfloatsAreFaster = timesBfloatsFaster()

    /// Times it anew. Both kernels run on the calling thread alone, on what the first-level cache holds, and only this thread's time counts,
    /// so that the answer is the processor's and not the hour's.
    static func timesBfloatsFaster() -> Bool {
        guard bf16.isNative else { return false }
        let (rows, depth, columns) = (48, 128, 64)
        let weight = Tensor.filled(0.01, [columns, depth])
        guard case .pairs(let pairs) = PackedMatrix(weight, format: .bf16).form, case .panels(let panels) = PackedMatrix(weight).form else {
            return false
        }
        let input = Tensor.filled(0.01, [rows, depth])
        let paired = PairedRows(input.pointer, count: rows, width: depth, isShared: false)
        let output = TensorStorage(count: rows * columns)
        return withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows) { table in
            let table = table.baseAddress!
            rd_matrix_table(input.pointer, rows, depth, rd_panel_group(panels.width), table)
            let floats = leastSeconds {
                rd_panel_rows(
                    table, rows, 1, depth, panels.storage.pointer, panels.width, 0, columns, nil, Int32(rd_activation_none), output.pointer,
                    columns, Processor.level)
            }
            let group = PairPanels.group(of: rows)
            rd_matrix_table(paired.pointer, rows, paired.width, group, table)
            let bfloats = leastSeconds {
                rd_pair_rows(
                    table, rows, 1, pairs.depth, group, pairs.pointer, 0, columns, nil, Int32(rd_activation_none), 0, output.pointer,
                    columns,
                    Processor.level)
            }
            withExtendedLifetime((input, paired, weight)) {}
            return floats > 1.2 * bfloats
        }
    }

    /// The least of many timings: what interrupts a thread only ever adds to them.
    private static func leastSeconds(_ body: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
        }
        return (0..<64).map { _ in
            let begin = now()
            body()
            return now() - begin
        }.min() ?? 0
    }
}

/// How a weight is held and multiplied.
package enum WeightFormat: Sendable, Hashable {
    /// As floats.
    case f32
    /// In two bytes a number, spread out to floats where a product takes it.
    case halves(HalfFormat)
    /// Rounded to bfloat16 and multiplied so, where this processor can; else as `halves(.bf16)`.
    case bf16
    /// In one byte a number with a scale for each output, and multiplied so, where this processor can; else as `bf16`. Matrices only.
    case int8

    /// How numbers are held that are multiplied as floats.
    var halves: HalfFormat? {
        switch self {
        case .f32: nil
        case .halves(let format): format
        case .bf16, .int8: .bf16
        }
    }

    var isInBytes: Bool { self == .int8 && Processor.multipliesBytes }
    var isPaired: Bool { (self == .bf16 || self == .int8) && Processor.multipliesBfloats }
}
