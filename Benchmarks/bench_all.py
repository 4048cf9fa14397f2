#!/usr/bin/env python3
"""Redraw beside torch, OpenVINO and onnxruntime on this machine, at every precision each has: time, agreement, memory.

    python bench_all.py --redraw PATH [--groups sd15,lcm,clip-vit-b-32,clip-vit-b-16,clip-vit-l-14,wd-vit-tagger-v3]
        [--programs redraw-f32,torch-bf16,…] [--threads 2] [--rounds 3] [--passes 3] [--keep FOLDER] [--out NAME]

Networks of the real sizes with random weights, made once (in FOLDER, or for the time being: 2 GB for sd15 and as much again for OpenVINO's
copy); numbers that take as long as those of trained ones. Every program runs in a process of its own with the same number of threads, one
after the other and then all of them again, so that all meet the same load; a cell is the median of all passes of all rounds, with the
spread behind it (from the quickest to the slowest round's median). First passes are not counted, but in a cold start, which is from the start of
the process to its first embedding with the files in the page cache; so is a picture from a picture (512x512, strength 0.6 of 20 steps,
guidance 7.5, to the file), with the loading of the model. It is made once a round; so is that of the group lcm: four steps of a latent consistency
model at strength 0.6, with a tiny autoencoder. OpenVINO's and onnxruntime's conversions are not counted. Left out are int8 of torch and
OpenVINO, which want a model calibrated first, and generators with onnxruntime, which would be OpenVINO's way with slower products. So is bf16
on a processor without instructions for it, unless --programs names it: it is f32 there, or f32 with detours.

Before anything is timed, outputs are compared with torch's in f32 (bench_agreement.py says how, and from where on a program is left out, and
told). Two ratios close a row: of f32 alone, and of the quickest programs that stay near enough.

Writes NAME.md and NAME.png (bench.md, bench.png).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_report
import encoder_models as encoders
import processes
from bench_agreement import Agreements
from bench_works import FEW_STEPS, GENERATORS, PAINTED_STEPS, PROGRAMS, TAGGERS, TOWERS, WORDING, texts

HERE = Path(__file__).parent


def measured(command, threads):
    """(what it printed last, seconds, peak memory in GB) of a process."""
    output, seconds, memory = processes.run(
        command, dict(os.environ, OMP_NUM_THREADS=str(threads), TRANSFORMERS_VERBOSITY="error", PYTHONWARNINGS="ignore"))
    return output, seconds, memory / 1024


class Bench:
    def __init__(self, options):
        self.options, self.left_out = options, []
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

    def painted(self, group, precision, steps=PAINTED_STEPS, *more):
        """A run of Redraw: seconds of a step and of decoding, and the picture."""
        picture = self.work / f"{group}-redraw-{precision}-painted.png"
        told, _, memory = self.redraw(
            "paint", WORDING, "--model", self.work / group, "--negative", "blurry", "--steps", steps,
            "--guidance", "7.5", "--size", "512x512", "--sampler", "ddim", "--seed", "1", "--precision", precision, "--json", "--output",
            picture, "--overwrite", "--library", self.work / "library", *more)
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
        compared, agreements, taking_part = Agreements(self, group), {}, []
        for program in self.options.programs:
            if program.startswith("onnxruntime") and (group in GENERATORS or group in FEW_STEPS):
                continue
            try:
                agreements[program] = compared.of(program)
            except RuntimeError as reason:
                self.left_out.append(f"{group}: {program} is left out, it failed")
                print(f"{self.left_out[-1]}: {reason}", file=sys.stderr, flush=True)
                continue
            print(f"{group}: {program}: {agreements[program].words}", flush=True)
            if agreements[program].takes_part:
                taking_part.append(program)
            else:
                self.left_out.append(f"{group}: {program} is left out, it is too far from torch in f32: {agreements[program].words}")
                print(self.left_out[-1], file=sys.stderr, flush=True)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redraw", required=True)
    parser.add_argument("--groups", default="sd15,lcm,clip-vit-b-32,clip-vit-b-16,clip-vit-l-14,wd-vit-tagger-v3")
    parser.add_argument("--programs", help=f"of {', '.join(PROGRAMS)}; without it all whose numbers the processor has instructions for")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the networks, which are otherwise made for the time being")
    parser.add_argument("--out", type=Path, default=Path("bench"), help="where the table and the plot go, without an ending")
    options = parser.parse_args()
    foreign = [] if options.programs or bench_report.multiplies_bfloats() else [name for name in PROGRAMS if name.endswith("-bf16")]
    options.programs = options.programs.split(",") if options.programs else [name for name in PROGRAMS if name not in foreign]
    if unknown := [name for name in options.programs if name not in PROGRAMS]:
        parser.error(f"no program {unknown[0]}; there are {', '.join(PROGRAMS)}")
    bench = Bench(options)
    if foreign:
        bench.left_out.append(f"{', '.join(foreign)}: left out, this processor has no instructions for bf16")
    tables, heading = {}, bench_report.heading(options)
    try:
        for group in options.groups.split(","):
            tables[group] = bench.table(group)
            text = bench_report.markdown(tables, heading, bench.left_out)
            options.out.with_suffix(".md").write_text(text + "\n")
        print("\n" + text)
        bench_report.plot(tables, heading, options.out.with_suffix(".png"))
    finally:
        if not options.keep:
            shutil.rmtree(bench.work, ignore_errors=True)


if __name__ == "__main__":
    main()
