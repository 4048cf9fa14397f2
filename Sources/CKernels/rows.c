#include "functions.h"

#include <math.h>

RD_INLINE void activate_loop(const float *from, float *to, size_t count, int32_t kind) {
    for (size_t i = 0; i < count; i++) to[i] = rd_apply(from[i], kind);
}

RD_INLINE void activate_body(const float *from, float *to, size_t count, int32_t activation) {
    RD_FOR_ACTIVATION(activation, activate_loop(from, to, count, kind))
}
RD_KERNEL(activate, (from, to, count, activation), const float *from, float *to, size_t count, int32_t activation)

RD_INLINE void finish_row(float *row, size_t width, const float *bias, const float *residual, int32_t kind) {
    if (bias && residual) {
        for (size_t i = 0; i < width; i++) row[i] = rd_apply(row[i] + bias[i], kind) + residual[i];
    } else if (bias) {
        for (size_t i = 0; i < width; i++) row[i] = rd_apply(row[i] + bias[i], kind);
    } else if (residual) {
        for (size_t i = 0; i < width; i++) row[i] = rd_apply(row[i], kind) + residual[i];
    } else {
        for (size_t i = 0; i < width; i++) row[i] = rd_apply(row[i], kind);
    }
}

RD_INLINE void finish_rows_loop(float *rows, size_t count, size_t width, size_t stride, const float *bias, const float *residual,
                                int32_t kind) {
    for (size_t r = 0; r < count; r++) finish_row(rows + r * stride, width, bias, residual ? residual + r * stride : 0, kind);
}

RD_INLINE void finish_rows_body(float *rows, size_t count, size_t width, size_t stride, const float *bias, const float *residual,
                                int32_t activation) {
    RD_FOR_ACTIVATION(activation, finish_rows_loop(rows, count, width, stride, bias, residual, kind))
}
RD_KERNEL(finish_rows, (rows, count, width, stride, bias, residual, activation), float *rows, size_t count, size_t width,
          size_t stride, const float *bias, const float *residual, int32_t activation)

RD_INLINE void gated_gelu_body(const float *from, float *to, size_t count, size_t width) {
    for (size_t r = 0; r < count; r++) {
        const float *value = from + r * 2 * width;
        const float *gate = value + width;
        float *out = to + r * width;
        for (size_t i = 0; i < width; i++) out[i] = value[i] * rd_gelu(gate[i]);
    }
}
RD_KERNEL(gated_gelu, (from, to, count, width), const float *from, float *to, size_t count, size_t width)

RD_INLINE void softmax_rows_body(float *rows, size_t count, size_t width, size_t stride, float scale, const float *addend) {
    _Pragma("clang fp reassociate(on)")
    for (size_t r = 0; r < count; r++) {
        float *row = rows + r * stride;
        if (addend) {
            for (size_t i = 0; i < width; i++) row[i] = row[i] * scale + addend[i];
        } else {
            for (size_t i = 0; i < width; i++) row[i] = row[i] * scale;
        }
        // Sixteen running maxima: a single one would be a chain that no vector can take over.
        float lanes[16];
        size_t i = 0;
        for (size_t l = 0; l < 16; l++) lanes[l] = -INFINITY;
        for (; i + 16 <= width; i += 16)
            for (size_t l = 0; l < 16; l++) lanes[l] = row[i + l] > lanes[l] ? row[i + l] : lanes[l];
        float maximum = -INFINITY;
        for (size_t l = 0; l < 16; l++) maximum = lanes[l] > maximum ? lanes[l] : maximum;
        for (; i < width; i++) maximum = row[i] > maximum ? row[i] : maximum;
        // A row masked out entirely has no distribution: it becomes zeros rather than NaN.
        if (maximum == -INFINITY) {
            for (i = 0; i < width; i++) row[i] = 0;
            continue;
        }
        for (i = 0; i < width; i++) row[i] = rd_exp(row[i] - maximum);
        float sum = 0;
        for (i = 0; i < width; i++) sum += row[i];
        float inverse = 1.0f / sum;
        for (i = 0; i < width; i++) row[i] *= inverse;
    }
}
RD_KERNEL(softmax_rows, (rows, count, width, stride, scale, addend), float *rows, size_t count, size_t width, size_t stride,
          float scale, const float *addend)

RD_INLINE void layer_norm_rows_body(const float *from, float *to, size_t count, size_t width, const float *weight,
                                    const float *bias, float epsilon) {
    _Pragma("clang fp reassociate(on)")
    for (size_t r = 0; r < count; r++) {
        const float *row = from + r * width;
        float *out = to + r * width;
        float sum = 0;
        for (size_t i = 0; i < width; i++) sum += row[i];
        float mean = sum / (float)width;
        float squares = 0;
        for (size_t i = 0; i < width; i++) squares += (row[i] - mean) * (row[i] - mean);
        float inverse = 1.0f / sqrtf(squares / (float)width + epsilon);
        if (weight && bias) {
            for (size_t i = 0; i < width; i++) out[i] = (row[i] - mean) * inverse * weight[i] + bias[i];
        } else if (weight) {
            for (size_t i = 0; i < width; i++) out[i] = (row[i] - mean) * inverse * weight[i];
        } else {
            for (size_t i = 0; i < width; i++) out[i] = (row[i] - mean) * inverse;
        }
    }
}
RD_KERNEL(layer_norm_rows, (from, to, count, width, weight, bias, epsilon), const float *from, float *to, size_t count,
          size_t width, const float *weight, const float *bias, float epsilon)

RD_INLINE void channel_moments_body(const float *rows, size_t count, size_t channels, const float *offset, float *sum,
                                    float *squares) {
    for (size_t r = 0; r < count; r++) {
        const float *row = rows + r * channels;
        for (size_t c = 0; c < channels; c++) {
            float x = row[c] - offset[c];
            sum[c] += x;
            squares[c] += x * x;
        }
    }
}
RD_KERNEL(channel_moments, (rows, count, channels, offset, sum, squares), const float *rows, size_t count, size_t channels,
          const float *restrict offset, float *restrict sum, float *restrict squares)

RD_INLINE void scale_shift_loop(const float *from, float *to, size_t count, size_t channels, const float *scale,
                                const float *shift, int32_t kind) {
    for (size_t r = 0; r < count; r++) {
        const float *row = from + r * channels;
        float *out = to + r * channels;
        for (size_t c = 0; c < channels; c++) out[c] = rd_apply(row[c] * scale[c] + shift[c], kind);
    }
}

RD_INLINE void scale_shift_rows_body(const float *from, float *to, size_t count, size_t channels, const float *scale,
                                     const float *shift, int32_t activation) {
    RD_FOR_ACTIVATION(activation, scale_shift_loop(from, to, count, channels, scale, shift, kind))
}
RD_KERNEL(scale_shift_rows, (from, to, count, channels, scale, shift, activation), const float *from, float *to, size_t count,
          size_t channels, const float *scale, const float *shift, int32_t activation)

RD_INLINE void weighted_sum_body(const float *left, float a, const float *right, float b, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = left[i] * a + right[i] * b;
}
RD_KERNEL(weighted_sum, (left, a, right, b, to, count), const float *left, float a, const float *right, float b, float *to,
          size_t count)

RD_INLINE void product_body(const float *left, const float *right, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = left[i] * right[i];
}
RD_KERNEL(product, (left, right, to, count), const float *left, const float *right, float *to, size_t count)

RD_INLINE void affine_body(const float *from, float factor, float addend, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = from[i] * factor + addend;
}
RD_KERNEL(affine, (from, factor, addend, to, count), const float *from, float factor, float addend, float *to, size_t count)
