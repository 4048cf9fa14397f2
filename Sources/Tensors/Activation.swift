import CKernels

/// A function applied to every value.
package enum Activation: Sendable, Hashable, CaseIterable {
    case none
    case relu
    /// min(max(x, 0), 6).
    case relu6
    /// x sigmoid(x), also called swish.
    case silu
    /// x Phi(x) with the exact normal distribution (torch's default).
    case gelu
    /// torch's `gelu(approximate="tanh")`.
    case geluTanh
    /// x sigmoid(1.702 x), as OpenAI's CLIP has it.
    case quickGELU
    case sigmoid
    case tanh

    var code: Int32 {
        switch self {
        case .none: Int32(rd_activation_none)
        case .relu: Int32(rd_activation_relu)
        case .relu6: Int32(rd_activation_relu6)
        case .silu: Int32(rd_activation_silu)
        case .gelu: Int32(rd_activation_gelu)
        case .geluTanh: Int32(rd_activation_gelu_tanh)
        case .quickGELU: Int32(rd_activation_quick_gelu)
        case .sigmoid: Int32(rd_activation_sigmoid)
        case .tanh: Int32(rd_activation_tanh)
        }
    }
}

/// Fewer values than this are not worth a second thread.
let smallestParallelCount = 1 << 15

extension Tensor {
    /// Each value through `activation`.
    package func applying(_ activation: Activation) -> Tensor {
        guard activation != .none else { return self }
        return elementwise { from, to, range in
            rd_activate(from + range.lowerBound, to + range.lowerBound, range.count, activation.code, Processor.level)
        }
    }

    package func silu() -> Tensor { applying(.silu) }
    package func gelu() -> Tensor { applying(.gelu) }
    package func geluTanh() -> Tensor { applying(.geluTanh) }
    package func quickGELU() -> Tensor { applying(.quickGELU) }
    package func relu() -> Tensor { applying(.relu) }
    package func relu6() -> Tensor { applying(.relu6) }
    package func sigmoid() -> Tensor { applying(.sigmoid) }

    /// The gated linear unit of diffusers' `GEGLU`: the first half of the last dimension times the GELU of the second half.
    package func gatedGELU() -> Tensor {
        let width = shape[-1] / 2
        precondition(shape[-1] == 2 * width, "a gated unit halves the last dimension; \(shape) has an odd one")
        return Tensor(shape: shape.replacingLast(with: width)) { target in
            let to = target.baseAddress!
            withUnsafeValues { from in
                let from = from.baseAddress!
                Parallel.forEachRange(count: rowCount, minimum: max(1, smallestParallelCount / max(1, 2 * width))) { rows in
                    rd_gated_gelu(
                        from + rows.lowerBound * 2 * width, to + rows.lowerBound * width, rows.count, width, Processor.level)
                }
            }
        }
    }

    /// A tensor of the same shape that `body` fills range by range, on several threads where there is enough to do.
    func elementwise(_ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Range<Int>) -> Void) -> Tensor {
        Tensor(shape: shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withUnsafeValues { from in
                Parallel.forEachRange(count: from.count, minimum: smallestParallelCount, multiple: 64) { body(from.baseAddress!, to, $0) }
            }
        }
    }
}
