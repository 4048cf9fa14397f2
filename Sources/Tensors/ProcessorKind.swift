import CKernels

/// Who made a processor, and the widest instructions that are taken on it: what tells which numbers it is quick with.
package struct ProcessorKind: Sendable, Hashable {
    package enum Maker: String, Sendable, CaseIterable {
        case other, intel, amd
    }

    /// By the names that `REDRAW_PROCESSOR` takes, in the kernels' order.
    package enum Level: String, Sendable, CaseIterable {
        case plain, avx2
        case avxVNNI = "avx-vnni"
        case avx512, vnni, bf16, amx
    }

    package let maker: Maker
    package let level: Level

    package init(_ maker: Maker, _ level: Level) {
        (self.maker, self.level) = (maker, level)
    }

    /// This processor, at the level that is taken on it.
    package static let here = ProcessorKind(Maker.allCases[Int(rd_processor_maker())], Level.allCases[Int(Processor.level)])

    /// Whether there are instructions for products of bfloat16.
    package var hasBfloats: Bool { level == .bf16 || level == .amx }
}
