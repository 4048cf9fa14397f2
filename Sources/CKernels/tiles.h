#ifndef REDRAW_TILES_H
#define REDRAW_TILES_H

#include "quads.h"

// How many rows the kernels in tiles take at most.
enum { rd_tile_most_rows = 4096 };

// `rd_pair_rows` by the matrix unit. Only where the processor has one and the kernel lets this process use it.
void rd_tile_rows(const float *const *table, size_t count, size_t taps, size_t depth, size_t group, const uint32_t *packed,
                  size_t first_column, size_t last_column, const float *bias, int32_t activation, int32_t flags, float *out,
                  size_t stride);

// `rd_quad_rows` by the matrix unit, of at most `rd_tile_most_rows` rows.
void rd_tile_quads(const float *const *table, size_t count, size_t depth, const uint32_t *packed, const float *row_scales,
                   const quad_columns *columns, size_t first_column, size_t last_column, int32_t activation, float *out, size_t stride);

#endif
