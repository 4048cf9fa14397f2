#pragma once
#include <stddef.h>
#include <stdint.h>

// A thin face of libturbojpeg 2.x.

#define REDRAW_JPEG_MESSAGE_CAPACITY 200

typedef enum {
    REDRAW_JPEG_DECODED,
    /// The decoder went on over something it found wrong; the pixels are whole in memory but perhaps not in sense.
    REDRAW_JPEG_WARNED,
    REDRAW_JPEG_FAILED,
} redraw_jpeg_outcome;

/// Decodes into height rows of width * channels bytes: 1 grey, 3 RGB, 4 CMYK as stored.
///
/// A width and height of the picture's own over 1, 2, 4 or 8, rounded up, decode at that scale, and cheaper.
/// With stop_on_warning nonzero the first warning ends the decoding.
redraw_jpeg_outcome redraw_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, int width, int height, int channels,
                                       int stop_on_warning, char *message);

/// Encodes grey or RGB pixels into memory that the caller frees with redraw_jpeg_free; NULL and a message on failure.
uint8_t *redraw_jpeg_encode(const uint8_t *pixels, int width, int height, int channels, int quality, int full_chroma, size_t *count,
                            char *message);
void redraw_jpeg_free(uint8_t *bytes);
