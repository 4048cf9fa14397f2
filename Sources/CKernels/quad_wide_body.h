// The product of rows of bytes with panels where no instruction multiplies bytes exactly: they are widened to sixteen bits. Included with
// RD_NAME(name), RD_TARGET, RD_MOST_ROWS and RD_COLUMNS as for quad_body.h, and RD_DOT(sums, weights, pair), which adds, for sixteen columns
// i, the two products of the signed halves of `pair` with those of weights[i].
//
// Of a word's four bytes the first and the third stand in one pair, the second and the fourth in another, so that widening needs no more
// than shifts. A panel is widened a run of the depth at a time, which all rows then meet in the first-level cache; sums rest in the output.

RD_INLINE RD_TARGET void RD_NAME(tile)(const float *const *table, size_t offset, size_t depth, const uint32_t *weights, const int is_first,
                                       const int is_last, const float *row_scales, const quad_columns *c, size_t first, size_t columns,
                                       float *out, size_t stride, const size_t count, const int is_wide, const int32_t kind) {
    uint32_t pairs[RD_MOST_ROWS][2 * quad_run];
    quad_sums low[RD_MOST_ROWS], high[RD_MOST_ROWS];
    const quad_sums zero = {0};
    const size_t right = is_wide ? columns - 16 : 0;
#pragma unroll
    for (size_t r = 0; r < count; r++) {
        const uint32_t *row = (const uint32_t *)table[r] + offset;
        for (size_t k = 0; k < depth; k++) {
            pairs[r][2 * k] = row[k] & 0x00FF00FFu;
            pairs[r][2 * k + 1] = row[k] >> 8 & 0x00FF00FFu;
        }
        low[r] = zero, high[r] = zero;
        if (!is_first) take_quads(low + r, out + r * stride, columns);
        if (!is_first && is_wide) take_quads(high + r, out + r * stride + 16, right);
    }
    for (size_t k = 0; k < 2 * depth; k++, weights += 32) {
        const pair_words w0 = *(const pair_words *)weights;
        if (is_wide) {
            const pair_words w1 = *(const pair_words *)(weights + 16);
#pragma unroll
            for (size_t r = 0; r < count; r++) {
                const uint32_t x = pairs[r][k];
                low[r] = RD_DOT(low[r], w0, x);
                high[r] = RD_DOT(high[r], w1, x);
            }
        } else {
#pragma unroll
            for (size_t r = 0; r < count; r++) low[r] = RD_DOT(low[r], w0, pairs[r][k]);
        }
    }
#pragma unroll
    for (size_t r = 0; r < count; r++) {
        float *to = out + r * stride;
        if (is_last) {
            finish_quads(low + r, c, first, columns, row_scales[r], to, kind);
            if (is_wide) finish_quads(high + r, c, first + 16, right, row_scales[r], to + 16, kind);
        } else {
            rest_quads(low + r, to, columns);
            if (is_wide) rest_quads(high + r, to + 16, right);
        }
    }
}

RD_INLINE RD_TARGET void RD_NAME(widen)(const uint32_t *panel, size_t depth, uint32_t *to) {
    for (size_t k = 0; k < depth; k++, panel += 32, to += 64) {
        for (size_t half = 0; half < 32; half += 16) {
            const quad_halves bytes = *(const quad_halves *)(panel + half);
            *(quad_halves *)(to + half) = (quad_halves)((quad_bits)bytes << 8) >> 8;
            *(quad_halves *)(to + 32 + half) = bytes >> 8;
        }
    }
}

#define RD_TILE(rows)                                                                                                                   \
    case rows:                                                                                                                          \
        if (columns > 16)                                                                                                               \
            RD_NAME(tile)(some, offset, piece, weights + left, offset == 0, is_last, scales, c, column + left, columns, end, stride,    \
                          rows, 1, activation);                                                                                         \
        else                                                                                                                            \
            RD_NAME(tile)(some, offset, piece, weights + left, offset == 0, is_last, scales, c, column + left, columns, end, stride,    \
                          rows, 0, activation);                                                                                         \
        break;
#if RD_MOST_ROWS > 6
#define RD_MORE_TILES RD_TILE(12) RD_TILE(11) RD_TILE(10) RD_TILE(9) RD_TILE(8) RD_TILE(7)
#else
#define RD_MORE_TILES
#endif
#define RD_TILES RD_MORE_TILES RD_TILE(6) RD_TILE(5) RD_TILE(4) RD_TILE(3) RD_TILE(2) RD_TILE(1)

RD_TARGET static void RD_NAME(rows)(const float *const *table, size_t count, size_t depth, size_t group, const uint32_t *packed,
                                    const float *row_scales, const quad_columns *c, size_t first_column, size_t last_column,
                                    int32_t activation, float *out, size_t stride) {
    uint32_t weights[64 * quad_run] __attribute__((aligned(64)));
    const size_t height = group < RD_MOST_ROWS ? group : RD_MOST_ROWS;
    for (size_t column = first_column; column < last_column; column += 32) {
        const uint32_t *panel = packed + column * depth;
        for (size_t offset = 0; offset < depth; offset += quad_run) {
            const size_t piece = depth - offset < quad_run ? depth - offset : quad_run;
            const int is_last = offset + piece == depth;
            RD_NAME(widen)(panel + offset * 32, piece, weights);
            for (size_t row = 0; row < count; row += height) {
                const float *const *some = table + row;
                const float *scales = row_scales + row;
                for (size_t left = 0; left < 32 && column + left < last_column; left += RD_COLUMNS) {
                    const size_t columns = last_column - column - left < RD_COLUMNS ? last_column - column - left : RD_COLUMNS;
                    float *end = out + row * stride + column + left;
                    switch (count - row < height ? count - row : height) {
                        RD_TILES
                    default: break;
                    }
                }
            }
        }
    }
}

#undef RD_TILE
#undef RD_TILES
#undef RD_MORE_TILES
#undef RD_NAME
#undef RD_TARGET
#undef RD_MOST_ROWS
#undef RD_COLUMNS
#undef RD_DOT
