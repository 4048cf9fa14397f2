#!/usr/bin/env python3
"""Redraw's encoders beside transformers, open_clip and timm at the real sizes, with random weights: are the features the same?

    python parity_encoders.py --redraw PATH [--encoders clip-vit-b-32,…] [--dtype f32|f16|bf16] [--keep FOLDER]

Both read the same folder, look at the same pictures and texts and compute in f32; what is compared is each row of features before it is
brought to length 1 (of taggers each row of probabilities), the largest difference over the row's largest value. Above 1e-4 is a failure.
Needs torch, transformers, open_clip_torch, timm, sentencepiece, protobuf, safetensors and Pillow. Files are f32 unless said otherwise, the
largest one's f16. Each encoder is made and looked with in a process of its own, and its folder (at most 5 GB) removed before the next; one
that the free memory does not suffice for is left out with a line.
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
        entries = run("labels", "--tagger", str(folder), "--precision", "f32", "--raw", *map(str, paths))
        return [entry["probabilities"] for entry in entries], None
    images = run("image", "--encoder", str(folder), "--precision", "f32", "--raw", *map(str, paths))
    words = run("text", "--encoder", str(folder), "--precision", "f32", "--raw", *texts)
    return [entry["embedding"] for entry in images], [entry["embedding"] for entry in words]


def error(ours, theirs):
    if ours is None:
        return None
    return max(max(abs(a - b) for a, b in zip(row, other)) / max(map(abs, other)) for row, other in zip(ours, theirs.tolist(), strict=True))


def free_memory():
    """Gigabytes that processes could have now, or None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) / 2**20 for line in lines if line.startswith("MemAvailable"))


def run_reference(options):
    """Makes the encoder, asks the library that it is of, and writes what it says beside the weights."""
    import torch
    from PIL import Image
    from safetensors.torch import save_file

    name, folder = options.encoders, options.folder
    dtype = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[options.dtype]
    if not folder.exists():
        encoders.make(name, folder, dtype)
    images = [Image.open(path) for path in options.pictures]
    features = zip(("pictures", "texts"), encoders.reference(name, folder, images, encoders.TEXTS))
    save_file({key: value.contiguous() for key, value in features if value is not None}, folder / "reference.safetensors")


def reference(name, folder, paths, dtype):
    """(features of the pictures, of the texts or None); None and the reason where the library is not there."""
    from safetensors.torch import load_file

    command = [sys.executable, __file__, "--redraw", "-", "--encoders", name, "--dtype", dtype, "--folder", folder, "--pictures", *paths]
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if result.returncode:
        lines = result.stderr.strip().splitlines() or [f"ended with {result.returncode}"]
        if lines[-1].startswith(("ImportError", "ModuleNotFoundError")):
            return None, f"{lines[-1]} (Benchmarks/requirements-encoders.txt)"
        raise SystemExit(f"{name}: " + "\n".join(lines[-12:]))
    features = load_file(folder / "reference.safetensors")
    return (features["pictures"], features.get("texts")), None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--redraw", required=True)
    parser.add_argument("--encoders", default=",".join(encoders.EVERY))
    parser.add_argument("--dtype", choices=["f32", "f16", "bf16"])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--pictures", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        return run_reference(options)
    names = options.encoders.split(",")
    if unknown := [name for name in names if name not in encoders.EVERY]:
        sys.exit(f"there is no encoder {unknown[0]}; known are {', '.join(encoders.EVERY)}")
    work = options.keep or Path(tempfile.mkdtemp(prefix="redraw-parity-"))
    work.mkdir(parents=True, exist_ok=True)
    failed = []
    print(f"{'encoder':28} {'file':>5} {'pictures':>10} {'texts':>10}   largest relative difference, limit {LIMIT:g}", flush=True)
    try:
        paths = pictures(work)
        for name in names:
            folder = work / name
            dtype = options.dtype or ("f16" if "bigg" in name else "f32")
            needed, free = encoders.MEMORY.get(name, 4), free_memory()
            if free is not None and free < needed:
                print(f"{name:28} {dtype:>5} {'-':>10} {'-':>10}   left out: takes about {needed} GB of memory, {free:.0f} are free", flush=True)
                continue
            theirs, missing = reference(name, folder, paths, dtype)
            if missing:
                print(f"{name:28} {dtype:>5} {'-':>10} {'-':>10}   left out: {missing}", flush=True)
                continue
            ours = redraw(options.redraw, name, folder, paths, encoders.TEXTS)
            errors = [error(a, b) for a, b in zip(ours, theirs)]
            good = all(value is None or value < LIMIT for value in errors)
            if not good:
                failed.append(name)
            shown = ["-" if value is None else f"{value:.1e}" for value in errors]
            print(f"{name:28} {dtype:>5} {shown[0]:>10} {shown[1]:>10}   {'equal' if good else 'DIFFERENT'}", flush=True)
            if not options.keep:
                shutil.rmtree(folder)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    if failed:
        sys.exit(f"different from the reference: {', '.join(failed)}")


if __name__ == "__main__":
    main()
