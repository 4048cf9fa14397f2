"""Views of the training pictures, run through the part of the tower that is not tuned, so that tuning the rest takes minutes.

    python views.py DATA CACHE --openclipart FOLDER --emoji FOLDER [--csv FOLDER] [--share 1] [--processes 2]

Writes CACHE/views.npz: `maps` (what block TUNED_BLOCK takes, f16), and CACHE/views.json, which says of each
view its set, the picture's row in the set, how it looks, its names and its medium. A view shows a whole picture, a part of one, or one of the
looks of `looks.py`; `--share` below 1 takes a random part of the plan for a quick run.
"""

import argparse
import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.multiprocessing import get_context

import drawings
import features
import looks
import towers

# How many views of a set have a look; None stands for every picture once.
PLAN = [
    ("flickr-train", "whole", None), ("flickr-train", "part", None), ("flickr-train", "painting", 120),
    ("imagenet-one-per-class", "whole", None), ("imagenet-one-per-class", "sketch", 680), ("imagenet-one-per-class", "cartoon", 320),
    ("imagenet-one-per-class", "painting", 230), ("clothes", "whole", 100), ("groceries", "whole", 100), ("paintings", "whole", 350),
    ("caltech101", "whole", 200), ("caltech101", "sketch", 350), ("caltech101", "cartoon", 150),
    ("openclipart", "placed", 700), ("openclipart", "sketch", 350), ("emoji", "placed", 900), ("emoji", "sketch", 150),
    # For the medium alone: parts in other colours, so that neither varnish nor the size of a reproduction tells a painting.
    ("paintings", "recoloured", 520), ("flickr-train", "recoloured", 160), ("imagenet-one-per-class", "recoloured", 200),
    ("caltech101", "recoloured", 120), ("clothes", "recoloured", 40),
]
LOOKS = {"sketch": looks.sketch, "cartoon": looks.cartoon, "painting": looks.painting}
CLOTHES = {"longsleeve": "long-sleeved shirt", "outwear": "coat", "not sure": "", "other": "", "skip": ""}


def names_of(name, row):
    """What a photograph's set says of it; captions, and Caltech-101's labels, are not used here."""
    if name == "imagenet-one-per-class":
        return [row["class"]]
    if name == "clothes":
        word = CLOTHES.get(row["class"].lower(), row["class"].lower())
        return [word] if word else []
    if name == "groceries":
        parts = [part.replace("-", " ").lower() for part in row["path"].split("/")]
        return ["carton of " + parts[1], parts[1], parts[-1]] if parts[0] == "packages" else [parts[1], parts[-1]]
    return []


def medium_of(name, look):
    if look in LOOKS:
        return look
    return "painting" if name == "paintings" else "cartoon" if name in ("openclipart", "emoji") else "photo"


def part(image, rng, least):
    """A part of at least `least` of a picture, a little out of proportion, mirrored half of the time."""
    covered, proportion = rng.uniform(least, 1) ** 0.5, np.exp(rng.uniform(-0.2, 0.2))
    width, height = min(1, covered * proportion), min(1, covered / proportion)
    left, top = rng.uniform(0, 1 - width) * image.width, rng.uniform(0, 1 - height) * image.height
    box = (left, top, left + width * image.width, top + height * image.height)
    image = image.resize((towers.SIZE, towers.SIZE), Image.Resampling.BICUBIC, box=box)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image


def recoloured_part(image, rng):
    """A part at another size, in other colours, often compressed again."""
    covered = rng.uniform(0.15, 0.9) ** 0.5
    width, height = (min(side, max(100, int(side * covered))) for side in image.size)
    left, top = int(rng.integers(0, image.width - width + 1)), int(rng.integers(0, image.height - height + 1))
    side = int(rng.choice([150, 227, 227, 260, 320]))
    image = image.resize((side, side), Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))
    if rng.random() < 0.85:
        tinted = np.asarray(looks.recoloured(image, rng), np.float32) * rng.uniform(0.8, 1.2, 3)
        image = Image.fromarray(np.clip(tinted, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(60, 95)))
        image = Image.open(file)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image


def view(source, look, rng):
    """One view of a picture's file or of a drawing, as the tower takes it."""
    if look in ("placed", "sketch") and isinstance(source, Image.Image):
        image = part(looks.on_background(source, rng), rng, 0.7)
        return towers.prepare(looks.sketch(image, rng) if look == "sketch" else image)
    if look == "whole":
        return towers.prepare(source)
    image = Image.open(source).convert("RGB")
    if look == "recoloured":
        return towers.prepare(recoloured_part(image, rng))
    # One size for all sets first, so that none is told by its sharpness.
    image = image.resize((drawings.SIDE, drawings.SIDE), Image.Resampling.BICUBIC)
    if look == "part":
        image = part(image, rng, 0.45)
        image = looks.recoloured(image, rng) if rng.random() < 0.4 else image
    elif look in LOOKS:
        image = LOOKS[look](part(image, rng, 0.75), rng)
    return towers.prepare(image)


def plan(options, rng):
    """(set, row in the set, source, look, names) of every view, in a random order."""
    drawn = [(name, drawing, words) for name, drawing, words in drawings.every_drawing(options.openclipart, options.emoji)]
    views = []
    for name, look, count in PLAN:
        if name in ("openclipart", "emoji"):
            sources = [(row, drawing, words) for row, (of, drawing, words) in enumerate(drawn) if of == name]
        else:
            rows = features.rows_of(name, options.data, options.csv or options.data)
            sources = [(index, str(path), names_of(name, row)) for index, (path, row) in enumerate(rows) if row.get("role") != "eval"]
        chosen = rng.permutation(len(sources))[: round((count or len(sources)) * options.share)]
        views += [(name, sources[index][0], sources[index][1], look, sources[index][2]) for index in chosen]
    return [views[index] for index in rng.permutation(len(views))]


def run(views, seed):
    torch.set_num_threads(1)
    tower = {name: tensor.float() for name, tensor in towers.fold(towers.upstream_image_checkpoint()).items()}
    rng = np.random.default_rng(seed)
    maps = []
    with torch.inference_mode():
        for start in range(0, len(views), 4):
            batch = torch.stack([view(source, look, rng) for _, _, source, look, _ in views[start : start + 4]])
            maps.append(towers.bottom(tower, batch, towers.TUNED_BLOCK).half().numpy())
    return np.concatenate(maps)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("cache")
    parser.add_argument("--csv")
    parser.add_argument("--openclipart", required=True)
    parser.add_argument("--emoji", required=True, help="folder with the unpacked fonts-noto-color-emoji and unicode-cldr-core")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    views = plan(options, np.random.default_rng(77))
    parts = [views[number :: options.processes] for number in range(options.processes)]
    with get_context("spawn").Pool(options.processes) as pool:
        made = pool.starmap(run, [(part, 1000 + number) for number, part in enumerate(parts)])
    cache = Path(options.cache)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(cache / "views.npz", maps=np.concatenate(made))
    said = [
        {"set": name, "row": int(row), "look": look, "names": names, "medium": medium_of(name, look)} for part in parts for name, row, _, look, names in part]
    (cache / "views.json").write_text(json.dumps(said))
    print(len(said), "views")


if __name__ == "__main__":
    main()
