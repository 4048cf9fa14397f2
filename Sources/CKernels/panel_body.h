// The product of a few rows with one panel, for one vector width: included with RD_LANES and RD_ROWS defined.
//
// A tile of RD_ROWS rows by two vectors of columns stays in registers over a run of the depth: twelve (or twenty-four) sums, two
// weights and a factor. Rows come through a table of pointers, so a matrix and the windows of a convolution are the same to it.
// A run is as much of the depth as keeps its part of a panel in the second-level cache; sums rest in the output between runs.

#define RD_JOIN2(a, b) a##b
#define RD_JOIN(a, b) RD_JOIN2(a, b)
#define RD_NAME(name) RD_JOIN(name, RD_LANES)

typedef float RD_NAME(lanes) __attribute__((vector_size(4 * RD_LANES), aligned(4), may_alias));

RD_INLINE void RD_NAME(tile)(const float *const *table, rd_run run, const float *panel, const float *bias, float *out, size_t stride,
                             size_t columns, const size_t count, const int32_t kind) {
    typedef RD_NAME(lanes) vector;
    const vector zero = {0};
    vector low[RD_ROWS], high[RD_ROWS];
    vector first = zero, second = zero;
    if (bias && columns == 2 * RD_LANES) {
        first = *(const vector *)bias;
        second = *(const vector *)(bias + RD_LANES);
    } else if (bias) {
        float padded[2 * RD_LANES] = {0};
        for (size_t i = 0; i < columns; i++) padded[i] = bias[i];
        first = *(const vector *)padded;
        second = *(const vector *)(padded + RD_LANES);
    }
#pragma unroll
    for (size_t r = 0; r < count; r++) low[r] = first, high[r] = second;
    if (!run.is_first) {
#pragma unroll
        for (size_t r = 0; r < count; r++) {
            if (columns == 2 * RD_LANES) {
                low[r] = *(const vector *)(out + r * stride);
                high[r] = *(const vector *)(out + r * stride + RD_LANES);
            } else {
                float sums[2 * RD_LANES] = {0};
                for (size_t i = 0; i < columns; i++) sums[i] = out[r * stride + i];
                low[r] = *(const vector *)sums;
                high[r] = *(const vector *)(sums + RD_LANES);
            }
        }
    }
    for (size_t tap = 0; tap < run.taps; tap++, table += RD_ROWS) {
        const float *rows[RD_ROWS];
#pragma unroll
        for (size_t r = 0; r < count; r++) rows[r] = table[r] + run.offset;
        for (size_t k = 0; k < run.depth; k++, panel += 2 * RD_LANES) {
            const vector w0 = *(const vector *)panel, w1 = *(const vector *)(panel + RD_LANES);
#pragma unroll
            for (size_t r = 0; r < count; r++) {
                const float x = rows[r][k];
                low[r] += x * w0;
                high[r] += x * w1;
            }
        }
    }
#pragma unroll
    for (size_t r = 0; r < count; r++) {
        if (run.is_last && (kind == rd_activation_relu || kind == rd_activation_relu6)) {
            low[r] = __builtin_elementwise_max(low[r], zero);
            high[r] = __builtin_elementwise_max(high[r], zero);
        }
        if (run.is_last && kind == rd_activation_relu6) {
            low[r] = __builtin_elementwise_min(low[r], zero + 6.0f);
            high[r] = __builtin_elementwise_min(high[r], zero + 6.0f);
        }
        if (columns == 2 * RD_LANES) {
            *(vector *)(out + r * stride) = low[r];
            *(vector *)(out + r * stride + RD_LANES) = high[r];
        } else {
            float sums[2 * RD_LANES];
            *(vector *)sums = low[r];
            *(vector *)(sums + RD_LANES) = high[r];
            for (size_t i = 0; i < columns; i++) out[r * stride + i] = sums[i];
        }
    }
}

RD_INLINE void RD_NAME(run)(const float *const *table, size_t count, size_t taps, rd_run run, const float *packed,
                            size_t panel_depth, size_t first_column, size_t last_column, const float *bias, float *out,
                            size_t stride, const int32_t kind) {
    const size_t wide = 2 * RD_LANES;
    for (size_t column = first_column; column < last_column; column += wide) {
        const float *panel = packed + column * panel_depth;
        const size_t columns = last_column - column < wide ? last_column - column : wide;
        const float *some = bias ? bias + column : 0;
        size_t row = 0;
        for (; row + RD_ROWS <= count; row += RD_ROWS)
            RD_NAME(tile)(table + row * taps, run, panel, some, out + row * stride + column, stride, columns, RD_ROWS, kind);
        const float *const *last = table + row * taps;
        float *end = out + row * stride + column;
        switch (count - row) {
#if RD_ROWS > 6
        case 11: case 10: case 9: case 8: case 7:
            RD_NAME(tile)(last, run, panel, some, end, stride, columns, 6, kind);
            for (size_t r = 6; r < count - row; r++)
                RD_NAME(tile)(last + r, run, panel, some, end + r * stride, stride, columns, 1, kind);
            break;
        case 6: RD_NAME(tile)(last, run, panel, some, end, stride, columns, 6, kind); break;
#endif
        case 5: RD_NAME(tile)(last, run, panel, some, end, stride, columns, 5, kind); break;
        case 4: RD_NAME(tile)(last, run, panel, some, end, stride, columns, 4, kind); break;
        case 3: RD_NAME(tile)(last, run, panel, some, end, stride, columns, 3, kind); break;
        case 2: RD_NAME(tile)(last, run, panel, some, end, stride, columns, 2, kind); break;
        case 1: RD_NAME(tile)(last, run, panel, some, end, stride, columns, 1, kind); break;
        default: break;
        }
    }
}

RD_INLINE void RD_NAME(panels)(const float *const *table, size_t count, size_t taps, size_t depth, const float *packed,
                               size_t first_column, size_t last_column, const float *bias, float *out, size_t stride,
                               const int32_t kind) {
    const size_t wide = 2 * RD_LANES;
    rd_run run = {.taps = 1, .depth = depth, .offset = 0, .is_first = 1, .is_last = 0};
    if (taps == 1) {
        const size_t runs = (depth + run_depth - 1) / run_depth;
        const size_t piece = runs ? (depth + runs - 1) / runs : depth;
        do {
            run.depth = depth - run.offset < piece ? depth - run.offset : piece;
            run.is_last = run.offset + run.depth >= depth;
            RD_NAME(run)(table, count, 1, run, packed + run.offset * wide, depth, first_column, last_column, bias, out, stride, kind);
            run.offset += run.depth;
            run.is_first = 0;
        } while (!run.is_last);
        return;
    }
    const size_t most = depth < run_depth ? run_depth / depth : 1;
    for (size_t tap = 0; tap < taps; tap += run.taps) {
        run.taps = taps - tap < most ? taps - tap : most;
        run.is_last = tap + run.taps == taps;
        // Within a group of rows the table holds tap after tap, so a run's entries begin `tap` groups further on.
        RD_NAME(run)(table + tap * RD_ROWS, count, taps, run, packed + tap * depth * wide, taps * depth, first_column, last_column,
                     bias, out, stride, kind);
        run.is_first = 0;
    }
}

#undef RD_NAME
#undef RD_JOIN
#undef RD_JOIN2
