"""The detection branch: a tower's first blocks as they are shipped, its own copies of the next ones, a pyramid of three levels and a head on each.

Batch norms stay apart while it is trained (`Branch`); `folded` gives the tensors of seeing.safetensors, in which they are part of the convolutions.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "encoder"))
import towers  # noqa: E402
from branch import Neck  # noqa: E402

SIDE = 320
# The branch's own blocks begin here, and the levels are read after these.
OWN, LEVELS = 4, (6, 14, 17)
WIDTH, MIXES = 96, 2
THINGS, TRAITS = 81, 6
# How often the last block is left out for a picture while it is taught, the first ones less.
LEFT_OUT = 0.1
EPSILON, MOMENTUM = towers.BATCH_NORM_EPSILON, 0.03


def grid(side=SIDE):
    """Of every cell, fine level first: the middle's place and the cell's share of a side."""
    parts = []
    for stride in (8, 16, 32):
        n = side // stride
        along = (torch.arange(n) + 0.5) / n
        down, across = torch.meshgrid(along, along, indexing="ij")
        parts.append(torch.stack([across.flatten(), down.flatten(), torch.full((n * n,), 1 / n)], 1))
    return torch.cat(parts)


class Convolution(torch.nn.Module):
    """A convolution with TensorFlow's padding, and its batch norm."""

    def __init__(self, given, made, kernel=1, stride=1, groups=1, activate=True):
        super().__init__()
        self.convolution = torch.nn.Conv2d(given, made, kernel, stride, padding=(kernel - 1) // 2 if stride == 1 else 0, groups=groups, bias=False)
        self.norm = torch.nn.BatchNorm2d(made, eps=EPSILON, momentum=MOMENTUM)
        # At an even side and stride two the odd pixel goes to the right and the bottom.
        self.pad = ((kernel - 2) // 2, (kernel - 1) // 2) * 2 if stride == 2 else None
        self.activate = activate

    def forward(self, x):
        x = self.norm(self.convolution(F.pad(x, self.pad) if self.pad else x))
        return F.hardtanh(x, 0, 6) if self.activate else x

    def folded(self):
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + EPSILON)
        return self.convolution.weight * scale[:, None, None, None], self.norm.bias - self.norm.running_mean * scale


class Block(torch.nn.Module):
    def __init__(self, kernel, stride, expansion, given, made, left_out=0.0):
        super().__init__()
        inner, self.left_out = given * expansion, left_out
        self.expand = Convolution(given, inner)
        self.depthwise = Convolution(inner, inner, kernel, stride, inner)
        self.project = Convolution(inner, made, activate=False)
        self.residual = stride == 1 and given == made

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x)))
        if self.training and self.residual and self.left_out:
            kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.left_out
            y = y * (kept / (1 - self.left_out)).to(y.dtype)
        return x + y if self.residual else y


class Head(torch.nn.Module):
    """What stands on the maps, as it is shipped: no batch norms, and the shipped branch's neck on the parameters that are taught."""

    def __init__(self):
        super().__init__()
        widths = [towers.BLOCKS[level][4] for level in LEVELS]
        self.lateral = torch.nn.ModuleList(torch.nn.Conv2d(width, WIDTH, 1) for width in widths)
        self.mix = torch.nn.ModuleList(torch.nn.ModuleList(torch.nn.ModuleDict({
            "depthwise": torch.nn.Conv2d(WIDTH, WIDTH, 5, padding=2, groups=WIDTH), "pointwise": torch.nn.Conv2d(WIDTH, WIDTH, 1),
        }) for _ in range(MIXES)) for _ in widths)
        self.things = torch.nn.Conv2d(WIDTH, THINGS, 1)
        self.sides = torch.nn.Conv2d(WIDTH, 8, 1)
        self.traits = torch.nn.Conv2d(WIDTH, TRAITS, 1)
        torch.nn.init.normal_(self.things.weight, std=0.01)
        torch.nn.init.constant_(self.things.bias, -4.6)
        torch.nn.init.normal_(self.sides.weight, std=0.01)
        torch.nn.init.constant_(self.sides.bias, 0.7)

    def forward(self, maps):
        neck = Neck(dict(self.named_parameters()), {"mixes": MIXES})
        levels = [[part(x).flatten(2).transpose(1, 2).float() for part in (self.things, self.sides, self.traits)] for x in neck.mixed(maps)]
        return [torch.cat(parts, 1) for parts in zip(*levels)]


class Branch(torch.nn.Module):
    """Prepared pictures [n, 3, SIDE, SIDE] to scores of things, sides and traits [n, cells, …]."""

    def __init__(self, tower):
        super().__init__()
        # What is shared with the tower is no parameter; names of buffers have no dots.
        self.shared = [name for name in tower if name.startswith("stem.") or name.startswith("blocks.") and int(name.split(".")[1]) < OWN]
        for name in self.shared:
            self.register_buffer(name.replace(".", "_"), tower[name].float(), persistent=False)
        self.blocks = torch.nn.ModuleDict({
            str(index): Block(*towers.BLOCKS[index], LEFT_OUT * index / LEVELS[-1]) for index in range(OWN, LEVELS[-1] + 1)})
        self.head = Head()

    def start(self, checkpoint):
        """Begins with the published weights of EfficientNet-Lite2 [name → tensor]."""
        for index, block in self.blocks.items():
            for part, convolution, norm in (("expand", "_expand_conv", "_bn0"), ("depthwise", "_depthwise_conv", "_bn1"), ("project", "_project_conv", "_bn2")):
                stem, module = f"_blocks.{index}.", getattr(block, part)
                module.convolution.weight.data.copy_(checkpoint[f"{stem}{convolution}.weight"])
                for own, key in ((module.norm.weight.data, "weight"), (module.norm.bias.data, "bias"), (module.norm.running_mean, "running_mean"), (module.norm.running_var, "running_var")):
                    own.copy_(checkpoint[f"{stem}{norm}.{key}"])
        return self

    def bottom(self, x):
        return towers.bottom({name: getattr(self, name.replace(".", "_")) for name in self.shared}, x, OWN)

    def forward(self, x):
        with torch.no_grad():
            x = self.bottom(x)
        maps = []
        for index, block in self.blocks.items():
            x = block(x)
            if int(index) in LEVELS:
                maps.append(x)
        return self.head(maps)

    @torch.no_grad()
    def folded(self):
        """The tensors of seeing.safetensors, without the labels."""
        tensors = {}
        for index, block in self.blocks.items():
            for part in ("expand", "depthwise", "project"):
                tensors[f"blocks.{index}.{part}.weight"], tensors[f"blocks.{index}.{part}.bias"] = getattr(block, part).folded()
        tensors |= self.head.state_dict()
        return {name: tensor.detach().cpu().contiguous().to(torch.float32 if name.endswith("bias") else torch.float16) for name, tensor in tensors.items()}
