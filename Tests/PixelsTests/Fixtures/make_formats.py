"""GIF and BMP files of every kind that is read, and in formats/expected.json what Pillow decodes from them: python make_formats.py

anim.gif, anim.webp, true.avif and true.heic were made by hand.
"""

import json
import pathlib
import zlib

import numpy as np
from PIL import Image

folder = pathlib.Path(__file__).parent / "formats"
random = np.random.default_rng(7)
expected = {}
y, x = np.mgrid[0:23, 0:37]
colours = np.stack([x * 6, y * 10, (x * y) % 256], -1).astype(np.uint8)
picture = Image.fromarray(colours)


def keep(name, mode):
    image = Image.open(folder / name)
    pixels = image.convert(mode).tobytes()
    expected[name] = {
        "width": image.width, "height": image.height, "channels": len(mode.replace("L", "1")),
        "digest": f"{zlib.crc32(pixels):08x}{zlib.adler32(pixels):08x}"}


picture.quantize(200).save(folder / "interlaced.gif", interlace=1)
picture.quantize(13).save(folder / "rows.gif", interlace=0)
Image.fromarray(random.integers(0, 256, (60, 200)).astype(np.uint8)).save(folder / "noise.gif")
picture.convert("1").convert("P").save(folder / "two-colours.gif")
palette = picture.quantize(30)
palette.info["transparency"] = 3
palette.save(folder / "transparent.gif", transparency=3)
for name in ("interlaced", "rows", "noise", "two-colours"):
    keep(f"{name}.gif", "RGB")

picture.save(folder / "rgb.bmp")
picture.quantize(200).save(folder / "palette.bmp")
picture.convert("L").save(folder / "grey.bmp")
picture.convert("1").save(folder / "one-bit.bmp")
picture.convert("RGBA").save(folder / "four-bytes.bmp")
for name in ("rgb", "palette", "grey", "one-bit", "four-bytes"):
    keep(f"{name}.bmp", "RGB")
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
