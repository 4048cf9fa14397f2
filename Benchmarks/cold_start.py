#!/usr/bin/env python3
"""What a model's files cost that lie on the disk and not in the page cache, and how much of it reading ahead takes away.

    python cold_start.py --redraw PATH [--model DIR] [--size 512x512] [--precision auto] [--rounds 3] [--everything] [--keep FOLDER]

Redraws a photograph, two steps at half strength, so one pass, and takes from --json the seconds of loading (from the opening of the files until
all weights are packed, the decoding of the given picture included), of encoding and of all, and from outside those of the whole command:

in the page cache           the model's files were read before
on the disk                 they were let go of before each run
the same, not reading ahead: a madvise of its own takes no advice to read ahead, in the place of the C library's (wants a C compiler)

in turns; medians of the rounds. The disk by itself: the files read from start to end, and touched a page after the other through a mapping,
which is what is left to a run that does not read ahead. Only the model's files are let go of, so that nothing else on the machine is any the
slower; with --everything the whole page cache is dropped before each run, the program's own pages too, for which one has to be root.

--model is a folder in diffusers' layout; without it random weights of Stable Diffusion 1.5's size in f16 (2 GB, torch and diffusers) are
made in --keep FOLDER or for the time being. Prints a table as it stands in Documentation.
"""
import argparse
import ctypes
import json
import mmap
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_program import PHOTOGRAPHS, PROMPTS, Program, random_model

DROP = Path("/proc/sys/vm/drop_caches")
WITHOUT_ADVICE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int madvise(void *address, size_t length, int advice) {
    if (advice == MADV_WILLNEED) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_madvise, address, length, advice);
}
"""


def share_in_memory(file):
    """Which part of a file's pages is in the page cache."""
    library = ctypes.CDLL(None, use_errno=True)
    library.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        pages = ctypes.create_string_buffer((len(mapped) + mmap.PAGESIZE - 1) // mmap.PAGESIZE)
        first = ctypes.c_char.from_buffer(mapped)
        failed = library.mincore(ctypes.addressof(first), len(mapped), pages)
        del first
        if failed:
            raise OSError(ctypes.get_errno(), "mincore", str(file))
        return sum(page & 1 for page in pages.raw) / len(pages)


def let_go(files, everything):
    os.sync()
    if everything:
        try:
            DROP.write_text("3\n")
        except OSError as error:
            sys.exit(f"the page cache can only be dropped by root ({error}); without --everything the model's files alone are let go of")
    for file in files:
        with open(file, "rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if share_in_memory(file) > 0.01:
            sys.exit(f"{file} stays in the page cache: something else has it open, or its file system keeps it in memory")


def read(files):
    """Seconds to read files from start to end."""
    begin, buffer = time.monotonic(), bytearray(1 << 20)
    for file in files:
        with open(file, "rb", buffering=0) as opened:
            while opened.readinto(buffer):
                pass
    return time.monotonic() - begin


def touch(files):
    """Seconds to touch each page through a mapping."""
    begin = time.monotonic()
    for file in files:
        with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            sum(mapped[:: mmap.PAGESIZE])
    return time.monotonic() - begin


def library_without_advice(folder):
    """The path of a library whose madvise refuses to read ahead; None without a compiler."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        print("There is no C compiler here: the run that does not read ahead is left out.", file=sys.stderr)
        return None
    (folder / "advice.c").write_text(WITHOUT_ADVICE)
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", folder / "advice.so", folder / "advice.c"], check=True)
    return str(folder / "advice.so")


def measured(program, options, model, **more):
    told, seconds, _ = program.run(
        "generate", PHOTOGRAPHS[0], "--prompt", PROMPTS["coffee"], "--model", model, "--size", options.size, "--steps", 2, "--strength", 0.5,
        "--precision", options.precision, "--seed", 7, "--json", "--library", program.folder / "made", "--output", program.folder / "made.png",
        "--overwrite", **more)
    told = json.loads(told)["seconds"]
    return dict(load=told["load"], encode=told["encode"], run=told["total"], command=seconds)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--redraw", required=True)
    options.add_argument("--model")
    options.add_argument("--size", default="512x512")
    options.add_argument("--precision", default="auto")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--everything", action="store_true")
    options.add_argument("--keep")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        program = Program(options.redraw, name)
        model = Path(options.model or random_model(program, options, "sd15")).resolve()
        files = [file for part in ("text_encoder", "text_encoder_2", "vae", "unet") for file in sorted((model / part).glob("*.safetensors"))]
        if not files:
            sys.exit(f"{model} has no weights in folders unet and vae")
        ways = {"in the page cache": (False, {}), "on the disk": (True, {})}
        if library := library_without_advice(Path(name)):
            ways["the same, not reading ahead"] = (True, dict(LD_PRELOAD=library))
        measured(program, options, model)
        runs, disk = {way: [] for way in ways}, []
        for _ in range(options.rounds):
            for way, (is_cold, more) in ways.items():
                if is_cold:
                    let_go(files, options.everything)
                else:
                    read(files)
                runs[way].append(measured(program, options, model, **more))
            alone = []
            for reading in (read, touch):
                let_go(files, options.everything)
                alone.append(reading(files))
            disk.append(alone)

    def median(way, part):
        return statistics.median(run[part] for run in runs[way])

    gigabytes = sum(file.stat().st_size for file in files) / 1e9
    print(f"| {model.name}, {gigabytes:.2f} GB, {options.size}, one pass | Loading | Encoding | Run | Whole command |\n|---|---|---|---|---|")
    for way in ways:
        print(f"| {way} | {' | '.join(f'{median(way, part):.2f} s' for part in ('load', 'encode', 'run', 'command'))} |")
    whole, touched = (statistics.median(column) for column in zip(*disk))
    print(
        f"\nThe disk alone: {whole:.2f} s from start to end ({gigabytes * 1000 / whole:.0f} MB/s), {touched:.2f} s touched through a mapping; "
        f"medians of {options.rounds}.")


if __name__ == "__main__":
    main()
