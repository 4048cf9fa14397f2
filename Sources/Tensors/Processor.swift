import CKernels
import Glibc

/// Which instructions the kernels may use on this processor.
enum Processor {
    /// The widest level that this processor can run, or a lower one that `REDRAW_PROCESSOR` names in the environment: what a processor
    /// that lacks instructions does can then be seen on one that has them. The matrix unit is used where small products come out of it as they
    /// do in plain C; it was never timed.
    static let level: rd_level = {
        let detected = rd_detected_level()
        guard let named = getenv("REDRAW_PROCESSOR"), let level = levels[String(cString: named)] else {
            return detected < rd_level_amx || rd_matrix_unit_is_sound() != 0 ? detected : rd_level(rd_level_bf16)
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
    /// they are a quarter faster (Zen 3, one thread: 105 thousand million operations a second against 83).
    static var multipliesBytes: Bool { level >= rd_level_avx2 }

    /// Whether products of bfloat16 are made as such: there are instructions for them, and they are not known to be slower than those for floats.
    static let multipliesBfloats = ProcessorRates.takesBfloats(on: .here)
}
