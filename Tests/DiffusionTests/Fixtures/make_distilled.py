#!/usr/bin/env python3
"""What distilled UNets answer, made with diffusers on the CPU: attentions of a level that differ in depth, a middle block that looks at
no text or that is not there.

    python make_distilled.py           writes families/distilled.json and families/distilled.safetensors beside itself
"""
import json

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

from make_families import HERE, UNETS, configuration, draw, filled, last, listed

# Like SSD-1B and Segmind-Vega; like BK-SDM-Small; like BK-SDM-Tiny.
DISTILLED = {
    "ssd": dict(
        UNETS["sdxl"], transformer_layers_per_block=(1, (2, 1)), reverse_transformer_layers_per_block=((1, 2, 3), 1),
        mid_block_type="UNetMidBlock2D",
    ),
    "small": dict(UNETS["sd1"], mid_block_type=None),
    "tiny": dict(
        UNETS["sd1"], mid_block_type=None, down_block_types=("CrossAttnDownBlock2D",) * 2, up_block_types=("CrossAttnUpBlock2D",) * 2
    ),
}


@torch.no_grad()
def main():
    generator = torch.Generator().manual_seed(5)
    described, tensors = {}, {}
    for name, options in DISTILLED.items():
        model = filled(UNet2DConditionModel(**options), "unet")
        described[name] = {"config": configuration(model), "tensors": listed(model)}
        latent = draw(generator, 1, 4, 8, 6)
        text = draw(generator, 1, 7, model.config.cross_attention_dim)
        more = {}
        if name == "ssd":
            pooled, sizes = draw(generator, 1, 128), torch.tensor([[1024.0, 768, 0, 16, 512, 640]])
            more = dict(added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes})
            tensors["ssd.pooled"], tensors["ssd.sizes"] = pooled, sizes
        tensors[f"{name}.latent"], tensors[f"{name}.text"] = last(latent), text
        tensors[f"{name}.output"] = last(model(latent, 601, text, **more).sample)
    (HERE / "distilled.json").write_text(json.dumps(described, indent=1, sort_keys=True) + "\n")
    save_file(tensors, HERE / "distilled.safetensors")


if __name__ == "__main__":
    main()
