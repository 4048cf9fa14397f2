"""Adapters that turn a weight in rounds (BOFT), and the weight as LyCORIS and peft merge them.

    python make_butterflies.py

Writes adapters/boft*.safetensors and adapters/butterflies.safetensors beside itself (`<kind>.weight` and what it becomes, `<kind>.merged`).
Made with lycoris-lora 4.1.3 and peft 0.21.2. peft wants its kernel for CUDA for more than one round; torch's own `block_diag` stands in for
it, which is what peft calls for one.
"""

import peft.tuners.boft.layer as boft
import torch
from lycoris.modules.boft import ButterflyOFTModule
from peft import BOFTConfig, get_peft_model, get_peft_model_state_dict

import turned

OUTPUTS, INPUTS = 16, 24
goldens = turned.Goldens("butterflies", seed=23)


class BlockDiagonal:
    @staticmethod
    def apply(blocks):
        return torch.stack([torch.block_diag(*rows) for rows in blocks])


boft.get_fbd_cuda = lambda: True
boft.FastBlockDiag = BlockDiagonal


def peft(kind, layer, rounds):
    holder = torch.nn.Module()
    holder.layer = layer
    with torch.no_grad():
        layer.weight.copy_(goldens.draw(*layer.weight.shape))
    weight = layer.weight.detach().clone()
    configuration = BOFTConfig(boft_block_size=4, boft_n_butterfly_factor=rounds, target_modules=["layer"])
    model = get_peft_model(holder, configuration)
    changed = model.base_model.model.layer
    with torch.no_grad():
        changed.boft_R["default"].copy_(goldens.draw(*changed.boft_R["default"].shape))
        changed.boft_s["default"].copy_(goldens.draw(*changed.boft_s["default"].shape) + 1)
    tensors = get_peft_model_state_dict(model)
    goldens.keep(kind, {name: tensor.clone() for name, tensor in tensors.items()}, weight, model.merge_and_unload().layer.weight)


goldens.lycoris("boft", ButterflyOFTModule, torch.nn.Linear(INPUTS, OUTPUTS), 4, 0.7, 0.05, False)
goldens.lycoris("boft-convolution", ButterflyOFTModule, torch.nn.Conv2d(INPUTS, OUTPUTS, 3), 4, 0.7, 0, True)
peft("boft-peft", torch.nn.Linear(INPUTS, OUTPUTS), 1)
peft("boft-peft-rounds", torch.nn.Linear(INPUTS, OUTPUTS), 2)
peft("boft-peft-convolution", torch.nn.Conv2d(INPUTS, OUTPUTS, 3), 2)
goldens.write()
