"""Teaches how a picture was made, beyond the medium head's four: pixel art, line art, 3D renders and anime, linear like all labels.

    python seen_kinds.py DATA CACHE MODEL [--vocabulary ../../../Vocab/redraw] [--write]

Reads kinds.py's CACHE/kinds.npz and maps.py's views. A head's scale is fitted on five folds of the pictures, so that a photograph counts for the
share that photographs are. Reported, beside what the text space says of the same tag, is on each source with that source left out, on sources
that taught nothing, and on the evaluation rows. --write puts the kinds of `KEPT` into MODEL/seeing.safetensors and config.json, in place of what
stood there of them.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import features
import head
import joined
import kinds
import seen
import towers

KINDS = {"pixel art": "pixel art", "line art": "line art", "3d render": "3d render", "anime drawing": "anime"}
# Told by the head; the others by the text space alone.
KEPT = ["pixel art", "line art", "3d render"]
PENALTY = {"pixel art": 10.0, "line art": 100.0, "3d render": 10.0, "anime drawing": 10.0}
# Of photographs that were left out of a fit no larger share may pass for one: there are many photographs and few renders.
MOST_FALSE = {"3d render": 0.007}
# Pictures whose kind a person finds open: they say nothing of it, for or against.
OPEN = {"line art": {"pencil", "open"}, "3d render": set(), "pixel art": set(), "anime drawing": set()}
OPEN_SOURCES = {"3d render": {"pixelated render"}, "pixel art": kinds.GAMES, "line art": kinds.GAMES, "anime drawing": kinds.GAMES}
# What a person sees in the pictures of `ai-pictures-eval`, by number of the file: a render, one may ask, anime.
RENDERED = {1, 7, 13, 23, 25, 29, 33, 35, 37, 41, 43, 53, 63, 71, 75, 77, 89, 93}
UNTOLD = {9, 19, 39, 47, 55, 65, 79, 81, 83, 95, 97}
ANIME = {5, 21, 27, 31, 45}
FOLDS = 5


def number(name):
    return int(Path(name).stem)


class Pictures:
    """Features, and of each kind whether it holds: 1, 0, or nan where that is open."""

    def __init__(self, x, made, sources, pooled, logits):
        self.x, self.sources, self.pooled, self.logits = x, np.array(sources), pooled, logits
        self.holds = {}
        for tag, kind in KINDS.items():
            y = (np.array(made) == kind).astype(float)
            y[[name in OPEN[tag] for name in made]] = np.nan
            y[[name in OPEN_SOURCES.get(tag, ()) for name in sources]] = np.nan
            self.holds[tag] = y


def fitted(x, y, sources, penalty):
    """Weight and intercept. A source of few pictures weighs more for each, and what is not so weighs twice what is."""
    weights = np.zeros(len(y))
    for side in (0, 1):
        names, counts = np.unique(sources[y == side], return_counts=True)
        for name, count in zip(names, counts):
            weights[(sources == name) & (y == side)] = count**-0.5
        weights[y == side] /= weights[y == side].sum()
    weights[y == 0] *= 2
    model = LogisticRegression(C=penalty, max_iter=400).fit(x, y, sample_weight=weights * len(y) / 3)
    return model.coef_[0], model.intercept_[0]


def views_of(cache, name=None):
    """Names, features and class scores of a set's pictures, or of all that may be learnt from."""
    views = seen.Views(cache, sets=[name] if name else None)
    everything = range(len(views))
    return views.names(), views.rows("pooled", everything), views.rows("logits", everything).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--vocabulary", default=str(Path(__file__).parents[3] / "Vocab" / "redraw"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    stored = np.load(options.cache / "kinds.npz")
    config = json.loads((options.model / "config.json").read_text())
    ranking = joined.Joined(options.model, options.vocabulary, config)
    photo = config["head"]["mediums"].index("photo")
    files = [row["file"] for _, row in features.rows_of("ai-pictures-eval", options.data, options.data)]

    def part(rows):
        pooled, logits = stored["pooled"][rows], stored["logits"][rows].astype(np.float32)
        return Pictures(head.directions(pooled), stored["kind"][rows], stored["source"][rows], pooled, logits)

    teaching, other = part(np.flatnonzero(stored["teaches"])), part(np.flatnonzero(~stored["teaches"]))
    names, pooled, logits = views_of(options.cache)
    sets = ["photo, " + name.split("/")[0] for name in names]
    teaching.x = np.concatenate([teaching.x, head.directions(pooled)])
    teaching.sources = np.concatenate([teaching.sources, sets])
    teaching.holds = {tag: np.concatenate([holds, np.zeros(len(names))]) for tag, holds in teaching.holds.items()}
    made = np.flatnonzero(other.sources == "ai-pictures-eval")
    for index, file in zip(made, files):
        n = number(file)
        other.holds["3d render"][index] = 1.0 if n in RENDERED else np.nan if n in UNTOLD else 0.0
        other.holds["anime drawing"][index] = float(n in ANIME)
        other.holds["pixel art"][index] = float(n == 57)
    by_machine = other.sources == "ai-pictures-eval"
    evaluation = {"other sources": (other, ~by_machine), "ai-pictures-eval": (other, by_machine)}
    for name in ("coco128-eval", "flickr-eval", "caltech101", "pacs-eval"):
        names, pooled, logits = views_of(options.cache, name)
        rows = Pictures(head.directions(pooled), [""] * len(names), [name] * len(names), pooled, logits)
        if name == "pacs-eval":
            medium = {f"{name}/{row['file']}": row["medium"] for _, row in features.rows_of(name, options.data, options.data)}
            rows.sources = np.array(["pacs " + medium[picture] for picture in names])
            rows.holds["line art"] = (rows.sources == "pacs sketch").astype(float)
        evaluation[name] = (rows, np.ones(len(names), bool))

    def told_by_text(pictures, tag):
        embeddings, mediums = ranking.head.embed(pictures.pooled, pictures.logits), ranking.head.mediums(pictures.pooled)
        texts, facets = [ranking.asked(tag)], [ranking.vocabulary.facets[tag]]
        return np.array([ranking.ranked(embedding, 1 - medium[photo], texts, facets)[0] for embedding, medium in zip(embeddings, mediums)])

    heads = {}
    for tag in KINDS:
        y = teaching.holds[tag]
        known = ~np.isnan(y)
        x, y, sources = teaching.x[known], y[known], teaching.sources[known]
        scores = np.full(len(y), np.nan)
        for source in np.unique(sources):
            left = sources == source
            if (y[~left] == 1).any():
                weight, bias = fitted(x[~left], y[~left], sources[~left], PENALTY[tag])
                scores[left] = x[left] @ weight + bias
        said = ~np.isnan(scores)
        folds, apart = np.random.default_rng(3).integers(FOLDS, size=len(y)), np.zeros(len(y))
        for fold in range(FOLDS):
            others = folds != fold
            weight, bias = fitted(x[others], y[others], sources[others], PENALTY[tag])
            apart[~others] = x[~others] @ weight + bias
        scale = LogisticRegression(C=10.0).fit(apart[:, None], y)
        slope, offset = scale.coef_[0][0], scale.intercept_[0]
        if tag in MOST_FALSE:
            photographs = np.sort(apart[[source.startswith("photo, ") for source in sources]])
            offset -= max(0.0, slope * photographs[-1 - int(MOST_FALSE[tag] * len(photographs))] + offset)
        weight, bias = fitted(x, y, sources, PENALTY[tag])
        heads[tag] = slope * weight, slope * bias + offset
        share = head.sigmoid(slope * scores + offset)
        def says(value):
            return ", ".join(
                f"{name} {(share[(sources == name) & (y == value)] >= 0.5).sum()} of {((sources == name) & (y == value)).sum()}"
                for name in np.unique(sources[(y == value) & said]))

        print(f"{tag}: slope {slope:.2f}, offset {offset:.2f}; sources left out: {says(1)} | said of others: {says(0)}", flush=True)
        texts = {id(pictures): told_by_text(pictures, tag) for pictures, _ in evaluation.values()}
        collected = []
        for pictures, rows in evaluation.values():
            holds, own = pictures.holds[tag], head.sigmoid(pictures.x @ heads[tag][0] + heads[tag][1])
            for source in np.unique(pictures.sources[rows]):
                these, text = rows & (pictures.sources == source) & ~np.isnan(holds), texts[id(pictures)]
                for value in (1, 0):
                    some = these & (holds == value)
                    # Of a source that shows a kind, the rest was judged by its looks alone: open, unless a person judged it.
                    if some.any() and (value or source == "ai-pictures-eval" or not (holds[these] == 1).any()):
                        print(
                            f"   {source:20s} {'is' if value else 'is not':6s} {some.sum():5d}: head says {(own[some] >= 0.5).sum():4d} "
                            f"({(own[some] >= 0.655).sum()} at 65 %), text space {(text[some] >= 0.5).sum():4d}", flush=True)
                collected.append((holds[these], own[these], text[these]))
        holds, own, text = (np.concatenate(parts) for parts in zip(*collected))
        areas = f"head {roc_auc_score(holds, own):.3f}, text space {roc_auc_score(holds, text):.3f}"
        print(f"   area under the curve, all of these: {areas} ({int(holds.sum())} of {len(holds)})")
        few = ~np.isnan(other.holds[tag]) & (other.sources == "ai-pictures-eval")
        if 0 < other.holds[tag][few].sum():
            own, text = head.sigmoid(other.x @ heads[tag][0] + heads[tag][1])[few], texts[id(other)][few]
            areas = f"head {roc_auc_score(other.holds[tag][few], own):.3f}, text space {roc_auc_score(other.holds[tag][few], text):.3f}"
            print(f"   area under the curve, ai-pictures-eval: {areas}")
    if options.write:
        tensors = towers.read(options.model / "seeing.safetensors")
        labels = config["seeing"]["labels"]
        rows = [index for index, label in enumerate(labels) if label not in KINDS]
        weight = torch.cat([tensors["labels.weight"][rows], torch.from_numpy(np.stack([heads[tag][0] for tag in KEPT])).float()])
        bias = torch.cat([tensors["labels.bias"][rows], torch.tensor([heads[tag][1] for tag in KEPT]).float()])
        told = config["seeing"] | {"labels": [labels[row] for row in rows] + KEPT}
        seen.save(options.model, tensors | {"labels.weight": weight, "labels.bias": bias}, told)


if __name__ == "__main__":
    main()
