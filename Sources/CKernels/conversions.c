#include "variants.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

RD_INLINE float bits_to_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

RD_INLINE uint32_t float_to_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1F;
    uint32_t fraction = half & 0x3FF;
    if (exponent == 0) {
        // Zero or subnormal: fraction * 2^-24 is exact in single precision.
        float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    if (exponent == 31) return bits_to_float(sign | 0x7F800000u | (fraction << 13) | (fraction ? 0x400000u : 0));
    return bits_to_float(sign | ((exponent + 112) << 23) | (fraction << 13));
}

// Rounds to nearest, ties to even, as the processor's instruction does.
static uint16_t float_to_half(float value) {
    uint32_t bits = float_to_bits(value);
    uint16_t sign = (uint16_t)((bits >> 16) & 0x8000u);
    bits &= 0x7FFFFFFFu;
    if (bits > 0x7F800000u) return (uint16_t)(sign | 0x7E00u | ((bits >> 13) & 0x3FFu));
    if (bits >= 0x477FF000u) return (uint16_t)(sign | 0x7C00u);
    if (bits < 0x38800000u) {
        // Subnormal: adding 0.5 puts the unit of the last place at 2^-24 and lets the addition round.
        float shifted = bits_to_float(bits) + 0.5f;
        return (uint16_t)(sign | (float_to_bits(shifted) - 0x3F000000u));
    }
    uint32_t rounded = bits + 0xFFFu + ((bits >> 13) & 1u);
    return (uint16_t)(sign | ((rounded - 0x38000000u) >> 13));
}

#if defined(__x86_64__)
RD_TARGET_AVX2 static size_t f16_to_f32_avx2(const uint16_t *from, float *to, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + i))));
    return i;
}

RD_TARGET_AVX2 static size_t f32_to_f16_avx2(const float *from, uint16_t *to, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128((__m128i *)(to + i), _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
    return i;
}
#endif

void rd_f16_to_f32(const uint16_t *from, float *to, size_t count, rd_level level) {
    size_t i = 0;
#if defined(__x86_64__)
    if (level >= rd_level_avx2) i = f16_to_f32_avx2(from, to, count);
#endif
    (void)level;
    for (; i < count; i++) to[i] = half_to_float(from[i]);
}

void rd_f32_to_f16(const float *from, uint16_t *to, size_t count, rd_level level) {
    size_t i = 0;
#if defined(__x86_64__)
    if (level >= rd_level_avx2) i = f32_to_f16_avx2(from, to, count);
#endif
    (void)level;
    for (; i < count; i++) to[i] = float_to_half(from[i]);
}

RD_INLINE void bf16_to_f32_body(const uint16_t *from, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = bits_to_float((uint32_t)from[i] << 16);
}
RD_KERNEL(bf16_to_f32, (from, to, count), const uint16_t *from, float *to, size_t count)

RD_INLINE void i8_to_f32_body(const int8_t *from, float scale, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = (float)from[i] * scale;
}
RD_KERNEL(i8_to_f32, (from, scale, to, count), const int8_t *from, float scale, float *to, size_t count)
