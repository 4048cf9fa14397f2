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
    made = filled(CLIPTextModelWithProjection(config) if projection else CLIPTextModel(config), prefix)
    if not hasattr(made, "text_model"):
        # Since version 5 of transformers the model is the tower itself; diffusers' clip skip still looks for it here.
        object.__setattr__(made, "text_model", made)
    return made


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


def tokenizer(folder, padding):
    """transformers' tokenizer of CLIP's byte pairs."""
    source = Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    merges = gzip.open(source, "rt", encoding="utf-8").read().split("\n")[1 : 49152 - 256 - 2 + 1]
    kept = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters = [chr(byte) for byte in kept] + [chr(256 + index) for index in range(256 - len(kept))]
    words = letters + [letter + "</w>" for letter in letters] + ["".join(pair.split()) for pair in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return transformers.CLIPTokenizer(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), unk_token="<|endoftext|>", bos_token="<|startoftext|>",
        eos_token="<|endoftext|>", pad_token=padding, model_max_length=77,
    )


BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, clip_sample=False, set_alpha_to_one=False)
LONG = ", ".join(f"a photograph number {word} of an old lighthouse" for word in "one two three four five six seven eight nine ten eleven".split())
CASES = [
    dict(name="sd1", prompt="a photo of a (red) fox, oil painting", negative="blurry", guidance=5.0),
    dict(name="sd1-long", unet="sd1", prompt=LONG, negative="", guidance=4.0),
    dict(name="sd1-skip", unet="sd1", prompt="a castle in the rain", negative="text", guidance=5.0, clipSkip=2),
    dict(name="sd2", prompt="an astronaut on a horse", negative="", guidance=6.0, prediction="v_prediction"),
    dict(name="turbo", unet="sd2", prompt="a cat asleep", negative="", guidance=1.0, spacing="trailing", steps=2),
    dict(name="sdxl", prompt="a bowl of fruit, 35mm", negative="", guidance=5.0),
    dict(name="sdxl-negative", unet="sdxl", prompt="a bowl of fruit", negative="low quality, text", guidance=5.0, mode="generate"),
    dict(name="sdxl-tiny", unet="sdxl", vae="tiny", prompt="a city at night", negative="fog", guidance=5.0, mode="generate"),
    dict(name="lcm", prompt="a watercolour of a lake", negative="", guidance=8.0),
]
TOWERS = {
    "sd1": [dict(width=64, layers=3, activation="quick_gelu")],
    "sd2": [dict(width=64, layers=2, activation="gelu")],
    "sdxl": [
        dict(width=64, layers=3, activation="quick_gelu"),
        dict(width=128, layers=3, activation="gelu", projection=128, prefix="text_encoder_2"),
    ],
}
TOWERS["lcm"] = TOWERS["sd1"]


def towers(family):
    return [text_encoder(**options) for options in TOWERS[family]]


def picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([np.sin(x / 5 + y / 9), np.cos(y / 6), np.sin((x + y) / 7)], -1) * 90 + 128
    return Image.fromarray(np.clip(waves, 0, 255).astype(np.uint8))


@torch.no_grad()
def pipelines(described):
    """Whole runs of diffusers' own pipelines from words to pictures: token states, latents after all steps, the picture."""
    tensors, cases = {}, []
    folder = Path(tempfile.mkdtemp())
    plain = tokenizer(folder, "<|endoftext|>")
    open_one = tokenizer(folder, "!")
    source = picture(32, 32)
    tensors["source"] = torch.from_numpy(np.array(source))
    for index, case in enumerate(CASES):
        family = case.get("unet", case["name"])
        vae_name = case.get("vae", "standard")
        vae = tiny_autoencoder() if vae_name == "tiny" else autoencoder(0.13025 if family == "sdxl" else 0.18215)
        encoders = towers(family)
        for number, encoder in enumerate(encoders):
            described[f"{'text_encoder_2' if number else 'text_encoder'}.{family}"] = {
                "config": configuration(encoder), "tensors": listed(encoder),
            }
        scheduler = DDIMScheduler(
            prediction_type=case.get("prediction", "epsilon"), timestep_spacing=case.get("spacing", "leading"), **BETAS)
        parts = dict(vae=vae, unet=unet(family), scheduler=scheduler, text_encoder=encoders[0])
        mode = case.get("mode", "paint")
        if family == "sdxl":
            kind = diffusers.StableDiffusionXLPipeline if mode == "paint" else diffusers.StableDiffusionXLImg2ImgPipeline
            made = kind(
                tokenizer=plain, tokenizer_2=open_one, text_encoder_2=encoders[1], add_watermarker=False, **parts)
        else:
            kind = diffusers.StableDiffusionPipeline
            made = kind(
                tokenizer=open_one if family == "sd2" else plain, safety_checker=None, feature_extractor=None,
                requires_safety_checker=False, **parts,
            )
        made.set_progress_bar_config(disable=True)
        steps = case.get("steps", 4)
        skip = case.get("clipSkip")
        options = dict(
            prompt=case["prompt"], negative_prompt=case["negative"] or None, num_inference_steps=steps, guidance_scale=case["guidance"],
            clip_skip=skip - 1 if skip else None,
        )
        options.update(dict(width=32, height=32) if mode == "paint" else dict(image=source, strength=0.75))
        generator = lambda: torch.Generator().manual_seed(20 + index)
        latent = made(**options, generator=generator(), output_type="latent").images
        shown = made(**options, generator=generator(), output_type="pil").images[0]
        encoded = made.encode_prompt(
            prompt=case["prompt"], device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True,
            negative_prompt=case["negative"] or None, clip_skip=options["clip_skip"],
        )
        name = case["name"]
        # Every eighth token tells enough.
        tensors[f"{name}.states"], tensors[f"{name}.negative"] = encoded[0][:, ::8].contiguous(), encoded[1][:, ::8].contiguous()
        if family == "sdxl":
            tensors[f"{name}.pooled"] = encoded[2]
        tensors[f"{name}.latent"] = last(latent)
        tensors[f"{name}.picture"] = torch.from_numpy(np.array(shown))
        cases.append(dict(
            name=name, unet=family, vae=vae_name, scheduler=dict(scheduler.config), prompt=case["prompt"], negative=case["negative"],
            guidance=case["guidance"], clipSkip=skip, steps=steps, seed=20 + index, mode=mode, strength=0.75,
            scaling=vae.config.scaling_factor,
        ))
    save_file(tensors, HERE / "pipelines.safetensors")
    for case in cases:
        case["scheduler"] = {key: value for key, value in case["scheduler"].items() if not key.startswith("_") and value is not None}
    (HERE / "pipelines.json").write_text(json.dumps(cases, separators=(",", ":")))
    return plain


RESIDUAL = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0", "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}


def old_unet(name, layers, levels):
    """The name that the first releases gave a UNet's tensor."""
    parts = name.split(".")
    fixed = {
        "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2", "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2", "time_embedding.cond_proj": "time_embed.cond_proj",
        "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    }
    for new, old in fixed.items():
        if name.startswith(new + "."):
            return old + name[len(new) :]
    if parts[0] == "mid_block":
        place = "middle_block.1" if parts[1] == "attentions" else f"middle_block.{2 * int(parts[2])}"
        rest = parts[3:]
        kind = parts[1]
    else:
        block, kind, layer = int(parts[1]), parts[2], int(parts[3])
        rest = parts[4:]
        if parts[0] == "down_blocks":
            first = 1 + block * (layers + 1)
            place = f"input_blocks.{first + layers}.0.op" if kind == "downsamplers" else f"input_blocks.{first + layer}.{int(kind == 'attentions')}"
        else:
            first = block * (layers + 1)
            place = f"output_blocks.{first + layers}.UP.conv" if kind == "upsamplers" else f"output_blocks.{first + layer}.{int(kind == 'attentions')}"
    if kind == "resnets":
        return ".".join([place, RESIDUAL[rest[0]]] + rest[1:])
    return ".".join([place] + (rest[1:] if "samplers" in kind else rest))


def old_autoencoder(name, levels):
    name = name.replace("conv_norm_out", "norm_out").replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
    name = name.replace("conv_shortcut", "nin_shortcut").replace("downsamplers.0.conv", "downsample.conv").replace("upsamplers.0.conv", "upsample.conv")
    for new, old in {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}.items():
        name = name.replace(f"mid_block.attentions.0.{new}.", f"mid.attn_1.{old}.")
    for level in range(levels):
        name = name.replace(f"encoder.down_blocks.{level}.resnets.", f"encoder.down.{level}.block.")
        name = name.replace(f"encoder.down_blocks.{level}.", f"encoder.down.{level}.")
        name = name.replace(f"decoder.up_blocks.{level}.resnets.", f"decoder.up.{levels - 1 - level}.block.")
        name = name.replace(f"decoder.up_blocks.{level}.", f"decoder.up.{levels - 1 - level}.")
    return name


def old_text(name):
    """open_clip's name; fused projections are named by their first part."""
    for new, old in {
        "text_model.embeddings.token_embedding": "token_embedding", "text_model.embeddings.position_embedding.weight": "positional_embedding",
        "text_model.final_layer_norm": "ln_final", "text_projection.weight": "text_projection",
        "text_model.encoder.layers": "transformer.resblocks", "layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn": "attn",
        "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
    }.items():
        name = name.replace(new, old)
    for part in "qkv":
        name = name.replace(f"attn.{part}_proj.weight", "attn.in_proj_weight").replace(f"attn.{part}_proj.bias", "attn.in_proj_bias")
    return name


def single_files():
    """The tensors of single files: what each is made of. diffusers' own conversion has to give the components back."""
    listed_files = {}
    for family in ("sd1", "sd2", "sdxl", "inpainting", "lcm"):
        model, vae = unet(family), autoencoder()
        levels, layers = len(model.config.block_out_channels), model.config.layers_per_block
        file, recipe = {}, {}
        for name, tensor in model.state_dict().items():
            old = old_unet(name, layers, levels)
            if ".UP." in old:
                block = int(name.split(".")[1])
                old = old.replace("UP", "2" if f"up_blocks.{block}.attentions.0.norm.weight" in model.state_dict() else "1")
            file["model.diffusion_model." + old] = tensor
            recipe["model.diffusion_model." + old] = [f"unet.{name}"]
        for name, tensor in vae.state_dict().items():
            old = "first_stage_model." + old_autoencoder(name, 2)
            # What are linear layers now were convolutions.
            convolution = "attn_1" in old and old.endswith("weight") and "norm" not in old
            file[old] = tensor[:, :, None, None] if convolution else tensor
            recipe[old] = [f"vae.{name}"] + (["4d"] if convolution else [])
        if family == "sdxl":
            places = [("conditioner.embedders.0.transformer.", False), ("conditioner.embedders.1.model.", True)]
        else:
            places = [("cond_stage_model.model.", True)] if family == "sd2" else [("cond_stage_model.transformer.", False)]
        encoders = towers("sd1" if family == "inpainting" else family)
        for index, ((prefix, is_open), encoder) in enumerate(zip(places, encoders)):
            component = ("text_encoder", "text_encoder_2")[index]
            state = {name: tensor for name, tensor in encoder.state_dict().items() if tensor.dtype.is_floating_point}
            known = lambda name: name if name.startswith(("text_model.", "text_projection")) else "text_model." + name
            # Queries, keys, values: the order in which the fused projection holds them.
            order = {"q_proj": 0, "k_proj": 1, "v_proj": 2}
            for name, tensor in sorted(state.items(), key=lambda entry: order.get(entry[0].split(".")[-2], 3)):
                if not is_open:
                    file[prefix + known(name)] = tensor
                    recipe[prefix + known(name)] = [f"{component}.{name}"]
                    continue
                old = prefix + old_text(known(name))
                recipe.setdefault(old, []).append(f"{component}.{name}")
                if old.endswith("text_projection"):
                    recipe[old].append("transposed")
                    tensor = tensor.T
                file[old] = torch.cat([file[old], tensor]) if old in file else tensor
            if family == "sd2":
                # The layer behind the one that is looked at, and the projection, are there and are not used.
                last_layer = encoder.config.num_hidden_layers - 1
                for old in [old for old in recipe if f"resblocks.{last_layer}." in old]:
                    copy = old.replace(f"resblocks.{last_layer}.", f"resblocks.{last_layer + 1}.")
                    file[copy], recipe[copy] = file[old], recipe[old]
                recipe[prefix + "text_projection"] = ["values", 64, 64]
        back = single_file_utils.convert_ldm_unet_checkpoint(dict(file), dict(model.config))
        if family == "lcm":
            back["time_embedding.cond_proj.weight"] = file["model.diffusion_model.time_embed.cond_proj.weight"]
        same(back, model.state_dict())
        same(single_file_utils.convert_ldm_vae_checkpoint(dict(file), dict(vae.config)), vae.state_dict())
        for (prefix, is_open), encoder in zip(places, encoders):
            if is_open and family == "sdxl":
                back = single_file_utils.convert_open_clip_checkpoint(encoder, dict(file), prefix=prefix)
                strip = lambda state: {name.removeprefix("text_model."): tensor for name, tensor in state.items()}
                same(strip(back), strip(encoder.state_dict()))
        first = listed_files.get("sd1", {})
        more = {name: parts for name, parts in recipe.items() if first.get(name) != parts}
        # What is made of the same tensors as the first is not listed again.
        listed_files[family] = {"like": "sd1", "more": more} if first and len(more) + len(first) == len(recipe) else recipe
    (HERE / "files.json").write_text(json.dumps(listed_files, separators=(",", ":")))


def same(left, right):
    right = {name: tensor for name, tensor in right.items() if tensor.dtype.is_floating_point}
    assert set(left) == set(right), set(left) ^ set(right)
    for name, tensor in right.items():
        assert torch.equal(left[name], tensor), name


@torch.no_grad()
def adaptations():
    """A LoRA over every kind of layer: what the UNet and the text encoder answer with it."""
    generator = torch.Generator().manual_seed(9)
    model, encoder = unet("sd1"), towers("sd1")[0]
    layers, levels = 1, 2
    wanted = [
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k",
        "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj", "up_blocks.1.attentions.1.transformer_blocks.0.attn1.to_out.0",
        "down_blocks.0.attentions.0.proj_in", "down_blocks.1.resnets.0.conv1", "down_blocks.0.downsamplers.0.conv",
        "up_blocks.1.resnets.0.conv_shortcut",
    ]
    rank, alpha, scale = 4, 2.0, 0.8
    entries = []
    for module in wanted:
        weight = model.get_submodule(module).weight
        down, up = [rank] + list(weight.shape[1:]), [weight.shape[0], rank] + [1] * (weight.ndim - 2)
        product = values(f"lora.{module}.up", up).flatten(1) @ values(f"lora.{module}.down", down).flatten(1)
        weight += scale * alpha / rank * product.reshape(weight.shape)
        entries.append(dict(module=module, old=old_unet(module + ".weight", layers, levels).removesuffix(".weight"), down=down, up=up))
    module = "encoder.layers.1.self_attn.q_proj"
    weight = encoder.get_submodule(module if hasattr(encoder, "encoder") else "text_model." + module).weight
    product = values("lora.text.up", (64, rank)) @ values("lora.text.down", (rank, 64))
    weight += 0.5 * alpha / rank * product
    latent, text = draw(generator, 1, 4, 8, 8), draw(generator, 1, 5, 64)
    tokens = torch.tensor([[49406, 320, 1125, 539, 320, 2368, 49407]])
    save_file(
        {
            "latent": last(latent), "text": text, "output": last(model(latent, 401, text).sample),
            "states": encoder(tokens).last_hidden_state,
        },
        HERE / "adaptations.safetensors",
    )
    (HERE / "adaptations.json").write_text(
        json.dumps(dict(layers=entries, rank=rank, alpha=alpha, scale=scale, textScale=0.5, text="text_model." + module))
    )


COMMAS = ", ".join(["a tall ship at sea", "storm", "dramatic light", "oil on canvas", "heavy brush strokes", "masterpiece"] * 6)
# What AUTOMATIC1111's syntax makes of each, by hand: stretches and their weights; None is BREAK.
PROMPTS = {
    "a (red:1.4) fox [dark] forest": [("a ", 1), ("red", 1.4), (" fox ", 1), ("dark", 1 / 1.1), (" forest", 1)],
    "one BREAK two (three)": [("one", 1), None, ("two ", 1), ("three", 1.1)],
    COMMAS: [(COMMAS, 1)],
    "": [("", 1)],
}


@torch.no_grad()
def prompts(words):
    """Long and weighted prompts as AUTOMATIC1111 cuts and weighs them: pieces of 75 tokens, the mean brought back; and ComfyUI's weights."""
    encoder = towers("sd1")[0]
    start, end, comma = 49406, 49407, 267
    tensors, listed_prompts = {}, []
    run = lambda row: encoder(torch.tensor([row])).last_hidden_state
    for number, (prompt, parts) in enumerate(PROMPTS.items()):
        pieces, tokens, weights, seen = [], [], [], -1

        def close():
            pieces.append((list(tokens), list(weights)))
            tokens.clear(), weights.clear()

        for part in parts:
            if part is None:
                close()
                seen = -1
                continue
            for token in words(part[0], add_special_tokens=False).input_ids:
                if token == comma:
                    seen = len(tokens)
                elif len(tokens) == 75 and seen != -1 and 75 - seen <= 20:
                    moved = tokens[seen + 1 :], weights[seen + 1 :]
                    del tokens[seen + 1 :], weights[seen + 1 :]
                    close()
                    tokens.extend(moved[0]), weights.extend(moved[1])
                    seen = -1
                if len(tokens) == 75:
                    close()
                    seen = -1
                tokens.append(token), weights.append(part[1])
        if tokens or not pieces:
            close()
        restored, apart = [], []
        nothing = run([start] + [end] * 76)
        for row, factors in pieces:
            states = run([start] + row + [end] * (76 - len(row)))
            factors = torch.tensor([1.0] + factors + [1.0] * (76 - len(row)))[None, :, None]
            weighted = states * factors
            restored.append(weighted * (states.mean() / weighted.mean()))
            apart.append(nothing + (states - nothing) * factors)
        tensors[f"{number}.a1111"] = torch.cat(restored, 1)[:, ::5].contiguous()
        tensors[f"{number}.redraw"] = torch.cat(apart, 1)[:, ::5].contiguous()
        listed_prompts.append(dict(prompt=prompt, pieces=[row for row, _ in pieces]))
    # A trained embedding of two vectors in the middle of a prompt.
    encoder.resize_token_embeddings(49410)
    encoder.get_input_embeddings().weight[49408:] = values("embedding", (2, 64))
    row = [start] + words("a photo of", add_special_tokens=False).input_ids + [49408, 49409] + words("cat", add_special_tokens=False).input_ids
    tensors["embedding"] = run(row + [end] * (77 - len(row)))[:, ::5].contiguous()
    save_file(tensors, HERE / "prompts.safetensors")
    (HERE / "prompts.json").write_text(json.dumps(listed_prompts, separators=(",", ":")))


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    described = parts()
    words = pipelines(described)
    (HERE / "models.json").write_text(json.dumps(described, separators=(",", ":")))
    single_files()
    adaptations()
    prompts(words)
