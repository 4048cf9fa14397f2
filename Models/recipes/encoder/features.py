"""Pictures of a data folder to cached features: one .npz a set, so that fitting again takes seconds.

    python features.py DATA CACHE [--csv FOLDER] [--openclipart FOLDER]

DATA holds one folder a set with a CSV of the same name beside it (or in --csv FOLDER). Of Caltech-101 the evaluation rows and the first
twenty others of a category are taken, of the groceries ten a class. --openclipart names the folder with `png` and `svg` of Debian's
packages `openclipart-png` and `openclipart-svg` (`apt-get download`, `dpkg -x`): what depicts things becomes the set `openclipart`.
"""

import argparse
import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter

import towers

SETS = [
    "imagenet-one-per-class", "flickr-train", "flickr-eval", "coco128-eval", "pacs-eval", "caltech101", "paintings", "clothes", "groceries",
]

LIMITS = {"caltech101": 20, "groceries": 10}
OPENCLIPART_FOLDERS = {
    "animals", "food", "buildings", "people", "plants", "transportation", "recreation", "tools", "office", "electronics", "education",
    "science", "unsorted",
}
OPENCLIPART_NOISE = {"hash", "clip art", "clipart", "unsorted", "externalsource", "theme", "icon", "playing cards", "color", "contour", "cartoon"}
OPENCLIPART_LIMIT = 40
OPENCLIPART_PIXELS = 4_000_000


def rows_of(name, data, csv_folder):
    with open(Path(csv_folder) / f"{name}.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    taken = Counter()
    chosen = []
    for row in rows:
        kind = row.get("category", row.get("path", "")) if name in LIMITS else ""
        if name in LIMITS and row.get("role") != "eval":
            taken[kind] += 1
            if taken[kind] > LIMITS[name]:
                continue
        chosen.append((Path(data) / name / row["file"], row))
    return chosen


def openclipart_rows(folder):
    """Clip art that depicts things: at most `OPENCLIPART_LIMIT` a folder, with the drawing's title and keywords out of its SVG."""
    chosen, taken = [], Counter()
    for path in sorted((Path(folder) / "png").rglob("*.png")):
        place = path.relative_to(Path(folder) / "png")
        if place.parts[0] not in OPENCLIPART_FOLDERS or "cards" in str(place) or "roadsigns" in str(place) or "aiga" in str(place):
            continue
        drawing = (Path(folder) / "svg" / place).with_suffix(".svg")
        if not drawing.exists():
            continue
        source = drawing.read_text(encoding="utf-8", errors="replace")
        title = re.search(r"<dc:title>([^<]*)</dc:title>", source)
        creator = re.search(r"<dc:creator>.*?<dc:title>([^<]*)<", source, re.S)
        names = set(re.findall(r"[a-z]+", (creator.group(1) if creator else "").lower()))
        words = re.sub(r"[^a-z]+", " ", title.group(1).lower()).split() if title else []
        words = [word for word in words if word not in names and len(word) > 1]
        keywords = [re.sub(r"[^a-z]+", " ", word.lower()).strip() for word in re.findall(r"<rdf:li>([^<]*)</rdf:li>", source)]
        keywords = [word for word in keywords if word and word not in OPENCLIPART_NOISE and not set(word.split()) & names]
        if not words and not keywords:
            continue
        with Image.open(path) as image:
            if image.width * image.height > OPENCLIPART_PIXELS:
                continue
        taken[place.parent] += 1
        if taken[place.parent] > OPENCLIPART_LIMIT:
            continue
        row = {"file": str(place), "title": " ".join(words), "keywords": "|".join(dict.fromkeys(keywords)), "kind": str(place.parent)}
        chosen.append((path, row))
    return chosen


def line_drawing(image, rng):
    """A picture as lines on white: the extended difference of Gaussians (Winnemoeller 2012), at a random fineness."""
    grey = image.convert("L").resize((300, 300), Image.Resampling.BICUBIC)
    sigma = rng.uniform(0.8, 2.0)
    fine, coarse = (np.asarray(grey.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255 for radius in (sigma, sigma * 1.6))
    difference = fine - coarse * rng.uniform(0.97, 0.99)
    lines = np.clip(1 + np.tanh((difference - 0.005) * rng.uniform(40, 150)), 0, 1)
    return Image.fromarray((lines * 255).astype(np.uint8)).convert("RGB")


def on_background(drawing, rng):
    """Clip art before a flat or a graded colour, or plain white, sometimes cropped so that it fills the frame."""
    drawing = drawing.convert("RGBA")
    drawing.thumbnail((300, 300))
    size = [max(side + int(rng.integers(0, 60)), 64) for side in drawing.size]
    one, two = rng.integers(60, 256, 3), rng.integers(60, 256, 3)
    if rng.random() < 0.5:
        two = one
    ramp = np.linspace(0, 1, size[1])[:, None, None]
    back = Image.fromarray(np.broadcast_to(one * (1 - ramp) + two * ramp, (size[1], size[0], 3)).astype(np.uint8)).convert("RGBA")
    back.alpha_composite(drawing, ((size[0] - drawing.width) // 2, (size[1] - drawing.height) // 2))
    if rng.random() < 0.4:
        left, top = size[0] // 8, size[1] // 8
        back = back.crop((left, top, size[0] - left, size[1] - top))
    return back.convert("RGB")


def brushed(image, rng):
    """A photograph as if painted: flat strokes (the mode of a neighbourhood, on fewer tones), stronger colour, the grain of a canvas."""
    image = image.convert("RGB").resize((300, 300), Image.Resampling.BICUBIC)
    tones = int(rng.integers(12, 40))
    image = image.filter(ImageFilter.MedianFilter(int(rng.choice([3, 5])))).point(lambda value: min(255, value // tones * tones + tones // 2))
    image = image.filter(ImageFilter.ModeFilter(int(rng.choice([5, 7, 9]))))
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.SMOOTH)
    image = ImageEnhance.Color(image).enhance(rng.uniform(0.8, 2.2))
    image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.8, 1.3))
    grain = rng.normal(0, rng.uniform(2, 14), (300, 300, 1))
    grain = grain + np.roll(grain, 1, axis=int(rng.integers(0, 2)))
    return Image.fromarray(np.clip(np.asarray(image, np.float32) + grain, 0, 255).astype(np.uint8))


def synthesised(data, csv_folder, openclipart, rng):
    """What the medium head needs besides: line drawings of photographs and clip art, and clip art before backgrounds."""
    photographs = [path for path, _ in rows_of("flickr-train", data, csv_folder)] + [path for path, _ in rows_of("clothes", data, csv_folder)][::4]
    drawings = [path for path, _ in openclipart_rows(openclipart)]
    small = lambda path: Image.open(path).convert("RGBA").reduce(max(1, min(Image.open(path).size) // 300))  # noqa: E731
    white = lambda image: Image.alpha_composite(Image.new("RGBA", image.size, (255,) * 4), image)  # noqa: E731
    for index in rng.choice(len(photographs), 250, replace=False):
        yield "sketch", line_drawing(Image.open(photographs[index]), rng)
    for index in rng.choice(len(drawings), 350, replace=False):
        yield "sketch", line_drawing(white(small(drawings[index])), rng)
    for index in rng.choice(len(drawings), 500, replace=False):
        yield "cartoon", on_background(small(drawings[index]), rng)
    photographs = [path for path, _ in rows_of("imagenet-one-per-class", data, csv_folder)] + photographs
    for index in rng.choice(len(photographs), 350, replace=False):
        yield "painting", brushed(Image.open(photographs[index]), rng)


def extract(tower, paths, batch=4):
    """Pooled features and class logits of picture files, and which of them could be read."""
    pooled, logits, kept = [], [], []

    class Pictures(torch.utils.data.Dataset):
        def __len__(self):
            return len(paths)

        def __getitem__(self, index):
            try:
                return index, towers.prepare(paths[index])
            except (OSError, ValueError):
                return index, None

    def collate(items):
        items = [item for item in items if item[1] is not None]
        return [index for index, _ in items], torch.stack([pixels for _, pixels in items]) if items else None

    for rows, pixels in torch.utils.data.DataLoader(Pictures(), batch_size=batch, num_workers=0, collate_fn=collate):
        if pixels is None:
            continue
        features, classes = tower(pixels)
        pooled.append(features.numpy())
        logits.append(classes.numpy().astype(np.float16))
        kept += rows
    return np.concatenate(pooled), np.concatenate(logits), np.array(kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("cache")
    parser.add_argument("--csv", help="folder of the CSV files (default: DATA)")
    parser.add_argument("--openclipart")
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cache = Path(options.cache)
    cache.mkdir(parents=True, exist_ok=True)
    tower = towers.ImageTower(towers.fold(towers.upstream_image_checkpoint()))
    for name in options.sets + (["openclipart"] if options.openclipart else []):
        target = cache / f"{name}.npz"
        if target.exists():
            continue
        rows = openclipart_rows(options.openclipart) if name == "openclipart" else rows_of(name, options.data, options.csv or options.data)
        paths = [path for path, _ in rows]
        pooled, logits, kept = extract(tower, paths)
        np.savez(target, pooled=pooled, logits=logits, kept=kept)
        print(f"{name}: {len(kept)} of {len(paths)} pictures", flush=True)
    target = cache / "synthesised.npz"
    if options.openclipart and not target.exists():
        mediums, pooled, logits = [], [], []
        for medium, image in synthesised(options.data, options.csv or options.data, options.openclipart, np.random.default_rng(0)):
            features, classes = tower(towers.prepare(image)[None])
            mediums.append(medium)
            pooled.append(features[0].numpy())
            logits.append(classes[0].numpy().astype(np.float16))
        np.savez(target, pooled=np.array(pooled), logits=np.array(logits), mediums=np.array(mediums))
        print(f"synthesised: {len(mediums)} pictures", flush=True)


if __name__ == "__main__":
    main()
