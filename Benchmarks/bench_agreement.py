"""Whether a program's outputs are those of torch in f32, which bench_all.py asks before it times anything.

| | compared | takes part from | in f32 from | near enough from |
|---|---|---|---|---|
| Redraw's generators | a picture of two guided steps, the same seed (PSNR) | 25 dB | 50 dB | 35 dB |
| other generators | a UNet's output (root mean square, of its own), and a decoded picture | 10 %, 25 dB | 1 %, 50 dB | 35 dB |
| few steps | the whole picture from a picture | 25 dB | 25 dB | 35 dB |
| encoders | the smallest cosine of one picture's and 64 texts' embeddings | 0.98 | 0.9999 | 0.999 |
| taggers | the largest difference of a probability | 0.5 | 0.01 | 0.05 |

Nearness is what `auto` asks of pictures and embeddings; a program that takes part and is not near enough is timed, and left out of the second
ratio. Pictures of few steps begin from one that each program has scaled itself.
"""

from typing import NamedTuple

import numpy as np

from bench_works import FEW_STEPS, GENERATORS, PAINTED_STEPS, TAGGERS, texts


class Agreement(NamedTuple):
    words: str
    takes_part: bool
    is_near: bool


def psnr(one, other):
    return 10 * np.log10(255**2 / max(float(np.mean((one.astype(float) - other.astype(float)) ** 2)), 1e-9))


def pixels(file):
    from PIL import Image

    return np.asarray(Image.open(file).convert("RGB"))


class Agreements:
    """Of a group's programs, with what torch makes of it in f32."""

    def __init__(self, bench, group):
        self.bench, self.group = bench, group
        bench.peer("torch-f32", group, 0, *(["--first"] if group in FEW_STEPS else []))
        if group in GENERATORS:
            bench.peer("torch-f32", group, 0, "--painted")

    def of(self, program):
        kind, numbers = program.split("-")
        if program != "torch-f32" and kind != "redraw":
            self.bench.peer(program, self.group, 0, *(["--first"] if self.group in FEW_STEPS else []))
        if self.group in FEW_STEPS:
            return self.whole(program, kind, numbers)
        if self.group in GENERATORS:
            return self.painted(numbers) if kind == "redraw" else self.parts(program, numbers)
        return (self.labels if self.group in TAGGERS else self.embeddings)(program, kind, numbers)

    def kept(self, program):
        with np.load(self.bench.work / f"{self.group}-{program}.npz") as kept:
            return kept["first"], kept["second"]

    def whole(self, program, kind, numbers):
        if kind == "redraw":
            self.bench.redrawn(self.group, numbers)
        noise = psnr(*(pixels(self.bench.whole(self.group, one)) for one in (program, "torch-f32")))
        return Agreement("the measure" if program == "torch-f32" else f"PSNR {noise:.1f} dB", noise >= 25, noise >= 35)

    def painted(self, numbers):
        # The same noise as torch's comes of the seed in that profile.
        _, _, picture = self.bench.painted(self.group, numbers, PAINTED_STEPS, "--profile", "diffusers")
        noise = psnr(pixels(picture), pixels(self.bench.work / f"{self.group}-torch-f32-painted.png"))
        return Agreement(f"picture {noise:.1f} dB", noise >= (50 if numbers == "f32" else 25), noise >= 35)

    def parts(self, program, numbers):
        (step, decoded), (right, picture) = self.kept(program), self.kept("torch-f32")
        error = float(np.sqrt(np.mean((step - right) ** 2) / np.mean(right**2)))
        noise = psnr(decoded, picture)
        takes_part = error <= 0.01 and noise >= 50 if numbers == "f32" else error <= 0.1 and noise >= 25
        words = "the measure" if program == "torch-f32" else f"step {100 * error:.2f} %, decode {noise:.1f} dB"
        return Agreement(words, takes_part, noise >= 35)

    def embeddings(self, program, kind, numbers):
        if kind == "redraw":
            image = self.bench.embedded(self.group, numbers, "image", "--raw", self.bench.work / "picture.png")[0]
            text = self.bench.embedded(self.group, numbers, "text", "--raw", *texts(64))[0]
            ours = [np.array([entry["embedding"] for entry in told]) for told in (image, text)]
        else:
            ours = self.kept(program)
        cosines = [
            np.sum(a * b, -1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1) for a, b in zip(ours, self.kept("torch-f32"))]
        least = min(float(one.min()) for one in cosines)
        return Agreement(
            "the measure" if program == "torch-f32" else f"cosine {least:.5f}", least >= (0.9999 if numbers == "f32" else 0.98), least >= 0.999)

    def labels(self, program, kind, numbers):
        if kind == "redraw":
            ours = np.array(self.bench.labelled(self.group, numbers, "--raw")[0][0]["probabilities"])
        else:
            ours = self.kept(program)[0][0]
        most = float(np.abs(ours - self.kept("torch-f32")[0][0]).max())
        words = "the measure" if program == "torch-f32" else f"largest difference {most:.2g}"
        return Agreement(words, most < (0.01 if numbers == "f32" else 0.5), most < 0.05)
