#include "functions.h"

// Vectors are passed between functions that are always inlined: no call, so no calling convention to differ.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float lanes __attribute__((vector_size(32), aligned(4), may_alias));

RD_INLINE lanes load(const float *p) { return *(const lanes *)p; }
RD_INLINE void store(float *p, lanes v) { *(lanes *)p = v; }

RD_INLINE lanes limited(lanes v, int32_t kind) {
    const lanes zero = {0};
    if (kind == rd_activation_relu || kind == rd_activation_relu6) v = __builtin_elementwise_max(v, zero);
    if (kind == rd_activation_relu6) v = __builtin_elementwise_min(v, zero + 6.0f);
    return v;
}

// One output pixel whose window may stand over the edge: taps outside count as zero.
RD_INLINE void one_pixel(const float *input, const rd_depthwise_shape *s, const float *weight, const float *bias, ptrdiff_t top,
                         ptrdiff_t left, float *out, int32_t kind) {
    const size_t c = s->channels;
    const size_t first_y = top < 0 ? (size_t)-top : 0;
    const size_t first_x = left < 0 ? (size_t)-left : 0;
    const ptrdiff_t below = (ptrdiff_t)s->height - top, beside = (ptrdiff_t)s->width - left;
    const size_t last_y = below < (ptrdiff_t)s->kernel_height ? (below < 0 ? 0 : (size_t)below) : s->kernel_height;
    const size_t last_x = beside < (ptrdiff_t)s->kernel_width ? (beside < 0 ? 0 : (size_t)beside) : s->kernel_width;
    size_t i = 0;
    for (; i + 8 <= c; i += 8) {
        lanes sum = {0};
        if (bias) sum = load(bias + i);
        for (size_t y = first_y; y < last_y; y++)
            for (size_t x = first_x; x < last_x; x++) {
                const float *from = input + ((ptrdiff_t)(top + (ptrdiff_t)y) * (ptrdiff_t)s->width + left + (ptrdiff_t)x) * (ptrdiff_t)c;
                sum += load(from + i) * load(weight + (y * s->kernel_width + x) * c + i);
            }
        store(out + i, limited(sum, kind));
    }
    for (; i < c; i++) {
        float sum = bias ? bias[i] : 0;
        for (size_t y = first_y; y < last_y; y++)
            for (size_t x = first_x; x < last_x; x++) {
                const float *from = input + ((ptrdiff_t)(top + (ptrdiff_t)y) * (ptrdiff_t)s->width + left + (ptrdiff_t)x) * (ptrdiff_t)c;
                sum += from[i] * weight[(y * s->kernel_width + x) * c + i];
            }
        out[i] = kind == rd_activation_relu || kind == rd_activation_relu6 ? rd_apply(sum, kind) : sum;
    }
}

// Four neighbouring output pixels inside the picture: each weight is loaded once for the four.
RD_INLINE void four_pixels(const float *from, const rd_depthwise_shape *s, size_t kernel_height, size_t kernel_width,
                           const float *weight, const float *bias, float *out, int32_t kind) {
    const size_t c = s->channels, step = s->stride * c, row = s->width * c;
    size_t i = 0;
    for (; i + 16 <= c; i += 16) {
        lanes a0 = {0}, a1 = {0};
        if (bias) a0 = load(bias + i), a1 = load(bias + i + 8);
        lanes b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
        for (size_t y = 0; y < kernel_height; y++) {
            const float *line = from + y * row + i;
            const float *w = weight + y * kernel_width * c + i;
            for (size_t x = 0; x < kernel_width; x++, line += c, w += c) {
                const lanes w0 = load(w), w1 = load(w + 8);
                a0 += load(line) * w0;
                a1 += load(line + 8) * w1;
                b0 += load(line + step) * w0;
                b1 += load(line + step + 8) * w1;
                c0 += load(line + 2 * step) * w0;
                c1 += load(line + 2 * step + 8) * w1;
                d0 += load(line + 3 * step) * w0;
                d1 += load(line + 3 * step + 8) * w1;
            }
        }
        store(out + i, limited(a0, kind));
        store(out + i + 8, limited(a1, kind));
        store(out + c + i, limited(b0, kind));
        store(out + c + i + 8, limited(b1, kind));
        store(out + 2 * c + i, limited(c0, kind));
        store(out + 2 * c + i + 8, limited(c1, kind));
        store(out + 3 * c + i, limited(d0, kind));
        store(out + 3 * c + i + 8, limited(d1, kind));
    }
    for (; i + 8 <= c; i += 8) {
        lanes a0 = {0};
        if (bias) a0 = load(bias + i);
        lanes b0 = a0, c0 = a0, d0 = a0;
        for (size_t y = 0; y < kernel_height; y++) {
            const float *line = from + y * row + i;
            const float *w = weight + y * kernel_width * c + i;
            for (size_t x = 0; x < kernel_width; x++, line += c, w += c) {
                const lanes w0 = load(w);
                a0 += load(line) * w0;
                b0 += load(line + step) * w0;
                c0 += load(line + 2 * step) * w0;
                d0 += load(line + 3 * step) * w0;
            }
        }
        store(out + i, limited(a0, kind));
        store(out + c + i, limited(b0, kind));
        store(out + 2 * c + i, limited(c0, kind));
        store(out + 3 * c + i, limited(d0, kind));
    }
    for (; i < c; i++)
        for (size_t p = 0; p < 4; p++) {
            float sum = bias ? bias[i] : 0;
            for (size_t y = 0; y < kernel_height; y++)
                for (size_t x = 0; x < kernel_width; x++)
                    sum += from[y * row + p * step + x * c + i] * weight[(y * kernel_width + x) * c + i];
            out[p * c + i] = kind == rd_activation_relu || kind == rd_activation_relu6 ? rd_apply(sum, kind) : sum;
        }
}

RD_INLINE void depthwise_loop(const float *input, const rd_depthwise_shape *s, const float *weight, const float *bias, size_t first,
                              size_t last, float *output, int32_t kind) {
    const size_t c = s->channels;
    for (size_t y = first; y < last; y++) {
        const ptrdiff_t top = (ptrdiff_t)(y * s->stride) - (ptrdiff_t)s->top;
        const int inside = top >= 0 && top + (ptrdiff_t)s->kernel_height <= (ptrdiff_t)s->height;
        float *out = output + y * s->output_width * c;
        size_t x = 0;
        while (x < s->output_width) {
            const ptrdiff_t left = (ptrdiff_t)(x * s->stride) - (ptrdiff_t)s->left;
            if (inside && left >= 0 && x + 4 <= s->output_width &&
                left + (ptrdiff_t)(3 * s->stride + s->kernel_width) <= (ptrdiff_t)s->width) {
                const float *from = input + ((size_t)top * s->width + (size_t)left) * c;
                if (s->kernel_height == 3 && s->kernel_width == 3) four_pixels(from, s, 3, 3, weight, bias, out + x * c, kind);
                else if (s->kernel_height == 5 && s->kernel_width == 5) four_pixels(from, s, 5, 5, weight, bias, out + x * c, kind);
                else four_pixels(from, s, s->kernel_height, s->kernel_width, weight, bias, out + x * c, kind);
                x += 4;
            } else {
                one_pixel(input, s, weight, bias, top, left, out + x * c, kind);
                x += 1;
            }
        }
    }
}

RD_INLINE void depthwise_rows_body(const float *input, const rd_depthwise_shape *shape, const float *weight, const float *bias,
                                   int32_t activation, size_t first, size_t last, float *output) {
    if (activation == rd_activation_relu6) depthwise_loop(input, shape, weight, bias, first, last, output, rd_activation_relu6);
    else if (activation == rd_activation_relu) depthwise_loop(input, shape, weight, bias, first, last, output, rd_activation_relu);
    else {
        depthwise_loop(input, shape, weight, bias, first, last, output, rd_activation_none);
        if (activation != rd_activation_none) {
            const size_t row = shape->output_width * shape->channels;
            float *rows = output + first * row;
            for (size_t i = 0; i < (last - first) * row; i++) rows[i] = rd_apply(rows[i], activation);
        }
    }
}
RD_KERNEL(depthwise_rows, (input, shape, weight, bias, activation, first, last, output), const float *input,
          const rd_depthwise_shape *shape, const float *weight, const float *bias, int32_t activation, size_t first, size_t last,
          float *output)
