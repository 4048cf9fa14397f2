"""The figures of the ranking that analyze shows, head and embeddings joined, on the evaluation rows; added to MODEL/metrics.json.

    python evaluate_joined.py MODEL DATA CACHE

Reads the shipped files and maps.py's views of `coco128-eval`, `flickr-eval`, `pacs-eval` and Caltech-101's evaluation rows in CACHE/maps. A name
that is no tag of the vocabulary is ranked by its embedding alone. Nothing here may be used to choose a setting.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import torch

import counting
import labels
import seeing
from evaluate import COCO, ranks
from evaluate_seeing import looked_at
from fit import caption_nouns
from joined import Joined


class Pictures:
    """A set's pictures with all that is known of each."""

    def __init__(self, name, sees, joined, cache):
        self.names, pooled, logits, self.seen, self.things = looked_at(sees, cache, name)
        if numbers := joined.judgement.get("counting"):
            parts = joined.judgement.get("parts", {})
            self.seen = [counting.told(tags, things, sees.config["counts"], numbers, parts) for tags, things in zip(self.seen, self.things)]
        self.seen = [seeing.told_of_boxes(tags, things, joined.judgement) for tags, things in zip(self.seen, self.things)]
        for tags in self.seen:
            for part, whole in joined.judgement.get("parts", {}).items():
                tags[part] = min(tags[part], tags[whole])
            for tag in joined.judgement.get("untold", []):
                tags.pop(tag, None)
        self.embeddings = joined.head.embed(pooled, logits)
        v, names = joined.vocabulary, joined.head.config["mediums"]
        wholes = {tag: (v.all_implied(tag) or [tag])[-1] for tag, facet in v.facets.items() if facet == "medium"}
        self.mediums = [seeing.mixed_mediums(zip(names, row), seen, wholes) for row, seen in zip(joined.head.mediums(pooled), self.seen)]
        self.joined = joined

    def confidences(self, words):
        return np.stack([
            self.joined.confidences(words, embedding, seen, 1 - medium["photo"]) for embedding, seen, medium in zip(self.embeddings, self.seen, self.mediums)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    parser.add_argument("cache", type=Path)
    parser.add_argument("--vocabulary", default=str(Path(__file__).parents[3] / "Vocab" / "redraw"))
    parser.add_argument("--look-only", action="store_true", help="leave metrics.json as it is")
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((options.model / "config.json").read_text())
    sees, joined = seeing.Seeing(options.model, config), Joined(options.model, options.vocabulary, config)
    rows_of, known = labels.tables(options.data), joined.vocabulary.names
    results = {}

    def report(name, value, count):
        results[name] = {"value": round(float(value), 4), "n": int(count)}
        print(f"{name:75s} {value:.3f}  (n = {count})", flush=True)

    pictures = Pictures("coco128-eval", sees, joined, options.cache)
    present = [set(rows_of[name]["objects"].split("|")) - {""} for name in pictures.names]
    confidences = pictures.confidences([labels.COCO_NAMES.get(name, name) for name in COCO])
    kept = [index for index, objects in enumerate(present) if objects]
    order = np.argsort(-confidences, axis=1)
    report("COCO-80 precision@1 by the joined ranking", np.mean([COCO[order[i][0]] in present[i] for i in kept]), len(kept))
    report("COCO-80 hit@5 by the joined ranking", np.mean([any(COCO[j] in present[i] for j in order[i][:5]) for i in kept]), len(kept))

    pictures = Pictures("flickr-eval", sees, joined, options.cache)
    rows = [rows_of[name] for name in pictures.names]
    nouns, mentioned = caption_nouns(rows)
    singular = lambda noun: known.get(noun) or known.get(noun.rstrip("s")) or known.get(re.sub("es$", "", noun)) or noun  # noqa: E731
    confidences = pictures.confidences([singular(noun) for noun in nouns])
    named, top = mentioned.any(axis=1), np.argsort(-confidences, axis=1, kind="stable")[:, :10]
    report("Flickr nouns: hit@10 by the joined ranking", np.take_along_axis(mentioned, top, 1).any(axis=1)[named].mean(), named.sum())
    report("Flickr nouns: precision@5 by the joined ranking", np.take_along_axis(mentioned, top[:, :5], 1)[named].mean(), named.sum() * 5)

    pictures = Pictures("pacs-eval", sees, joined, options.cache)
    rows = [rows_of[name] for name in pictures.names]
    classes = sorted({row["object"] for row in rows})
    rank = ranks(pictures.confidences(classes), np.array([classes.index(row["object"]) for row in rows]))
    for medium in ("photo", "painting", "cartoon", "sketch"):
        part = np.array([row["medium"] == medium for row in rows])
        report(f"PACS object of {len(classes)}, {medium}, by the joined ranking", (rank[part] < 1).mean(), part.sum())
    right = np.array([max(shares, key=shares.get) == row["medium"] for shares, row in zip(pictures.mediums, rows)])
    report("PACS medium of 4, with what is seen", right.mean(), len(rows))
    for medium in ("photo", "painting", "cartoon", "sketch"):
        part = np.array([row["medium"] == medium for row in rows])
        report(f"PACS medium, {medium}, with what is seen", right[part].mean(), part.sum())

    pictures = Pictures("caltech101-eval", sees, joined, options.cache)
    categories = [rows_of[name]["category"].lower() for name in pictures.names]
    kinds = ["face" if category.startswith("face") else category.replace("_", " ") for category in categories]
    classes = sorted({kind for kind in kinds if "background" not in kind})
    kept = [index for index, kind in enumerate(kinds) if kind in classes]
    rank = ranks(pictures.confidences(classes)[kept], np.array([classes.index(kinds[index]) for index in kept]))
    report(f"Caltech-101 zero-shot top-1 of {len(classes)} by the joined ranking", (rank < 1).mean(), len(rank))
    report(f"Caltech-101 zero-shot top-5 of {len(classes)} by the joined ranking", (rank < 5).mean(), len(rank))
    if not options.look_only:
        metrics = json.loads((options.model / "metrics.json").read_text())
        (options.model / "metrics.json").write_text(json.dumps(metrics | results, indent=2) + "\n")


if __name__ == "__main__":
    main()
