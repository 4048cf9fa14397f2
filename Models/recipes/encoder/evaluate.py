"""The shipped encoder's figures on the evaluation rows, each with its sample count.

    python evaluate.py MODEL DATA CACHE [--csv FOLDER] [--upstream-text]

Reads the shipped files only; CACHE holds the features of `features.py` (of the very image.safetensors that is shipped). With --upstream-text
the text tower's original f32 weights stand in for the int8 rows: what int8 costs. Nothing here may be used to choose a setting.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import features
import head
import towers

COCO = (
    "person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|stop sign|parking meter|bench|bird|cat|dog|horse|"
    "sheep|cow|elephant|bear|zebra|giraffe|backpack|umbrella|handbag|tie|suitcase|frisbee|skis|snowboard|sports ball|kite|baseball bat|"
    "baseball glove|skateboard|surfboard|tennis racket|bottle|wine glass|cup|fork|knife|spoon|bowl|banana|apple|sandwich|orange|broccoli|"
    "carrot|hot dog|pizza|donut|cake|chair|couch|potted plant|bed|dining table|toilet|tv|laptop|mouse|remote|keyboard|cell phone|microwave|"
    "oven|toaster|sink|refrigerator|book|clock|vase|scissors|teddy bear|hair drier|toothbrush").split("|")


def ranks(scores, right):
    """For each row, how many columns score higher than its right one."""
    return (scores > scores[np.arange(len(scores)), right][:, None]).sum(axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("cache")
    parser.add_argument("--csv")
    parser.add_argument("--upstream-text", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = Path(options.model)
    config = json.loads((model / "config.json").read_text())
    if options.upstream_text:
        upstream = towers.read(Path(towers.upstream_text_folder()) / "model.safetensors")
        weights = {name: tensor for name, tensor in upstream.items() if "pooler" not in name and "position_ids" not in name}
    else:
        weights = towers.read(model / "text.safetensors")
    tower = towers.TextTower(weights, model / "vocab.txt")
    phrase, calibration = config["textPhrase"], config["calibration"]
    text = lambda texts: tower(list(texts)).numpy()  # noqa: E731
    names = lambda words: text(phrase.format(word) for word in words)  # noqa: E731
    applied = head.Head({name: tensor.numpy() for name, tensor in towers.read(model / "head.safetensors").items()}, config["head"])
    background = towers.read(model / "background.safetensors")["embeddings"].numpy()

    def load(name):
        cached = np.load(Path(options.cache) / f"{name}.npz")
        rows = features.rows_of(name, options.data, options.csv or options.data)
        return cached["pooled"], cached["logits"].astype(np.float32), [rows[index][1] for index in cached["kept"]]

    def confidence(embedded, tags):
        scores, reference = embedded @ tags.T, background @ tags.T
        z = (scores - reference.mean(0)) / reference.std(0)
        return calibration["z"] * z + calibration["cosine"] * scores + calibration["intercept"]

    results = {}

    def report(name, value, count):
        results[name] = {"value": round(float(value), 4), "n": int(count)}
        print(f"{name:58s} {value:.3f}  (n = {count})")

    for label, score in (("cosine", lambda e, t: e @ t.T), ("confidence", confidence)):
        pooled, logits, rows = load("coco128-eval")
        kept = [index for index, row in enumerate(rows) if row["objects"]]
        present = [set(rows[index]["objects"].split("|")) for index in kept]
        order = np.argsort(-score(applied.embed(pooled[kept], logits[kept]), names(COCO)), axis=1)
        report(f"COCO-80 precision@1 by {label}", np.mean([COCO[o[0]] in p for o, p in zip(order, present)]), len(kept))
        report(f"COCO-80 hit@5 by {label}", np.mean([any(COCO[i] in p for i in o[:5]) for o, p in zip(order, present)]), len(kept))

        pooled, logits, rows = load("flickr-eval")
        rank = ranks(score(applied.embed(pooled, logits), text(row["caption"] for row in rows)), np.arange(len(rows)))
        report(f"Flickr image to caption R@1 of {len(rows)} by {label}", (rank < 1).mean(), len(rows))
        report(f"Flickr image to caption R@10 of {len(rows)} by {label}", (rank < 10).mean(), len(rows))
        # The product puts every typed text into the phrase; the figures above ask for the bare caption.
        rank = ranks(score(applied.embed(pooled, logits), names(row["caption"].rstrip(" .") for row in rows)), np.arange(len(rows)))
        report(f"Flickr image to caption in the phrase R@1 of {len(rows)} by {label}", (rank < 1).mean(), len(rows))
        report(f"Flickr image to caption in the phrase R@10 of {len(rows)} by {label}", (rank < 10).mean(), len(rows))

        pooled, logits, rows = load("caltech101")
        chosen = [index for index, row in enumerate(rows) if row["role"] == "eval" and "background" not in row["category"].lower()]
        kinds = ["face" if rows[index]["category"].lower().startswith("face") else rows[index]["category"].replace("_", " ").lower() for index in chosen]
        classes = sorted(set(kinds))
        rank = ranks(score(applied.embed(pooled[chosen], logits[chosen]), names(classes)), np.array([classes.index(kind) for kind in kinds]))
        report(f"Caltech-101 zero-shot top-1 of {len(classes)} by {label}", (rank < 1).mean(), len(rank))
        report(f"Caltech-101 zero-shot top-5 of {len(classes)} by {label}", (rank < 5).mean(), len(rank))

        pooled, logits, rows = load("pacs-eval")
        classes = sorted({row["object"] for row in rows})
        rank = ranks(score(applied.embed(pooled, logits), names(classes)), np.array([classes.index(row["object"]) for row in rows]))
        for medium in ("photo", "painting", "cartoon", "sketch"):
            part = np.array([row["medium"] == medium for row in rows])
            report(f"PACS object of {len(classes)}, {medium}, by {label}", (rank[part] < 1).mean(), part.sum())

    guessed = applied.mediums(pooled).argmax(1)
    right = np.array([config["head"]["mediums"][guess] == row["medium"] for guess, row in zip(guessed, rows)])
    report("PACS medium of 4", right.mean(), len(rows))
    for medium in ("photo", "painting", "cartoon", "sketch"):
        part = np.array([row["medium"] == medium for row in rows])
        report(f"PACS medium, {medium}", right[part].mean(), part.sum())

    # Calibration on pictures that nothing was fitted on: the caption's nouns against the nouns of all evaluation captions.
    pooled, logits, rows = load("flickr-eval")
    from fit import caption_nouns

    nouns, labels = caption_nouns(rows)
    probability = head.sigmoid(confidence(applied.embed(pooled, logits), names(nouns)))
    bins = np.minimum((probability * 15).astype(int), 14)
    error = sum(abs(probability[bins == b].mean() - labels[bins == b].mean()) * (bins == b).mean() for b in range(15) if (bins == b).any())
    report(f"Flickr nouns ({len(nouns)}): expected calibration error", error, probability.size)
    sure = probability >= 0.5
    if sure.any():
        report("Flickr nouns: precision where confidence is 0.5 and more", labels[sure].mean(), sure.sum())
    top = np.argsort(-probability, axis=1)[:, :10]
    named = labels.any(axis=1)
    report("Flickr nouns: hit@10", np.take_along_axis(labels, top, 1).any(axis=1)[named].mean(), named.sum())
    report("Flickr nouns: precision@5", np.take_along_axis(labels, top[:, :5], 1)[named].mean(), named.sum() * 5)
    target = Path(options.cache) / "metrics-f32-text.json" if options.upstream_text else model / "metrics.json"
    target.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
