"""Gives one channel of a trained autoencoder's latent to green against red and blue.

A short training keeps three channels for brightness and one for blue against yellow, and never finds the way to send the second
direction of colour: the decoder does not read what the encoder does not send. So the encoder gets a path of its own for it, through one
channel a level that the residual blocks leave alone, and its last convolution is fitted to the colour by least squares, in place of
the channel that the reconstruction misses least. Only the decoder needs training afterwards.
"""

import argparse
import random
from pathlib import Path

import torch
import torch.nn.functional as functional
from diffusers import AutoencoderKL

from pictures import draw_weights, training_pictures
from standardise_latent import CERTAIN
from train_autoencoder import crop_batch

LAST_GAIN = 40  # brings the colour to the size of its neighbours, which the last normalisation mixes it with


def merge_quantising_convolution(autoencoder):
    """Folds the 1x1 convolution after the encoder into the encoder's last one."""
    last, after = autoencoder.encoder.conv_out, autoencoder.quant_conv
    mixing = after.weight[:, :, 0, 0].clone()
    last.bias.copy_(mixing @ last.bias + after.bias)
    last.weight.copy_(torch.einsum("ij,jkhw->ikhw", mixing, last.weight.clone()))
    after.weight.copy_(torch.eye(len(mixing)).view_as(after.weight))
    after.bias.zero_()


def green_against_others(pictures):
    return pictures[:, 1] - (pictures[:, 0] + pictures[:, 2]) / 2


def least_used(readers):
    """The channel of which the layers that read it take least note."""
    return int(torch.stack([layer.weight.square().sum(dim=(0, 2, 3)) for layer in readers]).sum(dim=0).argmin())


def lay_path(encoder, last_channel):
    """Lets one channel of each level carry the mean of green against red and blue, unchanged by the residual blocks."""
    levels = encoder.down_blocks
    carriers = [least_used([levels[0].downsamplers[0].conv]), least_used([levels[1].downsamplers[0].conv]), last_channel]
    encoder.conv_in.weight[carriers[0]] = 0
    encoder.conv_in.bias[carriers[0]] = 0
    encoder.conv_in.weight[carriers[0], :, 1, 1] = 2 * torch.tensor([-0.5, 1, -0.5])
    for number, level in enumerate(levels):
        carrier = carriers[number]
        for block in level.resnets:
            block.conv2.weight[carrier] = 0
            block.conv2.bias[carrier] = 0
            if block.conv_shortcut is not None:
                block.conv_shortcut.weight[carrier] = 0
                block.conv_shortcut.bias[carrier] = 0
                block.conv_shortcut.weight[carrier, carriers[number - 1]] = LAST_GAIN if number == 2 else 1
        if level.downsamplers is not None:
            halving = level.downsamplers[0].conv
            halving.weight[carrier] = 0
            halving.bias[carrier] = 0
            halving.weight[carrier, carrier, :2, :2] = 0.25
    for block in encoder.mid_block.resnets:
        block.conv2.weight[last_channel] = 0
        block.conv2.bias[last_channel] = 0
    # Well above zero the activation is nearly a straight line.
    encoder.conv_norm_out.weight[last_channel] = 1
    encoder.conv_norm_out.bias[last_channel] = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--clipart", type=Path)
    parser.add_argument("--autoencoder", type=Path, required=True, help="folder with a standardised autoencoder")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--crops", type=int, default=192)
    options = parser.parse_args()

    torch.set_grad_enabled(False)
    torch.manual_seed(3)
    chance = random.Random(3)
    autoencoder = AutoencoderKL.from_pretrained(options.autoencoder)
    channels = autoencoder.config.latent_channels
    merge_quantising_convolution(autoencoder)
    pictures = training_pictures(options.data, options.tables, options.clipart)
    crops = crop_batch(pictures, draw_weights(pictures), options.crops, 64, chance)

    last_channel = least_used([autoencoder.encoder.conv_out])
    print("path ends in channel", last_channel)
    lay_path(autoencoder.encoder, last_channel)
    read = []
    autoencoder.encoder.conv_out.register_forward_hook(lambda layer, inputs, output: read.append(inputs[0]))
    latents = torch.cat([autoencoder.encode(part).latent_dist.mean for part in crops.split(16)])
    patches = functional.unfold(torch.cat(read), 3, padding=1).transpose(1, 2).flatten(0, 1)
    small = functional.avg_pool2d(crops, 4)
    wanted = green_against_others(small).flatten()
    wanted = (wanted - wanted.mean()) / wanted.std()
    patches = torch.cat([patches, torch.ones(len(patches), 1)], dim=1).double()
    covariance = patches.T @ patches + 1e-7 * len(patches) * torch.eye(patches.shape[1], dtype=torch.float64)
    solution = torch.linalg.solve(covariance, patches.T @ wanted.double())
    unexplained = (patches @ solution - wanted).square().mean().item()
    print(f"green against red and blue: {1 - unexplained:.3f} of its variance can be read from the encoder's features")

    losses = []
    for channel in range(channels):
        without = latents.clone()
        without[:, channel] = 0
        losses.append((autoencoder.decode(without).sample - crops).square().mean().item())
    given = losses.index(min(losses))
    print("squared error without each channel", losses)

    last, first = autoencoder.encoder.conv_out, autoencoder.post_quant_conv
    last.weight[given] = solution[:-1].float().view_as(last.weight[given])
    last.bias[given] = solution[-1].float()
    last.weight[channels:] = 0
    last.bias[channels:] = CERTAIN
    others = [channel for channel in range(channels) if channel != given]
    free_direction = torch.linalg.svd(first.weight[:, others, 0, 0].T, full_matrices=True).Vh[-1]
    first.weight[:, given, 0, 0] = 0.5 * free_direction
    autoencoder.save_pretrained(options.output)


if __name__ == "__main__":
    main()
