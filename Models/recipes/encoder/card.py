"""Writes CARD.md's tables and manifest.json from what the recipe measured.

    python card.py MODEL [CACHE]        (CACHE for the figures with the text tower in f32)
"""

import hashlib
import json
import sys
from pathlib import Path

BASELINE = {
    "COCO-80 precision@1 by cosine": "0.570", "COCO-80 hit@5 by cosine": "0.875", "Flickr image to caption R@1 of 250 by cosine": "0.156",
    "Flickr image to caption R@10 of 250 by cosine": "0.608", "Caltech-101 zero-shot top-1 of 100 by cosine": "0.446",
    "Caltech-101 zero-shot top-5 of 100 by cosine": "0.686", "PACS object of 7, photo, by cosine": "0.85",
    "PACS object of 7, painting, by cosine": "0.61", "PACS object of 7, cartoon, by cosine": "0.31", "PACS object of 7, sketch, by cosine": "0.26",
    "PACS medium of 4": "0.93",
}
FILES = ["config.json", "image.safetensors", "head.safetensors", "text.safetensors", "background.safetensors", "vocab.txt"]


def main():
    model = Path(sys.argv[1])
    config = json.loads((model / "config.json").read_text())
    metrics = json.loads((model / "metrics.json").read_text())
    upstream = json.loads((Path(sys.argv[2]) / "metrics-f32-text.json").read_text()) if len(sys.argv) > 2 else {}
    lines = ["| Figure | Here | With the text tower in f32 | Frozen features, before | n |", "|---|---|---|---|---|"]
    for name, entry in metrics.items():
        other = None if "medium" in name else upstream.get(name)  # the medium needs no text
        lines.append(f"| {name} | {entry['value']:.3f} | {format(other['value'], '.3f') if other else ''} | {BASELINE.get(name, '')} | {entry['n']} |")
    report = config["calibrationReport"]
    reliability = ["| Confidence | Mean confidence | Share named in the caption | n |", "|---|---|---|---|"]
    reliability += [f"| {low} to {high} | {mean} | {share} | {count} |" for low, high, mean, share, count in report["reliability"]]
    template = (Path(__file__).parent / "CARD.template.md").read_text()
    sizes = {name: (model / name).stat().st_size for name in FILES}
    filled = template
    for key, value in {
        "METRICS": "\n".join(lines), "RELIABILITY": "\n".join(reliability), "TAGS": report["tags"], "PAIRS": report["pairs"],
        "ECE": report["expectedCalibrationError"], "ECE_OTHER": report["expectedCalibrationErrorOnOtherFolds"],
        "BACKGROUND": config["backgroundPictures"], "MEGABYTES": round(sum(sizes.values()) / 1e6, 1),
        "CALIBRATION": "sigmoid({z:.3f} z + {cosine:.3f} cosine {intercept:+.3f})".format(**config["calibration"]),
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
