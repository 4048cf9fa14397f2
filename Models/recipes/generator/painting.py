"""The chain that the program runs, as the tuning follows it, and how its pictures are kept and looked at."""

import torch
import torch.nn.functional as F
from diffusers import DPMSolverMultistepScheduler

from export import SCHEDULE

STEPS = 10


class Painter:
    """The chain that the program runs, with a gradient at one of its steps."""

    def __init__(self, unet, device):
        self.unet, self.device = unet, device

    def guided(self, latent, step, asked, empty, guidance, with_gradient):
        step = step.expand(len(latent))
        with torch.no_grad():
            plain = self.unet(latent, step, **empty).sample
        with torch.set_grad_enabled(with_gradient):
            return plain + guidance * (self.unet(latent, step, **asked).sample - plain)

    def paint(self, shape, asked, empty, guidance, clean=None, strength=1.0, hole=None, until=None):
        """The finished latent; or, with `until`, the one predicted at that step of the chain, with its gradient, and whether it was the last."""
        scheduler = DPMSolverMultistepScheduler.from_config(SCHEDULE, use_karras_sigmas=True)
        scheduler.set_timesteps(STEPS)
        first = STEPS - min(STEPS, int(STEPS * strength))
        times = scheduler.timesteps[first:].to(self.device)
        noise = torch.randn(shape, device=self.device)
        latent = noise
        if first:
            scheduler.set_begin_index(first)
            latent = scheduler.add_noise(clean, noise, times[:1])
        latent = latent.to(memory_format=torch.channels_last)
        for number, step in enumerate(times):
            last = number + 1 == len(times)
            if until == number:
                velocity = self.guided(latent, step, asked, empty, guidance, True)
                sigma = scheduler.sigmas[first + number].to(self.device)
                predicted = (latent - sigma * velocity) / (1 + sigma**2).sqrt()
                return (predicted if hole is None else hole * predicted + (1 - hole) * clean), last
            velocity = self.guided(latent, step, asked, empty, guidance, False)
            latent = scheduler.step(velocity, step, latent).prev_sample
            if hole is not None:
                kept = clean if last else scheduler.add_noise(clean, noise, times[number + 1 : number + 2])
                latent = hole * latent + (1 - hole) * kept
        return latent


class Drafts:
    """Small pictures with their prompts, waiting to be enlarged and refined."""

    def __init__(self, most):
        self.kept, self.most = [], most

    def add(self, prompts, pictures, uses):
        self.kept += [[prompt, picture, uses] for prompt, picture in zip(prompts.tolist(), pictures)]
        self.kept = self.kept[-self.most :]

    def take(self, count, dice):
        """Prompts, and pictures of twice the size."""
        dice.shuffle(self.kept)
        taken = self.kept[:count]
        for draft in taken:
            draft[2] -= 1
        self.kept = [draft for draft in self.kept if draft[2] > 0]
        pictures = torch.stack([picture for _, picture, _ in taken])
        return torch.tensor([prompt for prompt, _, _ in taken]), F.interpolate(pictures, scale_factor=2, mode="bicubic").clamp(-1, 1)


class Glimpse:
    """One way to look at a batch: a crop, perhaps mirrored, in a slightly other light. Two batches looked at alike can be compared."""

    def __init__(self, count, size, side, dice):
        self.width = max(4, round(size * dice.uniform(0.85, 1)))
        self.top, self.left = dice.randint(0, size - self.width), dice.randint(0, size - self.width)
        self.mirrored, self.side = dice.random() < 0.5, side
        self.gain, self.shift = 1 + (torch.rand(count, 1, 1, 1) - 0.5) * 0.2, (torch.rand(count, 3, 1, 1) - 0.5) * 0.1
        self.grain = torch.randn(count, 3, side, side) * 0.02

    def of(self, pictures):
        pictures = pictures[:, :, self.top : self.top + self.width, self.left : self.left + self.width]
        pictures = pictures.flip(3) if self.mirrored else pictures
        pictures = F.interpolate(pictures, size=(self.side, self.side), mode="bicubic", antialias=True)
        gain, shift, grain = (part.to(pictures.device) for part in (self.gain, self.shift, self.grain))
        return (pictures * gain + shift + grain).clamp(-1, 1)
