"""Packs what the detection branch is taught with: pictures, cut-out things, boxes and the published tower, small enough to travel.

    python pack_seeing.py DATA TEACHERS CACHE ANSWERS MODEL OUTPUT [--most 54] [--part 0.02]

CACHE/answers is `encoder/teachers.py`'s, ANSWERS `seeing_answers.py`'s. OUTPUT gets seeing-pack.safetensors and tower.safetensors. The same input
makes the same bytes. MiB of `--most` are filled: scenes first, then cut-out things, then what else detectors saw something in.
"""

import argparse
import io
import json
import pickle
import sys
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "encoder"))
import features  # noqa: E402
import labels  # noqa: E402
import towers  # noqa: E402
from seeing_answers import certainties  # noqa: E402
from seeing_network import LEVELS, OWN  # noqa: E402

QUALITY = 75
SIDE, CUTOUT_SIDE = 384, 224
SCENES = {"flickr-train": 1000, "things-and-places": 1000, "imagenet-one-per-class": 1000, "rooms": 1000, "street-fashion": 700}
MOST_BOXES, FACE = 32, 80
# Of the other sets: pictures of one kind of thing, and pictures in which nothing is seen.
A_KIND, NOTHING = 220, 500
LEAST, SURE = 0.1, 0.5


def known_boxes(known, answer, name):
    """Boxes [n, 6] on the scale of certainties, and traits as 0, 1 or -1 where nobody said."""
    things = answer["boxes"].copy()
    things[:, 5] = certainties(things[:, 5])
    faces = answer["faces"]
    faces = np.concatenate([faces[:, :4], np.full((len(faces), 1), FACE), faces[:, 4:5] ** 3], 1)
    traits = np.full((len(things) + len(faces), len(labels.TRAITS)), -1, np.int8)
    if name in known.answers:
        # The third detector's boxes come after those that were there.
        said = np.nan_to_num(known.boxes(name)[1][:len(known.answers[name]["boxes"])], nan=-1).astype(np.int8)
        traits[:len(said)] = said
    boxes = np.concatenate([things, faces]).astype(np.float32)
    order = np.argsort(-boxes[:, 5], kind="stable")[:MOST_BOXES]
    order = order[boxes[order, 5] > LEAST]
    return boxes[order], traits[order]


def packed(file, side, quality=QUALITY):
    with Image.open(file) as opened:
        image = opened.convert("RGBA" if file.suffix == ".png" else "RGB")
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    held = io.BytesIO()
    image.save(held, "WEBP", quality=quality, method=4, alpha_quality=60)
    return held.getvalue()


def chosen_names(answers, known):
    """Names of scenes to teach with, of scenes kept out, and of what else is worth a place, the best first."""
    scenes, held, others, taken = [], [], [], Counter()
    for name in sorted(answers, key=lambda name: zlib.crc32(name.encode())):
        picture_set, boxes = name.split("/")[0], answers[name]["boxes"]
        sure = certainties(boxes[:, 5])
        kinds = Counter(boxes[sure > SURE, 4].astype(int).tolist())
        if len(answers[name]["faces"]):
            kinds[FACE] += 1
        several = any(count > 1 for kind, count in kinds.items())
        if picture_set in SCENES:
            if features.held_out(name):
                held.append(name)
            elif taken[picture_set] < SCENES[picture_set]:
                taken[picture_set] += 1
                scenes.append(name)
            continue
        if features.held_out(name):
            if several:
                held.append(name)
            continue
        if not kinds:
            if sure.max(initial=0) < 0.15 and taken["nothing"] < NOTHING:
                taken["nothing"] += 1
                others.append((1.2 * taken["nothing"] / NOTHING, name))
            continue
        rarest = min(kinds, key=lambda kind: taken[kind])
        taken[rarest] += 1
        if taken[rarest] <= A_KIND or several:
            others.append((taken[rarest] / A_KIND - several, name))
    return scenes, held, [name for _, name in sorted(others)]


def tower_tensors(model):
    """The first blocks as they are shipped, and the published ones of the branch with their batch norms."""
    shipped = towers.read(model / "image.safetensors")
    kept = {f"shipped.{name}": tensor.half() for name, tensor in shipped.items() if name.startswith("stem.") or name.startswith("blocks.") and int(name.split(".")[1]) < OWN}
    source = torch.load(towers.upstream_image_checkpoint(), map_location="cpu", weights_only=True)
    for name, tensor in source.items():
        if name.startswith("_blocks.") and OWN <= int(name.split(".")[1]) <= LEVELS[-1] and "num_batches" not in name:
            kept[f"published.{name}"] = tensor.half() if tensor.ndim == 4 else tensor.float()
    return {name: tensor.contiguous() for name, tensor in kept.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "teachers", "cache", "answers", "model", "output"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--most", type=float, default=54, help="MiB in all")
    parser.add_argument("--part", type=float, default=1.0, help="share of the pictures, for a trial")
    parser.add_argument("--vocabulary", default=str(Path(__file__).parents[3] / "Vocab" / "redraw"))
    options = parser.parse_args()
    known = labels.Labels(options.data, options.teachers, options.cache / "answers", options.vocabulary)
    answers = pickle.loads((options.answers / "boxes.pickle").read_bytes())
    cutouts = json.loads((options.answers / "cutouts.json").read_text())
    options.output.mkdir(parents=True, exist_ok=True)
    tower = tower_tensors(options.model)
    save_file(tower, str(options.output / "tower.safetensors"))
    room = options.most * 2 ** 20 - (options.output / "tower.safetensors").stat().st_size - 2 * 2 ** 20
    scenes, held, others = chosen_names(answers, known)
    if options.part < 1:
        scenes, held, others, cutouts = (part[:max(8, int(len(part) * options.part))] for part in (scenes, held, others, cutouts))
    parts = {"taught": [], "held": [], "cut": []}  # (bytes, boxes, traits)

    def add(part, name):
        boxes, traits = known_boxes(known, answers[name], name)
        parts[part].append((packed(options.data / name, SIDE), boxes, traits))
        return len(parts[part][-1][0])

    room -= sum(add("taught", name) for name in scenes) + sum(add("held", name) for name in held)
    print(len(scenes), "scenes", len(held), "kept out", round(room / 2 ** 20, 1), "MiB left", flush=True)
    for number, cutout in enumerate(cutouts):
        boxes, traits = known_boxes(known, answers[cutout["name"]], cutout["name"])
        said = certainties(np.float32([cutout["certainty"]]))[0]
        row = np.flatnonzero((boxes[:, 4] == cutout["thing"]) & (abs(boxes[:, 5] - said) < 1e-3))[:1]
        carried = np.array([[*box[:5], box[5] ** 3 if box[4] == FACE else certainties(np.float32([box[5]]))[0]] for box in cutout["carried"]], np.float32).reshape(-1, 6)
        carried = carried[carried[:, 5] > LEAST][:7]
        own = np.concatenate([[[0, 0, 1, 1, cutout["thing"], 0.9]], carried]).astype(np.float32)
        own_traits = np.concatenate([traits[row] if len(row) else np.full((1, 6), -1), np.full((len(carried), 6), -1)]).astype(np.int8)
        parts["cut"].append((packed(options.answers / "cutouts" / f"{number:05d}.png", CUTOUT_SIDE), own, own_traits))
        room -= len(parts["cut"][-1][0])
    print(len(cutouts), "cut out", round(room / 2 ** 20, 1), "MiB left", flush=True)
    more = 0
    for name in others:
        if room < 0:
            break
        room -= add("taught", name)
        more += 1
    print(more, "of", len(others), "more pictures", round(room / 2 ** 20, 1), "MiB left", flush=True)
    every = parts["taught"] + parts["held"] + parts["cut"]
    said = dict(taught=len(parts["taught"]), held_out=len(parts["held"]), cutouts=len(parts["cut"]), side=SIDE, cutout_side=CUTOUT_SIDE, things=known.things)
    save_file({
        "pictures": torch.frombuffer(bytearray(b"".join(data for data, _, _ in every)), dtype=torch.uint8),
        "ends": torch.from_numpy(np.cumsum([len(data) for data, _, _ in every])),
        "boxes": torch.from_numpy(np.concatenate([boxes for _, boxes, _ in every])).half(),
        "traits": torch.from_numpy(np.concatenate([traits for _, _, traits in every])),
        "counts": torch.tensor([len(boxes) for _, boxes, _ in every]),
    }, str(options.output / "seeing-pack.safetensors"), metadata={"said": json.dumps(said)})
    print(said | {"things": len(known.things)}, [(file.name, file.stat().st_size) for file in sorted(options.output.iterdir())])


if __name__ == "__main__":
    main()
