"""Pieces around people's faces and views of older kinds of pictures, drawn on the device from what pack_people.py packed.

Many processes open each picture at several sizes beforehand; a view is then cut without interpolation, so that its pixels are as sharp as a
photograph's of that size.
"""

import io
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy
import torch
import torch.nn.functional as functional
from PIL import Image
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from text_states import padded, sentence  # noqa: E402

SIZES = 5  # at which a picture of people is opened
FACE_HEIGHTS = (16, 170)  # pixels
SCENES = (170, 520)  # short sides of the scenes that pieces stand for
ENLARGED = 1.6
LEAST = 144  # pixels along the shorter side of what is opened
WHOLE = 128  # side of a whole view of another picture
ASKED_SHARE = 0.4  # of the pieces, with a general prompt in place of the picture's caption
DROPPED_PROMPTS = 0.1


class Rows:
    """What a pack holds, a row a picture."""

    def __init__(self, file, most=None):
        with safe_open(str(file), "np") as pack:
            arrays = {name: pack.get_tensor(name) for name in pack.keys()}

        def parts(values, ends):
            ends = [0, *arrays[ends].tolist()]
            return [arrays[values][start:end] for start, end in zip(ends, ends[1:])]

        self.pictures = [part.tobytes() for part in parts("pictures", "picture_ends")]
        self.boxes, self.captions = parts("boxes", "box_ends"), parts("captions", "caption_ends")
        self.scenes, self.people = arrays["rows"], int(arrays["people"][0])
        self.asked, self.other_mediums = arrays["asked"], arrays["other_mediums"]
        scales = parts("state_scales", "state_ends")
        if most:
            kinds = range(self.people), range(self.people, len(self.pictures))
            kept = [number for kind in kinds for number in kind[:: max(1, len(kind) // most)]]
            self.pictures, self.boxes, self.captions = ([values[number] for number in kept] for values in (self.pictures, self.boxes, self.captions))
            self.scenes, self.people = self.scenes[kept], sum(number < self.people for number in kept)
        self.states = [torch.from_numpy(state.astype(numpy.float32) * scale[:, None]) for state, scale in zip(parts("states", "state_ends"), scales)]


def opened_person(task):
    """A picture with faces at several sizes: (pixels, whole scene's height and width, top and left in it, boxes) each."""
    data, (scene_width, scene_height, left, top, _), boxes, seed = task
    image = Image.open(io.BytesIO(data)).convert("RGB")
    chance = random.Random(seed)
    face = boxes[0][3] - boxes[0][1]
    least = max(LEAST / min(image.size), FACE_HEIGHTS[0] / face, SCENES[0] / min(scene_width, scene_height))
    most = max(least, min(ENLARGED, FACE_HEIGHTS[1] / face, SCENES[1] / min(scene_width, scene_height)))
    made = []
    for number in range(SIZES):
        scale = least * (most / least) ** ((number + chance.random()) / SIZES)
        width, height = (max(LEAST, round(length * scale)) for length in image.size)
        pixels = numpy.asarray(image.resize((width, height), Image.Resampling.LANCZOS))
        numbers = [round(value * scale) for value in (scene_height, scene_width, top, left)]
        made.append((pixels, numbers, boxes * scale))
    return made


def opened_other(task):
    """Another picture, perhaps made over: the whole as a square of WHOLE pixels, and at a size to cut details from."""
    data, look, seed = task
    chance = random.Random(seed)
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if look:
        from styles import STYLES

        image = STYLES[look](image, chance)
    short = min(image.size)
    kept = tuple(min(length, round(short * chance.uniform(1, 1.3))) for length in image.size)
    left, top = (chance.randint(0, length - side) for length, side in zip(image.size, kept))
    square = image.resize((WHOLE, WHOLE), Image.Resampling.LANCZOS, box=(left, top, left + kept[0], top + kept[1]))
    scale = chance.uniform(LEAST / short, 288 / short)
    width, height = (max(LEAST, round(length * scale)) for length in image.size)
    return numpy.asarray(square), numpy.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


class Store:
    """Pictures of any size in one tensor on the device."""

    def __init__(self, pictures, device):
        self.pixels = torch.from_numpy(numpy.concatenate([picture.reshape(-1) for picture in pictures])).to(device)
        self.starts = torch.from_numpy(numpy.cumsum([0] + [picture.size for picture in pictures[:-1]])).to(device)
        self.widths = torch.tensor([picture.shape[1] for picture in pictures], device=device)
        self.heights = torch.tensor([picture.shape[0] for picture in pictures], device=device)

    def cut(self, rows, left, top, side, turned):
        """Squares [count, 3, side, side] in [-1, 1] at whole pixels, some of them turned left to right."""
        along = torch.arange(side, device=rows.device)
        columns = left[:, None] + torch.where(turned[:, None], side - 1 - along, along)
        lines = top[:, None] + along
        index = self.starts[rows].view(-1, 1, 1) + (lines[:, :, None] * self.widths[rows].view(-1, 1, 1) + columns[:, None, :]) * 3
        values = self.pixels[index[..., None] + torch.arange(3, device=rows.device)]
        return (values.float() / 127.5 - 1).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


class Told:
    """What the UNet is told for captions."""

    def __init__(self, states, device):
        self.states, self.mask = padded(states, device)
        self.sentences = torch.stack([sentence(state) for state in states]).to(device)

    def __call__(self, captions, places):
        return dict(
            encoder_hidden_states=self.states[captions], encoder_attention_mask=self.mask[captions],
            added_cond_kwargs=dict(text_embeds=self.sentences[captions], time_ids=places.float()))


class People:
    """Views of people on the device; every 25th picture is held back for a look at how it goes."""

    HELD = 25

    def __init__(self, rows, pool, device, held=False):
        self.device, self.rows = device, rows
        numbers = [number for number in range(rows.people) if (number % self.HELD == 0) == held]
        tasks = [(rows.pictures[number], tuple(int(value) for value in rows.scenes[number]), rows.boxes[number], number) for number in numbers]
        pictures, places, boxes, self.captions = [], [], [], []
        for number, made in zip(numbers, pool.map(opened_person, tasks, chunksize=8)):
            for pixels, where, faces in made:
                pictures.append(pixels)
                places.append(where)
                boxes.append(numpy.concatenate([faces[:6], numpy.zeros((6 - len(faces[:6]), 4))]))
                self.captions.append(rows.captions[number].tolist())
        self.store = Store(pictures, device)
        self.places = torch.tensor(places, device=device)
        self.boxes = torch.from_numpy(numpy.stack(boxes)).float().to(device)
        counts = [len(captions) for captions in self.captions]
        self.counts = torch.tensor(counts, device=device)
        self.captions = torch.tensor([captions + [0] * (max(counts) - len(captions)) for captions in self.captions], device=device)
        self.asked = torch.from_numpy(rows.asked).long().to(device)
        self.least = torch.minimum(self.store.widths, self.store.heights)
        self.fitting = {}

    def of_size(self, side):
        if side not in self.fitting:
            self.fitting[side] = (self.least >= side).nonzero()[:, 0]
        return self.fitting[side]

    def drawn(self, count, side, within=None):
        """Pieces [count, 3, side, side], where faces lie in them [count, 1, side, side], captions and places."""
        fitting = self.of_size(side)
        rows = fitting[torch.randint(len(fitting), (count,), device=self.device)] if within is None else fitting[within % len(fitting)]
        face = self.boxes[rows, 0]
        draw = lambda: torch.rand(count, device=self.device)  # noqa: E731
        corners = []
        for low, high, length in ((face[:, 0], face[:, 2], self.store.widths[rows]), (face[:, 1], face[:, 3], self.store.heights[rows])):
            last = length - side
            # The whole face lies in the piece where it has room there.
            first, end = (high + 2 - side).clamp(min=0), torch.minimum(low - 2, last.float())
            place = torch.where(first <= end, first + (end - first) * draw(), (low + high - side) / 2)
            corners.append(torch.minimum(place.round().long().clamp(min=0), last))
        left, top = corners
        turned = draw() < 0.5
        pictures = self.store.cut(rows, left, top, side, turned)
        along = torch.arange(side, device=self.device) + 0.5
        boxes = self.boxes[rows] - torch.stack([left, top, left, top], dim=1)[:, None]
        across = (along > boxes[..., :1]) & (along < boxes[..., 2:3])
        across = torch.where(turned.view(-1, 1, 1), across.flip(2), across)
        down = (along > boxes[..., 1:2]) & (along < boxes[..., 3:])
        faces = (down[..., :, None] & across[..., None, :]).any(dim=1)[:, None].float()
        height, width, scene_top, scene_left = self.places[rows].unbind(1)
        # A turned piece lies as far from the other edge.
        from_left = torch.where(turned, width - scene_left - left - side, scene_left + left).clamp(min=0)
        places = torch.stack([height, width, scene_top + top, from_left, height, width], dim=1)
        own = self.captions[rows, (draw() * self.counts[rows]).long()]
        general = self.asked[torch.randint(len(self.asked), (count,), device=self.device)]
        return pictures, faces, torch.where(draw() < ASKED_SHARE, general, own), places


class Others:
    """Views of pictures of the older kinds on the device."""

    LOOKS = ("", "painting", "cartoon", "sketch")

    def __init__(self, rows, pool, device):
        self.device = device
        numbers = range(rows.people, len(rows.pictures))
        tasks = [(rows.pictures[number], self.LOOKS[int(rows.scenes[number][4])], number) for number in numbers]
        wholes, larger = zip(*pool.map(opened_other, tasks, chunksize=8))
        self.wholes = torch.from_numpy(numpy.stack(wholes)).to(device)
        self.store = Store(larger, device)
        self.captions = torch.tensor([int(rows.captions[number][0]) for number in numbers], device=device)

    def drawn(self, count, side, details):
        """Views [count, 3, side, side] of whole pictures or of details, captions (some dropped) and places."""
        rows = torch.randint(len(self.captions), (count,), device=self.device)
        turned = torch.rand(count, device=self.device) < 0.5
        if details:
            draw = lambda lengths: (torch.rand(count, device=self.device) * (lengths - side + 1)).long()  # noqa: E731
            width, height = self.store.widths[rows], self.store.heights[rows]
            left, top = draw(width), draw(height)
            pictures = self.store.cut(rows, left, top, side, turned)
            places = torch.stack([height, width, top, torch.where(turned, width - left - side, left), height, width], dim=1)
        else:
            pictures = (self.wholes[rows].float() / 127.5 - 1).permute(0, 3, 1, 2)
            pictures = torch.where(turned.view(-1, 1, 1, 1), pictures.flip(3), pictures)
            pictures = functional.avg_pool2d(pictures, WHOLE // side).contiguous(memory_format=torch.channels_last)
            places = torch.tensor([[side, side, 0, 0, side, side]], device=self.device).expand(count, -1)
        captions = torch.where(torch.rand(count, device=self.device) < DROPPED_PROMPTS, 0, self.captions[rows])
        return pictures, captions, places


def opened(file, device, workers, most=None):
    """(rows, people to train on, people held back, others, what captions tell) of a pack, or of some `most` pictures of each kind."""
    rows = Rows(file, most)
    # Processes are started before the device is touched.
    with ProcessPoolExecutor(workers) as pool:
        people, held, others = People(rows, pool, device), People(rows, pool, device, held=True), Others(rows, pool, device)
    return rows, people, held, others, Told(rows.states, device)
