"""Trains the generator's UNet on latents encoded beforehand: v-prediction, the Stable Diffusion noise schedule, prompts dropped now and then.

It begins on small latents (whole pictures, and pieces of larger ones), which are cheap, and ends on latents of whole larger views. The run is bounded by wall time, writes checkpoints and goes on from them.
"""

import argparse
import random
import time
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

from text_states import padded
from together import Team

UNET_CONFIG = dict(
    sample_size=32,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    mid_block_type="UNetMidBlock2DCrossAttn",
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    block_out_channels=(32, 96, 192),
    layers_per_block=1,
    cross_attention_dim=384,
    # diffusers reads these as the number of heads a level: 32 channels a head.
    attention_head_dim=(1, 3, 6),
    norm_num_groups=16,
    use_linear_projection=True,
)
DROPPED_PROMPTS = 0.1
# Min-SNR (Hang 2023): no step of the noise schedule weighs more than one with this signal-to-noise ratio.
HIGHEST_SNR = 5.0


def fresh_unet(channels):
    return UNet2DConditionModel(in_channels=channels, out_channels=channels, **UNET_CONFIG)


def noise_levels():
    """The share of signal left (the cumulated alphas) at each of the 1000 steps."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return (1 - betas).cumprod(0).float()


class Latents:
    """Views of one size, drawn at random with their captions' token states."""

    def __init__(self, files):
        self.parts = [torch.load(file) for file in files]
        self.channels, self.side = self.parts[0]["latents"].shape[1], self.parts[0]["latents"].shape[-1]

    def draw(self, count, side, chance):
        latents, states = [], []
        for _ in range(count):
            part = chance.choice(self.parts)
            row = chance.randrange(len(part["latents"]))
            latent, caption = part["latents"][row], part["whole"][row]
            if latent.shape[-1] > side:
                top, left = (chance.randint(0, latent.shape[-1] - side) for _ in range(2))
                latent = latent[:, top : top + side, left : left + side]
                if chance.random() < 0.5:
                    caption = part["part"][row]
            if chance.random() < DROPPED_PROMPTS:
                caption = part["empty"]
            latents.append(latent.float())
            states.append(part["states"][caption])
        return torch.stack(latents), states


def denoising_loss(unet, latents, states, signal, chance, device, bf16=False):
    """Mean squared error of v over one batch, weighed by min-SNR, with the steps spread over the schedule, denser where there is less noise."""
    count = len(latents)
    latents = latents.to(device, memory_format=torch.channels_last)
    context, mask = padded(states, device)
    offset = chance.random()
    steps = torch.tensor([int(((index + offset) / count) ** 1.3 * 1000) for index in range(count)], device=device)
    kept = signal.to(device)[steps].view(-1, 1, 1, 1)
    noise = torch.randn_like(latents)
    noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
    wanted = kept.sqrt() * noise - (1 - kept).sqrt() * latents
    with torch.autocast(device, torch.bfloat16, enabled=bf16):
        made = unet(noisy, steps, context, encoder_attention_mask=mask).sample
    # For v the plain error weighs a step by SNR + 1.
    snr = kept / (1 - kept)
    weight = snr.clamp(max=HIGHEST_SNR) / (snr + 1)
    return (weight * (made.float() - wanted).square()).mean()


@torch.no_grad()
def follow(average, model, step, longest):
    keep = min(longest, (1 + step) / (10 + step))
    for slow, quick in zip(average.parameters(), model.parameters()):
        slow.lerp_(quick, 1 - keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=Path, nargs="+", required=True, help="latents of small views")
    parser.add_argument("--large", type=Path, nargs="*", default=[], help="latents of larger views; may appear while the run goes on")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=55)
    parser.add_argument("--small-share", type=float, default=0.55, help="share of the time spent on small latents")
    parser.add_argument("--small-batch", type=int, default=32, help="latents a step, over all processes")
    parser.add_argument("--large-batch", type=int, default=12)
    parser.add_argument("--pieces", type=float, default=0.5, help="share of the small batches cut out of larger latents")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--average", type=float, default=0.997, help="how much of the running average a step keeps; 0.9995 for a long run")
    parser.add_argument("--bf16", action="store_true", help="for processors and GPUs that multiply bf16 quickly")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()

    team = Team()
    torch.manual_seed(1)
    small, large = Latents(options.small), None
    unet = fresh_unet(small.channels).to(options.device, memory_format=torch.channels_last)
    average = fresh_unet(small.channels).to(options.device, memory_format=torch.channels_last).requires_grad_(False)
    average.load_state_dict(unet.state_dict())
    optimizer = torch.optim.AdamW(unet.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=1e-2)
    step, spent = 0, 0.0
    checkpoint_file = options.output / "denoiser.pt"
    if checkpoint_file.exists():
        checkpoint = torch.load(checkpoint_file, map_location=options.device)
        unet.load_state_dict(checkpoint["model"])
        average.load_state_dict(checkpoint["average"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        step, spent = checkpoint["step"], checkpoint["spent"]
    torch.manual_seed(1000 * step + team.rank)
    chance = random.Random(1000 * step + team.rank)
    if team.leads:
        print(sum(parameter.numel() for parameter in unet.parameters()), "parameters", flush=True)

    signal, budget = noise_levels(), options.minutes * 60
    last, last_saved, running, agreed = time.monotonic(), spent, None, spent
    while agreed < budget:
        progress = agreed / budget
        if large is None and options.large and all(file.exists() for file in options.large):
            large = Latents(options.large)
        rate = options.rate * min(1, (step + 1) / 200, (1.01 - progress) / 0.35)
        for group in optimizer.param_groups:
            group["lr"] = rate
        if progress >= options.small_share and large is not None:
            latents, states = large.draw(options.large_batch // team.size, large.side, chance)
        else:
            pieces = large is not None and chance.random() < options.pieces
            latents, states = (large if pieces else small).draw(options.small_batch // team.size, small.side, chance)
        loss = denoising_loss(unet, latents, states, signal, chance, options.device, options.bf16)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        agreed = team.share(list(unet.parameters()), spent)
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        step += 1
        follow(average, unet, step, options.average)
        now = time.monotonic()
        spent, last = spent + now - last, now
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if team.leads and step % 50 == 0:
            print(f"step {step} after {spent:.0f} s, loss {running:.4f}, side {latents.shape[-1]}, rate {rate:.5f}", flush=True)
        if team.leads and (agreed - last_saved > 120 or agreed >= budget):
            last_saved = agreed
            state = dict(model=unet.state_dict(), average=average.state_dict(), optimizer=optimizer.state_dict(), step=step, spent=spent)
            torch.save(state, checkpoint_file.with_suffix(".part"))
            checkpoint_file.with_suffix(".part").replace(checkpoint_file)
            average.save_pretrained(options.output / "unet")


if __name__ == "__main__":
    main()
