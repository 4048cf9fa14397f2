"""Puts judgement.json into config.json, and writes CARD.md's tables and manifest.json from what the recipe measured.

    python card.py MODEL [CACHE]

CACHE has the figures with the text tower in f32 (`evaluate.py --upstream-text`). Without it those of CARD.md stay, as long as the others beside them do.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path

# Version 1 of this encoder: the same towers untouched, a head fitted on them.
BASELINE = {
    "COCO-80 precision@1 by cosine": "0.602", "COCO-80 hit@5 by cosine": "0.867", "Flickr image to caption R@1 of 250 by cosine": "0.184",
    "Flickr image to caption R@10 of 250 by cosine": "0.620", "Caltech-101 zero-shot top-1 of 100 by cosine": "0.454",
    "Caltech-101 zero-shot top-5 of 100 by cosine": "0.695", "PACS object of 7, photo, by cosine": "0.848",
    "PACS object of 7, painting, by cosine": "0.629", "PACS object of 7, cartoon, by cosine": "0.505", "PACS object of 7, sketch, by cosine": "0.333",
    "PACS medium of 4": "0.848", "PACS medium, photo": "0.933", "PACS medium, painting": "0.600", "PACS medium, cartoon": "0.914",
    "PACS medium, sketch": "0.943", "Flickr nouns: hit@10": "0.823", "Flickr nouns: precision@5": "0.205",
}
FILES = ["config.json", "image.safetensors", "head.safetensors", "text.safetensors", "background.safetensors", "seeing.safetensors", "vocab.txt"]


def credits():
    """Authors and licences of the sheet's pictures, in its order."""
    with open(Path(__file__).with_name("sheet.tsv"), newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t"))
    names = [Path(row["file"].partition("!")[2] or row["file"]).stem for row in rows]
    return "; ".join(f"{name} ({row['author']}, {row['licence']}, from {row['package']})" for name, row in zip(names, rows)) + "."


def in_f32(model, metrics):
    """The figures with the text tower in f32, as the table shows them: those of CACHE, or those that CARD.md has beside the same others."""
    if len(sys.argv) > 2:
        measured = json.loads((Path(sys.argv[2]) / "metrics-f32-text.json").read_text())
        return {name: f"{entry['value']:.3f}" for name, entry in measured.items() if "medium" not in name}  # the medium needs no text
    card, figures = model / "CARD.md", {}
    rows = [line.strip("| ").split(" | ") for line in card.read_text().splitlines() if line.startswith("| ")] if card.exists() else []
    for name, here, other, *_ in (row for row in rows if len(row) == 5 and row[0] in metrics and row[2]):
        if here != f"{metrics[name]['value']:.3f}":
            sys.exit(f"card.py: {name} is another than in CARD.md, so its figure with the text tower in f32 has to be measured, too: card.py MODEL CACHE")
        figures[name] = other
    return figures


def main():
    model = Path(sys.argv[1])
    metrics = json.loads((model / "metrics.json").read_text())
    things = metrics.pop("reliabilityOfThings", [])
    upstream = in_f32(model, metrics)
    config = json.loads((model / "config.json").read_text())
    config["judgement"] = json.loads((Path(__file__).parent / "judgement.json").read_text())
    (model / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    lines = ["| Figure | Here | With the text tower in f32 | Version 1 | n |", "|---|---|---|---|---|"]
    for name, entry in metrics.items():
        lines.append(f"| {name} | {entry['value']:.3f} | {upstream.get(name, '')} | {BASELINE.get(name, '')} | {entry['n']} |")
    report = config["calibrationReport"]
    reliability = ["| Confidence | Mean confidence | Share named in the caption | n |", "|---|---|---|---|"]
    seen = ["| Shown | Mean | Share in the picture | n |", "|---|---|---|---|"]
    seen += [f"| {low} to {high} | {mean} | {share} | {count} |" for low, high, mean, share, count in things]
    reliability += [f"| {low} to {high} | {mean} | {share} | {count} |" for low, high, mean, share, count in report["reliability"]]
    template = (Path(__file__).parent / "CARD.template.md").read_text()
    sizes = {name: (model / name).stat().st_size for name in FILES}
    filled = template
    for key, value in {
        "METRICS": "\n".join(lines), "RELIABILITY": "\n".join(reliability), "SEEN": "\n".join(seen), "TAGS": report["tags"], "PAIRS": report["pairs"],
        "ECE": report["expectedCalibrationError"], "ECE_OTHER": report["expectedCalibrationErrorOnOtherFolds"],
        "BACKGROUND": config["backgroundPictures"], "MEGABYTES": round(sum(sizes.values()) / 1e6, 1),
        "CREDITS": credits(), "CALIBRATION": "sigmoid({z:.3f} z + {cosine:.3f} cosine {intercept:+.3f})".format(**config["calibration"]),
    }.items():
        filled = filled.replace("{{" + key + "}}", str(value))
    (model / "CARD.md").write_text(filled)
    manifest_path = model / "manifest.json"
    manifest = json.loads(manifest_path.read_text())
    manifest["files"] = [
        {"path": name, "bytes": sizes[name], "sha256": hashlib.sha256((model / name).read_bytes()).hexdigest()} for name in FILES]
    manifest_path.write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
