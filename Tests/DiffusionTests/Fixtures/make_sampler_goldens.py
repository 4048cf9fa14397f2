"""What diffusers' schedulers say: timesteps and noise levels, walks over given answers, whole pipelines with each sampler.

    python make_sampler_goldens.py

Writes schedules.json, steps.safetensors, sampler-loops.json and sampler-loops.safetensors beside itself. Made with diffusers 0.42.1.
"""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    DDIMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, HeunDiscreteScheduler,
    LCMScheduler, PNDMScheduler, UniPCMultistepScheduler,
)
from safetensors.torch import save_file

HERE = Path(__file__).parent
BETAS = {
    "scaled": dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
    "linear": dict(beta_start=0.0001, beta_end=0.02, beta_schedule="linear"),
    # Rescaled to end in noise alone.
    "rescaled": dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", rescale_betas_zero_snr=True),
}
SAMPLERS = [
    "ddim", "pndm", "pndm-prk", "euler", "euler-karras", "euler-a", "heun", "heun-karras", "dpmpp-2m", "dpmpp-2m-karras",
    "dpmpp-2m-sde", "dpmpp-2m-sde-karras", "lcm", "unipc", "unipc-karras",
]
WITHOUT_RESCALING = ("pndm", "heun")
STOCHASTIC = ("euler-a", "dpmpp-2m-sde", "lcm")


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def floats(values):
    return np.ascontiguousarray(values, dtype=np.float32).tobytes()


def scheduler(sampler, **options):
    karras = sampler.endswith("karras")
    if sampler.startswith("dpmpp-2m"):
        algorithm = "sde-dpmsolver++" if "sde" in sampler else "dpmsolver++"
        return DPMSolverMultistepScheduler(use_karras_sigmas=karras, algorithm_type=algorithm, **options)
    if sampler.startswith("unipc"):
        return UniPCMultistepScheduler(use_karras_sigmas=karras, **options)
    if sampler.startswith("heun"):
        return HeunDiscreteScheduler(use_karras_sigmas=karras, **options)
    if sampler == "euler-a":
        return EulerAncestralDiscreteScheduler(**options)
    if sampler.startswith("euler"):
        return EulerDiscreteScheduler(use_karras_sigmas=karras, **options)
    if sampler == "lcm":
        return LCMScheduler(set_alpha_to_one=False, **options)
    if sampler.startswith("pndm"):
        return PNDMScheduler(skip_prk_steps=sampler == "pndm", **options)
    return DDIMScheduler(clip_sample=False, set_alpha_to_one=False, **options)


def counts(sampler, most=100):
    return range(4 if sampler == "pndm-prk" else 1, min(most, 50 if sampler == "lcm" else most) + 1)


def schedules():
    """Timesteps of every N from 1 to 100 as one hash, noise levels as a sum for every ten; a few timesteps in full for finding out what
    is wrong."""
    cases = []
    for betas, numbers in BETAS.items():
        for sampler in SAMPLERS:
            if betas == "rescaled" and sampler.startswith(WITHOUT_RESCALING):
                continue
            for spacing, offset in (("leading", 0), ("leading", 1), ("trailing", 0), ("linspace", 0)):
                if betas == "linear" and (spacing, offset) != ("leading", 0):
                    continue
                made = scheduler(sampler, timestep_spacing=spacing, steps_offset=offset, **numbers)
                steps, sums, full = [], [0.0] * 10, {}
                for count in counts(sampler):
                    made.set_timesteps(count)
                    timesteps = made.timesteps.numpy().astype(np.float32)
                    steps.append(fnv(floats(timesteps)))
                    if hasattr(made, "sigmas"):
                        levels = made.sigmas.numpy().astype(np.float64)
                        sums[(count - 1) // 10] += float(np.sum(levels * np.arange(1, len(levels) + 1)))
                    if count in (1, 2, 7, 20):
                        full[str(count)] = timesteps.tolist()
                cases.append(
                    {
                        "betas": betas, "sampler": sampler, "spacing": spacing, "offset": offset,
                        "timesteps": fnv("".join(steps).encode()), "full": full if spacing == "trailing" else {},
                        "sums": sums if hasattr(made, "sigmas") else [], "initialNoise": float(made.init_noise_sigma),
                    }
                )
    left = {name: DDIMScheduler(**numbers).alphas_cumprod.numpy() for name, numbers in BETAS.items()}
    # torch's square root is not rounded correctly everywhere, so the rescaled schedule cannot be equal to the bit.
    rescaled = left.pop("rescaled")[::37].tolist()
    remaining = {name: fnv(floats(values)) for name, values in left.items()}
    made = {"remaining": remaining, "rescaled": rescaled, "cases": cases}
    (HERE / "schedules.json").write_text(json.dumps(made, separators=(",", ":")) + "\n")


def steps():
    """A walk of each sampler over given answers of the model, the latent after every pass kept: shape [1, 2, 3, 4].

    Clean latent, noise and answers are one draw of a generator seeded with N; what a sampler draws comes from one seeded with 1000 + N.
    """
    tensors = {}
    for betas, predictions in (("scaled", ("epsilon", "v_prediction", "sample")), ("rescaled", ("v_prediction",))):
        for sampler in SAMPLERS:
            for prediction in predictions:
                if prediction == "sample" and sampler.startswith(("pndm", "euler-a")):
                    continue
                if betas == "rescaled" and sampler.startswith(WITHOUT_RESCALING):
                    continue
                for count in (4, 9) if sampler == "pndm-prk" else (1, 2, 9):
                    spacing = "trailing" if betas == "rescaled" else "leading"
                    made = scheduler(sampler, prediction_type=prediction, timestep_spacing=spacing, steps_offset=1, **BETAS[betas])
                    made.set_timesteps(count)
                    passes = len(made.timesteps)
                    generator = torch.Generator().manual_seed(count)
                    clean, noise, *answers = torch.randn(2 + passes, 1, 2, 3, 4, generator=generator)
                    start = (0 if betas == "rescaled" else count // 3) * made.order
                    if hasattr(made, "set_begin_index"):
                        made.set_begin_index(start)
                    latent = made.add_noise(clean, noise, made.timesteps[start : start + 1])
                    walk = [latent]
                    options = dict(generator=torch.Generator().manual_seed(1000 + count)) if sampler.startswith(STOCHASTIC) else {}
                    for index in range(start, passes):
                        timestep = made.timesteps[index]
                        made.scale_model_input(latent, timestep)
                        latent = made.step(answers[index], timestep, latent, return_dict=False, **options)[0]
                        walk.append(latent)
                    tensors[f"{betas}.{sampler}.{prediction}.{count}"] = torch.cat(walk).contiguous()
    save_file(tensors, HERE / "steps.safetensors")


@torch.no_grad()
def loops():
    """Whole runs of diffusers' own pipelines with the tiny model of make_goldens.py: latents after all steps."""
    from make_goldens import last, tiny_autoencoder, tiny_unet
    from tiny_pipelines import TinyPipelines

    tiny = TinyPipelines(tiny_unet(), tiny_autoencoder())
    cases = [
        # mode, sampler, prediction, strength, steps, guidance, spacing
        ("generate", "pndm", "epsilon", 0.6, 10, 4.0, "leading"), ("generate", "pndm-prk", "epsilon", 0.6, 12, 4.0, "leading"),
        ("generate", "euler-a", "epsilon", 0.6, 8, 4.0, "leading"), ("generate", "heun", "v_prediction", 0.6, 8, 4.0, "leading"),
        ("generate", "heun-karras", "epsilon", 0.5, 7, 4.0, "linspace"), ("generate", "euler-karras", "epsilon", 0.6, 7, 4.0, "leading"),
        ("generate", "dpmpp-2m-sde-karras", "epsilon", 0.6, 8, 4.0, "leading"), ("generate", "lcm", "epsilon", 0.8, 4, 1.0, "leading"),
        ("generate", "unipc", "epsilon", 0.6, 9, 4.0, "leading"), ("generate", "unipc-karras", "v_prediction", 0.6, 9, 4.0, "leading"),
        ("paint", "pndm", "epsilon", 1.0, 6, 4.0, "leading"), ("paint", "pndm-prk", "v_prediction", 1.0, 6, 4.0, "leading"),
        ("paint", "euler", "epsilon", 1.0, 1, 0.0, "trailing"), ("paint", "euler-a", "epsilon", 1.0, 2, 0.0, "trailing"),
        ("paint", "lcm", "epsilon", 1.0, 4, 1.0, "leading"), ("paint", "heun", "epsilon", 1.0, 5, 4.0, "trailing"),
        ("repaint", "euler-a", "epsilon", 0.75, 8, 4.0, "leading"), ("repaint", "dpmpp-2m-sde", "epsilon", 1.0, 6, 4.0, "leading"),
        ("repaint", "heun", "epsilon", 0.75, 6, 4.0, "leading"), ("repaint", "pndm", "epsilon", 0.75, 8, 4.0, "leading"),
        ("repaint", "unipc", "epsilon", 1.0, 6, 4.0, "leading"), ("repaint", "lcm", "epsilon", 0.75, 4, 1.0, "leading"),
    ]
    tensors, listed = {}, []
    for index, (mode, sampler, prediction, strength, count, guidance, spacing) in enumerate(cases):
        made = scheduler(sampler, prediction_type=prediction, steps_offset=1, timestep_spacing=spacing, **BETAS["scaled"])
        latent = tiny.pipeline(mode, made)(
            **tiny.options(mode, strength, count, guidance), generator=torch.Generator().manual_seed(200 + index), output_type="latent").images
        tensors[f"{index}.latent"] = last(latent)
        listed.append(
            dict(
                mode=mode, sampler=sampler, prediction=prediction, strength=strength, steps=count, guidance=guidance, seed=200 + index,
                spacing=spacing,
            )
        )
    save_file(tensors, HERE / "sampler-loops.safetensors")
    (HERE / "sampler-loops.json").write_text(json.dumps(listed, indent=0) + "\n")


if __name__ == "__main__":
    schedules()
    steps()
    loops()
