"""How often faces that lie apart mean several people, from pictures that a person judged: `byPart` of judgement.json's `counting`.

    python judged_faces.py [judged_faces.tsv]

Each row of judged_faces.tsv is a picture in which neither boxes nor the label of the whole picture tell several people, but two faces and more are seen
that lie apart: how certain each is, whether several people are there by eye, and whether exactly two are. Training pictures are fitted, evaluation
pictures reported. The numbers go into judgement.json by hand. What bounds them, that a person and a face are there at all, is not counted here.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from counting import applied, log_odds, shares
from seen import logistic


def main():
    here = Path(__file__).parent
    with open(sys.argv[1] if len(sys.argv) > 1 else here / "judged_faces.tsv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    several, two = (np.array([row[key] == "1" for row in rows]) for key in ("several", "two"))
    found = [shares([float(face) for face in row["faces"].split()]) for row in rows]
    boxes = np.array([share[2:].sum() for share in found])
    kept = np.array(["-eval/" in row["picture"] for row in rows])
    slope, intercept = logistic(log_odds(boxes[~kept])[:, None], several[~kept].astype(float), [1.0, 0.0], 6.0)
    used = json.loads((here / "judgement.json").read_text())["counting"]["byPart"]
    print(f"slope {slope:.2f}, offset {-intercept:.2f} on {(~kept).sum()}; used {used['several']}")
    said = np.array([applied(used["several"], share) for share in boxes])
    exactly = used["exactly"] * said * np.array([share[2] for share in found]) / boxes
    for name, part in (("training pictures", ~kept), ("evaluation pictures", kept)):
        for what, sure, right in (("several", said >= 0.5, several), ("two", exactly >= 0.5, two)):
            print(f"{name}, {what}: said {(part & sure).sum()}, right {(part & sure & right).sum()}")


if __name__ == "__main__":
    main()
