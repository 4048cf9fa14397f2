// The product of a few rows of bytes with one panel: included with RD_NAME(name), RD_TARGET and RD_DOT(sum, weights, quad) defined, where
// the latter adds, for sixteen columns i, the four products of the unsigned bytes of `quad` with the signed ones of weights[i].

RD_INLINE RD_TARGET void RD_NAME(finish)(quad_sums sums, const quad_columns *c, size_t first, size_t columns, float scale, float *out,
                                         const int32_t kind) {
    const pair_sums zero = {0};
    const size_t count = columns < 16 ? columns : 16;
    // The rows' bytes are 128 more than what they stand for. Scales and offsets go on to the end of the panel.
    const quad_sums exact = sums - *(const quad_sums *)(c->offsets + first);
    pair_sums v = __builtin_convertvector(exact, pair_sums) * (scale * *(const pair_sums *)(c->scales + first));
    if (c->bias && count == 16) {
        v += *(const pair_sums *)(c->bias + first);
    } else if (c->bias) {
        float padded[16] = {0};
        for (size_t i = 0; i < count; i++) padded[i] = c->bias[first + i];
        v += *(const pair_sums *)padded;
    }
    if (kind == rd_activation_relu || kind == rd_activation_relu6) v = __builtin_elementwise_max(v, zero);
    if (kind == rd_activation_relu6) v = __builtin_elementwise_min(v, zero + 6.0f);
    if (count == 16) {
        *(pair_sums *)out = v;
        return;
    }
    float values[16];
    *(pair_sums *)values = v;
    for (size_t i = 0; i < count; i++) out[i] = values[i];
}

RD_INLINE RD_TARGET void RD_NAME(tile)(const float *const *table, size_t depth, const uint32_t *panel, const float *row_scales,
                                       const quad_columns *c, size_t first, size_t columns, float *out, size_t stride,
                                       const size_t count, const int is_wide, const int32_t kind) {
    quad_sums low[12], high[12];
    const uint32_t *rows[12];
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
        RD_NAME(finish)(low[r], c, first, columns, row_scales[r], out + r * stride, kind);
        if (is_wide) RD_NAME(finish)(high[r], c, first + 16, columns - 16, row_scales[r], out + r * stride + 16, kind);
    }
}

#define RD_TILE(rows)                                                                                                                 \
    case rows:                                                                                                                        \
        if (columns > 16) RD_NAME(tile)(some, depth, panel, scales, c, column, columns, end, stride, rows, 1, activation);             \
        else RD_NAME(tile)(some, depth, panel, scales, c, column, columns, end, stride, rows, 0, activation);                          \
        break;

RD_TARGET static void RD_NAME(rows)(const float *const *table, size_t count, size_t depth, size_t group, const uint32_t *packed,
                                    const float *row_scales, const quad_columns *c, size_t first_column, size_t last_column,
                                    int32_t activation, float *out, size_t stride) {
    for (size_t column = first_column; column < last_column; column += 32) {
        const uint32_t *panel = packed + column * depth;
        const size_t columns = last_column - column < 32 ? last_column - column : 32;
        for (size_t row = 0; row < count; row += group) {
            const float *const *some = table + row;
            const float *scales = row_scales + row;
            float *end = out + row * stride + column;
            switch (count - row < group ? count - row : group) {
                RD_TILE(12) RD_TILE(11) RD_TILE(10) RD_TILE(9) RD_TILE(8) RD_TILE(7)
                RD_TILE(6) RD_TILE(5) RD_TILE(4) RD_TILE(3) RD_TILE(2) RD_TILE(1)
            default: break;
            }
        }
    }
}

#undef RD_TILE
#undef RD_NAME
#undef RD_TARGET
#undef RD_DOT
