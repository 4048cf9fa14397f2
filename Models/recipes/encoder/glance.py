"""What the look that embeds a picture says of things: a small head on maps that the tower makes anyway."""

import torch

from branch import Neck

# The tower's blocks whose maps are read, level by level, the finest first.
BLOCKS = ((14,), (19, 20))


class Glance(Neck):
    """`tensors` are seeing.safetensors', `config` is config.json's part `seeing.glance`."""

    def __init__(self, tensors, config):
        super().__init__({name.removeprefix("glance."): tensor for name, tensor in tensors.items() if name.startswith("glance.")}, config)

    @torch.inference_mode()
    def __call__(self, maps):
        """ImageTower.glanced's maps [n, channels, side, side] of the levels to the score of each thing's likeliest place [n, things]."""
        return torch.stack([self.pointwise("things", x).amax((2, 3)) for x in self.mixed(maps)]).amax(0).numpy()
