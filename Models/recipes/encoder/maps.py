"""Training pictures, their crops, drawn and painted looks and mosaics, as the frozen tower sees them: what seen.py learns from.

    python maps.py DATA CACHE MODEL --views plain|crop|look|mosaic [--sets ...] [--most 1600] [--part 0/2]

A view is made twice: squashed to the tower's own square for pooled features and class logits, and to the larger square in which things are
looked for, of which the maps at strides 16 and 32 are kept. CACHE/maps gets one .npz for every hundred views, with the place of each picture in the
view (left, top, right, bottom as shares of the view; beyond 0 to 1 where only a part of the picture is there) for labels.py.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import features
import looks
import towers

# The square in which things are looked for, and the blocks whose maps the detection head reads.
SIDE = 320
FINE, COARSE, LAST = 14, 19, 20
SHARD = 100
LOOKS = [looks.painting, looks.painting, looks.cartoon, looks.line_drawing, looks.contours, looks.pencil]


@torch.inference_mode()
def maps(tensors, x):
    """Prepared pictures [n, 3, SIDE, SIDE] to the maps after the blocks FINE, COARSE and LAST."""
    x = towers.convolve(tensors, x.contiguous(memory_format=torch.channels_last), "stem", stride=2)
    kept = {}
    for index in range(len(towers.BLOCKS)):
        x = towers.bottleneck(tensors, x, index)
        kept[index] = x if index in (FINE, COARSE, LAST) else None
    return kept[FINE], kept[COARSE], kept[LAST]


def opened(path):
    with Image.open(path) as image:
        return image.convert("RGB")


def views_of(kind, data, names, seed):
    """Yields (image, [(name, place of the picture in the view)], look)."""
    rng = np.random.default_rng(seed)
    if kind == "plain":
        for name in names:
            yield opened(data / name), [(name, (0, 0, 1, 1))], ""
    elif kind == "crop":
        for name in names:
            image = opened(data / name)
            share = rng.uniform(0.35, 0.85)
            stretch = np.sqrt(rng.uniform(0.75, 1.33))
            width, height = min(1, share * stretch), min(1, share / stretch)
            left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
            box = [round(left * image.width), round(top * image.height), round((left + width) * image.width), round((top + height) * image.height)]
            place = (-box[0] / (box[2] - box[0]), -box[1] / (box[3] - box[1]),
                     (image.width - box[0]) / (box[2] - box[0]), (image.height - box[1]) / (box[3] - box[1]))
            yield image.crop(box), [(name, place)], ""
    elif kind == "look":
        for name in names:
            image = opened(data / name)
            scale = min(1, 420 / max(image.size))
            image = image.resize((max(16, round(image.width * scale)), max(16, round(image.height * scale))), Image.Resampling.BICUBIC)
            look = LOOKS[rng.integers(len(LOOKS))]
            yield look(image, rng), [(name, (0, 0, 1, 1))], look.__name__
    else:
        names = [name for name in names if not features.held_out(name)]
        for _ in range(len(names) // 3):
            across, down = rng.uniform(0.35, 0.65, 2)
            canvas, there = Image.new("RGB", (640, 640)), []
            chosen = rng.choice(len(names), 4, replace=False)
            two = rng.random() < 0.3
            cells = [(0, 0, across, 1), (across, 0, 1, 1)] if two else [(0, 0, across, down), (across, 0, 1, down), (0, down, across, 1), (across, down, 1, 1)]
            for cell, index in zip(cells, chosen):
                pixels = [round(640 * side) for side in cell]
                canvas.paste(opened(data / names[index]).resize((pixels[2] - pixels[0], pixels[3] - pixels[1]), Image.Resampling.BICUBIC), pixels[:2])
                there.append((names[index], cell))
            yield canvas, there, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--views", choices=["plain", "crop", "look", "mosaic"], required=True)
    parser.add_argument("--sets", nargs="*", required=True)
    parser.add_argument("--most", type=int)
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--evaluation", action="store_true", help="the rows that are for evaluation only")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    torch.set_num_threads(1)
    folder = options.cache / "maps"
    folder.mkdir(parents=True, exist_ok=True)
    tower = towers.ImageTower(towers.read(options.model / "image.safetensors"))
    names = []
    for picture_set in options.sets:
        paths = features.evaluation_paths(picture_set, options.data) if options.evaluation else features.training_paths(picture_set, options.data, options.most)
        names += [path.relative_to(options.data).as_posix() for path in paths]
    names = names[part::parts]
    stem = f"{options.views}-{'+'.join(options.sets)}-{'eval-' if options.evaluation else ''}{part}"
    begun, rows = time.time(), []

    def save(number):
        arrays = {key: np.stack([row[key] for row in rows]) for key in ("fine", "coarse", "last", "pooled", "logits")}
        said = json.dumps([[row["there"], row["look"]] for row in rows])
        np.savez(folder / f"{stem}-{number:03d}.npz", said=np.array(said), **arrays)
        print(stem, number, len(rows), round(time.time() - begun), "s", flush=True)
        rows.clear()

    number = 0
    for image, there, look in views_of(options.views, options.data, names, 7 + part):
        fine, coarse, last = maps(tower.tensors, towers.prepare(image, SIDE)[None])
        pooled, logits = tower(towers.prepare(image)[None]) if options.views in ("plain", "look") else (torch.zeros(1, 1), torch.zeros(1, 1))
        half = lambda map: map[0].numpy().astype(np.float16)  # noqa: E731
        rows.append(dict(fine=half(fine), coarse=half(coarse), last=half(last), pooled=pooled[0].numpy(), logits=half(logits), there=there, look=look))
        if len(rows) == SHARD:
            save(number)
            number += 1
    if rows:
        save(number)


if __name__ == "__main__":
    main()
