"""Teaches who the people in a picture are: a woman, a man, a child. Replaces those rows of MODEL/seeing.safetensors, and nothing else of it.

    python people.py CACHE MODEL [--write]

Each row of judged_people.tsv is a teacher's box of a person on a training picture (left, top, right, bottom as shares) with what a person saw in
it. The traits of a place are logistic regressions on what the detection head's places hold; the label of the whole picture is one on the pooled
features, pictures without anybody among them; both are joined by a third. Prints how often each is right on pictures that neither saw (five
folds); the scales that it prints go into judgement.json by hand, a little stricter, so that who is named at 50 % is right three times in four.
"""

import argparse
import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

import head
import seeing
import seen
import towers

# The levels' strides, and the shares of a side (root of the area) that each was taught.
STRIDES, SIZES = (8, 16, 32), ((0.0, 0.17), (0.11, 0.36), (0.25, 9.0))
KINDS = {"woman": {"woman"}, "man": {"man"}, "child": {"child", "girl", "boy"}}


class Places(seeing.Seeing):
    """The head, with what its places hold before outputs are read of them."""

    @torch.inference_mode()
    def look(self, x):
        """Features of the places [cells, width], things, and each person's certainty and place."""
        places, scores, sides, cells = [], [], [], places_of(self.config)
        for x in self.mixed(self.maps(x)):
            for parts, part in ((places, x), (scores, self.pointwise("things", x)), (sides, self.pointwise("sides", x))):
                parts.append(part.flatten(2)[0].T.numpy())
        places, scores, sides = (np.concatenate(parts) for parts in (places, scores, sides))
        # A place's number stands for its traits.
        numbers = np.zeros((len(places), len(self.config["traits"])))
        numbers[:, 0] = (np.arange(len(places)) + 0.5) / len(places)
        found = self.things(scores, sides, np.log((numbers + 1e-9) / (1 - numbers + 1e-9)), cells)
        people = [(certainty, int(held[self.config["traits"][0]] * len(places))) for thing, certainty, _, held in found if thing == "person"]
        return places, people


def places_of(config):
    """Of every place, the finest level first: its middle, and its share of a side [places, 3]."""
    parts = []
    for stride in STRIDES:
        n = config["imageSize"] // stride
        along = (np.arange(n) + 0.5) / n
        parts.append(np.stack([np.tile(along, n), np.repeat(along, n), np.full(n * n, 1 / n)], 1))
    return np.concatenate(parts).astype(np.float32)


def near(box, cells):
    """The places in the middle of a box, of the levels for its size, as the branch was taught."""
    left, top, right, bottom = box
    away = abs(cells[:, :2] - np.array([(left + right) / 2, (top + bottom) / 2]))
    share = np.sqrt((right - left) * (bottom - top))
    # The finest level has the smallest cells.
    reaches = np.array(SIZES)[np.unique(cells[:, 2], return_inverse=True)[1]]
    fits = (share >= reaches[:, 0]) & (share < reaches[:, 1])
    chosen = np.flatnonzero(fits & (away.max(1) < 1.5 * cells[:, 2]) & (away < np.array([right - left, bottom - top]) / 2).all(1))
    return chosen if len(chosen) else np.flatnonzero(fits)[[(away[fits] ** 2).sum(1).argmin()]]


def fitted(x, y, strength, weights=None):
    """Logistic regression on standardised features, as a row and a bias for the features as they are."""
    mean, deviation = x.mean(0), x.std(0) + 1e-4
    scale = deviation * np.sqrt(x.shape[1])
    coefficients, intercept = head.logistic((x - mean) / scale, y, 1 / strength, weights, rounds=500)
    row = coefficients[0] / scale
    return row, intercept[0] - row @ mean


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--write", action="store_true", help="replace the rows")
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((options.model / "config.json").read_text())
    sees = Places(options.model, config)
    judged = {}
    with open(Path(__file__).with_name("judged_people.tsv"), newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            judged.setdefault(row["picture"], []).append(([float(row[side]) for side in ("left", "top", "right", "bottom")], row["who"]))
    views = seen.Views(options.cache)
    pooled, places, people, names = {}, {}, {}, []
    for index, name in enumerate(views.names()):
        if name in pooled:
            continue
        direction = head.directions(views.rows("pooled", [index]).astype(np.float32))[0]
        if name not in judged:
            tags, _ = sees(*views.look(index))
            # Pictures that nobody is in, seen or suspected.
            if tags["person"] > 0.1 or index % 2:
                continue
        names.append(name)
        pooled[name] = direction
        places[name], people[name] = sees.look(views.prepared([index]))
    folds = dict(zip(names, np.random.default_rng(0).permutation(len(names)) % 5))
    truth = {name: {} for name in names}
    for name in names:
        who = [kind for _, kind in judged.get(name, [])]
        for kind, words in KINDS.items():
            if any(word in words for word in who):
                truth[name][kind] = 1
            elif "?" not in who:
                truth[name][kind] = 0
    every = places_of(config["seeing"])
    taught = [(name, cells, kind) for name in names for box, kind in judged.get(name, []) if kind != "?" for cells in [near(box, every)]]
    x = np.concatenate([places[name][cells] for name, cells, _ in taught])
    of = np.concatenate([np.full(len(cells), folds[name]) for name, cells, _ in taught])
    kinds = np.concatenate([np.full(len(cells), kind) for _, cells, kind in taught])
    weights = np.concatenate([np.full(len(cells), 1 / len(cells)) for _, cells, _ in taught])
    print(len(taught), "people of", len({name for name, _, _ in taught}), "pictures,", len(names) - len(judged), "pictures of nobody")
    rows = {}
    for kind, words in KINDS.items():
        wanted = np.isin(kinds, list(words))
        known = [name for name in names if kind in truth[name]]
        fold, y = np.array([folds[name] for name in known]), np.array([truth[name][kind] for name in known])
        directions = np.stack([pooled[name] for name in known])

        def surest(name, row, bias):
            return max((certainty * head.sigmoid(places[name][cell] @ row + bias) for certainty, cell in people[name]), default=0)

        told = np.zeros((len(known), 2))
        for held in range(5):
            trait = fitted(x[of != held], wanted[of != held], 3, weights[of != held])
            whole = fitted(directions[fold != held], y[fold != held], 3)
            for index in np.flatnonzero(fold == held):
                told[index] = directions[index] @ whole[0] + whole[1], surest(known[index], *trait)
        coefficients, intercept = head.logistic(told, y, 0.1)
        certainty = head.sigmoid(told @ coefficients[0] + intercept[0])
        busy = np.array([name in judged for name in known])
        for least in (0.5, 0.6, 0.7, 0.8):
            said = busy & (certainty >= least)
            print(f"{kind} at {least:.0%}: said {said.sum()}, right {y[said].mean():.2f}, said of those there {y[said].sum() / y[busy].sum():.2f}")
        slope = coefficients[0][1] / config["seeing"]["traitWeight"]
        print(f"{kind}: slope {slope:.2f}; of nobody said at 50 %: {(certainty[~busy] >= 0.5).sum()} of {(~busy).sum()}")
        trait, whole = fitted(x, wanted, 3, weights), fitted(directions, y, 3)
        rows[kind] = trait, (whole[0] * coefficients[0][0] / slope, (whole[1] * coefficients[0][0] + intercept[0]) / slope)
    if not options.write:
        return
    for kind, (trait, whole) in rows.items():
        place, label = config["seeing"]["traits"].index(kind), config["seeing"]["labels"].index(kind)
        sees.tensors["traits.weight"][place, :, 0, 0] = torch.from_numpy(trait[0].astype(np.float32))
        sees.tensors["traits.bias"][place] = float(trait[1])
        sees.tensors["labels.weight"][label] = torch.from_numpy(whole[0].astype(np.float32))
        sees.tensors["labels.bias"][label] = float(whole[1])
    towers.write(options.model / "seeing.safetensors", {
        name: tensor.to(torch.float32 if name.endswith("bias") else torch.float16) for name, tensor in sees.tensors.items()})
    config["files"]["seeing.safetensors"] = hashlib.sha256((options.model / "seeing.safetensors").read_bytes()).hexdigest()
    whole = "".join(f"{name} {value}\n" for name, value in sorted(config["files"].items()))
    config["digest"] = hashlib.sha256(whole.encode()).hexdigest()
    (options.model / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
