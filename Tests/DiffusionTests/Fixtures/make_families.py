#!/usr/bin/env python3
"""Goldens of every family of checkpoints, made with torch, diffusers and transformers on the CPU.

    python make_families.py            writes families/ beside itself

No weight is stored: a tensor's values follow from its name (`values`), so that the tests make the same checkpoints, in diffusers' layout
and as single files, and only configurations, names with shapes and answers lie here. Byte pairs come from open_clip's wheel.
"""
import gzip
import json
import tempfile
import warnings
from pathlib import Path

import diffusers
import numpy as np
import open_clip
import torch
import transformers
from diffusers import AutoencoderKL, AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.loaders import single_file_utils
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

warnings.filterwarnings("ignore")
diffusers.logging.set_verbosity_error()
transformers.logging.set_verbosity_error()
HERE = Path(__file__).resolve().parent / "families"


def values(name, shape):
    """Numbers that follow from a tensor's name: SplitMix64 of the FNV-1a hash of the name and the position, uniform, rounded to half."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % (1 << 64)
    count = int(np.prod(shape, dtype=np.int64))
    with np.errstate(over="ignore"):
        z = (np.arange(1, count + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    uniform = (z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)
    if len(shape) > 1:
        # 1 / sqrt of the inputs as a power of two, so that no rounding differs; embeddings by token alone.
        fan = int(np.prod(shape[1:]))
        scale = 2.0 ** -round(np.log2(fan) / 2)
        made = uniform * np.float32(scale)
    else:
        made = uniform * np.float32(0.125) + np.float32(1 if "norm" in name and name.endswith("weight") else 0)
    return torch.from_numpy(made.astype(np.float16).astype(np.float32).reshape(shape))


def filled(model, prefix):
    """The model with values by name; the names are told apart by the component they are in."""
    state = model.state_dict()
    for name, tensor in state.items():
        if tensor.dtype.is_floating_point:
            tensor.copy_(values(f"{prefix}.{name}", tuple(tensor.shape)))
    return model.eval()


def listed(model):
    return {name: list(tensor.shape) for name, tensor in model.state_dict().items() if tensor.dtype.is_floating_point}


def configuration(model):
    with tempfile.TemporaryDirectory() as folder:
        model.config.__class__  # a diffusers FrozenDict or a transformers configuration
        if hasattr(model, "save_config"):
            model.save_config(folder)
        else:
            model.config.architectures = [type(model).__name__]
            model.config.save_pretrained(folder)
        made = json.loads((Path(folder) / "config.json").read_text())
    for key in ("_name_or_path", "_diffusers_version", "transformers_version"):
        made.pop(key, None)
    return made


UNETS = {
    "sd1": dict(
        block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=64, attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), sample_size=16,
    ),
    "sd2": dict(
        block_out_channels=(64, 128), layers_per_block=2, cross_attention_dim=64, attention_head_dim=(1, 2), use_linear_projection=True,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), sample_size=16,
    ),
    "sdxl": dict(
        block_out_channels=(64, 128), layers_per_block=2, cross_attention_dim=192, attention_head_dim=(1, 2), use_linear_projection=True,
        transformer_layers_per_block=(1, 2), down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), addition_embed_type="text_time", addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=128 + 6 * 256, sample_size=16,
    ),
}
UNETS["inpainting"] = dict(UNETS["sd1"], in_channels=9)
UNETS["lcm"] = dict(UNETS["sd1"], time_cond_proj_dim=32)


def unet(name):
    return filled(UNet2DConditionModel(**UNETS[name]), "unet")


def autoencoder(scaling=0.18215):
    made = AutoencoderKL(
        block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=32, latent_channels=4, sample_size=32, scaling_factor=scaling,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )
    return filled(made, "vae")


def tiny_autoencoder():
    made = AutoencoderTiny(
        encoder_block_out_channels=(16, 16, 16), decoder_block_out_channels=(16, 16, 16), num_encoder_blocks=(1, 2, 1),
        num_decoder_blocks=(2, 1, 1), latent_channels=4,
    )
    return filled(made, "vae")


def text_encoder(width, layers, activation, projection=None, prefix="text_encoder"):
    config = CLIPTextConfig(
        hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers, num_attention_heads=width // 64, hidden_act=activation,
        vocab_size=49408, max_position_embeddings=77, projection_dim=projection or width, bos_token_id=49406, eos_token_id=49407,
        pad_token_id=1,
    )
    return filled(CLIPTextModelWithProjection(config) if projection else CLIPTextModel(config), prefix)


def last(tensor):
    """Channels last, as the engine holds it."""
    return tensor.permute(0, 2, 3, 1).contiguous()


def draw(generator, *shape):
    return torch.randn(*shape, generator=generator)


@torch.no_grad()
def parts():
    """What each UNet and autoencoder answers."""
    generator = torch.Generator().manual_seed(1)
    described, tensors = {}, {}
    for name in UNETS:
        model = unet(name)
        described[f"unet.{name}"] = {"config": configuration(model), "tensors": listed(model)}
        latent = draw(generator, 2, model.config.in_channels, 8, 6)
        text = draw(generator, 2, 7, model.config.cross_attention_dim)
        more = {}
        if name == "sdxl":
            pooled = draw(generator, 2, 128)
            sizes = torch.tensor([[1024.0, 768, 0, 16, 512, 640]])
            more = dict(added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes.repeat(2, 1)})
            tensors["unet.sdxl.pooled"], tensors["unet.sdxl.sizes"] = pooled, sizes
        if name == "lcm":
            embed = diffusers.StableDiffusionPipeline.get_guidance_scale_embedding
            more = dict(timestep_cond=embed(None, torch.tensor([8.5 - 1]).repeat(2), embedding_dim=32))
        tensors[f"unet.{name}.latent"], tensors[f"unet.{name}.text"] = last(latent), text
        tensors[f"unet.{name}.output"] = last(model(latent, 601, text, **more).sample)
    for name, model in (("standard", autoencoder()), ("tiny", tiny_autoencoder())):
        described[f"vae.{name}"] = {"config": configuration(model), "tensors": listed(model)}
        pixels = torch.rand(1, 3, 16, 24, generator=generator) * 2 - 1
        tensors[f"vae.{name}.picture"] = last(pixels)
        if name == "standard":
            posterior = model.encode(pixels).latent_dist
            latent = posterior.mean
            tensors[f"vae.{name}.deviation"] = last(posterior.std)
        else:
            latent = model.encode(pixels).latents
        tensors[f"vae.{name}.latent"] = last(latent)
        tensors[f"vae.{name}.decoded"] = last(model.decode(latent).sample)
    save_file(tensors, HERE / "parts.safetensors")
    return described


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    described = parts()
    (HERE / "models.json").write_text(json.dumps(described, separators=(",", ":")))
