"""Teaches the critics the training pictures' subjects and mediums: two linear heads a Lite, on pictures as the decoder makes them of latents.

A critic sees what is painted at 32, 64 and 128 pixels, so it learns from pictures of these sizes. One view in ten is kept to measure with.
"""

import argparse
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

from critics import directions
from lites import FEATURES, STAGES, Lite
from subjects import MEDIUMS, Subjects, subject_names
from train_denoiser import Views

# Which views, at how many pixels, and how many of them.
SHARES = {"quarters": 1.0, "halves": 1.0, "wholes": 0.4}
LOOKED_AT = (96, 112, 128, 144)
MOST_A_SUBJECT, MOST_DRAWN_A_SUBJECT, MOST_OTHERS = 60, 12, 500


def chosen_views(views, subjects, chance):
    """Rows of whole views with subject and medium, evened out."""
    rows = list(range(len(views.captions["wholes"])))
    chance.shuffle(rows)
    counts, chosen = {}, []
    for row in rows:
        caption = views.texts[views.captions["wholes"][row]]
        if "black and white," in caption:
            continue
        subject, medium = subjects.subject(caption), subjects.medium(caption)
        key = (subject, medium)
        most = MOST_OTHERS if subject < 0 else MOST_A_SUBJECT if medium == 0 else MOST_DRAWN_A_SUBJECT
        if counts.get(key, 0) < most:
            counts[key] = counts.get(key, 0) + 1
            chosen.append((row, subject, medium))
    return chosen


@torch.no_grad()
def features(views, chosen, vae, lites, chance, device):
    """For each chosen view and size: (kind, number among the chosen) and the pooled features of each Lite."""
    told, pooled = [], [[] for _ in lites]
    for start in range(0, len(chosen), 16):
        rows = [row for row, _, _ in chosen[start : start + 16]]
        for kind, share in SHARES.items():
            if chance.random() >= share:
                continue
            pictures = vae.decode(views.latents[kind][rows].float()).sample.clamp(-1, 1)
            side = chance.choice(LOOKED_AT)
            pictures = F.interpolate(pictures, size=(side, side), mode="bicubic", antialias=True).clamp(-1, 1)
            told += [(kind, start + number) for number in range(len(rows))]
            for kept, lite in zip(pooled, lites):
                kept.append(lite(pictures)[1].cpu())
        if start % 1600 == 0:
            print(f"{start} of {len(chosen)} views", flush=True)
    return told, [torch.cat(kept) for kept in pooled]


def fitted(inputs, labels, classes, rows, epochs, rate=2e-3):
    layer = torch.nn.Linear(FEATURES, classes)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=rate, weight_decay=0.3)
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = rate * (1 - epoch / epochs)
        for batch in rows[torch.randperm(len(rows))].split(256):
            optimizer.zero_grad()
            F.cross_entropy(layer(inputs[batch]), labels[batch], label_smoothing=0.02).backward()
            optimizer.step()
    return layer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, nargs="+", required=True, help="files of encode_latents.py")
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="critics.pt")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.manual_seed(1)
    chance = random.Random(5)
    views = Views(options.latents, options.device)
    subjects = Subjects(subject_names(options.tables))
    chosen = chosen_views(views, subjects, chance)
    vae = AutoencoderKL.from_pretrained(options.autoencoder).to(options.device)
    told, pooled = features(views, chosen, vae, [Lite(number, options.device) for number in STAGES], chance, options.device)
    kinds = [kind for kind, _ in told]
    numbers = torch.tensor([number for _, number in told])
    kept_back = numbers % 10 == 0
    heads = []
    for number, inputs in zip(STAGES, map(directions, pooled)):
        layers = {}
        for name, column, classes, epochs in (("subjects", 1, len(subjects.names), 14), ("mediums", 2, len(MEDIUMS), 8)):
            labels = torch.tensor([view[column] for view in chosen])[numbers]
            layer = fitted(inputs, labels, classes, torch.nonzero((labels >= 0) & ~kept_back)[:, 0], epochs)
            layers[name] = layer.state_dict()
            for kind in SHARES:
                rows = torch.nonzero((labels >= 0) & kept_back & torch.tensor([other == kind for other in kinds]))[:, 0]
                with torch.no_grad():
                    right = (layer(inputs[rows]).argmax(dim=1) == labels[rows]).float().mean()
                print(f"Lite{number}, {name}, {kind}: {right:.3f} right, n = {len(rows)}", flush=True)
        heads.append(layers)
    torch.save(dict(names=subjects.names, heads=heads), options.output)


if __name__ == "__main__":
    main()
