#if defined(__linux__)
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "include/CKernels.h"

#if defined(__x86_64__)
// Whether there is a matrix unit for bfloat16 that the kernel lets this process use: its state is large, so a process has to ask for it.
static int has_tiles(void) {
#if defined(__linux__) && defined(SYS_arch_prctl)
    enum { request_permission = 0x1023, tile_data = 18 };
    if (!__builtin_cpu_supports("amx-tile") || !__builtin_cpu_supports("amx-bf16")) return 0;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return 0;
#endif
}
#endif

rd_level rd_detected_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c")) return rd_level_plain;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        if (!__builtin_cpu_supports("avx512vnni")) return rd_level_avx512;
        if (!__builtin_cpu_supports("avx512bf16")) return rd_level_vnni;
        return has_tiles() ? rd_level_amx : rd_level_bf16;
    }
    return rd_level_avx2;
#else
    return rd_level_plain;
#endif
}

int rd_bfloats_are_faster(rd_level level) {
    if (level < rd_level_bf16) return 0;
    if (level >= rd_level_amx) return 1;
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_is("amd") != 0;
#else
    return 0;
#endif
}
