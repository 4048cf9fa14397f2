"""The UNet's share of a run: painting, redrawing and filling at once, v-prediction weighed by min-SNR."""

import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from descent import descend  # noqa: E402
from networks import CHANNELS, MOST_TOKENS, PIXELS, TEXT_WIDTH  # noqa: E402
from train_denoiser import noise_levels  # noqa: E402

RATE = 6e-4
# (side in pixels, details, share of the steps early, share late). A step of any kind has as many latent values.
KINDS = ((128, False, 0.62, 0.22), (128, True, 0.08, 0.06), (192, False, 0.30, 0.32), (256, False, 0.0, 0.28), (256, True, 0.0, 0.12))
EARLY = 0.4  # of the time
FALL = 0.3  # of the time, at the end, in which the rate falls
FILLED = 0.3  # share of the views that show a masked picture
KEPT_AROUND = 0.15  # of these, how many keep the middle and fill what is around
HIGHEST_SNR = 5.0
# Where larger views' steps lie: 1 spreads them evenly over the noise schedule, more draws them towards its quiet end. A painting begins small.
QUIETNESS = {128: 1.0, 192: 1.1, 256: 1.35}
LONGEST_MEMORY = 0.9993  # of the running average, a step


def masks(count, side, device):
    """Masks [count, 1, side, side], 1 where it is filled: boxes and ellipses, most near the middle where things are."""
    draw = lambda low, high: low + (high - low) * torch.rand(count, 1, 1, device=device)  # noqa: E731
    along = (torch.arange(side, device=device) + 0.5) / side
    wide, tall = draw(0.25, 0.9) / 2, draw(0.25, 0.9) / 2
    x, y = ((0.5 + 0.15 * torch.randn(count, 1, 1, device=device)).clamp(0.1, 0.9) for _ in range(2))
    across, down = (along.view(1, 1, -1) - x).abs() / wide, (along.view(1, -1, 1) - y).abs() / tall
    inside = torch.where(draw(0, 1) < 0.5, torch.maximum(across, down) < 1, across.square() + down.square() < 1)
    around = draw(0, 1) < KEPT_AROUND
    return (inside ^ around).float()[:, None]


class Encoder:
    """Latents of pictures, and what the UNet is shown of masked ones."""

    def __init__(self, autoencoder):
        self.autoencoder = autoencoder.requires_grad_(False)
        self.nothing = {}

    def latent(self, pictures):
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        return self.autoencoder.quant_conv(self.autoencoder.encoder(pictures))[:, :CHANNELS].float()

    @torch.no_grad()
    def __call__(self, pictures, filled):
        """Latents [count, channels, h, w] of pictures, and mask and masked picture's latent [count, 1 + channels, h, w]; the first `filled` have a mask."""
        count, side = len(pictures), pictures.shape[-1]
        if side not in self.nothing:
            self.nothing[side] = self.latent(torch.zeros_like(pictures[:1]))
        mask = masks(filled, side, pictures.device)
        shown = torch.cat([self.latent(pictures[:filled] * (1 - mask)), self.nothing[side].expand(count - filled, -1, -1, -1)])
        small = torch.ones(count, 1, side // PIXELS, side // PIXELS, device=pictures.device)
        small[:filled] = functional.max_pool2d(mask, PIXELS)
        return self.latent(pictures), torch.cat([small, shown], dim=1)


class Denoising(torch.nn.Module):
    """The loss of one batch as one function for the compiler."""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, latent, shown, noise, steps, signal, states, mask, sentences, numbers):
        kept = signal[steps].view(-1, 1, 1, 1)
        noisy = kept.sqrt() * latent + (1 - kept).sqrt() * noise
        wanted = kept.sqrt() * noise - (1 - kept).sqrt() * latent
        given = torch.cat([noisy, shown], dim=1)
        made = self.unet(
            given, steps, states, encoder_attention_mask=mask, added_cond_kwargs=dict(text_embeds=sentences, time_ids=numbers), return_dict=False)[0]
        # For v the plain error weighs a step by SNR + 1.
        snr = kept / (1 - kept)
        return ((snr.clamp(max=HIGHEST_SNR) / (snr + 1)) * (made.float() - wanted).square()).mean()


class Batches:
    """What a step is given, drawn on the device."""

    def __init__(self, views, captions, encoder, batch, bf16):
        self.views, self.captions, self.encoder, self.batch, self.bf16 = views, captions, encoder, batch, bf16
        self.signal = noise_levels().to(views.device)
        self.records = torch.tensor(views.numbers, device=views.device)

    def drawn(self, side, details):
        device, count = self.views.device, views_a_step(self.batch, side)
        pictures, rows, numbers = self.views.drawn(count, side, details)
        with torch.autocast(device, torch.bfloat16, enabled=self.bf16):
            latent, shown = self.encoder(pictures, int(FILLED * count))
        order = torch.randperm(count, device=device)  # which of the steps below a view gets
        latent, shown, rows, numbers = latent[order], shown[order], rows[order], numbers[order]
        even = (torch.arange(count, device=device) + torch.rand(1, device=device)) / count
        steps = (even ** QUIETNESS[side] * 1000).long().clamp(max=999)
        texts = self.captions.of(self.records[rows])
        return (
            latent.contiguous(memory_format=torch.channels_last), shown.contiguous(memory_format=torch.channels_last), torch.randn_like(latent), steps,
            self.signal, self.captions.states[texts].float(), self.captions.mask[texts], self.captions.sentences[texts], numbers)


def views_a_step(batch, side):
    """Views a step: as many latent values at any side."""
    return max(4, int(batch * (128 / side) ** 2) // 4 * 4)


def example(batch, side, device):
    """A step's input of the right shapes and no meaning, to compile and to measure with."""
    count, small = views_a_step(batch, side), side // PIXELS
    draw = lambda *shape: torch.randn(shape, device=device)  # noqa: E731
    latent = draw(count, CHANNELS, small, small).contiguous(memory_format=torch.channels_last)
    shown = draw(count, CHANNELS + 1, small, small).contiguous(memory_format=torch.channels_last)
    steps = torch.randint(1000, (count,), device=device)
    mask = torch.ones(count, MOST_TOKENS, dtype=torch.bool, device=device)
    states, sentences, numbers = draw(count, MOST_TOKENS, TEXT_WIDTH), draw(count, TEXT_WIDTH), torch.full((count, 6), float(side), device=device)
    return latent, shown, torch.randn_like(latent), steps, noise_levels().to(device), states, mask, sentences, numbers


def warmed(unet, compiled, batch, device, bf16, report):
    """A step of the UNet, compiled and measured for each side; leaves no gradient behind."""
    step_of = Denoising(unet)
    if compiled:
        step_of = torch.compile(step_of, dynamic=False)
    for side in sorted({side for side, *_ in KINDS}):
        given = example(batch, side, device)
        begin = time.monotonic()
        for attempt in range(4):
            with torch.autocast(device, torch.bfloat16, enabled=bf16):
                step_of(*given).backward()
            if device == "cuda":
                torch.cuda.synchronize()
            if attempt == 0:
                first, begin = time.monotonic() - begin, time.monotonic()
        seconds = (time.monotonic() - begin) / 3
        report(f"unet at {side}: first step {first:.1f} s, then {seconds * 1000:.0f} ms for {len(given[0])} views")
    step_of.zero_grad(set_to_none=True)
    return step_of


def fit(unet, average, batches, until, compiled, report, save, chance):
    """Trains until the clock says `until`; `average` follows. Returns (steps, views seen)."""
    device = batches.views.device
    step_of = warmed(unet, compiled, batches.batch, device, batches.bf16, report)
    parameters, slow = list(unet.parameters()), list(average.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=1e-2, fused=True)
    begin = told = saved = time.monotonic()
    step = seen = 0
    running = {}
    while (now := time.monotonic()) < until:
        progress = (now - begin) / (until - begin)
        shares = [early if progress < EARLY else late for _, _, early, late in KINDS]
        side, details = chance.choices(KINDS, shares)[0][:2]
        rate = RATE * min(1, (step + 1) / 200) * max(min(1, (1 - progress) / FALL), 0.02)
        for group in optimizer.param_groups:
            group["lr"] = rate
        drawn = batches.drawn(side, details)
        with torch.autocast(device, torch.bfloat16, enabled=batches.bf16):
            loss = step_of(*drawn)
        step, seen = step + 1, seen + len(drawn[0])
        descend(loss, optimizer, parameters, slow, min(LONGEST_MEMORY, (1 + step) / (10 + step)))
        running[side] = torch.lerp(running.get(side, loss.detach()), loss.detach(), 0.05)
        # Reading waits for the device; only every ten seconds.
        if now - told > 10:
            losses = ", ".join(f"{key}: {value.item():.4f}" for key, value in sorted(running.items()))
            report(f"unet: step {step}, {seen} views, loss {losses}, rate {rate:.6f}")
            told = now
        if now - saved > 60:
            save()
            saved = now
    return step, seen
