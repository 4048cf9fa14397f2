#include "include/CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// MARK: Reading

struct redraw_png_reader {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t count;
    size_t position;
    int truncated;
    char message[REDRAW_PNG_MESSAGE_CAPACITY];
};

static void keep_message(char *message, const char *text) {
    strncpy(message, text, REDRAW_PNG_MESSAGE_CAPACITY - 1);
    message[REDRAW_PNG_MESSAGE_CAPACITY - 1] = 0;
}

static void reader_failed(png_structp png, png_const_charp text) {
    redraw_png_reader *reader = png_get_error_ptr(png);
    keep_message(reader->message, text);
    png_longjmp(png, 1);
}

static void warning_ignored(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void read_bytes(png_structp png, png_bytep target, size_t wanted) {
    redraw_png_reader *reader = png_get_io_ptr(png);
    if (reader->count - reader->position < wanted) {
        reader->truncated = 1;
        png_error(png, "the data ends early");
    }
    memcpy(target, reader->bytes + reader->position, wanted);
    reader->position += wanted;
}

redraw_png_reader *redraw_png_open(const uint8_t *bytes, size_t count) {
    redraw_png_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    reader->bytes = bytes;
    reader->count = count;
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, reader_failed, warning_ignored);
    if (reader->png) reader->info = png_create_info_struct(reader->png);
    if (!reader->info) {
        redraw_png_close(reader);
        return NULL;
    }
    png_set_read_fn(reader->png, reader, read_bytes);
    png_set_benign_errors(reader->png, 1);
    // Texts and profiles are read elsewhere, within a budget; libpng would unpack each of them whole.
    static const png_byte skipped[] = "tEXt\0zTXt\0iTXt\0iCCP";
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, skipped, 4);
    png_set_chunk_malloc_max(reader->png, 8 << 20);
    return reader;
}

void redraw_png_close(redraw_png_reader *reader) {
    if (!reader) return;
    if (reader->png) png_destroy_read_struct(&reader->png, &reader->info, NULL);
    free(reader);
}

int redraw_png_read_header(redraw_png_reader *reader, int by_rows, redraw_png_header *header) {
    png_structp png = reader->png;
    png_infop info = reader->info;
    if (setjmp(png_jmpbuf(png))) return 0;
    png_read_info(png, info);

    int colour = png_get_color_type(png, info);
    int transparency = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    // Pillow keeps the high byte of 16-bit samples; it does not round.
    png_set_strip_16(png);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
    if (transparency) png_set_tRNS_to_alpha(png);
    if (colour == PNG_COLOR_TYPE_GRAY_ALPHA || (colour == PNG_COLOR_TYPE_GRAY && transparency)) png_set_gray_to_rgb(png);
    // Without it, the rows of an interlaced picture come as they are stored, pass by pass.
    if (!by_rows) png_set_interlace_handling(png);
    png_read_update_info(png, info);

    header->width = png_get_image_width(png, info);
    header->height = png_get_image_height(png, info);
    header->channels = png_get_channels(png, info);
    if (png_get_rowbytes(png, info) != (size_t)header->width * (size_t)header->channels) png_error(png, "unexpected row length");
    return 1;
}

int redraw_png_read_pixels(redraw_png_reader *reader, uint8_t *pixels) {
    png_structp png = reader->png;
    size_t stride = png_get_rowbytes(png, reader->info);
    uint32_t height = png_get_image_height(png, reader->info);
    png_bytep *rows = malloc(height * sizeof *rows);
    if (!rows) {
        keep_message(reader->message, "memory is short");
        return 0;
    }
    for (uint32_t y = 0; y < height; y++) rows[y] = pixels + stride * y;
    // `rows` does not change after setjmp, so its value survives the jump.
    if (setjmp(png_jmpbuf(png))) {
        free(rows);
        return 0;
    }
    png_read_image(png, rows);
    free(rows);
    return 1;
}

int redraw_png_read_row(redraw_png_reader *reader, uint8_t *row) {
    if (setjmp(png_jmpbuf(reader->png))) return 0;
    png_read_row(reader->png, row, NULL);
    return 1;
}

int redraw_png_read_end(redraw_png_reader *reader) {
    if (setjmp(png_jmpbuf(reader->png))) return 0;
    png_read_end(reader->png, reader->info);
    return 1;
}

const char *redraw_png_message(const redraw_png_reader *reader) { return reader->message; }
int redraw_png_is_truncated(const redraw_png_reader *reader) { return reader->truncated; }

// MARK: Writing

typedef struct {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
    char *message;
} memory_sink;

static void writer_failed(png_structp png, png_const_charp text) {
    memory_sink *sink = png_get_error_ptr(png);
    keep_message(sink->message, text);
    png_longjmp(png, 1);
}

static void write_bytes(png_structp png, png_bytep source, size_t count) {
    memory_sink *sink = png_get_io_ptr(png);
    if (sink->capacity - sink->count < count) {
        size_t capacity = sink->capacity * 2 + count;
        uint8_t *grown = realloc(sink->bytes, capacity);
        if (!grown) png_error(png, "memory is short");
        sink->bytes = grown;
        sink->capacity = capacity;
    }
    memcpy(sink->bytes + sink->count, source, count);
    sink->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

static int write_all(png_structp png, png_infop info, const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                     int compression, png_textp texts, int text_count) {
    if (setjmp(png_jmpbuf(png))) return 0;
    int colour = channels == 1 ? PNG_COLOR_TYPE_GRAY : channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA;
    png_set_IHDR(png, info, width, height, 8, colour, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, compression);
    if (text_count > 0) png_set_text(png, info, texts, text_count);
    png_write_info(png, info);
    size_t stride = (size_t)width * (size_t)channels;
    for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + stride * y);
    png_write_end(png, NULL);
    return 1;
}

uint8_t *redraw_png_write(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int compression,
                          const redraw_png_text *texts, int text_count, size_t *count, char *message) {
    memory_sink sink = {NULL, 0, 0, message};
    keep_message(message, "memory is short");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, writer_failed, warning_ignored);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    png_textp entries = calloc((size_t)text_count + 1, sizeof *entries);
    int written = 0;
    if (info && entries) {
        for (int i = 0; i < text_count; i++) {
            entries[i].compression = texts[i].is_utf8 ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_NONE;
            entries[i].key = (char *)texts[i].keyword;
            entries[i].text = (char *)texts[i].text;
            if (texts[i].is_utf8)
                entries[i].itxt_length = texts[i].text_length;
            else
                entries[i].text_length = texts[i].text_length;
            entries[i].lang = (char *)"";
            entries[i].lang_key = (char *)"";
        }
        png_set_write_fn(png, &sink, write_bytes, flush_nothing);
        written = write_all(png, info, pixels, width, height, channels, compression, entries, text_count);
    }
    if (png) png_destroy_write_struct(&png, info ? &info : NULL);
    free(entries);
    if (!written) {
        free(sink.bytes);
        return NULL;
    }
    *count = sink.count;
    return sink.bytes;
}

void redraw_png_free(uint8_t *bytes) { free(bytes); }
