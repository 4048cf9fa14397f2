#!/usr/bin/env python3
"""Goldens of diffusers' pipelines for latent consistency models, over the random-weight parts of `make_families.py`.

    python make_consistency_goldens.py            writes families/consistency.* beside itself
"""
import json
import tempfile
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import LCMScheduler
from make_families import BETAS, HERE, autoencoder, last, picture, tokenizer, towers, unet
from safetensors.torch import save_file

SCALING = 0.18215
# 50 steps of the distillation times strength are what N steps are spread over: all N run, whatever the strength.
CASES = [
    dict(name="paint", mode="paint", steps=4, strength=1.0, guidance=8.5),
    dict(name="redraw-0.6", mode="generate", steps=4, strength=0.6, guidance=8.5),
    dict(name="redraw-0.29", mode="generate", steps=3, strength=0.29, guidance=2.0),
    dict(name="redraw-whole", mode="generate", steps=2, strength=1.0, guidance=8.5),
]


@torch.no_grad()
def main():
    tensors, cases = {}, []
    words = tokenizer(Path(tempfile.mkdtemp()), "<|endoftext|>")
    source = picture(32, 32)
    for index, case in enumerate(CASES):
        scheduler = LCMScheduler(**BETAS)
        kind = diffusers.LatentConsistencyModelPipeline if case["mode"] == "paint" else diffusers.LatentConsistencyModelImg2ImgPipeline
        made = kind(
            vae=autoencoder(SCALING), unet=unet("lcm"), scheduler=scheduler, text_encoder=towers("lcm")[0], tokenizer=words,
            safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        )
        made.set_progress_bar_config(disable=True)
        options = dict(prompt="a watercolour of a lake", num_inference_steps=case["steps"], guidance_scale=case["guidance"])
        options.update(dict(width=32, height=32) if case["mode"] == "paint" else dict(image=source, strength=case["strength"]))
        generator = lambda: torch.Generator().manual_seed(40 + index)
        tensors[f"{case['name']}.latent"] = last(made(**options, generator=generator(), output_type="latent").images)
        shown = made(**options, generator=generator(), output_type="pil").images[0]
        tensors[f"{case['name']}.picture"] = torch.from_numpy(np.array(shown))
        cases.append(dict(
            case, unet="lcm", vae="standard", scheduler={key: value for key, value in scheduler.config.items() if not key.startswith("_")},
            prompt=options["prompt"], negative="", clipSkip=None, seed=40 + index, scaling=SCALING,
            timesteps=[int(t) for t in made.scheduler.timesteps],
        ))
    tensors["source"] = torch.from_numpy(np.array(source))
    save_file(tensors, HERE / "consistency.safetensors")
    (HERE / "consistency.json").write_text(json.dumps(cases, separators=(",", ":")))


if __name__ == "__main__":
    main()
