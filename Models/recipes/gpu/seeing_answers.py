"""More teachers' boxes for the detection branch, and things cut out of the pictures in which one of them stands alone.

    python seeing_answers.py DATA TEACHERS CACHE OUTPUT [--until 18:35] [--sets caltech101 clothes ...]

CACHE/answers holds what `encoder/teachers.py` was told. A third detector (nanodet-plus-m-416) is asked about those pictures, all three and the face
detector about the pictures of `--sets` (of Caltech-101 every row that is not for evaluation, without its label). OUTPUT gets boxes.pickle, and
cutouts/*.png with cutouts.json. Started again it goes on where it stopped.
"""

import argparse
import json
import pickle
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "encoder"))
import features  # noqa: E402
import teachers as asked  # noqa: E402

PASCAL_SIDE, PASCAL_PERSON = 513, 15
LARGEST = 220
PERSON, FACE = 0, 80


def certainties(probabilities):
    """The scale of labels.py."""
    return asked.sigmoid(1.6 * (asked.logit(probabilities) + 0.8))


def joined(two, nano):
    """Boxes [n, 6] of three detectors: what two said together, and the third."""
    fused, nano = [], nano.copy()
    least = asked.logit(asked.LEAST / 2)
    for row in two:
        score, box = 2 * asked.logit(row[5]) + least, row[:4]
        same = np.flatnonzero((nano[:, 4] == row[4]) & (asked.overlaps(row[:4], nano[:, :4]) > 0.5)) if len(nano) else []
        if len(same):
            best = same[np.argmax(nano[same, 5])]
            score = 2 * asked.logit(row[5]) + asked.logit(nano[best, 5])
            box = (2 * row[:4] * row[5] + nano[best, :4] * nano[best, 5]) / (2 * row[5] + nano[best, 5])
            nano = np.delete(nano, same, 0)
        fused.append((*box, row[4], asked.sigmoid(score / 3)))
    fused += [(*row[:5], asked.sigmoid((2 * least + asked.logit(row[5])) / 3)) for row in nano]
    return np.array(fused, np.float32).reshape(-1, 6)


class Scissors:
    """Cuts out the one thing of its kind of which the detectors are sure, where a mask of the picture agrees with the box."""

    def __init__(self, folder):
        self.pascal = asked.Interpreter(str(folder / "deeplab-pascal" / "deeplabv3_mnv2_pascal_quant.tflite"), num_threads=1)
        self.pascal.allocate_tensors()

    def classes(self, image):
        self.pascal.set_tensor(self.pascal.get_input_details()[0]["index"], asked.squashed(image, PASCAL_SIDE).astype(np.uint8)[None])
        self.pascal.invoke()
        return np.asarray(self.pascal.get_tensor(self.pascal.get_output_details()[0]["index"])).reshape(PASCAL_SIDE, PASCAL_SIDE)

    def chosen(self, boxes):
        """The rows of things that stand alone, at most two, and large ones first."""
        sure = certainties(boxes[:, 5])
        rows = []
        for row in np.flatnonzero(sure > 0.65):
            same = (boxes[:, 4] == boxes[row, 4]) & (sure > 0.12)
            left, top, right, bottom = boxes[row, :4]
            cut = (left < 0.01) + (top < 0.01) + (right > 0.99) + (bottom > 0.99)
            if same.sum() == 1 and (right - left) * (bottom - top) > 0.05 and cut <= 1:
                rows.append(row)
        return sorted(rows, key=lambda row: -(boxes[row, 2:4] - boxes[row, :2]).prod())[:2]

    def __call__(self, image, boxes):
        """RGBA pictures of what was cut out, with the row of the box."""
        rows = self.chosen(boxes)
        if not rows:
            return []
        small = image.resize((PASCAL_SIDE, PASCAL_SIDE), Image.Resampling.BILINEAR)
        pixels = np.asarray(small).astype(np.int16)
        rim = np.concatenate([pixels[:4].reshape(-1, 3), pixels[-4:].reshape(-1, 3), pixels[:, :4].reshape(-1, 3), pixels[:, -4:].reshape(-1, 3)])
        if (rim.min(1) > 238).mean() > 0.8:  # before white
            white, count = ndimage.label(pixels.min(2) > 232)
            outer = np.unique(np.concatenate([white[0], white[-1], white[:, 0], white[:, -1]]))
            found = ~np.isin(white, outer[outer > 0])
            found = np.stack([found, found])
        else:
            classes = self.classes(image)
            found = np.stack([classes == PASCAL_PERSON, (classes != 0) & (classes != PASCAL_PERSON)])
        made = []
        for row in rows:
            box = boxes[row, :4]
            grown = np.clip(box + 0.04 * np.array([-1, -1, 1, 1]) * np.tile(box[2:] - box[:2], 2), 0, 1)
            first, last = np.floor(grown[:2] * PASCAL_SIDE).astype(int), np.ceil(grown[2:] * PASCAL_SIDE).astype(int)
            mask = np.zeros((PASCAL_SIDE, PASCAL_SIDE), bool)
            mask[first[1]:last[1], first[0]:last[0]] = found[0 if boxes[row, 4] == PERSON else 1][first[1]:last[1], first[0]:last[0]]
            parts, count = ndimage.label(mask)
            if count == 0:
                continue
            sizes = np.bincount(parts.ravel())[1:]
            mask = ndimage.binary_fill_holes(np.isin(parts, 1 + np.flatnonzero(sizes > 0.1 * sizes.max()))) if count < 400 else parts == 1 + sizes.argmax()
            down, across = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            held = np.array([across[0], down[0], across[-1] + 1, down[-1] + 1]) / PASCAL_SIDE
            share = mask[down[0]:down[-1] + 1, across[0]:across[-1] + 1].mean()
            if asked.overlaps(held, box[None])[0] < 0.75 or not 0.2 < share < 0.93:
                continue
            alpha = Image.fromarray((mask * 255).astype(np.uint8)).resize(image.size, Image.Resampling.BILINEAR)
            pixel_box = [round(side * length) for side, length in zip(held, image.size * 2)]
            thing = image.crop(pixel_box).convert("RGBA")
            thing.putalpha(alpha.crop(pixel_box).filter(ImageFilter.GaussianBlur(max(image.size) / 400)))
            scale = min(1, LARGEST / max(thing.size))
            thing = thing.resize((max(8, round(thing.width * scale)), max(8, round(thing.height * scale))), Image.Resampling.BOX)
            made.append((thing, row, held))
        return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("teachers", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--sets", nargs="*", default=["caltech101", "clothes"])
    parser.add_argument("--until", help="the time of day, as 18:35, at which to stop")
    parser.add_argument("--part", default="0/1", help="which share of the sets' pictures, as 0/2 and 1/2 for two processes, each with its own OUTPUT")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    (options.output / "cutouts").mkdir(parents=True, exist_ok=True)
    known = {}
    for file in sorted((options.cache / "answers").glob("*.pickle")):
        known.update(pickle.loads(file.read_bytes()))
    nano = asked.NanoDet(options.teachers / "nanodet-plus-m-416" / "nanodet-plus-m_416")
    pico = asked.PicoDet(options.teachers / "picodet-s-416" / "picodet-s-416")
    yolox = asked.Yolox(options.teachers / "yolox-nano-416" / "yolox_nano.onnx")
    faces, scissors = asked.Faces(options.teachers / "face-rfb"), Scissors(options.teachers)
    features.LIMITS = {}
    names = sorted(known, key=lambda name: zlib.crc32(name[::-1].encode()))
    for picture_set in options.sets:
        more = [path.relative_to(options.data).as_posix() for path in features.training_paths(picture_set, options.data)]
        names += sorted(more, key=lambda name: zlib.crc32(name[::-1].encode()))[part::parts]
    file, said = options.output / "boxes.pickle", options.output / "cutouts.json"
    answers = pickle.loads(file.read_bytes()) if file.exists() else {}
    cutouts = json.loads(said.read_text()) if said.exists() else []
    begun = time.time()

    def save():
        file.with_suffix(".new").write_bytes(pickle.dumps(answers))
        file.with_suffix(".new").replace(file)
        said.write_text(json.dumps(cutouts))

    for number, name in enumerate(names):
        if name in answers:
            continue
        if options.until and time.strftime("%H:%M") >= options.until:
            break
        with Image.open(options.data / name) as opened:
            image = opened.convert("RGB")
        if name in known:
            two, found = known[name]["boxes"], known[name]["faces"]
        else:
            # Where the quickest sees nothing the others are seldom worth their time.
            first = pico(image)
            if first[0].max() < 0.35 and zlib.crc32(name.encode()) % 6:
                continue
            _, two = asked.agreed([first, yolox(image)])
            found = faces(image)
        boxes = joined(two, nano(image)[1])
        answers[name] = dict(boxes=boxes, faces=found, size=image.size)
        if not features.held_out(name):
            every = np.concatenate([boxes, np.concatenate([found[:, :4], np.full((len(found), 1), FACE), found[:, 4:]], 1)]).astype(np.float32)
            for thing, row, place in scissors(image, boxes):
                span = np.tile(place[2:] - place[:2], 2)
                shifted = (every[:, :4] - np.tile(place[:2], 2)) / span
                inside = np.minimum(shifted[:, 2:], 1.03) - np.maximum(shifted[:, :2], -0.03)
                share = np.clip(inside, 0, None).prod(1) / np.maximum((shifted[:, 2:] - shifted[:, :2]).prod(1), 1e-9)
                carried = [[*map(float, box), int(kind), float(p)] for index, (box, kind, p) in enumerate(zip(shifted, every[:, 4], every[:, 5]))
                           if index != row and share[index] > 0.85]
                thing.save(options.output / "cutouts" / f"{len(cutouts):05d}.png")
                cutouts.append(dict(name=name, thing=int(boxes[row, 4]), certainty=float(boxes[row, 5]), carried=carried))
        if number % 100 == 99:
            save()
            print(number + 1, "of", len(names), len(cutouts), "cut out", round(time.time() - begun), "s", flush=True)
    save()
    print(len(answers), "pictures", len(cutouts), "cut out", flush=True)


if __name__ == "__main__":
    main()
