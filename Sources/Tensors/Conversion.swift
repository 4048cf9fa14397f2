import CKernels

/// Kernels that turn stored numbers into 32-bit floats.
public enum Conversion {
    /// IEEE half precision.
    public static func half(_ from: UnsafeRawPointer, to: UnsafeMutablePointer<Float>, count: Int) {
        spread(count) {
            rd_f16_to_f32((from + 2 * $0.lowerBound).assumingMemoryBound(to: UInt16.self), to + $0.lowerBound, $0.count, Processor.level)
        }
    }

    /// bfloat16: the upper half of a 32-bit float.
    public static func bfloat(_ from: UnsafeRawPointer, to: UnsafeMutablePointer<Float>, count: Int) {
        spread(count) {
            rd_bf16_to_f32((from + 2 * $0.lowerBound).assumingMemoryBound(to: UInt16.self), to + $0.lowerBound, $0.count, Processor.level)
        }
    }

    /// Signed bytes in rows of `width`, row `r` times `scales[r]`.
    public static func signedBytes(
        _ from: UnsafeRawPointer, scales: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        Parallel.forEachRange(count: rows, minimum: max(1, 1 << 18 / max(width, 1)), perThread: 1) { range in
            for row in range {
                rd_i8_to_f32((from + row * width).assumingMemoryBound(to: Int8.self), scales[row], to + row * width, width, Processor.level)
            }
        }
    }

    /// Rounds to IEEE half precision, ties to even; what does not fit becomes an infinity.
    public static func toHalf(_ from: UnsafePointer<Float>, to: UnsafeMutablePointer<UInt16>, count: Int) {
        rd_f32_to_f16(from, to, count, Processor.level)
    }

    private static func spread(_ count: Int, _ body: (Range<Int>) -> Void) {
        Parallel.forEachRange(count: count, minimum: 1 << 18, multiple: 64, perThread: 1, body: body)
    }
}
