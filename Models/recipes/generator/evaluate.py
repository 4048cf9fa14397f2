"""Measures and shows the exported generator: every figure with its sample count, and contact sheets.

Sheets with `look-only` in their name show pictures of the sets and stay out of the repository. Photographs come from Caltech-101's rows kept
for evaluation; the judge is the shipped default encoder (judge.py), which took no part in the training.
"""

import argparse
import math
import random
from pathlib import Path

import numpy
import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet2DConditionModel
from PIL import Image, ImageDraw

from judge import Judge
from pictures import CALTECH_NAMES, as_array, evaluation_photographs, evaluation_rows, open_picture, training_pictures, with_article
from prompts import COLOURED, COLOURS, NOUNS, text_prompts
from text_states import padded, sentence, text_tower, token_states
from train_autoencoder import held_out_psnr

STRENGTHS = (0.2, 0.4, 0.6, 0.8)
STYLES = ("painting", "cartoon", "sketch")
# As in the program: drafts are compared at the first side that is no smaller.
COMPARED_SIDE = 96
DIRECTIONS = {"red": (1, -0.5, -0.5), "green": (-0.5, 1, -0.5), "blue": (-0.5, -0.5, 1), "yellow": (0.5, 0.5, -1)}


class Generator:
    def __init__(self, folder, text_folder=None, device="cpu", bf16=False):
        self.vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).to(device)
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).to(device, memory_format=torch.channels_last)
        # The sampler that the model's manifest advises: DPM++ 2M over Karras' noise levels.
        self.scheduler = DPMSolverMultistepScheduler.from_pretrained(folder / "scheduler", use_karras_sigmas=True)
        self.tower = text_tower(text_folder)
        self.device, self.bf16 = device, bf16
        self.pixels = 2 ** (len(self.vae.config.block_out_channels) - 1)
        # A UNet that is shown mask and masked picture beside the latent.
        self.wants_mask = self.unet.config.in_channels > self.vae.config.latent_channels

    def texts(self, prompts, numbers):
        """Token states, their mask, and what is told beside them, for the empty prompt and each of the prompts."""
        states = token_states(list(prompts) + [""], self.tower)
        states = [states[-1]] * len(prompts) + states[:-1]
        context, mask = padded(states, self.device)
        added = dict(
            text_embeds=torch.stack([sentence(state) for state in states]).to(self.device),
            time_ids=torch.tensor([numbers], dtype=torch.float32, device=self.device).repeat(len(states), 1))
        return context, mask, added

    @torch.no_grad()
    def redraw(self, prompts, guidance=4.0, steps=20, source=None, strength=1.0, mask=None, side=128, seed=1):
        """Square pictures [count, 3, side, side] in [-1, 1]; `mask` is 1 where the source may change."""
        if source is not None:
            side = source.shape[-1]
        context, context_mask, added = self.texts(prompts, (side, side, 0, 0, side, side))
        self.scheduler.set_timesteps(steps)
        timesteps = self.scheduler.timesteps
        shape = (len(prompts), self.vae.config.latent_channels, side // self.pixels, side // self.pixels)
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(self.device)
        latent = noise
        if source is not None:
            clean = self.vae.encode(source.to(self.device)).latent_dist.mean
            if strength < 1:
                first = steps - min(steps, int(steps * strength))
                timesteps = timesteps[first:]
                self.scheduler.set_begin_index(first)
                latent = self.scheduler.add_noise(clean, noise, timesteps[:1])
        if mask is not None:
            small_mask = (torch.nn.functional.interpolate(mask.to(self.device), size=shape[2:], mode="nearest") >= 0.5).float()
        shown = self.shown(source, mask, shape) if self.wants_mask else latent[:, :0]
        for position, step in enumerate(timesteps):
            given = torch.cat([latent, shown], dim=1)
            with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.bf16):
                made = self.unet(
                    torch.cat([given, given]), step, context, encoder_attention_mask=context_mask, added_cond_kwargs=added).sample.float()
            unconditional, conditional = made.chunk(2)
            velocity = unconditional + guidance * (conditional - unconditional)
            latent = self.scheduler.step(velocity, step, latent).prev_sample
            if mask is not None:
                last = position + 1 == len(timesteps)
                kept = clean if last else self.scheduler.add_noise(clean, noise, timesteps[position + 1 : position + 2])
                latent = small_mask * latent + (1 - small_mask) * kept
        return self.vae.decode(latent).sample.clamp(-1, 1).cpu()

    def shown(self, source, mask, shape):
        """What a UNet made for repainting is given behind the latent: the mask, and the latent of the picture without what is under it."""
        count, _, height, width = shape
        if mask is None:
            source = torch.zeros(1, 3, height * self.pixels, width * self.pixels)
            mask = torch.ones(1, 1, height * self.pixels, width * self.pixels)
        without = (source * (1 - mask)).to(self.device)
        small = torch.nn.functional.max_pool2d(mask.to(self.device), self.pixels)
        shown = torch.cat([small.expand(len(without), -1, -1, -1), self.vae.encode(without).latent_dist.mean], dim=1)
        return shown.expand(count, -1, -1, -1)

    @torch.no_grad()
    def encoded_and_decoded(self, images):
        """What the autoencoder alone leaves of pictures."""
        return [images_of(self.vae(torch.from_numpy(as_array([image])).to(self.device)).sample.clamp(-1, 1).cpu())[0] for image in images]

    def from_small(self, prompts, guidance, steps, sides, refine, seed=1):
        """Pictures from nothing at the first of the sides, enlarged to each of the others and redrawn there at strength `refine`."""
        made = self.redraw(prompts, guidance, steps, side=sides[0], seed=seed)
        for number, side in enumerate(sides[1:]):
            larger = [image.resize((side, side), Image.Resampling.LANCZOS) for image in images_of(made)]
            source = torch.from_numpy(as_array(larger))
            made = self.redraw(prompts, guidance, steps, source=source, strength=refine, seed=seed + 1 + number)
        return made


def images_of(batch):
    values = ((batch + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return [Image.fromarray(value) for value in values]


def contact_sheet(rows, words=None, gap=4):
    """Rows of pictures of one size, with words above each where given."""
    width, height = rows[0][0].size
    above = 12 if words else 0
    sheet = Image.new("RGB", (max(map(len, rows)) * (width + gap), len(rows) * (height + gap + above)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            left, top = column * (width + gap), row * (height + gap + above)
            sheet.paste(picture, (left, top + above))
            if words:
                draw.text((left, top), words[row][column][: width // 6], fill="black")
    return sheet


def in_rows(things, length):
    return [things[start : start + length] for start in range(0, len(things), length)]


def square_photographs(folder, names, side):
    photographs = []
    for name in names:
        image = Image.open(next(folder.glob(f"{name}.*"))).convert("RGB")
        short = min(image.size)
        left, top = (image.width - short) // 2, (image.height - short) // 2
        photographs.append(image.resize((side, side), Image.Resampling.BICUBIC, box=(left, top, left + short, top + short)))
    return photographs


class Evaluation:
    def __init__(self, options):
        self.options = options
        self.generator = Generator(options.model, bf16=options.bf16)
        here = Path(__file__).resolve().parents[2]
        self.judge = Judge(options.encoder or here / "redraw-encoder", options.vocabulary or here.parent / "Vocab" / "redraw")
        self.sides = [int(side) for side in options.sides.split(",")]

    def report(self, text):
        print(text, flush=True)

    def save(self, sheet, name):
        sheet.save(self.options.output / f"{name}.png")

    def found(self, wanted, pictures):
        """Whether the judge has one of the wanted words among its five, a picture each."""
        return [self.judge.is_named(words, five) for words, five in zip(wanted, self.judge.five_names(pictures))]

    def painted(self, prompts, seed):
        """Pictures from prompts alone, eight at a time."""
        made = []
        for start, part in zip(range(0, len(prompts), 8), in_rows(prompts, 8)):
            batch = self.generator.from_small(part, self.options.guidance, self.options.steps, self.sides, self.options.refine, seed + start)
            made += images_of(batch)
        return made

    def chosen(self, prompts, make, finish=lambda drafts, seeds: drafts, seen=lambda image: image):
        """Pictures of first drafts, and those of the drafts that the program would choose: `make` makes a draft of each from a seed, `finish` grows
        them, each with its seed; the encoder judges what `seen` shows."""
        seeds = [1000 * number for number in range(self.options.drafts)]
        drafts = [make(seed) for seed in seeds]
        first = finish(drafts[0], [seeds[0]] * len(prompts))
        if self.options.drafts == 1:
            return first, first
        best = [self.judge.nearest(prompt, [seen(image) for image in images]) for prompt, *images in zip(prompts, *drafts)]
        return first, finish([drafts[number][place] for place, number in enumerate(best)], [seeds[number] for number in best])

    def report_found(self, what, first, best):
        """How often the judge found what was wanted in first drafts and, chosen by itself, in the best of several."""
        told = f"{what}: {sum(first)} of {len(first)}"
        if self.options.drafts > 1:
            told += f"; in the best of {self.options.drafts} drafts, chosen by the judge itself: {sum(best)}"
        self.report(told)

    def held_out(self, count, seed):
        """Photographs kept for evaluation whose category the judge finds in them at 192 pixels: (square picture, category, words that count)."""
        words = {name: aliases for name, (aliases, _) in self.judge.words.items()}
        rows = evaluation_rows(self.options.tables)
        random.Random(seed).shuffle(rows)
        chosen, seen = [], set()
        for row in rows:
            name = CALTECH_NAMES.get(row["category"], row["category"].replace("_", " "))
            if name in seen or not any(name == word or name in aliases for word, aliases in words.items()):
                continue
            image = Image.open(self.options.data / "caltech101" / row["file"]).convert("RGB")
            small = image.resize((192, 192), Image.Resampling.BICUBIC)
            if self.judge.is_named({name}, self.judge.five_names([small])[0]):
                chosen.append((image.resize((self.options.side, self.options.side), Image.Resampling.BICUBIC), name, {name}))
                seen.add(name)
            if len(chosen) == count:
                break
        return chosen

    def autoencoder(self):
        photographs = evaluation_photographs(self.options.data, self.options.tables, 48)
        for side in sorted({128, 192, 256, self.options.side}):
            value = held_out_psnr(self.generator.vae, photographs, side, "cpu")
            self.report(f"autoencoder: held-out PSNR at {side} {value:.2f} dB, n = {len(photographs)}")
        wanted = [photograph.resize((self.options.side, self.options.side), 3) for photograph in photographs[:6]]
        self.save(contact_sheet([wanted, self.generator.encoded_and_decoded(wanted)]), "autoencoder-look-only")

    def text(self):
        prompts = text_prompts()
        first, made = self.chosen(prompts, lambda seed: self.painted(list(prompts), 100 + seed))
        names = self.judge.five_names(made)
        found = [self.judge.is_named(wanted, five) for wanted, five in zip(prompts.values(), names)]
        for prompt, hit, five in zip(prompts, found, names):
            self.report(f"  {'found' if hit else '-----'} {prompt}: {', '.join(five)}")
        found_first = found if first is made else self.found(prompts.values(), first)
        self.report_found(f"text to image: noun among the judge's five of {len(self.judge.names)} words", found_first, found)
        words = [prompt.replace("a photo of ", "") for prompt in prompts]
        self.save(contact_sheet(in_rows(made, 10), in_rows(words, 10)), "text-to-image")
        self.nearest(made[:20])

    def nearest(self, made):
        """How near generated pictures are to training pictures, beside how near photographs kept for evaluation are."""
        pictures = training_pictures(self.options.data, self.options.tables, self.options.clipart)
        chance = random.Random(3)

        def small(image):
            return numpy.asarray(image.resize((32, 32), Image.Resampling.BOX), dtype=numpy.float32).reshape(-1)

        known = []
        for picture in pictures:
            image = open_picture(picture, chance)[0]
            known.append(small(image))
        known = numpy.stack(known)
        photographs = [image.resize((128, 128)) for image in evaluation_photographs(self.options.data, self.options.tables, len(made), seed=11)]
        nearest = {}
        for kind, images in (("generated", made), ("kept for evaluation", photographs)):
            distances, rows = [], []
            for image in images:
                both = [numpy.abs(known - small(turned)).mean(axis=1) for turned in (image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))]
                distance = numpy.minimum(*both)
                distances.append(distance.min())
                rows.append(int(distance.argmin()))
            nearest[kind] = rows
            self.report(f"nearest training picture, {kind}: mean distance {numpy.mean(distances):.1f} of 255, least {min(distances):.1f}, n = {len(images)}")
        beside = [open_picture(pictures[row], chance)[0].resize(made[0].size) for row in nearest["generated"]]
        self.save(contact_sheet([made[:10], beside[:10], made[10:], beside[10:]]), "nearest-look-only")

    def colours(self):
        cases = [(noun, colour) for noun in COLOURED for colour in COLOURS]
        made = self.painted([f"a photo of {with_article(f'{colour} {noun}')}" for noun, colour in cases], 500)
        right = 0
        values = [numpy.asarray(image.resize((32, 32)), dtype=numpy.float32)[6:26, 6:26].mean(axis=(0, 1)) for image in made]
        for number, (noun, colour) in enumerate(cases):
            # Against the same noun in the other colours: what the noun itself looks like cancels out.
            base = numpy.mean([value for value, (other, _) in zip(values, cases) if other == noun], axis=0)
            moved = values[number] - base
            right += max(COLOURS, key=lambda name: float(moved @ numpy.array(DIRECTIONS[name]) / numpy.linalg.norm(DIRECTIONS[name]))) == colour
        self.report(f"colour words: the middle moved towards the named one of four colours in {right} of {len(cases)} (by chance {len(cases) // 4})")
        self.save(contact_sheet(in_rows(made, 8), in_rows([f"{colour} {noun}" for noun, colour in cases], 8)), "colours")

    def redrawn(self, images, prompts, strength, seed):
        made = []
        for start, part in zip(range(0, len(images), 4), in_rows(images, 4)):
            source = torch.from_numpy(as_array(part))
            batch = self.generator.redraw(
                prompts[start : start + 4], self.options.guidance, self.options.steps, source=source, strength=strength, seed=seed + start)
            made += images_of(batch)
        return made

    def stages(self, side):
        """Sides that a picture grows through to its own, none more than twice the one before."""
        first = self.sides[0]
        leaps = max(1, math.ceil(math.log2(side / first)))
        return [round(first * (side / first) ** (leap / leaps) / 16) * 16 for leap in range(leaps)] + [side]

    def grown(self, images, prompts, strengths, seeds):
        """Pictures redrawn at one side after the other, given with the strength there; the seeds are each picture's own."""
        for number, (side, strength) in enumerate(strengths):
            larger = [image.resize((side, side), Image.Resampling.LANCZOS) for image in images]
            images = list(larger)
            for seed in sorted(set(seeds)):
                places = [place for place, own in enumerate(seeds) if own == seed]
                made = self.redrawn([larger[place] for place in places], [prompts[place] for place in places], strength, 80 + seed + number)
                for place, image in zip(places, made):
                    images[place] = image
        return images

    def redrawn_far(self, images, prompts, strength):
        """Pictures redrawn as the program does it with `--first-side`: out of first and of best drafts."""
        sides = self.stages(images[0].width)
        strengths = [(side, self.options.refine if number else strength) for number, side in enumerate(sides)]
        compared = next((number for number, side in enumerate(sides) if side >= COMPARED_SIDE), len(sides) - 1) + 1
        return self.chosen(
            prompts, lambda seed: self.grown(images, prompts, strengths[:compared], [seed] * len(images)),
            lambda drafts, seeds: self.grown(drafts, prompts, strengths[compared:], seeds))

    def image(self):
        photographs = self.held_out(20, 5)
        images = [image for image, _, _ in photographs]
        own_words = [words for _, _, words in photographs]
        for kind, pictures in (("itself", images), ("through the autoencoder", self.generator.encoded_and_decoded(images))):
            found = self.found(own_words, pictures)
            self.report(f"the photograph {kind} at {self.options.side}: subject among the five: {sum(found)} of {len(found)}")
        kept = self.redrawn(images, [f"a photo of {with_article(name)}" for _, name, _ in photographs], 0.4, 40)
        found = self.found(own_words, kept)
        self.report(f"image to image at 0.4, {self.options.side} pixels: subject among the five: {sum(found)} of {len(found)}")
        rows = [images, kept]
        right, total = {}, 0
        for style in STYLES:
            made = self.redrawn(images, [f"a {style} of {with_article(name)}" for _, name, _ in photographs], 0.6, 60)
            right[style] = sum(medium == style for medium in self.judge.medium(made))
            total += len(made)
            rows.append(made)
        self.report(f"image to image at 0.6, {self.options.side} pixels: medium recognised: {right}, {sum(right.values())} of {total}")
        prompts = list(text_prompts().items())
        others = random.Random(8).sample(prompts[: len(NOUNS)], len(images))
        asked = [prompt for prompt, _ in others]
        wanted = [words for _, words in others]
        made = self.redrawn(images, asked, 0.8, 80)
        what = f"image to image at 0.8, {self.options.side} pixels: noun of another thing among the five"
        self.report(f"{what}: {sum(self.found(wanted, made))} of {len(wanted)}")
        rows.append(made)
        first, made = self.redrawn_far(images, asked, 0.8)
        self.report_found(f"{what}, begun at {self.sides[0]} pixels", self.found(wanted, first), self.found(wanted, made))
        rows.append(made)
        self.save(contact_sheet([row[:10] for row in rows]), "image-to-image-look-only")

    def strengths(self):
        """Freely licensed photographs at each strength and in each medium: sheets that may be shown."""
        names = ("astronaut", "coffee", "chelsea", "rocket")
        subjects = ("a person's face", "a cup of coffee", "a cat", "a rocket")
        photographs = square_photographs(self.options.photographs, names, self.options.side)
        source = torch.from_numpy(as_array(photographs))
        for medium in ("photo", *STYLES):
            columns = [photographs]
            for strength in STRENGTHS:
                made = self.redrawn(photographs, [f"a {medium} of {subject}" for subject in subjects], strength, 7)
                columns.append(made)
                difference = torch.from_numpy(as_array(made)) - source
                distance = [round(value, 1) for value in (difference.abs().mean(dim=(1, 2, 3)) * 127.5).tolist()]
                self.report(f"{self.options.side} {medium} strength {strength}: mean absolute difference {distance}")
            self.save(contact_sheet([list(row) for row in zip(*columns)]), f"strengths-{medium}")

    def repainted(self, prompts, images, box, seed, around=8):
        """Pictures whose box is painted anew from the prompts as the program's `repaint --area masked --strength 1` does it: of the box and what is
        `around` it a first, small picture is made, laid into the picture, enlarged and redrawn."""
        left, top, right, bottom = box
        region = (left - around, top - around, right + around, bottom + around)
        hole = Image.new("L", images[0].size, 0)
        hole.paste(255, box)
        for number, side in enumerate(self.options.hole_sides):
            source = torch.from_numpy(as_array([image.resize((side, side), Image.Resampling.LANCZOS, box=region) for image in images]))
            small_hole = torch.from_numpy(numpy.asarray(hole.resize((side, side), Image.Resampling.BILINEAR, box=region), dtype=numpy.float32) / 255)
            strength = self.options.refine if number else 1.0
            batch = self.generator.redraw(
                prompts, self.options.guidance, self.options.steps, source=source, strength=strength, mask=small_hole.expand(len(images), 1, side, side), seed=seed)
            laid_in = []
            for image, made in zip(images, images_of(batch)):
                whole = image.copy()
                whole.paste(made.resize((region[2] - region[0], region[3] - region[1]), Image.Resampling.LANCZOS), region[:2])
                laid_in.append(Image.composite(whole, image, hole))
            images = laid_in
        return images

    def repaint(self):
        """An object in the middle of thirty photographs: is it found there, and how sharp is the seam beside what surrounds it?"""
        side, inner = 128, 64
        photographs = evaluation_photographs(self.options.data, self.options.tables, 30, seed=21)
        images = [image.resize((side, side), Image.Resampling.BICUBIC) for image in photographs]
        prompts = list(text_prompts().items())[: len(NOUNS)]
        chosen = random.Random(9).sample(prompts, 30)
        first = (side - inner) // 2
        box = (first, first, first + inner, first + inner)

        def middle(image):
            return image.crop((first - 4, first - 4, first + inner + 4, first + inner + 4))

        def filled(seed):
            made = []
            for start, part in zip(range(0, 30, 6), in_rows(images, 6)):
                made += self.repainted([prompt for prompt, _ in chosen[start : start + 6]], part, box, start + seed)
            return made

        first_drafts, made = self.chosen([prompt for prompt, _ in chosen], filled, seen=middle)
        plain = []
        for start, part in zip(range(0, 30, 6), in_rows(images, 6)):
            asked = [prompt for prompt, _ in chosen[start : start + 6]]
            # What is made without looking at the picture, laid into it.
            batch = self.generator.redraw(asked, self.options.guidance, self.options.steps, side=side, seed=start)
            for image, blind in zip(part, images_of(batch)):
                plain.append(image.copy())
                plain[-1].paste(blind.crop(box), box[:2])
        wanted = [words for _, words in chosen]
        self.report_found(
            "repainting: prompted object among the five inside the mask",
            *(self.found(wanted, [middle(image) for image in kind]) for kind in (first_drafts, made)))

        def seam(image):
            values = numpy.asarray(image, dtype=numpy.float32)
            across = numpy.abs(numpy.diff(values, axis=1)).mean(axis=2)
            rows = slice(first, first + inner)
            return across[rows][:, [first - 1, first + inner - 1]].mean()

        steps = {name: numpy.mean([seam(image) for image in kind]) for name, kind in (("photograph", images), ("repainted", made), ("laid in", plain))}
        self.report("repainting: mean step across the seam, of 255: " + ", ".join(f"{name} {value:.1f}" for name, value in steps.items()) + ", n = 30")
        self.save(contact_sheet([images[:10], made[:10], plain[:10]], [[prompt.replace("a photo of ", "") for prompt, _ in chosen[:10]]] * 3), "repaint-look-only")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="exported diffusers folder")
    parser.add_argument("--encoder", type=Path, help="default: the one beside this recipe")
    parser.add_argument("--vocabulary", type=Path, help="default: the one in this project")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--clipart", type=Path)
    parser.add_argument("--photographs", type=Path, help="folder with freely licensed astronaut, coffee, chelsea and rocket pictures")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--side", type=int, default=384, help="side of the photographs that are redrawn: the size the model works at")
    parser.add_argument("--sides", default="32,64,128", help="sides of the pictures made from prompts: the first from nothing, the others from the one before")
    parser.add_argument("--refine", type=float, default=0.5, help="strength at which an enlarged picture is redrawn")
    parser.add_argument("--hole-sides", type=int, nargs="+", default=[48, 80, 128], help="sides that what fills a mask grows through")
    parser.add_argument("--drafts", type=int, default=4, help="drafts of which the program takes the one nearest to the prompt")
    parser.add_argument("--bf16", action="store_true", help="let the UNet multiply in bf16, for processors that do it quickly")
    parser.add_argument("--parts", default="autoencoder,text,colours,image,strengths,repaint")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    evaluation = Evaluation(options)
    for part in options.parts.split(","):
        if part == "strengths" and not options.photographs:
            continue
        getattr(evaluation, part)()


if __name__ == "__main__":
    main()
