"""What captions of the training pictures speak of: their subjects and mediums, as the critics are taught them."""

import re
from pathlib import Path

from pictures import MEDIUM_PHRASES, photographs_and_paintings

MEDIUMS = tuple(MEDIUM_PHRASES)
SETS_OF_THINGS = ("caltech101", "groceries", "clothes")
# Kinds of clip art and of paintings that have enough pictures.
KINDS = ("bird", "flower", "fish", "landscape", "portrait", "genre scene", "still life")


def subject_names(tables):
    """Every thing that training pictures have as their class, in one order everywhere."""
    pictures = photographs_and_paintings(Path(), Path(tables))
    phrases = {picture.phrase for picture in pictures if picture.picture_set in SETS_OF_THINGS and picture.phrase}
    return sorted(re.sub(r"^(a|an) ", "", phrase) for phrase in phrases) + list(KINDS)


class Subjects:
    """Tells the one subject and the medium that a caption names, as numbers."""

    def __init__(self, names):
        self.names = names
        longest_first = sorted(map(re.escape, names), key=len, reverse=True)
        self.pattern = re.compile(r"\b(" + "|".join(longest_first) + r")\b")

    def subject(self, caption):
        """A row of `names`, or -1 where none of them or several are named."""
        found = set(self.pattern.findall(caption))
        if len(found) == 2:
            found -= {"orange"}  # the colour, beside a thing
        return self.names.index(found.pop()) if len(found) == 1 else -1

    def medium(self, caption):
        """A row of MEDIUMS; a caption that names none is a photograph's."""
        words = "|".join(MEDIUMS)
        found = re.match(rf"an? ({words})\b", caption) or re.search(rf", ({words})\b", caption)
        return MEDIUMS.index(found.group(1)) if found else 0
