"""The training pictures of the default generator, each with a caption that names its medium.

A data folder holds one sub-folder a picture set and, beside the sub-folders or in a second folder, one CSV a set.
Clip art is optional: a folder that holds the unpacked Debian package `openclipart-png`.
Rows that are kept for evaluation are never returned by `training_pictures`.
"""

import csv
import random
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy
from PIL import Image

MEDIUM_PHRASES = {
    "photo": "a photo of {}",
    "painting": "a painting of {}",
    "cartoon": "a cartoon of {}",
    "sketch": "a sketch of {}",
}

# How often a set is drawn, whatever its number of pictures.
SET_SHARES = {
    "caltech101": 0.42,
    "groceries": 0.07,
    "clothes": 0.08,
    "paintings": 0.08,
    "imagenet-one-per-class": 0.05,
    "flickr-train": 0.05,
    "street-fashion": 0.08,
    "rooms": 0.04,
    "things-and-places": 0.01,
    "clipart": 0.12,
}
# Categories with fewer pictures than this are drawn half as often as they would be: too few to learn a thing from.
ENOUGH_PICTURES = 38

BACKGROUNDS = {
    "white": (255, 255, 255),
    "black": (20, 20, 20),
    "red": (205, 40, 40),
    "blue": (50, 90, 200),
    "green": (60, 160, 70),
    "yellow": (240, 215, 70),
    "grey": (150, 150, 150),
    "pink": (240, 170, 190),
}

CALTECH_NAMES = {
    "airplanes": "airplane",
    "motorbikes": "motorbike",
    "leopards": "leopard",
    "faces": "person's face",
    "faces easy": "person's face",
    "car side": "car from the side",
    "water lilly": "water lily",
    "garfield": "cartoon cat",
    "snoopy": "cartoon dog",
    "scissors": "pair of scissors",
    "binocular": "pair of binoculars",
    "crab": "crab",
    "yin yang": "yin yang symbol",
}

OUTER_GARMENTS = ("dress", "coat", "jacket", "blazer", "suit", "sweater", "cardigan", "skirt", "t-shirt", "shirt", "blouse", "jeans", "pants", "shorts", "hat", "scarf")
THINGS_NAMED = ("scissors", "fork", "hemlock branch", "cherry blossom", "woman", "man", "girl", "boy", "house", "dog", "shelf", "lion drawing")

CLIPART_FOLDERS = (
    "animals", "food", "people", "plants", "buildings", "transportation", "recreation/music", "recreation/sports",
    "recreation/toys", "recreation/party", "recreation/holiday", "tools", "signs_and_symbols/weather", "containers",
    "electronics", "office", "education", "decorations", "geography/astronomy",
)
LARGEST_CLIPART = 1200
TITLE_NOISE = {"clipart", "clip", "art", "fanart", "nicu", "buculei", "illustration", "architetto", "and", "the", "with", "vgcats", "icon"}
CLIPART_LEFT_OUT = ("transportation/roadsigns", "people/stickmen", "tools/weapons")


@dataclass(frozen=True)
class TrainingPicture:
    """One file with the phrase that completes "a photo of …"; `medium` is a key of MEDIUM_PHRASES."""

    file: Path
    picture_set: str
    category: str
    medium: str
    phrase: str
    plain_caption: str | None = None

    @property
    def is_cut_out(self):
        return self.picture_set == "clipart"


def with_article(noun):
    """A noun with "a" or "an", unless it has an article or a number, or looks like a plural."""
    plural = noun.endswith("s") and not noun.endswith(("ss", "us", "is"))
    if plural or re.match(r"(a|an|the|two|three|some|several)\b", noun):
        return noun
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def rows(data_tables, picture_set):
    with open(data_tables / f"{picture_set}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def grocery_phrase(path):
    parts = [part.replace("-", " ").lower() for part in path.split("/")]
    if parts[0] == "packages":
        return f"a carton of {parts[1]}"
    if parts[1] in ("apple", "pear", "onion", "mushroom", "potato", "tomato"):
        return with_article(parts[1])
    return with_article(parts[-1])


def people_phrase(garments):
    """Who wears what: a woman where what is worn says so, else a person."""
    women = {"dress", "skirt", "blouse", "heels", "pumps", "stockings", "purse", "wedges", "tights", "romper", "bra", "bodysuit"}
    worn = [name for name in garments if name in OUTER_GARMENTS]
    who = "a woman" if women & set(garments) else "a man" if {"tie", "suit"} & set(garments) else "a person"
    return f"{who} in {' and '.join(with_article(name) for name in worn[:2])}" if worn else who


def labelled_phrase(picture_set, labels):
    """What the labels of the smaller sets say, None where they say nothing of the picture."""
    names = labels.replace(", ", "|").split("|")
    if picture_set == "street-fashion":
        return people_phrase(names)
    if picture_set == "rooms":
        return with_article(names[-1])
    return with_article(names[0]) if names[0] in THINGS_NAMED else None


def photographs_and_paintings(data, tables):
    for row in rows(tables, "caltech101"):
        if row["role"] == "eval":
            continue
        name = CALTECH_NAMES.get(row["category"], row["category"])
        phrase = "" if name == "background google" else with_article(name)
        medium = "cartoon" if name.startswith("cartoon") else "photo"
        yield TrainingPicture(data / "caltech101" / row["file"], "caltech101", row["category"], medium, phrase)
    for row in rows(tables, "groceries"):
        yield TrainingPicture(data / "groceries" / row["file"], "groceries", row["path"], "photo", grocery_phrase(row["path"]))
    for row in rows(tables, "clothes"):
        name = {"longsleeve": "long-sleeved shirt", "outwear": "coat"}.get(row["class"], row["class"])
        yield TrainingPicture(data / "clothes" / row["file"], "clothes", row["class"], "photo", with_article(name))
    for row in rows(tables, "paintings"):
        yield TrainingPicture(data / "paintings" / row["file"], "paintings", row["genre"], "painting", with_article(row["genre"]))
    for row in rows(tables, "imagenet-one-per-class"):
        phrase = with_article(row["class"].lower())
        yield TrainingPicture(data / "imagenet-one-per-class" / row["file"], "imagenet-one-per-class", "any", "photo", phrase)
    for row in rows(tables, "flickr-train"):
        caption = row["caption"].strip(" .").lower()
        yield TrainingPicture(data / "flickr-train" / row["file"], "flickr-train", "any", "photo", caption, caption)
    for picture_set in ("street-fashion", "rooms", "things-and-places"):
        for row in rows(tables, picture_set):
            phrase = labelled_phrase(picture_set, row["labels"])
            if phrase:
                yield TrainingPicture(data / picture_set / row["file"], picture_set, "any", "photo", phrase)


def clipart_titles(clipart):
    for file in sorted(clipart.glob("**/openclipart/png/**/*.png")):
        folder = str(file.parent).split("/openclipart/png/")[-1]
        if not folder.startswith(CLIPART_FOLDERS) or folder.startswith(CLIPART_LEFT_OUT):
            continue
        try:
            with Image.open(file) as image:
                title = image.info.get("Title") or file.stem
                if max(image.size) > LARGEST_CLIPART:
                    continue
        except (OSError, Image.DecompressionBombError):
            continue
        title = " ".join(word for word in re.findall(r"[a-z]+", title.lower()) if len(word) > 2 and word not in TITLE_NOISE)
        kind = folder.split("/")[-1].replace("_", " ").removesuffix("s")
        if title:
            phrase = title if kind in title else f"{title}, {kind}"
            yield TrainingPicture(file, "clipart", folder, "cartoon", with_article(phrase))


def training_pictures(data, tables, clipart=None):
    """Every picture that may be trained on, in an order that is the same everywhere."""
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    pictures = list(photographs_and_paintings(Path(data), Path(tables)))
    if clipart:
        pictures += list(clipart_titles(Path(clipart)))
    return [picture for picture in pictures if picture.file.exists()]


def evaluation_rows(tables):
    """Rows of Caltech-101 that are kept for measuring only."""
    return [row for row in rows(Path(tables), "caltech101") if row["role"] == "eval"]


def evaluation_photographs(data, tables, count, seed=7):
    """Photographs kept for measuring only."""
    chosen = random.Random(seed).sample(evaluation_rows(tables), count)
    return [Image.open(Path(data) / "caltech101" / row["file"]).convert("RGB") for row in chosen]


def open_picture(picture, chance, longest=384):
    """The RGB picture and the words about its background ("" where it has its own)."""
    image = Image.open(picture.file)
    words = ""
    if picture.is_cut_out:
        image = image.convert("RGBA")
        image.thumbnail((longest, longest), Image.Resampling.BICUBIC)
        name = "white" if chance.random() < 0.6 else chance.choice(list(BACKGROUNDS))
        side = int(max(image.size) * chance.uniform(1.02, 1.25))
        canvas = Image.new("RGBA", (side, side), BACKGROUNDS[name] + (255,))
        canvas.alpha_composite(image, ((side - image.width) // 2, (side - image.height) // 2))
        return canvas.convert("RGB"), f" on a {name} background"
    image = image.convert("RGB")
    image.thumbnail((longest, longest), Image.Resampling.BICUBIC)
    return image, words


def caption_of(picture, chance, background="", medium=None, colour=None):
    """One of the ways to say what a picture shows."""
    medium = medium or picture.medium
    if picture.plain_caption and medium == "photo" and chance.random() < 0.5:
        return picture.plain_caption
    phrase = coloured(picture.phrase, colour) if colour and not picture.plain_caption else picture.phrase
    if not phrase:
        caption = with_article(medium)
    elif chance.random() < 0.15:
        caption = f"{phrase}, {medium}"
    else:
        caption = MEDIUM_PHRASES[medium].format(phrase)
    return caption + background


def coloured(phrase, colour):
    """A phrase like "an apple" with a colour: "a red apple"."""
    noun = re.sub(r"^(a|an) ", "", phrase)
    return with_article(f"{colour} {noun}") if noun != phrase else f"{colour} {phrase}" if phrase else phrase


def square_crop(image, side, chance, zoom_out):
    """A square of `side` pixels: the whole short side (squashed a little) where zoom_out, else a closer crop."""
    width, height = image.size
    short = min(width, height)
    if zoom_out:
        covered_width = min(width, int(short * chance.uniform(1.0, 1.3)))
        covered_height = min(height, int(short * chance.uniform(1.0, 1.3)))
    else:
        covered_width = covered_height = max(16, int(short * chance.uniform(0.4, 0.7)))
    left = chance.randint(0, width - covered_width)
    top = chance.randint(0, height - covered_height)
    box = (left, top, left + covered_width, top + covered_height)
    square = image.resize((side, side), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
    return square.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if chance.random() < 0.5 else square


def draw_weights(pictures):
    """A weight a picture: its set's share, and within a set the square root of the category's size."""
    sizes = {}
    for picture in pictures:
        key = (picture.picture_set, picture.category)
        sizes[key] = sizes.get(key, 0) + 1
    shares = {key: size**0.5 * (0.5 if size < ENOUGH_PICTURES and key[0] == "caltech101" else 1) for key, size in sizes.items()}
    totals = {}
    for (picture_set, _), share in shares.items():
        totals[picture_set] = totals.get(picture_set, 0) + share
    weights = []
    for picture in pictures:
        key = (picture.picture_set, picture.category)
        weights.append(SET_SHARES[picture.picture_set] * shares[key] / sizes[key] / totals[picture.picture_set])
    return weights


def as_array(images):
    """Pictures of one size as a float array [count, 3, height, width] in [-1, 1]."""
    stacked = numpy.stack([numpy.asarray(image, dtype=numpy.float32) for image in images])
    return stacked.transpose(0, 3, 1, 2) / 127.5 - 1
