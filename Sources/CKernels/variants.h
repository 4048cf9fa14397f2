#ifndef REDRAW_VARIANTS_H
#define REDRAW_VARIANTS_H

#include "include/CKernels.h"

#define RD_INLINE static inline __attribute__((always_inline))

// RD_KERNEL(name, (arguments), parameters...) makes `rd_name(parameters..., level)` of `name_body`, compiled for each level:
// an always_inline body takes on the instruction set of the function it is inlined into.
#if defined(__x86_64__)
#define RD_TARGET_AVX2 __attribute__((target("avx2,fma,f16c")))
#define RD_TARGET_AVX512 __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")))
#define RD_KERNEL(name, arguments, ...)                                          \
    RD_TARGET_AVX512 static void name##_avx512(__VA_ARGS__) { name##_body arguments; } \
    RD_TARGET_AVX2 static void name##_avx2(__VA_ARGS__) { name##_body arguments; }     \
    static void name##_plain(__VA_ARGS__) { name##_body arguments; }             \
    void rd_##name(__VA_ARGS__, rd_level level) {                                \
        if (level >= rd_level_avx512) name##_avx512 arguments;                   \
        else if (level >= rd_level_avx2) name##_avx2 arguments;                  \
        else name##_plain arguments;                                             \
    }
#else
#define RD_KERNEL(name, arguments, ...)                   \
    void rd_##name(__VA_ARGS__, rd_level level) {         \
        (void)level;                                      \
        name##_body arguments;                            \
    }
#endif

#endif
