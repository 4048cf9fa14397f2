"""What is said of a training picture: its name, its medium, colours found in the pixels, and what the teachers saw in it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
from pictures import caption_of, with_article  # noqa: E402

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
PLURALS = {"person": "people", "sheep": "sheep", "knife": "knives", "bus": "buses", "wine glass": "wine glasses", "couch": "couches", "toothbrush": "toothbrushes", "bench": "benches", "sandwich": "sandwiches"}
# Shares of the picture's height or area, and probabilities, from which a teacher's word is taken.
CLOSE_UP, PORTRAIT = 0.55, 0.3
LARGE_THING = 0.06
CERTAIN_PLACE = 0.35
# Sets whose pictures are scenes; a place named for a thing before a plain ground is noise.
SCENES = ("street-fashion", "rooms", "flickr-train", "imagenet-one-per-class")


def counted(name, number):
    if number == 1:
        return with_article(name)
    return f"{NUMBERS.get(number, 'several')} {PLURALS.get(name, name + 's')}"


def seen_beside(phrase, things):
    """Large things that a detector found and the phrase does not name, as "two people"."""
    found = [(share, name, number) for name, (number, share) in things.items() if share > LARGE_THING and name not in phrase]
    if any(word in phrase for word in ("man", "woman", "person", "people", "face", "girl", "boy", "child")):
        found = [entry for entry in found if entry[1] != "person"]
    return [counted(name, number) for _, name, number in sorted(found, reverse=True)[:2]]


def captions_of(picture, answer, colours, background, chance, medium=None, count=6):
    """Up to `count` different captions of a picture, some plain and some with all that is known.

    `answer` is what teachers.py wrote of it or None, `colours` what colour_words found, `background` the words for a drawing's ground.
    """
    thing_colour, ground_colour = colours
    answer = answer or dict(things={}, faces=(0, 0.0), place=("", 0.0, 0.5))
    captions = []
    for number in range(2 * count):
        colour = thing_colour if chance.random() < 0.5 else None
        ground = background
        if not ground and ground_colour and picture.picture_set not in SCENES and chance.random() < 0.4:
            ground = f" on a {ground_colour} background"
        caption = caption_of(picture, chance, ground, medium=medium, colour=colour)
        if number % 2 == 1:
            beside = seen_beside(picture.phrase, answer["things"])
            if beside and chance.random() < 0.7:
                caption += (" with " if picture.phrase else " of ") + " and ".join(beside)
            place, certainty, _ = answer["place"]
            if picture.picture_set in SCENES and certainty > CERTAIN_PLACE and place not in caption and chance.random() < 0.6:
                caption += f", {place}"
            faces, height = answer["faces"]
            if faces and height > PORTRAIT and chance.random() < 0.6:
                caption += ", close-up portrait" if height > CLOSE_UP else ", portrait"
            elif faces == 0 and "person" in answer["things"] and picture.picture_set == "street-fashion" and chance.random() < 0.3:
                caption += ", full body"
        if caption not in captions:
            captions.append(caption)
        if len(captions) == count:
            break
    return captions
