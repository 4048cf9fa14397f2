"""Timesteps of every number of steps from 1 to 1000, for each sampler, spacing and offset, as diffusers' schedulers give them.

    python make_step_counts.py

Writes step-counts.json beside itself. Made with diffusers 0.42.1.

A case has one hash for each hundred counts, over the hashes of the timesteps. Counts are listed as refused of which the schedule leads beyond
the training's last step, or has two points at one place: samplers that look such a step up raise, those that divide by the distance give no
numbers. With trailing spacing 62 counts have one timestep more than was asked for, at -1, since numpy.arange passes its end by rounding.
"""

import json

import numpy as np

from make_sampler_goldens import BETAS, HERE, SAMPLERS, floats, fnv, scheduler


def refused(sampler, made, timesteps):
    if sampler.startswith(("ddim", "pndm")):
        return timesteps.max() > 999
    if sampler.startswith(("dpmpp", "unipc")):
        return bool((np.diff(made.sigmas.numpy()) == 0).any())
    return False


cases = []
for sampler in SAMPLERS:
    if sampler in ("lcm", "euler-karras", "heun-karras"):
        continue
    for spacing, offset in (("leading", 0), ("leading", 1), ("leading", 3), ("trailing", 0), ("linspace", 0)):
        made = scheduler(sampler, timestep_spacing=spacing, steps_offset=offset, **BETAS["scaled"])
        hashes, left_out = [""] * 10, []
        for count in range(4 if sampler == "pndm-prk" else 1, 1001):
            made.set_timesteps(count)
            timesteps = made.timesteps.numpy().astype(np.float32)
            if refused(sampler, made, timesteps):
                left_out.append(count)
                continue
            hashes[(count - 1) // 100] += fnv(floats(timesteps))
        cases.append(
            {
                "sampler": sampler, "spacing": spacing, "offset": offset, "refused": left_out,
                "timesteps": [fnv(text.encode()) for text in hashes],
            }
        )
(HERE / "step-counts.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
