"""Makes layers.safetensors: small layers of torch and diffusers with random weights, an input and the output of each.

    python make_goldens.py layers.safetensors

Maps are stored channels-last, weights as the reference stores them. "<case>.weights.<name>" are a layer's tensors,
"<case>.input…" and "<case>.output" what went in and came out.
"""

import sys

import torch
from diffusers.models.attention import FeedForward
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(20)
torch.use_deterministic_algorithms(True)
tensors = {}


def randomise(layer):
    """Weights of a size that keeps outputs near one, norms included (torch starts those at one and zero)."""
    with torch.no_grad():
        for name, value in layer.named_parameters():
            fan = max(1, value[0].numel() if value.dim() > 1 else 1)
            value.normal_(0, fan**-0.5 if value.dim() > 1 else 0.5)
            if "norm" in type(layer).__name__.lower() and name.endswith("weight"):
                value.add_(1)
    return layer.eval()


def keep(case, layer, output, **inputs):
    for name, value in layer.state_dict().items():
        tensors[f"{case}.weights.{name}"] = value.clone().contiguous()
    for name, value in inputs.items():
        tensors[f"{case}.{name}"] = value.float().clone().contiguous()
    tensors[f"{case}.output"] = output.detach().clone().contiguous()


def last(x):
    return x.permute(0, 2, 3, 1)


def convolution(case, batch, height, width, inputs, outputs, kernel, pad=None, **options):
    layer = randomise(nn.Conv2d(inputs, outputs, kernel, **options))
    x = torch.randn(batch, inputs, height, width)
    padded = nn.functional.pad(x, pad) if pad else x
    keep(case, layer, last(layer(padded)), input=last(x))


with torch.no_grad():
    x = torch.randn(2, 5, 24)
    layer = randomise(nn.Linear(24, 40))
    keep("linear", layer, layer(x), input=x)
    keep("linear_gelu", layer, nn.functional.gelu(layer(x)), input=x)
    keep("linear_gelu_tanh", layer, nn.functional.gelu(layer(x), approximate="tanh"), input=x)
    keep("linear_silu", layer, nn.functional.silu(layer(x)), input=x)
    keep("linear_quick_gelu", layer, layer(x) * torch.sigmoid(1.702 * layer(x)), input=x)

    convolution("conv1x1", 2, 5, 7, 12, 20, 1)
    convolution("conv3x3", 2, 9, 11, 12, 20, 3, padding=1)
    convolution("conv3x3_square", 1, 16, 16, 32, 24, 3, padding=1)
    convolution("conv3x3_stride2", 2, 9, 12, 12, 20, 3, stride=2, padding=1)
    # diffusers' Downsample2D(padding=0): one row below and one column at the right.
    convolution("conv3x3_uneven", 1, 8, 10, 12, 12, 3, pad=(0, 1, 0, 1), stride=2)
    convolution("conv4x4_patch", 1, 8, 12, 3, 16, 4, stride=4, bias=False)
    convolution("conv_rgb_stem", 1, 13, 11, 3, 16, 3, stride=2, padding=1)
    convolution("depthwise3x3", 2, 9, 11, 40, 40, 3, padding=1, groups=40)
    convolution("depthwise3x3_stride2", 1, 12, 9, 20, 20, 3, stride=2, padding=1, groups=20)
    convolution("depthwise5x5", 1, 11, 13, 24, 24, 5, padding=2, groups=24)
    convolution("depthwise5x5_stride2", 1, 14, 11, 24, 24, 5, stride=2, padding=2, groups=24)

    # TensorFlow's way, as EfficientNet-Lite has it: batch norm with epsilon 1e-3 and ReLU6.
    block = nn.Sequential(nn.Conv2d(12, 20, 3, padding=1, bias=False), nn.BatchNorm2d(20, eps=1e-3), nn.ReLU6())
    randomise(block)
    block[1].weight.add_(1).mul_(3)
    block[1].running_mean.normal_(0, 0.5)
    block[1].running_var.uniform_(0.2, 2)
    x = torch.randn(1, 12, 6, 7) * 2
    keep("batch_norm", block, last(block(x)), input=last(x))

    # A mean far from zero, as deep in a network: where a naive variance loses its digits.
    layer = randomise(nn.GroupNorm(8, 32, eps=1e-6))
    x = torch.randn(2, 32, 9, 7) * torch.rand(2, 32, 1, 1) * 3 + 30 * torch.randn(2, 32, 1, 1)
    keep("group_norm", layer, last(layer(x)), input=last(x))
    keep("group_norm_silu", layer, last(nn.functional.silu(layer(x))), input=last(x))
    layer = randomise(nn.LayerNorm(40, eps=1e-12))
    x = torch.randn(2, 7, 40) + 5
    keep("layer_norm", layer, layer(x), input=x)

    layer = randomise(nn.Embedding(50, 16))
    indices = torch.tensor([3, 49, 0, 3])
    keep("embedding", layer, layer(indices), input=indices)

    for flip, shift in [(True, 0), (False, 1)]:
        case = "timestep" if flip else "timestep_shifted"
        layer = randomise(TimestepEmbedding(32, 64))
        steps = torch.tensor([0.0, 1.0, 500.0, 999.0])
        waves = Timesteps(32, flip_sin_to_cos=flip, downscale_freq_shift=shift)(steps)
        tensors[f"{case}.waves"] = waves
        keep(case, layer, layer(waves), input=steps)

    layer = randomise(FeedForward(24, activation_fn="geglu"))
    x = torch.randn(2, 9, 24)
    keep("feed_forward", layer, layer(x), input=x)

    layer = randomise(Attention(query_dim=40, heads=4, dim_head=10, bias=False))
    x = torch.randn(2, 37, 40) * 2
    keep("self_attention", layer, layer(x), input=x)
    layer = randomise(Attention(query_dim=40, cross_attention_dim=24, heads=4, dim_head=10))
    context = torch.randn(2, 9, 24) * 2
    keep("cross_attention", layer, layer(x, encoder_hidden_states=context), input=x, context=context)
    # The second sequence has five tokens; the others are padding.
    mask = torch.arange(9)[None, :] < torch.tensor([9, 5])[:, None]
    masked = layer(x, encoder_hidden_states=context, attention_mask=mask[:, None, :].expand(-1, 1, -1).float().sub(1).mul(10000))
    keep("masked_attention", layer, masked, input=x, context=context)

    q, k, v = (torch.randn(1, 2, 13, 8) for _ in range(3))
    causal = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    rows = lambda t: t.transpose(1, 2).reshape(1, 13, 16)
    keep("causal", nn.Identity(), rows(causal), query=rows(q), key=rows(k), value=rows(v))

save_file(tensors, sys.argv[1])
