#ifndef REDRAW_BFLOAT_H
#define REDRAW_BFLOAT_H

// What the kernels in bfloat16 have in common.

#include "functions.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define RD_TARGET_BF16 __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#endif

// Vectors are passed between functions that are always inlined: no call, so no calling convention to differ.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float pair_sums __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t pair_words __attribute__((vector_size(64), aligned(4), may_alias));

// Rounded to the nearest, ties to even.
RD_INLINE uint16_t rd_bfloat(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
    const uint32_t undefined = (bits >> 16) | 0x40u;
    return (uint16_t)((bits & 0x7FFFFFFFu) > 0x7F800000u ? undefined : rounded);
}

// The two halves of sixteen pairs, as floats. A cast between vectors of one size keeps the bits.
#define RD_LOW(pairs) ((pair_sums)((pairs) << 16))
#define RD_HIGH(pairs) ((pair_sums)((pairs) & 0xFFFF0000u))

#endif
