"""Noise between that of two seeds as AUTOMATIC1111's web UI mixes it (modules/rng.py, slerp): variation.json. Needs torch.

The web UI turns each column of a latent by itself: its vectors are the values of one channel above each other.
"""

import json
from pathlib import Path

import torch

SHAPE = (4, 6, 5)


def noise(seed):
    return torch.randn(SHAPE, generator=torch.Generator("cpu").manual_seed(seed))


def mixed(share, low, high):
    unit = [one / torch.norm(one, dim=1, keepdim=True) for one in (low, high)]
    cosine = (unit[0] * unit[1]).sum(1)
    if cosine.mean() > 0.9995:
        return low * share + high * (1 - share)
    angle = torch.acos(cosine)
    sine = torch.sin(angle)
    return (torch.sin((1 - share) * angle) / sine).unsqueeze(1) * low + (torch.sin(share * angle) / sine).unsqueeze(1) * high


cases = []
for seed, other, share in [(1, 2, 0.1), (1, 2, 0.5), (7, 4294967295, 0.85), (3, 4, 1.0), (5, 5, 0.3)]:
    values = mixed(share, noise(seed), noise(other))
    cases.append({"seed": seed, "other": other, "share": share, "values": values.flatten().tolist()})
Path(__file__).with_name("variation.json").write_text(json.dumps({"shape": list(SHAPE), "cases": cases}) + "\n")
