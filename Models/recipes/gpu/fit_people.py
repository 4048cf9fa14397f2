"""The parts of run_faces.py that learn: the decoder on people and other pictures, then the UNet on people redrawn along the program's chain.

The decoder is given latents as the encoder makes them, with some noise; its encoder, and so all that the UNet knows, stays. What is decoded is held to
the picture's pixels and to what EfficientNet-Lite0 sees in it, and towards the end to what a discriminator of small patches takes for a photograph
(Isola 2017, Esser 2021: its gradient has a fixed share of the others').

The UNet's steps are those of tune_faces of the card, on larger batches:

* pieces around faces, whole scenes of 256 and 384 pixels, and details of other pictures are redrawn with guidance up to a random step; what is predicted
  there should be the source;
* the plain loss of v on such pieces at the noise levels that a redrawing at 0.3 to 0.5 passes;
* other pictures as wholes, enlarged and with other pictures' prompts, details where there is much noise, and people with prompts of other mediums: there
  the UNet is held to what it predicted before (Li 2016, Learning without Forgetting).
"""

import random
import sys
from pathlib import Path

import torch
import torch.nn.functional as functional
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from lites import MAP_STAGES, STAGES, towers  # noqa: E402
from painting import Painter  # noqa: E402
from train_autoencoder import edges  # noqa: E402
from train_denoiser import HIGHEST_SNR, PIXELS, noise_levels  # noqa: E402

FACE_WEIGHT = 4.0
LATENT_NOISE = 0.1
LOOKED_AT = 1.5  # how much larger than they are pieces are looked at
PIECE = 144
STRENGTHS = (0.3, 0.4, 0.4, 0.5)
GUIDANCE = (4.0, 6.0)
STEPS = 10
NOISIEST = 340  # of 1000: where a redrawing at 0.5 begins
# (side in pixels, pieces of people, details of other pictures, share of the steps)
REDRAWN = ((144, 40, 24, 0.5), (256, 20, 0, 0.3), (384, 9, 0, 0.2))
DENOISED = (44, 20)
DECODED = (44, 28)
# (side in pixels, kind of view, views): each has its turn.
KEPT = ((32, "wholes", 96), (64, "wholes", 64), (128, "wholes", 24), (128, "enlarged", 24), (128, "details", 24))
KEPT_PEOPLE = 32
# Of 1000: above it what is told to stay near its source is held as well.
KEPT_FROM = 400
# How much each loss counts.
DECODER_LOOK = 0.12
LATENT, LOOK, DENOISING, KEEP = 15.0, 3.0, 4.0, 40.0
PATCH_SHARE = {"decoder": 0.12, "unet": 0.25}
DECODER_RATE, UNET_RATE, PATCH_RATE = 6e-4, 2.5e-4, 2e-4


class Seen:
    """EfficientNet-Lite0's maps at 1/4, 1/8 and 1/16 of pictures [count, 3, side, side] in [-1, 1], each brought to size 1."""

    def __init__(self, file, device):
        self.tensors = {name: values.float().to(device) for name, values in load_file(file).items()}
        self.blocks = list(towers.blocks(STAGES[0]))
        self.ends = [sum(repeats for repeats, *_ in STAGES[0][: stage + 1]) - 1 for stage in MAP_STAGES[:3]]
        self.sizes = None

    def __call__(self, pictures):
        x = functional.interpolate(pictures, scale_factor=LOOKED_AT, mode="bilinear", align_corners=False)
        x, maps = towers.bottom(self.tensors, x, 0), []
        for index in range(self.ends[-1] + 1):
            x = towers.bottleneck(self.tensors, x, index, self.blocks)
            if index in self.ends:
                maps.append(x.float())
        if self.sizes is None:
            self.sizes = [part.detach().square().mean((0, 2, 3), keepdim=True).sqrt() + 1e-2 for part in maps]
        return [part / size for part, size in zip(maps, self.sizes)]

    def distance(self, made, wanted, weights):
        """Mean squared difference of the maps, weighed as `weights` [count, 1, side, side] say."""
        with torch.no_grad():
            others = self(wanted)
        total = 0.0
        for maps, other in zip(self(made), others):
            weight = functional.interpolate(weights, size=maps.shape[2:], mode="area")
            total = total + (weight * (maps - other).square()).mean() / weight.mean()
        return total / len(others)


class Patches(torch.nn.Module):
    """Says of patches of some 30 pixels how much they look like a photograph's."""

    def __init__(self, width=48):
        super().__init__()
        layers, channels = [], 3
        for number, (kernel, stride) in enumerate(((4, 2), (4, 2), (3, 1))):
            layers += [torch.nn.utils.parametrizations.spectral_norm(torch.nn.Conv2d(channels, width << number, kernel, stride, 1)), torch.nn.LeakyReLU(0.2)]
            channels = width << number
        self.layers = torch.nn.Sequential(*layers, torch.nn.Conv2d(channels, 1, 3, 1, 1))

    def forward(self, pictures):
        return self.layers(pictures)


class Discriminator:
    """Learns beside what it judges, by the hinge loss."""

    def __init__(self, device):
        self.patches = Patches().to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.patches.parameters(), lr=PATCH_RATE, betas=(0.5, 0.95), weight_decay=1e-3)

    def learn(self, made, real):
        with torch.enable_grad():
            loss = functional.relu(1 - self.patches(real).float()).mean() + functional.relu(1 + self.patches(made.detach()).float()).mean()
        self.optimizer.zero_grad(set_to_none=True)
        if torch.isfinite(loss):
            loss.backward()
            self.optimizer.step()
        return loss.detach()

    def mistrust(self, made):
        """What is to become small: how sure it is that pictures are made."""
        self.patches.requires_grad_(False)
        loss = -self.patches(made).float().mean()
        self.patches.requires_grad_(True)
        return loss


def reconstruction(made, wanted, weights):
    """train_autoencoder's loss, pixels weighed: absolute and squared difference, neighbours, colour of small patches."""
    weights = weights / weights.mean()
    difference = made - wanted
    across, down = edges(difference)
    red, green, blue = functional.avg_pool2d(difference, 4).unbind(1)
    colour = (red - green).abs().mean() + (blue - (red + green) / 2).abs().mean()
    near = (weights[..., 1:] * across.abs()).mean() + (weights[..., 1:, :] * down.abs()).mean()
    return (weights * difference.abs()).mean() + 2 * (weights * difference.square()).mean() + 0.5 * near + colour


def gradient_of(loss, mistrust, share, made):
    """The gradient at `made` of both losses, the second one's as long as `share` of the first one's."""
    gradient, = torch.autograd.grad(loss, made, retain_graph=mistrust is not None)
    if mistrust is None:
        return gradient
    other, = torch.autograd.grad(mistrust, made)
    return gradient + share * gradient.norm() / (other.norm() + 1e-12) * other


def rounded(values):
    """A parameter as export.py writes it."""
    return values.to(torch.float8_e4m3fn if values.ndim > 1 else torch.float16).to(values.dtype)


class Rounded:
    """What lies behind a UNet whose parameters are rounded as they will be exported: steps smaller than the rounding add up here."""

    def __init__(self, unet):
        self.shown = list(unet.parameters())
        self.behind = [parameter.detach().clone() for parameter in self.shown]
        self.average = [parameter.clone() for parameter in self.behind]

    @torch.no_grad()
    def show(self, values):
        for parameter, value in zip(self.shown, values):
            parameter.copy_(rounded(value))

    def take_gradients(self):
        for value, parameter in zip(self.behind, self.shown):
            value.grad = parameter.grad

    @torch.no_grad()
    def follow(self, step, longest):
        torch._foreach_lerp_(self.average, self.behind, 1 - min(longest, (1 + step) / (10 + step)))


class Chain(Painter):
    """The program's chain; both halves of the guidance in one batch, both with a gradient."""

    def __init__(self, unet, device, bf16):
        super().__init__(unet, device)
        self.bf16 = bf16

    def guided(self, latent, step, asked, empty, guidance, with_gradient):
        told = {name: torch.cat([empty[name], asked[name]]) for name in ("encoder_hidden_states", "encoder_attention_mask")}
        added = {name: torch.cat([empty["added_cond_kwargs"][name], asked["added_cond_kwargs"][name]]) for name in asked["added_cond_kwargs"]}
        with torch.set_grad_enabled(with_gradient), torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            made = self.unet(torch.cat([latent, latent]), step.expand(2 * len(latent)), **told, added_cond_kwargs=added).sample.float()
        plain, wanted = made.chunk(2)
        return plain + guidance * (wanted - plain)


class Fitting:
    """What the steps of both parts share. `size` scales all batches."""

    def __init__(self, vae, unet, before, seen, people, others, told, other_mediums, device, bf16, size=1.0):
        self.vae, self.unet, self.before, self.seen = vae, unet, before, seen
        self.people, self.others, self.told, self.device, self.bf16, self.size = people, others, told, device, bf16, size
        self.other_mediums = torch.from_numpy(other_mediums).long().to(device)
        self.chain, self.signal, self.dice = Chain(unet, device, bf16), noise_levels().to(device), random.Random(18)
        self.discriminator = Discriminator(device)
        self.turn = 0

    def count(self, many):
        return max(2, round(many * self.size))

    def autocast(self):
        return torch.autocast(self.device, torch.bfloat16, enabled=self.bf16)

    @torch.no_grad()
    def encoded(self, pictures):
        return self.vae.encode(pictures).latent_dist.mean

    def decoded(self, latent):
        with self.autocast():
            return self.vae.decode(latent).sample.float()

    def drawn(self, people, others, side):
        """Pieces of people and details of other pictures, weights that rise where faces lie, captions and places."""
        pictures, faces, captions, places = self.people.drawn(self.count(people), side)
        if others:
            more, words, where = self.others.drawn(self.count(others), side, details=True)
            pictures, captions, places = torch.cat([pictures, more]), torch.cat([captions, words]), torch.cat([places, where])
            faces = torch.cat([faces, torch.zeros_like(more[:, :1])])
        return pictures.contiguous(memory_format=torch.channels_last), 1 + (FACE_WEIGHT - 1) * faces, captions, places

    def decoder_step(self, patches):
        """Sends the gradient of the decoder's losses back; what they were."""
        wanted, weights, _, _ = self.drawn(*DECODED, PIECE)
        latent = self.encoded(wanted)
        made = self.decoded(latent + LATENT_NOISE * torch.rand(len(wanted), 1, 1, 1, device=self.device) * torch.randn_like(latent))
        pixels = reconstruction(made, wanted, weights)
        with self.autocast():
            look = self.seen.distance(made, wanted, weights)
        told = dict(pixels=pixels.detach(), look=look.detach())
        mistrust = None
        if patches >= 0:
            told["patches"] = self.discriminator.learn(made, wanted)
            mistrust = self.discriminator.mistrust(made) if patches > 0 else None
        made.backward(gradient_of(pixels + DECODER_LOOK * look, mistrust, PATCH_SHARE["decoder"] * patches, made))
        return told

    def redrawn(self, patches):
        side, people, others, _ = self.dice.choices(REDRAWN, [share for *_, share in REDRAWN])[0]
        pictures, weights, captions, places = self.drawn(people, others, side)
        clean, coarse = self.encoded(pictures), functional.avg_pool2d(weights, PIXELS)
        strength = self.dice.choice(STRENGTHS)
        steps = int(STEPS * strength)
        until = self.dice.randrange(steps) if self.dice.random() < 0.5 else steps - 1
        asked, empty = self.told(captions, places), self.told(torch.zeros_like(captions), places)
        made, last = self.chain.paint(clean.shape, asked, empty, self.dice.uniform(*GUIDANCE), clean=clean, strength=strength, until=until)
        given = made.detach().requires_grad_()
        latent = (coarse * (given - clean).square()).mean() / coarse.mean()
        picture = self.decoded(given)
        with self.autocast():
            look = self.seen.distance(picture, pictures, weights)
        told, mistrust = dict(latent=latent.detach(), look=look.detach()), None
        if patches >= 0 and last:
            told["patches"] = self.discriminator.learn(picture, pictures)
            mistrust = self.discriminator.mistrust(picture) if patches > 0 else None
        made.backward(gradient_of(LATENT * latent + LOOK * look, mistrust, PATCH_SHARE["unet"] * patches, given))
        return told

    def predicted(self, unet, clean, levels, noise, told):
        signal = self.signal[levels].view(-1, 1, 1, 1)
        with self.autocast():
            return unet((signal.sqrt() * clean + (1 - signal).sqrt() * noise).to(memory_format=torch.channels_last), levels, **told).sample.float()

    def levels(self, count, low, high):
        return (low + (torch.arange(count, device=self.device) + torch.rand(1, device=self.device)) / count * (high - low)).long().clamp(max=999)

    def denoised(self):
        pictures, weights, captions, places = self.drawn(*DENOISED, PIECE)
        clean, weights = self.encoded(pictures), functional.avg_pool2d(weights, PIXELS)
        levels, noise = self.levels(len(clean), 0, NOISIEST)[torch.randperm(len(clean), device=self.device)], torch.randn_like(clean)
        made = self.predicted(self.unet, clean, levels, noise, self.told(captions, places))
        signal = self.signal[levels].view(-1, 1, 1, 1)
        snr = signal / (1 - signal)
        error = (made - (signal.sqrt() * noise - (1 - signal).sqrt() * clean)).square()
        loss = (snr.clamp(max=HIGHEST_SNR) / (snr + 1) * weights * error).mean() / weights.mean()
        (DENOISING * loss).backward()
        return dict(denoising=loss.detach())

    def held_to_before(self, pictures, captions, places, low):
        clean = self.encoded(pictures)
        order = torch.randperm(len(clean), device=self.device)
        clean, captions, places = clean[order], captions[order], places[order]
        levels, noise, told = self.levels(len(clean), low, 1000), torch.randn_like(clean), self.told(captions, places)
        with torch.no_grad():
            wanted = self.predicted(self.before, clean, levels, noise, told)
        loss = (self.predicted(self.unet, clean, levels, noise, told) - wanted).square().mean()
        (KEEP * loss).backward()
        return loss.detach()

    def kept(self):
        side, kind, many = KEPT[self.turn % len(KEPT)]
        self.turn += 1
        many = self.count(many)
        if kind == "enlarged":  # as a draft that grows
            pictures, captions, places = self.others.drawn(many, side // 2, details=False)
            pictures, places = functional.interpolate(pictures, scale_factor=2, mode="bicubic").clamp(-1, 1), places * 2
        else:
            pictures, captions, places = self.others.drawn(many, side, kind == "details")
        low = KEPT_FROM if kind == "details" else 0
        if self.dice.random() < 0.5:
            captions, low = captions.roll(1), 0
        told = dict(kept=self.held_to_before(pictures, captions, places, low))
        pictures, _, captions, places = self.people.drawn(self.count(KEPT_PEOPLE), PIECE)
        low = KEPT_FROM
        if self.turn % 2:
            captions, low = self.other_mediums[torch.randint(len(self.other_mediums), (len(captions),), device=self.device)], 0
        told["kept on people"] = self.held_to_before(pictures, captions, places, low)
        return told

    def unet_step(self, patches):
        """Sends the gradients of the UNet's losses back; what they were."""
        return {**self.redrawn(patches), **self.denoised(), **self.kept()}
