"""How often it is right what the program says of how things stand to each other.

    redraw analyze DATA/flickr-train DATA/coco128-eval --jsonl > ANALYSES
    python relations.py ANALYSES [--sheet FILE]

judged_relations.tsv has a row for each pair of things that was looked at: its set and file, the relation, and whether a person found it right:
both things are there, and stand so. `--sheet` draws what is said and not yet judged.
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

from PIL import Image, ImageDraw

CELL, COLUMNS, LINE = 300, 5, 18


def said(path):
    """(place, relation, picture, boxes) of every relation that a prompt has."""
    for line in Path(path).read_text().splitlines():
        report = json.loads(line)
        picture = Path(report["picture"]["path"])
        for relation in (report["prompt"]["composition"] or {}).get("relations") or []:
            words = f"{relation['preposition']} a {relation['support']}", f"{relation['preposition']} an {relation['support']}"
            described = [s["described"] or "" for s in report["suggestions"] if s["tag"] == relation["support"]]
            ends = (*words, *(f" {text}" for text in described if text))
            if any(end in report["prompt"]["forms"]["sentence"] for end in ends):
                text = f"{relation['subject']} {relation['preposition']} {relation['support']}"
                yield f"{picture.parent.name}/{picture.name}", text, picture, report["things"]


def draw(cells, path):
    """Pictures with the boxes of all things, and what is said of them beneath."""
    rows = -(-len(cells) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * CELL, rows * (CELL + LINE)), "white")
    pen = ImageDraw.Draw(sheet)
    for index, (place, text, picture, things) in enumerate(cells):
        left, top = index % COLUMNS * CELL, index // COLUMNS * (CELL + LINE)
        with Image.open(picture) as opened:
            image = opened.convert("RGB")
        image.thumbnail((CELL - 6, CELL - 6))
        sheet.paste(image, (left, top))
        for thing in things:
            box = [left + thing["left"] * image.width, top + thing["top"] * image.height,
                   left + thing["right"] * image.width, top + thing["bottom"] * image.height]
            pen.rectangle(box, outline="red" if thing["name"] == "person" else "lime")
        pen.text((left, top + CELL), f"{place.split('/')[-1][:20]} {text}", fill="black")
    sheet.save(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("analyses")
    parser.add_argument("--sheet")
    arguments = parser.parse_args()
    with open(Path(__file__).with_name("judged_relations.tsv"), newline="", encoding="utf-8") as opened:
        judged = {(row["file"], row["relation"]): row["right"] == "yes" for row in csv.DictReader(opened, delimiter="\t")}
    counts, open_ones = defaultdict(lambda: [0, 0]), []
    for place, text, picture, things in said(arguments.analyses):
        if (place, text) not in judged:
            open_ones.append((place, text, picture, things))
            continue
        for name in (place.split("/")[0], "all"):
            counts[name][0] += judged[place, text]
            counts[name][1] += 1
    for name, (right, count) in counts.items():
        print(f"{name}: {right} of {count}")
    print(f"not judged: {len(open_ones)}")
    if arguments.sheet and open_ones:
        draw(open_ones, arguments.sheet)


if __name__ == "__main__":
    main()
