#include "bfloat.h"

// Winograd's minimal filtering F(2x2, 3x3) (Lavin and Gray 2015): Y = A^T [(G g G^T) * (B^T d B)] A, 16 products for 4 outputs of 9 taps.

// B^T d for four values.
RD_INLINE void enter_four(const pair_sums *d, pair_sums *t) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
}

// A^T m for four values.
RD_INLINE void leave_two(const pair_sums *m, pair_sums *y) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] - m[3];
}

// G g for three values.
RD_INLINE void filter_four(const pair_sums *g, pair_sums *t) {
    const pair_sums even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
    t[0] = g[0];
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = g[2];
}

RD_INLINE void load_sums(const float *p, size_t count, pair_sums *to) {
    if (count == 16) {
        *to = *(const pair_sums *)p;
        return;
    }
    const pair_sums zero = {0};
    *to = zero;
    memcpy(to, p, count * sizeof(float));
}

RD_INLINE void store_sums(float *p, pair_sums v, size_t count) {
    if (count == 16) *(pair_sums *)p = v;
    else memcpy(p, &v, count * sizeof(float));
}

RD_INLINE void twin_halves(pair_sums v, uint16_t *to) {
    for (int i = 0; i < 16; i++) to[i] = rd_bfloat(v[i]);
}

RD_INLINE pair_words twin_join(pair_sums low, pair_sums high) {
    pair_words joined;
    for (int i = 0; i < 16; i++) joined[i] = rd_bfloat(low[i]) | (uint32_t)rd_bfloat(high[i]) << 16;
    return joined;
}

#define RD_NAME(name) twin_##name
#define RD_TARGET
#define RD_HALVES(sums, to) twin_halves(sums, to)
#define RD_JOINED(low, high) twin_join(low, high)
#include "winograd_pair_body.h"

#if defined(__x86_64__)
RD_INLINE RD_TARGET_BF16 pair_words bf16_join(pair_sums low, pair_sums high) {
    const __m512i l = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)low));
    const __m512i h = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)high));
    return (pair_words)_mm512_or_si512(l, _mm512_slli_epi32(h, 16));
}

#define RD_NAME(name) bf16_##name
#define RD_TARGET RD_TARGET_BF16
#define RD_HALVES(sums, to) _mm256_storeu_si256((__m256i *)(to), (__m256i)_mm512_cvtneps_pbh((__m512)(sums)))
#define RD_JOINED(low, high) bf16_join(low, high)
#include "winograd_pair_body.h"
#endif

void rd_pair_winograd_weights(const uint32_t *panel, size_t run, uint32_t *to, size_t point_stride, rd_level level) {
#if defined(__x86_64__)
    if (level >= rd_level_bf16) return bf16_weights(panel, run, to, point_stride);
#endif
    (void)level;
    twin_weights(panel, run, to, point_stride);
}

void rd_pair_winograd_input(const float *input, size_t height, size_t width, size_t channels, ptrdiff_t top, ptrdiff_t left, uint16_t *to,
                            size_t point_stride, rd_level level) {
#if defined(__x86_64__)
    if (level >= rd_level_bf16) return bf16_input(input, height, width, channels, top, left, to, point_stride);
#endif
    (void)level;
    twin_input(input, height, width, channels, top, left, to, point_stride);
}

RD_INLINE void pair_winograd_output_body(const float *from, size_t point_stride, size_t channels, const float *bias, int32_t activation,
                                         const float *residual, float *out, size_t pixel_stride, size_t row_stride, size_t rows, size_t columns) {
    const pair_sums zero = {0};
    for (size_t c = 0; c < channels; c += 16) {
        const size_t count = channels - c < 16 ? channels - c : 16;
        pair_sums half[2][4];
        for (int x = 0; x < 4; x++) {
            pair_sums m[4], t[2];
            for (int y = 0; y < 4; y++) load_sums(from + (size_t)(y * 4 + x) * point_stride + c, count, m + y);
            leave_two(m, t);
            half[0][x] = t[0];
            half[1][x] = t[1];
        }
        pair_sums shift = zero;
        if (bias) load_sums(bias + c, count, &shift);
        for (size_t y = 0; y < rows; y++) {
            pair_sums t[2];
            leave_two(half[y], t);
            for (size_t x = 0; x < columns; x++) {
                pair_sums v = t[x] + shift;
                if (activation == rd_activation_relu || activation == rd_activation_relu6) v = __builtin_elementwise_max(v, zero);
                if (activation == rd_activation_relu6) v = __builtin_elementwise_min(v, zero + 6.0f);
                const size_t place = y * row_stride + x * pixel_stride + c;
                if (residual) {
                    pair_sums more;
                    load_sums(residual + place, count, &more);
                    v += more;
                }
                store_sums(out + place, v, count);
            }
        }
    }
}
RD_KERNEL(pair_winograd_output, (from, point_stride, channels, bias, activation, residual, out, pixel_stride, row_stride, rows, columns),
          const float *from, size_t point_stride, size_t channels, const float *bias, int32_t activation, const float *residual,
          float *out, size_t pixel_stride, size_t row_stride, size_t rows, size_t columns)
