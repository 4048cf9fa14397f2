"""pictures.py FOLDER COUNT: makes so many small PNG pictures below a folder, each different and always the same. Needs nothing but Python."""

import os
import random
import struct
import sys
import zlib


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(number: int, width: int = 192, height: int = 144) -> bytes:
    """Two colours that run into each other, with some rectangles on them."""
    draw = random.Random(number)
    first, second = ([draw.randrange(256) for _ in range(3)] for _ in range(2))
    rows = []
    for y in range(height):
        share = y / (height - 1)
        rows.append(bytearray(bytes(round(a + (b - a) * share) for a, b in zip(first, second)) * width))
    for _ in range(draw.randrange(1, 6)):
        left, top = draw.randrange(width - 8), draw.randrange(height - 8)
        right, bottom = draw.randrange(left + 8, width + 1), draw.randrange(top + 8, height + 1)
        colour = bytes(draw.randrange(256) for _ in range(3))
        for row in rows[top:bottom]:
            row[3 * left : 3 * right] = colour * (right - left)
    data = b"".join(b"\0" + bytes(row) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 6)) + chunk(b"IEND", b"")


def main() -> None:
    folder, count = sys.argv[1], int(sys.argv[2])
    for number in range(count):
        place = os.path.join(folder, f"roll-{number // 100:03}")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, f"picture-{number:05}.png"), "wb") as file:
            file.write(picture(number))


if __name__ == "__main__":
    main()
