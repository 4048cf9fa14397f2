"""Adapters that turn a weight in rounds (BOFT), and the weight as LyCORIS and peft merge them.

    python make_butterflies.py

Writes adapters/boft*.safetensors and adapters/butterflies.safetensors beside itself (`<kind>.weight` and what it becomes, `<kind>.merged`).
Made with lycoris-lora 4.1.3 and peft 0.21.2. peft wants its kernel for CUDA for more than one round; torch's own `block_diag` stands in for
it, which is what peft calls for one.
"""

from pathlib import Path

import peft.tuners.boft.layer as boft
import torch
from lycoris.modules.boft import ButterflyOFTModule
from peft import BOFTConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent / "adapters"
generator = torch.Generator().manual_seed(23)
OUTPUTS, INPUTS = 16, 24
goldens = {}


class BlockDiagonal:
    @staticmethod
    def apply(blocks):
        return torch.stack([torch.block_diag(*rows) for rows in blocks])


boft.get_fbd_cuda = lambda: True
boft.FastBlockDiag = BlockDiagonal


def draw(*shape):
    return torch.randn(shape, generator=generator) / 2


def keep(kind, tensors, weight, merged):
    save_file({name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}, HERE / f"{kind}.safetensors")
    goldens[f"{kind}.weight"], goldens[f"{kind}.merged"] = weight.contiguous(), merged.detach().clone().contiguous()
    print(kind, {name: tuple(tensor.shape) for name, tensor in tensors.items()})


@torch.no_grad()
def lycoris(kind, layer, multiplier, constraint, rescaled):
    layer.weight.copy_(draw(*layer.weight.shape))
    module = ButterflyOFTModule("lora_unet_layer", layer, lora_dim=4, constraint=constraint, rescaled=rescaled)
    module.oft_blocks.copy_(draw(*module.oft_blocks.shape))
    if rescaled:
        module.rescale.copy_(draw(*module.rescale.shape) + 1)
    merged = module.get_merged_weight(multiplier)[0]
    wanted = ("oft_blocks", "alpha", "rescale")
    tensors = {f"lora_unet_layer.{name}": tensor for name, tensor in module.state_dict().items() if name in wanted}
    keep(kind, tensors, layer.weight.detach().clone(), merged)


def peft(kind, layer, rounds):
    holder = torch.nn.Module()
    holder.layer = layer
    with torch.no_grad():
        layer.weight.copy_(draw(*layer.weight.shape))
    weight = layer.weight.detach().clone()
    configuration = BOFTConfig(boft_block_size=4, boft_n_butterfly_factor=rounds, target_modules=["layer"])
    model = get_peft_model(holder, configuration)
    turned = model.base_model.model.layer
    with torch.no_grad():
        turned.boft_R["default"].copy_(draw(*turned.boft_R["default"].shape))
        turned.boft_s["default"].copy_(draw(*turned.boft_s["default"].shape) + 1)
    tensors = get_peft_model_state_dict(model)
    keep(kind, {name: tensor.clone() for name, tensor in tensors.items()}, weight, model.merge_and_unload().layer.weight)


lycoris("boft", torch.nn.Linear(INPUTS, OUTPUTS), 0.7, 0.05, False)
lycoris("boft-convolution", torch.nn.Conv2d(INPUTS, OUTPUTS, 3), 0.7, 0, True)
peft("boft-peft", torch.nn.Linear(INPUTS, OUTPUTS), 1)
peft("boft-peft-rounds", torch.nn.Linear(INPUTS, OUTPUTS), 2)
peft("boft-peft-convolution", torch.nn.Conv2d(INPUTS, OUTPUTS, 3), 2)
save_file(goldens, HERE / "butterflies.safetensors")
