"""The default encoder as the judge of what the generator made: the shipped towers over the shipped vocabulary's words for things.

The encoder takes no part in the training of the generator.
"""

import json
import re
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "encoder"))
import head  # noqa: E402
import towers  # noqa: E402

THINGS = ("animals", "clothes", "food", "objects", "people", "plants", "settings")


def vocabulary_words(folder):
    """Each tag for a thing with its other names and the tags it is a kind of: name → (names, parents)."""
    words = {}
    for facet in THINGS:
        for line in (folder / f"{facet}.tags").read_text(encoding="utf-8").splitlines():
            line = re.split(r"\s[!:]\s|\s:|\s#", line.strip())[0]
            if not line or line.startswith(("#", "@", "[")):
                continue
            left, _, aliases = line.partition(" = ")
            name, _, parent = left.partition(" < ")
            words[name.strip()] = ([alias.strip() for alias in aliases.split(",") if alias.strip()], parent.strip())
    return words


class Judge:
    def __init__(self, model, vocabulary):
        config = json.loads((model / "config.json").read_text())
        self.image = towers.ImageTower(towers.read(model / "image.safetensors"))
        self.head = head.Head(towers.read(model / "head.safetensors"), config["head"])
        self.mediums = config["head"]["mediums"]
        self.words = vocabulary_words(vocabulary)
        self.names = list(self.words)
        self.text = towers.TextTower(towers.read(model / "text.safetensors"), model / "vocab.txt")
        self.directions = self.text([config["textPhrase"].format(name) for name in self.names]).numpy()

    def looked_at(self, images):
        """Embeddings and pooled features of PIL pictures."""
        parts = []
        for start in range(0, len(images), 8):
            parts.append(self.image(torch.stack([towers.prepare(image) for image in images[start : start + 8]])))
        pooled = torch.cat([part[0] for part in parts]).numpy()
        logits = torch.cat([part[1] for part in parts]).numpy()
        return self.head.embed(pooled, logits), pooled

    def five_names(self, images):
        scores = self.looked_at(images)[0] @ self.directions.T
        return [[self.names[index] for index in row] for row in (-scores).argsort(axis=1, kind="stable")[:, :5]]

    def nearest(self, prompt, images):
        """Number of the picture that is nearest to a prompt, as the program chooses among drafts."""
        return int((self.looked_at(images)[0] @ self.text([prompt]).numpy()[0]).argmax())

    def medium(self, images):
        return [self.mediums[index] for index in self.head.mediums(self.looked_at(images)[1]).argmax(axis=1)]

    def is_named(self, wanted, names):
        """Whether one of the wanted words is among the names: a tag, another name of it, or a kind of it."""
        for name in names:
            aliases, parent = self.words[name]
            if wanted & {name, parent, *aliases}:
                return True
        return False
