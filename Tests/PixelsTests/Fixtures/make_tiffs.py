"""TIFF files of the kinds that are read, and in formats/expected-tiff.json what Pillow decodes from them: python make_tiffs.py"""

import json
import pathlib
import zlib

import numpy as np
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import ImageFileDirectory_v2

folder = pathlib.Path(__file__).parent / "formats"
expected = {}
y, x = np.mgrid[0:23, 0:37]
colours = np.stack([x * 6, y * 10, (x * y) % 256], -1).astype(np.uint8)
picture = Image.fromarray(colours)


def keep(name):
    image = ImageOps.exif_transpose(Image.open(folder / name)).convert("RGB")
    pixels = image.tobytes()
    expected[name] = {
        "width": image.width, "height": image.height, "digest": f"{zlib.crc32(pixels):08x}{zlib.adler32(pixels):08x}"}


def directory(**entries):
    result = ImageFileDirectory_v2()
    for tag, value in entries.items():
        result[int(tag[1:])] = value
    return result


picture.save(folder / "lzw.tif", compression="tiff_lzw")
picture.save(folder / "packed.tif", compression="packbits")
picture.convert("L").save(folder / "grey.tif", compression="tiff_adobe_deflate")
picture.quantize(60).save(folder / "palette.tif")
picture.convert("1").save(folder / "fax.tif", compression="group4")
picture.save(folder / "turned.tif", tiffinfo=directory(_274=6, _270="a picture of numbers", _305="a script"))
picture.save(folder / "pages.tif", save_all=True, append_images=[picture.convert("L"), picture.convert("L")])
for name in ("lzw", "packed", "grey", "palette", "fax", "turned", "pages"):
    keep(f"{name}.tif")
alpha = np.concatenate([colours, (x * 255 // 36).astype(np.uint8)[..., None]], -1)
Image.fromarray(alpha).save(folder / "transparent.tif", compression="tiff_lzw")
(folder / "expected-tiff.json").write_text(json.dumps(expected, indent=1) + "\n")
