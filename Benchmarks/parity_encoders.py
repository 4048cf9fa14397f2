#!/usr/bin/env python3
"""Redraw's encoders beside transformers, open_clip and timm at the real sizes, with random weights: are the features the same?

    python parity_encoders.py --redraw PATH [--encoders clip-vit-b-32,…|all] [--dtype f32|f16|bf16] [--keep FOLDER]

Both read the same folder, look at the same pictures and texts and compute in f32; what is compared is each row of features before it is
brought to length 1, the largest difference over the row's largest value. Above 1e-4 is a failure. Needs torch, transformers, open_clip_torch,
timm, sentencepiece, protobuf, safetensors and Pillow. Without --encoders the smaller ones run, which takes about 2 GB of disk at a time.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import encoder_models as encoders

LIMIT = 1e-4


def pictures(folder):
    """Gradients, edges and noise in awkward sizes."""
    from PIL import Image

    rng = random.Random(4)
    paths = []
    for number, (width, height) in enumerate(((640, 427), (300, 501), (97, 61))):
        image = Image.new("RGB", (width, height))
        image.putdata([
            ((x * 255 // width + rng.randrange(24)) % 256, 200 if (x // 17 + y // 23) % 2 else y * 255 // height, (x * y // 90) % 256)
            for y in range(height) for x in range(width)])
        path = folder / f"picture-{number}.png"
        image.save(path)
        paths.append(path)
    return paths


def redraw(program, name, folder, paths, texts):
    def run(*arguments):
        result = subprocess.run([program, "embed", *arguments], capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"{name}: {result.stderr.strip()}")
        return json.loads(result.stdout)

    if name in encoders.TAGGERS:
        entries = run("labels", "--tagger", str(folder), "--raw", *map(str, paths))
        return [entry["probabilities"] for entry in entries], None
    images = run("image", "--encoder", str(folder), "--raw", *map(str, paths))
    words = run("text", "--encoder", str(folder), "--raw", *texts)
    return [entry["embedding"] for entry in images], [entry["embedding"] for entry in words]


def error(ours, theirs):
    if ours is None:
        return None
    return max(max(abs(a - b) for a, b in zip(row, other)) / max(map(abs, other)) for row, other in zip(ours, theirs.tolist(), strict=True))


def main():
    import torch
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--redraw", required=True)
    parser.add_argument("--encoders", default=",".join(encoders.SMALL))
    parser.add_argument("--dtype", default="f32", choices=["f32", "f16", "bf16"])
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    names = encoders.EVERY if options.encoders == "all" else options.encoders.split(",")
    dtype = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[options.dtype]
    work = options.keep or Path(tempfile.mkdtemp(prefix="redraw-parity-"))
    work.mkdir(parents=True, exist_ok=True)
    failed = []
    print(f"{'encoder (' + options.dtype + ' file)':32} {'pictures':>10} {'texts':>10}   largest relative difference, limit {LIMIT:g}")
    try:
        paths = pictures(work)
        for name in names:
            folder = work / name
            images = [Image.open(path) for path in paths]
            try:
                if not folder.exists():
                    encoders.make(name, folder, dtype)
                theirs = encoders.reference(name, folder, images, encoders.TEXTS)
            except ImportError as missing:
                print(f"{name:32} {'-':>10} {'-':>10}   left out: {missing} (Benchmarks/requirements-encoders.txt)", flush=True)
                continue
            ours = redraw(options.redraw, name, folder, paths, encoders.TEXTS)
            errors = [error(a, b) for a, b in zip(ours, theirs)]
            good = all(value is None or value < LIMIT for value in errors)
            if not good:
                failed.append(name)
            shown = ["-" if value is None else f"{value:.1e}" for value in errors]
            print(f"{name:32} {shown[0]:>10} {shown[1]:>10}   {'equal' if good else 'DIFFERENT'}", flush=True)
            if not options.keep:
                shutil.rmtree(folder)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    if failed:
        sys.exit(f"different from the reference: {', '.join(failed)}")


if __name__ == "__main__":
    main()
