"""Photographs made over into other media, so that the words "painting", "cartoon" and "sketch" are learnt on every subject.

Real paintings and clip art show what they show; these show the photographs' subjects. All take and give RGB pictures.
"""

import numpy
from PIL import Image, ImageEnhance, ImageFilter


# Areas whose colours differ by more than this, over three channels of 0 to 255, have an outline between them in a cartoon.
OUTLINED_STEP = 110


def values_of(image):
    return numpy.asarray(image, dtype=numpy.float32)


def image_of(values):
    return Image.fromarray(numpy.clip(values, 0, 255).astype(numpy.uint8))


def blurred(values, radius):
    """Box means over windows of 2 * radius + 1 pixels, [height, width, channels]."""
    window = 2 * radius + 1
    padded = numpy.pad(values, ((radius + 1, radius), (radius + 1, radius), (0, 0)), mode="edge").cumsum(0).cumsum(1)
    return (padded[window:, window:] - padded[:-window, window:] - padded[window:, :-window] + padded[:-window, :-window]) / window**2


def kuwahara(image, radius):
    """Every pixel takes the mean of the calmest of the four windows that it is a corner of (Kuwahara 1976): dabs with firm edges."""
    values = values_of(image).astype(numpy.float64)
    height, width, _ = values.shape
    half = max(1, radius // 2)
    mean = blurred(values, half)
    spread = (blurred(values**2, half) - mean**2).sum(axis=2)
    best, calmest = numpy.zeros_like(values), numpy.full((height, width), numpy.inf)
    for down in (-half, half):
        for across in (-half, half):
            rows = numpy.clip(numpy.arange(height) + down, 0, height - 1)[:, None]
            columns = numpy.clip(numpy.arange(width) + across, 0, width - 1)[None, :]
            calmer = spread[rows, columns] < calmest
            calmest = numpy.where(calmer, spread[rows, columns], calmest)
            best = numpy.where(calmer[:, :, None], mean[rows, columns], best)
    return image_of(best)


def pencil_sketch(image, chance):
    """A grey pencil drawing: brightness divided by its own blur, the paper white."""
    grey = image.convert("L").filter(ImageFilter.GaussianBlur(min(image.size) / 260))
    radius = max(1.5, min(image.size) / chance.uniform(40, 90))
    blur = values_of(grey.filter(ImageFilter.GaussianBlur(radius)))
    lines = numpy.clip(values_of(grey) / numpy.maximum(blur, 8), 0, 1) ** chance.uniform(3.5, 7) * 255
    return image_of(lines).convert("RGB")


def oil_painting(image, chance):
    """Dabs of paint in warm, darkened colours on a coarse canvas."""
    radius = max(2, round(min(image.size) / chance.uniform(30, 60)))
    dabs = kuwahara(ImageEnhance.Color(kuwahara(image, radius)).enhance(chance.uniform(1.2, 1.7)), max(2, radius // 2))
    values = values_of(ImageEnhance.Contrast(dabs).enhance(chance.uniform(1.0, 1.2)))
    varnish = numpy.array([1.0, chance.uniform(0.9, 0.97), chance.uniform(0.72, 0.88)], dtype=numpy.float32)
    height, width, _ = values.shape
    grain = numpy.random.default_rng(chance.randrange(2**32)).normal(0, 5, (height, width, 1)).astype(numpy.float32)
    return image_of(values * varnish * chance.uniform(0.85, 1.0) + blurred(grain, 1) * 2)


def cartoon(image, chance):
    """A handful of flat, strong colours with thin dark outlines, as clip art has them."""
    width, height = image.size
    # At twice the size, so that outlines and edges come out smooth.
    flat = image.resize((2 * width, 2 * height), Image.Resampling.BICUBIC)
    for _ in range(chance.randint(3, 6)):
        flat = flat.filter(ImageFilter.MedianFilter(5))
    values = values_of(ImageEnhance.Color(flat).enhance(chance.uniform(1.4, 2.0)))
    darkest, brightest = numpy.percentile(values, (3, 97))
    values = numpy.clip((values - darkest) / max(brightest - darkest, 50), 0, 1) ** chance.uniform(0.55, 0.8)
    few = image_of(values * 255).quantize(chance.randint(8, 16), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    areas = few.filter(ImageFilter.ModeFilter(5))
    areas.putpalette(few.getpalette())
    values = values_of(ImageEnhance.Brightness(areas.convert("RGB")).enhance(chance.uniform(1.1, 1.3)))
    outlined = numpy.zeros(values.shape[:2], dtype=bool)
    outlined[:, 1:] |= numpy.abs(numpy.diff(values, axis=1)).sum(axis=2) > OUTLINED_STEP
    outlined[1:] |= numpy.abs(numpy.diff(values, axis=0)).sum(axis=2) > OUTLINED_STEP
    return image_of(values * ~outlined[:, :, None]).resize((width, height), Image.Resampling.BOX)


STYLES = {"sketch": pencil_sketch, "painting": oil_painting, "cartoon": cartoon}
