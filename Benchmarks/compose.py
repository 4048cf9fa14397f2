"""Composed prompts beside clip-interrogator's `fast` mode, with one encoder, on a folder of pictures.

    python3 Benchmarks/compose.py PICTURES [--redraw .build/release/redraw] [--encoder DIR] [--vocabulary Vocab/redraw] [--limit 100] [--tokens 75]

`fast` as its source describes it: the likeliest medium, then the likeliest movements and flavours by cosine, joined until the text encoder's
tokens are used up; the caption of its first step is left out for both. Its "flavours" are here all tags of Redraw's vocabulary, in their bare
names, so that both choose from the same words. Embeddings come from `redraw embed`, so the arithmetic is the same; only the choice differs.
Prints the mean cosine of the prompt with its picture, and seconds a picture. Needs nothing but the standard library.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time


def tags(folder):
    facet, found = None, []
    for file in sorted(pathlib.Path(folder).glob("*.tags")):
        for line in file.read_text().splitlines():
            line = line.strip()
            if line.startswith("@facet"):
                facet = line.split()[1]
            elif line and line[0] not in "#[" and "*" not in line:
                name = line
                for mark in "<=!:":
                    name = name.split(mark)[0]
                found.append((facet, name.strip()))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures")
    parser.add_argument("--redraw", default=".build/release/redraw")
    parser.add_argument("--vocabulary", default="Vocab/redraw")
    parser.add_argument("--encoder")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=75)
    options = parser.parse_args()
    encoder = ["--encoder", options.encoder] if options.encoder else []

    def redraw(*arguments):
        return json.loads(subprocess.run([options.redraw, *arguments, *encoder], check=True, capture_output=True, text=True).stdout)

    suffixes = {".jpg", ".jpeg", ".png", ".webp"}
    pictures = sorted(str(p) for p in pathlib.Path(options.pictures).rglob("*") if p.suffix.lower() in suffixes)
    pictures = pictures[:: max(1, len(pictures) // options.limit)][: options.limit]
    cosine = lambda a, b: sum(x * y for x, y in zip(a, b))  # noqa: E731
    seen = {row["input"]: row["embedding"] for row in redraw("embed", "image", *pictures)}
    words = tags(options.vocabulary)
    named = [(facet, name, row["embedding"]) for (facet, name), row in zip(words, redraw("embed", "text", *[name for _, name in words]))]

    begin = time.time()
    fast = {}
    for picture in pictures:
        ranked = sorted(((cosine(vector, seen[picture]), facet, name) for facet, name, vector in named), reverse=True)
        medium = next(name for _, facet, name in ranked if facet == "medium")
        movement = next(name for _, facet, name in ranked if facet == "style")
        flavours = [name for _, facet, name in ranked if facet not in ("medium", "style")][:32]
        text = f"{medium}, {movement}"
        for flavour in flavours:
            # English words are about four thirds tokens; none of the joined texts reaches the encoder's limit by it.
            if len(f"{text}, {flavour}".replace(",", " ,").split()) * 4 / 3 > options.tokens:
                break
            text = f"{text}, {flavour}"
        fast[picture] = text
    ranking = time.time() - begin
    fast_rows = {row["input"]: row["embedding"] for row in redraw("embed", "text", *sorted(set(fast.values())))}
    result = {"clip-interrogator fast": [cosine(fast_rows[fast[p]], seen[p]) for p in pictures]}

    seconds = {}
    for mode in ("fast", "full"):
        with tempfile.TemporaryDirectory() as library:
            prompts = []
            redraw("analyze", pictures[0], "--json", "--compose", mode, "--library", library)
            begin = time.time()
            for report in redraw("analyze", *pictures, "--json", "--again", "--compose", mode, "--library", library):
                prompts.append((report["picture"]["path"], report["prompt"]["positive"]))
            seconds[f"redraw {mode}"] = (time.time() - begin) / len(pictures)
        rows = {row["input"]: row["embedding"] for row in redraw("embed", "text", *sorted({text for _, text in prompts}))}
        result[f"redraw {mode}"] = [cosine(rows[text], seen[picture]) for picture, text in prompts]
    for name, values in result.items():
        took = f"{seconds[name] * 1000:.0f} ms a picture, looking included" if name in seconds else f"{ranking / len(pictures) * 1000:.0f} ms to rank, in Python"
        print(f"{name:24s} mean cosine {sum(values) / len(values):.4f}  (n = {len(values)})  {took}")


if __name__ == "__main__":
    main()
