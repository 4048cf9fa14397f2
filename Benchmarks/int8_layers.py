#!/usr/bin/env python3
"""Which of a UNet's layers bear being multiplied in bytes: a group of layers at a time is rounded, all others stay in f32, and what one pass of
the network gives is compared with the same pass in f32.

    python int8_layers.py [--models small,sd15] [--side N] [--inputs 1] [--threads 1]

`small`  redraw-small as it comes along, latents of 48 a side (192 pixels): four photographs of Documentation/pictures, each with its text and at
         another time.
`sd15`   Stable Diffusion 1.5's size with the random weights of make_random_pipeline.py (drawn in memory, f16; about 6 GB), latents of 32 a side
         and texts of random numbers. Random weights have none of the few large numbers that a trained network's activations have.

The rounding is Redraw's, told again in torch:

bf16               both factors are rounded to bfloat16
held in bytes      weights in bytes, 64 neighbours in the depth sharing a scale, widened to bfloat16; what they meet in bfloat16 (BytePairs.swift)
in bytes           weights in 255 steps of each output's own, what they meet in 255 steps of each row's own (quads.c); of a 3x3 convolution a row is
                   a window, of attention q and k have a step a token, the soft-max one a row and v one a column
without VNNI       the same with weights' steps so coarse that two products and their sum fit in sixteen bits (AVX2, AVX-512 without VNNI)

The last column is the error of `--precision int8` as a whole, which multiplies linear layers in bytes, but for the shortcuts, and holds large
convolutions so, where this group alone were in bf16: what leaving it out would win. An error is the root mean square of the difference, relative to that of what
the pass in f32 gives, over all inputs together. Convolutions are taken by their definition, without Winograd's algorithm. Prints tables as
they stand in Documentation. Needs torch and diffusers, for redraw-small transformers besides.
"""
import argparse
import functools
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Models/recipes/generator")]

import numpy  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

SHORTCUTS = "residual blocks: 1x1 shortcuts"
LINEAR = {
    "time embedding and its projections": r"(^|\.)(time_embedding|add_embedding)\.|time_emb_proj$",
    "self attention: q, k, v": r"attn1\.to_[qkv]$",
    "cross attention: q, k, v": r"attn2\.to_[qkv]$",
    "attention: out": r"attn[12]\.to_out\.0$",
    "feed-forward: in (GEGLU)": r"ff\.net\.0\.proj$",
    "feed-forward: out": r"ff\.net\.2$",
    "transformers: in, out": r"proj_(in|out)$",
    SHORTCUTS: r"conv_shortcut$",
}
OTHERS = {
    "3x3 convolutions within the network": r"(\.conv1|\.conv2|samplers\.0\.conv)$",
    "the first and the last convolution": r"^conv_(in|out)$",
}
ATTENTION = "attention: q k and its product with v"
EVERY_LINEAR, EVERYTHING = "every linear layer", "everything"


def bfloat(values):
    return values.bfloat16().float()


def steps(values, most):
    """Values in whole steps of most / 127, a step for each row."""
    factor = torch.where(most > 0, 127 / most, torch.zeros_like(most))
    return torch.round(values * factor) * (most / 127)


def in_bytes(rows):
    return steps(rows, rows.abs().amax(-1, keepdim=True))


def in_narrow_bytes(rows):
    """The step goes by the largest sum of two neighbours of one sign."""
    pairs = F.pad(rows, (0, rows.shape[-1] % 2)).unflatten(-1, (-1, 2))
    above, below = pairs.clamp(min=0).sum(-1), -pairs.clamp(max=0).sum(-1)
    return steps(rows, torch.maximum(above, below).amax(-1, keepdim=True))


def held_in_bytes(depths):
    """Weights [outputs, taps, depth]; 64 neighbours in the depth share a scale, and halves are rounded away from nothing."""
    depth = depths.shape[-1]
    parts = F.pad(bfloat(depths), (0, -depth % 64)).unflatten(-1, (-1, 64))
    most = parts.abs().amax(-1, keepdim=True)
    inverse = torch.where(most > 1e-30, 127 / most, torch.zeros_like(most))
    whole = torch.floor(parts.abs() * inverse + 0.5) * parts.sign()
    return bfloat(whole * (most / 127)).flatten(-2)[..., :depth]


class Way:
    """How a product's factors are rounded."""

    def __init__(self, rows, weights, by_row):
        self.rows, self.weights, self.by_row = rows, weights, by_row

    def weight(self, weight):
        """A weight [outputs, depth] or [outputs, depth, height, width], its rows taken as Redraw packs them: the depth innermost."""
        taps = weight.reshape(*weight.shape[:2], -1).transpose(1, 2)
        made = self.weights(taps.flatten(1)).view(taps.shape) if self.by_row else self.weights(taps)
        return made.transpose(1, 2).reshape(weight.shape)


def same(values):
    return values


BF16, HELD = Way(bfloat, bfloat, False), Way(bfloat, held_in_bytes, False)
BYTES, NARROW = Way(in_bytes, in_bytes, True), Way(in_bytes, in_narrow_bytes, True)
# Where a processor has no instructions for bfloat16: held so, and multiplied as floats.
FLOATS_OF_BF16 = Way(same, bfloat, False)
WAYS = {"bf16": BF16, "held in bytes, multiplied in bf16": HELD, "in bytes": BYTES, "in bytes without VNNI": NARROW}


def forward(module, way, x):
    """What a layer gives with its factors rounded."""
    weight = way.weight(module.weight)
    if isinstance(module, torch.nn.Linear):
        return F.linear(way.rows(x), weight, module.bias)
    if not way.by_row:
        return F.conv2d(way.rows(x), weight, module.bias, module.stride, module.padding)
    windows = F.unfold(x, module.kernel_size, padding=module.padding, stride=module.stride).transpose(1, 2)
    made = F.linear(way.rows(windows), weight.flatten(1), module.bias)
    side = [(size + 2 * pad - kernel) // stride + 1 for size, pad, kernel, stride in zip(
        x.shape[2:], module.padding, module.kernel_size, module.stride)]
    return made.transpose(1, 2).unflatten(2, side)


def looking(way, q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, **_):
    """Attention with the factors of both products rounded."""
    keys = way.weights(k) if way.by_row else way.rows(k)
    scores = way.rows(q) @ keys.transpose(-1, -2) * (scale or q.shape[-1] ** -0.5)
    if attn_mask is not None:
        scores = scores + attn_mask
    columns = v.transpose(-1, -2)
    columns = way.weights(columns) if way.by_row else way.rows(columns)
    return way.rows(scores.softmax(-1)) @ columns.transpose(-1, -2)


class Network:
    """A UNet with its inputs, and what it gives for them in f32."""

    def __init__(self, unet, inputs):
        self.unet, self.inputs = unet.eval(), inputs
        layers = {name: module for name, module in unet.named_modules() if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d))}
        self.groups = {
            group: [module for name, module in layers.items() if re.search(pattern, name)] for group, pattern in {**LINEAR, **OTHERS}.items()}
        grouped = [module for group in self.groups.values() for module in group]
        if len(grouped) != len(layers) or len(set(map(id, grouped))) != len(layers):
            sys.exit("a layer belongs to no group, or to two")
        self.count()

    def count(self):
        """The pass in f32, with how many multiplications each group makes in it."""
        products = {}

        def counted(module, _, made):
            channels = made.shape[-1] if isinstance(module, torch.nn.Linear) else made.shape[1]
            products[id(module)] = made.numel() // channels * module.weight.numel()

        hooks = [module.register_forward_hook(counted) for group in self.groups.values() for module in group]
        usual, looks = F.scaled_dot_product_attention, []

        def counting(q, k, v, *others, **more):
            looks.append(2 * q.shape[:-1].numel() * k.shape[-2] * q.shape[-1])
            return usual(q, k, v, *others, **more)

        F.scaled_dot_product_attention = counting
        self.wanted = self.made()
        F.scaled_dot_product_attention = usual
        for hook in hooks:
            hook.remove()
        self.products = {group: sum(products[id(module)] for module in modules) for group, modules in self.groups.items()}
        self.products[ATTENTION] = sum(looks)
        self.weights = {group: sum(module.weight.numel() for module in modules) for group, modules in self.groups.items()}
        self.weights[ATTENTION] = 0

    @torch.inference_mode()
    def made(self):
        return self.unet(**self.inputs).sample

    def error(self, ways):
        """Of a pass in which groups multiply in these ways."""
        changed = [module for group in ways if group != ATTENTION for module in self.groups[group]]
        for group, way in ways.items():
            for module in self.groups.get(group, ()):
                module.forward = functools.partial(forward, module, way)
        usual = F.scaled_dot_product_attention
        if ATTENTION in ways:
            F.scaled_dot_product_attention = functools.partial(looking, ways[ATTENTION])
        made = self.made()
        F.scaled_dot_product_attention = usual
        for module in changed:
            del module.forward
        return float((made - self.wanted).square().sum().sqrt() / self.wanted.square().sum().sqrt())


def as_redraw(is_narrow):
    """The ways of `--precision int8`."""
    convolutions, ends = OTHERS
    if is_narrow:
        return {**dict.fromkeys(LINEAR, NARROW), **dict.fromkeys([SHORTCUTS, *OTHERS], FLOATS_OF_BF16)}
    return {**dict.fromkeys(LINEAR, BYTES), SHORTCUTS: BF16, convolutions: HELD, ends: BF16, ATTENTION: BF16}


def percent(error):
    return f"{100 * error:.2g} %" if error < 0.995 else f"{100 * error:.0f} %"


def table(network, title):
    every = [*LINEAR, ATTENTION, *OTHERS]
    both = (network.products, network.weights)

    def row(name, groups, columns):
        shares = [f"{100 * sum(counts[group] for group in groups) / sum(counts.values()):.1f} %" for counts in both]
        print(f"| {name} | {' | '.join(shares + columns)} |", flush=True)

    def columns(groups):
        return ["" if groups == [ATTENTION] and way is HELD else percent(network.error(dict.fromkeys(groups, way))) for way in WAYS.values()]

    whole = as_redraw(False)
    print(f"| {title} | Share of the multiplications | of the weights | {' | '.join(WAYS)} | `int8` but for these |")
    print("|---" * (len(WAYS) + 4) + "|")
    for group in every:
        without = "" if whole[group] is BF16 else percent(network.error({**whole, group: BF16}))
        row(group, [group], columns([group]) + [without])
    row(EVERY_LINEAR, list(LINEAR), columns(list(LINEAR)) + [percent(network.error({**whole, **dict.fromkeys(LINEAR, BF16)}))])
    row(EVERYTHING, every, columns(every) + [""])
    row("as `--precision int8` does it", every, ["", "", percent(network.error(whole)), percent(network.error(as_redraw(True))), ""])
    row("the same with the shortcuts in bytes", every, [
        "", "", percent(network.error({**whole, SHORTCUTS: BYTES})), percent(network.error({**as_redraw(True), SHORTCUTS: NARROW})), ""])
    print()


def small(options):
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from PIL import Image
    from safetensors.torch import load_file

    from bench_program import PHOTOGRAPHS, PROMPTS
    from text_states import padded, sentence, text_tower, token_states

    folder = HERE.parent / "Models/redraw-small"
    unet = UNet2DConditionModel.from_config(json.loads((folder / "unet/config.json").read_text()))
    weights = load_file(folder / "unet/diffusion_pytorch_model.safetensors")
    unet.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)
    side = (options.side or 48) * 2 ** (len(vae.config.block_out_channels) - 1)
    shown = []
    for photograph in PHOTOGRAPHS:
        picture = Image.open(photograph).convert("RGB")
        square = min(picture.size)
        left, top = ((size - square) // 2 for size in picture.size)
        picture = picture.crop((left, top, left + square, top + square)).resize((side, side), Image.Resampling.LANCZOS)
        shown.append(torch.from_numpy(numpy.asarray(picture).copy()).permute(2, 0, 1) / 127.5 - 1)
    with torch.inference_mode():
        clean = torch.cat([vae.encode(picture[None]).latent_dist.mean for picture in shown])
        states = token_states([PROMPTS[photograph.stem] for photograph in PHOTOGRAPHS], text_tower())
        context, mask = padded(states)
        times = torch.tensor([200, 400, 600, 800])
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
        latent = DDIMScheduler.from_pretrained(folder / "scheduler").add_noise(clean, noise, times)
        told = dict(
            text_embeds=torch.stack([sentence(state) for state in states]),
            time_ids=torch.tensor([[side, side, 0, 0, side, side]] * len(shown), dtype=torch.float32))
    network = Network(
        unet, dict(sample=latent, timestep=times, encoder_hidden_states=context, encoder_attention_mask=mask, added_cond_kwargs=told))
    table(network, f"redraw-small, latents of {latent.shape[2]}x{latent.shape[3]}, {len(shown)} inputs")


def sd15(options):
    from diffusers import UNet2DConditionModel

    from make_random_pipeline import UNETS, values

    with torch.device("meta"):
        unet = UNet2DConditionModel(**UNETS["sd15"])
    # As make_random_pipeline.py writes them: one generator for all, f16.
    generator = numpy.random.default_rng(len("unet"))
    drawn = {
        name: torch.from_numpy(values(generator, name, tuple(tensor.shape))).half().float() for name, tensor in unet.state_dict().items()}
    unet.load_state_dict(drawn, assign=True)
    del drawn
    draw = numpy.random.default_rng(5)
    count, side = options.inputs, options.side or 32
    latent = torch.from_numpy(draw.standard_normal((count, 4, side, side), dtype=numpy.float32))
    text = torch.from_numpy(draw.standard_normal((count, 77, 768), dtype=numpy.float32))
    times = torch.tensor([round(1000 * (index + 0.5) / count) for index in range(count)])
    network = Network(unet, dict(sample=latent, timestep=times, encoder_hidden_states=text))
    inputs = f"{count} input{'' if count == 1 else 's'}"
    table(network, f"Stable Diffusion 1.5's size, random weights, latents of {side}x{side}, {inputs}")


def main():
    models = dict(small=small, sd15=sd15)
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--models", default=",".join(models))
    options.add_argument("--side", type=int, help="of latents")
    options.add_argument("--inputs", type=int, default=1, help="of sd15")
    options.add_argument("--threads", type=int, default=1)
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    for model in options.models.split(","):
        if model not in models:
            sys.exit(f"{model} is none of {', '.join(models)}")
        models[model](options)


if __name__ == "__main__":
    main()
