"""Makes the fixtures of PixelsTests with Pillow and numpy: python make_fixtures.py

Writes small picture files and, in expected.json, what Pillow decodes from them and what Image.resize makes of them, as checksums
(CRC-32 and Adler-32) of the raw bytes. The pictures are drawn here, from arithmetic and a seeded generator, so nothing is fetched and nothing needs a licence.
"""

import io
import json
import pathlib
import struct
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps, PngImagePlugin

folder = pathlib.Path(__file__).parent
random = np.random.default_rng(20240607)
expected = {"pillow": PIL.__version__, "decode": {}, "resize": [], "grey": {}, "paste": {}, "scaled": []}


def drawn(width, height, channels):
    """A smooth colourful picture with edges and some noise: what both resampling and lossy coding have to work for."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = []
    for c in range(channels):
        wave = 128 + 90 * np.sin(x / (5 + c) + c) * np.cos(y / (7 - c % 3) - c)
        wave[(x - width / 2) ** 2 + (y - height / 3) ** 2 < (min(width, height) / 4) ** 2] += 60 - 30 * c
        planes.append(wave + random.normal(0, 6, wave.shape))
    data = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return data[..., 0] if channels == 1 else data


def digest(data):
    return f"{zlib.crc32(data):08x}{zlib.adler32(data):08x}"


def expect(name, image, **more):
    """Records what decoding the file must give."""
    expected["decode"][name] = {
        "width": image.width, "height": image.height, "channels": len(image.getbands()), "digest": digest(image.tobytes()), **more}


def as_ours(image):
    """Pillow's picture in the modes that Redraw has: L, RGB or RGBA."""
    if image.mode in ("L", "RGB", "RGBA"):
        return image.convert("RGBA") if "transparency" in image.info else image
    if image.mode == "1":
        return image.convert("L")
    if image.mode == "LA":
        return image.convert("RGBA")
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode == "CMYK":
        return image.convert("RGB")
    if image.mode.startswith("I;16"):
        # Pillow keeps 16-bit grey; Redraw keeps its high byte, as Pillow does with every other 16-bit mode.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8), "L")
    raise ValueError(image.mode)


def save(name, image, **options):
    image.save(folder / name, **options)
    record(name)


def record(name):
    with Image.open(folder / name) as image:
        image.load()
        expect(name, as_ours(ImageOps.exif_transpose(image)))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, depth, colour, rows, extra=(), interlace=0):
    """A PNG from already packed rows, for what Pillow does not write."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    data = zlib.compress(rows, 9)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(k, c) for k, c in extra) + chunk(b"IDAT", data)
            + chunk(b"IEND", b""))


def packed(data, depth):
    """Rows of samples, each row with filter byte 0, big-endian 16-bit or packed bits."""
    rows = []
    for row in data.reshape(data.shape[0], -1):
        if depth == 16:
            rows.append(b"\0" + row.astype(">u2").tobytes())
        else:
            bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth:].reshape(-1)
            rows.append(b"\0" + np.packbits(bits).tobytes())
    return b"".join(rows)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def interlaced(data, depth):
    return b"".join(packed(data[y::dy, x::dx], depth) for x, y, dx, dy in ADAM7 if data[y::dy, x::dx].size)


def write(name, content):
    (folder / name).write_bytes(content)
    record(name)


# PNG: every colour type and depth.
save("grey.png", Image.fromarray(drawn(23, 17, 1)))
save("rgb.png", Image.fromarray(drawn(61, 43, 3)))
save("rgba.png", Image.fromarray(drawn(37, 29, 4)))
save("grey-alpha.png", Image.fromarray(drawn(19, 21, 2), "LA"))
for depth in (1, 2, 4):
    data = drawn(21, 13, 1) >> (8 - depth)
    write(f"grey-{depth}bit.png", png(21, 13, depth, 0, packed(data, depth)))
    palette = random.integers(0, 256, 3 * 2**depth, dtype=np.uint8).tobytes()
    write(f"palette-{depth}bit.png", png(21, 13, depth, 3, packed(data, depth), [(b"PLTE", palette)]))
palette = random.integers(0, 256, 3 * 256, dtype=np.uint8).tobytes()
indices = drawn(33, 27, 1)
write("palette.png", png(33, 27, 8, 3, packed(indices, 8), [(b"PLTE", palette)]))
alphas = random.integers(0, 256, 200, dtype=np.uint8).tobytes()
write("palette-transparent.png", png(33, 27, 8, 3, packed(indices, 8), [(b"PLTE", palette), (b"tRNS", alphas)]))
write("grey-transparent.png", png(33, 27, 8, 0, packed(indices, 8), [(b"tRNS", struct.pack(">H", int(indices[5, 5])))]))
colours = drawn(15, 14, 3)
key = [int(v) for v in colours[3, 4]]
write("rgb-transparent.png", png(15, 14, 8, 2, packed(colours, 8), [(b"tRNS", struct.pack(">3H", *key))]))
for colour, channels, name in ((0, 1, "grey"), (2, 3, "rgb"), (4, 2, "grey-alpha"), (6, 4, "rgba")):
    data = random.integers(0, 65536, (11, 14, channels), dtype=np.uint16)
    write(f"{name}-16bit.png", png(14, 11, 16, colour, packed(data, 16)))
write("rgb-gamma.png", png(15, 14, 8, 2, packed(colours, 8), [(b"gAMA", struct.pack(">I", 100000))]))
data = drawn(19, 13, 3)
write("rgb-interlaced.png", png(19, 13, 8, 2, interlaced(data, 8), interlace=1))
write("grey-interlaced.png", png(3, 2, 8, 0, interlaced(drawn(3, 2, 1), 8), interlace=1))
write("palette-4bit-interlaced.png", png(21, 13, 4, 3, interlaced(drawn(21, 13, 1) >> 4, 4), [(b"PLTE", palette[:48])], interlace=1))
save("one-pixel.png", Image.fromarray(drawn(1, 1, 3)))

# PNG text, before and after the pixels.
text = PngImagePlugin.PngInfo()
text.add_text("parameters", "a red barn, snow\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a")
text.add_text("Title", "Blüte £", zip=True)
text.add_itxt("Description", "雪 and Ελλάδα", "en", "Description")
text.add_itxt("Long", "long " * 200 + "雪", zip=True)
text.add(b"tEXt", b"Comment\0written after the pixels", after_idat=True)
Image.fromarray(drawn(9, 8, 3)).save(folder / "text.png", pnginfo=text)
record("text.png")
expected["text"] = {
    "parameters": "a red barn, snow\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a", "Title": "Blüte £",
    "Description": "雪 and Ελλάδα", "Long": "long " * 200 + "雪", "Comment": "written after the pixels"}

# JPEG: grey, each chroma sampling, progressive, restart markers, CMYK as Adobe and others store it.
photo = Image.fromarray(drawn(83, 59, 3))
save("rgb-420.jpg", photo, quality=85, subsampling="4:2:0")
save("rgb-422.jpg", photo, quality=85, subsampling="4:2:2")
save("rgb-444.jpg", photo, quality=85, subsampling="4:4:4")
save("progressive.jpg", photo, quality=70, progressive=True)
save("progressive-444.jpg", photo, quality=70, progressive=True, subsampling="4:4:4")
save("progressive-restarts.jpg", photo, quality=70, progressive=True, restart_marker_blocks=3)
save("progressive-grey.jpg", photo.convert("L"), quality=80, progressive=True)
save("progressive-rgb.jpg", photo, quality=85, progressive=True, keep_rgb=True)
save("restarts.jpg", photo, quality=70, restart_marker_blocks=2)
save("grey.jpg", photo.convert("L"), quality=80)
save("cmyk.jpg", Image.fromarray(drawn(41, 33, 4), "CMYK"), quality=90)
save("keep-rgb.jpg", photo, quality=85, keep_rgb=True)
cmyk = (folder / "cmyk.jpg").read_bytes()
adobe = cmyk.index(b"Adobe")
write("ycck.jpg", cmyk[:adobe + 11] + b"\x02" + cmyk[adobe + 12:])
noise = io.BytesIO()
photo.save(noise, "JPEG", quality=85)
noise = noise.getvalue()
# Five bytes of padding between two segments: libjpeg warns of them, and they do no harm.
where = noise.index(b"\xff\xdb")
write("padded-markers.jpg", noise[:where] + b"\0\0\0\0\0" + noise[where:])

# Decoding at a half, a quarter and an eighth: Pillow's draft mode is the same libjpeg scaling.
large = Image.fromarray(drawn(401, 300, 3))
save("large.jpg", large, quality=75)
for short_side, divisor in ((70, 2), (37, 4), (18, 8)):
    with Image.open(folder / "large.jpg") as image:
        image.draft("RGB", (401 // divisor, 300 // divisor))
        image.load()
        expected["scaled"].append([short_side, image.width, image.height, digest(image.tobytes())])

# Orientation, and comments in EXIF.
arrow = Image.fromarray(drawn(24, 16, 3))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    if orientation == 6:
        exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "a red barn, 雪".encode("utf-16-be")
    if orientation == 8:
        exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0a red barn"
    save(f"orientation-{orientation}.jpg", arrow, quality=90, exif=exif)
exif = Image.Exif()
exif[0x0112] = 6
save("orientation-6.png", arrow, exif=exif)
save("orientation-6.webp", arrow, lossless=True, exif=exif)
arrow.save(folder / "upright.png")
record("upright.png")

# WebP.
save("lossy.webp", photo, quality=80)
save("lossless.webp", photo, lossless=True)
save("lossy-alpha.webp", Image.fromarray(drawn(45, 38, 4)), quality=80)
save("lossless-alpha.webp", Image.fromarray(drawn(45, 38, 4)), lossless=True, exact=True)
frames = [Image.fromarray(drawn(12, 10, 3)) for _ in range(2)]
frames[0].save(folder / "animated.webp", save_all=True, append_images=frames[1:], lossless=True)

# Resizing. The inputs are bytes of a generator that the test repeats, so only digests are stored.
FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4}


def pattern(width, height, channels, seed):
    """Bytes of a 32-bit linear congruential generator (Numerical Recipes' constants), high byte of each state."""
    count = width * height * channels
    state = seed
    out = bytearray(count)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = state >> 24
    return bytes(out)


MODES = {1: "L", 3: "RGB", 4: "RGBA"}
SIZES = [
    ((17, 13), (5, 4)), ((17, 13), (40, 31)), ((17, 13), (17, 5)), ((17, 13), (6, 13)), ((17, 13), (33, 13)), ((1, 1), (7, 5)),
    ((1, 19), (4, 6)), ((19, 1), (6, 4)), ((64, 48), (1, 1)), ((64, 48), (1, 37)), ((64, 48), (37, 1)), ((101, 67), (50, 33)),
    ((101, 67), (100, 68)), ((31, 200), (224, 11)), ((2, 2), (3, 3)), ((3, 2), (2, 3)), ((255, 3), (7, 100)), ((97, 89), (13, 88)),
    ((40, 130), (30, 20)), ((40, 90), (40, 20)), ((40, 90), (30, 69)), ((40, 90), (30, 70)), ((40, 90), (90, 89)), ((40, 90), (41, 91))]
seed = 1
for (source, target) in SIZES:
    for channels, mode in MODES.items():
        image = Image.frombytes(mode, source, pattern(*source, channels, seed))
        for name, method in FILTERS.items():
            result = image.resize(target, method)
            expected["resize"].append([*source, channels, seed, *target, name, digest(result.tobytes())])
        seed += 1

# A few larger ones, where sums of weights, threads and the rows in use can go wrong.
for (source, target) in [((1000, 750), (347, 260)), ((750, 1000), (260, 347)), ((640, 480), (224, 224)), ((300, 200), (1024, 683))]:
    image = Image.frombytes("RGB", source, pattern(*source, 3, seed))
    for name, method in FILTERS.items():
        expected["resize"].append([*source, 3, seed, *target, name, digest(image.resize(target, method).tobytes())])
    seed += 1

for channels in (3, 4):
    image = Image.frombytes(MODES[channels], (64, 64), pattern(64, 64, channels, 900 + channels))
    expected["grey"][str(channels)] = digest(image.convert("L").tobytes())
base, over = (Image.frombytes("RGB", (40, 30), pattern(40, 30, 3, s)) for s in (911, 912))
mask = Image.frombytes("L", (40, 30), pattern(40, 30, 1, 913))
expected["paste"]["blend"] = digest(Image.composite(over, base, mask).tobytes())
rgba = Image.frombytes("RGBA", (40, 30), pattern(40, 30, 4, 914))
white = Image.new("RGB", (40, 30), (255, 255, 255))
white.paste(rgba, mask=rgba.getchannel("A"))
expected["paste"]["white"] = digest(white.tobytes())

with open(folder / "expected.json", "w") as file:
    json.dump(expected, file, ensure_ascii=False, indent=0, sort_keys=True)
    file.write("\n")
