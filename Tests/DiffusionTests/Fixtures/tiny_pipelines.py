"""diffusers' own pipelines with the tiny model of make_goldens.py, and what the scripts beside this one give them."""

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, StableDiffusionPipeline
from make_goldens import picture
from PIL import Image

KINDS = {"paint": StableDiffusionPipeline, "generate": StableDiffusionImg2ImgPipeline, "repaint": StableDiffusionInpaintPipeline}


class TinyPipelines:
    def __init__(self, unet, vae):
        self.unet, self.vae = unet, vae
        self.positive, self.negative = torch.randn(2, 1, 5, 12, generator=torch.Generator().manual_seed(5))
        self.source = picture(32, 24, 1)
        self.mask = np.zeros((24, 32), np.uint8)
        self.mask[6:18, 9:24] = 255

    def pipeline(self, mode, scheduler):
        pipeline = KINDS[mode](
            vae=self.vae, unet=self.unet, scheduler=scheduler, text_encoder=None, tokenizer=None, safety_checker=None,
            feature_extractor=None, requires_safety_checker=False,
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def options(self, mode, strength, count, guidance):
        """What a pipeline of that mode is called with, but for its random numbers and what it gives back."""
        options = dict(
            prompt_embeds=self.positive, negative_prompt_embeds=self.negative, num_inference_steps=count, guidance_scale=guidance,
        )
        if mode == "paint":
            options.update(width=32, height=24)
        else:
            options.update(image=self.source, strength=strength)
        if mode == "repaint":
            options.update(mask_image=Image.fromarray(self.mask), width=32, height=24)
        return options
