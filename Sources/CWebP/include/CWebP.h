#pragma once
#include <stddef.h>
#include <stdint.h>

// A thin face of libwebp.

typedef enum {
    REDRAW_WEBP_OK,
    REDRAW_WEBP_TRUNCATED,
    REDRAW_WEBP_DAMAGED,
    REDRAW_WEBP_SHORT_OF_MEMORY,
} redraw_webp_outcome;

typedef struct {
    int width;
    int height;
    int has_alpha;
    int is_animated;
    int is_lossless;
} redraw_webp_header;

redraw_webp_outcome redraw_webp_read_header(const uint8_t *bytes, size_t count, redraw_webp_header *header);

/// Decodes into height rows of width * channels bytes: 3 RGB, 4 RGBA with straight alpha. A size that is not the picture's own is what it is
/// scaled to while it is decoded.
redraw_webp_outcome redraw_webp_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, int width, int height, int channels);

/// The first picture of an animation on its whole canvas: height rows of width RGBA pixels.
redraw_webp_outcome redraw_webp_decode_first(const uint8_t *bytes, size_t count, uint8_t *pixels, int width, int height);

/// Encodes RGB or RGBA pixels into memory that the caller frees with redraw_webp_free; NULL on failure.
/// Lossless keeps the colour of transparent pixels too; quality is 0 to 100.
uint8_t *redraw_webp_encode(const uint8_t *pixels, int width, int height, int channels, int lossless, float quality, size_t *count);
void redraw_webp_free(uint8_t *bytes);
