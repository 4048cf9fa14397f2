"""How often what is seen is right, from tags that a person judged: the scales of judgement.json's `seenScales`.

    python judged_seen.py [judged_seen.tsv]

Each row of judged_seen.tsv is a subject, an action or a setting that the head saw, of 198 pictures that taught it nothing (168 training pictures kept
out of teaching; 16 paintings and 14 drawings of Debian's `pysiogame`, whose column `drawn` says how surely each is no photograph) and of the sheet's
50 (sheet.tsv): the head's certainty, what embeddings say of the same tag (log-odds, on the scale on which tags are ranked), and whether a person
found it right by eye. Tags that say how many are left out: counting.py fits them, and women, men and children: people.py does. Slopes, weights and
offsets are drawn towards 1, a half and nothing, as some tags have few rows; judgement.json holds them rounded, those of rarely shown tags with
care. Subjects that have boxes ("thing") are fitted apart from labels of the whole picture.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from seen import logistic

# By what a fit is drawn to what it begins with, in judged rows.
STRENGTH = 3.0


def main():
    here = Path(__file__).parent
    with open(sys.argv[1] if len(sys.argv) > 1 else here / "judged_seen.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    scales = json.loads((here / "judgement.json").read_text())["seenScales"]
    config = json.loads((here.parents[1] / "redraw-encoder" / "config.json").read_text())["seeing"]
    counted = {word for words in config["counts"].values() for word in words} | {"people"}

    def group(row):
        if row["tag"] in scales or row["tag"] in counted:
            return row["tag"]
        return "thing" if row["facet"] == "subject" and row["tag"] in config["things"] else row["facet"]

    for name, scale in scales.items():
        of = [row for row in rows if group(row) == name and not row["drawn"]]
        if name in ("woman", "man", "child") or not of:
            continue
        certainty = np.array([float(row["certainty"]) for row in of])
        ranked = np.array([float(row["ranked"]) for row in of])
        right = np.array([float(row["right"]) for row in of])
        log_odds = np.log(certainty / (1 - certainty))
        if "ranked" in scale:
            slope, weight, intercept = logistic(np.stack([log_odds, ranked], 1), right, [1.0, 0.5, 0.5], STRENGTH)
        else:
            weight, (slope, intercept) = 0, logistic(log_odds[:, None], right, [1.0, 0.0], STRENGTH)
        told = scale["slope"] * log_odds + scale.get("ranked", 0) * ranked - scale["offset"]
        shown = 1 / (1 + np.exp(-told))
        print(f"{name}: slope {slope:.2f}, ranked {weight:.2f}, offset {-intercept:.2f} on {len(of)}; used {scale}")
        for low, high in ((0, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.9), (0.9, 1.01)):
            inside = (shown >= low) & (shown < high)
            if inside.any():
                print(f"    shown {low:4} to {min(high, 1):4}: {right[inside].sum():.0f} of {inside.sum()} right, {shown[inside].mean():.2f} shown")


if __name__ == "__main__":
    main()
