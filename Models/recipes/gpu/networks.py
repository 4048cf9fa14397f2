"""The two networks of a run on a GPU, in the shapes that are shipped and in those of a trial.

The autoencoder's latent has an eighth of the picture's size: the pictures' own sides are 144 to 288 pixels, and a UNet over a quarter of the size
would spend its operations on what the autoencoder knows as well. The UNet is given a mask and the masked picture's latent beside the latent,
as Stable Diffusion's repainting models are: a mask over everything and an empty picture for painting and redrawing.
"""

import sys
from pathlib import Path

from diffusers import AutoencoderKL, UNet2DConditionModel

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from text_states import WIDTH as TEXT_WIDTH  # noqa: E402
from train_denoiser import NUMBER_WIDTH, SENTENCE_GAIN  # noqa: E402

CHANNELS = 12  # of a latent
PIXELS = 8  # along a side of a latent
MOST_TOKENS = 32  # of a caption

AUTOENCODER_WIDTHS = {"shipped": (32, 64, 128, 128), "trial": (8, 16, 32, 32)}
UNET_WIDTHS = {"shipped": (96, 256, 320), "trial": (32, 64, 80)}
HEAD_WIDTH = {"shipped": 64, "trial": 16}


def fresh_autoencoder(shape="shipped"):
    widths = AUTOENCODER_WIDTHS[shape]
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, block_out_channels=widths, layers_per_block=1,
        latent_channels=CHANNELS, norm_num_groups=8, mid_block_add_attention=False, sample_size=256, scaling_factor=1.0)


def fresh_unet(shape="shipped"):
    widths = UNET_WIDTHS[shape]
    unet = UNet2DConditionModel(
        sample_size=48, in_channels=2 * CHANNELS + 1, out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), block_out_channels=widths, layers_per_block=2,
        cross_attention_dim=TEXT_WIDTH,
        # diffusers reads these as the number of heads a level.
        attention_head_dim=tuple(max(1, width // HEAD_WIDTH[shape]) for width in widths),
        norm_num_groups=16, use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=NUMBER_WIDTH,
        projection_class_embeddings_input_dim=TEXT_WIDTH + 6 * NUMBER_WIDTH)
    unet.add_embedding.linear_1.weight.data[:, :TEXT_WIDTH] *= SENTENCE_GAIN
    return unet
