#!/usr/bin/env python3
"""Times each way to a 3x3 convolution on this machine, and writes them into the table that Redraw chooses by.

    python convolution_table.py --redraw PATH [--write] [--rounds 5] [--threads 2]

The convolutions are those of Stable Diffusion 1.5's UNet and autoencoder, of redraw-small's, and some of small maps; the ways are the direct one and
Winograd's, F(4x4, 3x3) in f32 and F(2x2, 3x3) in bf16. bf16 is timed where this processor multiplies it itself. Wants an idle machine, a gigabyte of
memory and some minutes, and numpy and Pillow as bench_program.py does.

Prints a table of medians. --write puts the rows of processors of this kind, the same maker and the same widest instructions, into
Sources/Tensors/ConvolutionTimes+Rows.swift, in the place of those of the same kind. What is built then takes for each convolution the quickest
way to the nearest shape, and takes nothing by timing.
"""
import argparse
import json
import math
import sys
import tempfile

from bench_program import Program
from swift_tables import ROOT, Tables, kind, model_name

TIMES = ROOT / "Sources/Tensors/ConvolutionTimes+Rows.swift"
WAYS = ("direct", "winograd2", "winograd4")


def significant(milliseconds):
    """To four digits."""
    return f"{milliseconds:.{max(0, 3 - math.floor(math.log10(milliseconds)))}f}"


def row(processor, timed):
    times = "".join(f", {way}: {significant(timed['milliseconds'][way])}" for way in WAYS if way in timed["milliseconds"])
    return (
        f"ConvolutionTimes({processor}, .{timed['precision']}, inputs: {timed['inputs']}, outputs: {timed['outputs']}, tiles: {timed['tiles']}{times})")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--redraw", required=True)
    options.add_argument("--write", action="store_true")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--threads", type=int, default=2)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        told = json.loads(Program(options.redraw, name).run("bench", "--convolutions", options.rounds, "--threads", options.threads)[0])
    processor, convolutions = kind(told["processor"]), told["convolutions"]
    measured = [model_name(), f"{told['threads']} threads", f"medians of {told['rounds']}"]
    print(f"{', '.join(measured)}; milliseconds, the quickest in bold.\n")
    ways = [way for way in WAYS if any(way in timed["milliseconds"] for timed in convolutions)]
    print(f"| Network | Numbers | Channels | Map | {' | '.join(ways)} | Taken by this build |\n|{'---|' * (5 + len(ways))}")
    for timed in convolutions:
        times = timed["milliseconds"]
        quickest = min(times, key=times.get)
        cells = [(f"**{significant(times[way])}**" if way == quickest else significant(times[way])) if way in times else "" for way in ways]
        shape = f"{timed['batch']} x {timed['height']} x {timed['width']}"
        print(
            f"| {timed['network']} | {timed['precision']} | {timed['inputs']} to {timed['outputs']} | {shape} | {' | '.join(cells)} | {timed['taken']} |")
    if not options.write:
        return
    if not processor:
        sys.exit("a processor of a maker that Redraw does not know has no rows")
    tables = Tables(writes=True)
    for precision in ("f32", "bf16"):
        rows = [row(processor, timed) for timed in convolutions if timed["precision"] == precision and len(timed["milliseconds"]) > 1]
        if rows:
            tables.set_all(TIMES, rows, *measured)
            print(f"\n{TIMES.relative_to(ROOT)}: {len(rows)} rows of {processor} in {precision}", flush=True)


if __name__ == "__main__":
    main()
