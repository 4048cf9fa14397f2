#ifndef REDRAW_QUADS_H
#define REDRAW_QUADS_H

#include "bfloat.h"

// What the kernels for products of bytes have in common. Sums go by pointer: by value, their ABI would depend on the instruction set.

typedef int32_t quad_sums __attribute__((vector_size(64), aligned(4), may_alias));

// What a product's columns stand for; `scales` and `offsets` go on to the end of the last panel.
typedef struct {
    const float *scales;
    const int32_t *offsets;
    const float *bias;
} quad_columns;

// Sixteen whole sums of one row, as what they stand for; of the columns from `first` on, `columns` are there.
RD_INLINE void finish_quads(const quad_sums *sums, const quad_columns *c, size_t first, size_t columns, float scale, float *out,
                            const int32_t kind) {
    const pair_sums zero = {0};
    const size_t count = columns < 16 ? columns : 16;
    // The rows' bytes are 128 more than what they stand for.
    const quad_sums exact = *sums - *(const quad_sums *)(c->offsets + first);
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

#endif
