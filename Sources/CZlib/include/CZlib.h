#pragma once
#include <stddef.h>
#include <stdint.h>

// A thin face of zlib: one whole stream into a buffer that is never exceeded.

typedef enum {
    /// The stream ended; all of it is in the buffer.
    REDRAW_INFLATE_WHOLE,
    /// The buffer is full and the stream goes on.
    REDRAW_INFLATE_LONGER,
    REDRAW_INFLATE_DAMAGED,
} redraw_inflate_outcome;

/// Inflates a zlib or gzip stream (which of them, its first bytes tell) into at most `capacity` bytes; `written` tells how many there are.
redraw_inflate_outcome redraw_inflate(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity, size_t *written);

/// As many bytes as `redraw_gzip` may need for `count` of them.
size_t redraw_gzip_bound(size_t count);

/// Packs bytes as one gzip stream; how many there are then, 0 where memory or room is lacking.
size_t redraw_gzip(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity);
