#include "include/CWebP.h"

#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

static redraw_webp_outcome outcome_of(VP8StatusCode status) {
    switch (status) {
    case VP8_STATUS_OK: return REDRAW_WEBP_OK;
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return REDRAW_WEBP_TRUNCATED;
    case VP8_STATUS_OUT_OF_MEMORY: return REDRAW_WEBP_SHORT_OF_MEMORY;
    default: return REDRAW_WEBP_DAMAGED;
    }
}

redraw_webp_outcome redraw_webp_read_header(const uint8_t *bytes, size_t count, redraw_webp_header *header) {
    WebPBitstreamFeatures features;
    VP8StatusCode status = WebPGetFeatures(bytes, count, &features);
    if (status != VP8_STATUS_OK) return outcome_of(status);
    header->width = features.width;
    header->height = features.height;
    header->has_alpha = features.has_alpha;
    header->is_animated = features.has_animation;
    header->is_lossless = features.format == 2;
    return REDRAW_WEBP_OK;
}

redraw_webp_outcome redraw_webp_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, int width, int height, int channels) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return REDRAW_WEBP_DAMAGED;
    VP8StatusCode known = WebPGetFeatures(bytes, count, &config.input);
    if (known != VP8_STATUS_OK) return outcome_of(known);
    config.options.use_scaling = config.input.width != width || config.input.height != height;
    config.options.scaled_width = width;
    config.options.scaled_height = height;
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = width * channels;
    config.output.u.RGBA.size = (size_t)width * (size_t)channels * (size_t)height;
    VP8StatusCode status = WebPDecode(bytes, count, &config);
    WebPFreeDecBuffer(&config.output);
    return outcome_of(status);
}

redraw_webp_outcome redraw_webp_decode_first(const uint8_t *bytes, size_t count, uint8_t *pixels, int width, int height) {
    WebPAnimDecoderOptions options;
    if (!WebPAnimDecoderOptionsInit(&options)) return REDRAW_WEBP_DAMAGED;
    options.color_mode = MODE_RGBA;
    WebPData data = {bytes, count};
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
    if (!decoder) return REDRAW_WEBP_DAMAGED;
    WebPAnimInfo info;
    uint8_t *canvas = NULL;
    int when = 0;
    int done = WebPAnimDecoderGetInfo(decoder, &info) && info.canvas_width == (uint32_t)width && info.canvas_height == (uint32_t)height
        && WebPAnimDecoderGetNext(decoder, &canvas, &when);
    if (done) memcpy(pixels, canvas, (size_t)width * (size_t)height * 4);
    WebPAnimDecoderDelete(decoder);
    return done ? REDRAW_WEBP_OK : REDRAW_WEBP_DAMAGED;
}

uint8_t *redraw_webp_encode(const uint8_t *pixels, int width, int height, int channels, int lossless, float quality, size_t *count) {
    WebPConfig config;
    WebPPicture picture;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture)) return NULL;
    if (lossless) {
        if (!WebPConfigLosslessPreset(&config, 6)) return NULL;
        config.exact = 1;
        picture.use_argb = 1;
    } else {
        config.quality = quality;
    }
    picture.width = width;
    picture.height = height;
    WebPMemoryWriter writer;
    WebPMemoryWriterInit(&writer);
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    int stride = width * channels;
    int imported = channels == 4 ? WebPPictureImportRGBA(&picture, pixels, stride) : WebPPictureImportRGB(&picture, pixels, stride);
    int encoded = imported && WebPEncode(&config, &picture);
    WebPPictureFree(&picture);
    if (!encoded) {
        WebPMemoryWriterClear(&writer);
        return NULL;
    }
    *count = writer.size;
    return writer.mem;
}

void redraw_webp_free(uint8_t *bytes) { WebPFree(bytes); }
