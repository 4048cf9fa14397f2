"""What the scripts of turning adapters share: their random numbers, LyCORIS' merging, and the files they write."""

from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent / "adapters"


class Goldens:
    """Adapters and what weights become with them.

    `name` is the file that gets them all (`<kind>.weight` and what it becomes, `<kind>.merged`).
    """

    def __init__(self, name, seed):
        self.name, self.generator, self.tensors = name, torch.Generator().manual_seed(seed), {}

    def draw(self, *shape):
        return torch.randn(shape, generator=self.generator) / 2

    def keep(self, kind, tensors, weight, merged):
        save_file({name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}, HERE / f"{kind}.safetensors")
        self.tensors[f"{kind}.weight"] = weight.contiguous()
        self.tensors[f"{kind}.merged"] = merged.detach().clone().contiguous()
        print(kind, {name: tuple(tensor.shape) for name, tensor in tensors.items()})

    @torch.no_grad()
    def lycoris(self, kind, module, layer, size, multiplier, constraint, rescaled):
        """A layer's weight as a module of LyCORIS turns it, in blocks of a size."""
        layer.weight.copy_(self.draw(*layer.weight.shape))
        turning = module("lora_unet_layer", layer, lora_dim=size, constraint=constraint, rescaled=rescaled)
        turning.oft_blocks.copy_(self.draw(*turning.oft_blocks.shape))
        if rescaled:
            turning.rescale.copy_(self.draw(*turning.rescale.shape) + 1)
        merged = turning.get_merged_weight(multiplier)[0]
        wanted = ("oft_blocks", "alpha", "rescale")
        tensors = {f"lora_unet_layer.{name}": tensor for name, tensor in turning.state_dict().items() if name in wanted}
        self.keep(kind, tensors, layer.weight.detach().clone(), merged)

    def write(self):
        save_file(self.tensors, HERE / f"{self.name}.safetensors")
