"""What bench_all.py writes: a table a group in Markdown, and a plot, both with the machine and the versions they are of."""

import datetime
import os
import platform
import subprocess
import textwrap
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
RATIOS = ["f32: best other / Redraw", "near enough: best other / best Redraw"]


def told_of_the_processor(name):
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "?")


def multiplies_bfloats():
    return any(name in told_of_the_processor("flags").split() for name in ("avx512_bf16", "amx_bf16"))


def machine():
    flags = told_of_the_processor("flags").split()
    has = [name for name in ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8") if name in flags]
    return f"{told_of_the_processor('model name')} ({', '.join(has)}), {os.cpu_count()} processors, {platform.release().split('-')[0]}"


def versions(redraw):
    """Redraw's with the commit of the checkout that this file lies in, if it is one."""
    told = subprocess.run([redraw, "--version"], capture_output=True, text=True).stdout.strip() or "redraw"
    commit = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    found = [f"{told} (checkout {commit})" if commit else told]
    for name in ("torch", "diffusers", "transformers", "openvino", "onnxruntime"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


def heading(options):
    return (
        f"{datetime.date.today().isoformat()}, {machine()}; {options.threads} threads; {versions(options.redraw)}; "
        f"{options.rounds} rounds of {options.passes} passes.")


def ratios(programs, row):
    """Like beside like: f32 beside f32, and the quickest of each among those that stay near enough to it; None where one side has none."""
    def quickest(ours, counts):
        times = [rows[row][0] for program, (rows, _, agreement) in programs.items() if program.startswith("redraw") == ours and counts(program, agreement)]
        return min(times, default=None)

    for counts in (lambda program, _: program.endswith("-f32"), lambda _, agreement: agreement.is_near):
        theirs, ours = quickest(False, counts), quickest(True, counts)
        yield None if theirs is None or ours is None else theirs / ours


def markdown(tables, heading, left_out):
    lines = [
        heading, "",
        "Seconds, with the spread of the rounds. The ratios are the quickest other program's time over Redraw's, above 1 where Redraw is quicker: of f32 "
        "alone, and of the quickest on each side whose results stay near enough to f32 (pictures 35 dB, embeddings a cosine of 0.999, probabilities "
        "0.05), marked with an asterisk.", ""]
    for group, programs in tables.items():
        if not programs:
            continue
        names = [program.replace("-", " ") + ("*" if agreement.is_near else "") for program, (_, _, agreement) in programs.items()]
        lines += [f"| {group} | " + " | ".join(names + RATIOS) + " |", "|---" * (len(names) + 1 + len(RATIOS)) + "|"]
        for row in next(iter(programs.values()))[0]:
            cells = ["{:.3g} ({:.3g} to {:.3g})".format(*rows[row]) for rows, _, _ in programs.values()]
            cells += ["" if one is None else f"{one:.2f}" for one in ratios(programs, row)]
            lines.append(f"| {row} | " + " | ".join(cells) + " |")
        lines.append("| peak memory, GB | " + " | ".join(f"{memory:.2f}" for _, memory, _ in programs.values()) + " | | |")
        lines.append("| beside torch f32 | " + " | ".join(agreement.words for _, _, agreement in programs.values()) + " | | |")
        lines.append("")
    return "\n".join(lines + left_out)


def plot(tables, heading, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [(group, row) for group, programs in tables.items() if programs for row in next(iter(programs.values()))[0]]
    if not rows:
        return
    colours = {"redraw": "#2f6f9f", "torch": "#d9822b", "openvino": "#7f7f7f", "onnxruntime": "#5fa55a"}
    figure, axes = pyplot.subplots(len(rows), 1, figsize=(8, 1.9 * len(rows) + 0.8), layout="constrained")
    figure.suptitle("\n".join(textwrap.wrap(heading, 110)), fontsize=8, x=0.01, ha="left")
    for axis, (group, row) in zip([axes] if len(rows) == 1 else axes, rows):
        programs = tables[group]
        values = [rows[row][0] for rows, _, _ in programs.values()]
        bars = axis.barh(list(programs), values, color=[colours[program.split("-")[0]] for program in programs])
        labels = [f"{value:.3g} s, at most {memory:.2f} GB" for value, (_, memory, _) in zip(values, programs.values())]
        axis.bar_label(bars, labels, padding=3, fontsize=8)
        told = [f"{name} {one:.2f}" for name, one in zip(RATIOS, ratios(programs, row)) if one is not None]
        axis.set_title(f"{group}: {row}" + (f"   ({'; '.join(told)})" if told else ""), fontsize=8, loc="left")
        axis.invert_yaxis()
        axis.margins(x=0.25)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
