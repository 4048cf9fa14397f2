#!/usr/bin/env python3
"""Redraw beside diffusers at the real sizes, with random weights: is the picture the same, and how long does each take?

    python parity_generators.py --redraw PATH [--families sd15,sdxl] [--steps 2] [--keep FOLDER]

Both run the same model folder on the CPU in f32 with the same seed, a few steps; what is compared is the picture after the last step, to
the byte, and through the autoencoder's mean the latents. Prints a table. `make parity` runs it. sd15 takes about 9 GB of memory and
sdxl about 24 GB; what does not fit is left out and said so.
"""
import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NEEDED = {"sd15": 9, "sdxl": 24}
SIZES = {"sd15": (512, 512), "sdxl": (512, 512)}
PROMPT, NEGATIVE = "a photograph of a harbour at dawn, long exposure", "blurry"


def available():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20
    return 0


def peer(folder, family, mode, steps, source, out):
    """diffusers in a process of its own, so that its memory is its own too."""
    import diffusers
    import torch

    diffusers.logging.set_verbosity_error()
    begin = time.monotonic()
    kinds = {
        ("sd15", "paint"): diffusers.StableDiffusionPipeline, ("sd15", "generate"): diffusers.StableDiffusionImg2ImgPipeline,
        ("sdxl", "paint"): diffusers.StableDiffusionXLPipeline, ("sdxl", "generate"): diffusers.StableDiffusionXLImg2ImgPipeline,
    }
    made = kinds[family, mode].from_pretrained(folder, torch_dtype=torch.float32)
    made.set_progress_bar_config(disable=True)
    width, height = SIZES[family]
    options = dict(
        prompt=PROMPT, negative_prompt=NEGATIVE, num_inference_steps=steps, guidance_scale=5.0, generator=torch.Generator().manual_seed(7),
    )
    if mode == "paint":
        options.update(width=width, height=height)
    else:
        from PIL import Image

        options.update(image=Image.open(source).convert("RGB"), strength=0.6)
    with torch.no_grad():
        latent = made(**options, output_type="latent").images
        picture = made.image_processor.postprocess(made.vae.decode(latent / made.vae.config.scaling_factor, return_dict=False)[0])[0]
    picture.save(out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{time.monotonic() - begin:.1f} {peak:.2f}")


def encoded(folder, picture):
    """The autoencoder's mean of a picture: two pictures of nearly the same latent are near each other here."""
    import numpy as np
    import torch
    from diffusers import AutoencoderKL

    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", torch_dtype=torch.float32)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        return vae.encode(pixels).latent_dist.mean


def run(command):
    """Output, seconds and peak memory in GB."""
    begin = time.monotonic()
    with tempfile.NamedTemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        log.seek(0)
        text = log.read()
    if status:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{text}")
    return text, time.monotonic() - begin, usage.ru_maxrss / 2**20


def main(options):
    import numpy as np
    from PIL import Image

    rows = []
    for family in options.families.split(","):
        if available() < NEEDED[family]:
            print(f"{family}: left out, it needs about {NEEDED[family]} GB of memory and {available():.0f} are free")
            continue
        work = Path(options.keep or tempfile.mkdtemp(prefix="redraw-parity-")) / family
        if not (work / "model_index.json").exists():
            maker = Path(__file__).with_name("make_random_pipeline.py")
            run([sys.executable, maker, work, "--family", family])
        width, height = SIZES[family]
        y, x = np.mgrid[0:height, 0:width]
        waves = np.stack([np.sin(x / 50 + y / 90), np.cos(y / 60), np.sin((x + y) / 70)], -1) * 90 + 128
        source = work / "source.png"
        Image.fromarray(waves.astype(np.uint8)).save(source)
        for mode in ("paint", "generate"):
            theirs, ours = work / f"{mode}-diffusers.png", work / f"{mode}-redraw.png"
            steps = options.steps if mode == "paint" else options.steps * 2
            told, _, _ = run([sys.executable, __file__, "--peer", family, mode, str(steps), work, source, theirs])
            peer_seconds, peer_memory = map(float, told.split()[-2:])
            for precision in ("f32", "bf16"):
                command = [options.redraw, mode] + ([source] if mode == "generate" else [])
                command += ["--model", work, "--prompt", PROMPT, "--negative", NEGATIVE, "--steps", str(steps), "--guidance", "5"]
                command += ["--seed", "7", "--sampler", "ddim", "--size", f"{width}x{height}", "--profile", "diffusers"]
                command += ["--precision", precision, "--output", ours, "--overwrite"]
                command += ["--strength", "0.6"] if mode == "generate" else []
                _, seconds, memory = run(command)
                left, right = (np.asarray(Image.open(path).convert("RGB")) for path in (ours, theirs))
                largest = int(np.abs(left.astype(int) - right.astype(int)).max())
                first, second = encoded(work, left), encoded(work, right)
                error = float((first - second).abs().max() / second.abs().max())
                rows.append((family, mode, precision, error, largest, seconds, peer_seconds, memory, peer_memory))
        if not options.keep:
            shutil.rmtree(work.parent)
    print("family  mode      weights  latent error  largest of 255  redraw s  diffusers s  redraw GB  diffusers GB")
    for family, mode, precision, error, largest, seconds, peer_seconds, memory, peer_memory in rows:
        print(
            f"{family:7} {mode:9} {precision:8} {error:12.2e}  {largest:14}  {seconds:8.1f}  {peer_seconds:11.1f}  {memory:9.2f}  {peer_memory:12.2f}"
        )
    if any(row[4] > 2 for row in rows):
        raise SystemExit("a picture differs by more than 2 of 255")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        family, mode, steps, folder, source, out = sys.argv[2:]
        peer(folder, family, mode, int(steps), source, out)
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--redraw", required=True)
        parser.add_argument("--families", default="sd15")
        parser.add_argument("--steps", type=int, default=2)
        parser.add_argument("--keep")
        main(parser.parse_args())
