"""How often a suggestion is right, from suggestions that a person judged: the numbers of the confidence that `analyze` shows.

    python judged.py [judged.tsv]

Each row of judged.tsv is a subject, an action or a setting that Redraw suggested for a photograph nothing was fitted on (37 of them: wallpapers
of Debian's packages, scikit-image's samples and six of COCO's val2017), the log-odds of its confidence before this fit, and whether a person
found it right by eye. The slope and the intercept printed here stand in judgement.json, rounded, as `shownSlope`
and, with the other sign, `shownOffset`. Whoever changes the encoder, the vocabulary or the
selection judges again: `redraw analyze FOLDER --json` says what is suggested.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("judged.tsv")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    logit = np.array([float(row["logit"]) for row in rows])
    right = np.array([row["right"] == "1" for row in rows])
    fitted = LogisticRegression(C=10).fit(logit[:, None], right)
    print(f"{right.sum()} of {len(rows)} right, {len({row['picture'] for row in rows})} pictures")
    print(f"slope {fitted.coef_[0, 0]:.2f}, intercept {fitted.intercept_[0]:.2f}")
    shown = fitted.predict_proba(logit[:, None])[:, 1]
    for low, high in ((0, 0.1), (0.1, 0.2), (0.2, 0.35), (0.35, 0.5), (0.5, 0.7), (0.7, 1)):
        inside = (shown >= low) & (shown < high)
        if inside.any():
            print(f"{low:4} to {high:4}: {right[inside].sum()} of {inside.sum()} right, {shown[inside].mean():.2f} shown")


if __name__ == "__main__":
    main()
