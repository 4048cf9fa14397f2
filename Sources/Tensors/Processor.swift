import CKernels
import Glibc

/// Which instructions the kernels may use on this processor.
enum Processor {
    /// The widest level that this processor can run, or a lower one that `REDRAW_PROCESSOR` names in the environment: what a processor
    /// that lacks instructions does can then be seen on one that has them. The matrix unit is used only where it is named: its kernels were
    /// tested by what it does written out in C, and never timed on one.
    static let level: rd_level = {
        let detected = rd_detected_level()
        guard let named = getenv("REDRAW_PROCESSOR"), let level = levels[String(cString: named)] else {
            return min(detected, rd_level(rd_level_bf16))
        }
        let possible = min(level, detected)
        return rd_can_run(possible) != 0 ? possible : rd_level(rd_level_avx2)
    }()

    private static let levels: [String: rd_level] = [
        "plain": rd_level(rd_level_plain), "avx2": rd_level(rd_level_avx2), "avx-vnni": rd_level(rd_level_avx_vnni),
        "avx512": rd_level(rd_level_avx512), "vnni": rd_level(rd_level_vnni), "bf16": rd_level(rd_level_bf16),
        "amx": rd_level(rd_level_amx),
    ]

    /// Whether products of bytes are no slower than those of floats: with AVX2 alone, which multiplies them as numbers of sixteen bits,
    /// they are a third faster (Zen 3).
    static var multipliesBytes: Bool { level >= rd_level_avx2 }

    /// Whether products of bfloat16 are faster than those of floats.
    static var multipliesBfloats: Bool { level >= rd_level_bf16 }
}
