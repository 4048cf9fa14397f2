"""Teaches what holds of a whole picture, and puts it and the branch that looks for things on one scale.

    python seen.py DATA TEACHERS CACHE MODEL BRANCH [--vocabulary ../../../Vocab/redraw]

CACHE holds teachers.py's `answers` and maps.py's `maps`; BRANCH is what ../gpu/eyes.sh taught. Writes MODEL/seeing.safetensors and the part `seeing` of
its config.json. One training picture in eight teaches nothing; the certainties are calibrated on those.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import features
import glance
import head
import labels
import towers
from branch import Branch
from maps import SIDE

# The levels are read after these blocks; the branch's own blocks begin with OWN.
LEVELS, OWN, MIXES = (6, 14, 17), 4, 2
PENALTY = 2e-4


class Views:
    """maps.py's pictures in memory."""

    levels = [f"glanced.{level}" for level in range(len(glance.BLOCKS))]

    def __init__(self, cache, sets=None):
        arrays = {key: [] for key in ("squares", "pooled", "logits", *self.levels)}
        self.said = []
        for file in sorted((Path(cache) / "maps").glob("*.npz")):
            said_sets = file.stem.split("-", 1)[1]
            if (sets and not any(name in said_sets for name in sets)) or (not sets and "-eval" in said_sets):
                continue
            stored = np.load(file)
            for key in arrays:
                arrays[key].append(stored[key])
            self.said += json.loads(str(stored["said"]))
        self.arrays = arrays
        self.starts = np.cumsum([0] + [len(part) for part in arrays["pooled"]])

    def __len__(self):
        return len(self.said)

    def rows(self, key, indices):
        parts = []
        for index in indices:
            shard = np.searchsorted(self.starts, index, side="right") - 1
            parts.append(self.arrays[key][shard][index - self.starts[shard]])
        return np.stack(parts)

    def prepared(self, indices):
        """As the branch takes them [n, 3, SIDE, SIDE]."""
        return (torch.from_numpy(self.rows("squares", indices).astype(np.float32)) - towers.MEAN) / towers.DEVIATION

    def look(self, index):
        """A picture as seeing.py takes it: pooled features, the maps of the glance, and the picture as the branch takes it."""
        return self.rows("pooled", [index])[0], self.maps([index]), self.prepared([index])

    def maps(self, indices):
        """Those of the glance, level by level [n, channels, side, side]."""
        return [torch.from_numpy(self.rows(level, indices).astype(np.float32)) for level in self.levels]

    def names(self):
        return self.said


def teach_labels(views, known, penalty=PENALTY, rounds=80):
    """Linear heads on the direction of the features' square roots; a missing certainty teaches nothing."""
    chosen = np.array([i for i, name in enumerate(views.names()) if name in known.answers and not features.held_out(name)])
    x = torch.from_numpy(head.directions(views.rows("pooled", chosen)))
    y = torch.from_numpy(np.stack([known.of_picture(views.said[i]) for i in chosen]))
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


def matched_boxes(known, names, things, sides, cells):
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
                far = np.exp(np.clip(sides[view, cell, 4 * kind:4 * kind + 4].astype(np.float32), -6, 6)) * cells[cell, 2]
                box = np.clip([cells[cell, 0] - far[0], cells[cell, 1] - far[1], cells[cell, 0] + far[2], cells[cell, 1] + far[3]], 0, 1)
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


def calibrated(branch, first, views, known, weight, bias):
    """Everything on one scale, fitted on the held-out pictures: what is shown as 50 % is what the teachers, captions and sets agree to half of the time."""
    rows = [i for i, name in enumerate(views.names()) if name in known.answers and features.held_out(name)]
    names = [views.names()[i] for i in rows]
    parts = [branch.levels(views.prepared([row])) for row in rows]
    things, sides, traits = (np.concatenate([part[index] for part in parts]) for index in range(3))
    cells = parts[0][3]
    wanted = np.stack([known.of_picture(name) for name in names])
    logits = head.directions(views.rows("pooled", rows)) @ weight.T + bias
    surest, glanced, count = things.max(1), first(views.maps(rows)), len(known.things)
    there = ~np.isnan(wanted[:, :count])
    evidence = np.stack([part[:, :count][there] for part in (surest, glanced, logits)], 1)
    fused = logistic(evidence, wanted[:, :count][there], [0.5, 0.5, 0.5, 0.0], 1e-4)
    print("things: surest place, at the glance, label, intercept", fused.round(3), "on", there.sum())
    weight, bias = weight.copy(), bias.copy()
    weight[:count] *= fused[2]
    bias[:count] = fused[2] * bias[:count] + fused[3]
    scores, right = matched_boxes(known, names, things, sides, cells)
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
    return weight, bias, dict(thing_weight=float(fused[0]), glance_weight=float(fused[1]), box_slope=float(box[0]), box_intercept=float(box[1]), trait_weight=trait_weight)


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


def write(folder, branch, first, known, weight, bias, numbers, tags):
    rows = [known.number[tag] for tag in tags]
    tensors = branch.tensors | {f"glance.{name}": tensor for name, tensor in first.tensors.items()} | {
        "labels.weight": torch.from_numpy(weight[rows]), "labels.bias": torch.from_numpy(bias[rows])}
    save(folder, tensors, {
        "imageSize": SIDE, **branch.config, "width": tensors["things.weight"].shape[1], "things": known.things,
        "ownSides": ["face"], "traits": labels.TRAITS, "traitsOf": "person", "labels": tags, "thingWeight": round(numbers["thing_weight"], 4),
        "glance": {"blocks": glance.BLOCKS, "width": first.tensors["things.weight"].shape[1], **first.config, "weight": round(numbers["glance_weight"], 4)},
        "traitWeight": numbers["trait_weight"], "boxSlope": round(numbers["box_slope"], 4), "boxIntercept": round(numbers["box_intercept"], 4),
        "leastCertainty": 0.2, "sameOverlap": 0.5, "mostThings": 60, "counts": COUNTS,
    })


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("teachers")
    parser.add_argument("cache", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("branch", type=Path, help="eyes.safetensors of ../gpu/eyes.sh")
    parser.add_argument("--glance", type=Path, help="the file with the glance's weights (default: MODEL's own)")
    parser.add_argument("--vocabulary", default=str(Path(__file__).parents[3] / "Vocab" / "redraw"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    known = labels.Labels(options.data, options.teachers, options.cache / "answers", options.vocabulary)
    branch = Branch(towers.read(options.branch), towers.read(options.model / "image.safetensors"), {"levels": list(LEVELS), "ownBlocks": OWN, "mixes": MIXES})
    first = glance.Glance(towers.read(options.glance or options.model / "seeing.safetensors"), {"mixes": MIXES})
    views = Views(options.cache)
    weight, bias = teach_labels(views, known)
    weight, bias, numbers = calibrated(branch, first, views, known, weight, bias)
    write(options.model, branch, first, known, weight, bias, numbers, kept_tags(views, known))


if __name__ == "__main__":
    main()
