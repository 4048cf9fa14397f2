"""A soak of `redraw serve`: mixed requests from several clients for a long time, against the built program.

    python3 soak.py PATH/TO/redraw [--minutes 20] [--clients 4] [--seed 1]

Wants Python's standard library alone. Ends with status 1 where an answer was a 5xx, where a connection was lost, where a client waited in vain,
where the server did not stop in good order, or where its memory grew: the resident set of the last minute against that of minute 5 (of a
shorter run: of its first quarter).
"""

import argparse
import base64
import collections
import http.client
import json
import os
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib

import ending

# Of the memory at minute 5: allocators keep what they were given, so a little more is no leak.
GROWTH, SLACK = 1.10, 48 << 20
PATIENCE = 300
SMALL = {"steps": 2, "size": "64x64"}


def png(width, height, shade, channels=3):
    """A PNG of soft bands, or with one channel a mask that is white in its middle."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            if channels == 1:
                rows.append(255 if width // 4 < x < 3 * width // 4 and height // 4 < y < 3 * height // 4 else 0)
            else:
                rows += bytes(((x * 2 + shade) % 256, (y * 3 + shade // 3) % 256, (x + y + shade // 7) % 256))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows), 1)) + chunk(b"IEND", b"")


class Tally:
    """What all clients have seen; told by several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.statuses = collections.Counter()
        self.seconds = collections.defaultdict(list)
        self.problems = []
        self.events = collections.Counter()

    def saw(self, action, status, seconds, words=""):
        with self.lock:
            self.statuses[status] += 1
            self.seconds[action].append(seconds)
            if status >= 500:
                self.problems.append(f"{action}: {status} {words[:300]}")

    def lost(self, what):
        with self.lock:
            self.problems.append(what)


class Client:
    """A connection of its own, and what it knows of the library."""

    def __init__(self, port, tally, seed):
        self.port, self.tally, self.random = port, tally, random.Random(seed)
        self.connection = None
        self.action = ""

    def ask(self, method, path, body=None, kind="application/json", headers=None):
        """The answer's status and what it holds: a value where it is JSON, else bytes. None where the connection was lost."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        headers = dict(headers or {})
        if body is not None:
            headers["Content-Type"] = kind
        begin = time.monotonic()
        for attempt in range(2):
            isFresh = self.connection is None
            if isFresh:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            try:
                self.connection.request(method, path, body=body, headers=headers)
                answer = self.connection.getresponse()
                content = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self.connection.close()
                self.connection = None
                # The server lets idle connections go; a new one has to be answered.
                if isFresh or attempt == 1:
                    self.tally.lost(f"{self.action}: {method} {path}: {type(error).__name__} {error}")
                    return 0, None
        self.tally.saw(self.action, answer.status, time.monotonic() - begin, content[:300].decode("utf-8", "replace"))
        if "json" in (answer.headers.get("Content-Type") or ""):
            return answer.status, json.loads(content)
        return answer.status, content

    def get(self, path):
        return self.ask("GET", "/api/v1" + path)[1]

    def post(self, path, body=None, method="POST"):
        return self.ask(method, "/api/v1" + path, {} if body is None else body)[1]

    def some(self, path, key):
        """One of a list at random, or None."""
        answer = self.get(path)
        found = answer.get(key) if isinstance(answer, dict) else None
        return self.random.choice(found) if found else None

    def picture(self):
        return self.some("/pictures?limit=40", "pictures")

    def generation(self):
        found = self.some("/generations?limit=40", "generations")
        return found if found and found["status"] == "done" and found["outputs"] else None

    def hasRoom(self):
        status = self.get("/status")
        return isinstance(status, dict) and status["jobs"] < 12

    # What a client does, each with how often.

    def upload(self):
        shade, side = self.random.randrange(1 << 20), self.random.choice([64, 96, 128])
        name = urllib.parse.quote(f"soak {shade}.png")
        self.ask("POST", "/api/v1/pictures", png(side, side * 3 // 4, shade), "image/png", {"X-File-Name": name})

    def browse(self):
        word = self.random.choice(["", "cat", "soak", "a", "tag", "blue sky", "zzz"])
        self.get(f"/pictures?query={urllib.parse.quote(word)}&state={self.random.choice(['', 'pending', 'approved', 'analysing'])}")
        picture = self.picture()
        if picture:
            self.get(f"/pictures/{picture['id']}")
            self.get(f"/pictures/{picture['id']}/thumbnail")
            self.get(f"/pictures/{picture['id']}/file?size=320")

    def analyse(self):
        picture = self.picture()
        if picture:
            self.post(f"/pictures/{picture['id']}/analyze")

    def decide(self):
        picture = self.picture()
        if not picture:
            return
        place = f"/pictures/{picture['id']}"
        detail = self.get(place)
        if not isinstance(detail, dict) or not detail.get("suggestions"):
            return
        tag = self.random.choice(detail["suggestions"])["tag"]
        action = self.random.choice(["approve", "reject", "reset"])
        self.post(place + "/decisions", {"changes": [{"action": action, "tag": tag}]})
        self.random.choice([
            lambda: self.post(place + "/undo"),
            lambda: self.post(place + "/decisions", {"approveAbove": 0.3}),
            lambda: self.post(place + "/decisions", {"changes": [{"action": "add", "tag": "a paper boat"}]}),
            lambda: self.post(place + "/prompt", {"positive": "a paper boat on a pond"}, "PUT"),
            lambda: self.get(place + "/compose"),
            lambda: self.get(f"/vocabulary?prefix=ca&picture={picture['id']}"),
        ])()

    def plan(self):
        picture = self.picture()
        wish = dict(SMALL, prompt="a paper boat", strength=self.random.choice([0.4, 0.6, 0.95, 3]))
        if picture:
            wish["picture"] = picture["id"]
        self.post("/plan", wish)

    def redraw(self):
        picture = self.picture()
        if picture and self.hasRoom():
            self.post("/jobs", dict(SMALL, picture=picture["id"], prompt="a paper boat", strength=0.5, seed=self.random.randrange(99)))

    def paint(self):
        if self.hasRoom():
            self.post("/jobs", {"prompt": "a lighthouse", "steps": 2, "size": "128x128", "count": self.random.choice([1, 2])})

    def repaint(self):
        picture = self.picture()
        if not picture or not self.hasRoom():
            return
        mask = self.ask("POST", "/api/v1/masks", png(picture["width"], picture["height"], 0, 1), "image/png")[1]
        if isinstance(mask, dict) and mask.get("id"):
            self.get(f"/masks/{mask['id']}")
            self.post("/jobs", dict(SMALL, picture=picture["id"], mask=mask["id"], prompt="a red hat", area="masked"))

    def sheet(self):
        picture = self.picture()
        if picture and self.hasRoom():
            wish = dict(SMALL, picture=picture["id"], prompt="a paper boat")
            self.post("/sheets", {"wish": wish, "x": "strength", "columns": [0.3, 0.7]})
            self.get("/sheets?limit=10")

    def enlarge(self):
        picture = self.picture()
        if picture and picture["width"] < 200:
            self.post(f"/pictures/{picture['id']}/enlarge", {"left": 16, "right": 16})

    def queue(self):
        jobs = self.get("/jobs")
        waiting = [job for job in (jobs if isinstance(jobs, list) else []) if job["state"] in ("queued", "running") and job["prompt"] != "a garden gate"]
        if waiting:
            job = self.random.choice(waiting)
            self.get(f"/jobs/{job['id']}")
            self.get(f"/jobs/{job['id']}/preview")
            if self.random.random() < 0.2:
                self.post(f"/jobs/{job['id']}/cancel")
            elif self.random.random() < 0.3:
                self.post(f"/jobs/{job['id']}/move", {"before": None})

    def look(self):
        generation = self.generation()
        if not generation:
            return
        output = generation["outputs"][0]
        for part in ("url", "thumbnail", "difference"):
            self.ask("GET", output[part])
        self.post(f"/generations/{generation['id']}", {"stars": self.random.randrange(6)}, "PATCH")
        if self.random.random() < 0.2:
            self.ask("POST", output["url"].split("?")[0] + "/picture", {})

    def discard(self):
        picture, generation = self.picture(), self.generation()
        if picture:
            self.post(f"/pictures/{picture['id']}", method="DELETE")
            if self.random.random() < 0.5:
                self.post(f"/pictures/{picture['id']}/restore")
        if generation:
            self.post(f"/generations/{generation['id']}", method="DELETE")
        self.get("/bin")
        if self.random.random() < 0.3:
            self.post("/bin", method="DELETE")

    def records(self):
        self.get("/history?limit=50")
        self.get("/choices")
        self.get("/models")
        self.post("/presets/soak?replace=true", {"wish": {"steps": 4}}, "PUT")
        self.get("/presets")
        self.post("/infotext", {"text": "a cat\nSteps: 4, Sampler: Euler a, CFG scale: 5, Seed: 1, Size: 64x64"})
        if self.random.random() < 0.1:
            self.get("/export")

    def page(self):
        for path in ["/", "/assets/main.js", "/assets/text.js", "/assets/base.css", "/favicon.ico"]:
            self.ask("GET", path)

    def wrong(self):
        self.ask("POST", "/api/v1/plan", b'{"prompt":')
        self.ask("POST", "/api/v1/plan", {"prompt": "x", "steps": -4})
        self.ask("POST", "/api/v1/pictures", b"no picture", "image/png")
        self.ask("GET", "/api/v1/pictures/999999")
        self.ask("GET", "/assets/../../etc/passwd")
        self.ask("GET", "/api/v1/nothing")

    def webui(self):
        if not self.hasRoom():
            return
        asked = {"prompt": "a garden gate", "steps": 2, "width": 64, "height": 64, "seed": -1}
        made = self.ask("POST", "/sdapi/v1/txt2img", asked)[1]
        self.ask("GET", "/sdapi/v1/progress")
        if isinstance(made, dict) and made.get("images"):
            image = made["images"][0]
            self.ask("POST", "/sdapi/v1/png-info", {"image": image})
            mask = base64.b64encode(png(64, 64, 0, 1)).decode()
            self.ask("POST", "/sdapi/v1/img2img", {**asked, "init_images": [image], "mask": mask, "denoising_strength": 0.5})
            self.ask("POST", "/sdapi/v1/interrogate", {"image": image, "model": "clip"})

    def webuiLists(self):
        for name in ["options", "sd-models", "samplers", "schedulers", "loras", "memory", "cmd-flags", "progress"]:
            self.ask("GET", "/sdapi/v1/" + name)
        if self.random.random() < 0.2:
            self.ask("POST", "/sdapi/v1/" + self.random.choice(["interrupt", "skip"]), {})

    actions = [
        (upload, 6), (browse, 12), (analyse, 2), (decide, 10), (plan, 8), (redraw, 5), (paint, 2), (repaint, 3), (sheet, 1), (enlarge, 1),
        (queue, 8), (look, 8), (discard, 4), (records, 3), (page, 4), (wrong, 3), (webui, 2), (webuiLists, 3),
    ]

    def work(self, until):
        calls, weights = zip(*self.actions)
        while time.monotonic() < until:
            call = self.random.choices(calls, weights)[0]
            self.action = call.__name__
            call(self)
            time.sleep(self.random.uniform(0, 0.1))


def listen(port, tally, until):
    """Follows the events, and comes back once a minute with what was seen last."""
    last = ""
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", "/api/v1/events", headers={"Last-Event-ID": last} if last else {})
            stream = connection.getresponse()
            leave = min(until, time.monotonic() + 60)
            while time.monotonic() < leave:
                line = chunked(stream)
                if line is None:
                    tally.lost("the stream of events ended by itself")
                    break
                for part in line.splitlines():
                    if part.startswith("id: "):
                        last = part[4:]
                    elif part.startswith("event: "):
                        with tally.lock:
                            tally.events[part[7:]] += 1
        except (OSError, http.client.HTTPException) as error:
            tally.lost(f"events: {type(error).__name__} {error}")
        connection.close()


def chunked(stream):
    """What came of a stream in chunks; None at its end."""
    part = stream.read1(65536)
    return part.decode() if part else None


def resident(process):
    with open(f"/proc/{process.pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) << 10
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("redraw")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    asked = parser.parse_args()
    print(f"soak: {asked.minutes} minutes, {asked.clients} clients, seed {asked.seed}", flush=True)
    home = tempfile.TemporaryDirectory(prefix="redraw-soak-")
    environment = dict(os.environ, HOME=home.name, XDG_DATA_HOME=home.name + "/data", XDG_CACHE_HOME=home.name + "/cache")
    server = subprocess.Popen(
        [asked.redraw, "serve", "--port", "0", "--library", home.name + "/library", "--quiet"], stdout=subprocess.PIPE, env=environment, text=True,
        preexec_fn=ending.with_its_parent)
    port = int(server.stdout.readline().split("http://")[1].split("/")[0].rsplit(":", 1)[1])
    tally, begin = Tally(), time.monotonic()
    until = begin + asked.minutes * 60
    threads = [threading.Thread(target=Client(port, tally, asked.seed + index).work, args=(until,)) for index in range(asked.clients)]
    threads.append(threading.Thread(target=listen, args=(port, tally, until), daemon=True))
    for thread in threads:
        thread.start()
    sizes = []
    while time.monotonic() < until and server.poll() is None:
        time.sleep(min(5, max(0.1, until - time.monotonic())))
        if server.poll() is not None:
            break
        sizes.append((time.monotonic() - begin, resident(server)))
        if len(sizes) % 12 == 0:
            with tally.lock:
                print(f"minute {sizes[-1][0] / 60:4.1f}: {sum(tally.statuses.values())} requests, {sizes[-1][1] >> 20} MB", flush=True)
    for thread in threads:
        thread.join(PATIENCE + 60)
        if thread.is_alive() and not thread.daemon:
            tally.lost("a client still waits for an answer")
    if server.poll() is not None:
        tally.lost(f"the server ended by itself with {server.returncode}")
    else:
        server.terminate()
        try:
            if server.wait(60) != 0:
                tally.lost(f"the server stopped with {server.returncode}")
        except subprocess.TimeoutExpired:
            server.kill()
            tally.lost("the server did not stop")

    first = min(300, asked.minutes * 15)
    early = [size for moment, size in sizes if first - 60 <= moment <= first + 10]
    late = [size for moment, size in sizes if moment >= asked.minutes * 60 - 60]
    print("\naction          requests   median s   longest s")
    for action, seconds in sorted(tally.seconds.items()):
        print(f"{action:14} {len(seconds):9} {statistics.median(seconds):10.3f} {max(seconds):11.2f}")
    print("\nanswers:", ", ".join(f"{count} with {status}" for status, count in sorted(tally.statuses.items())))
    print("events: ", ", ".join(f"{count} {name}" for name, count in sorted(tally.events.items())))
    if early and late:
        before, after = statistics.median(early), statistics.median(late)
        print(f"memory:  {before / 1e6:.0f} MB at minute {first / 60:.1f}, {after / 1e6:.0f} MB at the end")
        if after > before * GROWTH + SLACK:
            tally.lost(f"memory grew by {(after - before) / 1e6:.0f} MB")
    for problem in tally.problems[:30]:
        print("FAILS ", problem)
    if len(tally.problems) > 30:
        print(f"FAILS  and {len(tally.problems) - 30} more")
    print("soak:", "failed" if tally.problems else "nothing was lost, nothing broke")
    sys.exit(1 if tally.problems else 0)


main()
