"""Pictures and what analyze says of each, as one picture to look at.

    redraw analyze FOLDER --jsonl > said.jsonl
    python sheet.py said.jsonl sheet.jpg [--columns 5] [--least 0.19] [--numbered]

Of each picture: its subjects, actions and settings with the confidence that is shown, those of 50 % and more in black; what is said of its framing;
and its prompt. Rows are as high as their longest text.
"""

import argparse
import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, MARGIN, LINE = 300, 200, 8, 13
TOLD = ("subject", "action", "setting")
FRAMING = ("close-up", "portrait framing", "upper body", "full body")


def wrapped(pieces, font, width):
    """Pieces of text with their colours, joined by commas, as lines of pieces."""
    lines, used = [[]], 0
    for text, colour in pieces:
        length = font.getlength(text + "  ")
        if used + length > width and lines[-1]:
            lines.append([])
            used = 0
        lines[-1].append((used, text, colour))
        used += length
    return lines


def said_of(report, least, font):
    tags = [tag for tag in report["suggestions"] if tag["facet"] in TOLD and tag["confidence"] >= least]
    tags += [tag for tag in report["suggestions"] if tag["tag"] in FRAMING]
    pieces = [(f"{tag['tag']} {tag['confidence']:.0%}", "black" if tag["confidence"] >= 0.5 else "#888888") for tag in tags]
    prompt = [(word, "#1a4fa0") for word in report["prompt"]["positive"].split()]
    lines = wrapped(pieces, font, WIDTH - 2 * MARGIN)
    words, row = [], ""
    for word, _ in prompt:
        if font.getlength(f"{row} {word}") > WIDTH - 2 * MARGIN:
            words.append(row)
            row = word
        else:
            row = f"{row} {word}".strip()
    return lines + [[(0, row, "#1a4fa0")] for row in words + [row]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("said", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--least", type=float, default=0.19)
    parser.add_argument("--numbered", action="store_true")
    parser.add_argument("--quality", type=int, default=72)
    options = parser.parse_args()
    reports = [json.loads(line) for line in options.said.read_text().splitlines() if line.strip()]
    font = ImageFont.load_default(12)
    texts = [said_of(report, options.least, font) for report in reports]
    rows = [range(start, min(start + options.columns, len(reports))) for start in range(0, len(reports), options.columns)]
    heights = [HEIGHT + 2 * MARGIN + LINE * (max(len(texts[index]) for index in row) + 1) for row in rows]
    sheet = Image.new("RGB", (options.columns * WIDTH, sum(heights)), "white")
    draw = ImageDraw.Draw(sheet)
    top = 0
    for row, height in zip(rows, heights):
        for column, index in enumerate(row):
            left = column * WIDTH + MARGIN
            with Image.open(reports[index]["picture"]["path"]) as opened:
                picture = opened.convert("RGB")
            picture.thumbnail((WIDTH - 2 * MARGIN, HEIGHT), Image.Resampling.LANCZOS)
            sheet.paste(picture, (left, top + MARGIN))
            if options.numbered:
                draw.text((left + 2, top + MARGIN + 2), f"{index}", fill="white", stroke_fill="black", stroke_width=2, font=font)
            for number, line in enumerate(texts[index]):
                for offset, text, colour in line:
                    draw.text((left + offset, top + MARGIN + HEIGHT + 4 + number * LINE), text, fill=colour, font=font)
        top += height
    sheet.save(options.sheet, quality=options.quality, optimize=True)


if __name__ == "__main__":
    main()
