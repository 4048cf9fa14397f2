"""What analyze ranks by: what the head saw and what the embeddings say, on the one scale that is shown, as Analyzer.swift joins them.

Left out are the parts of wide and tall pictures, and everything that is chosen among the tags afterwards.
"""

import re
from pathlib import Path

import numpy as np

import head
import seeing
import towers


def logit(p):
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def first_templates(file):
    found, facet = {}, None
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("@facet"):
            facet = line.split()[1]
        elif line and line[0] != "#":
            found.setdefault(facet, line)
    return found


class Vocabulary:
    """The .tags files of a folder: each tag's facet, the phrase in which it is asked, what it implies, and names and aliases to tags."""

    def __init__(self, folder):
        self.facets, self.phrases, self.implied, self.names = {}, {}, {}, {}
        # Of most facets a tag is asked in their first template.
        self.templates = first_templates(Path(folder) / "redraw.templates")
        for file in sorted(Path(folder).glob("*.tags")):
            facet, section = "subject", {}
            for line in file.read_text(encoding="utf-8").splitlines():
                line = line.strip()
                if line.startswith("@facet"):
                    facet = line.split()[1]
                elif line.startswith("["):
                    section = self.parts(line.strip("[]"))
                elif line and line[0] not in "#@":
                    parts = self.parts(line)
                    name = parts[""][0]
                    self.facets[name] = facet
                    self.phrases[name] = ", ".join(parts.get(":") or section.get(":") or ["{}"]).replace("{}", name)
                    self.implied[name] = [tag for tag in dict.fromkeys(section.get("<", []) + parts.get("<", [])) if tag != name]
                    # What is measured, or told by boxes, is asked of no encoder.
                    if facet == "subject" and ("*" in parts or "*" in section):
                        continue
                    self.names.setdefault(name, name)
                    for alias in parts.get("=", []):
                        self.names.setdefault(alias, name)

    @staticmethod
    def parts(line):
        """The pieces of a line by the sign before them."""
        pieces = re.split(r" ([<=!*:])(?: |$)", " " + line)
        parts = {"": [pieces[0].strip()]}
        for sign, said in zip(pieces[1::2], pieces[2::2]):
            parts[sign] = [word.strip() for word in said.split(",") if word.strip()]
        return parts

    def text(self, tag, sentence):
        """The text whose embedding is the tag's, `sentence` being the encoder's own (TagWording.swift)."""
        facet, phrase = self.facets[tag], self.phrases[tag]
        if facet != "subject" and phrase != tag:
            return phrase
        return (sentence if facet in ("subject", "setting") else self.templates[facet]).replace("{}", phrase)

    def all_implied(self, tag):
        """Everything that a tag implies, however far."""
        found, left = [], list(self.implied.get(tag, []))
        while left:
            general = left.pop(0)
            if general not in found:
                found.append(general)
                left += self.implied.get(general, [])
        return found


class Joined:
    def __init__(self, model, vocabulary, config):
        self.vocabulary, self.judgement = Vocabulary(vocabulary), config["judgement"]
        self.calibration, self.phrase = config["calibration"], config["textPhrase"]
        self.head = head.Head({name: tensor.numpy() for name, tensor in towers.read(model / "head.safetensors").items()}, config["head"])
        self.tower = towers.TextTower(towers.read(model / "text.safetensors"), model / "vocab.txt")
        self.embedded, self.things = {}, set(config["seeing"]["things"])
        # Tags that say how many have no facet's scale.
        self.counted = {word for words in config["seeing"]["counts"].values() for word in words}
        self.counted |= set(self.judgement.get("counting", {}).get("several", {}).values())

    def texts(self, texts):
        missing = [text for text in dict.fromkeys(texts) if text not in self.embedded]
        if missing:
            self.embedded |= zip(missing, self.tower(missing).numpy())
        return np.stack([self.embedded[text] for text in texts])

    def asked(self, tag):
        return self.vocabulary.text(tag, self.phrase)

    def ranked(self, embedding, drawn, texts, facets):
        """What embeddings say of texts, on selection's scale [texts]."""
        offsets = np.array([self.judgement["offsets"].get(facet, 0) for facet in facets]) - self.judgement["drawnOffset"] * drawn
        return head.sigmoid(self.calibration["cosine"] * (self.texts(texts) @ embedding) + self.calibration["intercept"] + offsets)

    def sure(self, seen, tag, drawn, ranked):
        """What the head says of a tag, on selection's scale; `ranked` is what embeddings say of it there."""
        facet = self.vocabulary.facets.get(tag, "subject")
        shown = seeing.judged(seen[tag], tag, None if tag in self.counted else facet, self.judgement, self.things, logit(ranked))
        offsets = self.judgement.get("drawnSeenOffsets", {})
        log_odds = logit(shown) - offsets.get(tag, offsets.get(facet, 0)) * drawn
        faint = self.judgement.get("faintSeen")
        least = logit(faint["from"]) if faint else -np.inf
        kept = (max(log_odds, least) + self.judgement["shownOffset"]) / self.judgement["shownSlope"]
        return head.sigmoid(kept + faint["slope"] * (log_odds - least) if log_odds < least else kept)

    def confidences(self, words, embedding, seen, drawn):
        """How sure each word is, as it is shown [words]: a tag of the vocabulary with all that is known of it, any other word by its embedding."""
        v = self.vocabulary
        tags = [v.names.get(word) for word in words]
        facets = [v.facets[tag] if tag else "subject" for tag in tags]
        own = self.ranked(embedding, drawn, [self.asked(tag) if tag else self.phrase.replace("{}", word) for tag, word in zip(tags, words)], facets)
        for row, tag in enumerate(tags):
            if tag is None:
                continue
            if tag in seen and (sure := self.sure(seen, tag, drawn, own[row])) >= own[row]:
                own[row] = sure
                continue
            # A kind of something is no surer than the thing itself, where its place was looked for.
            for general in v.all_implied(tag):
                if general in self.things and general in seen:
                    told = self.ranked(embedding, drawn, [self.asked(general)], [v.facets[general]])[0]
                    own[row] = min(own[row], max(told, self.sure(seen, general, drawn, told)))
        return head.sigmoid(self.judgement["shownSlope"] * logit(own) - self.judgement["shownOffset"])
