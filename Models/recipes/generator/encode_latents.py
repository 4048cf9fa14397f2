"""Encodes views of the training pictures beforehand: standardised latents, captions and the captions' token states."""

import argparse
import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from pictures import as_array, caption_of, draw_weights, open_picture, pencil_sketch, square_crop, training_pictures
from text_states import text_tower, token_states
from together import Team

SKETCH_SHARE = 0.08
GREY_SHARE = 0.03


def view(picture, side, chance, closer):
    """A square view, its caption, and the caption for a part of it."""
    image, background = open_picture(picture, chance)
    medium, prefix = picture.medium, ""
    draw = chance.random()
    if draw < SKETCH_SHARE and medium != "painting":
        image, medium, background = pencil_sketch(image), "sketch", ""
    elif draw > 1 - GREY_SHARE and medium == "photo":
        image, prefix = image.convert("L").convert("RGB"), "black and white, "
    square = square_crop(image, side, chance, zoom_out=not closer)
    whole = prefix + caption_of(picture, chance, background, medium)
    part = prefix + caption_of(picture, chance, background, medium, detail=True)
    return square, (part if closer and chance.random() < 0.5 else whole), part


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--clipart", type=Path)
    parser.add_argument("--autoencoder", type=Path, required=True, help="folder with the standardised autoencoder")
    parser.add_argument("--output", type=Path, required=True, help="file for the latents; several processes add their number")
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--views", type=int, default=12000)
    parser.add_argument("--closer", type=float, default=0.2, help="share of the views that show a part, magnified")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()

    team = Team()
    chance = random.Random(100 * options.side + team.rank)
    autoencoder = AutoencoderKL.from_pretrained(options.autoencoder).to(options.device, memory_format=torch.channels_last)
    pictures = training_pictures(options.data, options.tables, options.clipart)
    chosen = chance.choices(pictures, draw_weights(pictures), k=options.views // team.size)
    latents, wholes, parts = [], [], []
    for start in range(0, len(chosen), 8):
        views = [view(picture, options.side, chance, chance.random() < options.closer) for picture in chosen[start : start + 8]]
        batch = torch.from_numpy(as_array([square for square, _, _ in views]))
        latents.append(autoencoder.encode(batch.to(options.device, memory_format=torch.channels_last)).latent_dist.mean.half().cpu())
        wholes += [whole for _, whole, _ in views]
        parts += [part for _, _, part in views]
        if start % 800 == 0 and team.leads:
            print(start, "of", len(chosen), views[0][1], flush=True)
    captions = sorted(set(wholes) | set(parts) | {""})
    numbers = {caption: number for number, caption in enumerate(captions)}
    states = token_states(captions, text_tower())
    contents = dict(
        latents=torch.cat(latents).contiguous(),
        whole=torch.tensor([numbers[caption] for caption in wholes]),
        part=torch.tensor([numbers[caption] for caption in parts]),
        empty=numbers[""],
        captions=captions,
        states=states,
    )
    file = options.output.with_stem(f"{options.output.stem}-{team.rank}")
    torch.save(contents, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)


if __name__ == "__main__":
    main()
