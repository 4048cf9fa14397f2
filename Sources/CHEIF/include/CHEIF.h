#pragma once
#include <stddef.h>
#include <stdint.h>

// A thin face of libheif: the main picture of a HEIC or AVIF file in memory, upright, 8 bits a sample.

#define REDRAW_HEIF_MESSAGE_CAPACITY 200

typedef struct redraw_heif redraw_heif;

/// The bytes must outlive it. NULL and a message where there is no main picture to be read.
redraw_heif *redraw_heif_open(const uint8_t *bytes, size_t count, char *message);
void redraw_heif_close(redraw_heif *file);

/// Upright.
int redraw_heif_width(const redraw_heif *file);
int redraw_heif_height(const redraw_heif *file);
int redraw_heif_has_alpha(const redraw_heif *file);
/// How many pictures the file has.
int redraw_heif_pictures(const redraw_heif *file);

/// The code points of ITU-T H.273 that the file gives for its primaries and its transfer; 0 where it gives none.
int redraw_heif_codes(const redraw_heif *file, uint8_t *primaries, uint8_t *transfer);

/// Decodes the picture, which libheif does only whole. What was decoded before goes. 0 and a message on failure.
int redraw_heif_decode(redraw_heif *file, char *message);
/// A row of what was decoded: width * (4 with alpha, else 3) bytes, there for as long as the file is open.
const uint8_t *redraw_heif_row(const redraw_heif *file, int y);

/// What stands in the file beside the pixels: 'e' EXIF (from its TIFF header on), 'x' XMP, 'c' an ICC profile. The size; bytes are written
/// where `target` is not NULL and has room.
size_t redraw_heif_aside(const redraw_heif *file, char kind, uint8_t *target, size_t capacity);
