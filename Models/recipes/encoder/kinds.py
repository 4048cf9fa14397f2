"""Pictures that show how they were made (pixel art, renders, line drawings, anime), as pooled features: what seen_kinds.py learns from.

    python kinds.py DATA CACHE MODEL PACKAGES [--seed 5]

PACKAGES holds Debian's packages, each unpacked into a folder of its name (`apt-get download`, `dpkg -x`; archives within them, .pk3 and .zip, unzipped
too): povray-examples, lincity-ng-data, unknown-horizons, minetest-data, ardentryst, lordsawar-data, renpy-demo, openclipart-png and pysiogame to
teach, and the games of `games`; neverball-data, wesnoth-1.16-data, tuxpaint-data and renpy-thequestion for the report alone. Photographs in looks
of ours stand beside them; photographs as they are maps.py has seen. CACHE/kinds.npz gets the features, the kind, the source and whether the picture
teaches or is reported on.
"""

import argparse
import io
import re
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import features
import looks
import towers

MOST = {
    "small photo": 160, "painted": 100, "louvre": 100, "cartooned": 130, "pencilled": 70, "pixelated": 280, "lined": 230, "clean": 300, "ware": 70,
}


def rng_choice(rng, items, most):
    items = sorted(items)
    return [items[int(index)] for index in rng.permutation(len(items))[:most]]


def opened(path, mode="RGB", most=640):
    with Image.open(path) as image:
        image.draft("RGB", (most, most))
        image = image.convert(mode)
    if max(image.size) > most:
        image.thumbnail((most, most), Image.Resampling.BICUBIC)
    return image


def pixelated(image, rng):
    """A picture in few large pixels of few colours."""
    across = int(rng.choice([24, 32, 40, 48, 64, 80, 96]))
    down = max(8, round(across * image.height / image.width))
    method = Image.Resampling.BOX if rng.random() < 0.7 else Image.Resampling.NEAREST
    small = image.resize((across, down), method)
    if rng.random() < 0.8:
        dither = Image.Dither.FLOYDSTEINBERG if rng.random() < 0.3 else Image.Dither.NONE
        small = small.quantize(int(rng.choice([8, 12, 16, 24, 32, 64])), method=Image.Quantize.MEDIANCUT, dither=dither).convert("RGB")
    times = max(2, round(rng.uniform(320, 640) / across))
    return small.resize((across * times, down * times), Image.Resampling.NEAREST)


def backdrop(rng, size):
    """White, a flat or a graded colour."""
    one = np.full(3, 255) if rng.random() < 0.4 else rng.integers(20, 256, 3)
    two = one if rng.random() < 0.6 else rng.integers(20, 256, 3)
    ramp = np.linspace(0, 1, size[1])[:, None, None]
    return Image.fromarray(np.broadcast_to(one * (1 - ramp) + two * ramp, (size[1], size[0], 3)).astype(np.uint8))


def sprites(paths, rng, ground=(), most=6):
    """A few sprites before a ground of tiles or a colour, on a grid of few pixels, each pixel shown large."""
    across, down = int(rng.choice([48, 64, 80, 96, 128])), int(rng.choice([48, 64, 80, 96]))
    scene = backdrop(rng, (across, down))
    if len(ground) and rng.random() < 0.6:
        tile = opened(ground[rng.integers(len(ground))], "RGBA", 64)
        for left in range(0, across, tile.width):
            for top in range(0, down, tile.height):
                scene.paste(tile, (left, top), tile)
    for _ in range(int(rng.integers(1, most))):
        sprite = opened(paths[rng.integers(len(paths))], "RGBA", 4096)
        if max(sprite.size) > 96 or not sprite.getbbox():
            continue
        left, top = rng.integers(-4, max(across - sprite.width + 4, 0)), rng.integers(-4, max(down - sprite.height + 4, 0))
        scene.paste(sprite, (int(left), int(top)), sprite)
    times = max(2, round(rng.uniform(320, 640) / across))
    return scene.resize((across * times, down * times), Image.Resampling.NEAREST)


def one_sprite(path, rng):
    sprite = opened(path, "RGBA", 4096)
    sprite = sprite.crop(sprite.getbbox())
    side = int(max(sprite.size) * rng.uniform(1.05, 1.5)) + 1
    scene = backdrop(rng, (side, side))
    scene.paste(sprite, ((side - sprite.width) // 2, (side - sprite.height) // 2), sprite)
    times = max(2, round(rng.uniform(320, 640) / side))
    return scene.resize((side * times, side * times), Image.Resampling.NEAREST)


def on_backdrop(path, rng, ground=(), fill=(0.5, 0.95)):
    """A cut-out before a colour, or before a picture."""
    figure = opened(path, "RGBA", 900)
    figure = figure.crop(figure.getbbox())
    size = (int(rng.integers(360, 560)), int(rng.integers(360, 560)))
    if len(ground) and rng.random() < 0.6:
        scene = opened(ground[rng.integers(len(ground))]).resize(size, Image.Resampling.BICUBIC)
    else:
        scene = backdrop(rng, size)
    share = rng.uniform(*fill) * min(size[0] / figure.width, size[1] / figure.height)
    figure = figure.resize((max(8, round(figure.width * share)), max(8, round(figure.height * share))), Image.Resampling.BICUBIC)
    room = size[0] - figure.width
    left, below = int(rng.uniform(min(0, room), max(0, room))), size[1] - figure.height
    scene.paste(figure, (left, below if rng.random() < 0.5 else below // 2), figure)
    return scene


def is_outline(image):
    """Whether a drawing is black lines on white."""
    small = np.asarray(image.convert("RGB").resize((96, 96), Image.Resampling.BOX), np.float32) / 255
    grey = small.mean(2)
    return (small.max(2) - small.min(2)).mean() < 0.02 and 0.6 < (grey > 0.85).mean() < 0.985 and (grey < 0.25).mean() < 0.12


def is_coloured(image):
    small = np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX), np.float32) / 255
    return (small.max(2) - small.min(2)).mean() > 0.06


def on_white(image):
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def pictures(data, packages, rng):
    """Yields (picture, kind, source, whether it teaches)."""
    find = lambda package, pattern: sorted(path for path in (packages / package).rglob(pattern) if path.is_file())  # noqa: E731
    photographed = ("flickr-train", "imagenet-one-per-class", "rooms", "street-fashion", "things-and-places")
    photographs = [path for name in photographed for path in features.training_paths(name, data)]
    take = lambda name, paths=photographs: [opened(path) for path in rng_choice(rng, paths, MOST[name])]  # noqa: E731

    def small(image):
        image = image.copy()
        image.thumbnail((160, 160), Image.Resampling.BICUBIC)
        return image

    for image in take("small photo"):
        yield small(image), "", "small photo", True
    # Things before white, in the light of a studio: what a render is most easily taken for. Some of Caltech's are drawings.
    for image in take("clean", features.training_paths("caltech101", data)):
        yield image, "open", "caltech101", True
    for name in ("clothes", "groceries"):
        for image in take("ware", features.training_paths(name, data)):
            yield image, "", name, True
    for image in take("painted"):
        yield looks.painting(image, rng), "", "painted look", True
    for image in take("louvre", features.training_paths("paintings", data)):
        yield image, "", "paintings", True
    for image in take("cartooned"):
        yield looks.cartoon(image, rng), "", "cartoon look", True
    for image in take("pencilled"):
        yield looks.pencil(image, rng), "pencil", "pencil look", True
    for image in take("pixelated"):
        yield pixelated(image, rng), "pixel art", "pixelated photo", True
    for image in take("lined"):
        yield (looks.line_drawing if rng.random() < 0.5 else looks.contours)(image, rng), "line art", "line look", True

    # Renders
    previews = find("povray-examples", "previews/**/*.jpg")
    scenes = [path for path in find("povray-examples", "templates/**/*.jpg") if "Textures_Materials" not in str(path) and "Colors" not in str(path)]
    rendered = rng_choice(rng, set(previews), 170) + rng_choice(rng, set(scenes), 190)
    for path in rendered:
        yield opened(path), "3d render", "povray", True
    for path in rng_choice(rng, find("lincity-ng-data", "tiles/*.png"), 130):
        image = opened(path, "RGBA")
        if image.getbbox() and min(image.size) >= 60:
            yield on_backdrop(path, rng), "3d render", "lincity", True
    for path in rng_choice(rng, rendered, 40):
        yield pixelated(opened(path), rng), "pixel art", "pixelated render", True

    # Drawings
    outlines, coloured = [], []
    for path in rng_choice(rng, find("openclipart-png", "*.png"), 1500):
        with Image.open(path) as image:
            if image.width * image.height > features.OPENCLIPART_PIXELS / 4 or min(image.size) < 60:
                continue
        image = on_white(opened(path, "RGBA", 480))
        if is_outline(image):
            outlines.append(image)
        elif is_coloured(image):
            coloured.append(image)
    for image in outlines[:130]:
        yield image, "line art", "openclipart outlines", True
    for image in coloured[:180]:
        yield image, "", "openclipart", True
    for image in coloured[180:250]:
        yield pixelated(image, rng), "pixel art", "pixelated clip art", True
    art4apps = find("pysiogame", "art4apps/**/*.*g")
    for path in rng_choice(rng, art4apps, 70):
        yield on_white(opened(path, "RGBA")), "", "art4apps", True

    # Sprites
    minetest = find("minetest-data", "textures/*.png")
    grounds = r"default_(dirt|grass|stone|sand|wood|brick|cobble|snow|clay|ice|water|tree|gravel|obsidian)[a-z_]*\.png"
    ground = [path for path in minetest if re.search(grounds, path.name)]
    items = [path for path in minetest if Image.open(path).size == (16, 16)]
    for _ in range(75):
        yield sprites(items, rng, ground, 9), "pixel art", "minetest", True
    ardentryst = [path for path in find("ardentryst", "*.png") if 14 <= max(Image.open(path).size) <= 96]
    tiles = [path for path in ardentryst if "tiles" in path.parts]
    for _ in range(75):
        yield sprites(ardentryst, rng, tiles), "pixel art", "ardentryst", True
    lords = [path for path in find("lordsawar-data", "*.png") if 16 <= max(Image.open(path).size) <= 96]
    for path in rng_choice(rng, lords, 30):
        if opened(path, "RGBA").getbbox():
            yield one_sprite(path, rng), "pixel art", "lordsawar", True

    # Anime
    rooms = [path for path in photographs if path.parent.name in ("rooms", "street-fashion")]
    painted = find("renpy-demo", "game/images/bg *.*") + find("renpy-demo", "concert?.png")
    for path in [path for path in find("renpy-demo", "images/*.png") if path.name.startswith(("eileen", "lucy"))] * 9:
        yield on_backdrop(path, rng, painted if rng.random() < 0.5 else rooms, (0.7, 1.6)), "anime", "renpy-demo", True
    for path in painted:
        if "concert" in path.name:
            for _ in range(2):
                yield opened(path), "anime", "renpy-demo", True

    # For the report alone
    shots = [path for path in find("neverball-data", "shot-*/*.jpg") + find("neverball-data", "shot-*/*.png")]
    for path in rng_choice(rng, shots, 70):
        yield opened(path), "3d render", "neverball", False
    buildings = [path for path in find("unknown-horizons", "*.png") if "gfx/buildings" in str(path) or "gfx/units" in str(path)]
    tried = 0
    for path in rng_choice(rng, buildings, 300):
        image = opened(path, "RGBA")
        if image.getbbox() and min(image.size) >= 90 and tried < 60:
            tried += 1
            yield on_backdrop(path, rng), "3d render", "unknown-horizons", True
    for path in rng_choice(rng, find("wesnoth-1.16-data", "units/**/*.png"), 80):
        if opened(path, "RGBA", 4096).getbbox():
            yield one_sprite(path, rng), "pixel art", "wesnoth units", False
    for path in rng_choice(rng, find("wesnoth-1.16-data", "portraits/**/*.png"), 60):
        yield on_backdrop(path, rng), "", "wesnoth portraits", False
    for path in find("tuxpaint-data", "starters/*.png")[:60]:
        image = on_white(opened(path, "RGBA"))
        yield image, "line art" if is_outline(image) else "", "tuxpaint", False
    for path in [path for path in find("renpy-thequestion", "images/*.png") if path.name.startswith("sylvie")] * 4:
        yield on_backdrop(path, rng, find("renpy-thequestion", "images/bg *.jpg"), (0.7, 1.6)), "anime", "renpy-thequestion", False
    for path, row in features.rows_of("ai-pictures-eval", data, data):
        yield opened(path), "", "ai-pictures-eval", False


# What `games` yields: of kinds other than renders it says nothing.
GAMES = {
    "openarena", "cube2", "nexuiz", "supertuxkart", "trigger-rally", "etr", "warzone", "neverputt", "mandelbulber", "freeorion", "freecol", "assimp",
    "flare portraits", "freecol portraits", "stk icons", "caltech101 more", "clothes more", "groceries more",
}


def games(data, packages, rng):
    """Views and models of games drawn in three dimensions, and what is none: drawn people and animals, and things before white."""

    def find(package, pattern):
        folder = packages / package
        return [path for path in sorted(folder.rglob("*")) if re.search(pattern, str(path.relative_to(folder))) and path.is_file()]

    def wide(image):
        """Views of levels are kept as squares and shown wide."""
        return image.resize((image.width * 4 // 3, image.height)) if image.width == image.height else image

    arenas = [path for name in ("081-maps", "085-data", "088-data") for path in find(f"openarena-{name}", "levelshots/.*[.](jpg|tga)$")]
    views = {
        "openarena": [path for path in arenas if "_small" not in path.name],
        "cube2": [path for path in find("cube2-data", "packages/base/.*jpg$") if not path.stem.startswith("zoom")],
        "nexuiz": [path for path in find("nexuiz-data", "/maps/[^/]*[.](jpg|tga)$") if "mini" not in path.name],
        "supertuxkart": find("supertuxkart-data", "tracks/.*screenshot.*[.](jpg|png)$|soccer_field_scr"),
        "trigger-rally": find("trigger-rally-data", r"/ss\.jpg$"),
        "etr": find("extremetuxracer-data", "courses/.*preview"),
        "warzone": find("warzone2100-data", "bdrops/.*[.](jpg|png)$"),
        "neverputt": find("neverputt-data", "shot.*[.](jpg|png)$"),
        "assimp": find("assimp-testmodels", "(teapots|Collada_Sample).*[.](jpg|png)$"),
    }
    for name, paths in views.items():
        for path in rng_choice(rng, paths, 90 if name == "openarena" else 60):
            yield wide(opened(path)) if name not in ("etr", "neverputt", "assimp") else opened(path), "3d render", name, True
    models = {
        "mandelbulber": (find("mandelbulber2-data", "formula/img/.*[.](jpg|png)$"), 70),
        "freeorion": (find("freeorion-data", "art/hulls_design/.*png$"), 60),
        "freecol": (find("freecol", "images/settlements/.*png$"), 60),
    }
    drawn = {
        "flare portraits": (find("flare-game", "portraits/.*png$"), 40),
        "stk icons": (find("supertuxkart-data", "karts/.*icon.*png$"), 30),
    }
    for some, kind in ((models, "3d render"), (drawn, "")):
        for name, (paths, most) in some.items():
            for path in rng_choice(rng, paths, most):
                image = opened(path, "RGBA")
                if image.getbbox() and min(image.size) >= 70:
                    yield on_backdrop(path, rng), kind, name, True
    for path in rng_choice(rng, find("freecol", "images/foundingFathers/.*[.](jpg|png)$"), 40):
        yield on_white(opened(path, "RGBA")), "", "freecol portraits", True
    for name, most in (("caltech101", 900), ("clothes", 200), ("groceries", 200)):
        for path in rng_choice(rng, features.training_paths(name, data), most):
            yield opened(path), "open" if name == "caltech101" else "", f"{name} more", True


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tower = towers.ImageTower(towers.read(options.model / "image.safetensors"))
    begun, waiting, rows = time.time(), [], []

    def looked_at():
        if waiting:
            pooled, logits = tower(torch.stack([prepared for prepared, *_ in waiting]))
            rows.extend((row, scores, *said) for row, scores, (_, *said) in zip(pooled.numpy(), logits.numpy().astype(np.float16), waiting))
            waiting.clear()

    for part, seed in ((pictures, options.seed), (games, [options.seed, 1])):
        rng = np.random.default_rng(seed)
        for image, kind, source, teaches in part(options.data, options.packages, rng):
            # Every source is saved as pictures are: so that no kind is told by how it was compressed.
            if rng.random() < 0.6:
                file = io.BytesIO()
                image.save(file, "JPEG", quality=int(rng.integers(60, 97)))
                image = Image.open(file).convert("RGB")
            waiting.append((towers.prepare(image), kind, source, teaches))
            if len(waiting) == 8:
                looked_at()
            if len(rows) % 400 == 0 and not waiting:
                print(len(rows), source, round(time.time() - begun), "s", flush=True)
        looked_at()
    pooled, logits, kinds, sources, teaching = zip(*rows)
    np.savez(
        options.cache / "kinds.npz", pooled=np.stack(pooled), logits=np.stack(logits), kind=np.array(kinds), source=np.array(sources),
        teaches=np.array(teaching))


if __name__ == "__main__":
    main()
