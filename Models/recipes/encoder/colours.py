"""The colours of things and of what people wear: judges what config.json's "colours" tell by the colours that were written down by eye.

    python colours.py MODEL DATA CACHE [--sets flickr-train imagenet-one-per-class street-fashion] [--bounds] [--sheet FILE]

CACHE holds maps.py's `maps`. judged_colours.tsv has a row for each thing that was looked at: its set, file and name, and the colours that a person
would call it (none where it has no one colour, or is not what it was taken for); "person below" is what somebody wears below. `--bounds` shows what
other shares than config.json's would tell; `--sheet` draws what is told, to be judged. ThingPixels.swift and ThingColours.swift do the same.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

import seeing
import seen

NAMES = ["black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "beige"]
SIDE, AROUND, ROUNDS = 192, 0.25, 3
LINEAR = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255])
TO_CONES = np.array([[0.41222147, 0.53633254, 0.051445995], [0.2119035, 0.6806996, 0.10739696], [0.08830246, 0.28171884, 0.6299787]])
TO_LAB = np.array([[0.21045426, 0.7936178, -0.004072047], [1.9779985, -2.4285922, 0.4505937], [0.025904037, 0.78277177, -0.80867577]])


def oklab(rgb):
    return np.cbrt(LINEAR[rgb] @ TO_CONES.T) @ TO_LAB.T


def called(lab):
    """[..., 3] to positions in NAMES, as OKLab.called names a colour."""
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    named = np.full(lightness.shape, NAMES.index("purple"))

    def say(where, name):
        named[where] = NAMES.index(name)

    say((lightness > 0.62) & (hue > 315), "pink")
    say(hue < 288, "blue")
    say(hue < 185, "green")
    low = hue < 118
    say(low, "brown")
    say(low & (lightness > 0.68) & (chroma < 0.1), "beige")
    say(low & (lightness > 0.62) & (chroma >= 0.1), "yellow")
    say(low & (hue > 100) & (lightness < 0.68) & (chroma > 0.05), "green")
    low = hue < 75
    say(low, "brown")
    say(low & (lightness > 0.7) & (chroma < 0.1), "beige")
    say(low & (lightness > 0.56) & (chroma > 0.13), "orange")
    low = hue < 40
    say(low, "red")
    say(low & (hue > 33) & (chroma < 0.13) & (lightness < 0.6), "brown")
    say(low & ((lightness > 0.68) | (lightness > 0.6) & (chroma < 0.14)), "pink")
    say(low & (chroma < 0.09), "brown")
    say(low & (chroma < 0.09) & (lightness > 0.7), "beige")
    say(low & (chroma < 0.09) & (lightness > 0.7) & (hue < 28), "pink")
    low = (hue < 12) | (hue >= 345)
    say(low, "pink")
    say(low & (lightness < 0.6) & (chroma > 0.1), "red")
    pale = chroma < np.where(lightness > 0.66, 0.04, 0.035)
    say(pale, "grey")
    say(pale & (lightness > 0.66), "white")
    say((lightness < 0.2) | (lightness < 0.27) & (chroma < 0.06) | (lightness < 0.36) & (chroma < 0.03), "black")
    return named


def histogram(bins, weights):
    counts = np.bincount(bins.ravel(), weights.ravel(), 2560).reshape(10, 16, 16)
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if other == axis else (0, 0) for other in range(3)])
        take = lambda first: np.take(padded, range(first, first + counts.shape[axis]), axis)  # noqa: E731
        counts = (take(0) + take(2)) / 4 + take(1) / 2
    return counts.ravel() / max(counts.sum(), 1e-9)


def within(one, other):
    """How much of a box lies in another."""
    inner = max(0, min(one[2], other[2]) - max(one[0], other[0])) * max(0, min(one[3], other[3]) - max(one[1], other[1]))
    return inner / max((one[2] - one[0]) * (one[3] - one[1]), 1e-9)


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


class Picture:
    def __init__(self, image):
        factor = min(1, SIDE / max(image.size))
        self.width, self.height = (max(1, round(side * factor)) for side in image.size)
        self.lab = oklab(np.asarray(image.resize((self.width, self.height), Image.BOX)))
        steps = [np.clip(self.lab[..., 0] * 10, 0, 9), np.clip((self.lab[..., 1] + 0.4) * 20, 0, 15), np.clip((self.lab[..., 2] + 0.4) * 20, 0, 15)]
        lightness, a, b = (step.astype(int) for step in steps)
        self.bins = (lightness * 16 + a) * 16 + b
        self.y, self.x = np.mgrid[: self.height, : self.width] + 0.5
        self.x, self.y = self.x / self.width, self.y / self.height

    def inside(self, box):
        return (self.x >= box[0]) & (self.x < box[2]) & (self.y >= box[1]) & (self.y < box[3])

    def near(self, box):
        """The rows and columns of a box and what is around it."""
        w, h = AROUND * (box[2] - box[0]), AROUND * (box[3] - box[1])
        first = [int(max(0, box[0] - w) * self.width), int(max(0, box[1] - h) * self.height)]
        last = [int(np.ceil(min(1, box[2] + w) * self.width)), int(np.ceil(min(1, box[3] + h) * self.height))]
        return slice(first[1], max(first[1] + 1, last[1])), slice(first[0], max(first[0] + 1, last[0]))

    def around(self, box):
        where = np.zeros((self.height, self.width), bool)
        where[self.near(box)] = True
        return where & ~self.inside(box)

    def part(self, box, holes=()):
        """How surely each pixel is the thing's in the box, and how many pixels the box has."""
        w, h = box[2] - box[0], box[3] - box[1]
        near = self.near(box)
        x, y, bins, inside = self.x[near], self.y[near], self.bins[near], self.inside(box)[near]
        u, v = 2 * (x - box[0]) / w - 1, 2 * (y - box[1]) / h - 1
        may = np.exp(-(u**4 + v**4)) * inside
        for hole in holes:
            may = may * ~self.inside(hole)[near]
        weights = may * np.exp(-2 * (u**2 + v**2))
        if (~inside).sum() >= 0.15 * inside.sum():
            for turn in range(ROUNDS):
                rest = (~inside) * 1.0
                if turn:
                    rest = rest + 0.5 * inside * (may > 0) * (1 - weights / np.maximum(may, 1e-6))
                own, other = histogram(bins, weights), histogram(bins, rest)
                weights = may * (own / np.maximum(own + other, 1e-12))[bins]
                padded = np.pad(weights, 1, mode="edge")
                means = sum(padded[row : row + weights.shape[0], column : column + weights.shape[1]] for row in range(3) for column in range(3)) / 9
                weights = may * np.clip((weights + means) / 2, 0, 1)
        whole = np.zeros((self.height, self.width))
        whole[near] = weights
        return whole, inside.sum()

    def clothes(self, person, things, settings):
        _, _, box, traits = person
        w, h = box[2] - box[0], box[3] - box[1]
        face = self.face(person, things, settings)
        if face is not None:
            wide, high = face[2] - face[0], face[3] - face[1]
            middle, half = (face[0] + face[2] + box[0] + box[2]) / 4, max(wide, 0.22 * w)
            place = [max(box[0], middle - half), face[3] + high / 4, min(box[2], middle + half), min(face[3] + 2.6 * high, box[3] - 0.02 * h)]
        elif traits.get("whole figure", 0) >= settings["leastWhole"]:
            place = middle_of(box, 0.2, 0.47)
        else:
            return None
        return self.dressed(self.part(box)[0], place, face)

    def face(self, person, things, settings):
        box = person[2]
        h = box[3] - box[1]
        faces = [
            face for name, certainty, face, _ in things
            if name == "face" and certainty >= settings["leastFace"] and within(face, box) > 0.8 and (face[1] + face[3]) / 2 < box[1] + h / 2 and face[3] - face[1] < 0.7 * h]
        return max(faces, key=area, default=None)

    def dressed(self, figure, place, face):
        """What in a place of a figure is not of the face's colour, and how many pixels the place has."""
        room = max(0, place[2] - place[0]) * max(0, place[3] - place[1]) * self.width * self.height
        if room < 20:
            return None
        weights = figure * self.inside(place)
        if face is not None:
            wide, high = face[2] - face[0], face[3] - face[1]
            found = self.lab[self.inside([face[0] + wide / 4, face[1] + 0.35 * high, face[2] - wide / 4, face[3] - 0.15 * high])]
            if len(found) >= 3:
                skin = np.sort(found, 0)[len(found) // 2]
                weights = weights * ((np.hypot(self.lab[..., 1] - skin[1], self.lab[..., 2] - skin[2]) >= 0.03) | (abs(self.lab[..., 0] - skin[0]) >= 0.2))
        return weights, room

    def shares(self, weights):
        weights = weights**2
        return np.bincount(called(self.lab).ravel(), weights.ravel(), len(NAMES)) / max(weights.sum(), 1e-9)

    def below(self, person, things, settings):
        """The colour of what a standing person wears below, and the weights of the thighs' pixels; None where it is not certain."""
        _, _, box, traits = person
        bounds = settings["below"]
        shape = (box[3] - box[1]) * self.height / max((box[2] - box[0]) * self.width, 1e-6)
        if (
            traits.get("whole figure", 0) < settings["leastWhole"] or traits.get("seated", 0) >= bounds["mostSeated"]
            or box[3] - box[1] < bounds["leastHeight"] or shape < bounds["leastShape"]
        ):
            return None
        figure, face = self.part(box)[0], self.face(person, things, settings)
        thighs, shins = (self.dressed(figure, middle_of(box, *span), face) for span in ((0.53, 0.72), (0.72, 0.9)))
        if thighs is None or shins is None:
            return None
        if thighs[0].sum() < bounds["leastFill"] * thighs[1] or shins[0].sum() < bounds["leastShinFill"] * shins[1]:
            return None
        shares = self.shares(thighs[0])
        most = int(shares.argmax())
        around = called(self.lab)[self.around(box)]
        if (
            shares[most] < bounds["leastOf"].get(NAMES[most], bounds["least"]) or self.shares(shins[0])[most] < bounds["leastOfShins"]
            or (around == most).sum() > bounds["mostAround"] * max(len(around), 1)
        ):
            return None
        if NAMES[most] == "black":
            weights = thighs[0] ** 2
            a, b = ((weights * self.lab[..., channel]).sum() / weights.sum() for channel in (1, 2))
            if b < -bounds["mostBlue"] or np.hypot(a, b) > bounds["mostTint"]:
                return None
        return NAMES[most], thighs[0]


def middle_of(box, top, bottom):
    """The middle half of a box between two shares of its height."""
    w, h = box[2] - box[0], box[3] - box[1]
    return [box[0] + w / 4, box[1] + top * h, box[2] - w / 4, box[1] + bottom * h]


def kind_of(name, settings):
    return next((kind for kind in settings["kinds"] if name in kind["things"]), None)


def main_one(name, things, settings):
    """The position of the one thing of a name that stands out; None where there is no such one."""
    kind, own = kind_of(name, settings), [index for index, thing in enumerate(things) if thing[0] == name]
    if kind is None or not own:
        return None
    main = max(own, key=lambda index: (things[index][1] * area(things[index][2]) ** 0.5, -index))
    _, certainty, box, _ = things[main]
    if certainty < kind["leastCertainty"] or area(box) < kind["leastArea"] or (name == "person" and box[3] - box[1] < settings["leastHeight"]):
        return None
    alike = any(
        index != main and things[index][1] >= settings["alikeCertainty"] and area(things[index][2]) >= settings["alikeArea"] * area(box)
        and within(things[index][2], box) < 0.7 and within(box, things[index][2]) < 0.7
        for index in own
    )
    return None if alike else main


def shares_of(picture, things, settings):
    """Of each name that has a main thing: name, its position, for each colour its share and that of what is around, and the weights."""
    told = []
    for name in sorted({thing[0] for thing in things}):
        main = main_one(name, things, settings)
        if main is None:
            continue
        kind, box = kind_of(name, settings), things[main][2]
        if name == "person":
            found = picture.clothes(things[main], things, settings)
            least = settings["leastWornFill"]
        else:
            found = picture.part(box, [thing[2] for thing in things if thing[0] == "person" and thing[1] >= 0.4 and within(thing[2], box) < 0.8])
            least = settings["leastFill"]
        if found is None or found[0].sum() / max(found[1], 1) < least:
            continue
        weights = found[0] ** 2
        if weights.sum() < 1e-6:
            continue
        shares = np.bincount(called(picture.lab).ravel(), weights.ravel(), len(NAMES)) / weights.sum()
        for colour, other in kind.get("calledAs", {}).items():
            shares[NAMES.index(other)] += shares[NAMES.index(colour)]
            shares[NAMES.index(colour)] = 0
        around = called(picture.lab)[picture.around(box)]
        share_around = np.bincount(around, minlength=len(NAMES)) / max(len(around), 1)
        for colour, other in kind.get("calledAs", {}).items():
            share_around[NAMES.index(other)] += share_around[NAMES.index(colour)]
        told.append((name, main, dict(zip(NAMES, zip(shares.tolist(), share_around.tolist()))), found[0]))
    return told


def said(name, shares, settings):
    """The colour that is told, or None."""
    kind = next(kind for kind in settings["kinds"] if name in kind["things"])
    colour = min(shares, key=lambda colour: (-shares[colour][0], colour))
    share, around = shares[colour]
    return colour if share >= kind.get("leastOf", {}).get(colour, kind["least"]) and around <= kind["mostAround"] else None


def looked_at(model, data, cache, sets):
    """Every picture of the sets: its name, itself, and the boxes of its things."""
    config = json.loads((Path(model) / "config.json").read_text())
    head = seeing.Seeing(model, config)
    for name in sets:
        views = seen.Views(cache, sets=[name])
        for index, file in enumerate(views.names()):
            if not name.startswith(str(file).split("/")[0]):
                continue
            _, things = head(*views.look(index))
            yield file, Image.open(Path(data) / file).convert("RGB"), things


def tile(image, box, weights, lines):
    """A thing in its surroundings, what was taken for its pixels, and what is told of it."""
    one = Image.new("RGB", (300, 150), "white")
    w, h = image.size
    left, top = max(0, box[0] - 0.15 * (box[2] - box[0])), max(0, box[1] - 0.15 * (box[3] - box[1]))
    right, bottom = min(1, box[2] + 0.15 * (box[2] - box[0])), min(1, box[3] + 0.15 * (box[3] - box[1]))
    corners = (int(left * w), int(top * h), max(int(left * w) + 1, int(right * w)), max(int(top * h) + 1, int(bottom * h)))
    part = image.crop(corners)
    part.thumbnail((148, 118))
    mask = Image.fromarray((np.clip(weights, 0, 1) * 255).astype("uint8")).resize(image.size).crop(corners).resize(part.size)
    one.paste(part, (0, 0))
    one.paste(Image.composite(part, Image.new("RGB", part.size, "magenta"), mask), (150, 0))
    for index, line in enumerate(lines):
        ImageDraw.Draw(one).text((2, 120 + 13 * index), line, fill="black")
    return one


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("cache")
    parser.add_argument("--sets", nargs="+", default=["flickr-train", "imagenet-one-per-class", "street-fashion"])
    parser.add_argument("--bounds", action="store_true")
    parser.add_argument("--sheet")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings = json.loads((Path(arguments.model) / "config.json").read_text())["judgement"]["colours"]
    with open(Path(__file__).parent / "judged_colours.tsv", encoding="utf-8") as file:
        truth = {(row["file"], row["thing"]): row["colours"].split("|") if row["colours"] else [] for row in csv.DictReader(file, delimiter="\t")}
    rows, below, tiles, pictures, with_one = [], [], [], 0, 0
    for file, image, things in looked_at(arguments.model, arguments.data, arguments.cache, arguments.sets):
        pictures += 1
        picture = Picture(image)
        told = [(name, main, shares, weights, said(name, shares, settings)) for name, main, shares, weights in shares_of(picture, things, settings)]
        with_one += any(colour for *_, colour in told)
        main = main_one("person", things, settings)
        worn = picture.below(things[main], things, settings) if main is not None else None
        below += [(worn[0], truth.get((file, "person below")))] if worn else []
        if worn and arguments.sheet:
            tiles.append(tile(image, things[main][2], worn[1], [f"{len(tiles)} {worn[0]} below", file[-44:]]))
        for name, main, shares, weights, colour in told:
            right = truth.get((file, name))
            rows.append((name, shares, colour, right))
            if colour and arguments.sheet:
                tiles.append(tile(image, things[main][2], weights, [f"{len(tiles)} {colour} {name} {shares[colour][0]:.2f}", file[-44:]]))
    print(f"{pictures} pictures, {with_one} with a colour told")
    judged = [colour in right for colour, right in below if right is not None]
    print(f"worn below: told {len(below)}, right {sum(judged)} of {len(judged)} judged")
    for kind in settings["kinds"]:
        own = [(name, shares, colour, right) for name, shares, colour, right in rows if name in kind["things"]]
        judged = [(colour, right) for _, _, colour, right in own if colour and right is not None]
        print(f"{kind['things'][0]} …: told {sum(colour is not None for _, _, colour, _ in own)} of {len(own)}, right {sum(c in r for c, r in judged)} of {len(judged)} judged")
        for colour in NAMES:
            ours = [right for said_colour, right in judged if said_colour == colour]
            if ours:
                print(f"  {colour} {sum(colour in right for right in ours)} of {len(ours)}")
        if arguments.bounds:
            for least in (0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8):
                other = {"kinds": [{**kind, "least": least, "leastOf": {k: max(v, least) for k, v in kind.get("leastOf", {}).items()}}]}
                ours = [(said(name, shares, other), right) for name, shares, _, right in own if right is not None]
                ours = [(colour, right) for colour, right in ours if colour]
                print(f"  from {least}: right {sum(c in r for c, r in ours)} of {len(ours)}")
    if arguments.sheet:
        sheet = Image.new("RGB", (5 * 304, -(-len(tiles) // 5) * 152), "white")
        for index, one in enumerate(tiles):
            sheet.paste(one, (index % 5 * 304, index // 5 * 152))
        sheet.save(arguments.sheet)


if __name__ == "__main__":
    main()
