#!/usr/bin/env python3
"""Writes a Stable Diffusion model of the real size with random weights, in diffusers' layout: for measurements, not for pictures.

    python make_random_pipeline.py FOLDER [--family sd15|lcm|sdxl] [--type f16|f32]

lcm is sd15 with a UNet that takes the guidance scale as an input and LCM's scheduler, and with a tiny autoencoder in its folder taesd. About 2 GB
for sd15 and lcm in f16, 7 GB for sdxl. Weights are drawn tensor by tensor, so little memory is needed.
"""
import argparse
import json
import math
from pathlib import Path

import numpy as np

UNETS = {
    "sd15": dict(
        block_out_channels=[320, 640, 1280, 1280], layers_per_block=2, cross_attention_dim=768, attention_head_dim=8, sample_size=64,
        down_block_types=["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"], up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
    ),
    "sdxl": dict(
        block_out_channels=[320, 640, 1280], layers_per_block=2, cross_attention_dim=2048, attention_head_dim=[5, 10, 20],
        use_linear_projection=True, transformer_layers_per_block=[1, 2, 10], sample_size=128, addition_embed_type="text_time",
        addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    ),
}
UNETS["lcm"] = dict(UNETS["sd15"], time_cond_proj_dim=256)
CLIP_L = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, hidden_act="quick_gelu", projection_dim=768)
CLIP_G = dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, hidden_act="gelu", projection_dim=1280)


def values(generator, name, shape):
    """Spread so that a random network neither dies out nor blows up: norms near 1, rows of weights of length 1."""
    made = generator.standard_normal(shape, dtype=np.float32)
    if len(shape) > 1:
        return made / math.sqrt(math.prod(shape[1:]))
    return made * 0.05 + (1 if "norm" in name and name.endswith("weight") else 0)


def write(model, folder, file, seed, number_type):
    """The weights of a model that is on torch's meta device."""
    import torch
    from safetensors.torch import save_file

    generator = np.random.default_rng(seed)
    tensors = {
        name: torch.from_numpy(values(generator, name, tuple(tensor.shape))).to(number_type)
        for name, tensor in model.state_dict().items()
        if tensor.dtype.is_floating_point
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / file)


def write_tokenizer(folder, padding):
    """CLIP's byte pairs as a transformers tokenizer, from the list that comes with Redraw."""
    source = Path(__file__).resolve().parents[1] / "Models" / "clip-tokenizer" / "bpe_simple_vocab_16e6.txt"
    merges = source.read_text(encoding="utf-8").split("\n")[1:48895]
    kept = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters = [chr(byte) for byte in kept] + [chr(256 + index) for index in range(256 - len(kept))]
    words = letters + [letter + "</w>" for letter in letters] + ["".join(pair.split()) for pair in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            dict(
                tokenizer_class="CLIPTokenizer", model_max_length=77, bos_token="<|startoftext|>", eos_token="<|endoftext|>",
                unk_token="<|endoftext|>", pad_token=padding,
            )
        )
    )


def main(folder, family, number_type):
    import torch
    from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    folder = Path(folder)
    number_type = {"f16": torch.float16, "f32": torch.float32}[number_type]
    index = {"_class_name": {"sdxl": "StableDiffusionXLPipeline", "lcm": "LatentConsistencyModelPipeline"}.get(family, "StableDiffusionPipeline")}
    if family == "sdxl":
        index["force_zeros_for_empty_prompt"] = True
    with torch.device("meta"):
        tiny = AutoencoderTiny()
        unet = UNet2DConditionModel(**UNETS[family])
        vae = AutoencoderKL(
            block_out_channels=[128, 256, 512, 512], layers_per_block=2, sample_size=512, scaling_factor=0.13025 if family == "sdxl" else 0.18215,
            down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        )
        clip = dict(vocab_size=49408, max_position_embeddings=77, bos_token_id=49406, eos_token_id=49407)
        encoders = [CLIPTextModel(CLIPTextConfig(**CLIP_L, **clip))]
        if family == "sdxl":
            encoders.append(CLIPTextModelWithProjection(CLIPTextConfig(**CLIP_G, **clip)))
    for name, model in (("unet", unet), ("vae", vae)):
        model.save_config(folder / name)
        write(model, folder / name, "diffusion_pytorch_model.safetensors", len(name), number_type)
        index[name] = ["diffusers", type(model).__name__]
    if family == "lcm":
        tiny.save_config(folder / "taesd")
        write(tiny, folder / "taesd", "diffusion_pytorch_model.safetensors", 20, number_type)
    for number, encoder in enumerate(encoders):
        name = "text_encoder_2" if number else "text_encoder"
        encoder.config.architectures = [type(encoder).__name__]
        encoder.config.save_pretrained(folder / name)
        write(encoder, folder / name, "model.safetensors", 10 + number, number_type)
        index[name] = ["transformers", type(encoder).__name__]
        tokenizer = name.replace("text_encoder", "tokenizer")
        write_tokenizer(folder / tokenizer, "!" if number else "<|endoftext|>")
        index[tokenizer] = ["transformers", "CLIPTokenizer"]
    scheduler_class = "LCMScheduler" if family == "lcm" else "DDIMScheduler"
    scheduler = dict(
        _class_name=scheduler_class, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
        set_alpha_to_one=False, steps_offset=1, timestep_spacing="leading", num_train_timesteps=1000, prediction_type="epsilon",
    )
    (folder / "scheduler").mkdir(exist_ok=True)
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler, indent=1))
    index["scheduler"] = ["diffusers", scheduler_class]
    if family != "sdxl":
        index.update(safety_checker=[None, None], feature_extractor=[None, None], requires_safety_checker=False)
    (folder / "model_index.json").write_text(json.dumps(index, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--family", choices=list(UNETS), default="sd15")
    parser.add_argument("--type", choices=["f16", "f32"], default="f16")
    options = parser.parse_args()
    main(options.folder, options.family, options.type)
