#include "include/CZlib.h"

#include <string.h>
#include <zlib.h>

redraw_inflate_outcome redraw_inflate(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity, size_t *written) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    *written = 0;
    // 32: zlib or gzip, by its header.
    if (count > UINT32_MAX || capacity > UINT32_MAX || inflateInit2(&stream, 15 + 32) != Z_OK) return REDRAW_INFLATE_DAMAGED;
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)count;
    stream.next_out = target;
    stream.avail_out = (uInt)capacity;
    int outcome = inflate(&stream, Z_FINISH);
    *written = capacity - stream.avail_out;
    int full = stream.avail_out == 0;
    inflateEnd(&stream);
    if (outcome == Z_STREAM_END) return REDRAW_INFLATE_WHOLE;
    return outcome == Z_BUF_ERROR && full ? REDRAW_INFLATE_LONGER : REDRAW_INFLATE_DAMAGED;
}

/// A gzip header and trailer, which deflateBound leaves out for some versions of zlib.
enum { GZIP_FRAME = 32 };

size_t redraw_gzip_bound(size_t count) {
    return compressBound((uLong)count) + GZIP_FRAME;
}

size_t redraw_gzip(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    // 16: gzip.
    if (count > UINT32_MAX || capacity > UINT32_MAX
        || deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)count;
    stream.next_out = target;
    stream.avail_out = (uInt)capacity;
    int outcome = deflate(&stream, Z_FINISH);
    size_t written = capacity - stream.avail_out;
    deflateEnd(&stream);
    return outcome == Z_STREAM_END ? written : 0;
}

size_t redraw_inflate_beginning(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (count > UINT32_MAX || capacity > UINT32_MAX || inflateInit(&stream) != Z_OK) return 0;
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)count;
    stream.next_out = target;
    stream.avail_out = (uInt)capacity;
    inflate(&stream, Z_SYNC_FLUSH);
    size_t written = capacity - stream.avail_out;
    inflateEnd(&stream);
    return written;
}

size_t redraw_deflate_bound(size_t count) { return compressBound((uLong)count); }

size_t redraw_deflate(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity) {
    uLongf written = (uLongf)capacity;
    return compress2(target, &written, bytes, (uLong)count, Z_BEST_SPEED) == Z_OK ? (size_t)written : 0;
}

uint32_t redraw_crc32(const uint8_t *bytes, size_t count) {
    uLong sum = crc32(0, NULL, 0);
    while (count > 0) {
        uInt part = count > 1 << 30 ? 1 << 30 : (uInt)count;
        sum = crc32(sum, bytes, part);
        bytes += part;
        count -= part;
    }
    return (uint32_t)sum;
}
