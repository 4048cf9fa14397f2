"""Measures the free channels of the latent over training pictures and gives them mean 0 and one chosen deviation.

The change is folded into the autoencoder's 1x1 convolutions around the latent, so what it reconstructs stays the same and its scaling
factor is 1. The held channels stay as they are: their means and deviations are known. The free ones carry detail, which a denoiser should
settle last; a smaller deviation drowns them in noise for longer. What the held channels tell of them is taken out first, and where they
vary together they are turned apart.
"""

import argparse
import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from pictures import as_array, draw_weights, open_picture, square_crop, training_pictures
from train_autoencoder import HELD_CHANNELS

CERTAIN = -20.0  # the logarithm of the posterior's variance
FREE_DEVIATION = 0.6
SMALLEST_DEVIATION = 0.25  # of the largest: directions that hardly vary are not blown up further


@torch.no_grad()
def standardise(autoencoder, mean, mixing):
    """Folds mixing · (latent - mean) into the encoder's last and its inverse into the decoder's first convolution."""
    channels = autoencoder.config.latent_channels
    weight, bias = autoencoder.quant_conv.weight, autoencoder.quant_conv.bias
    weight[:channels] = torch.einsum("ij,jkhw->ikhw", mixing, weight[:channels].clone())
    bias[:channels] = mixing @ (bias[:channels] - mean)
    weight[channels:] = 0
    bias[channels:] = CERTAIN
    after = autoencoder.post_quant_conv
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight.copy_(torch.einsum("ijhw,jk->ikhw", after.weight.clone(), torch.linalg.inv(mixing)))
    autoencoder.register_to_config(scaling_factor=1.0)


def mixing_of(values):
    """The mean [channels] and the mixing [channels, channels] that latent values [channels, count] want."""
    print("mean", values.mean(dim=1).tolist(), "deviation", values.std(dim=1).tolist())
    print("correlation", torch.corrcoef(values).mul(100).round().tolist())
    mean = values.mean(dim=1)
    mean[:HELD_CHANNELS] = 0
    covariance = torch.cov(values)
    held, free = slice(0, HELD_CHANNELS), slice(HELD_CHANNELS, len(values))
    follows = covariance[free, held] @ torch.linalg.inv(covariance[held, held])
    variances, directions = torch.linalg.eigh(covariance[free, free] - follows @ covariance[held, free])
    deviations = variances.sqrt().clamp(min=SMALLEST_DEVIATION * variances[-1].sqrt().item())
    print("what is left of the free channels varies by", variances.sqrt().tolist())
    turned = FREE_DEVIATION * torch.diag(1 / deviations) @ directions.T
    mixing = torch.eye(len(values), dtype=values.dtype, device=values.device)
    mixing[free, free], mixing[free, held] = turned, -turned @ follows
    return mean, mixing


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--clipart", type=Path)
    parser.add_argument("--autoencoder", type=Path, required=True, help="folder with the trained autoencoder")
    parser.add_argument("--output", type=Path, required=True, help="folder for the standardised one")
    parser.add_argument("--pictures", type=int, default=384)
    parser.add_argument("--side", type=int, default=128, help="pixels a picture")
    options = parser.parse_args()

    chance = random.Random(2)
    torch.set_grad_enabled(False)
    autoencoder = AutoencoderKL.from_pretrained(options.autoencoder)
    pictures = training_pictures(options.data, options.tables, options.clipart)
    latents = []
    for picture in chance.choices(pictures, draw_weights(pictures), k=options.pictures):
        image, _ = open_picture(picture, chance)
        square = torch.from_numpy(as_array([square_crop(image, options.side, chance, zoom_out=True)]))
        latents.append(autoencoder.encode(square).latent_dist.mean)
    mean, mixing = mixing_of(torch.cat(latents).transpose(0, 1).flatten(1))
    probe = latents[0][:, :, :4, :4].clone()
    before = autoencoder.decode(probe).sample
    standardise(autoencoder, mean, mixing)
    after = autoencoder.decode(torch.einsum("ij,bjhw->bihw", mixing, probe - mean.view(1, -1, 1, 1))).sample
    print("largest change of a decoded value", (before - after).abs().max().item())
    autoencoder.save_pretrained(options.output)


if __name__ == "__main__":
    main()
