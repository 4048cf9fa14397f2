"""Asks the teacher networks what every training picture shows; their answers, with their certainty, become labels (labels.py).

    python teachers.py DATA TEACHERS ANSWERS [--sets flickr-train rooms ...] [--part 0/2] [--most 2000] [--surfaces]

`TEACHERS` holds a folder a network, each with its weights: picodet-s-416 (ncnn), yolox-nano-416, face-rfb,
squeezenet-places365 (ONNX), object-labeler-631, movenet-lightning-int8, deeplab-ade20k (TFLite), ppocrv5-text-det (ncnn), and coco80.txt.
ANSWERS is a folder: one pickle a set and part. Started again it goes on where it stopped. Nothing of the networks is kept.
"""

import argparse
import pickle
import time
from pathlib import Path

import ncnn
import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

import features

SCENES = ["flickr-train", "street-fashion", "rooms", "things-and-places", "imagenet-one-per-class"]
THINGS = ["caltech101", "clothes", "groceries", "paintings"]
SIDE = 416
LEAST = 0.08
SURFACE_SIDE = 513


def onnx(file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def ncnn_network(stem):
    network = ncnn.Net()
    network.opt.num_threads = 1
    network.opt.use_vulkan_compute = False
    parameters = next(path for path in (Path(f"{stem}.param"), Path(f"{stem}.ncnn.param")) if path.exists())
    weights = next(path for path in (Path(f"{stem}.bin"), Path(f"{stem}.ncnn.bin")) if path.exists())
    network.load_param(str(parameters))
    network.load_model(str(weights))
    return network


def asked(network, given, wanted, outputs):
    extractor = network.create_extractor()
    held = np.ascontiguousarray(given, dtype=np.float32)
    extractor.input(wanted, ncnn.Mat(held).clone())
    return [np.array(extractor.extract(name)[1]) for name in outputs]


def squashed(image, width, height=None):
    return np.asarray(image.resize((width, height or width), Image.Resampling.BILINEAR), dtype=np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logit(p):
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def overlaps(box, others):
    left, top = np.maximum(box[:2], others[:, :2]).T
    right, bottom = np.minimum(box[2:], others[:, 2:]).T
    shared = np.clip(right - left, 0, None) * np.clip(bottom - top, 0, None)
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    return shared / np.maximum((box[2] - box[0]) * (box[3] - box[1]) + areas - shared, 1e-9)


def apart(boxes, certainties, most):
    """Rows of boxes, the most certain first, none of which overlaps an earlier one by more than `most`."""
    order = np.argsort(-certainties, kind="stable")
    kept = []
    while len(order):
        first, order = order[0], order[1:]
        kept.append(first)
        if len(order):
            order = order[overlaps(boxes[first], boxes[order]) < most]
    return kept


class Detector:
    """A detector of COCO's things: highest probability of each thing, and boxes (shares of the sides, thing, probability)."""

    def boxes(self, probabilities, boxes):
        found = []
        for thing in np.flatnonzero(probabilities.max(axis=0) > LEAST):
            rows = np.flatnonzero(probabilities[:, thing] > LEAST)
            rows = rows[np.argsort(-probabilities[rows, thing])[:200]]
            for row in apart(boxes[rows], probabilities[rows, thing], 0.6):
                found.append((*np.clip(boxes[rows[row]], 0, 1), thing, probabilities[rows[row], thing]))
        return probabilities.max(axis=0), np.array(found, dtype=np.float32).reshape(-1, 6)


class PicoDet(Detector):
    """Distances to a box's sides as the mean of eight steps."""

    OUTPUTS = [f"save_infer_model/scale_{index}.tmp_1" for index in range(8)]
    INPUT, MEAN, DEVIATION, ORDER = "image", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375), slice(None)

    def __init__(self, stem):
        self.network = ncnn_network(stem)

    def __call__(self, image):
        values = (squashed(image, SIDE)[:, :, self.ORDER] - np.float32(self.MEAN)) / np.float32(self.DEVIATION)
        answers = asked(self.network, values.transpose(2, 0, 1), self.INPUT, self.OUTPUTS)
        probabilities, boxes = [], []
        for stride, scores, steps in zip((8, 16, 32, 64), answers[:4], answers[4:]):
            along = -(-SIDE // stride)
            down, across = np.meshgrid(np.arange(along), np.arange(along), indexing="ij")
            centre = (np.stack([across.ravel(), down.ravel()], axis=1) + 0.5) * stride
            steps = steps.reshape(-1, 4, 8)
            shares = np.exp(steps - steps.max(axis=2, keepdims=True))
            far = stride * (shares / shares.sum(axis=2, keepdims=True)) @ np.arange(8, dtype=np.float32)
            boxes.append(np.concatenate([centre - far[:, :2], centre + far[:, 2:]], axis=1) / SIDE)
            probabilities.append(scores.reshape(-1, 80))
        return self.boxes(np.concatenate(probabilities), np.concatenate(boxes))


class NanoDet(PicoDet):
    """The same with another order of colours, and all steps of a stride at once."""

    OUTPUTS = [f"{name}{stride}" for name in ("cls", "dis") for stride in (8, 16, 32, 64)]
    INPUT, MEAN, DEVIATION, ORDER = "data", (103.53, 116.28, 123.675), (57.375, 57.12, 58.395), slice(None, None, -1)


class Yolox(Detector):
    def __init__(self, file):
        self.network = onnx(file)
        parts = []
        for stride in (8, 16, 32):
            along = np.arange(SIDE // stride)
            down, across = np.meshgrid(along, along, indexing="ij")
            parts.append(np.stack([across.ravel(), down.ravel(), np.full(across.size, stride)], axis=1))
        self.places = np.concatenate(parts).astype(np.float32)

    def __call__(self, image):
        scale = SIDE / max(image.size)
        width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        canvas = np.full((SIDE, SIDE, 3), 114, dtype=np.float32)
        canvas[:height, :width] = squashed(image, width, height)[:, :, ::-1]
        rows = self.network.run(None, {"images": canvas.transpose(2, 0, 1)[None]})[0][0]
        middle = (rows[:, :2] + self.places[:, :2]) * self.places[:, 2:]
        half = np.exp(rows[:, 2:4]) * self.places[:, 2:] / 2
        boxes = np.concatenate([middle - half, middle + half], axis=1) / (width, height, width, height)
        return self.boxes(rows[:, 4:5] * rows[:, 5:], boxes)


def agreed(answers):
    """What several detectors say together: the mean of their logits for each thing, and boxes that overlap taken as one.

    A box's certainty is the mean logit over all detectors; one that has not found it counts with the least it reports.
    """
    together = np.mean([logit(most) for most, _ in answers], axis=0)
    every = np.concatenate([np.concatenate([boxes, np.full((len(boxes), 1), index)], axis=1) for index, (_, boxes) in enumerate(answers)])
    fused = []
    for thing in np.unique(every[:, 4]):
        rows = every[every[:, 4] == thing]
        rows = rows[np.argsort(-rows[:, 5])]
        while len(rows):
            same = overlaps(rows[0, :4], rows[:, :4]) > 0.5
            logits = np.full(len(answers), logit(LEAST / 2))
            chosen = []
            for index in range(len(answers)):
                of_it = np.flatnonzero(same & (rows[:, 6] == index))
                if len(of_it):
                    logits[index] = logit(rows[of_it[0], 5])
                    chosen.append(of_it[0])
            weights = rows[chosen, 5]
            fused.append((*(rows[chosen, :4] * weights[:, None]).sum(0) / weights.sum(), thing, sigmoid(logits.mean())))
            rows = rows[~same]
    return together.astype(np.float32), np.array(fused, dtype=np.float32).reshape(-1, 6)


class Faces:
    def __init__(self, folder):
        self.network = onnx(folder / "version-RFB-640.onnx")

    def __call__(self, image):
        values = (squashed(image, 640, 480) - 127) / 128
        certainties, boxes = self.network.run(None, {"input": values.transpose(2, 0, 1)[None]})
        rows = certainties[0, :, 1] > 0.3
        boxes, certainty = np.clip(boxes[0][rows], 0, 1), certainties[0, rows, 1]
        kept = apart(boxes, certainty, 0.3)
        return np.concatenate([boxes[kept], certainty[kept, None]], axis=1).astype(np.float32)


class Places:
    def __init__(self, folder):
        self.network = onnx(folder / "squeezenet_places365_2016-12.onnx")
        self.mean = np.load(folder / "mean_bgr_3x256x256.npy")[:, 16:240, 16:240]

    def __call__(self, image):
        given = (squashed(image, 256)[16:240, 16:240, ::-1].transpose(2, 0, 1) - self.mean) / 255
        return self.network.run(["prob"], {"input": given[None].astype(np.float32)})[0][0].astype(np.float16)


class Lite:
    def __init__(self, file):
        self.network = Interpreter(str(file), num_threads=1)
        self.given = self.network.get_input_details()[0]
        self.network.allocate_tensors()
        self.output = self.network.get_output_details()[0]

    def __call__(self, values):
        self.network.set_tensor(self.given["index"], values[None].astype(self.given["dtype"]))
        self.network.invoke()
        return self.network.get_tensor(self.output["index"])[0]


class Bodies:
    """Seventeen points of a body in a box, as shares of the picture's sides, with their certainty."""

    def __init__(self, file):
        self.network = Lite(file)

    def __call__(self, image, box):
        left, top, right, bottom = box * np.array([image.width, image.height] * 2)
        reach = max(right - left, bottom - top) * 1.2 / 2
        middle = (left + right) / 2, (top + bottom) / 2
        square = image.crop((int(middle[0] - reach), int(middle[1] - reach), int(middle[0] + reach), int(middle[1] + reach)))
        points = self.network(squashed(square, 192))[0]
        return np.stack([
            (middle[0] - reach + points[:, 1] * 2 * reach) / image.width, (middle[1] - reach + points[:, 0] * 2 * reach) / image.height,
            points[:, 2]], axis=1).astype(np.float32)


class Texts:
    """Share of a picture that is written text."""

    def __init__(self, folder):
        self.network = ncnn_network(folder / "PP_OCRv5_mobile_det")

    def __call__(self, image):
        scale = min(1, 384 / max(image.size))
        width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        canvas = np.full((-(-height // 32) * 32, -(-width // 32) * 32, 3), 114, dtype=np.float32)
        canvas[:height, :width] = squashed(image, width, height)[:, :, ::-1]
        values = (canvas / 255 - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
        (found,) = asked(self.network, values.transpose(2, 0, 1), "in0", ["out0"])
        return float((found > 0.3).mean())


class Teachers:
    def __init__(self, folder):
        folder = Path(folder)
        self.detectors = [
            PicoDet(folder / "picodet-s-416" / "picodet-s-416"),
            Yolox(folder / "yolox-nano-416" / "yolox_nano.onnx"),
        ]
        self.faces = Faces(folder / "face-rfb")
        self.places = Places(folder / "squeezenet-places365")
        self.objects = Lite(folder / "object-labeler-631" / "object_labeler.tflite")
        self.bodies = Bodies(folder / "movenet-lightning-int8" / "movenet_single_pose_lightning_ptq.tflite")
        self.surfaces = Lite(folder / "deeplab-ade20k" / "deeplabv3-mobilenetv2-ade20k.tflite")
        self.texts = Texts(folder / "ppocrv5-text-det")

    def __call__(self, image):
        logits, boxes = agreed([detector(image) for detector in self.detectors])
        answer = dict(logits=logits, boxes=boxes, faces=self.faces(image), objects=self.objects(squashed(image, 224)), size=image.size)
        people = boxes[(boxes[:, 4] == 0) & (boxes[:, 5] > 0.4)]
        largest = people[np.argsort(-(people[:, 2:4] - people[:, :2]).prod(axis=1))[:3]]
        answer["bodies"] = [(person, self.bodies(image, person[:4])) for person in largest]
        answer["places"] = self.places(image)
        answer["text"] = self.texts(image)
        return answer

    def shares(self, image):
        """Share of the picture that each of ADE20K's 150 classes covers, the first being none of them."""
        classes = self.surfaces(squashed(image, SURFACE_SIDE) / 127.5 - 1).argmax(axis=-1)
        return (np.bincount(classes.ravel(), minlength=151) / classes.size).astype(np.float16)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("teachers", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--sets", nargs="*", default=SCENES + THINGS)
    parser.add_argument("--part", default="0/1", help="which share of the pictures, as 0/2 and 1/2 for two processes")
    parser.add_argument("--surfaces", action="store_true", help="ask for surfaces, too: a second a picture")
    parser.add_argument("--most", type=int, help="pictures a set at most, evenly taken")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    options.answers.mkdir(parents=True, exist_ok=True)
    teachers = Teachers(options.teachers)
    for picture_set in options.sets:
        file = options.answers / f"{picture_set}-{part}-{parts}.pickle"
        answers = pickle.loads(file.read_bytes()) if file.exists() else {}
        paths = features.training_paths(picture_set, options.data, options.most)
        begun = time.time()
        for number, path in enumerate(paths[part::parts]):
            name = path.relative_to(options.data).as_posix()
            answer = answers.get(name)
            if answer and not (options.surfaces and "surfaces" not in answer):
                continue
            with Image.open(path) as opened:
                image = opened.convert("RGB")
            answers[name] = answer or teachers(image)
            if options.surfaces:
                answers[name]["surfaces"] = teachers.shares(image)
            if number % 50 == 49:
                file.write_bytes(pickle.dumps(answers))
                print(picture_set, number + 1, round(time.time() - begun), flush=True)
        file.write_bytes(pickle.dumps(answers))
        print(picture_set, len(answers), round(time.time() - begun), "s", flush=True)


if __name__ == "__main__":
    main()
