#pragma once
#include <stddef.h>
#include <stdint.h>

// A thin face of Little CMS: from a picture's own colours to sRGB, 8 bits a sample.

/// A way from one colour space to sRGB.
typedef struct redraw_colour redraw_colour;

/// By an ICC profile; `channels` is that of the pixels: 1 grey, 3 RGB, 4 CMYK as JPEG stores it (inverted). NULL where the profile cannot be
/// read or is of another kind of colours.
redraw_colour *redraw_colour_open(const uint8_t *profile, size_t count, int channels);

/// By primaries and white point (x and y of red, green, blue and white) and a transfer curve: `gamma` above 0 for a power, 0 for that of sRGB,
/// below 0 for that of BT.709.
redraw_colour *redraw_colour_open_primaries(const double xy[8], double gamma, int channels);

/// Grey becomes RGB; an alpha channel (4 samples of RGBA, where `has_alpha`) is carried over.
int redraw_colour_convert(const redraw_colour *colour, const uint8_t *source, uint8_t *target, size_t pixels, int has_alpha);

void redraw_colour_close(redraw_colour *colour);
