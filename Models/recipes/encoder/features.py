"""Pictures of a data folder to cached features: one .npz a set, so that fitting again takes seconds.

    python features.py DATA CACHE [--csv FOLDER] [--openclipart FOLDER]

DATA holds one folder a set with a CSV of the same name beside it (or in --csv FOLDER). Of Caltech-101 the evaluation rows and the first
twenty others of a category are taken, of the groceries ten a class. --openclipart names the folder of PNG clip art of Debian's
`openclipart-png` (`apt-get download openclipart-png`, `dpkg -x`): its folders of things become the set `openclipart`.
"""

import argparse
import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np
import torch

import towers

SETS = [
    "imagenet-one-per-class", "flickr-train", "flickr-eval", "coco128-eval", "pacs-eval", "caltech101", "paintings", "clothes", "groceries",
]

LIMITS = {"caltech101": 20, "groceries": 10}
OPENCLIPART_FOLDERS = {"animals", "food", "buildings", "people", "plants", "transportation", "recreation", "tools", "household", "office"}
OPENCLIPART_LIMIT = 60


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
    """Clip art that depicts things, at most `OPENCLIPART_LIMIT` a folder, with a caption made of the file's name."""
    chosen, taken = [], Counter()
    for path in sorted(Path(folder).rglob("*.png")):
        place = path.relative_to(folder).parts
        if not any(part in OPENCLIPART_FOLDERS for part in place[:-1]):
            continue
        kind = "/".join(place[:-1])
        taken[kind] += 1
        if taken[kind] > OPENCLIPART_LIMIT:
            continue
        words = [word for word in re.split(r"[^a-z]+", path.stem.lower()) if len(word) > 2]
        chosen.append((path, {"file": str(path.relative_to(folder)), "caption": " ".join(words), "kind": kind}))
    return chosen


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


if __name__ == "__main__":
    main()
