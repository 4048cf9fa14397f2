"""One peer at one network, in a process of its own.

    python peers.py torch|openvino|onnxruntime f32|bf16|int8 GROUP FOLDER [--passes 3] [--threads 2] [--first|--painted]

Called by bench_all.py. GROUP is a network in FOLDER: sd15, lcm, or an encoder or a tagger of encoder_models.py. Prints {row: [seconds of each pass]} as JSON,
the first pass of each left out. With no passes the outputs are kept in FOLDER/GROUP-PROGRAM.npz instead; with --first it looks at one
picture, or makes one of one, and ends; with --painted torch paints the picture that Redraw's are compared with. What is exported for OpenVINO and
onnxruntime is kept in FOLDER.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import bench_works as works
import encoder_models as encoders
import generator_peers
from generator_peers import opened_with_openvino


class Networks:
    """What a folder holds, as each peer runs it: `open(name)` gives a function of one array."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.open = {"torch": self.torch, "openvino": self.openvino, "onnxruntime": self.onnx}[options.kind]

    def onnx(self, name):
        import onnxruntime

        path = self.exported(name)
        if self.options.numbers == "int8":
            whole, path = path, self.folder / f"{name}-int8.onnx"
            if not path.exists():
                from onnxruntime.quantization import QuantType, quantize_dynamic

                quantize_dynamic(whole, path, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"])
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = self.options.threads
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        return lambda value: session.run(None, {"value": value})[0]

    def openvino(self, name):
        return opened_with_openvino(self.exported(name), self.options)


class Towers(Networks):
    """An encoder's towers: `look(pixels)` and `read(tokens)`."""

    def exported(self, name):
        """A tower as ONNX, for both that read it."""
        path = self.folder / f"{name}.onnx"
        if not path.exists():
            import torch
            from transformers import CLIPModel

            model = CLIPModel.from_pretrained(self.folder, dtype=torch.float32, attn_implementation="eager").eval().requires_grad_(False)

            class Tower(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.model = model

                def forward(self, value):
                    if name == "vision":
                        return self.model.visual_projection(self.model.vision_model(pixel_values=value).pooler_output)
                    return self.model.text_projection(self.model.text_model(input_ids=value).pooler_output)

            side = model.config.vision_config.image_size
            example = torch.zeros(2, 3, side, side) if name == "vision" else torch.full((2, 12), 49407)
            axes = {0: "batch"} if name == "vision" else {0: "batch", 1: "tokens"}
            with torch.no_grad():
                torch.onnx.export(
                    Tower(), (example,), str(path), input_names=["value"], output_names=["features"], dynamic_axes={"value": axes}, dynamo=False)
        return path

    def torch(self, name):
        import torch
        from transformers import CLIPModel

        torch.set_grad_enabled(False)
        numbers = {"f32": torch.float32, "bf16": torch.bfloat16}[self.options.numbers]
        model = CLIPModel.from_pretrained(self.folder, dtype=numbers).eval()

        def run(value):
            if name == "vision":
                found = model.visual_projection(model.vision_model(pixel_values=torch.from_numpy(value).to(numbers)).pooler_output)
            else:
                found = model.text_projection(model.text_model(input_ids=torch.from_numpy(value)).pooler_output)
            return found.float().numpy()

        return run


class Tagger(Networks):
    """A WD tagger: probabilities of a prepared picture."""

    def model(self):
        import timm
        import torch
        from safetensors.torch import load_file

        torch.set_grad_enabled(False)
        architecture, arguments = encoders.TAGGERS[self.options.group]
        model = timm.create_model(architecture, num_classes=10861, **arguments).eval()
        model.load_state_dict({key: value.float() for key, value in load_file(self.folder / "model.safetensors").items()})
        return torch.nn.Sequential(model, torch.nn.Sigmoid())

    def exported(self, name):
        path = self.folder / f"{name}.onnx"
        if not path.exists():
            import torch

            torch.onnx.export(
                self.model(), (torch.zeros(1, 3, 448, 448),), str(path), input_names=["value"], output_names=["labels"], dynamo=False)
        return path

    def torch(self, name):
        import torch

        numbers = {"f32": torch.float32, "bf16": torch.bfloat16}[self.options.numbers]
        model = self.model().to(numbers)
        return lambda value: model(torch.from_numpy(value).to(numbers)).float().numpy()


def prepared(picture, side):
    """A picture as CLIP takes it, with Pillow and numpy alone: what a program without transformers would do."""
    from PIL import Image

    image = Image.open(picture).convert("RGB")
    short = min(image.size)
    width, height = (side if length == short else int(side * length / short) for length in image.size)
    left, top = (width - side) // 2, (height - side) // 2
    image = image.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + side, top + side))
    mean, deviation = (np.array(values, np.float32) for values in ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)))
    return np.ascontiguousarray(((np.asarray(image, np.float32) / 255 - mean) / deviation).transpose(2, 0, 1)[None])


def squared(picture):
    """A picture as WD's taggers take it: on a white square, blue first."""
    from PIL import Image

    image = Image.open(picture).convert("RGB")
    side = max(image.size)
    square = Image.new("RGB", (side, side), (255, 255, 255))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    values = np.asarray(square.resize((448, 448), Image.Resampling.BICUBIC), np.float32)[..., ::-1] / 127.5 - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def tagger_work(options):
    look = Tagger(options, options.folder / options.group).open("tagger")
    pixels = squared(options.folder / "picture.png")
    if options.first:
        look(pixels)
        return None
    return {works.TAGGERS[options.group][0]: lambda: look(pixels)}


def encoder_work(options):
    folder = options.folder / options.group
    towers = Towers(options, folder)
    look = towers.open("vision")
    side = json.loads((folder / "config.json").read_text())["vision_config"]["image_size"]
    pixels = prepared(options.folder / "picture.png", side)
    if options.first:
        look(pixels)
        return None
    tokens_file = folder / "tokens.npy"
    if not tokens_file.exists():
        made = encoders.clip_tokenizer()(works.texts(64), padding=True, truncation=True, max_length=77, return_tensors="np")["input_ids"]
        np.save(tokens_file, made.astype(np.int64))
    tokens = np.load(tokens_file)
    read = towers.open("text")
    many = np.repeat(pixels, 16, axis=0)
    return dict(zip(works.TOWERS, (lambda: look(pixels), lambda: look(many), lambda: read(tokens))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["torch", "openvino", "onnxruntime"])
    parser.add_argument("numbers", choices=["f32", "bf16", "int8"])
    parser.add_argument("group")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--painted", action="store_true")
    options = parser.parse_args()
    if options.kind == "torch":
        import torch

        torch.set_num_threads(options.threads)
    if options.group in works.FEW_STEPS:
        generator_peers.few_steps(options)
        return print("{}")
    if options.painted:
        generator_peers.painted(options)
        return print("{}")
    kinds = ((works.GENERATORS, generator_peers.work), (works.TAGGERS, tagger_work))
    passes = next((work for groups, work in kinds if options.group in groups), encoder_work)(options)
    if passes is None:
        return print("{}")
    if options.passes == 0:
        names = list(passes)
        second = passes[names[-1]]()
        first = passes[names[0]]()
        if options.group in works.GENERATORS:
            second = generator_peers.picture(second)
        np.savez(options.folder / f"{options.group}-{options.kind}-{options.numbers}.npz", first=first, second=second)
        return print("{}")
    times = {}
    for row, work in passes.items():
        work()
        times[row] = []
        for _ in range(options.passes):
            begin = time.monotonic()
            work()
            times[row].append(time.monotonic() - begin)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
