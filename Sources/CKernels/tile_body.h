// Products by tiles: included with RD_NAME(name), RD_TARGET, and what a processor with AMX does in one instruction each:
// RD_TILE_ZERO(t), RD_TILE_LOAD(t, from, stride), RD_TILE_STORE(t, to, stride), RD_TILE_DOT(sums, rows, weights), where tiles are the
// constants 0 to 7, each sixteen rows of sixteen words. A word is a pair of bfloat16 or four bytes, a sum a float or a whole number, which
// RD_FINISH (a type, what is known of a product's end) and RD_PUT(finish, from, to, row, column, columns, is_first, is_last) know: the
// latter adds the sums of one row, or makes of them what they stand for.
//
// Thirty-two rows meet a panel of thirty-two columns in four tiles of sums; two tiles of rows and two of weights are loaded for the four
// products of each sixteen steps of the depth. Rows are copied so that each tile of them is one piece of memory, filled up with zeros.

RD_TARGET static void RD_NAME(block)(const uint32_t *rows, size_t steps, const uint32_t *panel, size_t whole, const uint32_t *rest,
                                     float *sums) {
    RD_TILE_ZERO(0);
    RD_TILE_ZERO(1);
    RD_TILE_ZERO(2);
    RD_TILE_ZERO(3);
    for (size_t step = 0; step < steps; step++, rows += 512) {
        const uint32_t *weights = step < whole ? panel + step * 512 : rest;
        RD_TILE_LOAD(4, rows, 64);
        RD_TILE_LOAD(6, weights, 128);
        RD_TILE_DOT(0, 4, 6);
        RD_TILE_LOAD(7, weights + 16, 128);
        RD_TILE_DOT(1, 4, 7);
        RD_TILE_LOAD(5, rows + 256, 64);
        RD_TILE_DOT(2, 5, 6);
        RD_TILE_DOT(3, 5, 7);
    }
    RD_TILE_STORE(0, sums, 128);
    RD_TILE_STORE(1, sums + 16, 128);
    RD_TILE_STORE(2, sums + 512, 128);
    RD_TILE_STORE(3, sums + 528, 128);
}

// The table of rows under a run's taps, copied: for each thirty-two rows and each sixteen steps, two tiles behind each other.
RD_TARGET static void RD_NAME(copy)(const float *const *table, size_t count, size_t taps, size_t group, size_t tap, size_t run_taps,
                                    size_t offset, size_t depth, uint32_t *to) {
    const size_t length = run_taps * depth, steps = (length + 15) / 16;
    for (size_t row = 0; row < (count + 31) / 32 * 32; row++) {
        uint32_t *target = to + row / 32 * steps * 512 + row % 32 * 16;
        if (row >= count) {
            for (size_t step = 0; step < steps; step++) memset(target + step * 512, 0, 64);
            continue;
        }
        const float *const *entry = table + row / group * group * taps + tap * group + row % group;
        size_t place = 0;
        for (size_t t = 0; t < run_taps; t++, entry += group) {
            const uint32_t *from = (const uint32_t *)*entry + offset;
            for (size_t k = 0; k < depth;) {
                const size_t within = place % 16, left = depth - k;
                const size_t some = 16 - within < left ? 16 - within : left;
                memcpy(target + place / 16 * 512 + within, from + k, some * sizeof *from);
                k += some;
                place += some;
            }
        }
        if (place % 16) memset(target + place / 16 * 512 + place % 16, 0, (16 - place % 16) * sizeof *target);
    }
}

RD_TARGET static void RD_NAME(rows)(const float *const *table, size_t count, size_t taps, size_t depth, size_t group,
                                    const uint32_t *packed, size_t first_column, size_t last_column, const RD_FINISH *finish,
                                    float *out, size_t stride, uint32_t *copy) {
    // As much of the depth at once as lets the copied rows stay in the second-level cache: whole taps, or a part of the only one.
    const size_t height = (count + 31) / 32 * 32;
    const size_t most = tile_words / height / 16 * 16;
    const size_t run_taps = depth <= most ? (most / depth < taps ? most / depth : taps) : 1;
    const size_t piece = depth <= most ? depth : most;
    float sums[1024] __attribute__((aligned(64)));
    uint32_t rest[512] __attribute__((aligned(64)));
    for (size_t tap = 0; tap < taps; tap += run_taps) {
        const size_t some_taps = taps - tap < run_taps ? taps - tap : run_taps;
        for (size_t offset = 0; offset < depth; offset += piece) {
            const size_t some_depth = depth - offset < piece ? depth - offset : piece;
            const size_t length = some_taps * some_depth, steps = (length + 15) / 16, whole = length / 16;
            const int is_first = tap == 0 && offset == 0;
            const int is_last = tap + some_taps == taps && offset + some_depth == depth;
            RD_NAME(copy)(table, count, taps, group, tap, some_taps, offset, some_depth, copy);
            for (size_t column = first_column; column < last_column; column += 32) {
                const uint32_t *panel = packed + column * taps * depth + (tap * depth + offset) * 32;
                const size_t columns = last_column - column < 32 ? last_column - column : 32;
                if (steps > whole) {
                    const size_t left = length - whole * 16;
                    memcpy(rest, panel + whole * 512, left * 128);
                    memset(rest + left * 32, 0, (16 - left) * 128);
                }
                for (size_t row = 0; row < count; row += 32) {
                    RD_NAME(block)(copy + row / 32 * steps * 512, steps, panel, whole, rest, sums);
                    const size_t rows = count - row < 32 ? count - row : 32;
                    for (size_t r = 0; r < rows; r++)
                        RD_PUT(finish, sums + r * 32, out + (row + r) * stride + column, row + r, column, columns, is_first, is_last);
                }
            }
        }
    }
}

#undef RD_NAME
#undef RD_TARGET
#undef RD_TILE_ZERO
#undef RD_TILE_LOAD
#undef RD_TILE_STORE
#undef RD_TILE_DOT
#undef RD_FINISH
#undef RD_PUT
