#!/usr/bin/env python3
"""Goldens of a whole TAESD in small: diffusers' AutoencoderTiny of the published depth with four channels and random weights.

    python make_tiny_autoencoder_goldens.py            writes tiny-autoencoder.safetensors beside itself

The file holds the weights under diffusers' names (`encoder.layers.…`, `decoder.layers.…`), and a picture, its latent, and what that is
decoded to, [batch, channels, height, width], under `golden.`. The tests write the other layouts from it.
"""
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent

torch.manual_seed(17)
model = AutoencoderTiny(
    encoder_block_out_channels=(4, 4, 4, 4), decoder_block_out_channels=(4, 4, 4, 4), num_encoder_blocks=(1, 3, 3, 3),
    num_decoder_blocks=(3, 3, 3, 1)).eval()
state = {name: tensor.half() for name, tensor in model.state_dict().items()}
model.load_state_dict({name: tensor.float() for name, tensor in state.items()})
with torch.no_grad():
    picture = (torch.rand(1, 3, 24, 40) * 2 - 1).half().float()
    latent = model.encode(picture).latents
    # Larger than the encoder's, so that the bound of the decoder is felt.
    wide = latent * 4 + torch.randn(latent.shape)
    decoded = model.decode(wide).sample
golden = {"picture": picture, "latent": latent, "wide": wide, "decoded": decoded}
save_file(
    state | {f"golden.{name}": tensor.float().contiguous() for name, tensor in golden.items()}, HERE / "tiny-autoencoder.safetensors",
    metadata={"diffusers": "AutoencoderTiny"})
