#include "include/CLCMS.h"

#include <lcms2.h>
#include <stdlib.h>

struct redraw_colour {
    cmsContext context;
    cmsHPROFILE source;
    cmsHPROFILE target;
    int channels;
};

static void errors_ignored(cmsContext context, cmsUInt32Number code, const char *text) {
    (void)context;
    (void)code;
    (void)text;
}

static redraw_colour *opened(int channels) {
    redraw_colour *colour = calloc(1, sizeof *colour);
    if (!colour) return NULL;
    colour->channels = channels;
    colour->context = cmsCreateContext(NULL, NULL);
    if (colour->context) {
        cmsSetLogErrorHandlerTHR(colour->context, errors_ignored);
        colour->target = cmsCreate_sRGBProfileTHR(colour->context);
    }
    if (!colour->target) {
        redraw_colour_close(colour);
        return NULL;
    }
    return colour;
}

redraw_colour *redraw_colour_open(const uint8_t *profile, size_t count, int channels) {
    redraw_colour *colour = opened(channels);
    if (!colour || count > UINT32_MAX) {
        redraw_colour_close(colour);
        return NULL;
    }
    colour->source = cmsOpenProfileFromMemTHR(colour->context, profile, (cmsUInt32Number)count);
    cmsColorSpaceSignature wanted = channels == 1 ? cmsSigGrayData : channels == 4 ? cmsSigCmykData : cmsSigRgbData;
    if (!colour->source || cmsGetColorSpace(colour->source) != wanted) {
        redraw_colour_close(colour);
        return NULL;
    }
    return colour;
}

redraw_colour *redraw_colour_open_primaries(const double xy[8], double gamma, int channels) {
    redraw_colour *colour = opened(channels);
    if (!colour) return NULL;
    cmsCIExyY white = {xy[6], xy[7], 1};
    cmsCIExyYTRIPLE primaries = {{xy[0], xy[1], 1}, {xy[2], xy[3], 1}, {xy[4], xy[5], 1}};
    double srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    double rec709[5] = {1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081};
    cmsToneCurve *curve = gamma > 0 ? cmsBuildGamma(colour->context, gamma)
                                    : cmsBuildParametricToneCurve(colour->context, 4, gamma < 0 ? rec709 : srgb);
    if (curve) {
        cmsToneCurve *curves[3] = {curve, curve, curve};
        colour->source = channels == 1 ? cmsCreateGrayProfileTHR(colour->context, &white, curve)
                                       : cmsCreateRGBProfileTHR(colour->context, &white, &primaries, curves);
        cmsFreeToneCurve(curve);
    }
    if (!colour->source) {
        redraw_colour_close(colour);
        return NULL;
    }
    return colour;
}

int redraw_colour_convert(const redraw_colour *colour, const uint8_t *source, uint8_t *target, size_t pixels, int has_alpha) {
    cmsUInt32Number from = has_alpha ? TYPE_RGBA_8 : colour->channels == 1 ? TYPE_GRAY_8 : colour->channels == 4 ? TYPE_CMYK_8_REV : TYPE_RGB_8;
    cmsHTRANSFORM transform = cmsCreateTransformTHR(
        colour->context, colour->source, from, colour->target, has_alpha ? TYPE_RGBA_8 : TYPE_RGB_8, INTENT_PERCEPTUAL,
        has_alpha ? cmsFLAGS_COPY_ALPHA : 0);
    if (!transform) return 0;
    const size_t most = 1 << 24;
    size_t from_size = has_alpha ? 4 : (size_t)colour->channels, to_size = has_alpha ? 4 : 3;
    for (size_t done = 0; done < pixels; done += most) {
        size_t count = pixels - done < most ? pixels - done : most;
        cmsDoTransform(transform, source + done * from_size, target + done * to_size, (cmsUInt32Number)count);
    }
    cmsDeleteTransform(transform);
    return 1;
}

void redraw_colour_close(redraw_colour *colour) {
    if (!colour) return;
    if (colour->source) cmsCloseProfile(colour->source);
    if (colour->target) cmsCloseProfile(colour->target);
    if (colour->context) cmsDeleteContext(colour->context);
    free(colour);
}
