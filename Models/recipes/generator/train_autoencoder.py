"""Trains the generator's autoencoder: a diffusers AutoencoderKL with a latent of a quarter of the size and four channels.

The run is bounded by wall time, so that the schedule fits any machine; it writes a checkpoint now and then and goes on from it.
"""

import argparse
import copy
import math
import random
import time
from pathlib import Path

import numpy
import torch
import torch.nn.functional as functional
from diffusers import AutoencoderKL

from pictures import as_array, draw_weights, evaluation_photographs, open_picture, square_crop, training_pictures
from together import Team

CONFIG = dict(
    in_channels=3,
    out_channels=3,
    down_block_types=("DownEncoderBlock2D",) * 3,
    up_block_types=("UpDecoderBlock2D",) * 3,
    block_out_channels=(16, 32, 64),
    layers_per_block=1,
    latent_channels=4,
    norm_num_groups=8,
    mid_block_add_attention=False,
    sample_size=128,
)


def crop_batch(pictures, weights, count, side, chance):
    crops = []
    for picture in chance.choices(pictures, weights, k=count):
        image, _ = open_picture(picture, chance)
        crops.append(square_crop(image, side, chance, zoom_out=chance.random() < 0.3))
    return torch.from_numpy(as_array(crops))


def edges(batch):
    return batch[..., :, 1:] - batch[..., :, :-1], batch[..., 1:, :] - batch[..., :-1, :]


def reconstruction_loss(made, wanted):
    """Pixels, differences of neighbours, and the colour of small patches, which a short training otherwise leaves for last."""
    difference = made - wanted
    across, down = edges(difference)
    red, green, blue = functional.avg_pool2d(difference, 4).unbind(1)
    colour = (red - green).abs().mean() + (blue - (red + green) / 2).abs().mean()
    return difference.abs().mean() + difference.square().mean() + 0.5 * (across.abs().mean() + down.abs().mean()) + 2 * colour


@torch.no_grad()
def held_out_psnr(autoencoder, photographs, side, device):
    """Mean PSNR in dB over 8-bit pictures squashed to `side` pixels."""
    values = []
    for photograph in photographs:
        wanted = torch.from_numpy(as_array([photograph.resize((side, side), 3)])).to(device)
        made = autoencoder(wanted).sample.clamp(-1, 1)
        error = ((made * 127.5).round() - (wanted * 127.5).round()).div(255).square().mean()
        values.append(-10 * torch.log10(error).item())
    return float(numpy.mean(values))


@torch.no_grad()
def follow(average, model, step):
    """Moves the running average of the weights towards the model."""
    keep = min(0.997, (1 + step) / (20 + step))
    for slow, quick in zip(average.parameters(), model.parameters()):
        slow.lerp_(quick, 1 - keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with one sub-folder a picture set")
    parser.add_argument("--tables", type=Path, required=True, help="folder with one CSV a picture set")
    parser.add_argument("--clipart", type=Path, help="folder with the unpacked clip-art packages")
    parser.add_argument("--output", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--side", type=int, default=64, help="pixels a crop")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decoder-of", type=Path, help="train only the decoder of the autoencoder in this folder; its latent stays as it is")
    parser.add_argument("--begin-with", type=Path, help="folder of an autoencoder to train further, instead of a fresh one")
    parser.add_argument("--latent-noise", type=float, default=0.05, help="largest deviation of the noise on the latent")
    parser.add_argument("--sampled-posterior", action="store_true", help="draw the latent from the learnt posterior, with next to no KL")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()

    team = Team()
    torch.manual_seed(1)
    chance = random.Random(1 + team.rank)
    options.output.mkdir(parents=True, exist_ok=True)
    pictures = training_pictures(options.data, options.tables, options.clipart)
    weights = draw_weights(pictures)
    report = print if team.leads else lambda *words, **options: None
    report(len(pictures), "training pictures", flush=True)
    photographs = evaluation_photographs(options.data, options.tables, 32)

    beginning = options.decoder_of or options.begin_with
    fresh = AutoencoderKL.from_pretrained(beginning) if beginning else AutoencoderKL(**CONFIG)
    autoencoder = fresh.to(options.device, memory_format=torch.channels_last)
    average = copy.deepcopy(autoencoder).requires_grad_(False)
    if options.decoder_of:
        autoencoder.encoder.requires_grad_(False)
        autoencoder.quant_conv.requires_grad_(False)
    trained = [parameter for parameter in autoencoder.parameters() if parameter.requires_grad]
    report(sum(parameter.numel() for parameter in autoencoder.parameters()), "parameters", flush=True)
    optimizer = torch.optim.AdamW(trained, lr=options.rate, betas=(0.9, 0.99), weight_decay=1e-3)
    checkpoint_file = options.output / "autoencoder.pt"
    step, spent = 0, 0.0
    if checkpoint_file.exists():
        checkpoint = torch.load(checkpoint_file, map_location=options.device)
        autoencoder.load_state_dict(checkpoint["model"])
        average.load_state_dict(checkpoint["average"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        step, spent = checkpoint["step"], checkpoint["spent"]
        chance.seed(step * 100 + team.rank)

    def save():
        state = dict(model=autoencoder.state_dict(), average=average.state_dict(), optimizer=optimizer.state_dict(), step=step, spent=spent)
        torch.save(state, checkpoint_file.with_suffix(".part"))
        checkpoint_file.with_suffix(".part").replace(checkpoint_file)
        average.save_pretrained(options.output / "vae")

    budget = options.minutes * 60
    last, last_saved, running = time.monotonic(), spent, None
    agreed = spent
    while agreed < budget:
        progress = agreed / budget
        warm = min(1, (step + 1) / 50)
        rate = options.rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * progress)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        count = options.batch if progress < 0.6 else options.batch * 2
        wanted = crop_batch(pictures, weights, count, options.side, chance)
        wanted = wanted.to(options.device, memory_format=torch.channels_last)
        posterior = autoencoder.encode(wanted).latent_dist
        if options.sampled_posterior:
            made = autoencoder.decode(posterior.sample()).sample
            loss = reconstruction_loss(made, wanted) + 1e-6 * posterior.kl().mean()
        else:
            noise = options.latent_noise * torch.rand(count, 1, 1, 1, device=options.device) * torch.randn_like(posterior.mean)
            loss = reconstruction_loss(autoencoder.decode(posterior.mean + noise).sample, wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        agreed = team.share(trained, spent)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        step += 1
        follow(average, autoencoder, step)
        now = time.monotonic()
        spent, last = spent + now - last, now
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if step % 25 == 0:
            report(f"step {step} after {spent:.0f} s, loss {running:.4f}, rate {rate:.5f}", flush=True)
        if team.leads and (agreed - last_saved > 150 or agreed >= budget):
            last_saved = agreed
            save()
            print(f"step {step}: held-out PSNR at 128 {held_out_psnr(average, photographs[:12], 128, options.device):.2f} dB", flush=True)
    if team.leads:
        print(f"held-out PSNR at 256 {held_out_psnr(average, photographs, 256, options.device):.2f} dB, n = {len(photographs)}", flush=True)


if __name__ == "__main__":
    main()
