"""Asks small teacher networks what training photographs show, so that captions can say it: things with their number, faces, the place.

    python teachers.py DATA TEACHERS answers.json [--sets caltech101 rooms ...]

`TEACHERS` holds a folder a network (see the three classes for the files). The answers are words about the pictures; nothing of the networks
is kept. Started again it goes on where it stopped.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy
import onnxruntime
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from whole_files import write_whole  # noqa: E402

# Photographs only: the detectors name a fifth of the cartoons and no sketch. Groceries and clothes say in their names what they show.
SETS = ("street-fashion", "rooms", "flickr-train", "things-and-places", "imagenet-one-per-class", "caltech101")
THING_CERTAINTY = 0.35
OVERLAP = 0.5
FACE_CERTAINTY = 0.8


def session(file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def overlap(box, others):
    left, top = numpy.maximum(box[:2], others[:, :2]).T
    right, bottom = numpy.minimum(box[2:], others[:, 2:]).T
    shared = numpy.clip(right - left, 0, None) * numpy.clip(bottom - top, 0, None)
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    return shared / numpy.maximum((box[2] - box[0]) * (box[3] - box[1]) + areas - shared, 1e-9)


def apart(boxes, certainties, most):
    """Rows of boxes of one thing, the most certain first, none of which overlaps an earlier one by more than `most`."""
    kept, order = [], list(numpy.argsort(-certainties, kind="stable"))
    while order:
        first = order.pop(0)
        kept.append(first)
        if order:
            order = [row for row, share in zip(order, overlap(boxes[first], boxes[order])) if share < most]
    return kept


class Things:
    """YOLOX-nano: COCO's eighty things."""

    SIDE = 416

    def __init__(self, folder):
        self.network = session(folder / "yolox-nano-416" / "yolox_nano.onnx")
        self.names = (folder / "coco80.txt").read_text().split("\n")
        parts = []
        for stride in (8, 16, 32):
            along = numpy.arange(self.SIDE // stride)
            down, across = numpy.meshgrid(along, along, indexing="ij")
            parts.append(numpy.stack([across.ravel(), down.ravel(), numpy.full(across.size, stride)], axis=1))
        self.places = numpy.concatenate(parts).astype(numpy.float32)

    def __call__(self, image):
        """Name → (how many, share of the picture that the largest covers)."""
        scale = self.SIDE / max(image.size)
        small = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.BILINEAR)
        canvas = numpy.full((self.SIDE, self.SIDE, 3), 114, dtype=numpy.float32)
        canvas[: small.height, : small.width] = numpy.asarray(small)[:, :, ::-1]
        rows = self.network.run(None, {"images": canvas.transpose(2, 0, 1)[None]})[0][0]
        certainties = rows[:, 4:5] * rows[:, 5:]
        likeliest = certainties.argmax(axis=1)
        certainty = certainties.max(axis=1)
        chosen = certainty > THING_CERTAINTY
        rows, places, likeliest, certainty = rows[chosen], self.places[chosen], likeliest[chosen], certainty[chosen]
        middle = (rows[:, :2] + places[:, :2]) * places[:, 2:]
        half = numpy.exp(rows[:, 2:4]) * places[:, 2:] / 2
        boxes = numpy.concatenate([middle - half, middle + half], axis=1)
        found = {}
        for thing in sorted(set(likeliest)):
            of_thing = likeliest == thing
            kept = apart(boxes[of_thing], certainty[of_thing], OVERLAP)
            sides = (boxes[of_thing][kept][:, 2:] - boxes[of_thing][kept][:, :2]) / (small.width, small.height)
            found[self.names[thing].strip()] = (len(kept), round(float(sides.prod(axis=1).max()), 3))
        return found


class Faces:
    """The RFB-320 face detector."""

    def __init__(self, folder):
        self.network = session(folder / "face-rfb" / "version-RFB-320.onnx")

    def __call__(self, image):
        """(How many faces, height of the largest as a share of the picture's)."""
        values = (numpy.asarray(image.resize((320, 240), Image.Resampling.BILINEAR), dtype=numpy.float32) - 127) / 128
        certainties, boxes = self.network.run(None, {"input": values.transpose(2, 0, 1)[None]})
        chosen = certainties[0, :, 1] > FACE_CERTAINTY
        boxes, certainty = boxes[0][chosen], certainties[0, chosen, 1]
        if len(boxes) == 0:
            return 0, 0.0
        kept = apart(boxes, certainty, 0.3)
        return len(kept), round(float((boxes[kept][:, 3] - boxes[kept][:, 1]).max()), 3)


class Places:
    """SqueezeNet for Places365."""

    def __init__(self, folder):
        folder = folder / "squeezenet-places365"
        self.network = session(folder / "squeezenet_places365_2016-12.onnx")
        self.mean = numpy.load(folder / "mean_bgr_3x256x256.npy")[:, 16:240, 16:240]
        self.names = [line.split()[0][3:] for line in (folder / "categories_places365.txt").read_text().splitlines() if line]
        self.indoors = numpy.array([line.split()[-1] == "1" for line in (folder / "IO_places365.txt").read_text().splitlines() if line])

    def __call__(self, image):
        """(Likeliest place, its probability, probability of being indoors)."""
        values = numpy.asarray(image.resize((256, 256), Image.Resampling.BILINEAR), dtype=numpy.float32)[16:240, 16:240, ::-1]
        given = (values.transpose(2, 0, 1) - self.mean) / 255
        probability = self.network.run(["prob"], {"input": given[None].astype(numpy.float32)})[0][0]
        likeliest = int(probability.argmax())
        name = self.names[likeliest].split("/")[0].replace("_", " ")
        return name, round(float(probability[likeliest]), 3), round(float(probability[self.indoors].sum()), 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("teachers", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--most", type=int, help="pictures a set at most, for a trial")
    options = parser.parse_args()
    answers = json.loads(options.answers.read_text()) if options.answers.exists() else {}
    things, faces, places = Things(options.teachers), Faces(options.teachers), Places(options.teachers)

    def save():
        write_whole(options.answers, json.dumps(answers, sort_keys=True).encode())

    for picture_set in options.sets:
        files = sorted(path for path in (options.data / picture_set).rglob("*.jpg"))[: options.most]
        for number, file in enumerate(files):
            name = file.relative_to(options.data).as_posix()
            if name in answers:
                continue
            with Image.open(file) as opened:
                image = opened.convert("RGB")
            answers[name] = dict(things=things(image), faces=faces(image), place=places(image))
            if number % 500 == 499:
                save()
        save()
        print(picture_set, len(files), flush=True)


if __name__ == "__main__":
    main()
