"""Times a guided UNet step and a decode of Redraw and of diffusers in turns on one machine, and prints their ratio.

    python bench_generators.py --redraw ../.build/release/redraw [--model DIR] [--size 512] [--rounds 3] [--threads 2] [--precision bf16] [--peer-type bf16]

DIR is a Stable Diffusion folder in the layout of diffusers. Without one a model of SD 1.5's size with random weights is made for the time
being (2 GB): its numbers take as long as those of a trained one. In each round one runs after the other, so that both meet the same load.
diffusers has run each part once before it is timed; Redraw is a new process each time, and what it prepares in its first step counts.
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

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--redraw", required=True, help="the built redraw")
parser.add_argument("--model", help="a Stable Diffusion folder; without it, random weights")
parser.add_argument("--size", type=int, default=512)
parser.add_argument("--steps", type=int, default=2, help="steps of each round")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
parser.add_argument("--precision", default="f32", help="of Redraw: f32, bf16, int8 or auto")
parser.add_argument("--peer-type", choices=["f32", "bf16"], default="f32", help="of diffusers")
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)

import torch  # noqa: E402  (the thread count is read at import)
from diffusers import AutoencoderKL, UNet2DConditionModel  # noqa: E402

made = None
if options.model is None:
    made = tempfile.TemporaryDirectory()
    options.model = os.path.join(made.name, "random-sd15")
    subprocess.run([sys.executable, str(Path(__file__).with_name("make_random_pipeline.py")), options.model], check=True)

torch.set_num_threads(options.threads)
torch.set_grad_enabled(False)


NUMBERS = {"f32": torch.float32, "bf16": torch.bfloat16}[options.peer_type]


def peers():
    unet = UNet2DConditionModel.from_pretrained(options.model, subfolder="unet", torch_dtype=NUMBERS).eval()
    autoencoder = AutoencoderKL.from_pretrained(options.model, subfolder="vae", torch_dtype=NUMBERS).eval()
    return unet.to(memory_format=torch.channels_last), autoencoder.to(memory_format=torch.channels_last)


def run_peer(unet, autoencoder):
    scale = 2 ** (len(autoencoder.config.block_out_channels) - 1)
    side = options.size // scale
    latent = torch.randn(2, unet.config.in_channels, side, side, dtype=NUMBERS).to(memory_format=torch.channels_last)
    text = torch.randn(2, 77, unet.config.cross_attention_dim, dtype=NUMBERS)
    extra = {}
    if unet.config.addition_embed_type == "text_time":
        width = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
        extra = {"added_cond_kwargs": {"text_embeds": torch.randn(2, width, dtype=NUMBERS), "time_ids": torch.full((2, 6), float(options.size))}}
    begin = time.perf_counter()
    for step in range(options.steps):
        unet(latent, 500, text, **extra)
    denoise = (time.perf_counter() - begin) / options.steps
    small = torch.randn(1, autoencoder.config.latent_channels, side, side, dtype=NUMBERS).to(memory_format=torch.channels_last)
    begin = time.perf_counter()
    autoencoder.decode(small)
    return denoise, time.perf_counter() - begin


def run_redraw():
    with tempfile.TemporaryDirectory() as folder:
        command = [
            options.redraw, "paint", "--model", options.model, "--prompt", "a red apple on a wooden table, oil painting",
            "--negative", "blurry", "--steps", str(options.steps), "--guidance", "7.5", "--size", f"{options.size}x{options.size}",
            "--sampler", "ddim", "--seed", "1", "--precision", options.precision, "--threads", str(options.threads), "--json",
            "--output", os.path.join(folder, "out.png"),
        ]
        environment = dict(os.environ, XDG_DATA_HOME=folder, XDG_CACHE_HOME=folder)
        begin = time.perf_counter()
        with open(os.path.join(folder, "log"), "w+") as log:
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
            told = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begin
            if status:
                log.seek(0)
                raise SystemExit(f"{' '.join(command)} failed:\n{log.read()}")
        seconds = json.loads(told)["seconds"]
        return seconds["denoise"] / options.steps, seconds["decode"], seconds["load"], wall, usage.ru_maxrss / 2**20


unet, autoencoder = peers()
run_peer(unet, autoencoder)  # the first pass makes torch choose its kernels
rows = []
for number in range(options.rounds):
    theirs = run_peer(unet, autoencoder)
    ours = run_redraw()
    rows.append((theirs, ours))
    print(
        f"round {number + 1}: step {ours[0]:.2f} s to {theirs[0]:.2f} s, decode {ours[1]:.2f} s to {theirs[1]:.2f} s, "
        f"load {ours[2]:.2f} s, whole process {ours[3]:.2f} s", flush=True)
peak = max(row[1][4] for row in rows)
print(f"SD at {options.size}x{options.size}, {options.threads} threads, diffusers in {options.peer_type}, redraw in {options.precision}, medians of {options.rounds}")
print("                                    redraw  diffusers  ratio")
for name, position in (("guided step (UNet, batch 2)", 0), ("decode", 1)):
    ours = statistics.median(row[1][position] for row in rows)
    theirs = statistics.median(row[0][position] for row in rows)
    ratio = statistics.median(row[1][position] / row[0][position] for row in rows)
    print(f"{name:33} {ours:6.2f} s  {theirs:7.2f} s  {ratio:5.2f}")
print(f"peak memory of redraw: {peak:.2f} GiB")
