"""libraries.py compare WHOLE MERGED [SHARD ...]: tells whether a library that was merged of shards holds what one process made of the same folder,
and each picture once. libraries.py count LIBRARY: how many analyses it holds so far. Needs nothing but Python."""

import os
import sqlite3
import sys


def opened(folder: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{os.path.join(folder, 'redraw.sqlite')}?mode=ro", uri=True, timeout=15)


def count(folder: str) -> int:
    try:
        return opened(folder).execute("SELECT count(*) FROM analysis").fetchone()[0]
    except sqlite3.OperationalError:
        # It is not made yet.
        return 0


def said(folder: str) -> dict:
    """What is said of every picture: its places, and of each analysis the prompt and the suggestions."""
    library = opened(folder)
    problems = library.execute("PRAGMA integrity_check").fetchall() + library.execute("PRAGMA foreign_key_check").fetchall()
    if problems != [("ok",)]:
        sys.exit(f"{folder} is damaged: {problems[:3]}")
    pictures = {}
    for number, digest in library.execute("SELECT id, sha256 FROM picture"):
        places = library.execute("SELECT path, bytes, modified FROM picturePath WHERE pictureId = ? ORDER BY path", [number])
        analyses = library.execute("SELECT positive, negative, model, size, wording FROM analysis WHERE pictureId = ?", [number])
        suggestions = library.execute(
            "SELECT tagKey, facet, cosine, confidence, rank, source, state FROM suggestion WHERE pictureId = ? ORDER BY tagKey", [number]
        )
        names = library.execute(
            "SELECT tagKey, nameKey FROM suggestionName JOIN suggestion ON suggestion.id = suggestionId WHERE pictureId = ? ORDER BY 1, 2",
            [number],
        )
        embeddings = library.execute(
            "SELECT encoderSha256, halves FROM embedding JOIN embeddingSpace ON embeddingSpace.id = spaceId WHERE pictureId = ?", [number]
        )
        pictures[digest] = [rows.fetchall() for rows in (places, analyses, suggestions, names, embeddings)]
    return pictures


def compare(whole: str, merged: str, shards: list) -> None:
    expected, found = said(whole), said(merged)
    lost, more = expected.keys() - found.keys(), found.keys() - expected.keys()
    double = [digest for digest, (_, analyses, *_) in found.items() if len(analyses) != 1]
    other = [digest for digest in expected.keys() & found.keys() if expected[digest] != found[digest]]
    parts = [said(shard).keys() for shard in shards]
    print(f"{len(found)} pictures, {sum(len(entry[2]) for entry in found.values())} suggestions; in the shards {[len(part) for part in parts]}")
    print(f"lost {len(lost)}, more than there are {len(more)}, not looked at once {len(double)}, said otherwise {len(other)}")
    if lost or more or double or other or sum(map(len, parts)) != len(expected):
        sys.exit(1)


if __name__ == "__main__":
    if sys.argv[1] == "count":
        print(count(sys.argv[2]))
    else:
        compare(sys.argv[2], sys.argv[3], sys.argv[4:])
