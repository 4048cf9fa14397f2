#include "tiles.h"

// Products of bytes: weights are rounded to 255 steps of a size that each output has for itself, rows to as many of a size that each row has.
// Four of them, neighbours in the depth, stand in four bytes; the processor multiplies signed bytes (the weights) with unsigned ones (the
// rows, 128 added), and sums whole numbers, which are exact.

RD_INLINE int32_t nearest(float value) {
    // Adding 1.5 * 2^23 leaves the nearest integer, ties to even, in the low bits.
    const float shifted = value + 12582912.0f;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - 0x4B400000;
}

// A number's bits without its sign grow with it, those of infinity are more, and those of what is no number are the most.
RD_INLINE uint32_t magnitude(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7FFFFFFFu;
}

// The largest |value|; where one is no number, that.
RD_INLINE float largest(const float *values, size_t count) {
    uint32_t lanes[16] = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (size_t l = 0; l < 16; l++) lanes[l] = magnitude(values[i + l]) > lanes[l] ? magnitude(values[i + l]) : lanes[l];
    uint32_t most = 0;
    for (size_t l = 0; l < 16; l++) most = lanes[l] > most ? lanes[l] : most;
    for (; i < count; i++) most = magnitude(values[i]) > most ? magnitude(values[i]) : most;
    float value;
    memcpy(&value, &most, sizeof value);
    return value;
}

// What a value is multiplied with for the largest to be 127 steps. Of what is so small that it has no inverse there are none.
RD_INLINE float steps_of_one(float most) { return most > 1e-36f ? 127.0f / most : 0; }

RD_INLINE void quantise_rows_body(const float *from, size_t count, size_t width, size_t stride, uint8_t *to, float *scales) {
    const size_t wide = (width + 3) / 4 * 4;
    for (size_t r = 0; r < count; r++) {
        const float *row = from + r * stride;
        uint8_t *out = to + r * wide;
        const float most = largest(row, width);
        const float factor = steps_of_one(most);
        scales[r] = most / 127.0f;
        for (size_t i = 0; i < width; i++) out[i] = (uint8_t)(nearest(row[i] * factor) + 128);
        for (size_t i = width; i < wide; i++) out[i] = 128;
    }
}
RD_KERNEL(quantise_rows, (from, count, width, stride, to, scales), const float *from, size_t count, size_t width, size_t stride,
          uint8_t *to, float *scales)

// Words of a panel's row that are made at a time: of all columns, they stay in the first-level cache.
enum { quad_block = 64 };

// The largest sum of two neighbours of one sign, or of one value alone.
RD_INLINE float largest_pair(const float *values, size_t count) {
    float most = 0;
    for (size_t i = 0; i < count; i += 2) {
        const float a = values[i], b = i + 1 < count ? values[i + 1] : 0;
        const float above = (a > 0 ? a : 0) + (b > 0 ? b : 0), below = (a < 0 ? a : 0) + (b < 0 ? b : 0);
        const float more = above > -below ? above : -below;
        most = more > most ? more : most;
    }
    return most;
}

RD_INLINE void pack_quads_as_body(const float *weight, size_t outputs, size_t depth, size_t first_panel, size_t last_panel, uint32_t *packed,
                                  float *scales, int32_t *offsets, int is_narrow) {
    const size_t quads = (depth + 3) / 4;
    for (size_t panel = first_panel; panel < last_panel; panel++) {
        const size_t first = panel * 32;
        const size_t columns = outputs - first < 32 ? outputs - first : 32;
        uint32_t *to = packed + first * quads;
        if (columns < 32) memset(to, 0, 32 * quads * sizeof *to);
        memset(scales + first, 0, 32 * sizeof *scales);
        memset(offsets + first, 0, 32 * sizeof *offsets);
        float factors[32];
        for (size_t column = 0; column < columns; column++) {
            const float *row = weight + (first + column) * depth;
            const float most = is_narrow ? largest_pair(row, depth) : largest(row, depth);
            factors[column] = steps_of_one(most);
            scales[first + column] = most / 127.0f;
        }
        for (size_t start = 0; start < quads; start += quad_block) {
            const size_t words = quads - start < quad_block ? quads - start : quad_block;
            const size_t count = depth - 4 * start < 4 * words ? depth - 4 * start : 4 * words;
            for (size_t column = 0; column < columns; column++) {
                const float *row = weight + (first + column) * depth + 4 * start;
                uint8_t bytes[4 * quad_block] = {0};
                int32_t sum = 0;
                for (size_t i = 0; i < count; i++) {
                    const int32_t value = nearest(row[i] * factors[column]);
                    sum += value;
                    bytes[i] = (uint8_t)value;
                }
                for (size_t k = 0; k < words; k++) memcpy(to + (start + k) * 32 + column, bytes + 4 * k, 4);
                offsets[first + column] += 128 * sum;
            }
        }
    }
}
RD_KERNEL(pack_quads_as, (weight, outputs, depth, first_panel, last_panel, packed, scales, offsets, is_narrow), const float *weight,
          size_t outputs, size_t depth, size_t first_panel, size_t last_panel, uint32_t *packed, float *scales, int32_t *offsets,
          int is_narrow)

int rd_quads_are_narrow(rd_level level) { return level == rd_level_avx2 || level == rd_level_avx512; }

void rd_pack_quads(const float *weight, size_t outputs, size_t depth, size_t first_panel, size_t last_panel, uint32_t *packed, float *scales,
                   int32_t *offsets, rd_level level) {
    rd_pack_quads_as(weight, outputs, depth, first_panel, last_panel, packed, scales, offsets, rd_quads_are_narrow(level), level);
}

RD_INLINE quad_sums twin_dot(quad_sums sums, pair_words weights, uint32_t quad) {
    for (int j = 0; j < 4; j++) {
        const quad_sums bytes = (quad_sums)(weights << (uint32_t)(24 - 8 * j)) >> 24;
        sums += bytes * (int32_t)(quad >> (8 * j) & 0xFFu);
    }
    return sums;
}

#define RD_NAME(name) quad_twin_##name
#define RD_TARGET
#define RD_MOST_ROWS 12
#define RD_COLUMNS 32
#define RD_DOT(sums, weights, quad) twin_dot(sums, weights, quad)
#include "quad_body.h"

#if defined(__x86_64__)
#define RD_TARGET_VNNI __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define RD_NAME(name) quad_vnni_##name
#define RD_TARGET RD_TARGET_VNNI
#define RD_MOST_ROWS 12
#define RD_COLUMNS 32
#define RD_DOT(sums, weights, quad) (quad_sums)_mm512_dpbusd_epi32((__m512i)(sums), _mm512_set1_epi32((int)(quad)), (__m512i)(weights))
#include "quad_body.h"

typedef int32_t eight_sums __attribute__((vector_size(32), aligned(4), may_alias));

// A half of what the bodies count in, and both together.
#define RD_LOWER(v) __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
#define RD_UPPER(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)
#define RD_BOTH(low, high) \
    __builtin_shufflevector((eight_sums)(low), (eight_sums)(high), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)

#define RD_TARGET_AVX_VNNI __attribute__((target("avx2,fma,f16c,avxvnni")))
RD_INLINE RD_TARGET_AVX_VNNI quad_sums avx_vnni_dot(quad_sums sums, pair_words weights, uint32_t quad) {
    const __m256i x = _mm256_set1_epi32((int)quad);
    return RD_BOTH(_mm256_dpbusd_avx_epi32((__m256i)RD_LOWER(sums), x, (__m256i)RD_LOWER(weights)),
                   _mm256_dpbusd_avx_epi32((__m256i)RD_UPPER(sums), x, (__m256i)RD_UPPER(weights)));
}

#define RD_NAME(name) quad_avx_vnni_##name
#define RD_TARGET RD_TARGET_AVX_VNNI
#define RD_MOST_ROWS 6
#define RD_COLUMNS 16
#define RD_DOT(sums, weights, quad) avx_vnni_dot(sums, weights, quad)
#include "quad_body.h"

// Two products of bytes are summed in sixteen bits, which a narrow weight cannot overflow, and then two of these in thirty-two.
RD_INLINE RD_TARGET_AVX2 quad_sums avx2_dot(quad_sums sums, pair_words weights, uint32_t quad) {
    const __m256i x = _mm256_set1_epi32((int)quad), ones = _mm256_set1_epi16(1);
    return sums + RD_BOTH(_mm256_madd_epi16(_mm256_maddubs_epi16(x, (__m256i)RD_LOWER(weights)), ones),
                          _mm256_madd_epi16(_mm256_maddubs_epi16(x, (__m256i)RD_UPPER(weights)), ones));
}

#define RD_NAME(name) quad_avx2_##name
#define RD_TARGET RD_TARGET_AVX2
#define RD_MOST_ROWS 6
#define RD_COLUMNS 16
#define RD_DOT(sums, weights, quad) avx2_dot(sums, weights, quad)
#include "quad_body.h"

RD_INLINE RD_TARGET_AVX512 quad_sums avx512_dot(quad_sums sums, pair_words weights, uint32_t quad) {
    const __m512i pairs = _mm512_maddubs_epi16(_mm512_set1_epi32((int)quad), (__m512i)weights);
    return sums + (quad_sums)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}

#define RD_NAME(name) quad_avx512_##name
#define RD_TARGET RD_TARGET_AVX512
#define RD_MOST_ROWS 12
#define RD_COLUMNS 32
#define RD_DOT(sums, weights, quad) avx512_dot(sums, weights, quad)
#include "quad_body.h"
#endif

void rd_quad_rows(const float *const *table, size_t count, size_t depth, size_t group, const uint32_t *packed, const float *row_scales,
                  const float *scales, const int32_t *offsets, size_t first_column, size_t last_column, const float *bias,
                  int32_t activation, float *out, size_t stride, rd_level level) {
    const quad_columns columns = {scales, offsets, bias};
#define RD_ROWS(kind) \
    return quad_##kind##_rows(table, count, depth, group, packed, row_scales, &columns, first_column, last_column, activation, out, stride)
#if defined(__x86_64__)
    if (level >= rd_level_amx) {
        for (size_t row = 0; row < count; row += rd_tile_most_rows)
            rd_tile_quads(table + row, count - row < rd_tile_most_rows ? count - row : rd_tile_most_rows, depth, packed, row_scales + row,
                          &columns, first_column, last_column, activation, out + row * stride, stride);
        return;
    }
    if (level >= rd_level_vnni) RD_ROWS(vnni);
    if (level == rd_level_avx512) RD_ROWS(avx512);
    if (level == rd_level_avx_vnni) RD_ROWS(avx_vnni);
    if (level == rd_level_avx2) RD_ROWS(avx2);
#endif
    (void)level;
    RD_ROWS(twin);
#undef RD_ROWS
}
