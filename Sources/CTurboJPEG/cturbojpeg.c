#include "include/CTurboJPEG.h"

#include <string.h>
#include <turbojpeg.h>

static void keep_message(char *message, const char *text) {
    strncpy(message, text, REDRAW_JPEG_MESSAGE_CAPACITY - 1);
    message[REDRAW_JPEG_MESSAGE_CAPACITY - 1] = 0;
}

redraw_jpeg_outcome redraw_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, int width, int height, int channels,
                                       int stop_on_warning, char *message) {
    tjhandle handle = tjInitDecompress();
    if (!handle) {
        keep_message(message, "memory is short");
        return REDRAW_JPEG_FAILED;
    }
    int format = channels == 1 ? TJPF_GRAY : channels == 3 ? TJPF_RGB : TJPF_CMYK;
    // A crafted progressive file can ask for thousands of scans over a large picture: libjpeg's limit is 500.
    int flags = TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT | (stop_on_warning ? TJFLAG_STOPONWARNING : 0);
    redraw_jpeg_outcome outcome = REDRAW_JPEG_DECODED;
    if (tjDecompress2(handle, bytes, (unsigned long)count, pixels, width, 0, height, format, flags) != 0) {
        keep_message(message, tjGetErrorStr2(handle));
        outcome = tjGetErrorCode(handle) == TJERR_WARNING ? REDRAW_JPEG_WARNED : REDRAW_JPEG_FAILED;
    }
    tjDestroy(handle);
    return outcome;
}

uint8_t *redraw_jpeg_encode(const uint8_t *pixels, int width, int height, int channels, int quality, int full_chroma, size_t *count,
                            char *message) {
    tjhandle handle = tjInitCompress();
    if (!handle) {
        keep_message(message, "memory is short");
        return NULL;
    }
    unsigned char *encoded = NULL;
    unsigned long size = 0;
    int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
    int sampling = channels == 1 ? TJSAMP_GRAY : full_chroma ? TJSAMP_444 : TJSAMP_420;
    int failed = tjCompress2(handle, pixels, width, 0, height, format, &encoded, &size, sampling, quality, TJFLAG_ACCURATEDCT);
    if (failed) {
        keep_message(message, tjGetErrorStr2(handle));
        tjFree(encoded);
        encoded = NULL;
    }
    tjDestroy(handle);
    *count = (size_t)size;
    return encoded;
}

void redraw_jpeg_free(uint8_t *bytes) { tjFree(bytes); }
