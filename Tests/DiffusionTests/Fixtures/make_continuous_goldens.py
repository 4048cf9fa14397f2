#!/usr/bin/env python3
"""What diffusers' schedulers for models without training steps (EDM) say: noise levels, walks over given answers, whole pipelines of SDXL over the
random-weight parts of `make_families.py`.

    OMP_NUM_THREADS=1 python make_continuous_goldens.py            writes families/continuous.* beside itself

Made with diffusers 0.42.1.
"""
import json
import tempfile
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import EDMDPMSolverMultistepScheduler, EDMEulerScheduler
from make_families import HERE, autoencoder, last, picture, tokenizer, towers, unet
from PIL import Image
from safetensors.torch import save_file

# As CosXL is run, and as Playground 2.5's own configuration has it.
NOISES = {
    "cosxl": dict(sigma_min=0.002, sigma_max=120.0, sigma_data=1.0, sigma_schedule="exponential", prediction_type="v_prediction"),
    "playground": dict(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, sigma_schedule="karras", prediction_type="epsilon"),
}
SAMPLERS = ["euler", "euler-karras", "dpmpp-2m", "dpmpp-2m-karras", "dpmpp-2m-sde"]


def scheduler(noise, sampler):
    options = dict(NOISES[noise])
    if sampler.endswith("karras"):
        options["sigma_schedule"] = "karras"
    if sampler.startswith("euler"):
        return EDMEulerScheduler(**options)
    return EDMDPMSolverMultistepScheduler(algorithm_type="sde-dpmsolver++" if "sde" in sampler else "dpmsolver++", **options)


def schedules():
    rows = []
    for noise in NOISES:
        for sampler in SAMPLERS:
            made = scheduler(noise, sampler)
            for count in (2, 3, 20):
                made.set_timesteps(count)
                rows.append(dict(
                    noise=noise, sampler=sampler, count=count, timesteps=made.timesteps.tolist(), sigmas=made.sigmas.tolist(),
                    initialNoise=made.init_noise_sigma))
    return rows


def walks():
    """The latent after every step from a third of the way on, as make_sampler_goldens.py draws its parts: shape [1, 2, 3, 4]."""
    tensors = {}
    for noise in NOISES:
        for sampler in SAMPLERS:
            for count in (2, 9):
                made = scheduler(noise, sampler)
                made.set_timesteps(count)
                clean, first, *answers = torch.randn(2 + count, 1, 2, 3, 4, generator=torch.Generator().manual_seed(count))
                start = count // 3
                made.set_begin_index(start)
                latent = made.add_noise(clean, first, made.timesteps[start : start + 1])
                walk = [latent]
                options = dict(generator=torch.Generator().manual_seed(1000 + count)) if "sde" in sampler else {}
                for index in range(start, count):
                    made.scale_model_input(latent, made.timesteps[index])
                    latent = made.step(answers[index], made.timesteps[index], latent, return_dict=False, **options)[0]
                    walk.append(latent)
                tensors[f"{noise}.{sampler}.{count}"] = torch.cat(walk).contiguous()
    return tensors


MEAN, DEVIATION = [-0.375, 0.25, -0.125, 0.5], [1.5, 0.75, 1.25, 0.875]
CASES = [
    dict(name="cosxl", noise="cosxl", sampler="euler", mode="paint"),
    dict(name="cosxl-redraw", noise="cosxl", sampler="euler", mode="generate"),
    dict(name="cosxl-repaint", noise="cosxl", sampler="dpmpp-2m", mode="repaint"),
    dict(name="playground", noise="playground", sampler="dpmpp-2m", mode="paint"),
    dict(name="playground-redraw", noise="playground", sampler="dpmpp-2m-sde", mode="generate"),
    dict(name="playground-repaint", noise="playground", sampler="dpmpp-2m", mode="repaint", strength=1.0),
]
KINDS = {
    "paint": diffusers.StableDiffusionXLPipeline, "generate": diffusers.StableDiffusionXLImg2ImgPipeline,
    "repaint": diffusers.StableDiffusionXLInpaintPipeline,
}


def encoded(self, image, generator):
    """The latents of a picture as the other two pipelines have them: 0.42's for repainting forgets their mean and deviation."""
    mean, deviation = (torch.tensor(numbers).view(1, 4, 1, 1) for numbers in (MEAN, DEVIATION))
    return (self.vae.encode(image).latent_dist.sample(generator) - mean) * self.vae.config.scaling_factor / deviation


@torch.no_grad()
def pipelines():
    tensors, cases = {}, []
    folder = Path(tempfile.mkdtemp())
    plain, open_one = tokenizer(folder, "<|endoftext|>"), tokenizer(folder, "!")
    source = picture(32, 32)
    mask = np.zeros((32, 32), np.uint8)
    mask[6:24, 9:26] = 255
    for index, case in enumerate(CASES):
        vae = autoencoder(0.13025)
        more = {}
        if case["noise"] == "playground":
            vae.register_to_config(latents_mean=MEAN, latents_std=DEVIATION, scaling_factor=0.5)
            more = dict(latentsMean=MEAN, latentsDeviation=DEVIATION)
        encoders = towers("sdxl")
        made = KINDS[case["mode"]](
            vae=vae, unet=unet("sdxl"), scheduler=scheduler(case["noise"], case["sampler"]), text_encoder=encoders[0],
            text_encoder_2=encoders[1], tokenizer=plain, tokenizer_2=open_one, add_watermarker=False)
        made.set_progress_bar_config(disable=True)
        if case["mode"] == "repaint" and more:
            made._encode_vae_image = encoded.__get__(made)
        strength = case.get("strength", 0.75)
        options = dict(prompt="a bowl of fruit, 35mm", negative_prompt="fog", num_inference_steps=5, guidance_scale=4.0)
        if case["mode"] == "paint":
            options.update(width=32, height=32)
        else:
            options.update(image=source, strength=strength)
        if case["mode"] == "repaint":
            options.update(mask_image=Image.fromarray(mask), width=32, height=32)
        generator = lambda: torch.Generator().manual_seed(60 + index)
        tensors[f"{case['name']}.latent"] = last(made(**options, generator=generator(), output_type="latent").images)
        shown = made(**options, generator=generator(), output_type="pil").images[0]
        tensors[f"{case['name']}.picture"] = torch.from_numpy(np.array(shown))
        cases.append(dict(
            name=case["name"], unet="sdxl", vae="standard", scheduler=described(made.scheduler), prompt=options["prompt"], negative="fog",
            guidance=4.0, clipSkip=None, steps=5, seed=60 + index, mode=case["mode"], strength=strength, scaling=vae.config.scaling_factor,
            **more))
    tensors["source"], tensors["mask"] = torch.from_numpy(np.array(source)), torch.from_numpy(mask)
    return tensors, cases


def described(made):
    """The scheduler's configuration as it is saved."""
    kept = {key: value for key, value in made.config.items() if not key.startswith("_") and value is not None}
    return dict(kept, _class_name=type(made).__name__)


if __name__ == "__main__":
    run, listed = pipelines()
    save_file({**walks(), **run}, HERE / "continuous.safetensors")
    (HERE / "continuous.json").write_text(json.dumps(listed, separators=(",", ":")))
    (HERE / "continuous-levels.json").write_text(json.dumps(schedules(), separators=(",", ":")))
