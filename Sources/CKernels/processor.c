#if defined(__linux__)
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "include/CKernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__x86_64__)
// Whether there is a matrix unit for bfloat16 and bytes that the kernel lets this process use: its state is large, so a process has to ask.
static int has_tiles(void) {
#if defined(__linux__) && defined(SYS_arch_prctl)
    enum { request_permission = 0x1023, tile_data = 18 };
    if (!__builtin_cpu_supports("amx-tile") || !__builtin_cpu_supports("amx-bf16") ||
        !__builtin_cpu_supports("amx-int8"))
        return 0;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return 0;
#endif
}

// AVX-VNNI is a thing of its own: a processor with AVX-512's products of bytes need not have these.
static int has_avx_vnni(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4);
}
#endif

int rd_can_run(rd_level level) {
#if defined(__x86_64__)
    if (level == rd_level_avx_vnni && !has_avx_vnni()) return 0;
#endif
    return level <= rd_detected_level();
}

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
    return has_avx_vnni() ? rd_level_avx_vnni : rd_level_avx2;
#else
    return rd_level_plain;
#endif
}

int32_t rd_processor_maker(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_is("intel")) return rd_maker_intel;
    if (__builtin_cpu_is("amd")) return rd_maker_amd;
#endif
    return rd_maker_other;
}
