"""Fits what stands on the two towers, and writes the encoder's directory.

    python features.py DATA CACHE --openclipart FOLDER
    python fit.py DATA CACHE OUTPUT [--csv FOLDER] [--openclipart FOLDER]

Everything is fitted on training rows. Choices (penalties, weights, phrases) were made by cross-validation on the captions' five folds, never
on evaluation rows. `text.safetensors`, `image.safetensors` and `vocab.txt` are written only where they are missing: they never change.
"""

import argparse
import hashlib
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import torch

import features
import head
import towers

MEDIUMS = ["photo", "painting", "cartoon", "sketch"]
PHRASE = "a photo of a {}"
SETTINGS = {
    "penalty": 1000.0, "captionWeight": 2.0, "clipArtWeight": 0.3, "likeliestClasses": 10, "projectionWeight": 1.0, "classWeight": 0.8,
    "mediumPenalty": 1000.0,
}
BACKGROUND = {"imagenet-one-per-class": 400, "flickr-train": 250, "paintings": 100, "clothes": 50, "groceries": 50, "openclipart": 100}
# Words of captions that are not nouns one can see, so that they are no tags when the confidence is fitted.
NO_NOUNS = set(
    "the and his her with while their its two three four five one another other some several from into over onto through near next front"
    " back side are who that this has have being wearing standing sitting looking holding playing running walking jumping riding down out off"
    " for by at of in on to as up an is he she they it them there very large small big little young old man's woman's".split())


class Data:
    def __init__(self, options):
        self.options = options
        self.csv = options.csv or options.data

    def load(self, name):
        cached = np.load(Path(self.options.cache) / f"{name}.npz")
        rows = features.openclipart_rows(self.options.openclipart) if name == "openclipart" else features.rows_of(name, self.options.data, self.csv)
        return cached["pooled"], cached["logits"].astype(np.float32), [rows[index][1] for index in cached["kept"]]


def clip_art(row):
    words = [row["title"]] if row["title"] and not re.search(r"clip ?art|various|general", row["title"]) else []
    return ", ".join(dict.fromkeys(words + [word for word in row["keywords"].split("|") if word]))


def pairs(data, text):
    """(features, logits, target embeddings, weights) of the training pairs."""
    pooled, logits, targets, weights = [], [], [], []

    def add(name, captions, weight):
        p, l, rows = data.load(name)
        texts = [captions(row) for row in rows]
        used = [index for index, caption in enumerate(texts) if caption]
        pooled.append(p[used])
        logits.append(l[used])
        targets.append(text([texts[index] for index in used]).numpy())
        weights.append(np.full(len(used), weight))
        print(f"pairs: {len(used)} of {name}, weight {weight}")

    # Every target speaks the phrase that tags will be asked in; otherwise the projection learns which set a picture came from.
    add("imagenet-one-per-class", lambda row: PHRASE.format(row["class"]), 1.0)
    add("openclipart", lambda row: clip_art(row) and PHRASE.format(clip_art(row)), SETTINGS["clipArtWeight"])
    add("flickr-train", lambda row: "a photo of " + row["caption"][:1].lower() + row["caption"][1:], SETTINGS["captionWeight"])
    return [np.concatenate(parts) for parts in (pooled, logits, targets, weights)]


def fit_medium(data):
    """A softmax regression on pooled features; the rarer mediums weigh as much as photographs."""
    x, y = [], []
    for name, medium in [("imagenet-one-per-class", "photo"), ("flickr-train", "photo"), ("clothes", "photo"), ("groceries", "photo"),
                         ("paintings", "painting"), ("openclipart", "cartoon")]:
        try:
            p = data.load(name)[0]
        except FileNotFoundError:
            print(f"medium: {name} is missing")
            continue
        x.append(p)
        y += [medium] * len(p)
    made = Path(data.options.cache) / "synthesised.npz"
    if made.exists():
        made = np.load(made)
        x.append(made["pooled"])
        y += list(made["mediums"])
    x, y = np.concatenate(x), np.array([MEDIUMS.index(medium) for medium in y])
    counts = Counter(y.tolist())
    print("medium:", {MEDIUMS[key]: value for key, value in sorted(counts.items())})
    mean, deviation = x.mean(0), x.std(0) + 1e-3
    balance = np.array([len(y) / len(counts) / counts[label] for label in y])
    weight, bias = head.logistic((x - mean) / deviation, y, SETTINGS["mediumPenalty"], balance)
    weight = weight / deviation
    return weight, bias - weight @ mean


def caption_nouns(rows):
    words = [set(re.findall(r"[a-z]+", row["caption"].lower())) for row in rows]
    counts = Counter(word for caption in words for word in caption)
    nouns = sorted(word for word, count in counts.items() if count >= 4 and len(word) > 2 and word not in NO_NOUNS and not word.endswith("ing"))
    return nouns, np.array([[noun in caption for noun in nouns] for caption in words])


def fit_calibration(data, text, background, refit):
    """P(a person's one sentence names the tag) from the tag's cosine and its z-score against the background.

    The tags are the captions' nouns, a picture has those of its own caption, and each fifth of the pictures is judged by a projection that was
    fitted without it. A coefficient that comes out negative is left out, so that nearer never means less sure.
    """
    z, cosine, present, folds = [], [], [], []
    pooled, logits, rows = data.load("flickr-train")
    nouns, labels = caption_nouns(rows)
    tags = text([PHRASE.format(noun) for noun in nouns]).numpy()
    parts = np.random.default_rng(1).permutation(len(rows)) % 5
    for fold in range(5):
        held = parts == fold
        part = refit(~held)
        scores, reference = part.embed(pooled[held], logits[held]) @ tags.T, part.embed(*background) @ tags.T
        z.append(((scores - reference.mean(0)) / reference.std(0)).ravel())
        cosine.append(scores.ravel())
        present.append(labels[held].ravel())
        folds.append(np.full(scores.size, fold))
    present, folds = np.concatenate(present), np.concatenate(folds)
    x = np.stack([np.concatenate(z), np.concatenate(cosine)], 1)

    def fitted(chosen):
        used = [0, 1]
        while True:
            coefficients, intercept = head.logistic(x[chosen][:, used], present[chosen].astype(int), 1e-3)
            if (coefficients[0] >= 0).all() or len(used) == 1:
                whole = np.zeros(2)
                whole[used] = coefficients[0]
                return whole, intercept[0]
            used = [used[int(coefficients[0].argmax())]]

    def error(chosen, coefficients, intercept):
        probability = head.sigmoid(x[chosen] @ coefficients + intercept)
        bins = np.minimum((probability * 15).astype(int), 14)
        return sum(abs(probability[bins == b].mean() - present[chosen][bins == b].mean()) * (bins == b).mean() for b in range(15) if (bins == b).any())

    everything = np.ones(len(present), bool)
    coefficients, intercept = fitted(everything)
    probability = head.sigmoid(x @ coefficients + intercept)
    table = []
    edges = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.001]
    for low, high in zip(edges, edges[1:]):
        inside = (probability >= low) & (probability < high)
        if inside.sum() >= 20:
            table.append([low, min(high, 1), round(float(probability[inside].mean()), 3), round(float(present[inside].mean()), 3), int(inside.sum())])
    report = {
        "tags": len(nouns), "pairs": int(len(present)), "present": int(present.sum()),
        "expectedCalibrationError": round(float(error(everything, coefficients, intercept)), 4),
        "expectedCalibrationErrorOnOtherFolds": round(float(error(folds >= 3, *fitted(folds < 3))), 4),
        "reliability": table,
    }
    return {"z": float(coefficients[0]), "cosine": float(coefficients[1]), "intercept": float(intercept)}, report


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def digests(output):
    """What config.json says of the files that decide an embedding or a medium."""
    files = {name: digest(output / name) for name in ("image.safetensors", "head.safetensors", "text.safetensors", "background.safetensors", "vocab.txt")}
    whole = "".join(f"{name} {value}\n" for name, value in sorted(files.items()))
    return {"digest": hashlib.sha256(whole.encode()).hexdigest(), "files": files}


def write_head(path, tensors):
    """Matrices f16, biases f32; returns the tensors as they will be read."""
    shipped = {
        name: torch.from_numpy(np.ascontiguousarray(tensor, dtype=np.float32)).to(torch.float32 if name.endswith("bias") else torch.float16)
        for name, tensor in tensors.items()}
    towers.write(path, shipped)
    return {name: tensor.float().numpy() for name, tensor in shipped.items()}


def refit_medium(data, output):
    """Replaces the medium head of a directory that is complete."""
    weight, bias = fit_medium(data)
    tensors = {name: tensor.numpy() for name, tensor in towers.read(output / "head.safetensors").items()}
    write_head(output / "head.safetensors", tensors | {"medium.weight": weight, "medium.bias": bias})
    config = json.loads((output / "config.json").read_text())
    (output / "config.json").write_text(json.dumps(config | digests(output), indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("cache")
    parser.add_argument("output")
    parser.add_argument("--csv")
    parser.add_argument("--openclipart")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only-medium", action="store_true", help="fit the medium head again and leave everything else")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, output = Data(options), Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    if options.only_medium:
        return refit_medium(data, output)

    if not (output / "vocab.txt").exists():
        shutil.copyfile(Path(towers.upstream_text_folder()) / "vocab.txt", output / "vocab.txt")
    if not (output / "text.safetensors").exists():
        towers.write(output / "text.safetensors", towers.quantised_text(towers.upstream_text_folder()))
    if not (output / "image.safetensors").exists():
        towers.write(output / "image.safetensors", towers.fold(towers.upstream_image_checkpoint()))
    text = towers.TextTower(towers.read(output / "text.safetensors"), output / "vocab.txt")

    names = [row["class"] for _, row in features.rows_of("imagenet-one-per-class", options.data, data.csv)]
    class_embeddings = text([PHRASE.format(name) for name in names]).numpy()
    pooled, logits, targets, weights = pairs(data, text)
    numbers = {name: SETTINGS[name] for name in ("likeliestClasses", "projectionWeight", "classWeight")}

    def fit_head(used):
        matrix, mean = head.ridge(pooled[used], targets[used], SETTINGS["penalty"], weights[used])
        return head.Head({"projection.weight": matrix, "projection.bias": -matrix @ mean, "class_embeddings": class_embeddings}, numbers)

    whole = fit_head(np.ones(len(pooled), bool))
    medium_weight, medium_bias = fit_medium(data)
    tensors = dict(whole.tensors)
    tensors |= {"medium.weight": medium_weight, "medium.bias": medium_bias}
    applied = head.Head(write_head(output / "head.safetensors", tensors), numbers)

    rng = np.random.default_rng(2)
    parts = []
    for name, count in BACKGROUND.items():
        try:
            p, l, _ = data.load(name)
        except FileNotFoundError:
            print(f"background: {name} is missing")
            continue
        chosen = rng.choice(len(p), min(count, len(p)), replace=False)
        parts.append((p[chosen], l[chosen]))
    background = np.concatenate([p for p, _ in parts]), np.concatenate([l for _, l in parts])
    towers.write(output / "background.safetensors", {"embeddings": torch.from_numpy(applied.embed(*background)).to(torch.float16)})

    first = len(pooled) - 500  # the captioned pictures stand last among the pairs
    calibration, report = fit_calibration(
        data, text, background, lambda kept: fit_head(np.concatenate([np.ones(first, bool), kept])))
    print("calibration:", calibration, json.dumps(report))

    image, language = towers.architecture()
    config = {
        "name": "redraw-encoder", "version": 1, "dimension": language["width"],
        **digests(output), "image": image, "text": language,
        "head": numbers | {"mediums": MEDIUMS}, "calibration": calibration, "calibrationReport": report,
        "textPhrase": PHRASE, "backgroundPictures": len(background[0]),
    }
    (output / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
