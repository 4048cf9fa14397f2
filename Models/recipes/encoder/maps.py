"""Training pictures as the tower and the branch see them: what seen.py learns from, calibrates on and measures.

    python maps.py DATA CACHE MODEL --sets ... [--most 1600] [--part 0/2] [--evaluation]

A picture is squashed twice: to the tower's own square for pooled features, class logits and the maps of the glance, and to the larger square of the
branch, which is kept as it is. CACHE/maps gets one .npz for every hundred pictures.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

import features
import glance
import towers

# The square in which things are looked for.
SIDE = 320
SHARD = 100


def squared(path):
    """A picture as the branch takes it, in 8 bits [3, SIDE, SIDE]."""
    return torch.round(towers.prepare(path, SIDE) * towers.DEVIATION + towers.MEAN).to(torch.uint8).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("model", type=Path)
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
    stem = f"plain-{'+'.join(options.sets)}-{'eval-' if options.evaluation else ''}{part}"
    begun = time.time()
    for number, start in enumerate(range(0, len(names), SHARD)):
        chosen = names[start:start + SHARD]
        pooled, logits, glanced = zip(*(tower.glanced(towers.prepare(options.data / name)[None], glance.BLOCKS) for name in chosen))
        np.savez(
            folder / f"{stem}-{number:03d}.npz", said=np.array(json.dumps(chosen)), squares=np.stack([squared(options.data / name) for name in chosen]),
            pooled=torch.cat(pooled).numpy(), logits=torch.cat(logits).numpy().astype(np.float16),
            **{f"glanced.{level}": torch.cat(maps).numpy().astype(np.float16) for level, maps in enumerate(zip(*glanced))})
        print(stem, number, len(chosen), round(time.time() - begun), "s", flush=True)


if __name__ == "__main__":
    main()
