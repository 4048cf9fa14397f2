"""How often there are several of a thing where boxes say so, from pictures that a person judged: `plural` of judgement.json's `counting`.

    python judged_several.py [judged_several.tsv]

Each row of judged_several.tsv is a thing that was found more than once: how likely two boxes and more make it (counting.py), and whether there are two
or more by eye. Training pictures that taught nothing, of 0.2 and more, are fitted, streets counting half, as nearly all of theirs are cars; evaluation
pictures, of 0.15 (`coco128-eval`) or 0.28 (`flickr-eval`) and more, are reported. The scale goes into judgement.json by hand.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from seen import logistic


def main():
    here = Path(__file__).parent
    with open(sys.argv[1] if len(sys.argv) > 1 else here / "judged_several.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    boxes, right = (np.array([float(row[key]) for row in rows]) for key in ("boxes", "right"))
    log_odds = np.log(boxes / (1 - boxes))
    kept = np.array(["-eval/" in row["picture"] for row in rows])
    # A row that counts whole stands there twice.
    often = [2 - row["picture"].startswith("street-fashion/") for row in rows]
    taught = np.repeat(np.arange(len(rows))[~kept], np.array(often)[~kept])
    slope, intercept = logistic(log_odds[taught, None], right[taught], [1.0, 0.0], 6.0)
    used = json.loads((here / "judgement.json").read_text())["counting"]["plural"]
    print(f"slope {slope:.2f}, offset {-intercept:.2f} on {(~kept).sum()}; used {used}")
    said = 1 / (1 + np.exp(used["offset"] - used["slope"] * log_odds))
    for name, part in (("training pictures kept out", ~kept), ("evaluation pictures", kept)):
        for low, high in ((0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.01)):
            inside = part & (said >= low) & (said < high)
            if inside.any():
                print(f"{name}, said {low:4} to {min(high, 1):4}: {right[inside].sum():.0f} of {inside.sum()} right, {said[inside].mean():.2f} said")


if __name__ == "__main__":
    main()
