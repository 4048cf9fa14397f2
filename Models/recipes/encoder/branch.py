"""The branch that looks for things, as it is shipped: blocks of its own on the tower's first ones, a pyramid of three levels, a head on each."""

import numpy as np
import torch
import torch.nn.functional as F

import towers


class Neck:
    """Brings maps of several sizes to one width and joins them. `tensors` by name, `config` says how many mixes there are at each level."""

    def __init__(self, tensors, config):
        self.tensors, self.config = tensors, config

    def pointwise(self, name, x):
        return F.conv2d(x, self.tensors[name + ".weight"], self.tensors[name + ".bias"])

    def mixed(self, maps):
        """The maps to those that outputs are read of, each joined with the coarser ones."""
        joined, above = [], None
        for level, x in reversed(list(enumerate(maps))):
            x = F.hardtanh(self.pointwise(f"lateral.{level}", x), 0, 6)
            above = x if above is None else x + F.interpolate(above, scale_factor=2, mode="nearest")[:, :, :x.shape[2], :x.shape[3]]
            joined.insert(0, above)
        t = self.tensors
        for level, x in enumerate(joined):
            for index in range(self.config["mixes"]):
                stem = f"mix.{level}.{index}."
                y = F.hardtanh(F.conv2d(x, t[stem + "depthwise.weight"], t[stem + "depthwise.bias"], padding=2, groups=x.shape[1]), 0, 6)
                x = x + F.hardtanh(self.pointwise(stem + "pointwise", y), 0, 6)
            yield x


class Branch(Neck):
    """A branch of the tower with blocks of its own and a head on three of their maps; `config` is config.json's part `seeing`."""

    def __init__(self, tensors, tower, config):
        super().__init__(tensors, config)
        self.tower = {name: tensor for name, tensor in tower.items() if self.shared(name)}

    def shared(self, name):
        """Whether a tensor of the tower is one that the branch reads, too."""
        return name.startswith("stem.") or name.startswith("blocks.") and int(name.split(".")[1]) < self.config["ownBlocks"]

    def maps(self, x):
        """Prepared pictures [n, 3, imageSize, imageSize] to the maps of the levels, the finest first."""
        x, kept = towers.bottom(self.tower, x, self.config["ownBlocks"]), []
        for index in range(self.config["ownBlocks"], self.config["levels"][-1] + 1):
            x = towers.bottleneck(self.tensors, x, index)
            if index in self.config["levels"]:
                kept.append(x)
        return kept

    @torch.inference_mode()
    def levels(self, x):
        """Prepared pictures [n, 3, imageSize, imageSize] to scores of things, sides and traits [n, cells, …] and the cells' places."""
        parts, cells = [], []
        for x in self.mixed(self.maps(x)):
            parts.append([self.pointwise(output, x).flatten(2).transpose(1, 2).numpy() for output in ("things", "sides", "traits")])
            n = x.shape[2]
            cells.append(np.stack([(np.tile(np.arange(n), n) + 0.5) / n, (np.repeat(np.arange(n), n) + 0.5) / n, np.full(n * n, 1 / n)], 1))
        return [np.concatenate(both, 1) for both in zip(*parts)] + [np.concatenate(cells).astype(np.float32)]
