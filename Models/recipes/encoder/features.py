"""Pictures of a data folder to cached features: one .npz a set, so that fitting again takes seconds.

    python features.py DATA CACHE --upstream [--csv FOLDER] [--openclipart FOLDER]     (training sets, untouched tower: CACHE/upstream)
    python features.py DATA CACHE --model MODEL [--csv FOLDER]                         (evaluation rows and views, MODEL's tower)

DATA holds one folder a set with a CSV of the same name beside it (or in --csv FOLDER). Of Caltech-101 the evaluation rows and the first
twenty others of a category are taken, of the groceries ten a class. --openclipart names the folder with `png` and `svg` of Debian's
packages `openclipart-png` and `openclipart-svg` (`apt-get download`, `dpkg -x`): what depicts things becomes the set `openclipart`.
"""

import argparse
import csv
import re
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import towers

TRAINING = ["imagenet-one-per-class", "flickr-train", "caltech101", "paintings", "clothes", "groceries"]
EVALUATION = ["flickr-eval", "coco128-eval", "pacs-eval", "caltech101"]

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


def training_paths(name, data, most=None):
    """The pictures of a set that may be learnt from, at most `most`, evenly taken; all of a set that is for evaluation, to report on."""
    paths = sorted(path for path, row in rows_of(name, data, data) if row.get("role") != "eval")
    if most and len(paths) > most:
        paths = [paths[int(index)] for index in np.linspace(0, len(paths) - 1, most)]
    return paths


def evaluation_paths(name, data):
    """The pictures of a set that are for evaluation only."""
    return sorted(path for path, row in rows_of(name, data, data) if row.get("role", "eval") == "eval")


def held_out(name):
    """Whether a training picture ("set/file") is kept out of teaching, to calibrate on: one in eight."""
    return zlib.crc32(name.encode()) % 8 == 0


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


def extract(tower, paths, batch=4):
    """Pooled features and class logits of picture files, and which of them could be read."""
    made, kept = [], []
    for start in range(0, len(paths), batch):
        prepared = []
        for index, path in enumerate(paths[start : start + batch], start):
            try:
                prepared.append(towers.prepare(path))
                kept.append(index)
            except (OSError, ValueError):
                continue
        if prepared:
            made.append(tower(torch.stack(prepared)))
    pooled, logits = (torch.cat(parts).numpy() for parts in zip(*made))
    return {"pooled": pooled, "logits": logits.astype(np.float16), "kept": np.array(kept)}


def features_of_views(tower, cache):
    """What the tuned tower makes of views.py's maps."""
    stored = np.load(cache / "views.npz")
    pooled, logits = [], []
    with torch.inference_mode():
        for start in range(0, len(stored["maps"]), 64):
            maps = torch.from_numpy(stored["maps"][start : start + 64].astype(np.float32)).contiguous(memory_format=torch.channels_last)
            features, classes = towers.top(tower.tensors, maps, towers.TUNED_BLOCK)
            pooled.append(features.numpy())
            logits.append(classes.numpy().astype(np.float16))
    return {"pooled": np.concatenate(pooled), "logits": np.concatenate(logits)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("cache")
    parser.add_argument("--csv", help="folder of the CSV files (default: DATA)")
    parser.add_argument("--openclipart")
    parser.add_argument("--upstream", action="store_true")
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cache = Path(options.cache) / "upstream" if options.upstream else Path(options.cache)
    cache.mkdir(parents=True, exist_ok=True)
    weights = towers.fold(towers.upstream_image_checkpoint()) if options.upstream else towers.read(Path(options.model) / "image.safetensors")
    tower = towers.ImageTower(weights)
    for name in TRAINING + (["openclipart"] if options.openclipart else []) if options.upstream else EVALUATION:
        rows = openclipart_rows(options.openclipart) if name == "openclipart" else rows_of(name, options.data, options.csv or options.data)
        wanted = [index for index, (_, row) in enumerate(rows) if (row.get("role") == "eval") != options.upstream or "role" not in row]
        made = extract(tower, [rows[index][0] for index in wanted])
        made["kept"] = np.array(wanted)[made["kept"]]
        np.savez(cache / f"{name}.npz", **made)
        print(f"{name}: {len(made['kept'])} of {len(wanted)} pictures", flush=True)
    if not options.upstream:
        np.savez(cache / "views-features.npz", **features_of_views(tower, cache))


if __name__ == "__main__":
    main()
