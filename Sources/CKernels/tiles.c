#include "tiles.h"

#include <stdlib.h>

// Products of pairs by the matrix unit of newer Xeons (AMX). What it does with tiles is written out below for processors without one, so
// that everything around it (copies, tails, runs) can be tested anywhere.

// Words of the copied rows.
enum { tile_words = 1 << 18 };

typedef struct {
    uint32_t words[16][16];
} plain_tile;

RD_INLINE void plain_load(plain_tile *tile, const void *from, size_t stride) {
    for (size_t r = 0; r < 16; r++) memcpy(tile->words[r], (const char *)from + r * stride, 64);
}

RD_INLINE void plain_store(const plain_tile *tile, void *to, size_t stride) {
    for (size_t r = 0; r < 16; r++) memcpy((char *)to + r * stride, tile->words[r], 64);
}

RD_INLINE float plain_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// sums[r, c] += rows[r, k] . weights[k, c], each a pair.
RD_INLINE void plain_dot(plain_tile *sums, const plain_tile *rows, const plain_tile *weights) {
    for (size_t r = 0; r < 16; r++)
        for (size_t k = 0; k < 16; k++)
            for (size_t c = 0; c < 16; c++) {
                const uint32_t x = rows->words[r][k], w = weights->words[k][c];
                float sum = plain_float(sums->words[r][c]);
                sum += plain_float(x << 16) * plain_float(w << 16);
                sum += plain_float(x & 0xFFFF0000u) * plain_float(w & 0xFFFF0000u);
                memcpy(&sums->words[r][c], &sum, sizeof sum);
            }
}

static _Thread_local plain_tile plain_tiles[8];

#define RD_NAME(name) plain_##name
#define RD_TARGET
#define RD_TILE_ZERO(t) memset(plain_tiles + t, 0, sizeof(plain_tile))
#define RD_TILE_LOAD(t, from, stride) plain_load(plain_tiles + t, from, stride)
#define RD_TILE_STORE(t, to, stride) plain_store(plain_tiles + t, to, stride)
#define RD_TILE_DOT(sums, rows, weights) plain_dot(plain_tiles + sums, plain_tiles + rows, plain_tiles + weights)
#include "tile_body.h"

// Memory for the copied rows, kept by each thread: less than two of tile_words, as no more rows come than fit them once.
static uint32_t *copied_rows(size_t words) {
    static _Thread_local uint32_t *memory;
    static _Thread_local size_t size;
    if (size < words) {
        free(memory);
        memory = aligned_alloc(64, (words * sizeof *memory + 63) / 64 * 64);
        size = memory ? words : 0;
        if (!memory) abort();
    }
    return memory;
}

static size_t copied_words(size_t count, size_t taps, size_t depth) {
    const size_t height = (count + 31) / 32 * 32;
    const size_t whole = (taps * depth + 15) / 16 * 16 * height;
    // A run that is not the whole takes at most tile_words; of it each row may be filled up by fifteen.
    const size_t most = tile_words + 16 * height;
    return whole < most ? whole : most;
}

void rd_tile_rows_twin(const float *const *table, size_t count, size_t taps, size_t depth, size_t group, const uint32_t *packed,
                       size_t first_column, size_t last_column, const float *bias, int32_t activation, int32_t flags, float *out,
                       size_t stride) {
    if (count > rd_tile_most_rows) abort();
    uint32_t *copy = copied_rows(copied_words(count, taps, depth));
    plain_rows(table, count, taps, depth, group, packed, first_column, last_column, bias, activation, flags, out, stride, copy);
}

#if defined(__x86_64__)
#define RD_TARGET_AMX __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")))

// Layout: Intel's "Architecture Instruction Set Extensions", LDTILECFG.
typedef struct {
    uint8_t palette, start;
    uint8_t reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_configuration;

#define RD_NAME(name) amx_##name
#define RD_TARGET RD_TARGET_AMX
#define RD_TILE_ZERO(t) _tile_zero(t)
#define RD_TILE_LOAD(t, from, stride) _tile_loadd(t, from, stride)
#define RD_TILE_STORE(t, to, stride) _tile_stored(t, to, stride)
#define RD_TILE_DOT(sums, rows, weights) _tile_dpbf16ps(sums, rows, weights)
#include "tile_body.h"

RD_TARGET_AMX void rd_tile_rows(const float *const *table, size_t count, size_t taps, size_t depth, size_t group, const uint32_t *packed,
                                size_t first_column, size_t last_column, const float *bias, int32_t activation, int32_t flags, float *out,
                                size_t stride) {
    tile_configuration configuration = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) configuration.bytes[tile] = 64, configuration.rows[tile] = 16;
    uint32_t *copy = copied_rows(copied_words(count < rd_tile_most_rows ? count : rd_tile_most_rows, taps, depth));
    // The configuration is state of the thread; to leave it behind would make every switch of threads save the tiles.
    _tile_loadconfig(&configuration);
    amx_rows(table, count, taps, depth, group, packed, first_column, last_column, bias, activation, flags, out, stride, copy);
    _tile_release();
}
#endif
