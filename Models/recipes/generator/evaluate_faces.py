"""Measures what redrawing leaves of people's faces, on photographs kept for evaluation: every figure with its count, and sheets of the faces.

    python evaluate_faces.py --model FOLDER [FOLDER ...] --data DATA --tables TABLES --detector FACE_RFB --output SHEETS

Of each photograph the square around its largest face is taken and redrawn at each strength, of all models with the same seeds. The face detector
(Ultra-Light-Fast-Generic-Face-Detector, RFB-640, MIT) took no part in any training of the generator. Sheets show pictures of the sets and stay out of
the repository.
"""

import argparse
import json
from pathlib import Path

import numpy
import onnxruntime
import torch
from PIL import Image, ImageFilter

from evaluate import Generator, contact_sheet, images_of, in_rows
from pictures import as_array, rows

SETS = ("coco128-eval", "flickr-eval")
# Smaller photographs would have to be enlarged: their faces are soft before anything is done.
LEAST_SIDE = 256
CERTAIN, OVERLAP = 0.9, 0.3
# Heights of faces, as shares of the square's side.
FACE_HEIGHTS = (0.07, 0.6)
CROP_SIDE = 112


class Detector:
    """Boxes of faces, shares of the sides, and how certain each is."""

    def __init__(self, folder):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        self.network = onnxruntime.InferenceSession(str(folder / "version-RFB-640.onnx"), options, providers=["CPUExecutionProvider"])

    def __call__(self, image):
        values = (numpy.asarray(image.resize((640, 480), Image.Resampling.BILINEAR), dtype=numpy.float32) - 127) / 128
        certainties, boxes = self.network.run(None, {"input": values.transpose(2, 0, 1)[None]})
        return numpy.clip(boxes[0], 0, 1), certainties[0, :, 1]

    def largest(self, image):
        """The largest face that is certain, or None."""
        boxes, certainties = self(image)
        boxes = boxes[certainties >= CERTAIN]
        return boxes[(boxes[:, 3] - boxes[:, 1]).argmax()] if len(boxes) else None

    def certainty(self, image, box):
        """How certain it is of a face where one was."""
        boxes, certainties = self(image)
        return float(certainties[overlaps(boxes, box) >= OVERLAP].max(initial=0))


def overlaps(boxes, box):
    """Intersection over union of boxes with one box."""
    low, high = numpy.maximum(boxes[:, :2], box[:2]), numpy.minimum(boxes[:, 2:], box[2:])
    common = (high - low).clip(0).prod(axis=1)
    return common / ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod() - common)


def photographs(data, tables, detector, side, most):
    """Squares around faces, with the face's box in pixels: (file's name, picture, box)."""
    chosen = []
    for picture_set in SETS:
        for row in rows(tables, picture_set):
            image = Image.open(data / picture_set / row["file"]).convert("RGB")
            if min(image.size) < LEAST_SIDE:
                continue
            box = detector.largest(image)
            if box is None:
                continue
            short = min(image.size)
            middle = (box[:2] + box[2:]) / 2 * image.size
            left, top = (int(min(max(0, place - short / 2), length - short)) for place, length in zip(middle, image.size))
            square = image.crop((left, top, left + short, top + short)).resize((side, side), Image.Resampling.LANCZOS)
            box = detector.largest(square)
            if box is not None and FACE_HEIGHTS[0] <= box[3] - box[1] <= FACE_HEIGHTS[1]:
                chosen.append((f"{picture_set}/{row['file']}", square, box))
    # The same people in neighbouring rows.
    step = max(1, len(chosen) / most)
    return [chosen[int(number * step)] for number in range(min(most, len(chosen)))]


def lab(image):
    """CIE L*a*b* (D65) of an RGB picture."""
    values = numpy.asarray(image, dtype=numpy.float64) / 255
    linear = numpy.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    matrix = numpy.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ matrix.T / numpy.array([0.9505, 1.0, 1.089])
    root = numpy.where(xyz > 0.008856, numpy.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return numpy.stack([116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])], axis=-1)


def likeness(first, second, window=7):
    """Structural similarity of brightness (Wang 2004), windows of equal weight, on average."""
    first, second = (numpy.asarray(image.convert("L"), dtype=numpy.float64) for image in (first, second))

    def mean(values):
        sums = numpy.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        return (sums[window:, window:] - sums[:-window, window:] - sums[window:, :-window] + sums[:-window, :-window]) / window**2

    first_mean, second_mean = mean(first), mean(second)
    first_spread, second_spread = mean(first**2) - first_mean**2, mean(second**2) - second_mean**2
    together = mean(first * second) - first_mean * second_mean
    steady, steady_spread = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * first_mean * second_mean + steady) * (2 * together + steady_spread)
    return float((top / ((first_mean**2 + second_mean**2 + steady) * (first_spread + second_spread + steady_spread))).mean())


def sharpness(image):
    """Mean size of what a blur of two pixels takes away of the brightness."""
    grey = image.convert("L")
    blurred = grey.filter(ImageFilter.GaussianBlur(2))
    return float(numpy.abs(numpy.asarray(grey, dtype=numpy.float64) - numpy.asarray(blurred, dtype=numpy.float64)).mean())


class Faces:
    def __init__(self, options):
        self.options = options
        self.detector = Detector(options.detector)
        self.chosen = photographs(options.data, options.tables, self.detector, options.side, options.most)
        heights = [(box[3] - box[1]) * options.side for _, _, box in self.chosen]
        print(f"{len(self.chosen)} photographs, faces {min(heights):.0f} to {max(heights):.0f} pixels high, median {numpy.median(heights):.0f}", flush=True)

    def face(self, image, box, around=0.0):
        size = box[2:] - box[:2]
        corners = numpy.concatenate([box[:2] - around * size, box[2:] + around * size]).clip(0, 1) * self.options.side
        return image.crop(tuple(int(round(corner)) for corner in corners))

    def measured(self, made):
        figures = []
        for (name, image, box), picture in zip(self.chosen, made):
            before, after = self.face(image, box), self.face(picture, box)
            distance = float(numpy.sqrt(((lab(before) - lab(after)) ** 2).sum(axis=-1)).mean())
            rest = float(numpy.abs(numpy.asarray(image, dtype=numpy.float64) - numpy.asarray(picture, dtype=numpy.float64)).mean())
            figures.append(dict(
                name=name, certainty=self.detector.certainty(picture, box), distance=distance, likeness=likeness(before, after),
                sharp=sharpness(after) / max(sharpness(before), 1e-6), whole=rest))
        return figures

    def report(self, words, made):
        figures = self.measured(made)
        means = {key: numpy.mean([figure[key] for figure in figures]) for key in figures[0] if key != "name"}
        found = {limit: sum(figure["certainty"] >= limit for figure in figures) for limit in (0.5, 0.8)}
        print(f"{words}: detector {means['certainty']:.3f}, faces at 0.5 {found[0.5]}, at 0.8 {found[0.8]} of {len(figures)}; Lab distance {means['distance']:.2f}, "
              f"SSIM {means['likeness']:.3f}, sharpness {means['sharp']:.2f} of the photograph's; whole picture {means['whole']:.2f} of 255", flush=True)
        return figures

    def sheet(self, columns, name):
        """Faces of each photograph in a row, a column a way of making them."""
        cells = []
        for number, (_, _, box) in enumerate(self.chosen):
            cells.append([self.face(column[number], box, 0.35).resize((CROP_SIDE, CROP_SIDE), Image.Resampling.BICUBIC) for column in columns])
        for part, some in enumerate(in_rows(cells, 12)):
            contact_sheet(some).save(self.options.output / f"{name}-{part}-look-only.png")

    def redrawn(self, generator, prompt, strength):
        made = []
        for start, part in zip(range(0, len(self.chosen), 4), in_rows([image for _, image, _ in self.chosen], 4)):
            source = torch.from_numpy(as_array(part))
            made += images_of(generator.redraw([prompt] * len(part), self.options.guidance, self.options.steps, source=source, strength=strength, seed=start + 1))
        return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, nargs="+", required=True, help="exported diffusers folders, to be compared")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--detector", type=Path, required=True, help="folder with version-RFB-640.onnx")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--prompts", nargs="+", default=["a photo of a person"])
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.3, 0.4, 0.5])
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--most", type=int, default=40, help="photographs at most, evenly taken")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    faces = Faces(options)
    originals = [image for _, image, _ in faces.chosen]
    told = {"photographs": faces.report("the photographs themselves", originals)}
    for model in options.model:
        generator = Generator(model)
        decoded = generator.encoded_and_decoded(originals)
        columns = [originals, decoded]
        told[f"{model.name} autoencoder"] = faces.report(f"{model.name}, autoencoder alone", decoded)
        for prompt in options.prompts:
            for strength in options.strengths:
                made = faces.redrawn(generator, prompt, strength)
                words = f"{model.name}, {prompt}, {strength}"
                told[words] = faces.report(words, made)
                columns.append(made)
                faces.sheet(columns, f"faces-{model.name}")
    (options.output / "faces.json").write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
