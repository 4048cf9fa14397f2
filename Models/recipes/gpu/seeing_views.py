"""Views for the detection branch, drawn on the device: parts of pictures, mosaics, and scenes into which one to five cut-out things of a kind are put.

A view is a stack of layers. A layer is a picture or a cut-out thing, the rectangle of the view that the whole of it covers, and the part of the view in
which it shows. Boxes go the same way as the pixels; what a later layer covers is known less surely, or not at all.
"""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open

from seeing_network import SIDE

PERSON, FACE = 0, 80
# Share of a cut-out thing's rectangle that it fills, roughly.
FILLED = 0.65
MOST = 56  # boxes of a view
# What is pasted more often than the rest: things of which a number may be told.
COUNTED = set("person dog cat bird sheep horse cow elephant zebra giraffe bear car boat bicycle motorcycle truck bus chair".split())
GREY, LEAST_PIXELS = 114, 110


def opened(data, mode):
    return Image.open(io.BytesIO(data)).convert(mode)


def squashed(data):
    return np.asarray(opened(data, "RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)).transpose(2, 0, 1)


class Atlas:
    """Pictures of one kind in the corners of squares, in 8 bits, whole and at half the size, with their sizes."""

    def __init__(self, datas, side, mode, pool, device):
        levels = [np.zeros((len(datas), length, length, len(mode)), np.uint8) for length in (side, side // 2)]
        sizes = np.zeros((2, len(datas), 2), np.float32)

        def fill(number):
            image = opened(datas[number], mode)
            half = image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.BOX)
            for level, one in enumerate((image, half)):
                levels[level][number, :one.height, :one.width] = np.asarray(one)
                sizes[level, number] = one.size

        list(pool.map(fill, range(len(datas))))
        self.levels = [torch.from_numpy(level).to(device) for level in levels]
        self.sizes = list(torch.from_numpy(sizes).to(device))

    def layers(self, rows, places, shows, turned, gain):
        """Colours [n, 3, SIDE, SIDE] and how far each is to be seen [n, 1, SIDE, SIDE]; colours are from 0 to 255."""
        pixels = (torch.arange(SIDE, device=rows.device) + 0.5) / SIDE
        u = (pixels[None] - places[:, :1]) / (places[:, 2:3] - places[:, :1])
        u = torch.where(turned[:, None], 1 - u, u)
        v = (pixels[None] - places[:, 1:2]) / (places[:, 3:] - places[:, 1:2])
        inside = lambda a, first, last: (a >= 0) & (a <= 1) & (pixels >= first[:, None]) & (pixels < last[:, None])  # noqa: E731
        shown = inside(v, shows[:, 1], shows[:, 3])[:, None, :, None] & inside(u, shows[:, 0], shows[:, 2])[:, None, None, :]
        shown = shown.float()
        # A picture that is made much smaller is taken at half its size.
        covered = (places[:, 2:] - places[:, :2]) * SIDE
        half = (self.sizes[0][rows] / covered).mean(1) > 1.6
        made = torch.zeros(len(rows), self.levels[0].shape[3], SIDE, SIDE, device=rows.device)
        for level, chosen in ((0, ~half), (1, half)):
            index = chosen.nonzero()[:, 0]
            if not len(index):
                continue
            size = self.sizes[level][rows[index]]
            whole = self.levels[level].shape[1]
            place = lambda share, length: (share.clamp(0, 1) * length[:, None] - 0.5).clamp(min=0).minimum(length[:, None] - 1)  # noqa: E731
            x, y = place(u[index], size[:, 0]), place(v[index], size[:, 1])
            grid = torch.stack([((x + 0.5) * 2 / whole - 1)[:, None, :].expand(-1, SIDE, -1), ((y + 0.5) * 2 / whole - 1)[:, :, None].expand(-1, -1, SIDE)], -1)
            made[index] = F.grid_sample(self.levels[level][rows[index]].permute(0, 3, 1, 2).float(), grid, align_corners=False)
        if made.shape[1] == 4:
            shown = shown * made[:, 3:] / 255
        return made[:, :3] * gain[:, :, None, None], shown


class Pack:
    def __init__(self, file, device, workers=16):
        with safe_open(str(file), "np") as pack:
            arrays = {name: pack.get_tensor(name) for name in pack.keys()}
            said = json.loads(pack.metadata()["said"])
        blobs = arrays["pictures"].tobytes()
        ends = [0, *arrays["ends"].tolist()]
        datas = [blobs[start:end] for start, end in zip(ends, ends[1:])]
        taught, held, cut = said["taught"], said["held_out"], said["cutouts"]
        with ThreadPoolExecutor(workers) as pool:
            self.pictures = Atlas(datas[:taught], said["side"], "RGB", pool, device)
            self.things = Atlas(datas[taught + held:], said["cutout_side"], "RGBA", pool, device)
            kept_out = list(pool.map(squashed, datas[taught:taught + held]))
        self.held = torch.from_numpy(np.stack(kept_out)).to(device)
        boxes, traits = self.padded(arrays)
        boxes, traits = torch.from_numpy(boxes).to(device), torch.from_numpy(traits).to(device)
        self.boxes, self.traits, self.held_boxes = boxes[:taught], traits[:taught], boxes[taught:taught + held]
        self.cut_boxes, self.cut_traits = boxes[taught + held:, :8], traits[taught + held:, :8]
        self.names = said["things"]
        self.device, self.counts = device, (taught, held, cut)

    @staticmethod
    def padded(arrays):
        counts = arrays["counts"]
        boxes = np.zeros((len(counts), counts.max(), 6), np.float32)
        traits = np.full((len(counts), counts.max(), arrays["traits"].shape[1]), np.nan, np.float32)
        there = np.arange(counts.max())[None] < counts[:, None]
        boxes[there] = arrays["boxes"]
        traits[there] = np.where(arrays["traits"] < 0, np.nan, arrays["traits"])
        return boxes, traits


class Views:
    """Views in batches, with boxes [n, MOST, 6] (left, top, right, bottom, thing, certainty; 0 where there is none) and traits of people."""

    SHARES = dict(part=0.38, mosaic=0.22, pasted=0.40)

    def __init__(self, pack, seed=1):
        self.pack, self.device = pack, pack.device
        self.chance = torch.Generator(device=self.device)
        self.chance.manual_seed(seed)
        boxes = pack.boxes
        sure = (boxes[..., 5] > 0.45).float()
        kinds = torch.nn.functional.one_hot(boxes[..., 4].long(), FACE + 1).float()
        self.there = (kinds * sure[..., None]).amax(1)  # [pictures, things]
        common = self.there.mean(0).clamp(min=1e-4)
        # Pictures with what is rare are shown more often, those with nothing at all less.
        weight = (self.there * (0.04 / common).sqrt().clamp(1, 4)).amax(1)
        self.weights = torch.where(weight > 0, weight, torch.full_like(weight, 0.35))
        kind = pack.cut_boxes[:, 0, 4].long()
        self.of_kind = kind
        number = torch.bincount(kind, minlength=FACE + 1).float()
        wanted = torch.tensor([1.6 if name in COUNTED else 1.0 for name in pack.names], device=self.device)
        self.kind_weights = number.sqrt().clamp(max=14) * wanted
        self.cut_by_kind = (kind[None] == torch.arange(FACE + 1, device=self.device)[:, None]).float()

    def uniform(self, *shape, low=0.0, high=1.0):
        return low + (high - low) * torch.rand(*shape, generator=self.chance, device=self.device)

    def drawn(self, weights, count):
        return torch.multinomial(weights, count, replacement=True, generator=self.chance)

    def happens(self, count, share):
        return self.uniform(count) < share

    def parts(self, rows, cells, least, most):
        """Rectangles that whole pictures cover so that a part of each, or all of it and a rim, fills the cell [n, 4]."""
        count = len(cells)
        share = torch.exp(self.uniform(count, low=float(np.log(least)), high=float(np.log(most))))
        # No part is so small that it is but a few pixels.
        share = torch.maximum(share, LEAST_PIXELS / self.pack.pictures.sizes[0][rows].amin(1))
        stretch = torch.exp(self.uniform(count, low=-0.22, high=0.22))
        span = torch.stack([share * stretch, share / stretch], 1)  # of the picture that the cell shows
        first = torch.where(span < 1, self.uniform(count, 2) * (1 - span), -self.uniform(count, 2) * (span - 1))
        size = (cells[:, 2:] - cells[:, :2]) / span
        corner = cells[:, :2] - first * size
        return torch.cat([corner, corner + size], 1)

    def batch(self, count, calm=False):
        """`calm`: as pictures are, without mosaics, for the last of the training."""
        shares = dict(part=0.65, mosaic=0.0, pasted=0.35) if calm else self.SHARES
        kinds = self.uniform(count)
        pasted = kinds < shares["pasted"]
        mosaic = (kinds >= shares["pasted"]) & (kinds < shares["pasted"] + shares["mosaic"])
        canvas = torch.empty(count, 3, SIDE, SIDE, device=self.device)
        canvas[:] = GREY + 50 * (self.uniform(count, 3, 1, 1) - 0.5)
        boxes, traits, order = [], [], []
        every = torch.arange(count, device=self.device)
        self.under(canvas, every[~mosaic], calm, boxes, traits, order)
        if mosaic.any():
            self.laid(canvas, every[mosaic], boxes, traits, order)
        if pasted.any():
            self.put(canvas, every[pasted], boxes, traits, order)
        boxes, traits = self.gathered(count, boxes, traits, order)
        return self.coloured(canvas), boxes, traits

    def shown(self, canvas, atlas, views, rows, places, shows, turned, gain):
        colours, seen = atlas.layers(rows, places, shows, turned, gain)
        canvas[views] = torch.lerp(canvas[views], colours, seen)

    def moved(self, boxes, traits, places, shows, turned):
        """Boxes of pictures, placed in the view: those of which little is left are known less surely."""
        x = torch.where(turned[:, None, None], 1 - boxes[..., [2, 0]], boxes[..., [0, 2]])
        span = (places[:, 2:] - places[:, :2])[:, None]
        placed = torch.stack([x[..., 0], boxes[..., 1], x[..., 1], boxes[..., 3]], -1) * span.repeat(1, 1, 2) + places[:, None, :2].repeat(1, 1, 2)
        size = placed[..., 2:] - placed[..., :2]
        clipped = torch.cat([torch.maximum(placed[..., :2], shows[:, None, :2]), torch.minimum(placed[..., 2:], shows[:, None, 2:])], -1)
        left = (clipped[..., 2:] - clipped[..., :2]).clamp(min=0)
        seen = left.prod(-1) / size.prod(-1).clamp(min=1e-9)
        certainty = boxes[..., 5] * ((seen - 0.15) / 0.3).clamp(0, 1)
        certainty = torch.where(left.amin(-1) < 0.012, torch.zeros_like(certainty), certainty)
        clipped = torch.cat([clipped, boxes[..., 4:5], certainty[..., None]], -1)
        traits = traits.clone()
        traits[..., 3:] = torch.where((seen < 0.8)[..., None], torch.nan, traits[..., 3:])
        return clipped, traits

    def under(self, canvas, views, calm, boxes, traits, order):
        """One picture a view, of which a part, or all, is seen."""
        count = len(views)
        rows, turned = self.drawn(self.weights, count), self.happens(count, 0.5)
        cells = torch.tensor([0.0, 0, 1, 1], device=self.device).expand(count, 4)
        places = self.parts(rows, cells, 0.45 if calm else 0.33, 1.0 if calm else 1.3)
        places = torch.where(self.happens(count, 0.45 if calm else 0.2)[:, None], cells, places)
        self.shown(canvas, self.pack.pictures, views, rows, places, cells, turned, torch.ones(count, 3, device=self.device))
        made = self.moved(self.pack.boxes[rows], self.pack.traits[rows], places, cells, turned)
        boxes.append((views, made[0]))
        traits.append(made[1])
        order.append(0)

    def laid(self, canvas, views, boxes, traits, order):
        """Two to four pictures beside each other, often of one kind of thing."""
        count = len(views)
        across, down = self.uniform(count, low=0.32, high=0.68), self.uniform(count, low=0.32, high=0.68)
        two, upright = self.happens(count, 0.35), self.happens(count, 0.5)
        one, zero = torch.ones(count, device=self.device), torch.zeros(count, device=self.device)
        thing = self.drawn((self.there.sum(0) > 1).float() * self.there.sum(0).sqrt(), count)
        alike = self.happens(count, 0.5)
        weights = torch.where(alike[:, None], self.there[:, thing].T, self.weights[None].expand(count, -1))
        chosen = torch.multinomial(weights + 1e-9, 4, replacement=True, generator=self.chance)
        wide, tall = torch.where(two & ~upright, one, across), torch.where(two & upright, one, down)
        cells = [
            torch.stack([zero, zero, wide, tall], 1), torch.stack([wide, zero, one, tall], 1), torch.stack([zero, tall, wide, one], 1),
            torch.stack([wide, tall, one, one], 1),
        ]
        for number, cell in enumerate(cells):
            there = ((cell[:, 2] - cell[:, 0] > 0.05) & (cell[:, 3] - cell[:, 1] > 0.05)).nonzero()[:, 0]
            cell, rows = cell[there], chosen[there, number]
            turned = self.happens(len(there), 0.5)
            places = torch.where(self.happens(len(there), 0.4)[:, None], cell, self.parts(rows, cell, 0.4, 1.0))
            self.shown(canvas, self.pack.pictures, views[there], rows, places, cell, turned, torch.ones(len(there), 3, device=self.device))
            made = self.moved(self.pack.boxes[rows], self.pack.traits[rows], places, cell, turned)
            boxes.append((views[there], made[0]))
            traits.append(made[1])
            order.append(0)

    def put(self, canvas, views, boxes, traits, order):
        """One to five cut-out things, mostly of a kind, in a row or strewn over what is there."""
        count, device = len(views), self.device
        number = torch.bucketize(self.uniform(count), torch.tensor([0.2, 0.58, 0.78, 0.9], device=device)) + 1
        kind = self.drawn(self.kind_weights, count)
        same = self.happens(count, 0.8)
        twins = self.happens(count, 0.15)
        size = torch.exp(self.uniform(count, low=float(np.log(0.16)), high=float(np.log(0.75)))) / number.float().pow(0.35)
        in_row = self.happens(count, 0.6)
        gap = self.uniform(count, low=0.55, high=1.35)
        ground, slope = self.uniform(count, low=0.25, high=0.95), self.uniform(count, low=-0.15, high=0.15)
        light = self.uniform(count, 3, low=0.8, high=1.15)
        full = torch.tensor([0.0, 0, 1, 1], device=device).expand(count, 4)
        # The last of a row lies on the right.
        edge, first = None, None
        for index in range(5):
            of_it = torch.where(same, kind, self.drawn(self.kind_weights, count))
            rows = torch.multinomial(self.cut_by_kind[of_it], 1, generator=self.chance)[:, 0]
            if index and first is not None:
                rows = torch.where(twins & same, first, rows)
            first = rows if first is None else first
            own = size * torch.exp(self.uniform(count, low=-0.28, high=0.28))
            shape = self.pack.things.sizes[0][rows]
            ratio = (shape[:, 0] / shape[:, 1]).sqrt() * torch.exp(self.uniform(count, low=-0.15, high=0.15))
            wide, tall = own * ratio, own / ratio
            if edge is None:
                edge = self.uniform(count, low=-0.05, high=0.9) * (1 - wide * number * 0.8).clamp(min=0.05)
            left = torch.where(in_row, edge, self.uniform(count, low=-0.1, high=1.1) * (1 - wide))
            base = torch.where(in_row, ground + slope * index + self.uniform(count, low=-0.04, high=0.04), self.uniform(count, low=0.05, high=1.05) * (1 - tall) + tall)
            edge = edge + wide * gap
            places = torch.stack([left, base - tall, left + wide, base], 1)
            there = (index < number).nonzero()[:, 0]
            if not len(there):
                continue
            turned, gain = self.happens(len(there), 0.5), light[there] * self.uniform(len(there), 1, low=0.85, high=1.15)
            self.shown(canvas, self.pack.things, views[there], rows[there], places[there], full[there], turned, gain)
            made = self.moved(self.pack.cut_boxes[rows[there]], self.pack.cut_traits[rows[there]], places[there], full[there], turned)
            boxes.append((views[there], made[0]))
            traits.append(made[1])
            order.append(index + 1)

    def gathered(self, count, parts, traits, order):
        """Boxes of all layers by view, those that later layers cover known less surely, the surest MOST."""
        device = self.device
        most = max(part.shape[1] for _, part in parts)
        held = torch.zeros(count, len(parts), most, 6, device=device)
        said = torch.full((count, len(parts), most, traits[0].shape[-1]), torch.nan, device=device)
        cover = torch.zeros(count, len(parts), 4, device=device)
        for index, ((views, boxes), trait) in enumerate(zip(parts, traits)):
            held[views, index, :boxes.shape[1]] = boxes
            said[views, index, :boxes.shape[1]] = trait
            if order[index]:
                cover[views, index] = boxes[:, 0, :4]
        for index in range(len(parts)):
            later = [other for other in range(len(parts)) if order[other] > order[index]]
            if not later:
                continue
            box, over = held[:, index, :, None, :4], cover[:, None, later]
            inner = (torch.minimum(box[..., 2:], over[..., 2:]) - torch.maximum(box[..., :2], over[..., :2])).clamp(min=0).prod(-1)
            share = inner / (box[..., 2:] - box[..., :2]).prod(-1).clamp(min=1e-9)
            seen = (1 - FILLED * share).prod(-1)
            held[:, index, :, 5] *= ((seen - 0.3) / 0.25).clamp(0, 1)
            said[:, index, :, :, ] = torch.where((seen < 0.8)[..., None], torch.nan, said[:, index])
        held, said = held.flatten(1, 2), said.flatten(1, 2)
        surest = held[..., 5].topk(min(MOST, held.shape[1]), dim=1).indices
        return held.gather(1, surest[..., None].expand(-1, -1, 6)), said.gather(1, surest[..., None].expand(-1, -1, said.shape[-1]))

    def coloured(self, canvas):
        """Light, contrast, colours, blur and noise; a few grey, painted or drawn ones; prepared as the tower wants it."""
        count = len(canvas)
        changed = self.happens(count, 0.7)[:, None, None, None]
        scale = lambda low, high, channels=1: self.uniform(count, channels, 1, 1, low=low, high=high)  # noqa: E731
        mean = canvas.mean((1, 2, 3), keepdim=True)
        made = (canvas - mean) * scale(0.65, 1.3) + mean * scale(0.7, 1.3)
        grey = made.mean(1, keepdim=True)
        made = grey + (made - grey) * scale(0.4, 1.5)
        made = made * scale(0.9, 1.1, 3)
        canvas = torch.where(changed, made, canvas)
        canvas = torch.where(self.happens(count, 0.06)[:, None, None, None], canvas.mean(1, keepdim=True), canvas)
        soft = F.avg_pool2d(F.pad(canvas, (1, 1, 1, 1), mode="replicate"), 3, 1)
        canvas = torch.where(self.happens(count, 0.12)[:, None, None, None], soft, canvas)
        painted = self.happens(count, 0.05).nonzero()[:, 0]
        if len(painted):
            smooth = F.avg_pool2d(F.pad(canvas[painted], (3, 3, 3, 3), mode="replicate"), 7, 1)
            canvas[painted] = (smooth / 36).round() * 36
        sketched = self.happens(count, 0.03).nonzero()[:, 0]
        if len(sketched):
            grey = canvas[sketched].mean(1, keepdim=True).clamp(0, 255)
            blurred = F.avg_pool2d(F.pad(255 - grey, (5, 5, 5, 5), mode="replicate"), 11, 1)
            canvas[sketched] = (grey * 255 / (256 - blurred)).clamp(0, 255).expand(-1, 3, -1, -1)
        noise = torch.randn(canvas.shape, generator=self.chance, device=self.device)
        canvas = (canvas + noise * (self.happens(count, 0.3).float() * 7)[:, None, None, None]).clamp(0, 255)
        return ((canvas - 127) / 128).contiguous(memory_format=torch.channels_last)
