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

/// Unpacks what there is of a zlib stream that may be cut off; what of the buffer it does not fill is left as it is. How many bytes there were.
size_t redraw_inflate_beginning(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity);

/// As many bytes as `redraw_deflate` may need for `count` of them.
size_t redraw_deflate_bound(size_t count);

/// Packs bytes quickly as one zlib stream; how many there are then, 0 where memory or room is lacking.
size_t redraw_deflate(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity);

/// The checksum that PNG's chunks end with.
uint32_t redraw_crc32(const uint8_t *bytes, size_t count);
