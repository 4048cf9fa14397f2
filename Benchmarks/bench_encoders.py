#!/usr/bin/env python3
"""Redraw's encoders beside transformers (torch f32) and onnxruntime (f32) on this machine: time of the towers, cold start, memory.

    python bench_encoders.py --redraw PATH [--encoders clip-vit-b-32,clip-vit-l-14] [--threads 2] [--passes 3] [--rounds 2]
        [--keep FOLDER]

Random weights of the real sizes (encoder_models.py). Every program runs in a process of its own with the same number of threads, one after
the other and then all of them again (rounds); the towers' times are the median of all passes, of which the first of each process is not
counted, without decoding and preparing; a cold start is from the start
of the process to the end of the one that looked at one picture, with the files in the page cache (onnxruntime's has neither torch nor
transformers in it). Memory is the process's peak. Needs torch and transformers; onnxruntime and onnx where they are installed. The ratio
is the peer's time over Redraw's: above 1 Redraw is faster.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import encoder_models as encoders
from parity_encoders import pictures

WORDS = "photo painting cat dog woman street mountain river at night in the rain with a red hat, highly detailed".split()
MEASURES = ["image tower, batch 1", "image tower, batch 16", "text tower, batch 64"]
COLD, MEMORY = "cold start to first embedding", "peak memory, GB"


def texts(count):
    return [" ".join(WORDS[(i * 5 + j * 3) % len(WORDS)] for j in range(4 + i % 9)) for i in range(count)]


def measured(command, environment):
    """(seconds, output) of a process."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    output, errors = process.communicate()
    seconds = time.monotonic() - begin
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command[:6]))} …: {errors.strip()[-2000:]}")
    return seconds, output


def with_peak(command, environment):
    """(peak memory in GB, output) of a process."""
    script = "import resource,subprocess,sys; code=subprocess.call(sys.argv[1:]); " \
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/2**20, file=sys.stderr); sys.exit(code)"
    process = subprocess.run([sys.executable, "-c", script, *map(str, command)], capture_output=True, text=True, env=environment)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command[:6]))} …: {process.stderr.strip()[-2000:]}")
    return float(process.stderr.strip().splitlines()[-1]), process.stdout


def ours(options, folder, paths, environment):
    program = [options.redraw, "embed"]
    common = ["--encoder", str(folder), "--threads", str(options.threads), "--precision", options.precision]
    result, peak = {}, 0.0
    for measure, count in zip(MEASURES[:2], (1, 16)):
        inputs = [str(paths[i % len(paths)]) for i in range(count)]
        memory, output = with_peak([*program, "image", *common, "--time", str(options.passes), *inputs], environment)
        result[measure] = json.loads(output)["milliseconds"]
        peak = max(peak, memory)
    memory, output = with_peak([*program, "text", *common, "--time", str(options.passes), *texts(64)], environment)
    result[MEASURES[2]] = json.loads(output)["milliseconds"]
    result[COLD] = [1000 * measured([*program, "image", *common, str(paths[0])], environment)[0] for _ in range(3)]
    result[MEMORY] = [max(peak, memory)]
    return result


def peer(kind, options, name, folder, paths, environment):
    command = [sys.executable, __file__, "--peer", kind, "--redraw", "-", "--encoders", name, "--folder", str(folder), "--threads", str(options.threads)]
    command += ["--passes", str(options.passes), "--picture", str(paths[0])]
    memory, output = with_peak(command, environment)
    result = json.loads(output.strip().splitlines()[-1])
    result[COLD] = [1000 * measured([*command, "--first"], environment)[0] for _ in range(2)]
    result[MEMORY] = [memory]
    return result


def prepared(picture, side):
    """A picture as CLIP takes it, with Pillow and numpy alone: what an onnxruntime program would do."""
    import numpy
    from PIL import Image

    image = Image.open(picture).convert("RGB")
    short = min(image.size)
    width, height = (side if length == short else int(side * length / short) for length in image.size)
    left, top = (width - side) // 2, (height - side) // 2
    image = image.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + side, top + side))
    mean, deviation = (numpy.array(values, numpy.float32) for values in ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)))
    return ((numpy.asarray(image, numpy.float32) / 255 - mean) / deviation).transpose(2, 0, 1)[None]


def torch_towers(options):
    """(look, read): the image tower over so many pictures, and the text tower over the texts, each made ready to be called."""
    import torch
    from PIL import Image
    from transformers import CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    model = CLIPModel.from_pretrained(options.folder, dtype=torch.float32).eval()
    pixels = CLIPImageProcessorPil.from_pretrained(options.folder)(Image.open(options.picture), return_tensors="pt")["pixel_values"]

    def read():
        tokens = encoders.clip_tokenizer()(texts(64), padding=True, truncation=True, max_length=77, return_tensors="pt")
        return lambda: model.get_text_features(**tokens)

    return lambda count: (lambda batch: lambda: model.get_image_features(pixel_values=batch))(pixels.repeat(count, 1, 1, 1)), read


def onnx_towers(options):
    import numpy
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads

    def session(tower):
        return onnxruntime.InferenceSession(str(Path(options.folder) / f"{tower}.onnx"), settings, providers=["CPUExecutionProvider"])

    vision = session("vision")
    pixels = prepared(options.picture, vision.get_inputs()[0].shape[-1])

    def read():
        words, tokens = session("text"), numpy.load(Path(options.folder) / "tokens.npy")
        return lambda: words.run(None, {"input_ids": tokens})

    return lambda count: (lambda batch: lambda: vision.run(None, {"pixel_values": batch}))(numpy.repeat(pixels, count, axis=0)), read


def run_peer(options):
    look, read = (onnx_towers if options.peer == "onnxruntime" else torch_towers)(options)
    if options.first:
        look(1)()
        return

    def passes(work):
        work()
        times = []
        for _ in range(options.passes):
            begin = time.monotonic()
            work()
            times.append(1000 * (time.monotonic() - begin))
        return times

    print(json.dumps({MEASURES[0]: passes(look(1)), MEASURES[1]: passes(look(16)), MEASURES[2]: passes(read())}))


def export(folder):
    """Both towers as ONNX, beside the weights, and the texts' tokens."""
    import numpy
    import torch
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()

    class Vision(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, pixel_values):
            return self.model.visual_projection(self.model.vision_model(pixel_values=pixel_values).pooler_output)

    class Text(Vision):
        def forward(self, input_ids):
            return self.model.text_projection(self.model.text_model(input_ids=input_ids).pooler_output)

    tokens = encoders.clip_tokenizer()(texts(64), padding=True, truncation=True, max_length=77, return_tensors="np")["input_ids"]
    numpy.save(folder / "tokens.npy", tokens.astype(numpy.int64))
    side = model.config.vision_config.image_size
    with torch.no_grad():
        for name, tower, key, example in (
            ("vision", Vision(), "pixel_values", torch.zeros(2, 3, side, side)), ("text", Text(), "input_ids", torch.full((2, 12), 49407))):
            axes = {0: "batch"} if name == "vision" else {0: "batch", 1: "tokens"}
            torch.onnx.export(
                tower, (example,), str(folder / f"{name}.onnx"), input_names=[key], output_names=["features"], dynamic_axes={key: axes}, dynamo=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--redraw", required=True)
    parser.add_argument("--encoders", default="clip-vit-b-32,clip-vit-l-14", help="CLIP encoders of encoder_models.py")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precision", default="f32", help="of Redraw: f32, bf16, int8 or auto; the peers run f32")
    parser.add_argument("--keep", type=Path)
    for hidden in ("--peer", "--folder", "--picture"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--first", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return run_peer(options)
    import torch

    environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads), TRANSFORMERS_VERBOSITY="error")
    work = options.keep or Path(tempfile.mkdtemp(prefix="redraw-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        paths = pictures(work)
        for name in options.encoders.split(","):
            folder = work / name
            if not folder.exists():
                encoders.make(name, folder, torch.float32)
            programs = {
                "redraw": lambda: ours(options, folder, paths, environment), "torch f32": lambda: peer("torch", options, name, folder, paths, environment),
                "onnxruntime f32": lambda: peer("onnxruntime", options, name, folder, paths, environment)}
            try:
                import onnxruntime  # noqa: F401

                if not (folder / "text.onnx").exists():
                    export(folder)
            except Exception as reason:  # noqa: BLE001 - a peer that cannot run is left out and said so
                print(f"onnxruntime is left out: {str(reason).strip().splitlines()[-1][:200]}", file=sys.stderr)
                del programs["onnxruntime f32"]
            rounds = [{column: program() for column, program in programs.items()} for _ in range(options.rounds)]
            columns = {
                column: {measure: statistics.median(value for one in rounds for value in one[column][measure]) for measure in [*MEASURES, COLD, MEMORY]}
                for column in programs}
            print(f"\n{name}, {options.threads} threads, milliseconds (peer's time over redraw's)")
            print(f"{'':32}" + "".join(f"{column:>24}" for column in columns))
            for measure in columns["redraw"]:
                base = columns["redraw"][measure]
                cells = [f"{values[measure]:.2f}" + ("" if values is columns["redraw"] else f" ({values[measure] / base:.2f}x)") for values in columns.values()]
                print(f"{measure:32}" + "".join(f"{cell:>24}" for cell in cells), flush=True)
            if not options.keep:
                shutil.rmtree(folder)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
