"""Encodes views of the training pictures beforehand: latents, what is said of their place and scale, and the captions' text.

Every whole picture is encoded at 128, 64 and 32 pixels, every detail at 128 pixels of a larger scene. `numbers` are SDXL's: height and
width of the whole scene, top and left of the view in it (Podell et al. 2023, section 2.2); here the target size is always the scene's.
"""

import argparse
import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from PIL import Image

from colours import colour_words
from pictures import as_array, caption_of, draw_weights, open_picture, square_crop, training_pictures
from styles import STYLES
from text_states import sentence, text_tower, token_states
from together import Team
from whole_files import save_whole

SIDE = 128
STYLE_SHARES = {"sketch": 0.08, "painting": 0.07, "cartoon": 0.07}
GREY_SHARE = 0.02
SCENES = (160, 480)  # short sides of the scenes that details are cut from, in pixels
COLOUR_SHARE = 0.5


def styled(image, picture, chance):
    """A square view, now and then made over into another medium; its medium, and words that go before the caption."""
    medium, before = picture.medium, ""
    draw = chance.random()
    if medium == "photo":
        for style, share in STYLE_SHARES.items():
            if draw < share:
                return STYLES[style](image, chance), style, ""
            draw -= share
        if draw < GREY_SHARE:
            return image.convert("L").convert("RGB"), medium, "black and white, "
    return image, medium, before


def whole_view(picture, chance):
    """A square picture of SIDE pixels and its caption."""
    image, background = open_picture(picture, chance)
    square = square_crop(image, SIDE, chance, zoom_out=True)
    thing, ground = colour_words(square)
    square, medium, before = styled(square, picture, chance)
    if medium == "sketch" or before:
        thing, ground, background = None, None, ""
    if not background and ground and chance.random() < COLOUR_SHARE:
        background = f" on a {ground} background"
    colour = thing if thing and chance.random() < COLOUR_SHARE else None
    return square, before + caption_of(picture, chance, background, medium, colour=colour)


def detail_view(picture, chance):
    """A square of SIDE pixels out of a larger scene, its caption, and the numbers that tell where it lies."""
    image, background = open_picture(picture, chance, longest=SCENES[1])
    short = min(image.size)
    scale = chance.randint(SCENES[0], max(SCENES[0], min(SCENES[1], int(short * 1.2)))) / short
    width, height = (max(SIDE, round(length * scale)) for length in image.size)
    left, top = chance.randint(0, width - SIDE), chance.randint(0, height - SIDE)
    # The scene is made over as a whole: dabs and strokes of a painted scene are as large, beside it, as those of a small picture.
    scene = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    scene, medium, before = styled(scene, picture, chance)
    square = scene.crop((left, top, left + SIDE, top + SIDE))
    return square, before + caption_of(picture, chance, "" if medium == "sketch" else background, medium), (height, width, top, left)


class Drawn(torch.utils.data.Dataset):
    """Views of the chosen pictures, each with random numbers of its own, so that any number of loading processes makes the same ones.

    A view is told as its square at each of `scales`, 1 for the square itself and 2 for half its side, and whatever else `view` tells of it.
    """

    def __init__(self, view, scales, pictures, seed):
        self.view, self.scales, self.pictures, self.seed = view, scales, pictures, seed

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, number):
        square, *told = self.view(self.pictures[number], random.Random(f"{self.seed} {number}"))
        scaled = [square.resize((SIDE // scale, SIDE // scale), Image.Resampling.BOX) for scale in self.scales]
        return *(torch.from_numpy(as_array([image])[0]) for image in scaled), *told


def as_lists(views):
    return [list(part) for part in zip(*views)]


def batches(view, scales, pictures, seed, options):
    drawn = Drawn(view, scales, pictures, seed)
    return torch.utils.data.DataLoader(drawn, batch_size=options.batch, num_workers=options.workers, collate_fn=as_lists)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--clipart", type=Path)
    parser.add_argument("--autoencoder", type=Path, required=True, help="folder with the standardised autoencoder")
    parser.add_argument("--text", type=Path, help="folder with all-MiniLM-L6-v2; default: the installed package's")
    parser.add_argument("--output", type=Path, required=True, help="file for the latents; several processes add their number")
    parser.add_argument("--wholes", type=int, default=26000)
    parser.add_argument("--details", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--workers", type=int, default=0, help="processes that make views; on a GPU as many as there are cores")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()

    team = Team()
    chance = random.Random(300 + team.rank)
    autoencoder = AutoencoderKL.from_pretrained(options.autoencoder).to(options.device, memory_format=torch.channels_last)
    pictures = training_pictures(options.data, options.tables, options.clipart)
    weights = draw_weights(pictures)

    def encoded(squares):
        batch = torch.stack(squares).to(options.device, memory_format=torch.channels_last)
        return autoencoder.encode(batch).latent_dist.mean.half().cpu().contiguous()

    wholes, halves, quarters, whole_captions = [], [], [], []
    chosen = chance.choices(pictures, weights, k=options.wholes // team.size)
    for whole, half, quarter, told in batches(whole_view, (1, 2, 4), chosen, f"wholes {team.rank}", options):
        if len(whole_captions) % 800 < options.batch and team.leads:
            print(len(whole_captions), "of", len(chosen), told[0], flush=True)
        wholes.append(encoded(whole))
        halves.append(encoded(half))
        quarters.append(encoded(quarter))
        whole_captions += told
    details, detail_captions, numbers = [], [], []
    chosen = chance.choices(pictures, weights, k=options.details // team.size)
    for squares, told, places in batches(detail_view, (1,), chosen, f"details {team.rank}", options):
        details.append(encoded(squares))
        detail_captions += told
        numbers += places
    captions = sorted(set(whole_captions) | set(detail_captions) | {""})
    rows = {caption: row for row, caption in enumerate(captions)}
    states = token_states(captions, text_tower(options.text, options.device))
    contents = dict(
        wholes=torch.cat(wholes),
        halves=torch.cat(halves),
        quarters=torch.cat(quarters),
        details=torch.cat(details),
        numbers=torch.tensor(numbers),
        whole_captions=torch.tensor([rows[caption] for caption in whole_captions]),
        detail_captions=torch.tensor([rows[caption] for caption in detail_captions]),
        empty=rows[""],
        captions=captions,
        states=states,
        sentences=torch.stack([sentence(state) for state in states]),
    )
    file = options.output.with_stem(f"{options.output.stem}-{team.rank}")
    save_whole(contents, file)


if __name__ == "__main__":
    main()
