#include "tiles.h"

#include <stdlib.h>

// Products of pairs and of bytes by the matrix unit of newer Xeons (AMX). What it does with tiles is written out below for processors without
// one, so that everything around it (copies, tails, runs) can be tested anywhere.

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

// The same of four bytes each, those of the rows unsigned.
RD_INLINE void plain_byte_dot(plain_tile *sums, const plain_tile *rows, const plain_tile *weights) {
    for (size_t r = 0; r < 16; r++)
        for (size_t k = 0; k < 16; k++)
            for (size_t c = 0; c < 16; c++) {
                const uint32_t x = rows->words[r][k], w = weights->words[k][c];
                int32_t sum = 0;
                for (int j = 0; j < 32; j += 8) sum += (int32_t)(x >> j & 0xFFu) * (int8_t)(w >> j & 0xFFu);
                sums->words[r][c] += (uint32_t)sum;
            }
}

static _Thread_local plain_tile plain_tiles[8];

typedef struct {
    const float *bias;
    int32_t activation, flags;
} pair_finish;

RD_INLINE void put_pairs(const pair_finish *finish, const float *from, float *to, size_t row, size_t column, size_t columns, int is_first,
                         int is_last) {
    (void)row;
    const int adds = !is_first || (finish->flags & rd_pair_adds);
    const int is_limited = is_last && (finish->activation == rd_activation_relu || finish->activation == rd_activation_relu6);
    for (size_t i = 0; i < columns; i++) {
        float v = from[i] + (adds ? to[i] : finish->bias ? finish->bias[column + i] : 0);
        if (is_limited) v = v > 0 ? v : 0;
        if (is_last && finish->activation == rd_activation_relu6) v = v < 6 ? v : 6;
        to[i] = v;
    }
}

typedef struct {
    const quad_columns *columns;
    const float *row_scales;
    int32_t activation;
} quad_finish;

// Sums that rest in the output until the rest of the depth has come: whole numbers in the place of floats.
RD_INLINE void take_quads(quad_sums *sums, const float *from, size_t columns) {
    const quad_sums zero = {0};
    *sums = zero;
    if (columns >= 16) *sums = *(const quad_sums *)from;
    else memcpy(sums, from, columns * sizeof *from);
}

RD_INLINE void rest_quads(const quad_sums *sums, float *to, size_t columns) {
    if (columns >= 16) *(quad_sums *)to = *sums;
    else memcpy(to, sums, columns * sizeof *to);
}

RD_INLINE void put_quads(const quad_finish *finish, const float *from, float *to, size_t row, size_t column, size_t columns, int is_first,
                         int is_last) {
    for (size_t i = 0; i < columns; i += 16) {
        quad_sums sums = *(const quad_sums *)(from + i);
        quad_sums before = {0};
        if (!is_first) take_quads(&before, to + i, columns - i);
        sums += before;
        if (is_last) finish_quads(&sums, finish->columns, column + i, columns - i, finish->row_scales[row], to + i, finish->activation);
        else rest_quads(&sums, to + i, columns - i);
    }
}

#define RD_NAME(name) plain_##name
#define RD_TARGET
#define RD_TILE_ZERO(t) memset(plain_tiles + t, 0, sizeof(plain_tile))
#define RD_TILE_LOAD(t, from, stride) plain_load(plain_tiles + t, from, stride)
#define RD_TILE_STORE(t, to, stride) plain_store(plain_tiles + t, to, stride)
#define RD_TILE_DOT(sums, rows, weights) plain_dot(plain_tiles + sums, plain_tiles + rows, plain_tiles + weights)
#define RD_FINISH pair_finish
#define RD_PUT put_pairs
#include "tile_body.h"

#define RD_NAME(name) plain_byte_##name
#define RD_TARGET
#define RD_TILE_ZERO(t) memset(plain_tiles + t, 0, sizeof(plain_tile))
#define RD_TILE_LOAD(t, from, stride) plain_load(plain_tiles + t, from, stride)
#define RD_TILE_STORE(t, to, stride) plain_store(plain_tiles + t, to, stride)
#define RD_TILE_DOT(sums, rows, weights) plain_byte_dot(plain_tiles + sums, plain_tiles + rows, plain_tiles + weights)
#define RD_FINISH quad_finish
#define RD_PUT put_quads
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
    const pair_finish finish = {bias, activation, flags};
    plain_rows(table, count, taps, depth, group, packed, first_column, last_column, &finish, out, stride, copy);
}

void rd_tile_quads_twin(const float *const *table, size_t count, size_t depth, const uint32_t *packed, const float *row_scales,
                        const float *scales, const int32_t *offsets, size_t first_column, size_t last_column, const float *bias,
                        int32_t activation, float *out, size_t stride) {
    if (count > rd_tile_most_rows) abort();
    uint32_t *copy = copied_rows(copied_words(count, 1, depth));
    const quad_columns columns = {scales, offsets, bias};
    const quad_finish finish = {&columns, row_scales, activation};
    plain_byte_rows(table, count, 1, depth, 1, packed, first_column, last_column, &finish, out, stride, copy);
}

#if defined(__x86_64__)
#define RD_TARGET_AMX \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16,amx-int8")))

// Layout: Intel's "Architecture Instruction Set Extensions", LDTILECFG.
typedef struct {
    uint8_t palette, start;
    uint8_t reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_configuration;

// The configuration is state of the thread; to leave it behind would make every switch of threads save the tiles, so each product makes it
// and releases it.
RD_INLINE RD_TARGET_AMX void amx_configure(void) {
    tile_configuration configuration = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) configuration.bytes[tile] = 64, configuration.rows[tile] = 16;
    _tile_loadconfig(&configuration);
}

#define RD_NAME(name) amx_##name
#define RD_TARGET RD_TARGET_AMX
#define RD_TILE_ZERO(t) _tile_zero(t)
#define RD_TILE_LOAD(t, from, stride) _tile_loadd(t, from, stride)
#define RD_TILE_STORE(t, to, stride) _tile_stored(t, to, stride)
#define RD_TILE_DOT(sums, rows, weights) _tile_dpbf16ps(sums, rows, weights)
#define RD_FINISH pair_finish
#define RD_PUT put_pairs
#include "tile_body.h"

#define RD_NAME(name) amx_byte_##name
#define RD_TARGET RD_TARGET_AMX
#define RD_TILE_ZERO(t) _tile_zero(t)
#define RD_TILE_LOAD(t, from, stride) _tile_loadd(t, from, stride)
#define RD_TILE_STORE(t, to, stride) _tile_stored(t, to, stride)
#define RD_TILE_DOT(sums, rows, weights) _tile_dpbusd(sums, rows, weights)
#define RD_FINISH quad_finish
#define RD_PUT put_quads
#include "tile_body.h"

RD_TARGET_AMX void rd_tile_rows(const float *const *table, size_t count, size_t taps, size_t depth, size_t group, const uint32_t *packed,
                                size_t first_column, size_t last_column, const float *bias, int32_t activation, int32_t flags, float *out,
                                size_t stride) {
    uint32_t *copy = copied_rows(copied_words(count < rd_tile_most_rows ? count : rd_tile_most_rows, taps, depth));
    const pair_finish finish = {bias, activation, flags};
    amx_configure();
    amx_rows(table, count, taps, depth, group, packed, first_column, last_column, &finish, out, stride, copy);
    _tile_release();
}

RD_TARGET_AMX void rd_tile_quads(const float *const *table, size_t count, size_t depth, const uint32_t *packed, const float *row_scales,
                                 const quad_columns *columns, size_t first_column, size_t last_column, int32_t activation, float *out,
                                 size_t stride) {
    uint32_t *copy = copied_rows(copied_words(count, 1, depth));
    const quad_finish finish = {columns, row_scales, activation};
    amx_configure();
    amx_byte_rows(table, count, 1, depth, 1, packed, first_column, last_column, &finish, out, stride, copy);
    _tile_release();
}

enum { check_rows = 37, check_depth = 45, check_columns = 40 };

// Whether both kinds of products come out as they do in plain C, of some rows and columns more than a block has, and a depth with a rest.
static int tiles_agree(void) {
    static uint32_t rows[check_rows * check_depth], weights[64 * check_depth];
    static float made[2][check_rows * check_columns];
    float scales[64], row_scales[check_rows];
    int32_t offsets[64];
    const float *table[check_rows];
    uint32_t state = 1;
    // Two numbers of bfloat16 between 1 and 2, of either sign: no sum is far from the size of what it adds.
    for (size_t i = 0; i < check_rows * check_depth; i++) rows[i] = ((state = state * 1664525u + 1013904223u) & 0x807F807Fu) | 0x3F803F80u;
    for (size_t i = 0; i < 64 * check_depth; i++) weights[i] = ((state = state * 1664525u + 1013904223u) & 0x807F807Fu) | 0x3F803F80u;
    for (size_t i = 0; i < check_rows; i++) table[i] = (const float *)(rows + i * check_depth), row_scales[i] = 0.5f;
    for (size_t i = 0; i < 64; i++) scales[i] = 0.25f, offsets[i] = (int32_t)i;
    const quad_columns columns = {scales, offsets, 0};
    for (int bytes = 0; bytes < 2; bytes++) {
        if (bytes) {
            rd_tile_quads(table, check_rows, check_depth, weights, row_scales, &columns, 0, check_columns, rd_activation_none, made[0],
                          check_columns);
            rd_tile_quads_twin(table, check_rows, check_depth, weights, row_scales, scales, offsets, 0, check_columns, 0,
                               rd_activation_none, made[1], check_columns);
        } else {
            rd_tile_rows(table, check_rows, 1, check_depth, 1, weights, 0, check_columns, 0, rd_activation_none, 0, made[0], check_columns);
            rd_tile_rows_twin(table, check_rows, 1, check_depth, 1, weights, 0, check_columns, 0, rd_activation_none, 0, made[1],
                              check_columns);
        }
        for (size_t i = 0; i < check_rows * check_columns; i++) {
            const float apart = made[0][i] - made[1][i];
            // Of bfloat16 ninety products of at most 4 are summed in another order; of bytes whole numbers, exactly.
            if (!(bytes ? apart == 0 : apart < 1e-3f && apart > -1e-3f)) return 0;
        }
    }
    return 1;
}
#endif

int rd_matrix_unit_is_sound(void) {
#if defined(__x86_64__)
    return rd_detected_level() >= rd_level_amx && tiles_agree();
#else
    return 0;
#endif
}
