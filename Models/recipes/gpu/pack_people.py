"""Packs what faces.sh trains on: squares around people's faces, some of the older kinds of pictures, their captions as token states.

    python pack_people.py --data DATA --tables TABLES --detector FACE_RFB --output PACK [--part 0.03]

Writes PACK/people.safetensors and PACK/lite0.safetensors. The face detector's answers say where to look and where to weigh more; nothing else of it is
used. Pictures are WebP; states are eight-bit integers with a scale a token, for the text tower is larger than they are.
"""

import argparse
import io
import math
import random
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.numpy import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from colours import colour_words  # noqa: E402
from evaluate_faces import Detector  # noqa: E402
from pictures import caption_of, draw_weights, open_picture, training_pictures  # noqa: E402
from text_states import text_tower, token_states  # noqa: E402

PEOPLE_SETS = ("street-fashion", "flickr-train", "things-and-places", "caltech101", "imagenet-one-per-class")
CALTECH_FACES = 0.3  # share that is taken: a few people, taken many times
CERTAIN = 0.8
LEAST_FACE = 14  # pixels
REGION = 320  # longest side in pixels of what is kept around a face
OTHERS, OTHERS_SHORT, OTHERS_LONG = 980, 192, 288
QUALITY = 84
ASKED = ("a photo of a person", "a photo of a person's face", "a portrait photo of a person", "a photo of people", "a photo")
# Held to what the UNet made of them before, so that a wish for another medium is not unlearnt on people.
OTHER_MEDIUMS = (
    "a painting of a person", "a cartoon of a person", "a sketch of a person", "a painting", "a cartoon", "a sketch", "a painting of people",
    "a photo of a dog", "a photo of a car", "a photo of a house", "a painting of a flower")
LOOKS = ("", "painting", "cartoon", "sketch")
MADE_OVER = 0.2  # share of the other photographs that are made over when they are opened
MOST_CAPTIONS = 2  # a picture


def region(size, box, chance):
    """Corners of what is kept of a picture: all of it, or REGION pixels along a side with the face inside."""
    corners = []
    for length, low, high in ((size[0], box[0], box[2]), (size[1], box[1], box[3])):
        kept = min(length, REGION)
        first, last = max(0, int(high) + 8 - kept), min(int(low) - 8, length - kept)
        corners.append((chance.randint(first, last) if first <= last else int(min(max(0, (low + high - kept) / 2), length - kept)), kept))
    (left, width), (top, height) = corners
    return left, top, left + width, top + height


def as_webp(image):
    data = io.BytesIO()
    image.save(data, "WEBP", quality=QUALITY, method=4)
    return data.getvalue()


class Pack:
    """Pictures and what is known of each, in the order in which they are added."""

    def __init__(self):
        self.data, self.rows, self.boxes, self.captions, self.texts = [], [], [], [], {"": 0}

    def add(self, image, scene, corner, boxes, look, captions):
        self.data.append(as_webp(image))
        self.rows.append((*scene, *corner, LOOKS.index(look)))
        self.boxes.append(boxes)
        self.captions.append([self.texts.setdefault(caption, len(self.texts)) for caption in dict.fromkeys(captions)])

    def arrays(self, people):
        for caption in ASKED + OTHER_MEDIUMS:
            self.texts.setdefault(caption, len(self.texts))
        states = token_states(list(self.texts), text_tower())
        tokens = torch.cat(states).float()
        scale = tokens.abs().amax(dim=1) / 127
        return dict(
            pictures=numpy.frombuffer(b"".join(self.data), dtype=numpy.uint8),
            picture_ends=numpy.cumsum([len(data) for data in self.data], dtype=numpy.int64),
            people=numpy.array([people]),
            # Width and height of the whole scene, left and top of the picture in it, its look.
            rows=numpy.array(self.rows, dtype=numpy.int32),
            boxes=numpy.array([box for boxes in self.boxes for box in boxes], dtype=numpy.float32).reshape(-1, 4),
            box_ends=numpy.cumsum([len(boxes) for boxes in self.boxes], dtype=numpy.int32),
            captions=numpy.array([caption for captions in self.captions for caption in captions], dtype=numpy.int32),
            caption_ends=numpy.cumsum([len(captions) for captions in self.captions], dtype=numpy.int32),
            asked=numpy.array([self.texts[caption] for caption in ASKED], dtype=numpy.int32),
            other_mediums=numpy.array([self.texts[caption] for caption in OTHER_MEDIUMS], dtype=numpy.int32),
            states=(tokens / scale[:, None]).round().to(torch.int8).numpy(), state_scales=scale.numpy(),
            state_ends=numpy.cumsum([len(state) for state in states], dtype=numpy.int32))


def add_people(pack, pictures, detector, chance):
    """Adds every picture with a face; gives back the others."""
    others, counts = [], {}
    for picture in pictures:
        if picture.picture_set not in PEOPLE_SETS or picture.picture_set == "caltech101" and not picture.category.startswith("faces"):
            others.append(picture)
            continue
        if picture.picture_set == "caltech101" and chance.random() >= CALTECH_FACES:
            continue
        image = Image.open(picture.file).convert("RGB")
        found, certainties = detector(image)
        found = found[certainties >= CERTAIN] * numpy.array([*image.size, *image.size])
        found = found[found[:, 3] - found[:, 1] >= LEAST_FACE]
        if not len(found):
            others.append(picture)
            continue
        # The largest first: a view is drawn around it.
        found = found[(found[:, 1] - found[:, 3]).argsort()]
        corners = region(image.size, found[0], chance)
        boxes = [box - numpy.array([corners[0], corners[1]] * 2) for box in found]
        captions = [caption_of(picture, chance) for _ in range(MOST_CAPTIONS)]
        pack.add(image.crop(corners), image.size, corners[:2], boxes, "", captions)
        counts[picture.picture_set] = counts.get(picture.picture_set, 0) + 1
        if len(pack.data) % 100 == 0:
            print(counts, flush=True)
    print("people:", counts, flush=True)
    return others


def add_others(pack, pictures, count, chance):
    """Adds pictures of the older kinds, drawn as often as the training drew them but each once."""
    weights = draw_weights(pictures)
    # Exponential keys: drawn without replacement, by weight (Efraimidis 2006).
    order = sorted(range(len(pictures)), key=lambda index: -math.log(1 - chance.random()) / max(weights[index], 1e-12))
    counts = {}
    for index in order[:count]:
        picture = pictures[index]
        image, background = open_picture(picture, chance)
        factor = min(1, OTHERS_SHORT / min(image.size), OTHERS_LONG / max(image.size))
        image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)
        if min(image.size) < 96:
            continue
        look = chance.choice(LOOKS[1:]) if picture.medium == "photo" and chance.random() < MADE_OVER else ""
        medium = look or picture.medium
        thing, ground = colour_words(image) if medium != "sketch" else (None, None)
        background = "" if medium == "sketch" else background or (f" on a {ground} background" if ground and chance.random() < 0.5 else "")
        captions = [caption_of(picture, chance, background, medium, colour=thing if thing and chance.random() < 0.5 else None)]
        pack.add(image, image.size, (0, 0), [], look, captions)
        counts[picture.picture_set] = counts.get(picture.picture_set, 0) + 1
    print("others:", counts, flush=True)


def lite0():
    """EfficientNet-Lite0 up to its maps at 1/16, folded, in f16."""
    from lites import Lite

    lite = Lite(0)
    last = sorted(lite.map_ends)[2]
    wanted = [name for name in lite.tensors if name.startswith("stem") or name.startswith("blocks.") and int(name.split(".")[1]) <= last]
    return {name: lite.tensors[name].half().numpy() for name in wanted}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--detector", type=Path, required=True, help="folder with version-RFB-640.onnx")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--part", type=float, default=1.0, help="share of the pictures, for a trial")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    chance = random.Random(18)
    pictures = training_pictures(options.data, options.tables)
    if options.part < 1:
        pictures = chance.sample(pictures, round(len(pictures) * options.part))
    pack = Pack()
    others = add_people(pack, pictures, Detector(options.detector), chance)
    people = len(pack.data)
    add_others(pack, others, round(OTHERS * options.part), chance)
    arrays = pack.arrays(people)
    save_file(arrays, options.output / "people.safetensors")
    save_file(lite0(), options.output / "lite0.safetensors")
    print(len(pack.data), "pictures,", people, "of people,", len(pack.texts), "captions,", {name: array.nbytes for name, array in arrays.items()}, flush=True)


if __name__ == "__main__":
    main()
