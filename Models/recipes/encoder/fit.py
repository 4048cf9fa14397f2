"""Fits what stands on the two towers, and writes the encoder's directory.

    python features.py DATA CACHE --model OUTPUT
    python fit.py DATA CACHE OUTPUT [--csv FOLDER]

Everything is fitted on training rows. Choices (penalties, weights, phrases) were made by cross-validation on the captions' five folds, never
on evaluation rows. `image.safetensors` is tune.py's; `text.safetensors` and `vocab.txt` are written only where they are missing.
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
    "penalty": 3.5, "likeliestClasses": 10, "projectionWeight": 1.0, "classWeight": 0.7, "mediumPenalty": 1000.0,
    # How much of the targets' mean stays in the projection: what is in many pictures (people) is likelier in any.
    "targetMeanShare": 0.06,
}
# How much a view of a set weighs in the regression, and how much of that where it shows a part or has another look.
WEIGHTS = {"imagenet-one-per-class": 1.0, "flickr-train": 2.0, "openclipart": 0.6, "emoji": 0.6, "clothes": 0.5, "groceries": 0.5, "paintings": 0, "caltech101": 0}
LOOK_WEIGHT = 0.5
MEDIUM_TRANSLATION_PENALTY = 30.0
BACKGROUND = {"imagenet-one-per-class": 400, "flickr-train": 250, "paintings": 100, "clothes": 50, "groceries": 50, "openclipart": 100}
# Words of captions that are not nouns one can see, so that they are no tags when the confidence is fitted.
NO_NOUNS = set(
    "the and his her with while their its two three four five one another other some several from into over onto through near next front"
    " back side are who that this has have being wearing standing sitting looking holding playing running walking jumping riding down out off"
    " for by at of in on to as up an is he she they it them there very large small big little young old man's woman's".split())


class Data:
    """Cached features of sets (`cache`) and their rows."""

    def __init__(self, options, cache):
        self.options, self.cache = options, Path(cache)
        self.csv = options.csv or options.data

    def rows(self, name):
        return [row for _, row in features.rows_of(name, self.options.data, self.csv)]

    def load(self, name):
        cached, rows = np.load(self.cache / f"{name}.npz"), self.rows(name)
        return cached["pooled"], cached["logits"].astype(np.float32), [rows[index] for index in cached["kept"]]


def caption_of(row):
    """Every target speaks the phrase that tags will be asked in; otherwise the projection learns which set a picture came from."""
    return "a photo of " + row["caption"][:1].lower() + row["caption"][1:]


def fitted_head(pooled, targets, weights, class_embeddings, settings):
    matrix, mean, target = head.ridge(head.directions(pooled), targets, settings["penalty"], weights)
    bias = settings["targetMeanShare"] * target - matrix @ mean
    return head.Head(
        {"projection.weight": matrix, "projection.bias": bias, "class_embeddings": class_embeddings},
        {name: settings[name] for name in ("likeliestClasses", "projectionWeight", "classWeight")})


def plain_head(data, text):
    """What is fitted in closed form on the untouched tower: the teacher of tune.py."""
    pooled, _, rows = data.load("imagenet-one-per-class")
    class_embeddings = text([PHRASE.format(row["class"]) for row in rows]).numpy()
    captioned, _, captions = data.load("flickr-train")
    targets = np.concatenate([class_embeddings, text([caption_of(row) for row in captions]).numpy()])
    weights = np.concatenate([np.full(len(pooled), 1.0), np.full(len(captioned), 2.0)])
    return fitted_head(np.concatenate([pooled, captioned]), targets, weights, class_embeddings, SETTINGS | {"targetMeanShare": 0.0})


class Views:
    """views.py's views as the tuned tower sees them, with a target where they have names or a caption."""

    def __init__(self, data, text):
        stored = np.load(data.cache / "views-features.npz")
        self.pooled, self.logits = stored["pooled"], stored["logits"].astype(np.float32)
        said = json.loads((data.cache / "views.json").read_text())
        captions = [caption_of(row) for row in data.rows("flickr-train")]
        column = lambda key: np.array([view[key] for view in said])  # noqa: E731
        self.set, self.row, self.look, self.medium = (column(key) for key in ("set", "row", "look", "medium"))
        texts = [
            captions[view["row"]] if view["set"] == "flickr-train" else view["names"] and PHRASE.format(", ".join(view["names"])) for view in said]
        self.paired = np.array([bool(words) and view["look"] != "recoloured" for words, view in zip(texts, said)])
        distinct = sorted({words for words, paired in zip(texts, self.paired) if paired})
        number = {words: index for index, words in enumerate(distinct)}
        embedded = text(distinct).numpy()
        self.targets = np.zeros((len(said), embedded.shape[1]), np.float32)
        for index in np.flatnonzero(self.paired):
            self.targets[index] = embedded[number[texts[index]]]
        self.weights = np.array([WEIGHTS[view["set"]] * (1.0 if view["look"] in ("whole", "placed") else LOOK_WEIGHT) for view in said])

    def of(self, name, look):
        return np.flatnonzero((self.set == name) & (self.look == look))


def fit_medium(views):
    """A softmax regression on pooled features; the rarer mediums weigh as much as photographs."""
    x = views.pooled
    y = np.array([MEDIUMS.index(medium) for medium in views.medium])
    counts = Counter(y.tolist())
    print("medium:", {MEDIUMS[key]: value for key, value in sorted(counts.items())})
    mean, deviation = x.mean(0), x.std(0) + 1e-3
    balance = np.array([len(y) / len(counts) / counts[label] for label in y])
    weight, bias = head.logistic((x - mean) / deviation, y, SETTINGS["mediumPenalty"], balance)
    weight = weight / deviation
    return weight, bias - weight @ mean


def kept_medium(cache, earlier, output):
    """The medium head of an earlier directory, which reads the untouched tower, translated to the tuned one's features by the views of both.

    Tuning draws a photograph's looks together, so a head fitted afresh on the tuned features knows paintings worse than one from before.
    """
    old = {name: tensor.numpy() for name, tensor in towers.read(Path(earlier) / "head.safetensors").items()}
    untouched = features.features_of_views(towers.ImageTower(towers.fold(towers.upstream_image_checkpoint())), cache)["pooled"]
    tuned = features.features_of_views(towers.ImageTower(towers.read(output / "image.safetensors")), cache)["pooled"]
    wanted = untouched @ old["medium.weight"].T + old["medium.bias"]
    weight, mean, target = head.ridge(tuned, wanted - wanted.mean(1, keepdims=True), MEDIUM_TRANSLATION_PENALTY)
    return weight, target - weight @ mean


def caption_nouns(rows):
    words = [set(re.findall(r"[a-z]+", row["caption"].lower())) for row in rows]
    counts = Counter(word for caption in words for word in caption)
    nouns = sorted(word for word, count in counts.items() if count >= 4 and len(word) > 2 and word not in NO_NOUNS and not word.endswith("ing"))
    return nouns, np.array([[noun in caption for noun in nouns] for caption in words])


def fit_calibration(data, text, views, background, refit):
    """P(a person's one sentence names the tag) from the tag's cosine and its z-score against the background.

    The tags are the captions' nouns, a picture has those of its own caption, and each fifth of the pictures is judged by a projection that was
    fitted without it. A coefficient that comes out negative is left out, so that nearer never means less sure.
    """
    z, cosine, present, folds = [], [], [], []
    rows = data.rows("flickr-train")
    whole = views.of("flickr-train", "whole")
    pooled, logits, rows = views.pooled[whole], views.logits[whole], [rows[index] for index in views.row[whole]]
    nouns, labels = caption_nouns(rows)
    tags = text([PHRASE.format(noun) for noun in nouns]).numpy()
    parts = np.random.default_rng(1).permutation(len(rows)) % 5
    for fold in range(5):
        held = parts == fold
        part = refit(~np.isin(views.row, views.row[whole][held]) | (views.set != "flickr-train"))
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("cache")
    parser.add_argument("output")
    parser.add_argument("--csv")
    parser.add_argument("--medium-of", help="keep the medium head of this earlier directory, fitted on the untouched tower")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, output = Data(options, options.cache), Path(options.output)
    if not (output / "vocab.txt").exists():
        shutil.copyfile(Path(towers.upstream_text_folder()) / "vocab.txt", output / "vocab.txt")
    if not (output / "text.safetensors").exists():
        towers.write(output / "text.safetensors", towers.quantised_text(towers.upstream_text_folder()))
    text = towers.TextTower(towers.read(output / "text.safetensors"), output / "vocab.txt")
    class_embeddings = text([PHRASE.format(row["class"]) for row in data.rows("imagenet-one-per-class")]).numpy()
    views = Views(data, text)

    def refit(allowed):
        used = views.paired & allowed
        return fitted_head(views.pooled[used], views.targets[used], views.weights[used], class_embeddings, SETTINGS)

    whole = refit(np.ones(len(views.paired), bool))
    medium_weight, medium_bias = kept_medium(data.cache, options.medium_of, output) if options.medium_of else fit_medium(views)
    tensors = whole.tensors | {"medium.weight": medium_weight, "medium.bias": medium_bias}
    applied = head.Head(write_head(output / "head.safetensors", tensors), whole.config)

    rng = np.random.default_rng(2)
    chosen = []
    for name, count in BACKGROUND.items():
        rows = views.of(name, "placed" if name == "openclipart" else "whole")
        chosen += rng.choice(rows, min(count, len(rows)), replace=False).tolist()
    background = views.pooled[chosen], views.logits[chosen]
    towers.write(output / "background.safetensors", {"embeddings": torch.from_numpy(applied.embed(*background)).to(torch.float16)})
    calibration, report = fit_calibration(data, text, views, background, refit)
    print("calibration:", calibration, json.dumps(report))

    image, language = towers.architecture()
    config = {
        "name": "redraw-encoder", "version": 2, "dimension": language["width"],
        **digests(output), "image": image, "text": language,
        "head": whole.config | {"mediums": MEDIUMS}, "calibration": calibration,
        "calibrationReport": report, "textPhrase": PHRASE, "backgroundPictures": len(chosen),
        "judgement": json.loads((Path(__file__).parent / "judgement.json").read_text()),
    }
    (output / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
