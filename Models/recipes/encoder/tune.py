"""Tunes the image tower from block TUNED_BLOCK on, so that a drawing of a thing is near the thing's name.

    python tune.py DATA CACHE OUTPUT [--csv FOLDER] [--epochs 4]
    torchrun --nproc-per-node 2 tune.py …        (two processes that average their gradients)

Reads views.py's views and the features of the untouched tower (features.py --upstream). A photograph, in whatever look, should keep the class
probabilities, the features and the embedding that the untouched tower gives the plain picture (self-distillation); what has names should be
nearer to one of them than to other names (a contrastive loss over a bank of names). Captions are not used: they are left to fit.py, where each
can be held back in turn. Writes OUTPUT/image.safetensors.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import features
import fit
import head
import towers

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "generator"))
from together import Team  # noqa: E402

SHARES = {"flickr-train": 1.3, "imagenet-one-per-class": 1.2, "paintings": 0.6, "clothes": 0.8, "groceries": 0.8}
# A picture of ImageNet is of its class, whatever the tower thinks: this much of its probability.
LABEL_SHARE = 0.4
TEMPERATURE = 0.07
BANK = 2500
# Names this near to each other are not told apart.
SAME_NAME = 0.8
BATCH = 24
WEIGHTS = {"classes": 0.25, "features": 1.5, "embedding": 1.5, "names": 0.35}


class Views:
    """The views with names, and what the untouched tower says of the pictures they show."""

    def __init__(self, options, text, teacher):
        cache = Path(options.cache)
        self.maps = np.load(cache / "views.npz")["maps"]
        said = json.loads((cache / "views.json").read_text())
        csv = options.csv or options.data
        self.pooled = np.zeros((len(said), towers.HEAD), np.float32)
        self.logits = np.zeros((len(said), towers.CLASSES), np.float32)
        self.is_photograph = np.array([view["set"] not in ("openclipart", "emoji") for view in said])
        self.label = np.full(len(said), -1)
        rows = {}
        for name in sorted({view["set"] for view, photograph in zip(said, self.is_photograph) if photograph}):
            stored = np.load(cache / "upstream" / f"{name}.npz")
            places = {int(row): place for place, row in enumerate(stored["kept"])}
            mine = [index for index, view in enumerate(said) if view["set"] == name and view["row"] in places]
            rows[name] = mine
            for index in mine:
                place = places[said[index]["row"]]
                self.pooled[index], self.logits[index] = stored["pooled"][place], stored["logits"][place]
                if name == "imagenet-one-per-class":
                    self.label[index] = said[index]["row"]  # one picture a class, in the classes' order
        # The teacher's projection has seen the captions, so their pictures are not drawn towards its answers: fit.py holds captions back in turn.
        self.has_embedding = self.is_photograph & np.array([view["set"] != "flickr-train" for view in said])
        self.embedding = np.where(self.has_embedding[:, None], teacher.embed(self.pooled, self.logits), 0).astype(np.float32)
        known = set().union(*rows.values())
        self.used = np.array([
            index for index, view in enumerate(said)
            if view["look"] != "recoloured" and (index in known if self.is_photograph[index] else view["names"])])
        self.names = [view["names"] for view in said]
        every = sorted({name for index in self.used for name in self.names[index]} | {", ".join(self.names[index]) for index in self.used if self.names[index]})
        self.number = {name: number for number, name in enumerate(every)}
        self.texts = text([fit.PHRASE.format(name) for name in every])
        weights = np.array([SHARES.get(said[index]["set"], 1.0) for index in self.used])
        self.weights = weights / weights.sum()

    def name_of(self, index, rng):
        """One of a view's names at random, of a drawing sooner the first ones and at times all together; -1 where it has none."""
        names = self.names[index]
        if not names:
            return -1
        if self.is_photograph[index]:
            return self.number[names[rng.integers(len(names))]]
        if len(names) > 1 and rng.random() < 0.4:
            return self.number[", ".join(names)]
        return self.number[names[min(int(rng.exponential(1.2)), len(names) - 1)]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("cache")
    parser.add_argument("output")
    parser.add_argument("--csv")
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="a step's size, relative to the weights' own")
    options = parser.parse_args()
    team = Team()
    torch.set_num_threads(1)
    torch.manual_seed(team.rank)
    rng = np.random.default_rng(team.rank)
    original = {name: tensor.float() for name, tensor in towers.fold(towers.upstream_image_checkpoint()).items()}
    text = towers.TextTower({
        name: tensor for name, tensor in towers.read(Path(towers.upstream_text_folder()) / "model.safetensors").items()
        if "pooler" not in name and "position_ids" not in name}, Path(towers.upstream_text_folder()) / "vocab.txt")
    teacher = fit.plain_head(fit.Data(options, Path(options.cache) / "upstream"), text)
    views = Views(options, text, teacher)
    if team.leads:
        print(len(views.used), "views,", len(views.number), "names", flush=True)

    tower = {name: tensor.clone() for name, tensor in original.items()}
    head_ = {name: torch.from_numpy(teacher.tensors[name].copy()) for name in ("projection.weight", "projection.bias")}
    class_embeddings = F.normalize(torch.from_numpy(teacher.tensors["class_embeddings"]), dim=1)
    trained = [(tower, name) for name in tower if name.startswith(("head", "classifier"))]
    trained += [(tower, name) for name in tower if name.startswith("blocks.") and int(name.split(".")[1]) >= towers.TUNED_BLOCK]
    trained += [(head_, name) for name in head_]
    parameters = [place[name].requires_grad_(True) for place, name in trained]
    # Weights with a batch norm folded in differ much in size, and so must the steps.
    sizes = [max(float(parameter.detach().square().mean().sqrt()), 3e-3) for parameter in parameters]
    optimizer = torch.optim.AdamW([{"params": [parameter]} for parameter in parameters], betas=(0.9, 0.98), weight_decay=0)
    average = [parameter.detach().clone() for parameter in parameters]

    def embed(pooled, logits):
        directions = F.normalize((pooled + 1e-6).sqrt(), dim=1)
        projected = F.normalize(F.linear(directions, head_["projection.weight"], head_["projection.bias"]), dim=1)
        values, classes = logits.topk(teacher.config["likeliestClasses"], dim=1)
        named = F.normalize((values.softmax(1)[:, :, None] * class_embeddings[classes]).sum(1), dim=1)
        return F.normalize(projected + teacher.config["classWeight"] * named, dim=1)

    def losses(chosen):
        maps = torch.from_numpy(views.maps[chosen].astype(np.float32)).contiguous(memory_format=torch.channels_last)
        pooled, logits = towers.top(tower, maps, towers.TUNED_BLOCK)
        embedding = embed(pooled, logits)
        photograph = torch.from_numpy(views.is_photograph[chosen])
        count = max(int(photograph.sum()), 1)
        wanted = torch.from_numpy(views.logits[chosen]).softmax(1)
        label = torch.from_numpy(views.label[chosen])
        labelled = label >= 0
        wanted[labelled] *= 1 - LABEL_SHARE
        wanted[labelled.nonzero()[:, 0], label[labelled]] += LABEL_SHARE
        divergence = (wanted * (wanted.clamp_min(1e-9).log() - logits.log_softmax(1))).sum(1)
        away = 1 - F.cosine_similarity(pooled, torch.from_numpy(views.pooled[chosen]) + 1e-6, dim=1)
        apart = (1 - (embedding * torch.from_numpy(views.embedding[chosen])).sum(1)) * torch.from_numpy(views.has_embedding[chosen])
        numbers = torch.tensor([views.name_of(index, rng) for index in chosen])
        named = numbers >= 0
        own = views.texts[numbers[named]]
        bank = torch.cat([own, views.texts[torch.randint(len(views.texts), (BANK,))]])
        same = own @ bank.T > SAME_NAME
        same.fill_diagonal_(False)
        scores = (embedding[named] @ bank.T / TEMPERATURE).masked_fill(same, -1e4)
        return {
            "classes": (divergence * photograph).sum() / count, "features": (away * photograph).sum() / count,
            "embedding": apart.sum() / count, "names": F.cross_entropy(scores, torch.arange(len(own)))}

    steps, began = int(options.epochs * len(views.used) / (BATCH * team.size)), time.monotonic()
    shown = {}
    for step in range(steps):
        rate = options.rate * min(1, (step + 1) / 30) * (0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))
        for group, size in zip(optimizer.param_groups, sizes):
            group["lr"] = rate * size
        parts = losses(rng.choice(views.used, BATCH, p=views.weights))
        optimizer.zero_grad(set_to_none=True)
        sum(WEIGHTS[name] * part for name, part in parts.items()).backward()
        team.share(parameters, 0.0)
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        keep = min(0.99, (1 + step) / (10 + step))
        with torch.no_grad():
            for slow, quick in zip(average, parameters):
                slow.lerp_(quick, 1 - keep)
        shown = {name: 0.97 * shown.get(name, part.item()) + 0.03 * part.item() for name, part in parts.items()}
        if team.leads and (step % 25 == 0 or step == steps - 1):
            print(f"{step} of {steps}, {time.monotonic() - began:.0f} s", {name: round(value, 4) for name, value in shown.items()}, flush=True)
    if team.leads:
        tuned = {name: slow for (place, name), slow in zip(trained, average) if place is tower}
        Path(options.output).mkdir(parents=True, exist_ok=True)
        shipped = {name: tensor.detach().to(torch.float16) for name, tensor in (original | tuned).items()}
        towers.write(Path(options.output) / "image.safetensors", shipped)


if __name__ == "__main__":
    main()
