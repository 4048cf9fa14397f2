"""How often what is seen is right, from tags that a person judged: the scales of judgement.json's `seenScales`.

    python judged_seen.py [judged_seen.tsv]

Each row of judged_seen.tsv is a subject, an action or a setting that `redraw analyze` showed because the head saw it, of 80 training pictures that
taught nothing and of the sheet's 50 (sheet.tsv), with the head's certainty and whether a person found it right by eye. Tags that say how many are
left out: counting.py fits them, and women, men and children: people.py does. Slopes and offsets are drawn towards 1 and 0, as some tags have few
rows; judgement.json holds them rounded. Those of people, faces and things lean on the teachers' answers on more pictures, too.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from seen import logistic


def main():
    here = Path(__file__).parent
    with open(sys.argv[1] if len(sys.argv) > 1 else here / "judged_seen.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    scales = json.loads((here / "judgement.json").read_text())["seenScales"]
    for name, scale in scales.items():
        if name in ("woman", "man", "child"):
            continue
        of = [row for row in rows if row["tag"] == name or (row["facet"] == name and row["tag"] not in scales)]
        certainty = np.array([float(row["certainty"]) for row in of])
        right = np.array([float(row["right"]) for row in of])
        log_odds = np.log(certainty / (1 - certainty))
        slope, intercept = logistic(log_odds[:, None], right, [1.0, 0.0], 2.0)
        shown = 1 / (1 + np.exp(scale["offset"] - scale["slope"] * log_odds))
        print(f"{name}: slope {slope:.2f}, offset {-intercept:.2f} on {len(of)}; used {scale['slope']}, {scale['offset']}")
        for low, high in ((0, 0.35), (0.35, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
            inside = (shown >= low) & (shown < high)
            if inside.any():
                print(f"    shown {low:4} to {min(high, 1):4}: {right[inside].sum():.0f} of {inside.sum()} right, {shown[inside].mean():.2f} shown")


if __name__ == "__main__":
    main()
