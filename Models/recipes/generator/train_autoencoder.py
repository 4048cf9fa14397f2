"""Trains the generator's autoencoder: a diffusers AutoencoderKL with a latent of a quarter of the size and six channels.

The first three channels are held to what the picture looks like at that size: its brightness and two differences of colour. The
other three are free and carry the detail. So the latent is itself a small picture, smooth where the picture is smooth; a denoiser
learns it soon, and no colour can be lost in it, as happens when a short training finds brightness several times over.

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
from whole_files import save_whole

CHANNELS = 6
SHAPE = dict(block_out_channels=(16, 32, 64), latent_channels=CHANNELS)
HELD_CHANNELS = 3
# Means and deviations of brightness, red against blue and green against both, over 300 training pictures at a quarter of the size;
# colour is given a deviation of 0.8 beside brightness' 1.
HELD_MEANS = (-0.04, 0.08, 0.015)
HELD_SCALES = (1 / 0.55, 0.8 / 0.17, 0.8 / 0.125)
# The free channels may vary this much before it costs: without a bound they grow to drown the noise that is laid over the latent.
FREE_DEVIATION = 1.0


def fresh_autoencoder():
    levels = len(SHAPE["block_out_channels"])
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels, layers_per_block=1,
        norm_num_groups=8, mid_block_add_attention=False, sample_size=128, **SHAPE)


def begun_with(folder):
    """A fresh autoencoder with every weight of another one that has the same shape: its latent may have other channels."""
    autoencoder = fresh_autoencoder()
    own = autoencoder.state_dict()
    other = AutoencoderKL.from_pretrained(folder).state_dict()
    own.update({name: values for name, values in other.items() if own[name].shape == values.shape})
    autoencoder.load_state_dict(own)
    return autoencoder


def small_picture(batch, pixels=4):
    """What the held channels are to be: [count, 3, height / pixels, width / pixels] of pictures [count, 3, height, width] in [-1, 1]."""
    red, green, blue = functional.avg_pool2d(batch, pixels).unbind(1)
    seen = torch.stack([(red + green + blue) / 3, (red - blue) / 2, green - (red + blue) / 2], dim=1)
    means, scales = (torch.tensor(values, device=batch.device).view(1, -1, 1, 1) for values in (HELD_MEANS, HELD_SCALES))
    return (seen - means) * scales


class Crops(torch.utils.data.IterableDataset):
    """Crops without end; each loading process draws its own."""

    def __init__(self, pictures, weights, side, seed):
        self.pictures, self.weights, self.side, self.seed = pictures, weights, side, seed

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        chance = random.Random(1000 * self.seed + (worker.id if worker else 0))
        while True:
            for picture in chance.choices(self.pictures, self.weights, k=256):
                image, _ = open_picture(picture, chance)
                yield torch.from_numpy(as_array([square_crop(image, self.side, chance, zoom_out=chance.random() < 0.5)])[0])


def edges(batch):
    return batch[..., :, 1:] - batch[..., :, :-1], batch[..., 1:, :] - batch[..., :-1, :]


def reconstruction_loss(made, wanted):
    """Pixels, differences of neighbours, and the colour of small patches, which a short training otherwise leaves for last."""
    difference = made - wanted
    across, down = edges(difference)
    red, green, blue = functional.avg_pool2d(difference, 4).unbind(1)
    colour = (red - green).abs().mean() + (blue - (red + green) / 2).abs().mean()
    return difference.abs().mean() + 2 * difference.square().mean() + 0.5 * (across.abs().mean() + down.abs().mean()) + colour


def latent_loss(latent, wanted, pixels=4):
    """How far the held channels are from the small picture, and how far the free ones exceed their deviation."""
    held, free = latent[:, :HELD_CHANNELS], latent[:, HELD_CHANNELS:]
    excess = functional.relu(free.square().mean(dim=(0, 2, 3)) - FREE_DEVIATION**2).mean()
    return (held - small_picture(wanted, pixels)).square().mean() + 0.1 * excess + 0.01 * free.mean(dim=(0, 2, 3)).square().mean()


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
    parser.add_argument("--begin-with", type=Path, help="folder of an autoencoder to begin with, instead of a fresh one")
    parser.add_argument("--latent-noise", type=float, default=0.1, help="largest deviation of the noise on the latent")
    parser.add_argument("--workers", type=int, default=0, help="processes that open pictures; on a GPU as many as there are cores")
    parser.add_argument("--bf16", action="store_true", help="for processors and GPUs that multiply bf16 quickly")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()

    team = Team()
    torch.manual_seed(1)
    options.output.mkdir(parents=True, exist_ok=True)
    pictures = training_pictures(options.data, options.tables, options.clipart)
    weights = draw_weights(pictures)
    report = print if team.leads else lambda *words, **options: None
    report(len(pictures), "training pictures", flush=True)
    photographs = evaluation_photographs(options.data, options.tables, 32)

    if options.decoder_of:
        autoencoder = AutoencoderKL.from_pretrained(options.decoder_of)
    else:
        autoencoder = begun_with(options.begin_with) if options.begin_with else fresh_autoencoder()
    autoencoder = autoencoder.to(options.device, memory_format=torch.channels_last)
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
    crops = Crops(pictures, weights, options.side, 100 * step + team.rank)
    batches = iter(torch.utils.data.DataLoader(crops, batch_size=options.batch, num_workers=options.workers))

    def save():
        state = dict(model=autoencoder.state_dict(), average=average.state_dict(), optimizer=optimizer.state_dict(), step=step, spent=spent)
        save_whole(state, checkpoint_file)
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
        # Twice the pictures a step towards the end, when the direction matters more than the number of steps.
        wanted = next(batches) if progress < 0.6 else torch.cat([next(batches), next(batches)])
        wanted = wanted.to(options.device, memory_format=torch.channels_last)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.bf16):
            latent = autoencoder.encode(wanted).latent_dist.mean
            noisy = latent + options.latent_noise * torch.rand(len(wanted), 1, 1, 1, device=options.device) * torch.randn_like(latent)
            made = autoencoder.decode(noisy).sample
        loss = reconstruction_loss(made.float(), wanted)
        if not options.decoder_of:
            loss = loss + latent_loss(latent.float(), wanted)
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
        if step % 100 == 0:
            report(f"step {step} after {spent:.0f} s, loss {running:.4f}, rate {rate:.5f}", flush=True)
        if team.leads and (agreed - last_saved > 150 or agreed >= budget):
            last_saved = agreed
            save()
            print(f"step {step}: held-out PSNR at 128 {held_out_psnr(average, photographs[:12], 128, options.device):.2f} dB", flush=True)
    if team.leads:
        for side in (128, 256):
            print(f"held-out PSNR at {side} {held_out_psnr(average, photographs, side, options.device):.2f} dB, n = {len(photographs)}", flush=True)


if __name__ == "__main__":
    main()
