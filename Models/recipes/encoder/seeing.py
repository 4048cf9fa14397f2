"""What was taught to see, as it is shipped: reads seeing.safetensors and config.json's numbers and applies them, as the Swift head does."""

from pathlib import Path

import numpy as np

import head
import towers
from branch import Branch
from glance import Glance


class Seeing(Branch):
    def __init__(self, folder, config):
        super().__init__(towers.read(Path(folder) / "seeing.safetensors"), towers.read(Path(folder) / "image.safetensors"), config["seeing"])
        self.glance = Glance(self.tensors, self.config["glance"])

    def things(self, scores, sides, traits, cells):
        """Of one picture, the most certain first: name, certainty, box, traits."""
        config, found = self.config, []
        certainty = head.sigmoid(config["boxSlope"] * scores + config["boxIntercept"])
        for cell, index in np.argwhere(certainty >= config["leastCertainty"]):
            name = config["things"][index]
            first = 4 * (config["ownSides"].index(name) + 1) if name in config["ownSides"] else 0
            far = np.exp(np.clip(sides[cell, first:first + 4], -6, 6)) * cells[cell, 2]
            x, y = cells[cell, :2]
            box = np.clip([x - far[0], y - far[1], x + far[2], y + far[3]], 0, 1)
            held = dict(zip(config["traits"], head.sigmoid(traits[cell]).tolist())) if name == config["traitsOf"] else {}
            found.append((name, float(certainty[cell, index]), box, held))
        found.sort(key=lambda thing: -thing[1])
        kept = []
        for thing in found[:500]:
            if len(kept) == config["mostThings"]:
                break
            if not any(thing[0] == other[0] and overlap(thing[2], other[2]) > config["sameOverlap"] for other in kept):
                kept.append(thing)
        return kept

    def __call__(self, pooled, glanced, x):
        """Of one picture: probability by tag, and things. `pooled` [1280] and the maps `glanced` [1, channels, side, side] are the tower's;
        `x` [1, 3, imageSize, imageSize], prepared."""
        scores, sides, traits, cells = self.levels(x)
        config = self.config
        things = self.things(scores[0], sides[0], traits[0], cells)
        logits = head.directions(pooled[None])[0] @ self.tensors["labels.weight"].numpy().T + self.tensors["labels.bias"].numpy()
        glance = config["glance"]["weight"] * self.glance(glanced)[0]
        for index, name in enumerate(config["things"]):
            if name in config["labels"]:
                logits[config["labels"].index(name)] += config["thingWeight"] * scores[0, :, index].max() + glance[index]
        for trait in config["traits"]:
            if trait in config["labels"]:
                held = [thing[3][trait] * thing[1] for thing in things if thing[0] == config["traitsOf"]]
                logits[config["labels"].index(trait)] += config["traitWeight"] * max(held, default=0)
        return dict(zip(config["labels"], head.sigmoid(logits).tolist())), things


def judged(probability, tag, facet, judgement, things=(), ranked=None):
    """What the head says of a tag as a person would judge it: by the scale of the tag, or else of the subjects that have boxes (`things`), or of its
    facet. `ranked` is what embeddings say of it, as log-odds."""
    scales = judgement.get("seenScales", {})
    scale = scales.get(tag) or (scales.get("thing") if facet == "subject" and tag in things else None) or scales.get(facet)
    if scale is None:
        return probability
    share = np.clip(probability, 1e-6, 1 - 1e-6)
    told = scale.get("ranked", 0) * ranked if ranked is not None else 0
    return head.sigmoid(scale["slope"] * np.log(share / (1 - share)) + told - scale["offset"])


def told_of_boxes(tags, things, judgement):
    """The tags, with who a person is no surer than the head's even odds where no box of a person shows it."""
    tags = dict(tags)
    for trait, least in judgement.get("telling", {}).items():
        shown = any(certainty * held.get(trait, 0) >= least["trait"] and box[3] - box[1] >= least["height"] for _, certainty, box, held in things if held)
        if trait in tags and not shown:
            tags[trait] = min(tags[trait], 0.5)
    return tags


def mixed_mediums(mediums, tags, wholes):
    """The medium head's shares by name, with those of mediums that were likely seen: the rest share what one leaves. `wholes` names, for each such
    tag, what it is a kind of (Analyzer.swift)."""
    mediums = dict(mediums)
    for tag, whole in wholes.items():
        if tags.get(tag, 0) >= 0.5:
            mediums = {name: share * (1 - tags[tag]) for name, share in mediums.items()}
            mediums[whole] = mediums.get(whole, 0) + tags[tag]
    return mediums


def overlap(one, other):
    inner = max(0, min(one[2], other[2]) - max(one[0], other[0])) * max(0, min(one[3], other[3]) - max(one[1], other[1]))
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])  # noqa: E731
    return inner / max(area(one) + area(other) - inner, 1e-9)
