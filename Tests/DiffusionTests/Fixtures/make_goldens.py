#!/usr/bin/env python3
"""Goldens of the Diffusion room, made with torch and diffusers on the CPU.

    python make_goldens.py            writes its fixtures beside itself

torch must take its AVX2 paths (`torch.backends.cpu.get_cpu_capability()`): others differ in the last bit of some random numbers.
"""
import json
import warnings
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    UNet2DConditionModel,
)
from PIL import Image
from safetensors.torch import save_file

from make_sampler_goldens import BETAS, floats, fnv, scheduler

warnings.filterwarnings("ignore")
diffusers.logging.set_verbosity_error()
HERE = Path(__file__).resolve().parent


def random_numbers():
    """Draws on one generator, one after the other: sizes below 16, multiples of 16 and others, across the pair that waits."""
    cases = []
    for seed in (0, 1, 42, 0xFFFFFFFF, (7 << 32) + 5):
        generator = torch.Generator().manual_seed(seed)
        draws = []
        for count in (16, 1, 5, 17, 15, 4, 100, 4 * 65 * 65, 2, 4096):
            values = torch.randn(count, generator=generator).numpy()
            draws.append({"count": count, "hash": fnv(floats(values)), "first": values[:4].view(np.uint32).tolist()})
        uniforms = torch.rand(1000, generator=generator).numpy()
        cases.append({"seed": seed, "draws": draws, "uniforms": fnv(floats(uniforms))})
    (HERE / "random.json").write_text(json.dumps(cases, indent=0))


def randomised(model, seed):
    """Random weights, norms and biases included, rounded to what the half-precision file will hold."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        scale = 1.0 / max(parameter[0].numel(), 1) ** 0.5 if parameter.ndim > 1 else 0.1
        noise = torch.randn(parameter.shape, generator=generator) * scale
        if parameter.ndim == 1 and "norm" in name and name.endswith("weight"):
            noise = noise + 1
        parameter.data = noise.half().float()
    return model.eval()


def tiny_unet(**options):
    made = dict(
        sample_size=16, block_out_channels=(8, 16), layers_per_block=2, norm_num_groups=4, cross_attention_dim=12,
        attention_head_dim=2, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    return randomised(UNet2DConditionModel(**{**made, **options}), 11)


def tiny_autoencoder(**options):
    made = dict(
        block_out_channels=(8, 12), layers_per_block=1, norm_num_groups=4, latent_channels=4, sample_size=32,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )
    return randomised(AutoencoderKL(**{**made, **options}), 12)


def save_half(model, folder):
    model.half().save_pretrained(folder)
    model.float()
    config = json.loads((folder / "config.json").read_text())
    config.pop("_name_or_path", None)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def picture(width, height, seed):
    """A picture with slopes and some noise."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([np.sin(x / 5 + y / 9), np.cos(y / 6), np.sin((x + y) / 7)], -1) * 90 + 128
    return Image.fromarray(np.clip(waves + generator.normal(0, 12, waves.shape), 0, 255).astype(np.uint8))


def last(tensor):
    """Channels last, as the engine holds it."""
    return tensor.permute(0, 2, 3, 1).contiguous()


@torch.no_grad()
def models():
    """tiny/: a whole model folder. models.safetensors: what its parts answer; variants of the configuration beside it."""
    tensors = {}
    generator = torch.Generator().manual_seed(3)
    text, other = torch.randn(1, 5, 12, generator=generator), torch.randn(1, 3, 12, generator=generator)
    tensors["text"], tensors["text.short"] = text, other

    unet, vae = tiny_unet(), tiny_autoencoder()
    save_half(unet, HERE / "tiny" / "unet")
    save_half(vae, HERE / "tiny" / "vae")
    DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1, **BETAS["scaled"]).save_pretrained(HERE / "tiny/scheduler")

    # A UNet as those of SD 2 have it, with a stack of transformers, more levels, and no 4 in its channels.
    variant = tiny_unet(
        block_out_channels=(8, 8, 16), attention_head_dim=(2, 4, 8), use_linear_projection=True, layers_per_block=1, in_channels=9,
        transformer_layers_per_block=(1, 2, 1), flip_sin_to_cos=False, freq_shift=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    )
    save_half(variant, HERE / "variant" / "unet")
    plain = tiny_autoencoder(mid_block_add_attention=False, use_quant_conv=False, use_post_quant_conv=False, latent_channels=6)
    save_half(plain, HERE / "variant" / "vae")

    for name, model, size in (("even", unet, (12, 16)), ("odd", unet, (7, 5)), ("variant", variant, (8, 12)), ("variantOdd", variant, (10, 7))):
        latent = torch.randn(1, model.config.in_channels, *size, generator=generator)
        tensors[f"unet.{name}.latent"] = last(latent)
        for which, states in (("long", text), ("short", other)):
            tensors[f"unet.{name}.{which}"] = last(model(latent, 321, states).sample)
    for name, model in (("tiny", vae), ("variant", plain)):
        pixels = torch.rand(1, 3, 24, 32, generator=generator) * 2 - 1
        posterior = model.encode(pixels).latent_dist
        tensors[f"vae.{name}.picture"] = last(pixels)
        tensors[f"vae.{name}.mean"], tensors[f"vae.{name}.deviation"] = last(posterior.mean), last(posterior.std)
        tensors[f"vae.{name}.decoded"] = last(model.decode(posterior.mean).sample)
    save_file(tensors, HERE / "models.safetensors")
    return unet, vae


@torch.no_grad()
def loops(unet, vae):
    """Whole runs of diffusers' own pipelines: latents after all steps and the picture they decode to."""
    from tiny_pipelines import TinyPipelines

    tiny = TinyPipelines(unet, vae)
    tensors = {
        "positive": tiny.positive, "negative": tiny.negative, "source": torch.from_numpy(np.array(tiny.source)),
        "mask": torch.from_numpy(tiny.mask),
    }
    cases = [
        ("paint", "ddim", "v_prediction", 1.0, 6), ("paint", "dpmpp-2m", "epsilon", 1.0, 7), ("paint", "euler", "epsilon", 1.0, 5),
        ("generate", "ddim", "epsilon", 0.6, 10), ("generate", "dpmpp-2m-karras", "v_prediction", 0.75, 9),
        ("generate", "dpmpp-2m", "sample", 0.5, 30), ("generate", "euler", "epsilon", 0.6, 8), ("generate", "ddim", "epsilon", 1.0, 5),
        ("repaint", "ddim", "epsilon", 0.75, 8), ("repaint", "dpmpp-2m-karras", "v_prediction", 1.0, 6),
        ("repaint", "euler", "epsilon", 1.0, 6),
    ]
    listed = []
    for index, (mode, sampler, prediction, strength, count) in enumerate(cases):
        made = scheduler(sampler, prediction_type=prediction, steps_offset=1, timestep_spacing="leading", **BETAS["scaled"])
        pipeline = tiny.pipeline(mode, made)
        guidance = 1.0 if index == 2 else 4.0
        options = tiny.options(mode, strength, count, guidance)
        latent = pipeline(**options, generator=torch.Generator().manual_seed(100 + index), output_type="latent").images
        shown = pipeline(**options, generator=torch.Generator().manual_seed(100 + index), output_type="pil").images[0]
        tensors[f"{index}.latent"] = last(latent)
        tensors[f"{index}.picture"] = torch.from_numpy(np.array(shown))
        listed.append(
            dict(mode=mode, sampler=sampler, prediction=prediction, strength=strength, steps=count, guidance=guidance, seed=100 + index)
        )
    save_file(tensors, HERE / "loops.safetensors")
    (HERE / "loops.json").write_text(json.dumps(listed, indent=0))


if __name__ == "__main__":
    random_numbers()
    loops(*models())
