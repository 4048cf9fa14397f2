"""Adapters of every kind over one small weight each, and the weight as the reference merges them.

    python make_adapters.py

Writes adapters/<kind>.safetensors (the adapter's file as its trainer would name the tensors) and adapters/merged.safetensors beside itself
(`<kind>.weight` and what it becomes, `<kind>.merged`; `<kind>.bias` where there is one). Made with lycoris-lora 4.1.3 and peft 0.21.2.
"""

from pathlib import Path

import torch
from lycoris.functional import general, locon, loha, lokr
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent / "adapters"
generator = torch.Generator().manual_seed(21)
MULTIPLIER, ALPHA, RANK = 0.7, 3.0, 4
OUTPUTS, INPUTS = 12, 8
goldens = {}


def draw(*shape):
    return torch.randn(shape, generator=generator) / 2


def keep(kind, tensors, weight, merged, metadata=None, bias=None):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / f"{kind}.safetensors", metadata)
    goldens[f"{kind}.weight"], goldens[f"{kind}.merged"] = weight.contiguous(), merged.contiguous()
    if bias is not None:
        goldens[f"{kind}.bias"] = bias


def plain(kind, tensors, weight, difference):
    keep(kind, {f"lora_unet_layer.{name}": tensor for name, tensor in tensors.items()}, weight, weight + MULTIPLIER * difference)


def matrix():
    return draw(OUTPUTS, INPUTS)


def convolution():
    return draw(OUTPUTS, INPUTS, 3, 3)


alpha = torch.tensor(ALPHA)
scale = ALPHA / RANK

down, up = draw(RANK, INPUTS), draw(OUTPUTS, RANK)
plain("lora", {"lora_down.weight": down, "lora_up.weight": up, "alpha": alpha}, matrix(), locon._diff_weight(down, up, None, scale))

down, up, mid = draw(RANK, INPUTS, 1, 1), draw(OUTPUTS, RANK, 1, 1), draw(RANK, RANK, 3, 3)
plain(
    "locon-core", {"lora_down.weight": down, "lora_up.weight": up, "lora_mid.weight": mid, "alpha": alpha}, convolution(),
    locon._diff_weight(down, up, mid, scale))

parts = [draw(RANK, INPUTS), draw(OUTPUTS, RANK), draw(RANK, INPUTS), draw(OUTPUTS, RANK)]
names = ["hada_w1_b", "hada_w1_a", "hada_w2_b", "hada_w2_a"]
plain("loha", dict(zip(names, parts), alpha=alpha), matrix(), loha.diff_weight(*parts, None, None, gamma=scale))

parts = [draw(RANK, INPUTS), draw(RANK, OUTPUTS), draw(RANK, INPUTS), draw(RANK, OUTPUTS)]
cores = [draw(RANK, RANK, 3, 3), draw(RANK, RANK, 3, 3)]
plain(
    "loha-core", dict(zip(names + ["hada_t1", "hada_t2"], parts + cores), alpha=alpha), convolution(),
    loha.diff_weight(*parts, *cores, gamma=scale))

left, right = draw(3, 2), draw(4, 4)
plain(
    "lokr-whole", {"lokr_w1": left, "lokr_w2": right, "alpha": alpha}, matrix(),
    lokr._kron_weight(left, None, None, right, None, None, None, 1.0))

first, second = draw(4, RANK), draw(RANK, 4)
plain(
    "lokr", {"lokr_w1": left, "lokr_w2_a": first, "lokr_w2_b": second, "alpha": alpha}, matrix(),
    lokr._kron_weight(left, None, None, None, first, second, None, scale))

right = draw(4, 4, 3, 3)
plain(
    "lokr-convolution", {"lokr_w1": left, "lokr_w2": right, "alpha": alpha}, convolution(),
    lokr._kron_weight(left, None, None, right, None, None, None, 1.0))

first, second, core = draw(RANK, 4), draw(RANK, 4), draw(RANK, RANK, 3, 3)
plain(
    "lokr-core", {"lokr_w1": left, "lokr_w2_a": first, "lokr_w2_b": second, "lokr_t2": core, "alpha": alpha}, convolution(),
    lokr._kron_weight(left, None, None, None, first, second, core, scale))

# DoRA at full strength, where the tools agree on what the multiplier means, in both directions.
for kind, by_output in (("dora-rows", True), ("dora-columns", False)):
    for suffix, weight in (("", matrix()), ("-convolution", convolution())):
        down, up = draw(RANK, *weight.shape[1:]), draw(OUTPUTS, RANK, *[1] * (weight.ndim - 2))
        size = [OUTPUTS if by_output else 1, 1 if by_output else INPUTS] + [1] * (weight.ndim - 2)
        lengths = draw(*size).abs() + 1
        merged = general._weight_decompose(weight + locon._diff_weight(down, up, None, scale), lengths, 1, by_output)
        tensors = {"lora_down.weight": down, "lora_up.weight": up, "alpha": alpha, "dora_scale": lengths}
        keep(kind + suffix, {f"lora_unet_layer.{name}": tensor for name, tensor in tensors.items()}, weight, merged)

difference, bias = matrix(), draw(OUTPUTS)
keep(
    "difference", {"diffusion_model.layer.diff": difference, "diffusion_model.layer.diff_b": bias}, weight := matrix(),
    weight + MULTIPLIER * difference, bias=MULTIPLIER * bias)

factors = draw(OUTPUTS)
plain("ia3-outputs", {"weight": factors, "on_input": torch.tensor(False)}, weight := matrix(), weight * factors[:, None])
factors = draw(INPUTS)
plain("ia3-inputs", {"weight": factors, "on_input": torch.tensor(True)}, weight := matrix(), weight * factors[None])

# peft's own merge, its own names, alpha in no tensor: diffusers writes it into the header. Its tensors are drawn by torch itself.
torch.manual_seed(21)
for kind, dora in (("peft", False), ("peft-dora", True)):
    holder = torch.nn.Module()
    holder.layer = torch.nn.Linear(INPUTS, OUTPUTS)
    weight = holder.layer.weight.detach().clone()
    model = get_peft_model(holder, LoraConfig(r=RANK, lora_alpha=8, target_modules=["layer"], use_dora=dora, init_lora_weights=False))
    if dora:
        lengths = model.base_model.model.layer.lora_magnitude_vector["default"].weight
        lengths.data = lengths.data + torch.rand(lengths.shape, generator=generator)
    tensors = {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}
    merged = model.merge_and_unload().layer.weight.detach().clone()
    keep(kind, tensors, weight, merged, {"lora_adapter_metadata": '{"unet.lora_alpha": 8, "unet.r": 4}'})

save_file(goldens, HERE / "merged.safetensors")
