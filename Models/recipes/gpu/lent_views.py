"""Training pictures on the device, and views of them drawn there: squares of whole pictures and of details, with their captions."""

import io
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from networks import MOST_TOKENS  # noqa: E402
from text_states import text_tower  # noqa: E402
from train_denoiser import DROPPED_PROMPTS  # noqa: E402

LOOKS = ("", "painting", "cartoon", "sketch")
# A picture is enlarged by no more than this for a view of the whole of it; its numbers say how large it really was.
ENLARGED = 1.45
# Views that take more than this many pixels for one of theirs are drawn from the picture at half its size.
HALVED_FROM = 1.6
WIDEST = 1.3  # of the short side: whole views squash a picture by no more


def opened(task):
    """A picture [height, width, 3] in 8 bits and the same at half the size, made over into a look where one is named."""
    data, look, seed = task
    import random

    image = Image.open(io.BytesIO(data)).convert("RGB")
    if look:
        from styles import STYLES

        image = STYLES[LOOKS[look]](image, random.Random(seed))
    half = image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)
    return numpy.asarray(image), numpy.asarray(half)


class Packs:
    """What packs hold, as Python lists: pictures' bytes, and records (picture, look, weight, list of captions' tokens)."""

    def __init__(self, files):
        self.pictures, self.records = [], []
        for file in files:
            with safe_open(str(file), "np") as pack:
                arrays = {name: pack.get_tensor(name) for name in pack.keys()}
            first = len(self.pictures)
            data, ends = arrays["pictures"].tobytes(), [0, *arrays["picture_ends"].tolist()]
            self.pictures += [data[start:end] for start, end in zip(ends, ends[1:])]
            ends = [0, *arrays["token_ends"].tolist()]
            tokens = arrays["tokens"].astype(numpy.int64)
            captions = [tokens[start:end] for start, end in zip(ends, ends[1:])]
            ends = [0, *arrays["record_captions"].tolist()]
            for number, (picture, look, weight) in enumerate(zip(arrays["record_pictures"], arrays["record_looks"], arrays["record_weights"])):
                self.records.append((first + int(picture), int(look), float(weight), captions[ends[number] : ends[number + 1]]))


class Views:
    """All records' pictures in one tensor on the device, and squares drawn from them.

    Opening starts at once in `workers` processes; `ready()` waits for the photographs, `ready(made_over=True)` for the looks too.
    """

    def __init__(self, files, device, workers=16):
        self.device = device
        self.packs = Packs(files)
        self.pool = ProcessPoolExecutor(workers)
        plain = [number for number, record in enumerate(self.packs.records) if record[1] == 0]
        made = [number for number, record in enumerate(self.packs.records) if record[1] != 0]
        self.parts = []
        for numbers in (plain, made):
            tasks = [(self.packs.pictures[self.packs.records[number][0]], self.packs.records[number][1], number) for number in numbers]
            self.parts.append((numbers, self.pool.map(opened, tasks, chunksize=16)))
        self.numbers = []
        self.pixels, self.starts, self.sides, self.weights = None, None, None, None

    def ready(self, made_over=False):
        wanted = self.parts if made_over else self.parts[:1]
        self.parts = self.parts[len(wanted) :]
        flat, starts, sides = [], [], []
        place = 0 if self.pixels is None else len(self.pixels)
        for numbers, pictures in wanted:
            for levels in pictures:
                starts.append([])
                sides.append(levels[0].shape[:2])
                for level in levels:
                    flat.append(level.reshape(-1))
                    starts[-1].append(place)
                    place += level.size
            self.numbers += numbers
        if flat:
            known = [] if self.pixels is None else [self.pixels]
            self.pixels = torch.cat([*known, torch.from_numpy(numpy.concatenate(flat)).to(self.device)])
            starts, sides = torch.tensor(starts, device=self.device), torch.tensor(sides, device=self.device)
            self.starts = starts if self.starts is None else torch.cat([self.starts, starts])
            self.sides = sides if self.sides is None else torch.cat([self.sides, sides])
            self.weights = torch.tensor([self.packs.records[number][2] for number in self.numbers], device=self.device)
        if made_over:
            self.pool.shutdown()
        return self

    def boxes(self, rows, side, details):
        """Left, top, width and height in pixels of each row's picture, whether it is turned, and the six numbers its place is told by."""
        count = len(rows)
        height, width = self.sides[rows].float().unbind(1)
        short = torch.minimum(height, width)
        draw = lambda: torch.rand(count, device=self.device)  # noqa: E731
        if details:
            # The scene is as large as its pixels allow; the view is a piece of it at that size.
            largest = (1.15 * short / side).clamp(1.25, 3.0)
            scale = 1.2 + (largest - 1.2) * draw()
            wide = tall = short / scale
        else:
            wide = torch.minimum(width, short * (1 + (WIDEST - 1) * draw()))
            tall = torch.minimum(height, short * (1 + (WIDEST - 1) * draw()))
        left, top = (width - wide) * draw(), (height - tall) * draw()
        target = torch.full_like(wide, side)
        nothing = torch.zeros_like(wide)
        if details:
            factor = side / wide
            numbers = [height * factor, width * factor, top * factor, left * factor, height * factor, width * factor]
        else:
            real = torch.minimum(short, target)
            numbers = [real, real, nothing, nothing, target, target]
        return torch.stack([left, top, wide, tall], dim=1), draw() < 0.5, torch.stack(numbers, dim=1).round()

    def drawn(self, count, side, details=False):
        """Squares [count, 3, side, side] in [-1, 1], rows of the records they show, and their six numbers [count, 6]."""
        short = self.sides.min(dim=1).values.float()
        fits = 1.15 * short / side > 1.25 if details else short * ENLARGED >= side
        rows = torch.multinomial(self.weights * fits, count, replacement=True)
        boxes, turned, numbers = self.boxes(rows, side, details)
        return cut(self.pixels, self.starts[rows], self.sides[rows], boxes, turned, side), rows, numbers


def cut(pixels, starts, sides, boxes, turned, side):
    """Boxes of pictures as squares [count, 3, side, side] in [-1, 1], by bilinear interpolation."""
    halved = boxes[:, 2] / side > HALVED_FROM
    start = torch.where(halved, starts[:, 1], starts[:, 0]).view(-1, 1, 1)
    height, width = torch.where(halved[:, None], sides // 2, sides).unbind(1)
    boxes = torch.where(halved[:, None], boxes / 2, boxes)
    along = (torch.arange(side, device=pixels.device) + 0.5) / side
    across = torch.where(turned[:, None], 1 - along, along)
    x = (boxes[:, :1] + boxes[:, 2:3] * across - 0.5).clamp(min=0)
    y = (boxes[:, 1:2] + boxes[:, 3:] * along - 0.5).clamp(min=0)
    x, y = torch.minimum(x, (width - 1)[:, None].float()), torch.minimum(y, (height - 1)[:, None].float())
    x0, y0 = x.long(), y.long()
    x1, y1 = torch.minimum(x0 + 1, (width - 1)[:, None]), torch.minimum(y0 + 1, (height - 1)[:, None])
    right, down = (x - x0)[:, None, :, None], (y - y0)[:, :, None, None]
    channels = torch.arange(3, device=pixels.device)

    def at(rows, columns):
        index = start + (rows[:, :, None] * width.view(-1, 1, 1) + columns[:, None, :]) * 3
        return pixels[index[..., None] + channels].float()

    above = at(y0, x0) * (1 - right) + at(y0, x1) * right
    below = at(y1, x0) * (1 - right) + at(y1, x1) * right
    return ((above * (1 - down) + below * down) / 127.5 - 1).permute(0, 3, 1, 2)


class Captions:
    """Token states and embeddings of every caption of the records, on the device."""

    def __init__(self, packs, weights_file, device, batch=1024):
        _, tower = text_tower(weights_file.parent, device)
        empty = numpy.array([101, 102])  # [CLS] [SEP]: the empty prompt
        texts, self.firsts, self.counts = [empty], [], []
        for *_, captions in packs.records:
            self.firsts.append(len(texts))
            self.counts.append(len(captions))
            texts += captions
        self.firsts, self.counts = torch.tensor(self.firsts, device=device), torch.tensor(self.counts, device=device)
        tokens = torch.zeros(len(texts), MOST_TOKENS, dtype=torch.int64)
        mask = torch.zeros(len(texts), MOST_TOKENS, dtype=torch.bool)
        for row, text in enumerate(texts):
            tokens[row, : len(text)] = torch.from_numpy(text)
            mask[row, : len(text)] = True
        self.mask = mask.to(device)
        states, sentences = [], []
        with torch.no_grad():
            for start in range(0, len(texts), batch):
                seen = self.mask[start : start + batch]
                made = tower(input_ids=tokens[start : start + batch].to(device), attention_mask=seen.long()).last_hidden_state * seen[:, :, None]
                states.append(made.half())
                mean = made.sum(1) / seen.sum(1, keepdim=True)
                sentences.append(mean / mean.norm(dim=1, keepdim=True))
        self.states, self.sentences = torch.cat(states), torch.cat(sentences).float()

    def of(self, records, dropped=DROPPED_PROMPTS):
        """Rows of captions for records (numbers of them in the packs), some replaced by the empty one."""
        chosen = (torch.rand(len(records), device=records.device) * self.counts[records]).long()
        rows = self.firsts[records] + chosen
        return torch.where(torch.rand(len(records), device=records.device) < dropped, 0, rows)
