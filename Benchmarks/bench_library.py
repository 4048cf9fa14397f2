"""How long commands take on a large library: makes one of what Redraw says of the pictures it comes with, many times over, with decisions and
results, and times every command that opens it; cold, with the library's file out of the page cache, and warm. Seconds of the processor and what was
read tell of a busy machine, too.

    python3 Benchmarks/bench_library.py --redraw .build/release/redraw [--pictures 100000] [--generations 20000] [--folder FOLDER]
        [--times 3] [--limit 0.3] [--export]

Needs nothing but Python, on Linux. The library lies in a temporary folder; --folder names another, which is kept, and where it holds a library
already that one is timed. Medians of --times; commands that take more than --limit seconds are named at the end. --export writes the whole library, takes
it in anew and compares; nothing else is timed then.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import processes
from bench_import import checkout, make, opened

words = "harbour dusk boats lighthouse storm meadow river bridge castle forest snow lantern market violin tram desert glass orchard".split()


def decide(library: sqlite3.Connection, pictures: int) -> None:
    """What somebody decided: of every tenth picture its three likeliest tags, and a prompt of the approved ones."""
    library.execute("CREATE TEMP TABLE decided (id INTEGER PRIMARY KEY, state TEXT, pictureId INTEGER, tagKey TEXT, tag TEXT, moment TEXT)")
    library.execute(
        "INSERT INTO decided (id, state, pictureId, tagKey, tag, moment) SELECT id, CASE place WHEN 3 THEN 'rejected' ELSE 'approved' END, "
        "pictureId, tagKey, tag, strftime('%Y-%m-%d %H:%M:%f', '2026-03-01', (pictureId * 3 + place) || ' seconds') FROM (SELECT "
        "suggestion.*, row_number() OVER (PARTITION BY pictureId ORDER BY rank) AS place FROM suggestion WHERE pictureId % 10 = 0 AND "
        "pictureId <= ? AND source = 'ranked') WHERE place <= 3 ORDER BY pictureId, place",
        [pictures],
    )
    state = "json_object('aliases', json('[]'), 'confidence', confidence, 'cosine', cosine, 'facet', facet, 'rank', rank, 'source', source, "
    library.execute(
        "INSERT INTO decision (pictureId, tagKey, tag, batch, action, before, after, decidedAt, decidedBy) SELECT decided.pictureId, "
        "decided.tagKey, decided.tag, 1, CASE decided.state WHEN 'approved' THEN 'approve' ELSE 'reject' END, "
        f"{state} 'state', 'pending', 'tag', decided.tag, 'weight', 1), {state} 'state', decided.state, 'tag', decided.tag, 'weight', 1, "
        "'decidedAt', replace(moment, ' ', 'T') || 'Z', 'decidedBy', 'somebody'), moment, 'somebody' FROM decided JOIN suggestion ON "
        "suggestion.id = decided.id ORDER BY decided.id"
    )
    library.execute(
        "UPDATE suggestion SET state = decided.state, decidedAt = decided.moment, decidedBy = 'somebody', decisionId = decision.id FROM "
        "decided JOIN decision ON decision.pictureId = decided.pictureId AND decision.tagKey = decided.tagKey WHERE decided.id = suggestion.id"
    )
    library.execute(
        "INSERT INTO prompt (pictureId, number, positive, negative, source, createdAt) SELECT pictureId, 1, group_concat(tag, ', '), 'blurry', "
        "'composed', max(moment) FROM decided WHERE state = 'approved' GROUP BY pictureId"
    )


def paint(library: sqlite3.Connection, template: pathlib.Path, pictures: int, number: int) -> None:
    """Results as the template's one is: three of four of pictures, the others painted from words."""
    library.execute("ATTACH ? AS template", [str(template / "redraw.sqlite")])
    names = [row[1] for row in library.execute("PRAGMA table_info(generation)") if row[1] not in ("id", "kind", "request", "pictureId", "promptNumber", "createdAt", "finishedAt")]
    copied = ", ".join(f'"{name}"' for name in names)
    library.execute("CREATE TEMP TABLE run (id INTEGER PRIMARY KEY, pictureId INTEGER, prompt TEXT, moment TEXT, sha256 TEXT)")
    dice = random.Random(1)
    library.executemany(
        "INSERT INTO run VALUES (?, ?, ?, strftime('%Y-%m-%d %H:%M:%f', '2026-04-01', ? || ' seconds'), ?)",
        (
            (n + 1, None if n % 4 == 0 else (n * 5) % pictures + 1, "a " + " ".join(dice.sample(words, 4)), n * 7, f"{n:064x}")
            for n in range(number)
        ),
    )
    library.execute(
        f"INSERT INTO generation (kind, request, pictureId, createdAt, finishedAt, {copied}) SELECT CASE WHEN run.pictureId IS NULL THEN 'paint' "
        "ELSE 'generate' END, json_set(request, '$.prompt', run.prompt, '$.mode', CASE WHEN run.pictureId IS NULL THEN 'paint' ELSE 'generate' "
        f"END), run.pictureId, moment, moment, {copied} FROM run, (SELECT * FROM template.generation LIMIT 1) ORDER BY run.id"
    )
    library.execute(
        "INSERT INTO generationOutput (generationId, position, path, sha256, seed) SELECT generation.id, 1, '/results/' || run.id || '.png', "
        "run.sha256, 7 FROM run JOIN generation ON generation.createdAt = run.moment"
    )


def fill(redraw: str, folder: pathlib.Path, pictures: int, generations: int) -> None:
    """A library of so many pictures, in `folder`, and in it the pictures of `own` as they are."""
    template, own = folder / "template", folder / "own"
    shutil.copytree(checkout / "Documentation/pictures", own)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([redraw, "analyze", own, "--library", template], **quiet)
    subprocess.run([redraw, "paint", "x", "--steps", "1", "--size", "64x64", "--output", folder / "x.png", "--library", template], **quiet)
    subprocess.run([redraw, "export", "--library", folder / "large"], **quiet)
    make(template, folder / "large", 0, pictures)
    library = opened(folder / "large")
    library.execute("PRAGMA synchronous = OFF")
    library.execute("BEGIN")
    library.execute("UPDATE picture SET addedAt = strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', (id * 60) || ' seconds')")
    decide(library, pictures)
    paint(library, template, pictures, generations)
    library.execute("COMMIT")
    library.close()
    # What is counted of the pictures, and found by words, is made by the first who writes.
    subprocess.run([redraw, "analyze", own, "--library", folder / "large"], **quiet)


class Bench:
    def __init__(self, redraw: str, folder: pathlib.Path, times: int, limit: float) -> None:
        self.redraw, self.folder, self.times, self.limit = redraw, folder, times, limit
        self.library = folder / "large"
        self.slow = []

    def drop(self) -> None:
        for file in self.library.glob("redraw.sqlite*"):
            with open(file, "rb") as opened_file:
                os.fsync(opened_file.fileno())
                os.posix_fadvise(opened_file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def once(self, arguments: list, typed: str) -> tuple[float, float, float, str]:
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            [self.redraw, *map(str, arguments), "--library", str(self.library)], input=typed, capture_output=True, text=True,
            cwd=self.folder,
        )
        seconds, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        said = "" if done.returncode == 0 else f"  ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return seconds, busy, (after.ru_inblock - before.ru_inblock) * 512 / 1e6, said

    def time(self, *arguments, typed: str = "") -> None:
        """Arguments that are functions are asked for each run's own value."""
        figures, said = {"cold": [], "warm": []}, ""
        read, used = [], []
        for number in range(2 * self.times):
            state = "cold" if number % 2 == 0 else "warm"
            if state == "cold":
                self.drop()
            seconds, busy, megabytes, said = self.once([one(number) if callable(one) else one for one in arguments], typed)
            figures[state].append(seconds)
            used.append(busy)
            if state == "cold":
                read.append(megabytes)
        self.tell(" ".join(str(one(0) if callable(one) else one) for one in arguments).replace(str(self.folder) + "/", ""), figures, used, read, said)

    def tell(self, what: str, figures: dict, used: list = [], read: list = [], said: str = "") -> None:
        cold, warm = statistics.median(figures["cold"]), statistics.median(figures["warm"])
        if cold > self.limit:
            self.slow.append(what)
        busy = f"{statistics.median(used):5.2f}" if used else "    -"
        megabytes = f"{statistics.median(read):7.1f}" if read else "      -"
        print(f"| {what[:60]:60} | {cold:6.2f} | {warm:6.2f} | {busy} | {megabytes} |{said}", flush=True)

    def serve(self, addresses: list[str]) -> None:
        """From the program's start to its first answer, and the answers of a page that is open."""
        figures = {"cold": [], "warm": []}
        routes = {address: [] for address in addresses}
        for number in range(2 * self.times):
            if number % 2 == 0:
                self.drop()
            begin = time.monotonic()
            server = subprocess.Popen(
                [self.redraw, "serve", "--port", "0", "--library", str(self.library)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            try:
                root = None
                for line in server.stdout:
                    root = next((word.rstrip("/.") for word in line.split() if word.startswith("http://")), root)
                    if root:
                        break
                parts = urllib.parse.urlsplit(root)
                root = f"{parts.scheme}://{parts.netloc}/api/v1"
                urllib.request.urlopen(root + "/pictures?limit=100").read()
                figures["cold" if number % 2 == 0 else "warm"].append(time.monotonic() - begin)
                for address in addresses:
                    if number % 2 == 0:
                        self.drop()
                    asked = time.monotonic()
                    urllib.request.urlopen(root + address).read()
                    routes[address].append(time.monotonic() - asked)
            finally:
                server.send_signal(signal.SIGINT)
                server.wait()
        self.tell("serve, until its first list of pictures", figures)
        for address, seconds in routes.items():
            self.tell(f"serve: {address}", {"cold": seconds[::2], "warm": seconds[1::2]})


def one(library: sqlite3.Connection, sql: str):
    return library.execute(sql).fetchone()[0]


def all_commands(bench: Bench) -> None:
    library = opened(bench.library)
    last = one(library, "SELECT max(id) FROM picture WHERE name LIKE '%.jpg' AND id % 10 = 0")
    middle = last // 2 // 10 * 10
    often = one(library, "SELECT tagKey FROM suggestion GROUP BY tagKey ORDER BY count(*) DESC LIMIT 1")
    day = one(library, "SELECT substr(addedAt, 1, 10) FROM picture ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 2 FROM picture)")
    model = one(library, "SELECT model FROM generation LIMIT 1")
    run, name = one(library, "SELECT max(id) FROM generation"), one(library, f"SELECT name FROM picture WHERE id = {middle}")
    forgotten = iter([row[0] for row in library.execute("SELECT id FROM picture WHERE id % 10 = 3 ORDER BY id DESC LIMIT 100")])
    rows = {table: one(library, f"SELECT count(*) FROM {table}") for table in ("picture", "suggestion", "decision", "generation")}
    library.close()
    size = (bench.library / "redraw.sqlite").stat().st_size
    print(", ".join(f"{rows[table]:,} {table}s" for table in rows) + f", {size / 1e6:.0f} MB\n")
    print(f"| {'command':60} | cold s | warm s | cpu s | MB read |\n|{'-' * 62}|-------:|-------:|------:|--------:|")
    picture, own = f"p{middle}", bench.folder / "own/coffee.jpg"
    small, taken = bench.folder / "small.json", bench.folder / "taken.json"
    t = bench.time
    if own.exists():
        t("analyze", own)
        t("analyze", own.parent)
        t("captions", own, "--overwrite", "--caption-tags", "suggested")
        t("keywords", own)
        t("repaint", own, "--mask", own, "--prompt", "x", "--later", "--output", bench.folder / "later.png")
    t("review", typed="q\n")
    t("review", picture, typed="q\n")
    t("tag", picture, "--add", lambda number: f"blue door {number}")
    t("prompt", picture)
    t("prompt", picture, "--versions")
    t("paint", "a harbour", "--later", "--output", bench.folder / "later.png")
    t("jobs")
    t("jobs", "clear")
    t("similar", picture)
    t("history")
    t("history", "--limit", "1000")
    t("history", "--generations")
    t("history", picture)
    t("show", picture)
    t("show", f"g{run}")
    t("search", often)
    t("search", *often.split(), name.split(".")[0])
    t("search", name)
    t("search", often, "--approved")
    t("search", often, "--approved", "--since", day)
    t("search", "--since", day)
    t("search", "--since", day, "--limit", "1000")
    t("search", "--model", model)
    t("search", "--model", model, "--since", day, "--approved")
    t("search", "--stars", "4")
    t("search", words[0], words[1])
    t("search")
    t("rate", f"g{run}", lambda number: number % 5 + 1)
    t("forget", picture)
    t("forget", lambda number: f"p{next(forgotten)}", "--yes")
    t("export", picture)
    t("export", picture, "--output", small, "--overwrite")
    small.write_text(subprocess.run([bench.redraw, "export", picture, "--library", bench.library], capture_output=True, text=True).stdout)
    text = json.loads(small.read_text())

    def renamed(number: int) -> pathlib.Path:
        text["pictures"][0]["sha256"] = f"{time.time_ns():064x}"
        taken.write_text(json.dumps(text))
        return taken

    t("import", small)
    t("import", renamed)
    t("export", picture, "--tags", "csv")
    t("vocab", "thresholds")
    t("doctor")
    bench.serve(
        ["/status", f"/pictures?limit=100&query={urllib.parse.quote(often)}", "/pictures?limit=100&state=pending&order=name",
         f"/pictures/{middle}", "/pictures?limit=100&state=approved&stars=2", "/generations?limit=50", f"/generations?query={words[0]}&kind=paint",
         "/generations?kind=paint&limit=50&offset=4000", "/bin", "/jobs", "/sheets"]
    )


def whole(bench: Bench) -> None:
    """The whole library as text, and that text as a library again."""
    def run(*arguments) -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        said, seconds, megabytes = processes.run([bench.redraw, *arguments])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{arguments[0]}: {seconds:.1f} s, {busy:.1f} s of a processor, at most {megabytes:.0f} MB; {said.strip()}", flush=True)

    first, second = bench.folder / "first.json", bench.folder / "second.json"
    run("export", "--output", first, "--overwrite", "--library", bench.library)
    print(f"  {first.stat().st_size / 1e6:.0f} MB of text")
    shutil.rmtree(bench.folder / "again", ignore_errors=True)
    run("import", first, "--library", bench.folder / "again")
    run("export", "--output", second, "--overwrite", "--library", bench.folder / "again")
    print("what is exported again is the same" if subprocess.run(["cmp", first, second]).returncode == 0 else "WHAT IS EXPORTED AGAIN DIFFERS")
    tables = ("picture", "analysis", "suggestion", "suggestionName", "decision", "prompt", "generation", "generationOutput", "picturePath")
    there, here = opened(bench.library), opened(bench.folder / "again")
    for table in tables:
        a, b = (one(library, f"SELECT count(*) FROM {table}") for library in (there, here))
        print(f"  {table}: {a}" + ("" if a == b else f", but {b} taken in"))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--redraw", required=True)
    options.add_argument("--pictures", type=int, default=100_000)
    options.add_argument("--generations", type=int, default=20_000)
    options.add_argument("--folder", help="where the library is made, and kept")
    options.add_argument("--times", type=int, default=3, help="runs of each command, cold and warm")
    options.add_argument("--limit", type=float, default=0.3, help="seconds that a command may take")
    options.add_argument("--export", action="store_true", help="write the whole library, take it in anew and compare; nothing else is timed")
    options = options.parse_args()
    redraw = os.path.abspath(options.redraw)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(options.folder or name).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(redraw, folder, options.times, options.limit)
        if not (bench.library / "redraw.sqlite").exists():
            fill(redraw, folder, options.pictures, options.generations)
        if options.export:
            return whole(bench)
        all_commands(bench)
        if bench.slow:
            print(f"\nlonger than {options.limit} s: {'; '.join(bench.slow)}")


if __name__ == "__main__":
    main()
