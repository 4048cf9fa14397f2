"""How often what was taught to see is right on the evaluation rows, each figure with its sample count; added to MODEL/metrics.json.

    python evaluate_seeing.py MODEL DATA CACHE

Reads the shipped files and maps.py's views of `coco128-eval` and `flickr-eval` in CACHE/maps. Nothing here may be used to choose a setting.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import torch

import head
import labels
import seeing
import towers
from evaluate import COCO
from fit import caption_nouns
from seen import Views

BINS = (0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.001)


def looked_at(sees, cache, name):
    """Names, pooled features, logits, tag probabilities and things of a set's pictures."""
    views = Views(cache, sets=[name])
    pooled = views.rows("pooled", range(len(views)))
    tags, things = [], []
    for index in range(len(views)):
        found = sees(*views.look(index))
        tags.append(found[0])
        things.append(found[1])
    return views.names(), pooled, views.rows("logits", range(len(views))).astype(np.float32), tags, things


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    parser.add_argument("cache", type=Path)
    parser.add_argument("--vocabulary", default=str(Path(__file__).parents[3] / "Vocab" / "redraw"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((options.model / "config.json").read_text())
    sees = seeing.Seeing(options.model, config)
    rows_of = labels.tables(options.data)
    known = labels.vocabulary(options.vocabulary)
    metrics = json.loads((options.model / "metrics.json").read_text())

    def report(name, value, count):
        metrics[name] = {"value": round(float(value), 4), "n": int(count)}
        print(f"{name:75s} {value:.3f}  (n = {count})")

    def said(name, probability, present, least=0.5):
        shown = probability >= least
        report(f"{name}: right where said at {least:.0%}", present[shown].mean() if shown.any() else 0, shown.sum())
        report(f"{name}: said where there", shown[present].mean(), present.sum())

    names, _, _, tags, things = looked_at(sees, options.cache, "coco128-eval")
    present = [set(rows_of[name]["objects"].split("|")) - {""} for name in names]
    probability = np.array([[tag[labels.COCO_NAMES.get(name, name)] for name in COCO] for tag in tags])
    kept = [index for index, objects in enumerate(present) if objects]
    order = np.argsort(-probability, axis=1)
    report("COCO-80 precision@1 by what is seen", np.mean([COCO[order[i][0]] in present[i] for i in kept]), len(kept))
    report("COCO-80 hit@5 by what is seen", np.mean([any(COCO[j] in present[i] for j in order[i][:5]) for i in kept]), len(kept))
    truth = np.array([[name in objects for name in COCO] for objects in present])
    said("COCO-80 things", probability, truth)
    said("COCO person", probability[:, 0], truth[:, 0])
    table = []
    for low, high in zip(BINS, BINS[1:]):
        inside = (probability >= low) & (probability < high)
        if inside.sum():
            table.append([low, min(high, 1), round(float(probability[inside].mean()), 3), round(float(truth[inside].mean()), 3), int(inside.sum())])
    boxes = [(thing[1], thing[0] in {labels.COCO_NAMES.get(name, name) for name in present[i]}) for i, found in enumerate(things) for thing in found if thing[0] != "face"]
    sure = np.array([right for certainty, right in boxes if certainty >= 0.5])
    report("COCO boxes of 50 % and more whose thing is in the picture", sure.mean() if len(sure) else 0, len(sure))

    names, pooled, logits, tags, things = looked_at(sees, options.cache, "flickr-eval")
    rows = [rows_of[name] for name in names]
    nouns, mentioned = caption_nouns(rows)
    applied = head.Head({name: tensor.numpy() for name, tensor in towers.read(options.model / "head.safetensors").items()}, config["head"])
    text = towers.TextTower(towers.read(options.model / "text.safetensors"), options.model / "vocab.txt")
    embedded = text([config["textPhrase"].format(noun) for noun in nouns]).numpy()
    calibration = config["calibration"]
    ranked = head.sigmoid(calibration["cosine"] * applied.embed(pooled, logits) @ embedded.T + calibration["intercept"])
    merged = ranked.copy()
    singular = lambda noun: known.get(noun) or known.get(noun.rstrip("s")) or known.get(re.sub("es$", "", noun))  # noqa: E731
    seen_nouns = 0
    for column, noun in enumerate(nouns):
        tag = singular(noun)
        if tag in tags[0]:
            seen_nouns += 1
            merged[:, column] = [found[tag] for found in tags]
    print(seen_nouns, "of", len(nouns), "nouns are seen")
    named = mentioned.any(axis=1)
    for label, score in (("by what is said", merged),):
        top = np.argsort(-score, axis=1)[:, :10]
        report(f"Flickr nouns: hit@10 {label}", np.take_along_axis(mentioned, top, 1).any(axis=1)[named].mean(), named.sum())
        report(f"Flickr nouns: precision@5 {label}", np.take_along_axis(mentioned, top[:, :5], 1)[named].mean(), named.sum() * 5)
    words = [set(re.findall(r"[a-z]+", row["caption"].lower())) for row in rows]
    for tag in ("woman", "man", "child"):
        clear = np.array([not (word & set(labels.OPEN_WORDS[tag].split())) or bool(word & set(labels.CAPTION_WORDS[tag].split())) for word in words])
        there = np.array([bool(word & set(labels.CAPTION_WORDS[tag].split())) for word in words])
        said(f"Flickr captions, {tag}", np.array([found[tag] for found in tags])[clear], there[clear])
    people = np.array([bool(word & set("man men woman women boy boys girl girls child children people person guy lady kids player players group crowd".split())) for word in words])
    said("Flickr captions, person", np.array([found["person"] for found in tags]), people)
    metrics["reliabilityOfThings"] = table
    (options.model / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")


if __name__ == "__main__":
    main()
