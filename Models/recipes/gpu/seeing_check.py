"""How well a branch finds and counts on pictures that taught nothing, against the teachers' boxes."""

import numpy as np
import torch

from seeing_losses import SURE, UNSURE, overlap

PERSON, FACE = 0, 80
SAME = 0.5
CANDIDATES, MOST = 300, 60
LEAST = 0.03


@torch.no_grad()
def found(cells, answer):
    """Of every picture rows (thing, score, box), the surest first, none over another of its thing by more than SAME."""
    things, sides, _ = answer
    count, places, kinds = things.shape
    scores, index = torch.sigmoid(things).flatten(1).topk(CANDIDATES, 1)
    kind, cell = index % kinds, index // kinds
    own = (kind == FACE).long()
    boxes = torch.stack([cells.boxes(sides[..., :4]), cells.boxes(sides[..., 4:])], 1).clamp(0, 1)
    boxes = boxes[torch.arange(count, device=things.device)[:, None], own, cell]
    same = (overlap(boxes[:, :, None], boxes[:, None]) > SAME) & (kind[:, :, None] == kind[:, None])
    kept = scores > LEAST
    for row in range(CANDIDATES):
        kept[:, row + 1:] &= ~(same[:, row, row + 1:] & kept[:, row:row + 1])
    rows = []
    for picture in range(count):
        chosen = kept[picture].nonzero()[:MOST, 0]
        rows.append((kind[picture, chosen].cpu().numpy(), scores[picture, chosen].cpu().numpy(), boxes[picture, chosen].cpu().numpy()))
    return rows


def overlaps(box, others):
    inner = np.clip(np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2]), 0, None).prod(1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(1) - inner
    return inner / np.maximum(union, 1e-9)


def precision(rows, truths, wanted):
    """Average precision at IoU 0.5 over the kinds `wanted`, all in one list; what the teachers were unsure of counts neither way."""
    hits, number = [], 0
    for (kinds, scores, boxes), truth in zip(rows, truths):
        for kind in np.unique(np.concatenate([kinds, truth[:, 4].astype(int)])):
            if not wanted(kind):
                continue
            taught = truth[truth[:, 4] == kind]
            number += (taught[:, 5] > SURE).sum()
            free = np.ones(len(taught), bool)
            for score, box in zip(scores[kinds == kind], boxes[kinds == kind]):
                near = overlaps(box, taught[:, :4]) * free if len(taught) else np.zeros(0)
                best = int(near.argmax()) if len(near) else 0
                if len(near) and near[best] > 0.5:
                    free[best] = False
                    if taught[best, 5] > SURE:
                        hits.append((score, 1))
                else:
                    hits.append((score, 0))
    hits.sort(key=lambda hit: -hit[0])
    right = np.cumsum([hit for _, hit in hits])
    exact = np.maximum.accumulate((right / np.arange(1, len(right) + 1))[::-1])[::-1]
    return float((exact * [hit for _, hit in hits]).sum() / max(number, 1)), int(number)


def counts(rows, truths, wanted):
    """(how many the teachers see, scores found) of each picture and kind of which several or one are there and none is unsure, or which is found at all."""
    pairs = []
    for (kinds, scores, _), truth in zip(rows, truths):
        for kind in np.unique(np.concatenate([kinds, truth[:, 4].astype(int)])):
            of_it = truth[truth[:, 4] == kind]
            if wanted(kind) and not ((of_it[:, 5] > 0.2) & (of_it[:, 5] <= SURE)).any():
                pairs.append((int((of_it[:, 5] > SURE).sum()), scores[kinds == kind]))
    return pairs


def report(rows, truths):
    """One line."""
    truths = [truth[truth[:, 5] > UNSURE] for truth in truths]
    parts = []
    for title, wanted in (("things", lambda kind: kind not in (PERSON, FACE)), ("people", lambda kind: kind == PERSON), ("faces", lambda kind: kind == FACE)):
        value, number = precision(rows, truths, wanted)
        best = (0, "")
        pairs = counts(rows, truths, wanted)
        for least in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5):
            said = [(there, int((scores > least).sum())) for there, scores in pairs]
            several = sum(there > 1 for there, _ in said)
            told = sum(number > 1 for _, number in said)
            right = sum(there == number and there > 1 for there, number in said)
            mean = 2 * right / max(several + told, 1)
            if mean > best[0]:
                best = (mean, f"several said {told}, exactly right {right}, there {several}, at {least}")
        parts.append(f"{title} AP50 {value:.3f} of {number}; {best[1]}")
    return " | ".join(parts)
