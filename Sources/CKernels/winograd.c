#include "functions.h"

#include <string.h>

// Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015):
// Y = A^T [(G g G^T) * (B^T d B)] A, 36 products for 16 outputs of 9 taps each. All of it runs over channels side by side.

// Vectors are passed between functions that are always inlined: no call, so no calling convention to differ.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float lanes __attribute__((vector_size(32), aligned(4), may_alias));

RD_INLINE lanes load_some(const float *p, size_t count) {
    if (count == 8) return *(const lanes *)p;
    lanes v = {0};
    memcpy(&v, p, count * sizeof(float));
    return v;
}

RD_INLINE void store_some(float *p, lanes v, size_t count) {
    if (count == 8) *(lanes *)p = v;
    else memcpy(p, &v, count * sizeof(float));
}

// B^T d for six values.
RD_INLINE void transform_six(const lanes *d, lanes *t) {
    t[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
    t[1] = -4.0f * (d[1] + d[2]) + d[3] + d[4];
    t[2] = 4.0f * (d[1] - d[2]) - d[3] + d[4];
    t[3] = 2.0f * (d[3] - d[1]) - d[2] + d[4];
    t[4] = 2.0f * (d[1] - d[3]) - d[2] + d[4];
    t[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

// A^T m for six values.
RD_INLINE void transform_four(const lanes *m, lanes *y) {
    const lanes sum12 = m[1] + m[2], difference12 = m[1] - m[2], sum34 = m[3] + m[4], difference34 = m[3] - m[4];
    y[0] = m[0] + sum12 + sum34;
    y[1] = difference12 + 2.0f * difference34;
    y[2] = sum12 + 4.0f * sum34;
    y[3] = difference12 + 8.0f * difference34 + m[5];
}

RD_INLINE void winograd_input_body(const float *input, size_t height, size_t width, size_t channels, ptrdiff_t top, ptrdiff_t left,
                                   float *to, size_t point_stride) {
    for (size_t c = 0; c < channels; c += 8) {
        const size_t count = channels - c < 8 ? channels - c : 8;
        lanes half[6][6];
        for (int x = 0; x < 6; x++) {
            lanes d[6], t[6];
            const ptrdiff_t sx = left + x;
            for (int y = 0; y < 6; y++) {
                const ptrdiff_t sy = top + y;
                const lanes zero = {0};
                d[y] = sy < 0 || sy >= (ptrdiff_t)height || sx < 0 || sx >= (ptrdiff_t)width
                           ? zero
                           : load_some(input + ((size_t)sy * width + (size_t)sx) * channels + c, count);
            }
            transform_six(d, t);
            for (int y = 0; y < 6; y++) half[y][x] = t[y];
        }
        for (int y = 0; y < 6; y++) {
            lanes t[6];
            transform_six(half[y], t);
            for (int x = 0; x < 6; x++) store_some(to + (size_t)(y * 6 + x) * point_stride + c, t[x], count);
        }
    }
}
RD_KERNEL(winograd_input, (input, height, width, channels, top, left, to, point_stride), const float *input, size_t height,
          size_t width, size_t channels, ptrdiff_t top, ptrdiff_t left, float *to, size_t point_stride)

RD_INLINE void winograd_output_body(const float *from, size_t point_stride, size_t channels, const float *bias, int32_t activation,
                                    float *out, size_t pixel_stride, size_t row_stride, size_t rows,
                                    size_t columns) {
    const lanes zero = {0};
    for (size_t c = 0; c < channels; c += 8) {
        const size_t count = channels - c < 8 ? channels - c : 8;
        lanes half[4][6];
        for (int x = 0; x < 6; x++) {
            lanes m[6], t[4];
            for (int y = 0; y < 6; y++) m[y] = load_some(from + (size_t)(y * 6 + x) * point_stride + c, count);
            transform_four(m, t);
            for (int y = 0; y < 4; y++) half[y][x] = t[y];
        }
        const lanes shift = bias ? load_some(bias + c, count) : zero;
        for (size_t y = 0; y < rows; y++) {
            lanes t[4];
            transform_four(half[y], t);
            for (size_t x = 0; x < columns; x++) {
                lanes v = t[x] + shift;
                if (activation == rd_activation_relu || activation == rd_activation_relu6) v = __builtin_elementwise_max(v, zero);
                if (activation == rd_activation_relu6) v = __builtin_elementwise_min(v, zero + 6.0f);
                store_some(out + y * row_stride + x * pixel_stride + c, v, count);
            }
        }
    }
}
RD_KERNEL(winograd_output, (from, point_stride, channels, bias, activation, out, pixel_stride, row_stride, rows, columns),
          const float *from, size_t point_stride, size_t channels, const float *bias, int32_t activation, float *out,
          size_t pixel_stride, size_t row_stride, size_t rows, size_t columns)

// G g for three values.
RD_INLINE void filter_six(const lanes *g, lanes *t) {
    const lanes even = g[0] + g[2];
    t[0] = g[0] * (1.0f / 4);
    t[1] = (even + g[1]) * (-1.0f / 6);
    t[2] = (even - g[1]) * (-1.0f / 6);
    const lanes far = g[0] * (1.0f / 24) + g[2] * (1.0f / 6), near = g[1] * (1.0f / 12);
    t[3] = far + near;
    t[4] = far - near;
    t[5] = g[2];
}

// Panels are a multiple of eight wide, so that nothing is left over.
RD_INLINE void winograd_weights_body(const float *panel, size_t run, float *to, size_t point_stride) {
    for (size_t i = 0; i < run; i += 8) {
        lanes half[6][3];
        for (int x = 0; x < 3; x++) {
            lanes g[3], t[6];
            for (int y = 0; y < 3; y++) g[y] = load_some(panel + (size_t)(y * 3 + x) * run + i, 8);
            filter_six(g, t);
            for (int y = 0; y < 6; y++) half[y][x] = t[y];
        }
        for (int y = 0; y < 6; y++) {
            lanes t[6];
            filter_six(half[y], t);
            for (int x = 0; x < 6; x++) store_some(to + (size_t)(y * 6 + x) * point_stride + i, t[x], 8);
        }
    }
}
RD_KERNEL(winograd_weights, (panel, run, to, point_stride), const float *panel, size_t run, float *to, size_t point_stride)
