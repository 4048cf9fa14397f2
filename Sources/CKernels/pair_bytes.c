#include "bfloat.h"

// Panels of pairs that are held in bytes and widened when they are used.

// Pairs behind each other that share a scale.
enum { shared = 32 };

RD_INLINE float magnitude(uint32_t half) {
    const uint32_t bits = (half & 0x7FFFu) << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

RD_INLINE uint32_t to_byte(uint32_t half, float inverse) {
    const float scaled = magnitude(half) * inverse;
    const float shifted = scaled + 0.5f;
    const int32_t whole = (int32_t)shifted;
    return (uint32_t)(half & 0x8000u ? -whole : whole) & 0xFFu;
}

RD_INLINE void pairs_to_bytes_body(const uint32_t *panel, size_t taps, size_t depth, uint16_t *to, float *scales) {
    for (size_t tap = 0; tap < taps; tap++) {
        for (size_t first = 0; first < depth; first += shared, scales += 32) {
            const size_t count = depth - first < shared ? depth - first : shared;
            const uint32_t *from = panel + (tap * depth + first) * 32;
            uint16_t *out = to + (tap * depth + first) * 32;
            float largest[32] = {0}, inverse[32];
            for (size_t k = 0; k < count; k++) {
                for (size_t c = 0; c < 32; c++) {
                    const float low = magnitude(from[k * 32 + c]), high = magnitude(from[k * 32 + c] >> 16);
                    const float more = low > high ? low : high;
                    largest[c] = more > largest[c] ? more : largest[c];
                }
            }
            for (size_t c = 0; c < 32; c++) {
                scales[c] = largest[c] / 127.0f;
                // What is so small that it has no inverse is nothing beside what else there is.
                inverse[c] = largest[c] > 1e-30f ? 127.0f / largest[c] : 0.0f;
            }
            for (size_t k = 0; k < count; k++)
                for (size_t c = 0; c < 32; c++)
                    out[k * 32 + c] = (uint16_t)(to_byte(from[k * 32 + c], inverse[c]) | to_byte(from[k * 32 + c] >> 16, inverse[c]) << 8);
        }
    }
}
RD_KERNEL(pairs_to_bytes, (panel, taps, depth, to, scales), const uint32_t *panel, size_t taps, size_t depth, uint16_t *to, float *scales)

RD_INLINE uint32_t rounded(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
}

RD_INLINE void bytes_to_pairs_body(const uint16_t *from, const float *scales, size_t taps, size_t depth, uint32_t *to) {
    for (size_t tap = 0; tap < taps; tap++) {
        for (size_t first = 0; first < depth; first += shared, scales += 32) {
            const size_t count = depth - first < shared ? depth - first : shared;
            for (size_t k = 0; k < count; k++, from += 32, to += 32) {
                for (size_t c = 0; c < 32; c++) {
                    const float low = (float)(int8_t)(from[c] & 0xFFu) * scales[c], high = (float)(int8_t)(from[c] >> 8) * scales[c];
                    to[c] = rounded(low) | rounded(high) << 16;
                }
            }
        }
    }
}
RD_KERNEL(bytes_to_pairs, (from, scales, taps, depth, to), const uint16_t *from, const float *scales, size_t taps, size_t depth, uint32_t *to)
