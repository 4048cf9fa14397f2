#include "bfloat.h"

#include <math.h>

RD_INLINE size_t counted(size_t width, ptrdiff_t seen, ptrdiff_t growth, size_t row) {
    const ptrdiff_t count = seen + growth * (ptrdiff_t)row;
    return count < 0 ? 0 : (size_t)count < width ? (size_t)count : width;
}

// What a row keeps from block to block. A row that has seen nothing yet stays without a maximum.
RD_INLINE float next_maximum(float largest, float scale, float *maximum, float *factor) {
    const float before = *maximum;
    const float scaled = largest * scale;
    const float after = scaled > before ? scaled : before;
    *factor = after == before ? 1.0f : before == -INFINITY ? 0.0f : rd_exp(before - after);
    *maximum = after;
    return after;
}

RD_INLINE void softmax_pairs_twin_body(const float *scores, size_t count, size_t width, size_t stride, float scale, ptrdiff_t seen,
                                       ptrdiff_t growth, float *maxima, float *sums, float *factors, uint16_t *to, size_t to_stride) {
    for (size_t r = 0; r < count; r++) {
        const float *row = scores + r * stride;
        uint16_t *out = to + r * to_stride;
        const size_t used = counted(width, seen, growth, r);
        float largest = -INFINITY;
        for (size_t i = 0; i < used; i++) largest = row[i] > largest ? row[i] : largest;
        const float maximum = next_maximum(largest, scale, maxima + r, factors + r);
        float sum = 0;
        for (size_t i = 0; i < used; i++) {
            const float value = maximum == -INFINITY ? 0 : rd_exp(row[i] * scale - maximum);
            sum += value;
            out[i] = rd_bfloat(value);
        }
        for (size_t i = used; i < (width + 1) / 2 * 2; i++) out[i] = 0;
        sums[r] = sums[r] * factors[r] + sum;
    }
}
RD_KERNEL(softmax_pairs_twin, (scores, count, width, stride, scale, seen, growth, maxima, sums, factors, to, to_stride),
          const float *scores, size_t count, size_t width, size_t stride, float scale, ptrdiff_t seen, ptrdiff_t growth, float *maxima,
          float *sums, float *factors, uint16_t *to, size_t to_stride)

#if defined(__x86_64__)
// 2^x within 4e-6 of itself, for x <= 0: far finer than what it is rounded to. The polynomial interpolates 2^r at Chebyshev's nodes of
// -0.5 ... 0.5.
RD_INLINE RD_TARGET_BF16 __m512 power_of_two(__m512 x) {
    const __m512 whole = _mm512_roundscale_ps(x, 0);
    const __m512 r = _mm512_sub_ps(x, whole);
    __m512 p = _mm512_set1_ps(0x1.3cbf60p-7f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0x1.ca1ce2p-5f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0x1.ebfa4cp-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0x1.62e0c2p-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0x1.000000p+0f));
    return _mm512_scalef_ps(p, whole);
}

RD_TARGET_BF16 static void softmax_pairs_bf16(const float *scores, size_t count, size_t width, size_t stride, float scale,
                                              ptrdiff_t seen, ptrdiff_t growth, float *maxima, float *sums, float *factors, uint16_t *to,
                                              size_t to_stride) {
    for (size_t r = 0; r < count; r++) {
        const float *row = scores + r * stride;
        uint16_t *out = to + r * to_stride;
        const size_t used = counted(width, seen, growth, r);
        const size_t whole = used / 32 * 32, left = used - whole;
        const __mmask16 first = (__mmask16)(left >= 16 ? 0xFFFFu : (1u << left) - 1);
        const __mmask16 second = (__mmask16)(left > 16 ? (1u << (left - 16)) - 1 : 0);
        const __m512 lowest = _mm512_set1_ps(-INFINITY);
        __m512 m0 = lowest, m1 = lowest;
        for (size_t i = 0; i < whole; i += 32) {
            m0 = _mm512_max_ps(m0, _mm512_loadu_ps(row + i));
            m1 = _mm512_max_ps(m1, _mm512_loadu_ps(row + i + 16));
        }
        if (left) {
            m0 = _mm512_max_ps(m0, _mm512_mask_loadu_ps(lowest, first, row + whole));
            m1 = _mm512_max_ps(m1, _mm512_mask_loadu_ps(lowest, second, row + whole + 16));
        }
        const float maximum = next_maximum(_mm512_reduce_max_ps(_mm512_max_ps(m0, m1)), scale, maxima + r, factors + r);
        size_t i = 0;
        if (maximum == -INFINITY) {
            sums[r] = 0;
        } else {
            const __m512 factor = _mm512_set1_ps(scale * 1.44269504088896341f);
            const __m512 shift = _mm512_set1_ps(-maximum * 1.44269504088896341f);
            __m512 s0 = _mm512_setzero_ps(), s1 = s0;
            for (; i < whole; i += 32) {
                const __m512 e0 = power_of_two(_mm512_fmadd_ps(_mm512_loadu_ps(row + i), factor, shift));
                const __m512 e1 = power_of_two(_mm512_fmadd_ps(_mm512_loadu_ps(row + i + 16), factor, shift));
                s0 = _mm512_add_ps(s0, e0);
                s1 = _mm512_add_ps(s1, e1);
                _mm512_storeu_si512(out + i, (__m512i)_mm512_cvtne2ps_pbh(e1, e0));
            }
            if (left) {
                const __m512 x0 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(first, row + i), factor, shift);
                const __m512 x1 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(second, row + i + 16), factor, shift);
                const __m512 e0 = _mm512_maskz_mov_ps(first, power_of_two(x0)), e1 = _mm512_maskz_mov_ps(second, power_of_two(x1));
                s0 = _mm512_add_ps(s0, e0);
                s1 = _mm512_add_ps(s1, e1);
                const __mmask32 some = (__mmask32)((1ull << ((left + 1) / 2 * 2)) - 1);
                _mm512_mask_storeu_epi16(out + i, some, (__m512i)_mm512_cvtne2ps_pbh(e1, e0));
                i += (left + 1) / 2 * 2;
            }
            sums[r] = sums[r] * factors[r] + _mm512_reduce_add_ps(_mm512_add_ps(s0, s1));
        }
        for (; i < (width + 1) / 2 * 2; i++) out[i] = 0;
    }
}
#endif

void rd_softmax_pairs(const float *scores, size_t count, size_t width, size_t stride, float scale, ptrdiff_t seen, ptrdiff_t growth,
                      float *maxima, float *sums, float *factors, uint16_t *to, size_t to_stride, rd_level level) {
#if defined(__x86_64__)
    if (level >= rd_level_bf16)
        return softmax_pairs_bf16(scores, count, width, stride, scale, seen, growth, maxima, sums, factors, to, to_stride);
#endif
    rd_softmax_pairs_twin(scores, count, width, stride, scale, seen, growth, maxima, sums, factors, to, to_stride, level);
}
