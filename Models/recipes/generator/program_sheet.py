"""The fifty prompts of the evaluation as the built program paints them, each the best of four drafts, as one sheet.

    python3 program_sheet.py --redraw ../../../.build/release/redraw --output ../../redraw-small/sample-text-to-image.jpg

Needs pillow and numpy. Each picture has a seed of its own: 100 and the prompt's place.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from prompts import text_prompts

COLUMNS, GAP, ABOVE = 10, 4, 12


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redraw", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--quality", type=int, default=90)
    options = parser.parse_args()
    prompts, side = list(text_prompts()), options.side
    rows = (len(prompts) + COLUMNS - 1) // COLUMNS
    sheet = Image.new("RGB", (COLUMNS * (side + GAP), rows * (side + GAP + ABOVE)), "white")
    draw = ImageDraw.Draw(sheet)
    with tempfile.TemporaryDirectory() as folder:
        for place, prompt in enumerate(prompts):
            file = Path(folder) / f"{place}.png"
            subprocess.run(
                [options.redraw, "paint", prompt, "--model", "redraw-small", "--size", f"{side}x{side}", "--seed", str(100 + place),
                 "--drafts", "4", "--output", str(file), "--library", folder, "--quiet"], check=True)
            left, top = place % COLUMNS * (side + GAP), place // COLUMNS * (side + GAP + ABOVE)
            sheet.paste(Image.open(file).convert("RGB"), (left, top + ABOVE))
            draw.text((left, top), prompt.removeprefix("a photo of ")[: side // 6], fill="black")
    sheet.save(options.output, quality=options.quality, optimize=True)


if __name__ == "__main__":
    main()
