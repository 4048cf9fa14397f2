"""Gathers the fifty pictures of the card's sheet, all of which may be shown, out of packages that hold them.

    apt-get download lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 gcompris-qt-data     (dpkg -x each into FOLDER)
    pip install scikit-image scikit-learn matplotlib --target FOLDER --no-deps
    python sheet_pictures.py FOLDER [FOLDER ...] PICTURES
    redraw analyze PICTURES --jsonl > said.jsonl
    python sheet.py said.jsonl ../../redraw-encoder/sheet.jpg --columns 7

sheet.tsv names each with its author and licence, as the packages' copyright files do; nothing was taught or calibrated on any of them. They are
saved as JPEG, 1024 pixels on the longer side at most. `archive.rcc!name` is a picture in a resource file of Qt.
"""

import csv
import io
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image


def resource(file, wanted):
    """The bytes of the file of a name in a Qt resource file: a tree of nodes, data and names, each at its offset in the header."""
    whole = file.read_bytes()
    magic, version, tree, data, names = struct.unpack(">4sIIII", whole[:20])
    assert magic == b"qres", file
    size = 14 if version < 2 else 22
    left = [0]
    while left:
        node = tree + left.pop() * size
        name, flags = struct.unpack(">IH", whole[node:node + 6])
        if flags & 2:
            count, first = struct.unpack(">II", whole[node + 6:node + 14])
            left += range(first, first + count)
            continue
        letters = struct.unpack(">H", whole[names + name:names + name + 2])[0]
        if whole[names + name + 6:names + name + 6 + 2 * letters].decode("utf-16-be") == wanted:
            start = data + struct.unpack(">I", whole[node + 10:node + 14])[0]
            length = struct.unpack(">I", whole[start:start + 4])[0]
            found = whole[start + 4:start + 4 + length]
            return zlib.decompress(found[4:]) if flags & 1 else found
    raise FileNotFoundError(f"{file}!{wanted}")


def main():
    *folders, target = map(Path, sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    with open(Path(__file__).with_name("sheet.tsv"), newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t"))
    for number, row in enumerate(rows):
        place, _, name = row["file"].partition("!")
        file = next(folder / place for folder in folders if (folder / place).exists())
        with Image.open(io.BytesIO(resource(file, name)) if name else file) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((1024, 1024), Image.Resampling.LANCZOS)
        picture.save(target / f"{number:02d}-{Path(name or place).stem}.jpg", quality=90)


if __name__ == "__main__":
    main()
