"""Trains the generator's autoencoder: a diffusers AutoencoderKL with a latent of a quarter of the size and four channels,
or with --eighth of an eighth and eight, which makes a step of the denoiser four times cheaper.

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

QUARTER = dict(block_out_channels=(16, 32, 64), latent_channels=4)
EIGHTH = dict(block_out_channels=(32, 64, 128, 192), latent_channels=8)


def fresh_autoencoder(shape):
    levels = len(shape["block_out_channels"])
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels, layers_per_block=1,
        norm_num_groups=8, mid_block_add_attention=False, sample_size=128, **shape)


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
                yield torch.from_numpy(as_array([square_crop(image, self.side, chance, zoom_out=chance.random() < 0.3)])[0])


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
    parser.add_argument("--eighth", action="store_true", help="a latent of an eighth of the size with eight channels")
    parser.add_argument("--latent-noise", type=float, default=0.05, help="largest deviation of the noise on the latent")
    parser.add_argument("--sampled-posterior", action="store_true", help="draw the latent from the learnt posterior, with next to no KL")
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

    beginning = options.decoder_of or options.begin_with
    fresh = AutoencoderKL.from_pretrained(beginning) if beginning else fresh_autoencoder(EIGHTH if options.eighth else QUARTER)
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
    crops = Crops(pictures, weights, options.side, 100 * step + team.rank)
    batches = iter(torch.utils.data.DataLoader(crops, batch_size=options.batch, num_workers=options.workers))

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
        # Twice the pictures a step towards the end, when the direction matters more than the number of steps.
        wanted = next(batches) if progress < 0.6 else torch.cat([next(batches), next(batches)])
        wanted = wanted.to(options.device, memory_format=torch.channels_last)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.bf16):
            posterior = autoencoder.encode(wanted).latent_dist
            if options.sampled_posterior:
                latent = posterior.sample()
            else:
                latent = posterior.mean
                latent = latent + options.latent_noise * torch.rand(len(wanted), 1, 1, 1, device=options.device) * torch.randn_like(latent)
            made = autoencoder.decode(latent).sample
        loss = reconstruction_loss(made.float(), wanted)
        if options.sampled_posterior:
            loss = loss + 1e-6 * posterior.kl().mean()
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
