#pragma once
#include <stddef.h>
#include <stdint.h>

// A thin face of libpng. libpng reports errors by longjmp, which Swift frames must not see, so the jumps begin and end here.

#define REDRAW_PNG_MESSAGE_CAPACITY 200

/// A PNG in memory that is being read. The bytes must outlive it.
typedef struct redraw_png_reader redraw_png_reader;

typedef struct {
    uint32_t width;
    uint32_t height;
    /// Of the 8-bit pixels that redraw_png_read_pixels delivers: 1 grey, 3 RGB, 4 RGBA.
    int channels;
} redraw_png_header;

/// One text entry to be written. The strings belong to the caller.
typedef struct {
    const char *keyword;
    const char *text;
    size_t text_length;
    /// Nonzero: UTF-8 (iTXt). Zero: Latin-1 (tEXt, zTXt).
    int is_utf8;
} redraw_png_text;

/// A reader, or NULL where memory is short.
redraw_png_reader *redraw_png_open(const uint8_t *bytes, size_t count);
void redraw_png_close(redraw_png_reader *reader);

/// These return nonzero on success; after a failure only the three questions below and redraw_png_close may follow.
/// Where by_rows is nonzero redraw_png_read_row follows, else redraw_png_read_pixels.
int redraw_png_read_header(redraw_png_reader *reader, int by_rows, redraw_png_header *header);
/// Fills a row of width * channels bytes with the next one that is stored; of an interlaced picture those of its first pass come first, with
/// the pass's pixels at the row's beginning.
int redraw_png_read_row(redraw_png_reader *reader, uint8_t *row);
/// Fills height rows of width * channels bytes; 16-bit samples keep their high byte, gamma is ignored, tRNS becomes alpha.
int redraw_png_read_pixels(redraw_png_reader *reader, uint8_t *pixels);
/// Reads the chunks up to IEND, skipping pixel data that was not read.
int redraw_png_read_end(redraw_png_reader *reader);

/// Why the last step failed.
const char *redraw_png_message(const redraw_png_reader *reader);
/// Whether it failed because the bytes ended.
int redraw_png_is_truncated(const redraw_png_reader *reader);

/// Writes an 8-bit PNG into memory that the caller frees with redraw_png_free; NULL and a message on failure.
uint8_t *redraw_png_write(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int compression,
                          const redraw_png_text *texts, int text_count, size_t *count, char *message);
void redraw_png_free(uint8_t *bytes);
