"""Adapters that turn a weight (OFT), and the weight as LyCORIS merges them.

    python make_rotations.py

Writes adapters/oft.safetensors, adapters/oft-convolution.safetensors and adapters/rotated.safetensors beside itself (`<kind>.weight` and what
it becomes, `<kind>.merged`). Made with lycoris-lora 4.1.3.
"""

from pathlib import Path

import torch
from lycoris.modules.diag_oft import DiagOFTModule
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent / "adapters"
generator = torch.Generator().manual_seed(22)
OUTPUTS, INPUTS = 12, 8
goldens = {}


def draw(*shape):
    return torch.randn(shape, generator=generator) / 2


@torch.no_grad()
def turned(kind, layer, multiplier, constraint, rescaled):
    layer.weight.copy_(draw(*layer.weight.shape))
    module = DiagOFTModule("lora_unet_layer", layer, lora_dim=3, constraint=constraint, rescaled=rescaled)
    module.oft_blocks.copy_(draw(*module.oft_blocks.shape))
    if rescaled:
        module.rescale.copy_(draw(*module.rescale.shape) + 1)
    merged = module.get_merged_weight(multiplier)[0]
    wanted = ("oft_blocks", "alpha", "rescale")
    tensors = {name: tensor for name, tensor in module.state_dict().items() if name in wanted}
    save_file({f"lora_unet_layer.{name}": tensor.float().contiguous() for name, tensor in tensors.items()}, HERE / f"{kind}.safetensors")
    goldens[f"{kind}.weight"], goldens[f"{kind}.merged"] = layer.weight.detach().clone(), merged.detach().clone().contiguous()
    print(kind, {name: tuple(tensor.shape) for name, tensor in tensors.items()}, float(tensors["alpha"]))


turned("oft", torch.nn.Linear(INPUTS, OUTPUTS), 0.7, 0.05, False)
turned("oft-convolution", torch.nn.Conv2d(INPUTS, OUTPUTS, 3), 1.0, 0, True)
save_file(goldens, HERE / "rotated.safetensors")
