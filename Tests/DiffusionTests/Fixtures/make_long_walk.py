"""A walk of Euler's ancestral sampler over all 1,000 steps of the training, in every spacing: what it draws is drawn at every step, also between
two equal levels and at the last one, where nothing of it is added.

    python make_long_walk.py

Writes long-walk.safetensors beside itself: the latents, shape [1, 2, 3, 4], after the steps in KEPT. Clean latent, noise and nine answers, which
are given in turns, are one draw of a generator seeded with 1000; what the sampler draws comes from one seeded with 2000. Made with diffusers
0.42.1.
"""

from pathlib import Path

import torch
from diffusers import EulerAncestralDiscreteScheduler
from safetensors.torch import save_file

KEPT = (1, 2, 3, 500, 999, 1000)
tensors = {}
for spacing, offset in (("leading", 0), ("leading", 1), ("linspace", 0), ("trailing", 0)):
    scheduler = EulerAncestralDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing=spacing, steps_offset=offset)
    scheduler.set_timesteps(1000)
    clean, noise, *answers = torch.randn(11, 1, 2, 3, 4, generator=torch.Generator().manual_seed(1000))
    latent = scheduler.add_noise(clean, noise, scheduler.timesteps[:1])
    generator = torch.Generator().manual_seed(2000)
    walk = []
    for index, timestep in enumerate(scheduler.timesteps):
        scheduler.scale_model_input(latent, timestep)
        latent = scheduler.step(answers[index % 9], timestep, latent, generator=generator, return_dict=False)[0]
        if index + 1 in KEPT:
            walk.append(latent)
    tensors[f"{spacing}.{offset}"] = torch.cat(walk).contiguous()
    print(spacing, offset, scheduler.timesteps[:3].tolist(), scheduler.sigmas[:3].tolist(), len(scheduler.timesteps))
save_file(tensors, Path(__file__).resolve().parent / "long-walk.safetensors")
