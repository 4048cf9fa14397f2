#include "bfloat.h"

// Weights that a file has in two bytes a number are packed as they lie there: a copy in floats would take twice the memory of what is made.

RD_INLINE int halves_are_finite_body(const uint16_t *from, size_t count, int32_t format) {
    const uint16_t exponent = format == rd_half_bf16 ? 0x7F80u : 0x7C00u;
    uint16_t found = 0;
    for (size_t i = 0; i < count; i++) found |= (uint16_t)((from[i] & exponent) == exponent);
    return !found;
}

#if defined(__x86_64__)
RD_TARGET_AVX512 static int halves_are_finite_avx512(const uint16_t *from, size_t count, int32_t format) {
    return halves_are_finite_body(from, count, format);
}
RD_TARGET_AVX2 static int halves_are_finite_avx2(const uint16_t *from, size_t count, int32_t format) {
    return halves_are_finite_body(from, count, format);
}
#endif

int rd_halves_are_finite(const uint16_t *from, size_t count, int32_t format, rd_level level) {
#if defined(__x86_64__)
    if (level >= rd_level_avx512) return halves_are_finite_avx512(from, count, format);
    if (level >= rd_level_avx2) return halves_are_finite_avx2(from, count, format);
#endif
    (void)level;
    return halves_are_finite_body(from, count, format);
}

static uint16_t twin_bfloat(uint16_t half, int32_t format) {
    if (format == rd_half_bf16) return half;
    float value;
    rd_f16_to_f32(&half, &value, 1, rd_level_plain);
    return rd_bfloat(value);
}

// Some columns of a panel from step `start` of the pairs on: the definition, and what is left over elsewhere.
static void twin_columns(const uint16_t *weight, int32_t format, size_t taps, size_t depth, size_t columns, size_t start, uint32_t *panel) {
    const size_t pairs = (depth + 1) / 2;
    for (size_t column = 0; column < columns; column++) {
        const uint16_t *row = weight + column * taps * depth;
        for (size_t tap = 0; tap < taps; tap++) {
            for (size_t k = start; k < pairs; k++) {
                const uint32_t low = twin_bfloat(row[2 * k * taps + tap], format);
                const uint32_t high = 2 * k + 1 < depth ? twin_bfloat(row[(2 * k + 1) * taps + tap], format) : 0;
                panel[(tap * pairs + k) * 32 + column] = low | high << 16;
            }
        }
    }
}

#if defined(__x86_64__)
// Numbers that lie behind each other, 32 at a time. No half is so small that the instruction would take it for zero.
RD_INLINE RD_TARGET_BF16 __m512i bf16_thirty_two(const uint16_t *from, int32_t format) {
    const __m512i halves = _mm512_loadu_si512(from);
    if (format == rd_half_bf16) return halves;
    const __m512 low = _mm512_cvtph_ps(_mm512_castsi512_si256(halves)), high = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1));
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// Sixteen rows of sixteen words, turned: row k of what is written has the k-th word of each.
RD_INLINE RD_TARGET_BF16 void bf16_turn(__m512i r[16], uint32_t *to) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int j = 0; j < 4; j++) {
        const __m512i even = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88), odd = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xDD);
        const __m512i below = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88), beside = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xDD);
        _mm512_storeu_si512(to + 32 * j, _mm512_shuffle_i32x4(even, below, 0x88));
        _mm512_storeu_si512(to + 32 * (4 + j), _mm512_shuffle_i32x4(odd, beside, 0x88));
        _mm512_storeu_si512(to + 32 * (8 + j), _mm512_shuffle_i32x4(even, below, 0xDD));
        _mm512_storeu_si512(to + 32 * (12 + j), _mm512_shuffle_i32x4(odd, beside, 0xDD));
    }
}

enum { most_taps = 16 };

// Sixteen columns of a panel.
RD_TARGET_BF16 static void bf16_columns(const uint16_t *weight, int32_t format, size_t taps, size_t depth, uint32_t *panel) {
    const size_t pairs = (depth + 1) / 2, row = taps * depth;
    size_t k = 0;
    __m512i r[16];
    if (taps == 1) {
        for (; k + 16 <= depth / 2; k += 16) {
            for (int column = 0; column < 16; column++) r[column] = bf16_thirty_two(weight + (size_t)column * row + 2 * k, format);
            bf16_turn(r, panel + k * 32);
        }
    } else {
        uint32_t words[most_taps][16][16];
        uint16_t line[most_taps * 32];
        for (; k + 16 <= depth / 2; k += 16) {
            for (int column = 0; column < 16; column++) {
                const uint16_t *from = weight + (size_t)column * row + 2 * k * taps;
                for (size_t i = 0; i < taps; i++) _mm512_storeu_si512(line + 32 * i, bf16_thirty_two(from + 32 * i, format));
                for (size_t tap = 0; tap < taps; tap++)
                    for (size_t i = 0; i < 16; i++)
                        words[tap][column][i] = line[2 * i * taps + tap] | (uint32_t)line[(2 * i + 1) * taps + tap] << 16;
            }
            for (size_t tap = 0; tap < taps; tap++) {
                for (int column = 0; column < 16; column++) r[column] = _mm512_loadu_si512(words[tap][column]);
                bf16_turn(r, panel + (tap * pairs + k) * 32);
            }
        }
    }
    twin_columns(weight, format, taps, depth, 16, k, panel);
}
#endif

void rd_pack_half_pairs(const uint16_t *weight, int32_t format, size_t outputs, size_t taps, size_t depth, size_t first_panel,
                        size_t last_panel, uint32_t *packed, rd_level level) {
    const size_t pairs = (depth + 1) / 2;
    for (size_t panel = first_panel; panel < last_panel; panel++) {
        const size_t first = panel * 32;
        const size_t columns = outputs - first < 32 ? outputs - first : 32;
        const uint16_t *from = weight + first * taps * depth;
        uint32_t *to = packed + first * taps * pairs;
        if (columns < 32) memset(to, 0, 32 * taps * pairs * sizeof *to);
        size_t column = 0;
#if defined(__x86_64__)
        if (level >= rd_level_bf16 && taps <= most_taps)
            for (; column + 16 <= columns; column += 16) bf16_columns(from + column * taps * depth, format, taps, depth, to + column);
#endif
        (void)level;
        twin_columns(from + column * taps * depth, format, taps, depth, columns - column, 0, to + column);
    }
}
