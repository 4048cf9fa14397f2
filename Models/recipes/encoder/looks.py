"""Looks computed from photographs and clip art, so that the tower meets sketches, cartoons and paintings of what it knows.

Every function takes an RGB picture and a NumPy generator and returns an RGB picture of the same size.
"""

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter


def blurred(grey, sigma):
    return np.asarray(grey.filter(ImageFilter.GaussianBlur(sigma)), np.float32)


def line_drawing(image, rng):
    """Lines on white: the extended difference of Gaussians (Winnemoeller 2012), at a random fineness."""
    grey = image.convert("L")
    sigma = rng.uniform(0.7, 2.2)
    difference = (blurred(grey, sigma) - blurred(grey, sigma * 1.6) * rng.uniform(0.97, 1.0)) / 255
    lines = np.clip(1 + np.tanh((difference - rng.uniform(0.0, 0.008)) * rng.uniform(40, 200)), 0, 1)
    return Image.fromarray((lines * 255).astype(np.uint8)).convert("RGB")


def contours(image, rng):
    """Thin dark strokes where brightness or colour changes most, the rest white: near to a drawing with one pen."""
    smooth = np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(1.0, 3.0))), np.float32)
    down, across = np.gradient(smooth, axis=(0, 1))
    size = np.hypot(down, across).max(axis=2)
    # Only ridges of the gradient: a pixel that is largest along one of the axes.
    ridge = ((size >= np.roll(size, 1, 0)) & (size >= np.roll(size, -1, 0))) | ((size >= np.roll(size, 1, 1)) & (size >= np.roll(size, -1, 1)))
    threshold = np.quantile(size, rng.uniform(0.78, 0.93))
    strokes = Image.fromarray(np.where(ridge & (size > threshold), 0, 255).astype(np.uint8))
    if rng.random() < 0.6:
        strokes = strokes.filter(ImageFilter.MinFilter(3))
    strokes = strokes.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    return ImageEnhance.Contrast(strokes).enhance(rng.uniform(1.0, 1.8)).convert("RGB")


def pencil(image, rng):
    """Brightness divided by its own blur: soft grey shading with darker edges."""
    grey = image.convert("L")
    shaded = np.clip(np.asarray(grey, np.float32) / np.maximum(blurred(grey, rng.uniform(1.5, 6)), 8), 0, 1) ** rng.uniform(2, 6)
    return Image.fromarray((shaded * 255).astype(np.uint8)).convert("RGB")


def cartoon(image, rng):
    """Flat areas of few strong colours with dark outlines."""
    # Half the size is enough for flat areas, and the median filter is slow.
    flat = image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX).filter(ImageFilter.MedianFilter(int(rng.choice([3, 5]))))
    flat = ImageEnhance.Color(flat).enhance(rng.uniform(1.2, 2.6))
    flat = flat.quantize(int(rng.integers(6, 24)), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    flat = flat.resize(image.size, Image.Resampling.BILINEAR)
    if rng.random() < 0.75:
        lines = (line_drawing if rng.random() < 0.6 else contours)(image, rng)
        flat = ImageChops.multiply(flat, lines)
    return ImageEnhance.Brightness(flat).enhance(rng.uniform(1.0, 1.3))


def painting(image, rng):
    """Flat strokes (the mode of a neighbourhood, on fewer tones), other colours, the grain of a canvas."""
    tones, size = int(rng.integers(12, 40)), image.size
    image = image.resize((int(size[0] * 0.7), int(size[1] * 0.7)), Image.Resampling.BOX)
    image = image.point(lambda value: min(255, value // tones * tones + tones // 2))
    image = image.filter(ImageFilter.ModeFilter(int(rng.choice([3, 5])))).resize(size, Image.Resampling.BICUBIC)
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.SMOOTH)
    image = ImageEnhance.Contrast(ImageEnhance.Color(image).enhance(rng.uniform(0.5, 2.2))).enhance(rng.uniform(0.8, 1.3))
    tint = rng.uniform(0.85, 1.15, 3)
    grain = rng.normal(0, rng.uniform(2, 14), image.size[::-1] + (1,))
    grain = grain + np.roll(grain, 1, axis=int(rng.integers(0, 2)))
    return Image.fromarray(np.clip(np.asarray(image, np.float32) * tint + grain, 0, 255).astype(np.uint8))


def recoloured(image, rng):
    """Other light: brightness, contrast, colour, sometimes none."""
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.7, 1.3))
    image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.7, 1.4))
    return ImageEnhance.Color(image).enhance(0.0 if rng.random() < 0.2 else rng.uniform(0.4, 1.6))


SKETCHES = (line_drawing, contours, contours, pencil)


def sketch(image, rng):
    return SKETCHES[int(rng.integers(len(SKETCHES)))](image, rng)


def on_background(drawing, rng, white=0.4):
    """A square RGBA drawing before white, a flat or a graded colour."""
    if rng.random() < white:
        one = two = np.full(3, 255)
    else:
        one, two = rng.integers(60, 256, 3), rng.integers(60, 256, 3)
        two = one if rng.random() < 0.5 else two
    ramp = np.linspace(0, 1, drawing.height)[:, None, None]
    back = np.broadcast_to(one * (1 - ramp) + two * ramp, (drawing.height, drawing.width, 3)).astype(np.uint8)
    back = Image.fromarray(back).convert("RGBA")
    back.alpha_composite(drawing)
    return back.convert("RGB")
