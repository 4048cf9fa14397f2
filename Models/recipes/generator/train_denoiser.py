"""Trains the generator's UNet on latents encoded beforehand: v-prediction, a gentle noise schedule, prompts dropped now and then.

Most of it goes into small latents, whole pictures of 32 and 64 pixels and pieces of larger ones: there a thing's shape and colours are cheap to
learn. Latents of 128 pixels follow. A painting grows through the same sizes. Every view comes with the size of its scene and its place in it, as in SDXL, and the whole text's embedding beside the token states: what
a picture shows reaches every block at once and need not be found by attention first.

Several processes step by themselves and average their weights now and then (local SGD, Stich 2018): a short run wants many small steps more
than it wants large batches.

The run is bounded by wall time, writes checkpoints and goes on from them. The rate is constant for most of the run and falls at its end; a
checkpoint from before the fall is kept beside the last one, so that a longer run can go on from there.
"""

import argparse
import random
import time
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

from text_states import padded
from together import Team
from whole_files import save_whole

NUMBER_WIDTH = 16
# Stable Diffusion's schedule is made for latents of 64 x 64; the smaller a latent, the sooner the same noise drowns what it shows. This one
# ends as Stable Diffusion's does, with two to three times its signal-to-noise ratio on the way, so that strengths mean what they do there.
BETAS = (0.0001, 0.014)
UNET_CONFIG = dict(
    sample_size=32,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    mid_block_type="UNetMidBlock2DCrossAttn",
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    block_out_channels=(64, 128, 256),
    layers_per_block=1,
    cross_attention_dim=384,
    # diffusers reads these as the number of heads a level: 32 channels a head.
    attention_head_dim=(2, 4, 8),
    norm_num_groups=16,
    use_linear_projection=True,
    addition_embed_type="text_time",
    addition_time_embed_dim=NUMBER_WIDTH,
    projection_class_embeddings_input_dim=384 + 6 * NUMBER_WIDTH,
)
SIDES = (8, 16, 32)  # latents along a side
STEPS_ALONE = 8  # between two times that processes average their weights, and the running average follows
PIXELS = 4  # along a side of a latent
DROPPED_PROMPTS = 0.1
# For each side: how often views are whole pictures of 32, 64 and 128 pixels (or pieces of these) and details.
KIND_SHARES = {8: (1, 0, 0, 0), 16: (0, 0.8, 0.1, 0.1), 32: (0, 0, 0.65, 0.35)}
# How often each side has its turn, in the first and in the second part of the run. A turn of any side costs about the same.
EARLY_SHARES, LATE_SHARES = (0.6, 0.4, 0), (0.25, 0.3, 0.45)
# Where a side's steps lie: 1 spreads them evenly over the noise schedule, more draws them towards its quiet end. A painting is begun at the
# smallest side alone; larger ones are enlarged or given and are redrawn from the middle of the schedule as a rule.
QUIETNESS = {8: 1.0, 16: 1.3, 32: 1.6}
# Min-SNR (Hang 2023): no step of the noise schedule weighs more than one with this signal-to-noise ratio.
HIGHEST_SNR = 10.0
# An embedding of length 1 has values of about 1/20; beside sinusoids its weights begin larger by this.
SENTENCE_GAIN = 20.0


def fresh_unet(channels):
    unet = UNet2DConditionModel(in_channels=channels, out_channels=channels, **UNET_CONFIG)
    with torch.no_grad():
        unet.add_embedding.linear_1.weight[:, :384] *= SENTENCE_GAIN
    return unet


def noise_levels():
    """The share of signal left (the cumulated alphas) at each of the 1000 steps."""
    betas = torch.linspace(BETAS[0] ** 0.5, BETAS[1] ** 0.5, 1000, dtype=torch.float64) ** 2
    return (1 - betas).cumprod(0).float()


class Views:
    """Latents of all files, with their captions' token states and sentence embeddings and the numbers of their place; drawn at random.

    Everything lies where the training runs, latents and states in f16, so that a batch costs a few look-ups. `captions` are rows of `texts`.
    """

    KINDS = ("quarters", "halves", "wholes", "details")

    def __init__(self, files, device="cpu"):
        parts = [torch.load(file) for file in files]
        self.device = device
        self.counts = [len(part["wholes"]) for part in parts]
        self.texts = [caption for part in parts for caption in part["captions"]]
        self.latents, self.captions, self.places = {}, {}, {}
        firsts = [sum(len(part["captions"]) for part in parts[:number]) for number in range(len(parts))]
        for kind in self.KINDS:
            captions = "detail_captions" if kind == "details" else "whole_captions"
            self.latents[kind] = torch.cat([part[kind] for part in parts]).to(device)
            self.captions[kind] = torch.cat([part[captions] + first for part, first in zip(parts, firsts)])
            side = self.latents[kind].shape[-1] * PIXELS
            whole = torch.tensor([side, side, 0, 0])
            self.places[kind] = torch.cat([part["numbers"] for part in parts]) if kind == "details" else whole.repeat(len(self.captions[kind]), 1)
        self.channels = self.latents["wholes"].shape[1]
        self.empty = parts[0]["empty"]
        states, mask = padded([state for part in parts for state in part["states"]])
        self.tokens = mask.sum(dim=1)
        self.states, self.mask = states.half().to(device), mask.to(device)
        self.sentences = torch.cat([part["sentences"] for part in parts]).float().to(device)

    def draw(self, count, side, chance):
        """Latents [count, channels, side, side], token states with their mask, and what is told beside them. `chance` is a torch.Generator."""
        shares = torch.tensor(KIND_SHARES[side], dtype=torch.float32)
        kinds = torch.multinomial(shares, count, replacement=True, generator=chance)
        latents, captions, numbers = [], [], []
        for kind, name in enumerate(self.KINDS):
            amount = int((kinds == kind).sum())
            if amount == 0:
                continue
            stored = self.latents[name]
            rows = torch.randint(len(stored), (amount,), generator=chance)
            down, across = (torch.randint(stored.shape[-1] - side + 1, (amount, 1), generator=chance) for _ in range(2))
            along = torch.arange(side)
            index = [rows.view(-1, 1, 1, 1), torch.arange(self.channels).view(1, -1, 1, 1)]
            index += [(down + along).view(-1, 1, side, 1), (across + along).view(-1, 1, 1, side)]
            latents.append(stored[tuple(part.to(self.device) for part in index)].float())
            captions.append(self.captions[name][rows])
            height, width, top, left = self.places[name][rows].unbind(1)
            numbers.append(torch.stack([height, width, top + down[:, 0] * PIXELS, left + across[:, 0] * PIXELS, height, width], dim=1))
        # The order decides which step of the noise schedule a view gets.
        order = torch.randperm(count, generator=chance)
        captions = torch.cat(captions)[order]
        captions = torch.where(torch.rand(count, generator=chance) < DROPPED_PROMPTS, self.empty, captions)
        longest = int(self.tokens[captions].max())
        numbers = torch.cat(numbers)[order].float().to(self.device)
        order, captions = order.to(self.device), captions.to(self.device)
        added = dict(text_embeds=self.sentences[captions], time_ids=numbers)
        return torch.cat(latents)[order], self.states[captions, :longest].float(), self.mask[captions, :longest], added


def denoising_loss(unet, drawn, signal, chance, device, bf16=False):
    """Mean squared error of v over one batch, weighed by min-SNR, with steps from all of the schedule."""
    latents, context, mask, added = drawn
    count, side = len(latents), latents.shape[-1]
    latents = latents.to(memory_format=torch.channels_last)
    offset = torch.rand(1, generator=chance)
    steps = (((torch.arange(count) + offset) / count) ** QUIETNESS[side] * 1000).long().clamp(max=999).to(device)
    kept = signal[steps].view(-1, 1, 1, 1)
    noise = torch.randn_like(latents)
    noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
    wanted = kept.sqrt() * noise - (1 - kept).sqrt() * latents
    with torch.autocast(device, torch.bfloat16, enabled=bf16):
        made = unet(noisy, steps, context, encoder_attention_mask=mask, added_cond_kwargs=added).sample
    # For v the plain error weighs a step by SNR + 1.
    snr = kept / (1 - kept)
    weight = snr.clamp(max=HIGHEST_SNR) / (snr + 1)
    return (weight * (made.float() - wanted).square()).mean()


@torch.no_grad()
def follow(average, model, step, longest):
    keep = min(longest, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, nargs="+", required=True, help="files of encode_latents.py")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=80)
    parser.add_argument("--early", type=float, default=0.55, help="share of the time before the largest latents have their turn")
    parser.add_argument("--fall", type=float, default=0.25, help="share of the time, at the end, in which the rate falls")
    parser.add_argument("--batch", type=int, default=2, help="latents of the largest side a step and process; four times as many of each smaller")
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--average", type=float, default=0.99, help="how much of the running average an update keeps; 0.998 for a long run")
    parser.add_argument("--bf16", action="store_true", help="for processors and GPUs that multiply bf16 quickly")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()

    team = Team()
    torch.manual_seed(1)
    views = Views(options.latents, options.device)
    unet = fresh_unet(views.channels).to(options.device, memory_format=torch.channels_last)
    average = fresh_unet(views.channels).to(options.device, memory_format=torch.channels_last).requires_grad_(False)
    average.load_state_dict(unet.state_dict())
    optimizer = torch.optim.AdamW(unet.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=1e-2, fused=True)
    step, seen, spent, fallen = 0, 0, 0.0, False
    checkpoint_file = options.output / "denoiser.pt"
    if checkpoint_file.exists():
        checkpoint = torch.load(checkpoint_file, map_location=options.device)
        unet.load_state_dict(checkpoint["model"])
        average.load_state_dict(checkpoint["average"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        step, seen, spent, fallen = (checkpoint[name] for name in ("step", "seen", "spent", "fallen"))
    torch.manual_seed(1000 * step + team.rank)
    chance = torch.Generator().manual_seed(1000 * step + team.rank)
    signal = noise_levels().to(options.device)
    if team.leads:
        print(sum(parameter.numel() for parameter in unet.parameters()), "parameters", views.counts, flush=True)

    def save(file):
        state = dict(
            model=unet.state_dict(), average=average.state_dict(), optimizer=optimizer.state_dict(), step=step, seen=seen, spent=spent, fallen=fallen)
        save_whole(state, file)

    budget = options.minutes * 60
    last, last_saved, running = time.monotonic(), spent, {}
    agreed = spent
    while agreed < budget:
        progress = agreed / budget
        # The same side in all processes, for they wait for one another.
        side = random.Random(step).choices(SIDES, EARLY_SHARES if progress < options.early else LATE_SHARES)[0]
        count = options.batch * (SIDES[-1] // side) ** 2
        falling = min(1, (1 - progress) / options.fall)
        begins_to_fall = falling < 1 and not fallen
        fallen = falling < 1
        if begins_to_fall and team.leads:
            save(options.output / "before-the-fall.pt")
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 200) * max(falling, 0.02)
        drawn = views.draw(count, side, chance)
        loss = denoising_loss(unet, drawn, signal, chance, options.device, bf16=options.bf16)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        step, seen = step + 1, seen + count * team.size
        now = time.monotonic()
        spent, last = spent + now - last, now
        if step % STEPS_ALONE == 0:
            agreed = team.average(list(unet.parameters()), spent)
            follow(average, unet, step // STEPS_ALONE, options.average)
        # Read only when it is told: reading waits for everything that a GPU still has to do.
        running[side] = torch.lerp(running.get(side, loss.detach()), loss.detach(), 0.03)
        if team.leads and step % 100 == 0:
            losses = ", ".join(f"{side}: {value.item():.4f}" for side, value in sorted(running.items()))
            print(f"step {step}, {seen} latents, after {spent:.0f} s, loss {losses}, rate {group['lr']:.6f}", flush=True)
        if team.leads and step % STEPS_ALONE == 0 and (agreed - last_saved > 240 or agreed >= budget):
            last_saved = agreed
            save(checkpoint_file)
            average.save_pretrained(options.output / "unet")


if __name__ == "__main__":
    main()
