"""Repainting with a UNet of nine channels, and an autoencoder in tiles, as diffusers does them.

    python make_repaint_goldens.py

Reads the models of make_goldens.py, writes repaint.json and repaint.safetensors beside itself. Made with diffusers 0.42.1.
"""

import json

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionInpaintPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file

from make_goldens import HERE, last
from make_sampler_goldens import BETAS, scheduler


@torch.no_grad()
def main():
    vae = AutoencoderKL.from_pretrained(HERE / "tiny/vae").float().eval()
    unet = UNet2DConditionModel.from_pretrained(HERE / "variant/unet").float().eval()
    given = load_file(HERE / "loops.safetensors")
    source = Image.fromarray(given["source"].numpy())
    mask = Image.fromarray(given["mask"].numpy())
    tensors, listed = {}, []
    for index, (sampler, strength, count) in enumerate(
        [("ddim", 1.0, 5), ("euler-a", 0.75, 8), ("dpmpp-2m-sde", 1.0, 4), ("unipc", 0.6, 9)]
    ):
        pipeline = StableDiffusionInpaintPipeline(
            vae=vae, unet=unet, scheduler=scheduler(sampler, timestep_spacing="leading", steps_offset=1, **BETAS["scaled"]),
            text_encoder=None, tokenizer=None, safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        )
        pipeline.set_progress_bar_config(disable=True)
        latent = pipeline(
            prompt_embeds=given["positive"], negative_prompt_embeds=given["negative"], num_inference_steps=count, guidance_scale=4.0,
            image=source, mask_image=mask, width=32, height=24, strength=strength, output_type="latent",
            generator=torch.Generator().manual_seed(300 + index),
        ).images
        tensors[f"nine.{index}"] = last(latent)
        listed.append(dict(sampler=sampler, strength=strength, steps=count, seed=300 + index))

    vae.enable_tiling()
    vae.tile_latent_min_size, vae.tile_sample_min_size = 8, 16
    picture = torch.rand(1, 3, 38, 50, generator=torch.Generator().manual_seed(8)) * 2 - 1
    posterior = vae.encode(picture).latent_dist
    tensors["tiled.picture"], tensors["tiled.mean"], tensors["tiled.deviation"] = last(picture), last(posterior.mean), last(posterior.std)
    tensors["tiled.decoded"] = last(vae.decode(posterior.mean).sample)
    save_file(tensors, HERE / "repaint.safetensors")
    (HERE / "repaint.json").write_text(json.dumps(listed, indent=0) + "\n")


if __name__ == "__main__":
    main()
