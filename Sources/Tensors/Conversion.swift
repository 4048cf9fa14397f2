import CKernels

/// Kernels that turn stored numbers into 32-bit floats.
package enum Conversion {
    /// IEEE half precision.
    package static func half(_ from: UnsafeRawPointer, to: UnsafeMutablePointer<Float>, count: Int) {
        spread(count) {
            rd_f16_to_f32((from + 2 * $0.lowerBound).assumingMemoryBound(to: UInt16.self), to + $0.lowerBound, $0.count, Processor.level)
        }
    }

    /// bfloat16: the upper half of a 32-bit float.
    package static func bfloat(_ from: UnsafeRawPointer, to: UnsafeMutablePointer<Float>, count: Int) {
        spread(count) {
            rd_bf16_to_f32((from + 2 * $0.lowerBound).assumingMemoryBound(to: UInt16.self), to + $0.lowerBound, $0.count, Processor.level)
        }
    }

    /// Eight-bit floats (Micikevicius et al. 2022, "FP8 formats for deep learning"), looked up in a table of all 256.
    package static func eightBits(_ from: UnsafeRawPointer, _ format: EightBitFormat, to: UnsafeMutablePointer<Float>, count: Int) {
        let bytes = from.assumingMemoryBound(to: UInt8.self)
        format.values.withUnsafeBufferPointer { values in
            spread(count) { range in
                for index in range { to[index] = values[Int(bytes[index])] }
            }
        }
    }

    /// Signed bytes in rows of `width`, row `r` times `scales[r]`.
    package static func signedBytes(
        _ from: UnsafeRawPointer, scales: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        Parallel.forEachRange(count: rows, minimum: max(1, 1 << 18 / max(width, 1)), perThread: 1) { range in
            for row in range {
                rd_i8_to_f32((from + row * width).assumingMemoryBound(to: Int8.self), scales[row], to + row * width, width, Processor.level)
            }
        }
    }

    /// Rounds to IEEE half precision, ties to even; what does not fit becomes an infinity.
    package static func toHalf(_ from: UnsafePointer<Float>, to: UnsafeMutablePointer<UInt16>, count: Int) {
        rd_f32_to_f16(from, to, count, Processor.level)
    }

    private static func spread(_ count: Int, _ body: (Range<Int>) -> Void) {
        Parallel.forEachRange(count: count, minimum: 1 << 18, multiple: 64, perThread: 1, body: body)
    }
}

/// Floats of eight bits: a sign, an exponent, and what is left for the fraction.
package enum EightBitFormat: Sendable {
    /// Four bits of exponent and three of fraction; no infinities, so that the largest number is 448.
    case e4m3
    /// Five bits of exponent and two of fraction: the upper half of an IEEE half.
    case e5m2

    /// What each byte stands for.
    var values: [Float] { self == .e4m3 ? Self.e4m3Values : Self.e5m2Values }

    private static let e4m3Values = values(fractionBits: 3) { $0 == 15 && $1 == 7 ? .nan : nil }
    private static let e5m2Values = values(fractionBits: 2) { $0 == 31 ? ($1 == 0 ? .infinity : .nan) : nil }

    /// - Parameter special: what an exponent and a fraction stand for that are no number.
    private static func values(fractionBits: Int, special: (Int, Int) -> Float?) -> [Float] {
        let steps = 1 << fractionBits
        let bias = (1 << (6 - fractionBits)) - 1
        return (0..<256).map { byte in
            let (exponent, fraction) = ((byte & 127) / steps, byte & (steps - 1))
            // Without an exponent the leading one is missing too, and the scale is that of the exponent 1.
            let significand = (exponent == 0 ? 0 : 1) + Float(fraction) / Float(steps)
            let magnitude = special(exponent, fraction) ?? Float(sign: .plus, exponent: max(exponent, 1) - bias, significand: significand)
            return byte < 128 ? magnitude : -magnitude
        }
    }
}
