"""How fast libraries become one: makes libraries of what Redraw says of the pictures it comes with, many times over, and times `redraw import`.

    python3 Benchmarks/bench_import.py --redraw .build/release/redraw [--pictures 100000] [--libraries 8] [--folder FOLDER] [--text]

Needs nothing but Python. Everything is made in a temporary folder (--folder names another), some 10 KB for each picture, twice. --text also times
the way through `redraw export`.
"""

import argparse
import hashlib
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

checkout = pathlib.Path(__file__).resolve().parent.parent


def run(*arguments: str) -> float:
    begin, before = time.monotonic(), os.times()
    done = subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seconds, after = time.monotonic() - begin, os.times()
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: {done.stderr}")
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    words = " ".join(pathlib.Path(word).name for word in arguments)[:60]
    print(f"  {seconds:.1f} s, {busy:.1f} s of a processor: {words}: {' '.join(done.stderr.split())}", flush=True)
    return seconds


def opened(folder: pathlib.Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "redraw.sqlite", isolation_level=None)


def columns(library: sqlite3.Connection, table: str, *left: str) -> str:
    return ", ".join(f'"{row[1]}"' for row in library.execute(f"PRAGMA table_info({table})") if row[1] not in left)


def count(folder: pathlib.Path) -> dict:
    tables = ["picture", "analysis", "suggestion", "suggestionName", "picturePath", "embedding"]
    library = opened(folder)
    return {table: library.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def make(template: pathlib.Path, folder: pathlib.Path, first: int, number: int) -> None:
    """A library of `number` pictures, each with all that the template says of one of its pictures, by turns."""
    library = opened(folder)
    library.execute("PRAGMA synchronous = OFF")
    library.execute("ATTACH ? AS template", [str(template / "redraw.sqlite")])
    known = [row[0] for row in library.execute("SELECT id FROM template.picture ORDER BY id")]
    library.execute("BEGIN")
    library.execute("CREATE TEMP TABLE made (id INTEGER PRIMARY KEY, likeness INTEGER, sha256 TEXT)")
    library.executemany(
        "INSERT INTO made VALUES (?, ?, ?)",
        ((n + 1, known[n % len(known)], hashlib.sha256(str(first + n).encode()).hexdigest()) for n in range(number)),
    )
    library.execute(
        "INSERT INTO picture (id, sha256, width, height, addedAt, name) SELECT made.id, made.sha256, width, height, addedAt, "
        "made.id || '.jpg' FROM made JOIN template.picture ON picture.id = likeness"
    )
    library.execute(
        "INSERT INTO picturePath (path, pictureId, seenAt, bytes, modified) SELECT '/archive/' || sha256 || '.jpg', made.id, seenAt, bytes, "
        "modified FROM made JOIN template.picturePath ON pictureId = likeness"
    )
    analysis = columns(library, "analysis", "id", "pictureId", "createdAt")
    library.execute(
        f"INSERT INTO analysis (id, pictureId, createdAt, {analysis}) SELECT made.id, made.id, strftime('%Y-%m-%d %H:%M:%f', createdAt, "
        f"(made.id * 0.2) || ' seconds'), {analysis} FROM made JOIN template.analysis ON pictureId = likeness ORDER BY made.id"
    )
    suggestion = columns(library, "suggestion", "id", "pictureId", "analysisId")
    library.execute(
        f"INSERT INTO suggestion (pictureId, analysisId, {suggestion}) SELECT made.id, made.id, {suggestion} FROM made JOIN "
        "template.suggestion ON pictureId = likeness ORDER BY made.id"
    )
    library.execute(
        "INSERT INTO suggestionName SELECT ours.id, nameKey, name FROM made JOIN template.suggestion AS theirs ON theirs.pictureId = "
        "likeness JOIN suggestion AS ours ON ours.pictureId = made.id AND ours.tagKey = theirs.tagKey JOIN template.suggestionName ON "
        "suggestionName.suggestionId = theirs.id"
    )
    library.execute("INSERT INTO embeddingSpace SELECT * FROM template.embeddingSpace")
    library.execute(
        "INSERT INTO embedding (spaceId, pictureId, halves) SELECT spaceId, made.id, halves FROM made JOIN template.embedding ON "
        "pictureId = likeness"
    )
    library.execute("COMMIT")
    library.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--redraw", required=True)
    options.add_argument("--pictures", type=int, default=100_000)
    options.add_argument("--libraries", type=int, default=8)
    options.add_argument("--text", action="store_true", help="time export and import of the text, too")
    options.add_argument("--folder", help="where the libraries are made")
    options = options.parse_args()
    redraw = os.path.abspath(options.redraw)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = pathlib.Path(name)
        template = folder / "template"
        run(redraw, "analyze", str(checkout / "Documentation/pictures"), "--library", str(template))
        size = count(template)
        suggestions, names = size["suggestion"] / size["picture"], size["suggestionName"] / size["suggestion"]
        print(f"  a picture has {suggestions:.1f} suggestions with {names:.1f} names each")
        shards, first = [], 0
        for number in range(options.libraries):
            shard = folder / "shards" / str(number + 1)
            length = options.pictures * (number + 1) // options.libraries - first
            subprocess.run([redraw, "export", "--library", shard], check=True, stdout=subprocess.DEVNULL)
            make(template, shard, first, length)
            shards.append(shard)
            first += length
        made = {}
        for shard in shards:
            for table, rows in count(shard).items():
                made[table] = made.get(table, 0) + rows
        suggestions = made["suggestion"]
        size = sum(file.stat().st_size for file in (folder / "shards").rglob("*") if file.is_file())
        print(f"  {made}, {size / 1e6:.0f} MB")

        def told(what: str, seconds: float, library: pathlib.Path) -> None:
            print(f"{what}: {suggestions} suggestions in {seconds:.1f} s, {suggestions / seconds * 60 / 1e6:.2f} million a minute")
            if count(library) != made:
                sys.exit(f"it holds {count(library)}")

        merged = folder / "merged"
        told("libraries", run(redraw, "import", *map(str, shards), "--library", str(merged)), merged)
        told("libraries, again", run(redraw, "import", *map(str, shards), "--library", str(merged)), merged)
        if options.text:
            texts = []
            begin = time.monotonic()
            for shard in shards:
                texts.append(str(folder / f"{shard.name}.json"))
                run(redraw, "export", "--library", str(shard), "--output", texts[-1])
            print(f"export: {suggestions / (time.monotonic() - begin) * 60 / 1e6:.2f} million suggestions a minute")
            made["embedding"] = 0
            taken = folder / "taken"
            told("texts", run(redraw, "import", *texts, "--library", str(taken)), taken)
            told("texts, again", run(redraw, "import", *texts, "--library", str(taken)), taken)


if __name__ == "__main__":
    main()
