#pragma once
#include <stddef.h>
#include <stdint.h>

// A thin face of libtiff: the first picture of a TIFF file in memory, as it is stored (not turned), 8 bits a sample.

#define REDRAW_TIFF_MESSAGE_CAPACITY 200

typedef struct redraw_tiff redraw_tiff;

/// The bytes must outlive it. NULL and a message where there is no picture that can be read.
redraw_tiff *redraw_tiff_open(const uint8_t *bytes, size_t count, char *message);
void redraw_tiff_close(redraw_tiff *file);

uint32_t redraw_tiff_width(const redraw_tiff *file);
uint32_t redraw_tiff_height(const redraw_tiff *file);
int redraw_tiff_has_alpha(const redraw_tiff *file);
/// How many pictures the file has; counting stops at 1,000.
int redraw_tiff_pictures(redraw_tiff *file);

/// Rows that are stored together, in a strip or a row of tiles: whoever reads others at once has some decoded twice.
uint32_t redraw_tiff_rows_together(const redraw_tiff *file);

/// Fills `rows` rows of width * 4 bytes, from row `first` on: red, green, blue, alpha, the colours multiplied by alpha; 0 and a message on
/// failure.
int redraw_tiff_decode(redraw_tiff *file, uint32_t first, uint32_t rows, uint8_t *pixels, char *message);

/// The ICC profile ('c') or the XMP packet ('x'); its size, and where it lies for as long as the file is open.
size_t redraw_tiff_aside(redraw_tiff *file, char kind, const uint8_t **content);
