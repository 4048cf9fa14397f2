// The transforms of F(2x2, 3x3) that round: included with RD_NAME(name), RD_TARGET, RD_HALVES(sums, to), which rounds sixteen floats and
// writes them, and RD_JOINED(low, high), which rounds twice sixteen and makes pairs of them.

RD_TARGET static void RD_NAME(input)(const float *input, size_t height, size_t width, size_t channels, ptrdiff_t top, ptrdiff_t left,
                                     uint16_t *to, size_t point_stride) {
    const pair_sums zero = {0};
    const int inside = top >= 0 && left >= 0 && top + 4 <= (ptrdiff_t)height && left + 4 <= (ptrdiff_t)width;
    const float *pixels[4][4];
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++) {
            const ptrdiff_t sy = top + y, sx = left + x;
            pixels[y][x] = !inside && (sy < 0 || sy >= (ptrdiff_t)height || sx < 0 || sx >= (ptrdiff_t)width)
                               ? 0
                               : input + ((size_t)sy * width + (size_t)sx) * channels;
        }
    for (size_t c = 0; c < channels; c += 16) {
        const size_t count = channels - c < 16 ? channels - c : 16;
        pair_sums half[4][4];
        for (int x = 0; x < 4; x++) {
            pair_sums d[4], t[4];
            for (int y = 0; y < 4; y++) {
                d[y] = zero;
                if (pixels[y][x]) load_sums(pixels[y][x] + c, count, d + y);
            }
            enter_four(d, t);
            for (int y = 0; y < 4; y++) half[y][x] = t[y];
        }
        for (int y = 0; y < 4; y++) {
            pair_sums t[4];
            enter_four(half[y], t);
            for (int x = 0; x < 4; x++) {
                uint16_t *out = to + (size_t)(y * 4 + x) * point_stride + c;
                if (count == 16) {
                    RD_HALVES(t[x], out);
                } else {
                    uint16_t halves[16];
                    RD_HALVES(t[x], halves);
                    // Beyond the channels there are zeros: the second half of the last pair is one of them.
                    memcpy(out, halves, (count + 1) / 2 * 2 * sizeof *halves);
                }
            }
        }
    }
}

RD_TARGET static void RD_NAME(weights)(const uint32_t *panel, size_t run, uint32_t *to, size_t point_stride) {
    for (size_t i = 0; i < run; i += 16) {
        pair_sums low[4][3], high[4][3];
        for (int x = 0; x < 3; x++) {
            pair_sums even[3], odd[3], t[4];
            for (int y = 0; y < 3; y++) {
                const pair_words pairs = *(const pair_words *)(panel + (size_t)(y * 3 + x) * run + i);
                even[y] = RD_LOW(pairs);
                odd[y] = RD_HIGH(pairs);
            }
            filter_four(even, t);
            for (int y = 0; y < 4; y++) low[y][x] = t[y];
            filter_four(odd, t);
            for (int y = 0; y < 4; y++) high[y][x] = t[y];
        }
        for (int y = 0; y < 4; y++) {
            pair_sums even[4], odd[4];
            filter_four(low[y], even);
            filter_four(high[y], odd);
            for (int x = 0; x < 4; x++) *(pair_words *)(to + (size_t)(y * 4 + x) * point_stride + i) = RD_JOINED(even[x], odd[x]);
        }
    }
}

#undef RD_NAME
#undef RD_TARGET
#undef RD_HALVES
#undef RD_JOINED
