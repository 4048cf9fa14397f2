#!/usr/bin/env python3
"""Redraw beside torch, OpenVINO and onnxruntime on this machine, at every precision each has: time, agreement, memory.

    python bench_all.py --redraw PATH [--groups sd15,lcm,clip-vit-b-32,clip-vit-l-14,wd-vit-tagger-v3]
        [--programs redraw-f32,torch-bf16,…] [--threads 2] [--rounds 3] [--passes 3] [--keep FOLDER] [--out NAME]

Networks of the real sizes with random weights, made once (in FOLDER, or for the time being: 2 GB for sd15 and as much again for OpenVINO's
copy); numbers that take as long as those of trained ones. Every program runs in a process of its own with the same number of threads, one
after the other and then all of them again, so that all meet the same load; a cell is the median of all passes of all rounds, with the
spread behind it (from the quickest to the slowest round's median). First passes are not counted, but in a cold start, which is from the start of
the process to its first embedding with the files in the page cache; so is a picture from a picture (512x512, strength 0.6 of 20 steps,
guidance 7.5, to the file), with the loading of the model. It is made once a round; so is that of the group lcm: four steps of a latent consistency
model at strength 0.6, with a tiny autoencoder. OpenVINO's and onnxruntime's conversions are not counted.

Before anything is timed, outputs are compared with torch's in f32: embeddings by their smallest cosine, a UNet's output by its error (root
mean square, of the output's own), a decoded picture by its PSNR, a tagger's probabilities by their largest difference. Redraw's pictures are
compared with its own in f32, which `make parity` compares with diffusers, but for those of the group lcm, which are compared with torch's. A
program whose embeddings are below a cosine of 0.98, or whose probabilities are half off, is told and left out.

Writes NAME.md and NAME.png (bench.md, bench.png).
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import encoder_models as encoders
import processes

HERE = Path(__file__).parent
GENERATORS = {"sd15": ["guided step (UNet, batch 2)", "decode 512x512", "picture from a picture, cold"]}
# Those of which nothing but the whole run is timed.
FEW_STEPS = {"lcm": ["4 steps from a picture, tiny autoencoder, cold"]}
TAGGERS = {"wd-vit-tagger-v3": ["one picture", "cold start to first labels"]}
TOWERS = ["image tower, batch 1", "image tower, batch 16", "text tower, batch 64", "cold start to first embedding"]
PROGRAMS = [
    "redraw-f32", "redraw-bf16", "redraw-int8", "torch-f32", "torch-bf16", "openvino-f32", "openvino-bf16", "onnxruntime-f32", "onnxruntime-int8"]
WORDING = "a red apple on a wooden table, oil painting"
WORDS = "photo painting cat dog woman street mountain river at night in the rain with a red hat, highly detailed".split()


def texts(count):
    return [" ".join(WORDS[(i * 5 + j * 3) % len(WORDS)] for j in range(4 + i % 9)) for i in range(count)]


def measured(command, threads):
    """(what it printed last, seconds, peak memory in GB) of a process."""
    output, seconds, memory = processes.run(
        command, dict(os.environ, OMP_NUM_THREADS=str(threads), TRANSFORMERS_VERBOSITY="error", PYTHONWARNINGS="ignore"))
    return output, seconds, memory / 1024


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = options.keep or Path(tempfile.mkdtemp(prefix="redraw-bench-"))
        self.work.mkdir(parents=True, exist_ok=True)

    def peer(self, program, group, passes, *more):
        kind, numbers = program.split("-")
        command = [sys.executable, HERE / "peers.py", kind, numbers, group, self.work, "--passes", passes, "--threads", self.options.threads, *more]
        output, seconds, memory = measured(command, self.options.threads)
        return json.loads(output.strip().splitlines()[-1]), seconds, memory

    def redraw(self, *arguments):
        library = self.work / "library"
        output, seconds, memory = measured(
            [self.options.redraw, *arguments, "--threads", self.options.threads], self.options.threads)
        shutil.rmtree(library, ignore_errors=True)
        return json.loads(output), seconds, memory

    def painted(self, group, precision, steps=2):
        """A run of Redraw: seconds of a step and of decoding, and the picture."""
        picture = self.work / f"{group}-{precision}.png"
        told, _, memory = self.redraw(
            "paint", WORDING, "--model", self.work / group, "--negative", "blurry", "--steps", steps,
            "--guidance", "7.5", "--size", "512x512", "--sampler", "ddim", "--seed", "1", "--precision", precision, "--json", "--output",
            picture, "--overwrite", "--library", self.work / "library")
        return [told["seconds"]["denoise"] / steps, told["seconds"]["decode"]], memory, picture

    def redrawn(self, group, precision):
        """Seconds of a whole run from picture to picture, and its peak memory."""
        if group in FEW_STEPS:
            course = ["--steps", 4, "--guidance", "8.5", "--sampler", "lcm", "--autoencoder", self.work / group / "taesd"]
        else:
            course = ["--negative", "blurry", "--steps", 20, "--guidance", "7.5", "--sampler", "ddim"]
        _, seconds, memory = self.redraw(
            "generate", self.work / "picture.png", "--prompt", WORDING, "--model", self.work / group, *course, "--strength", "0.6", "--size", "512x512",
            "--resize", "stretch", "--seed", "1", "--precision", precision, "--json", "--output", self.whole(group, f"redraw-{precision}"),
            "--overwrite", "--library", self.work / "library")
        return seconds, memory

    def whole(self, group, program):
        """Where a program's picture from a picture lies."""
        return self.work / f"{group}-{program}-whole.png"

    def labelled(self, group, precision, *more):
        return self.redraw("embed", "labels", self.work / "picture.png", "--tagger", self.work / group, "--precision", precision, *more)

    def embedded(self, group, precision, *more):
        told, seconds, memory = self.redraw("embed", more[0], "--encoder", self.work / group, "--precision", precision, *more[1:])
        return told, seconds, memory

    def once(self, program, group):
        """A round of a program: ({row: passes in seconds}, peak memory)."""
        kind, numbers = program.split("-")
        passes = self.options.passes
        if group in FEW_STEPS:
            _, seconds, memory = (None, *self.redrawn(group, numbers)) if kind == "redraw" else self.peer(program, group, 0, "--first")
            return {FEW_STEPS[group][0]: [seconds]}, memory
        if kind != "redraw":
            told, _, memory = self.peer(program, group, passes)
            last = (GENERATORS.get(group) or TAGGERS.get(group) or TOWERS)[-1]
            _, seconds, more = self.peer(program, group, 0, "--first")
            told[last] = [seconds]
            return told, max(memory, more)
        if group in GENERATORS:
            seconds, memory, _ = self.painted(group, numbers, steps=max(2, passes))
            whole, more = self.redrawn(group, numbers)
            return dict(zip(GENERATORS[group], ([one] for one in [*seconds, whole]))), max(memory, more)
        if group in TAGGERS:
            told, _, memory = self.labelled(group, numbers, "--time", passes)
            _, seconds, more = self.labelled(group, numbers)
            return dict(zip(TAGGERS[group], ([one / 1000 for one in told["milliseconds"]], [seconds]))), max(memory, more)
        paths = [self.work / "picture.png"] * 16
        result, peak = {}, 0
        for row, inputs in zip(TOWERS, (["image", *paths[:1]], ["image", *paths], ["text", *texts(64)])):
            told, _, memory = self.embedded(group, numbers, inputs[0], "--time", passes, *inputs[1:])
            result[row], peak = [one / 1000 for one in told["milliseconds"]], max(peak, memory)
        result[TOWERS[3]] = [self.embedded(group, numbers, "image", paths[0])[1]]
        return result, peak

    def agreement(self, program, group):
        """(words for the table, whether it may take part)."""
        import numpy as np
        from PIL import Image

        kind, numbers = program.split("-")

        def psnr(a, b):
            return 10 * np.log10(255**2 / max(float(np.mean((a.astype(float) - b.astype(float)) ** 2)), 1e-9))

        if group in FEW_STEPS:
            if kind == "redraw":
                self.redrawn(group, numbers)
            else:
                self.peer(program, group, 0, "--first")
            pictures = [np.asarray(Image.open(self.whole(group, one)).convert("RGB")) for one in (program, "torch-f32")]
            return "the measure" if program == "torch-f32" else f"PSNR {psnr(*pictures):.1f} dB", True
        if group in TAGGERS:
            if kind == "redraw":
                ours = np.array(self.labelled(group, numbers, "--raw")[0][0]["probabilities"])
            else:
                self.peer(program, group, 0)
                with np.load(self.work / f"{group}-{program}.npz") as kept:
                    ours = kept["first"][0]
            with np.load(self.work / f"{group}-torch-f32.npz") as kept:
                most = float(np.abs(ours - kept["first"][0]).max())
            return f"largest difference {most:.2g}", most < 0.5
        if kind == "redraw" and group in GENERATORS:
            pictures = [np.asarray(Image.open(self.painted(group, one)[2]).convert("RGB")) for one in ("f32", numbers)]
            return "the measure" if numbers == "f32" else f"PSNR {psnr(*pictures):.1f} dB", True
        if kind == "redraw":
            image = self.embedded(group, numbers, "image", "--raw", self.work / "picture.png")[0]
            text = self.embedded(group, numbers, "text", "--raw", *texts(64))[0]
            ours = [np.array([entry["embedding"] for entry in told]) for told in (image, text)]
        else:
            self.peer(program, group, 0)
            with np.load(self.work / f"{group}-{program}.npz") as kept:
                ours = [kept["first"], kept["second"]]
        with np.load(self.work / f"{group}-torch-f32.npz") as kept:
            theirs = [kept["first"], kept["second"]]
        if group in GENERATORS:
            error = float(np.sqrt(np.mean((ours[0] - theirs[0]) ** 2) / np.mean(theirs[0] ** 2)))
            return f"step {100 * error:.2f} %, PSNR {psnr(ours[1], theirs[1]):.1f} dB", True
        cosines = [np.sum(a * b, -1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1) for a, b in zip(ours, theirs)]
        least = min(float(one.min()) for one in cosines)
        return f"cosine {least:.5f}", least >= 0.98

    def prepare(self, group):
        if group in GENERATORS or group in FEW_STEPS:
            if not (self.work / group / "model_index.json").exists():
                subprocess.run([sys.executable, HERE / "make_random_pipeline.py", self.work / group, "--family", group], check=True)
        elif not (self.work / group).exists():
            import torch

            encoders.make(group, self.work / group, torch.float32)
        picture = self.work / "picture.png"
        if not picture.exists():
            import numpy as np
            from PIL import Image

            y, x = np.mgrid[0:427, 0:640]
            waves = np.stack([np.sin(x / 50 + y / 90), np.cos(y / 60), np.sin((x + y) / 7)], -1) * 90 + 128
            Image.fromarray(waves.astype(np.uint8)).save(picture)

    def table(self, group):
        """{program: ({row: (median, least, most)}, memory, agreement)}"""
        self.prepare(group)
        self.peer("torch-f32", group, 0, *(["--first"] if group in FEW_STEPS else []))
        agreements, taking_part = {}, []
        for program in self.options.programs:
            if program.startswith("onnxruntime") and (group in GENERATORS or group in FEW_STEPS):
                continue
            try:
                agreements[program], may = self.agreement(program, group)
            except RuntimeError as reason:
                print(f"{group}: {program} is left out: {reason}", file=sys.stderr, flush=True)
                continue
            print(f"{group}: {program}: {agreements[program]}", flush=True)
            if may:
                taking_part.append(program)
        rounds = {program: [] for program in taking_part}
        for number in range(self.options.rounds):
            for program in taking_part:
                rounds[program].append(self.once(program, group))
                print(f"{group}: round {number + 1}: {program}: " + ", ".join(
                    f"{row} {statistics.median(passes):.3f} s" for row, passes in rounds[program][-1][0].items()), flush=True)
        result = {}
        for program, all_rounds in rounds.items():
            rows = {}
            for row in all_rounds[0][0]:
                medians = [statistics.median(one[row]) for one, _ in all_rounds]
                rows[row] = (statistics.median(value for one, _ in all_rounds for value in one[row]), min(medians), max(medians))
            result[program] = (rows, max(memory for _, memory in all_rounds), agreements[program])
        return result


def machine():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    flags = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "").split()
    has = [name for name in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8") if name in flags]
    return f"{model} ({', '.join(has)}), {os.cpu_count()} processors, {platform.release().split('-')[0]}"


def versions():
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in ("torch", "diffusers", "transformers", "openvino", "onnxruntime"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


def markdown(tables, options):
    lines = [
        f"{datetime.date.today().isoformat()}, {machine()}; {options.threads} threads; {versions()}; {options.rounds} rounds of {options.passes} passes.",
        "", "Seconds, with the spread of the rounds; in brackets the quickest other program's time over Redraw's quickest.", ""]
    for group, programs in tables.items():
        lines += [f"| {group} | " + " | ".join(program.replace("-", " ") for program in programs) + " | ratio |", "|---" * (len(programs) + 2) + "|"]
        for row in next(iter(programs.values()))[0]:
            cells, best = [], {True: float("inf"), False: float("inf")}
            for program, (rows, _, _) in programs.items():
                median, least, most = rows[row]
                cells.append(f"{median:.3g} ({least:.3g} to {most:.3g})")
                ours = program.startswith("redraw")
                best[ours] = min(best[ours], median)
            lines.append(f"| {row} | " + " | ".join(cells) + f" | {best[False] / best[True]:.2f} |")
        lines.append("| peak memory, GB | " + " | ".join(f"{memory:.2f}" for _, memory, _ in programs.values()) + " | |")
        lines.append("| agreement | " + " | ".join(words for _, _, words in programs.values()) + " | |")
        lines.append("")
    return "\n".join(lines)


def plot(tables, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [(group, row) for group, programs in tables.items() for row in next(iter(programs.values()))[0]]
    colours = {"redraw": "#2f6f9f", "torch": "#d9822b", "openvino": "#7f7f7f", "onnxruntime": "#5fa55a"}
    figure, axes = pyplot.subplots(len(rows), 1, figsize=(8, 1.9 * len(rows)), layout="constrained")
    for axis, (group, row) in zip([axes] if len(rows) == 1 else axes, rows):
        programs = tables[group]
        values = [programs[program][0][row][0] for program in programs]
        bars = axis.barh(list(programs), values, color=[colours[program.split("-")[0]] for program in programs])
        axis.bar_label(bars, [f"{value:.3g} s" for value in values], padding=3, fontsize=8)
        axis.set_title(f"{group}: {row}", fontsize=9, loc="left")
        axis.invert_yaxis()
        axis.margins(x=0.12)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redraw", required=True)
    parser.add_argument("--groups", default="sd15,lcm,clip-vit-b-32,clip-vit-l-14,wd-vit-tagger-v3")
    parser.add_argument("--programs", default=",".join(PROGRAMS))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the networks, which are otherwise made for the time being")
    parser.add_argument("--out", type=Path, default=Path("bench"), help="where the table and the plot go, without an ending")
    options = parser.parse_args()
    options.programs = options.programs.split(",")
    if unknown := [name for name in options.programs if name not in PROGRAMS]:
        parser.error(f"no program {unknown[0]}; there are {', '.join(PROGRAMS)}")
    bench = Bench(options)
    tables = {}
    try:
        for group in options.groups.split(","):
            tables[group] = bench.table(group)
            text = markdown(tables, options)
            options.out.with_suffix(".md").write_text(text + "\n")
        print("\n" + text)
        plot(tables, options.out.with_suffix(".png"))
    finally:
        if not options.keep:
            shutil.rmtree(bench.work, ignore_errors=True)


if __name__ == "__main__":
    main()
