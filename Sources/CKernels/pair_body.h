// The product of a few rows with one panel of pairs: included with RD_NAME(name), RD_TARGET and RD_DOT(sum, weights, pair) defined, where
// the latter gives sum + weights[i].low * pair.low + weights[i].high * pair.high for sixteen columns i.
//
// The tile, the runs and the table are those of panel_body.h, with a pair in the place of a number; the height of a tile is the caller's,
// so that fifty rows are five tiles of ten and not four of twelve and one of two. A last panel that is at most half full takes one vector.

RD_INLINE RD_TARGET pair_sums RD_NAME(some)(const float *from, size_t count) {
    pair_sums sums = {0};
    if (count >= 16) return *(const pair_sums *)from;
    float padded[16] = {0};
    for (size_t i = 0; i < count; i++) padded[i] = from[i];
    memcpy(&sums, padded, sizeof sums);
    return sums;
}

RD_INLINE RD_TARGET void RD_NAME(put)(float *to, pair_sums sums, size_t count) {
    if (count >= 16) {
        *(pair_sums *)to = sums;
        return;
    }
    float padded[16];
    memcpy(padded, &sums, sizeof sums);
    for (size_t i = 0; i < count; i++) to[i] = padded[i];
}

RD_INLINE RD_TARGET pair_sums RD_NAME(limit)(pair_sums v, const int32_t kind) {
    const pair_sums zero = {0};
    if (kind == rd_activation_relu || kind == rd_activation_relu6) v = __builtin_elementwise_max(v, zero);
    if (kind == rd_activation_relu6) v = __builtin_elementwise_min(v, zero + 6.0f);
    return v;
}

RD_INLINE RD_TARGET void RD_NAME(tile)(const float *const *table, const float *const *next, size_t group, pair_run run, const uint32_t *panel,
                                       const float *bias, float *out, size_t stride, size_t columns, const size_t count, const int is_wide,
                                       const int32_t kind) {
    const pair_sums zero = {0};
    const size_t right = is_wide ? columns - 16 : 0;
    pair_sums low[12], high[12];
    if (run.is_first) {
        const pair_sums first = bias ? RD_NAME(some)(bias, columns) : zero;
        const pair_sums second = bias && is_wide ? RD_NAME(some)(bias + 16, right) : zero;
#pragma unroll
        for (size_t r = 0; r < count; r++) low[r] = first, high[r] = second;
    } else {
#pragma unroll
        for (size_t r = 0; r < count; r++) {
            low[r] = RD_NAME(some)(out + r * stride, columns);
            if (is_wide) high[r] = RD_NAME(some)(out + r * stride + 16, right);
        }
    }
    for (size_t tap = 0; tap < run.taps; tap++, table += group) {
        const uint32_t *rows[12];
#pragma unroll
        for (size_t r = 0; r < count; r++) rows[r] = (const uint32_t *)table[r] + run.offset;
        for (size_t k = 0; k < run.depth; k++, panel += 32) {
            if (next && k % 16 == 0) {
#pragma unroll
                for (size_t r = 0; r < count; r++) __builtin_prefetch(next[r] + run.offset + k);
            }
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
    }
#pragma unroll
    for (size_t r = 0; r < count; r++) {
        RD_NAME(put)(out + r * stride, run.is_last ? RD_NAME(limit)(low[r], kind) : low[r], columns);
        if (is_wide) RD_NAME(put)(out + r * stride + 16, run.is_last ? RD_NAME(limit)(high[r], kind) : high[r], right);
    }
}

#define RD_TILE(rows)                                                                                                                   \
    case rows: RD_NAME(tile)(last, next, group, run, panel, some, end, stride, columns, rows, is_wide, kind); break;

RD_INLINE RD_TARGET void RD_NAME(column)(const float *const *table, size_t count, size_t taps, size_t group, pair_run run,
                                         const uint32_t *panel, const float *some, float *out, size_t stride, size_t columns,
                                         const int is_wide, const int32_t kind, const int prefetches) {
    for (size_t row = 0; row < count; row += group) {
        const float *const *last = table + row * taps;
        // The short rows of a matrix are asked for a tile ahead: nothing else foresees where they begin.
        const float *const *next = prefetches && row + 2 * group <= count ? last + group : 0;
        float *end = out + row * stride;
        switch (count - row < group ? count - row : group) {
            RD_TILE(12) RD_TILE(11) RD_TILE(10) RD_TILE(9) RD_TILE(8) RD_TILE(7)
            RD_TILE(6) RD_TILE(5) RD_TILE(4) RD_TILE(3) RD_TILE(2) RD_TILE(1)
        default: break;
        }
    }
}

#undef RD_TILE

RD_TARGET static void RD_NAME(run)(const float *const *table, size_t count, size_t taps, size_t group, pair_run run,
                                   const uint32_t *packed, size_t panel_depth, size_t first_column, size_t last_column,
                                   const float *bias, float *out, size_t stride, int32_t activation, int32_t flags) {
    for (size_t column = first_column; column < last_column; column += 32) {
        const uint32_t *panel = packed + column * panel_depth;
        const size_t columns = last_column - column < 32 ? last_column - column : 32;
        const float *some = bias ? bias + column : 0;
        if (columns <= 16)
            RD_NAME(column)(table, count, taps, group, run, panel, some, out + column, stride, columns, 0, activation,
                            flags & rd_pair_prefetches);
        else
            RD_NAME(column)(table, count, taps, group, run, panel, some, out + column, stride, columns, 1, activation,
                            flags & rd_pair_prefetches);
    }
}

RD_TARGET static void RD_NAME(rows)(const float *const *table, size_t count, size_t taps, size_t depth, size_t group,
                                    const uint32_t *packed, size_t first_column, size_t last_column, const float *bias,
                                    int32_t activation, int32_t flags, float *out, size_t stride) {
    pair_run run = {.taps = 1, .depth = depth, .offset = 0, .is_first = !(flags & rd_pair_adds), .is_last = 0};
    if (taps == 1) {
        const size_t runs = (depth + pair_run_depth - 1) / pair_run_depth;
        const size_t piece = runs ? (depth + runs - 1) / runs : depth;
        do {
            run.depth = depth - run.offset < piece ? depth - run.offset : piece;
            run.is_last = run.offset + run.depth >= depth;
            RD_NAME(run)(table, count, 1, group, run, packed + run.offset * 32, depth, first_column, last_column, bias, out, stride,
                         activation, flags);
            run.offset += run.depth;
            run.is_first = 0;
        } while (!run.is_last);
        return;
    }
    const size_t most = depth < pair_run_depth ? pair_run_depth / depth : 1;
    for (size_t tap = 0; tap < taps; tap += run.taps) {
        run.taps = taps - tap < most ? taps - tap : most;
        run.is_last = tap + run.taps == taps;
        // Within a group of rows the table holds tap after tap, so a run's entries begin `tap` groups further on.
        RD_NAME(run)(table + tap * group, count, taps, group, run, packed + tap * depth * 32, taps * depth, first_column, last_column,
                     bias, out, stride, activation, 0);
        run.is_first = 0;
    }
}

#undef RD_NAME
#undef RD_TARGET
#undef RD_DOT
