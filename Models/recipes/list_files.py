"""Write the list of files, with sizes and SHA-256, into a model's manifest.

    python3 Models/recipes/list_files.py Models/redraw-small [--skip CARD.md ...]

Lists every file of the folder but the manifest, model cards and hidden files. Run it last, whenever a weight file changes.
"""

import argparse
import hashlib
import json
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--skip", nargs="*", default=["CARD.md", "README.md"])
    arguments = parser.parse_args()
    manifest_path = arguments.folder / "manifest.json"
    manifest = json.loads(manifest_path.read_text())
    files = []
    for path in sorted(arguments.folder.rglob("*")):
        relative = path.relative_to(arguments.folder).as_posix()
        hidden = any(part.startswith(".") for part in relative.split("/"))
        if not path.is_file() or hidden or relative == "manifest.json" or path.name in arguments.skip:
            continue
        data = path.read_bytes()
        files.append({"path": relative, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    manifest["files"] = files
    manifest_path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    print(f"{manifest_path}: {len(files)} files, {sum(f['bytes'] for f in files) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
