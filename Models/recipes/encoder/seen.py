"""Teaches what stands on the frozen tower to see: where things are, and what holds of the whole picture.

    python seen.py DATA TEACHERS CACHE MODEL [--epochs 10] [--vocabulary ../../../Vocab/redraw]

CACHE holds teachers.py's `answers` and maps.py's `maps`. Writes MODEL/seeing.safetensors and the part `seeing` of its config.json. One training
picture in eight teaches nothing; the certainties are calibrated on those.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import features
import head
import labels
import towers
from maps import COARSE, FINE, LAST, SIDE

WIDTH, MIXES = 96, 2
# Things that fill less of a side than this are looked for at the fine places.
SMALL = 0.3
REACH = 1.5
PENALTY = 2e-4


class Detector(torch.nn.Module):
    """The detection head, as SeeingHead.swift applies it. `things` and `sides` are read at both levels by the same weights."""

    def __init__(self, things, traits):
        super().__init__()
        widths = {FINE: 120, COARSE: 208, LAST: 352}
        self.lateral_fine = torch.nn.Conv2d(widths[FINE], WIDTH, 1)
        self.lateral_coarse = torch.nn.Conv2d(widths[COARSE] + widths[LAST], WIDTH, 1)
        mixes = lambda: torch.nn.ModuleList(  # noqa: E731
            torch.nn.ModuleDict({"depthwise": torch.nn.Conv2d(WIDTH, WIDTH, 5, padding=2, groups=WIDTH), "pointwise": torch.nn.Conv2d(WIDTH, WIDTH, 1)})
            for _ in range(MIXES))
        self.mix_fine, self.mix_coarse = mixes(), mixes()
        self.things = torch.nn.Conv2d(WIDTH, things, 1)
        # Faces have sides of their own: a face often lies in the middle of its person.
        self.sides = torch.nn.Conv2d(WIDTH, 8, 1)
        self.traits = torch.nn.Conv2d(WIDTH, traits, 1)
        torch.nn.init.normal_(self.things.weight, std=0.01)
        torch.nn.init.constant_(self.things.bias, -4.5)
        torch.nn.init.normal_(self.sides.weight, std=0.01)

    def forward(self, fine, coarse, last):
        coarse = F.hardtanh(self.lateral_coarse(torch.cat([coarse, last], 1)), 0, 6)
        fine = F.hardtanh(self.lateral_fine(fine), 0, 6) + F.interpolate(coarse, scale_factor=2, mode="nearest")
        levels = []
        for x, mixes in ((fine, self.mix_fine), (coarse, self.mix_coarse)):
            for mix in mixes:
                x = x + F.hardtanh(mix["pointwise"](F.hardtanh(mix["depthwise"](x), 0, 6)), 0, 6)
            levels.append([part(x).flatten(2).transpose(1, 2) for part in (self.things, self.sides, self.traits)])
        return [torch.cat(parts, 1) for parts in zip(*levels)]


GRID = [SIDE // 16, SIDE // 32]
CELLS = np.concatenate([
    np.stack([(np.tile(np.arange(n), n) + 0.5) / n, (np.repeat(np.arange(n), n) + 0.5) / n, np.full(n * n, 1 / n)], 1) for n in GRID]).astype(np.float32)
FIRST_COARSE = GRID[0] ** 2


def assigned(boxes, traits, thing_count):
    """Targets of one view: things [cells, things], for things and for faces a box a cell [cells, 2, 4] with its weight, and traits [cells, traits]."""
    wanted = np.zeros((len(CELLS), thing_count), np.float32)
    sides, weights = np.zeros((len(CELLS), 2, 4), np.float32), np.zeros((len(CELLS), 2), np.float32)
    held = np.full((len(CELLS), traits.shape[1]), np.nan, np.float32)
    owner = np.full((len(CELLS), 2), np.inf)
    for box, trait in sorted(zip(boxes, traits), key=lambda pair: -(pair[0][2] - pair[0][0]) * (pair[0][3] - pair[0][1])):
        left, top, right, bottom, thing, certainty = box
        width, height = right - left, bottom - top
        if width < 0.02 or height < 0.02 or certainty < 0.05:
            continue
        small = np.sqrt(width * height) < SMALL
        level = slice(0, FIRST_COARSE) if small else slice(FIRST_COARSE, len(CELLS))
        cells = CELLS[level]
        near = np.maximum(abs(cells[:, 0] - (left + right) / 2), abs(cells[:, 1] - (top + bottom) / 2)) < REACH * cells[:, 2]
        within = (cells[:, 0] > left) & (cells[:, 0] < right) & (cells[:, 1] > top) & (cells[:, 1] < bottom)
        chosen = np.flatnonzero(near & within) + level.start
        if len(chosen) == 0:
            chosen = np.array([np.argmin((cells[:, 0] - (left + right) / 2) ** 2 + (cells[:, 1] - (top + bottom) / 2) ** 2) + level.start])
        kind = int(thing == thing_count - 1)
        if kind == 0:  # the smaller thing takes a place from the larger
            wanted[chosen, :-1] = 0
        wanted[chosen, int(thing)] = certainty
        sides[chosen, kind], weights[chosen, kind] = (left, top, right, bottom), certainty
        if thing == 0:
            held[chosen] = trait
        elif kind == 0:
            held[chosen] = np.nan
    return wanted, sides, weights, held


def boxes_of_view(known, there):
    """Boxes and traits of the pictures that are in a view, in shares of the view."""
    parts, traits = [], []
    for name, (left, top, right, bottom) in there:
        boxes, held = known.boxes(name)
        scale = np.array([right - left, bottom - top] * 2, np.float32)
        placed = boxes.copy()
        placed[:, :4] = boxes[:, :4] * scale + np.array([left, top, left, top], np.float32)
        whole = (placed[:, 2] - placed[:, 0]) * (placed[:, 3] - placed[:, 1])
        placed[:, :4] = np.clip(placed[:, :4], 0, 1)
        seen = (placed[:, 2] - placed[:, 0]) * (placed[:, 3] - placed[:, 1]) / np.maximum(whole, 1e-9)
        placed[:, 5] *= np.clip((seen - 0.15) / 0.35, 0, 1)
        held = held.copy()
        held[seen < 0.8, 3:] = np.nan
        parts.append(placed)
        traits.append(held)
    return np.concatenate(parts), np.concatenate(traits)


class Views:
    """maps.py's views in memory."""

    def __init__(self, cache, kinds, sets=None):
        arrays = {key: [] for key in ("fine", "coarse", "last", "pooled", "logits")}
        self.there, self.look = [], []
        for file in sorted((Path(cache) / "maps").glob("*.npz")):
            kind, said_sets = file.stem.split("-", 1)
            if kind not in kinds or (sets and not any(name in said_sets for name in sets)) or (not sets and "-eval" in said_sets):
                continue
            stored = np.load(file)
            for key in arrays:
                arrays[key].append(stored[key])
            for there, look in json.loads(str(stored["said"])):
                self.there.append([(name, tuple(place)) for name, place in there])
                self.look.append(look)
        self.arrays = arrays
        self.starts = np.cumsum([0] + [len(part) for part in arrays["fine"]])

    def __len__(self):
        return len(self.there)

    def rows(self, key, indices):
        parts = []
        for index in indices:
            shard = np.searchsorted(self.starts, index, side="right") - 1
            parts.append(self.arrays[key][shard][index - self.starts[shard]])
        return np.stack(parts)

    def maps(self, indices):
        return [torch.from_numpy(self.rows(key, indices).astype(np.float32)) for key in ("fine", "coarse", "last")]

    def names(self):
        return [there[0][0] for there in self.there]


def overlap_of(sides, boxes, cells):
    """Generalised IoU of what the head says of cells [n, 4] and boxes [n, 4]."""
    far = torch.exp(sides.clamp(-6, 6)) * cells[:, 2:3]
    said = torch.cat([cells[:, :2] - far[:, :2], cells[:, :2] + far[:, 2:]], 1)
    area = lambda b: (b[:, 2] - b[:, 0]).clamp_min(0) * (b[:, 3] - b[:, 1]).clamp_min(0)  # noqa: E731
    inner = torch.cat([torch.maximum(said[:, :2], boxes[:, :2]), torch.minimum(said[:, 2:], boxes[:, 2:])], 1)
    outer = torch.cat([torch.minimum(said[:, :2], boxes[:, :2]), torch.maximum(said[:, 2:], boxes[:, 2:])], 1)
    union = area(said) + area(boxes) - area(inner)
    return area(inner) / union.clamp_min(1e-9) - (area(outer) - union) / area(outer).clamp_min(1e-9)


def teach_detector(views, known, epochs, keep, start=None, batch=24, rate=2e-3):
    thing_count = len(known.things)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    model = Detector(thing_count, len(labels.TRAITS))
    if start:
        model.load_state_dict(torch.load(start))
    targets = []
    for there in views.there:
        targets.append(assigned(*boxes_of_view(known, there), thing_count) if all(name in known.answers for name, _ in there) else None)
    usable = np.array([i for i, target in enumerate(targets) if target is not None and not any(features.held_out(name) for name, _ in views.there[i])])
    mirror = np.concatenate([np.arange(n * n).reshape(n, n)[:, ::-1].ravel() + start for n, start in zip(GRID, (0, FIRST_COARSE))])
    cells = torch.from_numpy(CELLS)
    steps = epochs * (len(usable) // batch)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + 1, pct_start=0.1)
    begun, step = time.time(), 0
    print("teaching on", len(usable), "views", flush=True)
    for epoch in range(epochs):
        order, losses = rng.permutation(usable), []
        for start in range(0, len(order) - batch + 1, batch):
            rows = np.sort(order[start:start + batch])
            flipped = rng.random() < 0.5
            maps = views.maps(rows)
            wanted, sides, weights, held = (torch.from_numpy(np.stack(parts)) for parts in zip(*(targets[row] for row in rows)))
            if flipped:
                maps = [map.flip(3) for map in maps]
                wanted, weights, held = wanted[:, mirror], weights[:, mirror], held[:, mirror]
                sides = sides[:, mirror]
                sides = torch.stack([1 - sides[..., 2], sides[..., 1], 1 - sides[..., 0], sides[..., 3]], -1)
            things, said, traits = model(*maps)
            probability = torch.sigmoid(things)
            focus = (wanted - probability).abs().pow(2).detach()
            positive = weights.sum().clamp_min(1)
            loss_things = (focus * F.binary_cross_entropy_with_logits(things, wanted, reduction="none")).sum() / positive
            loss_sides = 0.0
            for kind in (0, 1):
                view, cell = (weights[..., kind] > 0.3).nonzero(as_tuple=True)
                if len(view):
                    quality = overlap_of(said[view, cell, 4 * kind:4 * kind + 4], sides[view, cell, kind], cells[cell])
                    loss_sides = loss_sides + ((1 - quality) * weights[view, cell, kind]).sum() / positive
            known_traits = ~held.isnan()
            loss_traits = F.binary_cross_entropy_with_logits(traits[known_traits], held[known_traits]) if known_traits.any() else 0.0
            loss = loss_things + 1.5 * loss_sides + 0.3 * loss_traits
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 4)
            optimiser.step()
            schedule.step()
            step += 1
            losses.append([float(part.detach()) if torch.is_tensor(part) else part for part in (loss_things, loss_sides, loss_traits)])
        torch.save(model.state_dict(), keep)
        print("epoch", epoch, np.mean(losses, axis=0).round(4), round(time.time() - begun), "s", flush=True)
    return model.eval()


def teach_labels(views, known, penalty=PENALTY, rounds=80):
    """Linear heads on the direction of the features' square roots; a missing certainty teaches nothing."""
    chosen = np.array([i for i, name in enumerate(views.names()) if name in known.answers and not features.held_out(name)])
    x = torch.from_numpy(head.directions(views.rows("pooled", chosen)))
    y = torch.from_numpy(np.stack([known.of_picture(views.there[i][0][0]) for i in chosen]))
    there = ~y.isnan()
    y = torch.nan_to_num(y)
    share = ((y * there).sum(0) + 0.5) / (there.sum(0) + 1)
    weight = torch.zeros(y.shape[1], x.shape[1], requires_grad=True)
    bias = torch.logit(share.clamp(1e-4, 1 - 1e-4)).clone().requires_grad_()
    mean = x.mean(0)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=rounds, history_size=10, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        logits = (x - mean) @ weight.T + bias
        loss = (F.binary_cross_entropy_with_logits(logits, y, reduction="none") * there).sum() / len(x) + penalty * weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return weight.detach().numpy(), (bias - weight @ mean).detach().numpy()


@torch.inference_mode()
def answers_of(model, views, batch=50):
    """For each view the surest place's score of each thing, and what the head says of all cells: things, sides, traits."""
    said = []
    for start in range(0, len(views), batch):
        said.append([part.numpy().astype(np.float16) for part in model(*views.maps(range(start, min(start + batch, len(views)))))])
    things, sides, traits = (np.concatenate(parts) for parts in zip(*said))
    return things, sides, traits


def logistic(features_of_rows, wanted, prior, weight=0.01):
    """Logistic regression on certainties by Newton's method, drawn towards `prior` (intercept last): so that few rows do no harm."""
    x = np.concatenate([features_of_rows, np.ones((len(features_of_rows), 1))], axis=1).astype(np.float64)
    prior = np.asarray(prior, np.float64)
    w, strength = prior.copy(), weight * len(x) if weight < 1 else weight
    for _ in range(60):
        p = labels.sigmoid(x @ w)
        gradient = x.T @ (p - wanted) + strength * (w - prior)
        curvature = (x * (p * (1 - p) + 1e-6)[:, None]).T @ x + strength * np.eye(len(w))
        step = np.linalg.solve(curvature, gradient)
        # Far from the end a whole step may lead further away.
        w = w - step * min(1, 0.5 / max(np.abs(step).max(), 1e-9))
    return w


def matched_boxes(known, names, things, sides):
    """Scores of the surest boxes of held-out pictures and whether the teachers' boxes agree."""
    scores, right = [], []
    for view, name in enumerate(names):
        taught, _ = known.boxes(name)
        for index in range(things.shape[2]):
            surest = np.argsort(-things[view, :, index].astype(np.float32))[:1]
            for cell in surest:
                score = float(things[view, cell, index])
                if score < -5:
                    continue
                kind = int(index == things.shape[2] - 1)
                far = np.exp(np.clip(sides[view, cell, 4 * kind:4 * kind + 4].astype(np.float32), -6, 6)) * CELLS[cell, 2]
                box = np.clip([CELLS[cell, 0] - far[0], CELLS[cell, 1] - far[1], CELLS[cell, 0] + far[2], CELLS[cell, 1] + far[3]], 0, 1)
                same = taught[taught[:, 4] == index]
                best = 0.0
                for other in same:
                    inner = max(0, min(box[2], other[2]) - max(box[0], other[0])) * max(0, min(box[3], other[3]) - max(box[1], other[1]))
                    union = (box[2] - box[0]) * (box[3] - box[1]) + (other[2] - other[0]) * (other[3] - other[1]) - inner
                    if inner / max(union, 1e-9) > 0.4:
                        best = max(best, other[5])
                scores.append(score)
                right.append(best)
    return np.array(scores), np.array(right)


TRAIT_WEIGHT_PRIOR = 2.5
COUNTS = {
    "person": ["two people", "three people", "group of people"], "woman": ["two women", "women"], "man": ["two men", "men"],
    "child": ["two children", "children"], "bird": ["two birds", "flock of birds"], "sheep": ["two sheep", "flock of sheep"],
} | {name: [f"two {name}s", f"several {name}s"] for name in ("dog", "cat", "horse", "cow", "elephant", "zebra", "giraffe", "bear", "car", "boat", "bicycle", "motorcycle", "truck", "chair")} \
  | {"bus": ["two buses", "several buses"]}


def calibrated(model, views, known, weight, bias):
    """Everything on one scale, fitted on the held-out pictures: what is shown as 50 % is what the teachers, captions and sets agree to half of the time."""
    rows = [i for i, name in enumerate(views.names()) if name in known.answers and features.held_out(name)]
    names = [views.names()[i] for i in rows]
    parts = []
    with torch.inference_mode():
        for start in range(0, len(rows), 50):
            parts.append([part.numpy() for part in model(*views.maps(rows[start:start + 50]))])
    things, sides, traits = (np.concatenate(part) for part in zip(*parts))
    wanted = np.stack([known.of_picture(name) for name in names])
    logits = head.directions(views.rows("pooled", rows)) @ weight.T + bias
    surest, count = things.max(1), len(known.things)
    there = ~np.isnan(wanted[:, :count])
    fused = logistic(np.stack([surest[there], logits[:, :count][there]], 1), wanted[:, :count][there], [0.7, 0.4, 0.0], 1e-4)
    print("things: surest place", fused[0].round(3), "label", fused[1].round(3), "intercept", fused[2].round(3), "on", there.sum())
    weight, bias = weight.copy(), bias.copy()
    weight[:count] *= fused[1]
    bias[:count] = fused[1] * bias[:count] + fused[2]
    scores, right = matched_boxes(known, names, things, sides)
    box = logistic(scores[:, None], right, [1.0, 0.0], 1e-3)
    print("boxes", box.round(3), "on", len(scores))
    groups = {"places": list(labels.PLACES), "indoors or outdoors": ["indoors", "outdoors"], "captions": list(labels.CAPTION_WORDS), "worn": list(labels.WEAR), "objects": list(known.objects)}
    done = set(known.things)
    for name, tags in groups.items():
        columns = [known.number[tag] for tag in tags if tag in known.number and tag not in done]
        done |= {known.tags[column] for column in columns}
        part, said = logits[:, columns], ~np.isnan(wanted[:, columns])
        fit = logistic(part[said][:, None], wanted[:, columns][said], [1.0, 0.0], 1e-3)
        print(name, len(columns), "labels:", fit.round(3), "on", said.sum(), "certain", (wanted[:, columns][said] > 0.5).sum())
        slope = float(np.clip(fit[0], 0.3, 2.0))
        weight[columns] *= slope
        bias[columns] = slope * bias[columns] + fit[1]
    # A person's traits: the surest person's, times the person's certainty, beside the label of the whole picture.
    person = labels.sigmoid(box[0] * things[:, :, 0] + box[1])
    person[person < 0.3] = 0
    trait_weight = TRAIT_WEIGHT_PRIOR
    for index, tag in enumerate(labels.TRAITS[:3]):
        held = (labels.sigmoid(traits[:, :, index]) * person).max(1)
        column = known.number[tag]
        said = ~np.isnan(wanted[:, column])
        before = head.directions(views.rows("pooled", rows))[said] @ weight[column] + bias[column]
        fit = logistic(before[:, None], wanted[said, column], [1.0, 0.0], 5.0) if said.sum() else np.array([1.0, 0.0])
        shifted = before + trait_weight * held[said]
        offset = logistic(np.stack([shifted], 1), wanted[said, column], [0.8, -1.2], 5.0)
        print(tag, "alone", fit.round(3), "with the boxes", offset.round(3), "on", said.sum(), "certain", (wanted[said, column] > 0.5).sum())
        bias[column] += offset[1]
    return weight, bias, dict(thing_weight=float(fused[0]), box_slope=float(box[0]), box_intercept=float(box[1]), trait_weight=trait_weight)


def kept_tags(views, known, least=4):
    """Tags of which enough certain examples were taught, things always."""
    names = [name for name in views.names() if name in known.answers]
    counts = (np.nan_to_num(np.stack([known.of_picture(name) for name in names])) > 0.5).sum(0)
    return [tag for index, tag in enumerate(known.tags) if tag in known.things or counts[index] >= least]


def save(folder, tensors, seeing):
    """Writes what is shipped: the tensors, and in config.json the numbers that go with them, the judgement's and the digest."""
    towers.write(folder / "seeing.safetensors", {
        name: tensor.to(torch.float32 if name.endswith("bias") else torch.float16) for name, tensor in tensors.items()})
    config = json.loads((folder / "config.json").read_text())
    config["judgement"] = json.loads((Path(__file__).parent / "judgement.json").read_text())
    config["seeing"] = seeing
    config["files"]["seeing.safetensors"] = hashlib.sha256((folder / "seeing.safetensors").read_bytes()).hexdigest()
    whole = "".join(f"{name} {value}\n" for name, value in sorted(config["files"].items()))
    config["digest"] = hashlib.sha256(whole.encode()).hexdigest()
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def write(folder, model, known, weight, bias, numbers, tags):
    rows = [known.number[tag] for tag in tags]
    tensors = {name.replace("_orig", ""): tensor for name, tensor in model.state_dict().items()}
    tensors |= {"labels.weight": torch.from_numpy(weight[rows]), "labels.bias": torch.from_numpy(bias[rows])}
    save(folder, tensors, {
        "imageSize": SIDE, "fineBlock": FINE, "coarseBlocks": [COARSE, LAST], "width": WIDTH, "mixes": MIXES, "things": known.things,
        "ownSides": ["face"], "traits": labels.TRAITS, "traitsOf": "person", "labels": tags, "thingWeight": round(numbers["thing_weight"], 4),
        "traitWeight": numbers["trait_weight"], "boxSlope": round(numbers["box_slope"], 4), "boxIntercept": round(numbers["box_intercept"], 4),
        "leastCertainty": 0.2, "sameOverlap": 0.5, "mostThings": 60, "counts": COUNTS,
    })


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("teachers")
    parser.add_argument("cache", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--vocabulary", default=str(Path(__file__).parents[3] / "Vocab" / "redraw"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--start", type=Path, help="a detector to teach further, in place of a fresh one")
    parser.add_argument("--taught", type=Path, help="the detector that an earlier run kept (CACHE/detector.pt): fits the rest again")
    options = parser.parse_args()
    torch.set_num_threads(1)
    known = labels.Labels(options.data, options.teachers, options.cache / "answers", options.vocabulary)
    views = Views(options.cache, {"plain", "crop", "look", "mosaic"})
    if options.taught:
        model = Detector(len(known.things), len(labels.TRAITS))
        model.load_state_dict(torch.load(options.taught))
        model.eval()
    else:
        model = teach_detector(views, known, options.epochs, options.cache / "detector.pt", options.start)
    plain = Views(options.cache, {"plain"})
    weight, bias = teach_labels(plain, known)
    weight, bias, numbers = calibrated(model, plain, known, weight, bias)
    write(options.model, model, known, weight, bias, numbers, kept_tags(plain, known))


if __name__ == "__main__":
    main()
