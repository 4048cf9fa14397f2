"""Words for the colour of what a picture shows and of what it stands on, found in its pixels, so that captions can name them."""

import numpy

NAMED = {
    "red": (200, 40, 40), "orange": (235, 130, 40), "yellow": (235, 205, 60), "green": (70, 150, 70), "blue": (50, 90, 200),
    "purple": (120, 60, 150), "pink": (235, 150, 180), "brown": (115, 75, 45), "black": (25, 25, 25), "white": (245, 245, 245),
    "grey": (135, 135, 135),
}
NAMES = list(NAMED)
VALUES = numpy.array([NAMED[name] for name in NAMES], dtype=numpy.float32)
FARTHEST = 80.0  # from a colour's value, of 255 along each axis together
CALM = 14.0  # the largest deviation of a border that counts as one colour


def word_for(colour):
    """The nearest named colour, None where none is near."""
    distances = numpy.linalg.norm(VALUES - colour, axis=1)
    return NAMES[int(distances.argmin())] if distances.min() < FARTHEST else None


def colour_words(image):
    """(colour of the middle, colour of the border) of an RGB picture, each None where it is not one colour."""
    values = numpy.asarray(image.resize((32, 32)), dtype=numpy.float32)
    border = numpy.concatenate([values[:2].reshape(-1, 3), values[-2:].reshape(-1, 3), values[:, :2].reshape(-1, 3), values[:, -2:].reshape(-1, 3)])
    ground = numpy.median(border, axis=0)
    calm = numpy.abs(border - ground).mean() < CALM
    middle = values[8:24, 8:24].reshape(-1, 3)
    if calm:
        middle = middle[numpy.linalg.norm(middle - ground, axis=1) > 40]
        if len(middle) < 40:
            return None, word_for(ground)
    names = numpy.linalg.norm(middle[:, None] - VALUES[None], axis=2).argmin(axis=1)
    counts = numpy.bincount(names, minlength=len(NAMES))
    likeliest = int(counts.argmax())
    thing = NAMES[likeliest] if counts[likeliest] > 0.55 * len(middle) else None
    return thing, (word_for(ground) if calm else None)
