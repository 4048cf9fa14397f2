#!/usr/bin/env python3
"""Measures what `--precision auto` goes by on this machine, and writes it into the tables that Redraw is built with.

    python precision_table.py --redraw PATH [--only rates,pictures,encoders] [--write]
        [--families sd15,sdxl] [--encoder FOLDER …] [--rounds 5] [--keep FOLDER]

`rates`     what this machine multiplies in a second in f32, bf16 and int8 (medians of the rounds of `redraw bench`): the row of processors of its
            kind, the same maker and the same widest instructions, in Sources/Tensors/ProcessorRates.swift. Wants an idle machine.
`pictures`  how near pictures in bf16 and int8 come to those in f32, the least of all of a model's: four photographs redrawn with redraw-small, and two
            pictures of two guided steps with random weights of each of --families (2 GB for sd15, 7 GB for sdxl; needs torch and
            diffusers). Rows of Sources/Diffusion/Loading/PictureNearness.swift.
`encoders`  the least cosine of four photographs' embeddings to those in f32: of random weights of a ViT-B/32's size (needs torch and
            transformers), and of the folder of every --encoder, which counts as trained. Rows of Sources/Studio/EncoderNearness.swift.

Prints the rows; --write puts them in the place of those of the same kind, model or encoder, between the marks, or adds them. Where this
processor does not multiply bf16 itself, neither bf16 nor int8 of a picture can be measured, as both want it: such rows stay as they are.
Redraw takes the quickest of those whose pictures keep 35 dB, or whose embeddings a cosine of 0.999, and takes nothing by timing.
"""
import argparse
import json
import math
import re
import statistics
import sys
import tempfile
from pathlib import Path

import numpy

import bench_program
from bench_program import PHOTOGRAPHS, Program, decibels, pixels
from swift_tables import ROOT, Tables, kind, model_name

RATES = ROOT / "Sources/Tensors/ProcessorRates.swift"
PICTURES = ROOT / "Sources/Diffusion/Loading/PictureNearness.swift"
ENCODERS = ROOT / "Sources/Studio/EncoderNearness.swift"
OTHERS = ("bf16", "int8")


def numbers(values, digits):
    """What stands in a row of the columns that were measured, never rounded upwards."""
    return "".join(
        f", {name}: {math.floor(min(value, 9999) * 10**digits) / 10**digits:.{digits}f}" for name, value in values.items() if value is not None)


def benched(program):
    return json.loads(program.run("bench", "--json")[0])


def multiplies_bfloats(told):
    return next(rate["isNative"] for rate in told["rates"] if rate["precision"] == "bf16")


def rates(program, options, tables):
    rounds = [benched(program) for _ in range(options.rounds)]
    processor = kind(rounds[0]["processor"])
    if not processor:
        sys.exit("a processor of a maker that Redraw does not know has no row")
    level = rounds[0]["processor"]["level"]
    has = {"f32": True, "bf16": level in ("bf16", "amx"), "int8": level != "plain"}
    found = {
        name: statistics.median(next(rate["gigaOperations"] for rate in told["rates"] if rate["precision"] == name) for told in rounds)
        if has[name] else None
        for name in ("f32", *OTHERS)}
    tables.set(
        RATES, f"ProcessorRates({processor}{numbers(found, 0)})", model_name(),
        f"{rounds[0]['threads']} threads, medians of {options.rounds}")


def picture(program, options, tables):
    if not multiplies_bfloats(benched(program)):
        print("pictures: this processor does not multiply bf16 itself, so what it makes in bf16 or int8 is not what others make")
        if options.write:
            return
    output = program.folder / "precise.png"
    small = {name: [] for name in OTHERS}
    for photograph in PHOTOGRAPHS:
        made = {
            name: bench_program.redraw(
                program, photograph, output, "--model", "redraw-small", "--steps", 20, "--strength", 0.5, "--precision", name)[0]
            for name in ("f32", *OTHERS)}
        for name in OTHERS:
            small[name].append(decibels(made["f32"], made[name]))
    row("redraw-small", small, f"{len(PHOTOGRAPHS)} photographs, 10 of 20 steps", tables)
    for family in filter(None, options.families.split(",")):
        model, found = bench_program.random_model(program, options, family), {name: [] for name in OTHERS}
        for seed in (3, 7):
            made = {}
            for name in ("f32", *OTHERS):
                program.run(
                    "paint", "a photograph of a harbour at dawn", "--model", model, "--size", "512x512", "--steps", 2, "--guidance", 5, "--seed", seed,
                    "--first-side", 0, "--precision", name, "--library", program.folder / "made", "--output", output, "--overwrite")
                made[name] = pixels(output)
            for name in OTHERS:
                found[name].append(decibels(made["f32"], made[name]))
        row(f"{family}, random weights", found, "2 pictures, 2 steps", tables)


def row(model, found, measured, tables):
    least = {name: min(values) for name, values in found.items()}
    tables.set(PICTURES, f'PictureNearness("{model}"{numbers(least, 1)})', measured, model_name())


def encoder(program, options, tables):
    bfloats = multiplies_bfloats(benched(program))
    folders = [(Path(one).resolve().name, Path(one).resolve(), True) for one in options.encoder]
    if not folders:
        import encoder_models
        import torch

        made = Path(options.keep or program.folder) / "clip-vit-b-32"
        if not made.exists():
            encoder_models.make("clip-vit-b-32", made, torch.float32)
        folders = [("clip-vit-b-32, random weights", made, False)]
    for name, folder, is_trained in folders:
        embedded = {
            precision: numpy.array([
                entry["embedding"]
                for entry in json.loads(program.run("embed", "image", "--encoder", folder, "--precision", precision, *PHOTOGRAPHS)[0])])
            for precision in ("f32", *OTHERS)}
        least = {one: float((embedded["f32"] * embedded[one]).sum(-1).min()) for one in OTHERS if one != "bf16" or bfloats}
        begin = f'EncoderNearness("{name}", isTrained: {str(is_trained).lower()}'
        kept = re.search(re.escape(begin) + r", bf16: ([0-9.]+)", ENCODERS.read_text())
        if not bfloats and kept:
            least = {"bf16": float(kept[1]), **least}
        tables.set(ENCODERS, f"{begin}{numbers(least, 5)})", f"{len(PHOTOGRAPHS)} photographs", model_name())


def main():
    parts = dict(rates=rates, pictures=picture, encoders=encoder)
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--redraw", required=True)
    options.add_argument("--only", default=",".join(parts))
    options.add_argument("--write", action="store_true")
    options.add_argument("--families", default="")
    options.add_argument("--encoder", action="append", default=[])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--keep")
    options = options.parse_args()
    tables = Tables(options.write)
    with tempfile.TemporaryDirectory() as name:
        program = Program(options.redraw, name)
        for part in options.only.split(","):
            if part not in parts:
                sys.exit(f"{part} is none of {', '.join(parts)}")
            parts[part](program, options, tables)


if __name__ == "__main__":
    main()
