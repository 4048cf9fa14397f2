"""Tables in Swift that a benchmark measures: rows between two marks, each with the comment above it, by the kind of processor or by the model."""
import datetime
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRST, LAST = "// Rows from here on", "// Rows up to here"
# As ProcessorKind.Level spells them.
CASES = {"avx-vnni": "avxVNNI"}


def model_name():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((" ".join(line.split(":", 1)[1].split()) for line in lines if line.startswith("model name")), "unknown processor")


def kind(processor):
    """A ProcessorKind, of what `redraw bench` tells of the processor; None where its maker is not known, for which there are no rows."""
    maker, level = processor["maker"], processor["level"]
    return None if maker == "other" else f".init(.{maker}, .{CASES.get(level, level)})"


def merged(text, rows, comment):
    """The table with rows of one name, and the comment above the first, in the place of those of that name, or after all of them."""
    before, rest = text.split(FIRST)
    lines, after = rest.split(LAST)
    found, comments = [], []
    for line in filter(None, map(str.strip, lines.splitlines())):
        if line.startswith("//"):
            comments.append(line)
        else:
            found.append((line.rstrip(","), comments))
            comments = []
    name = key(rows[0])
    kept = [one for one in found if key(one[0]) != name]
    place = next((place for place, one in enumerate(found) if key(one[0]) == name), len(kept))
    kept[place:place] = [(row, [] if index else [f"// {comment}"]) for index, row in enumerate(rows)]
    # Swift's formatter wants a comma behind each of several rows and none behind a single one.
    comma = "," if len(kept) > 1 else ""
    indented = [f"        {line}\n" for row, words in kept for line in [*words, row + comma]]
    return before + FIRST + "\n" + "".join(indented) + "        " + LAST + after


def key(row):
    """What a row is of: everything before its first number or what else is told of it."""
    return re.match(r"[^:]*(?=, \w+:)", row)[0]


class Tables:
    def __init__(self, writes):
        self.writes = writes

    def set(self, file, row, *words):
        comment = self._put(file, [row], words)
        print(f"{file.relative_to(ROOT)}: {row}  // {comment}", flush=True)

    def set_all(self, file, rows, *words):
        """Several rows of one name, without a word."""
        self._put(file, rows, words)

    def _put(self, file, rows, words):
        comment = ", ".join([datetime.date.today().isoformat(), *words])
        if self.writes:
            file.write_text(merged(file.read_text(), rows, comment))
        return comment
