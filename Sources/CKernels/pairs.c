#include "tiles.h"

// Products in bfloat16: numbers of eight bits of precision, two of them, next to each other in the depth, in four bytes. A processor that
// knows bfloat16 multiplies both and adds them to a sum in single precision with one instruction.

// A part of the depth, in pairs, that one pass over the panels takes.
typedef struct {
    size_t taps;
    size_t depth;
    size_t offset;
    int is_first, is_last;
} pair_run;

// 1,536 pairs of 32 columns: 192 KiB of a panel.
enum { pair_run_depth = 1536 };

size_t rd_pair_run_depth(void) { return pair_run_depth; }

RD_INLINE void bfloat_rows_twin_body(const float *from, size_t count, size_t width, size_t stride, uint16_t *to) {
    const size_t wide = (width + 1) / 2 * 2;
    for (size_t r = 0; r < count; r++) {
        const float *row = from + r * stride;
        uint16_t *out = to + r * wide;
        for (size_t i = 0; i < width; i++) out[i] = rd_bfloat(row[i]);
        if (wide > width) out[width] = 0;
    }
}
RD_KERNEL(bfloat_rows_twin, (from, count, width, stride, to), const float *from, size_t count, size_t width, size_t stride, uint16_t *to)

// The sum of a column in the order of the instruction, which rounds after each of the two.
RD_INLINE pair_sums twin_dot(pair_sums sums, pair_words weights, uint32_t pair) {
    const uint32_t low = pair << 16, high = pair & 0xFFFF0000u;
    float x0, x1;
    memcpy(&x0, &low, sizeof x0);
    memcpy(&x1, &high, sizeof x1);
    sums += x0 * RD_LOW(weights);
    return sums + x1 * RD_HIGH(weights);
}

#define RD_NAME(name) twin_##name
#define RD_TARGET
#define RD_DOT(sums, weights, pair) twin_dot(sums, weights, pair)
#include "pair_body.h"

#if defined(__x86_64__)
#define RD_NAME(name) bf16_##name
#define RD_TARGET RD_TARGET_BF16
#define RD_DOT(sums, weights, pair) \
    (pair_sums)_mm512_dpbf16_ps((__m512)(sums), (__m512bh)(weights), (__m512bh)_mm512_set1_epi32((int)(pair)))
#include "pair_body.h"

RD_TARGET_BF16 static void bfloat_rows_bf16(const float *from, size_t count, size_t width, size_t stride, uint16_t *to) {
    const size_t wide = (width + 1) / 2 * 2;
    for (size_t r = 0; r < count; r++) {
        const float *row = from + r * stride;
        uint16_t *out = to + r * wide;
        size_t i = 0;
        for (; i + 32 <= width; i += 32)
            _mm512_storeu_si512(out + i, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(row + i + 16), _mm512_loadu_ps(row + i)));
        for (; i < width; i += 16) {
            const size_t left = width - i < 16 ? width - i : 16;
            const __m256i halves = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps((__mmask16)((1u << left) - 1), row + i));
            // One more where the width is odd: the second half of the last pair, a zero.
            _mm256_mask_storeu_epi16(out + i, (__mmask16)((1u << ((left + 1) / 2 * 2)) - 1), halves);
        }
    }
}
#endif

void rd_bfloat_rows(const float *from, size_t count, size_t width, size_t stride, uint16_t *to, rd_level level) {
#if defined(__x86_64__)
    if (level >= rd_level_bf16) return bfloat_rows_bf16(from, count, width, stride, to);
#endif
    rd_bfloat_rows_twin(from, count, width, stride, to, level);
}

void rd_pair_rows(const float *const *table, size_t count, size_t taps, size_t depth, size_t group, const uint32_t *packed,
                  size_t first_column, size_t last_column, const float *bias, int32_t activation, int32_t flags, float *out,
                  size_t stride, rd_level level) {
#if defined(__x86_64__)
    if (level >= rd_level_amx) {
        const size_t most = rd_tile_most_rows / group * group;
        for (size_t row = 0; row < count; row += most)
            rd_tile_rows(table + row * taps, count - row < most ? count - row : most, taps, depth, group, packed, first_column, last_column,
                         bias, activation, flags, out + row * stride, stride);
        return;
    }
    if (level >= rd_level_bf16)
        return bf16_rows(table, count, taps, depth, group, packed, first_column, last_column, bias, activation, flags, out, stride);
#endif
    (void)level;
    twin_rows(table, count, taps, depth, group, packed, first_column, last_column, bias, activation, flags, out, stride);
}

RD_INLINE uint32_t joined(float low, float high) { return rd_bfloat(low) | (uint32_t)rd_bfloat(high) << 16; }

RD_INLINE void pack_pairs_body(const float *weight, size_t outputs, size_t taps, size_t depth, size_t output_stride, size_t tap_stride,
                               size_t depth_stride, size_t first_panel, size_t last_panel, uint32_t *packed) {
    const size_t pairs = (depth + 1) / 2;
    for (size_t panel = first_panel; panel < last_panel; panel++) {
        const size_t first = panel * 32;
        const size_t columns = outputs - first < 32 ? outputs - first : 32;
        for (size_t tap = 0; tap < taps; tap++) {
            uint32_t *to = packed + (first * taps + tap * 32) * pairs;
            const float *from = weight + first * output_stride + tap * tap_stride;
            if (columns < 32) memset(to, 0, 32 * pairs * sizeof *to);
            if (output_stride == 1) {
                for (size_t k = 0; k < depth / 2; k++) {
                    const float *low = from + 2 * k * depth_stride, *high = low + depth_stride;
                    for (size_t column = 0; column < columns; column++) to[k * 32 + column] = joined(low[column], high[column]);
                }
                if (depth % 2)
                    for (size_t column = 0; column < columns; column++)
                        to[(pairs - 1) * 32 + column] = rd_bfloat(from[(depth - 1) * depth_stride + column]);
                continue;
            }
            // A few pairs of all columns at a time: their lines are written to 32 times, and stay in the first-level cache meanwhile.
            for (size_t start = 0; start < depth / 2; start += 64) {
                const size_t end = start + 64 < depth / 2 ? start + 64 : depth / 2;
                for (size_t column = 0; column < columns; column++) {
                    const float *row = from + column * output_stride;
                    for (size_t k = start; k < end; k++)
                        to[k * 32 + column] = joined(row[2 * k * depth_stride], row[(2 * k + 1) * depth_stride]);
                }
            }
            if (depth % 2)
                for (size_t column = 0; column < columns; column++)
                    to[(pairs - 1) * 32 + column] = rd_bfloat(from[column * output_stride + (depth - 1) * depth_stride]);
        }
    }
}
RD_KERNEL(pack_pairs,
          (weight, outputs, taps, depth, output_stride, tap_stride, depth_stride, first_panel, last_panel, packed), const float *weight,
          size_t outputs, size_t taps, size_t depth, size_t output_stride, size_t tap_stride, size_t depth_stride, size_t first_panel,
          size_t last_panel, uint32_t *packed)
