#include "include/CTIFF.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

struct redraw_tiff {
    const uint8_t *bytes;
    size_t count;
    size_t position;
    TIFF *file;
    TIFFRGBAImage picture;
    int begun;
    char message[REDRAW_TIFF_MESSAGE_CAPACITY];
};

static tmsize_t read_bytes(thandle_t handle, void *target, tmsize_t wanted) {
    redraw_tiff *file = handle;
    if (wanted < 0 || file->position >= file->count) return 0;
    size_t there = file->count - file->position;
    size_t got = (size_t)wanted < there ? (size_t)wanted : there;
    memcpy(target, file->bytes + file->position, got);
    file->position += got;
    return (tmsize_t)got;
}

static tmsize_t write_nothing(thandle_t handle, void *source, tmsize_t count) {
    (void)handle, (void)source, (void)count;
    return -1;
}

static toff_t seek_to(thandle_t handle, toff_t offset, int whence) {
    redraw_tiff *file = handle;
    switch (whence) {
    case SEEK_SET: file->position = (size_t)offset; break;
    case SEEK_CUR: file->position += (size_t)offset; break;
    default: file->position = file->count + (size_t)offset; break;
    }
    return file->position;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle) { return ((redraw_tiff *)handle)->count; }

static int keep_error(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    redraw_tiff *file = context;
    if (!file->message[0]) vsnprintf(file->message, sizeof file->message, format, arguments);
    return 1;
}

static int keep_no_warning(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)context, (void)module, (void)format, (void)arguments;
    return 1;
}

redraw_tiff *redraw_tiff_open(const uint8_t *bytes, size_t count, char *message) {
    redraw_tiff *file = calloc(1, sizeof *file);
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!file || !options) {
        strcpy(message, "memory is short");
        free(file);
        if (options) TIFFOpenOptionsFree(options);
        return NULL;
    }
    file->bytes = bytes;
    file->count = count;
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, file);
    TIFFOpenOptionsSetWarningHandlerExtR(options, keep_no_warning, file);
    // Nothing that is held at once is larger than the pixels of the largest picture that is read.
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)1 << 31);
    // "m": no mapping, the bytes are in memory already.
    file->file = TIFFClientOpenExt("picture", "rm", file, read_bytes, write_nothing, seek_to, close_nothing, size_of, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    char reason[1024] = "";
    if (file->file && TIFFRGBAImageOK(file->file, reason) && TIFFRGBAImageBegin(&file->picture, file->file, 1, reason)) {
        file->begun = 1;
        return file;
    }
    const char *told = file->message[0] ? file->message : reason[0] ? reason : "it holds no picture";
    snprintf(message, REDRAW_TIFF_MESSAGE_CAPACITY, "%s", told);
    redraw_tiff_close(file);
    return NULL;
}

void redraw_tiff_close(redraw_tiff *file) {
    if (!file) return;
    if (file->begun) TIFFRGBAImageEnd(&file->picture);
    if (file->file) TIFFClose(file->file);
    free(file);
}

uint32_t redraw_tiff_width(const redraw_tiff *file) { return file->picture.width; }
uint32_t redraw_tiff_height(const redraw_tiff *file) { return file->picture.height; }
int redraw_tiff_has_alpha(const redraw_tiff *file) { return file->picture.alpha != 0; }

int redraw_tiff_pictures(redraw_tiff *file) {
    int count = 1;
    while (count < 1000 && TIFFReadDirectory(file->file)) count++;
    TIFFSetDirectory(file->file, 0);
    return count;
}

uint32_t redraw_tiff_rows_together(const redraw_tiff *file) {
    uint32_t rows = 0;
    if (TIFFIsTiled(file->file))
        TIFFGetField(file->file, TIFFTAG_TILELENGTH, &rows);
    else
        TIFFGetFieldDefaulted(file->file, TIFFTAG_ROWSPERSTRIP, &rows);
    return rows == 0 || rows > file->picture.height ? file->picture.height : rows;
}

int redraw_tiff_decode(redraw_tiff *file, uint32_t first, uint32_t rows, uint8_t *pixels, char *message) {
    // As stored: whoever asks turns it.
    file->picture.req_orientation = file->picture.orientation;
    file->picture.row_offset = (int)first;
    file->message[0] = 0;
    if (!TIFFRGBAImageGet(&file->picture, (uint32_t *)(void *)pixels, file->picture.width, rows)) {
        snprintf(message, REDRAW_TIFF_MESSAGE_CAPACITY, "%s", file->message[0] ? file->message : "its pixels cannot be read");
        return 0;
    }
    return 1;
}

size_t redraw_tiff_aside(redraw_tiff *file, char kind, const uint8_t **content) {
    uint32_t size = 0;
    void *found = NULL;
    if (!TIFFGetField(file->file, kind == 'c' ? TIFFTAG_ICCPROFILE : TIFFTAG_XMLPACKET, &size, &found) || !found) return 0;
    *content = found;
    return size;
}
