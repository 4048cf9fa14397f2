#include "include/CKernels.h"

rd_level rd_detected_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c")) return rd_level_plain;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        if (!__builtin_cpu_supports("avx512vnni")) return rd_level_avx512;
        return __builtin_cpu_supports("avx512bf16") ? rd_level_bf16 : rd_level_vnni;
    }
    return rd_level_avx2;
#else
    return rd_level_plain;
#endif
}
