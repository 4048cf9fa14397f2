#!/usr/bin/env python3
"""Redraw beside diffusers at the real sizes, with random weights: is the picture the same, and how long does each take?

    python parity_generators.py --redraw PATH [--families sd15,sdxl] [--size 512] [--steps 2] [--keep FOLDER]

Both run the same model folder (numbers of two bytes) on the CPU with the same seed, a few steps, one after the other; diffusers in f32.
Compared are the latents after the last step and the pictures, byte by byte. Prints a table and fails where latents in f32 differ by more
than 1e-3 of the largest, or pictures by more than 2 of 255. In bf16 and int8 both factors of a product are rounded, so there the picture
counts: its PSNR against diffusers' in f32 has to be 35 dB or more in bf16, 29 dB in int8, which is never chosen by itself. The latents' errors
stand in the table for them too, the largest difference relative to the largest number; below it what one pass of the UNet is off by beside
Redraw's own in f32, as a root mean square relative to what the pass gives: that of 1 step from noise alone, unguided, which the latent is solved
for. `make parity` runs it. What does not fit into the free memory is left out and said so.
"""
import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import processes

# GB: what the hungrier of the two takes at its peak in f32, and something to spare.
NEEDED = {"sd15": 8, "sdxl": 19}
LATENTS, PICTURES, DECIBELS = 1e-3, 2, {"f32": 60, "bf16": 35, "int8": 29}
PROMPT, NEGATIVE = "a photograph of a harbour at dawn, long exposure", "blurry"


def available():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20
    return 0


def peer(folder, family, mode, steps, size, source, out):
    """diffusers in a process of its own, so that its memory is its own too."""
    import diffusers
    import safetensors.torch
    import torch

    diffusers.logging.set_verbosity_error()
    begin = time.monotonic()
    kinds = {
        ("sd15", "paint"): diffusers.StableDiffusionPipeline, ("sd15", "generate"): diffusers.StableDiffusionImg2ImgPipeline,
        ("sdxl", "paint"): diffusers.StableDiffusionXLPipeline, ("sdxl", "generate"): diffusers.StableDiffusionXLImg2ImgPipeline,
    }
    made = kinds[family, mode].from_pretrained(folder, torch_dtype=torch.float32)
    made.set_progress_bar_config(disable=True)
    options = dict(
        prompt=PROMPT, negative_prompt=NEGATIVE, num_inference_steps=steps, guidance_scale=5.0, generator=torch.Generator().manual_seed(7),
    )
    if mode == "paint":
        options.update(width=size, height=size)
    else:
        from PIL import Image

        options.update(image=Image.open(source).convert("RGB"), strength=0.6)
    with torch.no_grad():
        latent = made(**options, output_type="latent").images
        safetensors.torch.save_file({"latent": latent.contiguous()}, f"{out}.safetensors")
        picture = made.image_processor.postprocess(made.vae.decode(latent / made.vae.config.scaling_factor, return_dict=False)[0])[0]
    picture.save(out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{time.monotonic() - begin:.1f} {peak:.2f}")


def run(command):
    """Output, seconds and peak memory in GB."""
    try:
        text, seconds, memory = processes.run(command)
    except RuntimeError as error:
        raise SystemExit(str(error))
    return text, seconds, memory / 1024


def compare(folder, family, options):
    """The rows of a family."""
    import numpy as np
    from PIL import Image
    from safetensors.numpy import load_file

    if not (folder / "model_index.json").exists():
        run([sys.executable, Path(__file__).with_name("make_random_pipeline.py"), folder, "--family", family])
    size = options.size
    y, x = np.mgrid[0:size, 0:size]
    waves = np.stack([np.sin(x / 50 + y / 90), np.cos(y / 60), np.sin((x + y) / 70)], -1) * 90 + 128
    results = folder.with_name(folder.name + "-results")
    results.mkdir(exist_ok=True)
    source = results / "source.png"
    Image.fromarray(waves.astype(np.uint8)).save(source)
    rows = []
    for mode in ("paint", "generate"):
        theirs, ours = results / f"{mode}-diffusers.png", results / f"{mode}-redraw.png"
        steps = options.steps if mode == "paint" else options.steps * 2
        told, _, _ = run([sys.executable, __file__, "--peer", family, mode, str(steps), str(size), folder, source, theirs])
        peer_seconds, peer_memory = map(float, told.split()[-2:])
        for precision in ("f32", "bf16", "int8"):
            command = [options.redraw, mode] + ([source] if mode == "generate" else [])
            command += ["--model", folder, "--prompt", PROMPT, "--negative", NEGATIVE, "--steps", str(steps), "--guidance", "5"]
            command += ["--seed", "7", "--sampler", "ddim", "--size", f"{size}x{size}", "--profile", "diffusers"]
            command += ["--precision", precision, "--output", ours, "--latent", f"{ours}.safetensors", "--overwrite", "--library", results / "library"]
            command += ["--strength", "0.6"] if mode == "generate" else []
            _, seconds, memory = run(command)
            left, right = (np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (ours, theirs))
            first, second = (load_file(f"{path}.safetensors")["latent"] for path in (ours, theirs))
            error = float(np.abs(first - second).max() / np.abs(second).max())
            noise = float(10 * np.log10(255**2 / max(np.mean((left - right) ** 2), 1e-9)))
            rows.append((family, mode, precision, error, int(np.abs(left - right).max()), noise, seconds, peer_seconds, memory, peer_memory))
            print(line(rows[-1]), flush=True)
    errors = ", ".join(f"{precision} {100 * error:.2f} %" for precision, error in one_pass(folder, options, results).items())
    print(f"{family:7} one pass of the UNet beside f32's: {errors}", flush=True)
    return rows


def one_pass(folder, options, results):
    """What a pass of the UNet at the noisiest step is off by in bf16 and int8, of its own root mean square.

    DDIM's one step makes of noise x and what the network says e the latent last * (x - noise * e) / signal + rest * e, so that latents tell e."""
    import numpy as np
    import torch
    from safetensors.numpy import load_file

    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    kept = np.cumprod(1 - betas)
    signal, noise, last, rest = kept[-1] ** 0.5, (1 - kept[-1]) ** 0.5, kept[0] ** 0.5, (1 - kept[0]) ** 0.5
    x = torch.randn((1, 4, options.size // 8, options.size // 8), generator=torch.Generator().manual_seed(7)).numpy()
    out, said = results / "pass.png", {}
    for precision in ("f32", "bf16", "int8"):
        run([
            options.redraw, "paint", "--model", folder, "--prompt", PROMPT, "--steps", "1", "--spacing", "trailing", "--guidance", "1", "--seed", "7",
            "--sampler", "ddim", "--size", f"{options.size}x{options.size}", "--profile", "diffusers", "--precision", precision, "--output", out,
            "--latent", f"{out}.safetensors", "--overwrite", "--library", results / "library"])
        latent = load_file(f"{out}.safetensors")["latent"].reshape(x.shape).astype(np.float64)
        said[precision] = (latent - last / signal * x) / (rest - last * noise / signal)
    size = np.sqrt(np.mean(said["f32"] ** 2))
    return {precision: float(np.sqrt(np.mean((said[precision] - said["f32"]) ** 2)) / size) for precision in ("bf16", "int8")}


def line(row):
    family, mode, precision, error, largest, noise, seconds, peer_seconds, memory, peer_memory = row
    return (
        f"{family:7} {mode:9} {precision:8} {error:12.2e}  {largest:14}  {noise:5.1f}  {seconds:8.1f}  {peer_seconds:11.1f}  {memory:9.2f}  {peer_memory:12.2f}"
    )


def main(options):
    rows = []
    print(f"{options.size}x{options.size}, random weights, whole processes with loading")
    print("family  mode      numbers  latent error  largest of 255   PSNR  redraw s  diffusers s  redraw GB  diffusers GB", flush=True)
    for family in options.families.split(","):
        if available() < NEEDED[family]:
            print(f"{family}: left out, it needs about {NEEDED[family]} GB of memory and {available():.0f} are free", flush=True)
        elif options.keep:
            rows += compare(Path(options.keep) / family, family, options)
        else:
            with tempfile.TemporaryDirectory(prefix="redraw-parity-") as work:
                rows += compare(Path(work) / family, family, options)
    if any(row[2] == "f32" and (not row[3] <= LATENTS or row[4] > PICTURES) for row in rows):
        raise SystemExit(f"latents differ by more than {LATENTS} of the largest, or pictures by more than {PICTURES} of 255")
    for row in rows:
        if not row[5] >= DECIBELS[row[2]]:
            raise SystemExit(f"a picture's PSNR in {row[2]} is below {DECIBELS[row[2]]} dB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        family, mode, steps, size, folder, source, out = sys.argv[2:]
        peer(folder, family, mode, int(steps), int(size), source, out)
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--redraw", required=True)
        parser.add_argument("--families", default="sd15,sdxl")
        parser.add_argument("--size", type=int, default=512)
        parser.add_argument("--steps", type=int, default=2)
        parser.add_argument("--keep", help="a folder for the models, which are otherwise made for the time being")
        main(parser.parse_args())
