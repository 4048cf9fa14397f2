// The product of rows of bytes with panels, by an instruction that multiplies four bytes at once: included with RD_NAME(name), RD_TARGET,
// RD_MOST_ROWS and RD_COLUMNS, how many rows and columns (16 or 32) the registers hold the sums of, and RD_DOT(sums, weights, quad) defined,
// where the latter adds, for sixteen columns i, the four products of the unsigned bytes of `quad` with the signed ones of weights[i].

RD_INLINE RD_TARGET void RD_NAME(tile)(const float *const *table, size_t depth, const uint32_t *panel, const float *row_scales,
                                       const quad_columns *c, size_t first, size_t columns, float *out, size_t stride,
                                       const size_t count, const int is_wide, const int32_t kind) {
    quad_sums low[RD_MOST_ROWS], high[RD_MOST_ROWS];
    const uint32_t *rows[RD_MOST_ROWS];
    const quad_sums zero = {0};
#pragma unroll
    for (size_t r = 0; r < count; r++) low[r] = zero, high[r] = zero, rows[r] = (const uint32_t *)table[r];
    for (size_t k = 0; k < depth; k++, panel += 32) {
        const pair_words w0 = *(const pair_words *)panel;
        if (is_wide) {
            const pair_words w1 = *(const pair_words *)(panel + 16);
#pragma unroll
            for (size_t r = 0; r < count; r++) {
                const uint32_t x = rows[r][k];
                low[r] = RD_DOT(low[r], w0, x);
                high[r] = RD_DOT(high[r], w1, x);
            }
        } else {
#pragma unroll
            for (size_t r = 0; r < count; r++) low[r] = RD_DOT(low[r], w0, rows[r][k]);
        }
    }
#pragma unroll
    for (size_t r = 0; r < count; r++) {
        finish_quads(low + r, c, first, columns, row_scales[r], out + r * stride, kind);
        if (is_wide) finish_quads(high + r, c, first + 16, columns - 16, row_scales[r], out + r * stride + 16, kind);
    }
}

#define RD_TILE(rows)                                                                                                                   \
    case rows:                                                                                                                          \
        if (columns > 16)                                                                                                               \
            RD_NAME(tile)(some, depth, panel + left, scales, c, column + left, columns, end, stride, rows, 1, activation);              \
        else                                                                                                                            \
            RD_NAME(tile)(some, depth, panel + left, scales, c, column + left, columns, end, stride, rows, 0, activation);              \
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
    const size_t height = group < RD_MOST_ROWS ? group : RD_MOST_ROWS;
    for (size_t column = first_column; column < last_column; column += 32) {
        const uint32_t *panel = packed + column * depth;
        for (size_t left = 0; left < 32 && column + left < last_column; left += RD_COLUMNS) {
            const size_t columns = last_column - column - left < RD_COLUMNS ? last_column - column - left : RD_COLUMNS;
            for (size_t row = 0; row < count; row += height) {
                const float *const *some = table + row;
                const float *scales = row_scales + row;
                float *end = out + row * stride + column + left;
                switch (count - row < height ? count - row : height) {
                    RD_TILES
                default: break;
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
