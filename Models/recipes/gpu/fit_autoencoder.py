"""The autoencoder's share of a run: a latent of an eighth of the size, its first channels held to brightness and colour."""

import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from descent import descend  # noqa: E402
from networks import CHANNELS, PIXELS  # noqa: E402
from standardise_latent import mixing_of, standardise  # noqa: E402
from train_autoencoder import latent_loss, reconstruction_loss  # noqa: E402

SIDE = 128
RATE, DECODER_RATE = 1.5e-3, 1e-3
# Noise up to this deviation lies over the latent while it is decoded: the decoder will be given what a denoiser made.
LATENT_NOISE = 0.12
# One step in so many decodes the latent at half its size to the picture at half its size, so that the latent means the same at any
# size (Kouzelis 2025, EQ-VAE): a denoiser learns such a latent sooner.
HALVED_EVERY = 3


class Reconstruction(torch.nn.Module):
    """The losses of pictures [count, 3, side, side] in [-1, 1], and of their latents."""

    def __init__(self, autoencoder, halved):
        super().__init__()
        self.autoencoder, self.halved = autoencoder, halved

    def forward(self, wanted):
        latent = self.autoencoder.quant_conv(self.autoencoder.encoder(wanted))[:, :CHANNELS]
        given = latent + LATENT_NOISE * torch.rand(len(wanted), 1, 1, 1, device=wanted.device) * torch.randn_like(latent)
        target = wanted
        if self.halved:
            given, target = functional.avg_pool2d(given, 2), functional.avg_pool2d(wanted, 2)
        made = self.autoencoder.decoder(self.autoencoder.post_quant_conv(given))
        return reconstruction_loss(made.float(), target), latent_loss(latent.float(), wanted, PIXELS)


@torch.no_grad()
def standardised(autoencoder, views, count=512):
    """Brings the latent to mean 0 and known deviations, folded into the 1x1 convolutions; what is reconstructed stays the same."""
    latents = []
    for _ in range(max(1, count // 64)):
        pictures, *_ = views.drawn(64, SIDE)
        latents.append(autoencoder.encode(pictures).latent_dist.mean.float())
    mean, mixing = mixing_of(torch.cat(latents).transpose(0, 1).flatten(1).double())
    standardise(autoencoder, mean.float(), mixing.float())


@torch.no_grad()
def psnr(autoencoder, views, side, count=32):
    """Mean PSNR in dB over views of whole training pictures: a sign of life. What counts is measured afterwards on pictures kept apart."""
    pictures, *_ = views.drawn(count, side)
    made = autoencoder.decode(autoencoder.encode(pictures).latent_dist.mean).sample.clamp(-1, 1)
    return (-10 * ((made - pictures) / 2).square().flatten(1).mean(1).log10()).mean().item()


def fit(autoencoder, average, views, until, batch, bf16, report, save, decoder_only=False):
    """Trains until the clock says `until`; `average` follows. With `decoder_only` the latent stays as it is, and what a UNet learnt of it holds."""
    device = views.device
    kinds = [Reconstruction(autoencoder, halved=False)] if decoder_only else [Reconstruction(autoencoder, halved) for halved in (False, True)]
    if decoder_only:
        autoencoder.encoder.requires_grad_(False)
        autoencoder.quant_conv.requires_grad_(False)
    followed = [(slow, quick) for slow, quick in zip(average.parameters(), autoencoder.parameters()) if quick.requires_grad]
    slow, parameters = (list(side) for side in zip(*followed))
    top = DECODER_RATE if decoder_only else RATE
    optimizer = torch.optim.AdamW(parameters, lr=top, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
    begin = told = saved = time.monotonic()
    step = 0
    while (now := time.monotonic()) < until:
        progress = (now - begin) / (until - begin)
        rate = top * min(1, (step + 1) / 100) * min(1, 0.02 + (1 - progress) / 0.6)
        for group in optimizer.param_groups:
            group["lr"] = rate
        wanted, *_ = views.drawn(batch, SIDE, details=step % 4 == 3)
        wanted = wanted.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            seen, latent = kinds[(step % HALVED_EVERY == HALVED_EVERY - 1) % len(kinds)](wanted)
        step += 1
        descend(seen if decoder_only else seen + latent, optimizer, parameters, slow, min(0.998, (1 + step) / (20 + step)))
        if now - told > 10:
            report(f"autoencoder: step {step}, {step * batch} crops, loss {seen.item():.4f} and {latent.item():.4f}, {psnr(average, views, SIDE):.2f} dB at {SIDE}")
            told = now
        if now - saved > 60:
            save()
            saved = now
