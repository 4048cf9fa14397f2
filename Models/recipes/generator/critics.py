"""The critics that the generator is tuned under: each a Lite with fitted heads for subjects and mediums, and a discriminator that learns on.

The discriminator looks at the maps of a frozen network and at the text (Sauer 2021, Projected GANs; Sauer 2023, Adversarial Diffusion
Distillation): telling pictures apart by what a trained network sees takes far fewer pictures than by their pixels.
"""

import torch
import torch.nn.functional as F
from torch.nn.utils.parametrizations import spectral_norm

from lites import FEATURES, MAP_CHANNELS, Lite
from text_states import WIDTH as TEXT_WIDTH

DISCRIMINATOR_WIDTH = 64


def directions(pooled):
    """Features as heads take them: square roots, for a few strong ones drown the many weak ones, brought to one length."""
    return F.normalize((pooled.clamp(min=0) + 1e-4).sqrt(), dim=1) * 20


class Critic(torch.nn.Module):
    """`heads` has the state of the linear layers `subjects` and `mediums`."""

    def __init__(self, number, heads, device):
        super().__init__()
        self.lite = Lite(number, device)
        self.subjects, self.mediums = (torch.nn.Linear(FEATURES, len(heads[name]["bias"])) for name in ("subjects", "mediums"))
        for name in ("subjects", "mediums"):
            layer = getattr(self, name)
            layer.load_state_dict(heads[name])
            layer.requires_grad_(False)
        self.first = torch.nn.ModuleList(spectral_norm(torch.nn.Conv2d(channels, DISCRIMINATOR_WIDTH, 1)) for channels in MAP_CHANNELS)
        self.second = torch.nn.ModuleList(spectral_norm(torch.nn.Conv2d(DISCRIMINATOR_WIDTH, DISCRIMINATOR_WIDTH, 3, padding=1)) for _ in MAP_CHANNELS)
        self.realness = torch.nn.ModuleList(spectral_norm(torch.nn.Conv2d(DISCRIMINATOR_WIDTH, 1, 1)) for _ in MAP_CHANNELS)
        self.wording = torch.nn.ModuleList(spectral_norm(torch.nn.Linear(TEXT_WIDTH, DISCRIMINATOR_WIDTH)) for _ in MAP_CHANNELS)
        for level, channels in enumerate(MAP_CHANNELS):
            self.register_buffer(f"size{level}", torch.ones(1, channels, 1, 1))
        self.to(device)

    def discriminator(self):
        """What is trained here."""
        return [parameter for part in (self.first, self.second, self.realness, self.wording) for parameter in part.parameters()]

    @torch.no_grad()
    def measure(self, pictures):
        """Sets each channel's usual size, from real pictures, so that all maps and channels count alike."""
        for level, seen in enumerate(self.lite(pictures)[0]):
            getattr(self, f"size{level}").copy_(seen.square().mean((0, 2, 3), keepdim=True).sqrt() + 1e-3)

    def look(self, pictures):
        """Maps of even size, and logits of ImageNet's classes, of the subjects and of the mediums."""
        maps, pooled, classes = self.lite(pictures)
        maps = [seen / getattr(self, f"size{level}") for level, seen in enumerate(maps)]
        told = directions(pooled)
        return maps, classes, self.subjects(told), self.mediums(told)

    def scores(self, maps, sentences):
        """For each level [count, places]: how real the pictures look there and how well they go with their texts' embeddings."""
        scores = []
        for level, seen in enumerate(maps):
            inner = F.leaky_relu(self.first[level](seen), 0.2)
            inner = F.leaky_relu(self.second[level](inner) + inner, 0.2)
            # A sentence has length 1: its values are about 1/20.
            text = self.wording[level](sentences * TEXT_WIDTH**0.5)[:, :, None, None]
            scores.append((self.realness[level](inner)[:, 0] + 4 * (inner * text).mean(dim=1)).flatten(1))
        return scores
