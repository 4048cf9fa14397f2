"""How often a tag of light, mood, style, composition, medium and colour is right, from tags that were judged against their pictures by eye.

    python judged_facets.py [judged_facets.tsv]

Each row of judged_facets.tsv is a tag that `analyze --dropped` told of a picture, its certainty as it was told before there were scales of
these facets, who told it, whether it was suggested, and whether it was found right; what nobody can say for sure is left out. Pictures of the
sets whose name ends in -eval only report: the scales are fitted on the others, to what embeddings say (by: ranked) with 20 % and more, for less
was never suggested. A slope is held near 1 by a normal prior of deviation 1, for few of these rows are sure. `shownScales` of judgement.json
has those of light and style, rounded, the intercept with the other sign, and for moods, of which too few are that sure, the scale of styles. For
composition, whose framing is seen and stays as it is, `offsets` takes from the log-odds what brings the rarely right ones of all certainties
below what they were said with: 1.4 less than the 1.0 before.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
FITTED = ("lighting", "mood", "style", "composition")
# The offset of composition with which the certainties of judged_facets.tsv were told.
BEFORE = 1.0
BINS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


def log_odds(share):
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return np.log(share / (1 - share))


def probability(odds):
    return 1 / (1 + np.exp(-odds))


def fit(certainty, right, slope=None):
    """Slope and intercept of the log-odds of being right; the intercept alone where a slope is given."""
    odds = log_odds(certainty)
    found = np.array([1.0 if slope is None else slope, -1.0])
    for _ in range(60):
        p = probability(found[0] * odds + found[1])
        gradient = np.array([(odds * (right - p)).sum() - (found[0] - 1), (right - p).sum()])
        weight = p * (1 - p)
        second = np.array([[(weight * odds**2).sum() + 1, (weight * odds).sum()], [(weight * odds).sum(), weight.sum() + 1e-9]])
        if slope is None:
            found += np.linalg.solve(second, gradient)
        else:
            found[1] += gradient[1] / second[1, 1]
    return found


def reliability(shown, right):
    for low, high in zip(BINS, BINS[1:]):
        inside = (shown >= low) & (shown < high)
        if inside.any():
            print(f"    {low:.1f} to {min(high, 1):.1f}: {int(right[inside].sum())} of {inside.sum()} right, {shown[inside].mean():.2f} said")


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "judged_facets.tsv"
    judgement = json.loads((HERE / "judgement.json").read_text())
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    certainty = np.array([float(row["certainty"]) for row in rows])
    right = np.array([row["right"] == "1" for row in rows], float)
    facet, by = (np.array([row[key] for row in rows]) for key in ("facet", "by"))
    suggested = np.array([row["suggested"] == "1" for row in rows])
    held_out = np.array([row["picture"].split("/")[0].endswith("-eval") for row in rows])
    pictures = np.array([row["picture"] for row in rows])
    print(f"{len(rows)} tags of {len(set(pictures))} pictures, held out {held_out.sum()} of {len(set(pictures[held_out]))}")
    after = certainty.copy()
    for name in FITTED:
        ranked = (facet == name) & (by == "ranked")
        sure = ranked & ~held_out & (certainty >= 0.2)
        slope, intercept = fit(certainty[sure], right[sure])
        print(f"{name}: {int(right[sure].sum())} of {sure.sum()} right, slope {slope:.2f}, intercept {intercept:.2f}", end="")
        print(f"; with slope 1 {fit(certainty[sure], right[sure], slope=1)[1]:.2f}")
        scale = judgement["shownScales"].get(name, {"slope": 1, "offset": BEFORE - judgement["offsets"][name]})
        after[ranked] = probability(scale["slope"] * log_odds(certainty[ranked]) - scale["offset"])
    for who, which in (("fitted on", ~held_out), ("held out", held_out)):
        for name in sorted(set(facet)):
            for source in ("ranked", "seen", "head", "measured"):
                here = which & (facet == name) & (by == source)
                if not here.any():
                    continue
                print(f"{who}, {name}, {source}: {len(set(pictures[here]))} pictures, of the suggested {int(right[here & suggested].sum())} of {(here & suggested).sum()} right")
                print("  before")
                reliability(certainty[here], right[here])
                if source == "ranked" and name in FITTED:
                    print("  after")
                    reliability(after[here], right[here])


if __name__ == "__main__":
    main()
