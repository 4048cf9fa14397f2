"""Clip art and emoji with their names: square RGBA drawings of one side, the drawing in the middle."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from features import openclipart_rows

SIDE = 240
# The emoji font holds bitmaps for this size alone.
EMOJI_POINTS = 109


def centred(drawing, margin):
    drawing = drawing.crop(drawing.getbbox())
    side = int(max(drawing.size) * margin) + 1
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(drawing, ((side - drawing.width) // 2, (side - drawing.height) // 2))
    return square.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def words_of(title, keywords):
    """What a drawing may be called, the title first."""
    title = "" if re.search(r"clip ?art|various|general|\bremix", title) else title
    return ([title] if title else []) + [word for word in keywords if len(word) > 2][:6]


def clip_art(folder):
    """(drawing, names) of Open Clip Art that depicts things."""
    for path, row in openclipart_rows(folder):
        words = words_of(row["title"], row["keywords"].split("|"))
        try:
            drawing = Image.open(path).convert("RGBA")
        except OSError:
            continue
        if words and drawing.getbbox():
            yield centred(drawing, 1.06), words


def emoji(font_file, annotations):
    """(drawing, names) of the emoji of Noto Color Emoji that CLDR names; flags are left out."""
    font = ImageFont.truetype(str(font_file), EMOJI_POINTS)
    named = {}
    for entry in ElementTree.parse(annotations).getroot().iter("annotation"):
        title, keywords = named.setdefault(entry.get("cp"), ["", []])
        if entry.get("type") == "tts":
            named[entry.get("cp")][0] = entry.text
        else:
            keywords += [word.strip() for word in entry.text.split("|")]
    for characters, (title, keywords) in named.items():
        if not title or ord(characters[0]) < 0x2190 or any(0x1F1E6 <= ord(character) <= 0x1F1FF for character in characters):
            continue
        drawing = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
        ImageDraw.Draw(drawing).text((10, 10), characters, font=font, embedded_color=True)
        if drawing.getbbox():
            yield centred(drawing, 1.1), words_of(title, keywords)


def every_drawing(openclipart, fonts_and_annotations):
    """Clip art, then emoji, each as (set, drawing, names)."""
    for drawing, words in clip_art(openclipart):
        yield "openclipart", drawing, words
    folder = Path(fonts_and_annotations)
    font, annotations = next(folder.rglob("NotoColorEmoji.ttf")), next(folder.rglob("common/annotations/en.xml"))
    for drawing, words in emoji(font, annotations):
        yield "emoji", drawing, words
