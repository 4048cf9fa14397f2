#!/usr/bin/env python3
"""Whole commands of Redraw on this machine: how long each takes, from the start of the process to its end, and what settings do to pictures.

    python bench_program.py --redraw PATH [--only analyze,generate,memory,folder,strengths,settings,shortcuts] [--rounds 9] [--pictures 1000]

`analyze`    one photograph of 12 megapixels as a baseline and as a progressive JPEG, a PNG of 300 megapixels, and the first look of all, which embeds
             the vocabulary; medians of the rounds, files in the page cache.
`generate`   a photograph redrawn with the generator that comes along, at its usual size and at 512x512; medians of a third of the rounds.
`memory`     what a guided picture of two steps takes at its peak, with the generators that come along and with random weights of the real models'
             sizes, by precision. Writes 2 GB for Stable Diffusion 1.5 and 7 GB for SDXL (--families sd15 leaves SDXL out, --families "" both).
`folder`     a folder of small pictures: one process with all processors, and a process for each with a thread and a shard, into one library.
`strengths`  how far pictures go from the photograph: mean absolute difference of pixels, and 1 - cosine of the default encoder's embeddings.
`settings`   precisions and shortcuts beside the picture without them: PSNR, and the share of the time.
`shortcuts`  what --merge-tokens and --reuse-every save of the steps of Stable Diffusion 1.5's size, random weights; medians of a third of the rounds.

Needs numpy and Pillow; `memory` and `shortcuts` torch and diffusers besides. Everything is made in a temporary folder, random weights in --keep FOLDER if there
is one. Prints tables as they stand in Documentation.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
from PIL import Image

import processes

HERE = Path(__file__).resolve().parent
PHOTOGRAPHS = [HERE.parent / "Documentation/pictures" / f"{name}.jpg" for name in ("coffee", "astronaut", "chelsea", "rocket")]
PROMPTS = dict(coffee="a photo of a cup of coffee", astronaut="a photo of an astronaut", chelsea="a photo of a cat", rocket="a photo of a rocket")


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = os.path.abspath(path), Path(folder)
        # Nothing that a person installed or set counts.
        self.environment = dict(
            os.environ, XDG_DATA_HOME=str(self.folder / "data"), XDG_CONFIG_HOME=str(self.folder / "config"),
            XDG_CACHE_HOME=str(self.folder / "cache"))

    def start(self, *arguments, **more):
        return subprocess.Popen(
            [self.path, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(self.environment, **more))

    def run(self, *arguments, **more):
        """(what it printed, seconds, peak memory in MB)."""
        return processes.run([self.path, *arguments], dict(self.environment, **more))

    def median(self, rounds, *arguments):
        runs = [self.run(*arguments) for _ in range(rounds)]
        return statistics.median(run[1] for run in runs), max(run[2] for run in runs)


def pixels(file):
    return numpy.asarray(Image.open(file).convert("RGB")).astype(numpy.float64)


def decibels(one, other):
    error = ((one - other) ** 2).mean()
    return float("inf") if error == 0 else 10 * numpy.log10(255**2 / error)


def analyze(program, options):
    source = Image.open(PHOTOGRAPHS[0]).convert("RGB").resize((4032, 3024), Image.LANCZOS)
    # A photograph's own grain: without it the file would be a tenth as long.
    grain = numpy.random.default_rng(1).normal(0, 4, (3024, 4032, 3))
    source = Image.fromarray(numpy.clip(numpy.asarray(source) + grain, 0, 255).astype(numpy.uint8))
    baseline, progressive, large = (program.folder / name for name in ("baseline.jpg", "progressive.jpg", "large.png"))
    source.save(baseline, quality=90)
    source.save(progressive, quality=90, progressive=True)
    Image.MAX_IMAGE_PIXELS = None
    Image.new("RGB", (20_000, 15_000), (90, 120, 60)).save(large)
    _, first, memory = program.run("analyze", baseline, "--library", program.folder / "first", XDG_CACHE_HOME=str(program.folder / "none"))
    print("| `analyze` | Time | Peak memory |\n|---|---|---|")
    for name, file in [
        ("a 12-megapixel baseline JPEG", baseline), ("the same as a progressive JPEG", progressive), ("a PNG of 300 megapixels", large)]:
        program.run("analyze", file, "--library", program.folder / "looked")
        seconds, peak = program.median(options.rounds, "analyze", file, "--library", program.folder / "looked", "--again")
        print(f"| {name} | {seconds:.2f} s | {peak:.0f} MB |")
    print(f"| the first of all, which embeds the vocabulary | {first:.1f} s | {memory:.0f} MB |\n")


def redraw(program, photograph, output, *settings):
    """(the pixels of what it makes, seconds)."""
    _, seconds, _ = program.run(
        "generate", photograph, "--prompt", PROMPTS[photograph.stem], "--seed", 7, "--library", program.folder / "made", "--output", output,
        "--overwrite", *settings)
    return pixels(output), seconds


def generate(program, options):
    print("| `generate` with redraw-small, loading included | Time | Peak memory |\n|---|---|---|")
    for name, size in [("at its usual size for a photograph of 600x400", []), ("at 512x512", ["--size", "512x512"])]:
        arguments = [
            "generate", PHOTOGRAPHS[0], "--prompt", PROMPTS["coffee"], "--strength", 0.5, "--model", "redraw-small", "--library",
            program.folder / "made", "--output", program.folder / "made.png", "--overwrite", *size]
        seconds, peak = program.median(max(1, options.rounds // 3), *arguments)
        print(f"| {name} | {seconds:.1f} s | {peak:.0f} MB |")
    print()


def random_model(program, options, family):
    """The folder of a model of the real size with random weights in two bytes each."""
    made = Path(options.keep or program.folder) / family
    if not (made / "model_index.json").exists():
        subprocess.run([sys.executable, HERE / "make_random_pipeline.py", made, "--family", family], check=True)
    return made


def memory(program, options):
    rows = [("redraw-small", "redraw-small", "512x512"), ("redraw-painter", "redraw-painter", "512x512")]
    for family, name, sizes in [("sd15", "Stable Diffusion 1.5", ["512x512", "768x768"]), ("sdxl", "SDXL", ["512x512", "1024x1024"])]:
        if family in options.families.split(","):
            rows += [(name, random_model(program, options, family), size) for size in sizes]
    print("| Peak memory of a guided picture | Size | f32 | bf16 | int8 |\n|---|---|---|---|---|")
    for name, model, size in rows:
        peaks = []
        for precision in ("f32", "bf16", "int8"):
            _, _, peak = program.run(
                "paint", "a cat", "--model", model, "--size", size, "--steps", 2, "--guidance", 7.5, "--seed", 3, "--first-side", 0, "--precision",
                precision, "--library", program.folder / "made", "--output", program.folder / "memory.png", "--overwrite")
            peaks.append(f"{peak / 1024:.1f} GiB")
        print(f"| {name} | {size} | {' | '.join(peaks)} |", flush=True)
    print()


def shortcuts(program, options):
    model = random_model(program, options, "sd15")
    print("| Stable Diffusion 1.5's size | A guided step | with `--merge-tokens 0.5` | with `--reuse-every 2` |\n|---|---|---|---|")
    for size in ("512x512", "768x768"):
        steps = []
        for changed in ([], ["--merge-tokens", 0.5], ["--reuse-every", 2]):
            seconds = []
            for _ in range(max(1, options.rounds // 3)):
                told, _, _ = program.run(
                    "paint", "a cat", "--model", model, "--size", size, "--steps", 4, "--guidance", 7.5, "--seed", 3, "--first-side", 0, "--library",
                    program.folder / "made", "--output", program.folder / "shortcut.png", "--overwrite", "--json", *changed)
                seconds.append(json.loads(told)["seconds"]["denoise"] / 4)
            steps.append(statistics.median(seconds))
        shares = [f"{step / steps[0]:.2f} of it" for step in steps[1:]]
        print(f"| {size} | {steps[0]:.1f} s | {' | '.join(shares)} |", flush=True)
    print()


def folder(program, options):
    pictures = program.folder / "pictures"
    subprocess.run([sys.executable, HERE.parent / "Tests/Cluster/pictures.py", pictures, str(options.pictures)], check=True)
    program.run("analyze", PHOTOGRAPHS[0], "--library", program.folder / "warm")
    processors = len(os.sched_getaffinity(0))
    _, alone, _ = program.run("analyze", pictures, "--library", program.folder / "one")
    begin = time.monotonic()
    parts = [
        program.start(
            "analyze", pictures, "--shard", f"{part + 1}/{processors}", "--threads", 1, "--library", program.folder / "many", "--jsonl")
        for part in range(processors)]
    lines = sum(process.communicate()[0].count(b"\n") for process in parts)
    together = time.monotonic() - begin
    if lines != options.pictures or any(process.returncode for process in parts):
        sys.exit(f"{lines} pictures of {options.pictures} were looked at")
    print(f"| {options.pictures} small pictures | Time | A second |\n|---|---|---|")
    print(f"| one process, {processors} processors | {alone:.1f} s | {options.pictures / alone:.1f} |")
    print(f"| {processors} processes with a thread each and one library | {together:.1f} s | {options.pictures / together:.1f} |\n")


def strengths(program, options):
    def embedded(file):
        return numpy.array(json.loads(program.run("embed", "image", file)[0])[0]["embedding"])

    before, output = redraw(program, PHOTOGRAPHS[0], program.folder / "before.png", "--strength", 0)[0], program.folder / "after.png"
    origin = embedded(program.folder / "before.png")
    print("| Strength | Mean absolute difference of pixels (of 255) | 1 - cosine of the default encoder's embeddings |\n|---|---|---|")
    for strength in (0.2, 0.4, 0.6, 0.8):
        after, _ = redraw(program, PHOTOGRAPHS[0], output, "--strength", strength)
        print(f"| {strength} | {numpy.abs(after - before).mean():.1f} | {1 - origin @ embedded(output):.2f} |")
    print()


def settings(program, options):
    print("| redraw-small, 20 steps | PSNR | Share of the time |\n|---|---|---|")
    output = program.folder / "setting.png"
    for name, without, changed in [
        ("bf16 beside f32", ["--precision", "f32"], ["--precision", "bf16"]),
        ("int8 beside f32", ["--precision", "f32"], ["--precision", "int8"]),
        ("`--reuse-every 2`", [], ["--reuse-every", 2]),
        ("`--reuse-every 3`", [], ["--reuse-every", 3]),
        ("`--reuse-every 5`", [], ["--reuse-every", 5]),
        ("`--merge-tokens 0.5`", [], ["--merge-tokens", 0.5]),
        ("`--guidance-until 0.6`", [], ["--guidance-until", 0.6]),
    ]:
        nearness, shares = [], []
        for photograph in PHOTOGRAPHS:
            common = ["--model", "redraw-small", "--steps", 20, "--strength", 0.5]
            plain, usual = redraw(program, photograph, output, *common, *without)
            other, seconds = redraw(program, photograph, output, *common, *changed)
            nearness.append(decibels(plain, other))
            shares.append(seconds / usual)
        print(f"| {name} | {min(nearness):.0f} to {max(nearness):.0f} dB | {statistics.median(shares):.2f} |")
    print()


def main():
    parts = dict(
        analyze=analyze, generate=generate, memory=memory, folder=folder, strengths=strengths, settings=settings, shortcuts=shortcuts)
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--redraw", required=True)
    options.add_argument("--only", default=",".join(parts))
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--pictures", type=int, default=1000)
    options.add_argument("--families", default="sd15,sdxl")
    options.add_argument("--keep")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        program = Program(options.redraw, name)
        for part in options.only.split(","):
            if part not in parts:
                sys.exit(f"{part} is none of {', '.join(parts)}")
            parts[part](program, options)


if __name__ == "__main__":
    main()
