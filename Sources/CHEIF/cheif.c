#include "include/CHEIF.h"

#include <libheif/heif.h>
#include <stdlib.h>
#include <string.h>

struct redraw_heif {
    struct heif_context *context;
    struct heif_image_handle *picture;
    struct heif_image *decoded;
    const uint8_t *plane;
    int stride;
    int count;
};

static void keep_message(char *message, struct heif_error error) {
    strncpy(message, error.message ? error.message : "it cannot be read", REDRAW_HEIF_MESSAGE_CAPACITY - 1);
    message[REDRAW_HEIF_MESSAGE_CAPACITY - 1] = 0;
}

redraw_heif *redraw_heif_open(const uint8_t *bytes, size_t count, char *message) {
    redraw_heif *file = calloc(1, sizeof *file);
    strcpy(message, "memory is short");
    if (!file) return NULL;
    file->context = heif_context_alloc();
    if (!file->context) {
        redraw_heif_close(file);
        return NULL;
    }
    struct heif_error error = heif_context_read_from_memory_without_copy(file->context, bytes, count, NULL);
    if (error.code == heif_error_Ok) error = heif_context_get_primary_image_handle(file->context, &file->picture);
    if (error.code != heif_error_Ok) {
        keep_message(message, error);
        redraw_heif_close(file);
        return NULL;
    }
    file->count = heif_context_get_number_of_top_level_images(file->context);
    return file;
}

void redraw_heif_close(redraw_heif *file) {
    if (!file) return;
    if (file->decoded) heif_image_release(file->decoded);
    if (file->picture) heif_image_handle_release(file->picture);
    if (file->context) heif_context_free(file->context);
    free(file);
}

int redraw_heif_width(const redraw_heif *file) { return heif_image_handle_get_width(file->picture); }
int redraw_heif_height(const redraw_heif *file) { return heif_image_handle_get_height(file->picture); }
int redraw_heif_has_alpha(const redraw_heif *file) { return heif_image_handle_has_alpha_channel(file->picture); }
int redraw_heif_pictures(const redraw_heif *file) { return file->count; }

int redraw_heif_codes(const redraw_heif *file, uint8_t *primaries, uint8_t *transfer) {
    struct heif_color_profile_nclx *codes = NULL;
    if (heif_image_handle_get_nclx_color_profile(file->picture, &codes).code != heif_error_Ok || !codes) return 0;
    *primaries = (uint8_t)codes->color_primaries;
    *transfer = (uint8_t)codes->transfer_characteristics;
    heif_nclx_color_profile_free(codes);
    return 1;
}

int redraw_heif_decode(redraw_heif *file, char *message) {
    int width = redraw_heif_width(file), height = redraw_heif_height(file);
    if (file->decoded) heif_image_release(file->decoded);
    file->decoded = NULL;
    struct heif_error error = heif_decode_image(
        file->picture, &file->decoded, heif_colorspace_RGB,
        redraw_heif_has_alpha(file) ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, NULL);
    if (error.code != heif_error_Ok) {
        keep_message(message, error);
        return 0;
    }
    file->plane = heif_image_get_plane_readonly(file->decoded, heif_channel_interleaved, &file->stride);
    // What was decoded must be what was stated.
    if (file->plane && heif_image_get_width(file->decoded, heif_channel_interleaved) == width
        && heif_image_get_height(file->decoded, heif_channel_interleaved) == height)
        return 1;
    strcpy(message, "it states two sizes");
    return 0;
}

const uint8_t *redraw_heif_row(const redraw_heif *file, int y) { return file->plane + (size_t)y * (size_t)file->stride; }

size_t redraw_heif_aside(const redraw_heif *file, char kind, uint8_t *target, size_t capacity) {
    if (kind == 'c') {
        size_t size = heif_image_handle_get_raw_color_profile_size(file->picture);
        if (target && size <= capacity && heif_image_handle_get_raw_color_profile(file->picture, target).code != heif_error_Ok) return 0;
        return size;
    }
    heif_item_id id;
    const char *type = kind == 'e' ? "Exif" : "mime";
    if (heif_image_handle_get_list_of_metadata_block_IDs(file->picture, type, &id, 1) < 1) return 0;
    if (kind == 'x') {
        const char *content = heif_image_handle_get_metadata_content_type(file->picture, id);
        if (!content || strcmp(content, "application/rdf+xml") != 0) return 0;
    }
    size_t size = heif_image_handle_get_metadata_size(file->picture, id);
    if (target && size <= capacity && heif_image_handle_get_metadata(file->picture, id, target).code != heif_error_Ok) return 0;
    return size;
}
