#include "functions.h"

// Vectors are passed between functions that are always inlined: no call, so no calling convention to differ.
#pragma clang diagnostic ignored "-Wpsabi"

// A part of the depth that one pass over the panels takes.
typedef struct {
    size_t taps;
    size_t depth;
    // Where in each row it begins.
    size_t offset;
    int is_first, is_last;
} rd_run;

// 1,536 values of 16 or 32 columns: 96 or 192 KiB of a panel, which a block of rows then meets in the second-level cache.
enum { run_depth = 1536 };

size_t rd_run_depth(void) { return run_depth; }

#define RD_LANES 8
#define RD_ROWS 6
#include "panel_body.h"
#undef RD_LANES
#undef RD_ROWS

#define RD_LANES 16
#define RD_ROWS 12
#include "panel_body.h"
#undef RD_LANES
#undef RD_ROWS

size_t rd_panel_width(rd_level level) { return level >= rd_level_avx512 ? 32 : 16; }

size_t rd_panel_group(size_t panel_width) { return panel_width == 32 ? 12 : 6; }

void rd_pack_panels(const float *weight, size_t outputs, size_t taps, size_t depth, size_t output_stride, size_t tap_stride,
                    size_t depth_stride, size_t panel_width, size_t first_panel, size_t last_panel, float *packed) {
    for (size_t panel = first_panel; panel < last_panel; panel++) {
        const size_t first = panel * panel_width;
        const size_t columns = outputs - first < panel_width ? outputs - first : panel_width;
        float *to = packed + first * taps * depth;
        for (size_t tap = 0; tap < taps; tap++) {
            for (size_t k = 0; k < depth; k++, to += panel_width) {
                const float *from = weight + first * output_stride + tap * tap_stride + k * depth_stride;
                for (size_t i = 0; i < columns; i++) to[i] = from[i * output_stride];
                for (size_t i = columns; i < panel_width; i++) to[i] = 0;
            }
        }
    }
}

#define RD_PANELS(function)                                                                                                   \
    switch (activation) {                                                                                                     \
    case rd_activation_relu:                                                                                                  \
        function(table, count, taps, depth, packed, first_column, last_column, bias, out, stride, rd_activation_relu);        \
        break;                                                                                                                \
    case rd_activation_relu6:                                                                                                 \
        function(table, count, taps, depth, packed, first_column, last_column, bias, out, stride, rd_activation_relu6);       \
        break;                                                                                                                \
    default: function(table, count, taps, depth, packed, first_column, last_column, bias, out, stride, rd_activation_none);   \
    }

RD_INLINE void panel_rows_body(const float *const *table, size_t count, size_t taps, size_t depth, const float *packed,
                               size_t panel_width, size_t first_column, size_t last_column, const float *bias, int32_t activation,
                               float *out, size_t stride) {
    if (panel_width == 32) {
        RD_PANELS(panels16)
    } else {
        RD_PANELS(panels8)
    }
}
RD_KERNEL(panel_rows,
          (table, count, taps, depth, packed, panel_width, first_column, last_column, bias, activation, out, stride),
          const float *const *table, size_t count, size_t taps, size_t depth, const float *packed, size_t panel_width,
          size_t first_column, size_t last_column, const float *bias, int32_t activation, float *out, size_t stride)

void rd_matrix_table(const float *rows, size_t count, size_t stride, size_t group, const float **table) {
    // With one tap, groups follow each other: the table is the list of rows.
    (void)group;
    for (size_t row = 0; row < count; row++) table[row] = rows + row * stride;
}

void rd_window_table(const float *input, const rd_window *w, size_t first, size_t count, const float *zeros, size_t group,
                     const float **table) {
    const size_t taps = w->taps_y * w->taps_x;
    size_t x = first % w->output_width;
    size_t y = first / w->output_width % w->output_height;
    size_t image = first / (w->output_width * w->output_height);
    for (size_t row = 0; row < count; row++) {
        const float **entry = table + row / group * group * taps + row % group;
        const ptrdiff_t left = (ptrdiff_t)(x * w->stride) - (ptrdiff_t)w->left;
        const ptrdiff_t top = (ptrdiff_t)(y * w->stride) - (ptrdiff_t)w->top;
        const float *picture = input + image * w->height * w->width * w->channels;
        for (size_t ty = 0; ty < w->taps_y; ty++) {
            const ptrdiff_t sy = top + (ptrdiff_t)ty;
            const int outside = sy < 0 || sy >= (ptrdiff_t)w->height;
            for (size_t tx = 0; tx < w->taps_x; tx++, entry += group) {
                const ptrdiff_t sx = left + (ptrdiff_t)tx;
                *entry = outside || sx < 0 || sx >= (ptrdiff_t)w->width
                             ? zeros
                             : picture + ((size_t)sy * w->width + (size_t)sx) * w->channels;
            }
        }
        if (++x == w->output_width) {
            x = 0;
            if (++y == w->output_height) y = 0, image++;
        }
    }
}
