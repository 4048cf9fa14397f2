"""How many there are, from boxes and the label of the whole picture: applied as SeenTags.swift does, and the numbers of judgement.json's `counting`.

    python counting.py DATA TEACHERS CACHE MODEL [--answers CACHE/answers-eval]

Fits on training pictures that taught nothing, and says how often one and several people are told apart there and, where the teachers were asked,
on the evaluation rows (`teachers.py ... CACHE/answers-eval --sets coco128-eval flickr-eval`). The teachers' count is the truth: boxes of people of
50 % and more that are not much lower than the tallest. The numbers go into judgement.json by hand.
"""

import argparse
import json
import pickle
from pathlib import Path

import numpy as np
import torch

import features
import head
import labels
import seeing
from seen import Views


def log_odds(p):
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def applied(scale, p):
    return head.sigmoid(scale["slope"] * log_odds(p) - scale["offset"])


def shared(one, other):
    return max(0, min(one[2], other[2]) - max(one[0], other[0])) * max(0, min(one[3], other[3]) - max(one[1], other[1]))


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def apart(kind, least_height, measured_from, same_share):
    """The things of a kind that stand for one each: none in the background, and none of what a more certain one has found."""
    tallest = max((box[3] - box[1] for _, certainty, box, _ in kind if certainty >= measured_from), default=0)
    kept = []
    for thing in kind:
        box = thing[2]
        if box[3] - box[1] >= least_height * tallest and not any(shared(box, other[2]) > same_share * min(area(box), area(other[2])) for other in kept):
            kept.append(thing)
    return kept


def counted(things, name, counting):
    """How surely each thing of a kind, or person of a kind, counts."""
    kept = apart([thing for thing in things if thing[0] == name or name in thing[3]],
                 counting["leastHeight"], counting.get("measuredFrom", 0), counting["sameShare"])
    return [applied(counting["box"], certainty if thing == name else traits[name] * certainty) for thing, certainty, _, traits in kept]


def shares(certainties):
    """How likely none, one, two … are there."""
    found = np.ones(1)
    for certainty in certainties:
        found = np.append(found * (1 - certainty), 0) + np.append(0, found * certainty)
    return found


def several(seen, boxes, counting):
    if seen is None and "plural" in counting:
        return applied(counting["plural"], boxes)
    told = counting["label"] * log_odds(seen) if seen is not None else 0
    return head.sigmoid(told + counting["boxes"] * log_odds(boxes) + counting["intercept"])


def by_part(tags, things, name, counting, parts):
    """How likely there are several of a thing by those of its parts that are seen, and that there are none, one, two …"""
    part = min((part for part, whole in parts.items() if whole == name), default=None)
    numbers = counting.get("byPart")
    if part is None or numbers is None:
        return 0.0, np.zeros(2)
    kept = apart([thing for thing in things if thing[0] == part], numbers["leastHeight"], numbers["measuredFrom"], numbers["sameShare"])
    found = shares([thing[1] for thing in kept])
    share = found[2:].sum()
    if share <= 0:
        return 0.0, np.zeros(2)
    agreed = min([applied(numbers["several"], share)] + [tags[tag] for tag in (part, name) if tag in tags])
    return agreed, numbers["exactly"] * agreed * found / share


def told(tags, things, counts, counting, parts):
    """The tags with those that say how many."""
    seen, tags = tags, dict(tags)
    for name in counts.keys() | counting["several"].keys():
        found, most = shares(counted(things, name, counting)), 1.0
        words, word = counts.get(name, []), counting["several"].get(name)
        labelled = word in tags
        doubted = not labelled and "number" in counting
        if word:
            most = several(tags.get(word), found[2:].sum(), counting)
            agreed, numbers = by_part(seen, things, name, counting, parts)
            if most < 0.5 and agreed > most:
                most, found, doubted = agreed, numbers, False
            tags[word] = most
        for number, word in enumerate(words, 2):
            share = found[number:].sum() if number == len(words) + 1 else found[number:number + 1].sum()
            if doubted:
                share = applied(counting["number"], share)
            tags[word] = max(tags.get(word, 0), min(share, most))
    return tags


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("teachers")
    parser.add_argument("cache", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--vocabulary", default=str(Path(__file__).parents[3] / "Vocab" / "redraw"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((options.model / "config.json").read_text())
    sees, counting = seeing.Seeing(options.model, config), dict(config["judgement"]["counting"])
    parts = config["judgement"].get("parts", {})
    known = labels.Labels(options.data, options.teachers, options.cache / "answers", options.vocabulary)
    for file in sorted(options.answers.glob("*.pickle")) if options.answers else []:
        known.answers.update(pickle.loads(file.read_bytes()))

    def people(sets, wanted):
        """What is seen of the pictures of sets, and how many people the teachers see."""
        views, rows = Views(options.cache, sets=sets), []
        for index, name in enumerate(views.names()):
            if name in known.answers and wanted(name):
                tags, things = sees(*views.look(index))
                boxes, _ = known.boxes(name)
                heights = (boxes[:, 3] - boxes[:, 1])[(boxes[:, 4] == 0) & (boxes[:, 5] >= 0.5)]
                rows.append((tags, things, int((heights >= counting["leastHeight"] * heights.max(initial=0)).sum())))
        return rows

    from sklearn.linear_model import LogisticRegression

    taught = people(["flickr-train", "imagenet-one-per-class", "rooms", "things-and-places", "street-fashion"], features.held_out)
    pair = lambda row: [log_odds(row[0]["people"]), log_odds(shares(counted(row[1], "person", counting))[2:].sum())]  # noqa: E731
    fitted = LogisticRegression(C=5).fit([pair(row) for row in taught], [row[2] >= 2 for row in taught])
    print("label", fitted.coef_[0][0].round(3), "boxes", fitted.coef_[0][1].round(3), "intercept", fitted.intercept_[0].round(3), "on", len(taught))
    for name, rows in (("held out of teaching", taught), ("evaluation", people(["coco128-eval", "flickr-eval"], lambda _: True) if options.answers else [])):
        count = np.array([row[2] for row in rows], int)
        now = [told(row[0], row[1], config["seeing"]["counts"], counting, parts) for row in rows]
        for title, said in (("the label alone", np.array([row[0]["people"] for row in rows])), ("label and boxes", np.array([tags["people"] for tags in now]))):
            sure = said >= 0.5
            print(f"{name}, {title}: several said {sure.sum()}, right {(count[sure] >= 2).sum()} of {(count >= 2).sum()}; "
                  f"said of one person {(sure & (count == 1)).sum()} of {(count == 1).sum()}")
        for word, holds in (("two people", count == 2), ("three people", count == 3), ("group of people", count >= 4)):
            sure = np.array([tags[word] >= 0.5 for tags in now], bool)
            print(f"{name}, {word}: said {sure.sum()}, right {holds[sure].sum()}")


if __name__ == "__main__":
    main()
