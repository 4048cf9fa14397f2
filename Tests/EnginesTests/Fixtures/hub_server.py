"""A small model hub for the tests: the tree of a repository and its files, with faults; Python's standard library only.

    python3 hub_server.py FOLDER [--fault FAULT] [--times N] [--token WORD]

FOLDER holds repositories as owner/name/files. Prints its port, serves until standard input is closed. GET /log tells the requests: their path,
their Range and whether they had a token; of those that were sent as to a proxy the whole address, and who asked. Files of 1,000 bytes and more are listed with their digest, as hubs do with large files.

Faults, for the first N requests of files (default 1): cut (the connection ends in the middle), busy (429 with Retry-After: 0), error (503),
stall (nothing comes any more), later (429 with Retry-After: 1e30), status (014, which HTTP does not have, and a body), huge (a Content-Length of 2^63-1); and for every one: length (the list tells another size), digest (the list tells another digest), redirect (files
are at the host localhost instead of 127.0.0.1), port (files are at port 99999), negative (the list tells sizes below 0), plain (no ETag and no ranges), missing (404).
"""

import argparse
import hashlib
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log, lock, left = [], threading.Lock(), [0]

    def log_message(self, *_):
        pass

    def send(self, body, status=200, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        # A proxy is asked for a whole address: this one has what everybody else has.
        address = self.path if self.path.startswith("http://") else ""
        path = ("/" + address.split("/", 3)[3] if address else self.path).split("?")[0]
        authorization = self.headers.get("Authorization")
        if path == "/log":
            return self.send(json.dumps(Hub.log).encode())
        with Hub.lock:
            Hub.log.append({"path": path, "range": self.headers.get("Range"), "token": authorization is not None, "host": self.headers["Host"], "address": address, "proxy": self.headers.get("Proxy-Authorization")})
        if options.token and authorization != "Bearer " + options.token and not path.startswith("/elsewhere/"):
            return self.send(b"{}", 401)
        if path.startswith("/api/models/"):
            return self.tree(path.removeprefix("/api/models/").split("/tree/")[0])
        if "/resolve/" in path:
            repository, rest = path.strip("/").split("/resolve/")
            name = rest.split("/", 1)[1]
            if options.fault in ("redirect", "port"):
                port = self.server.server_address[1] if options.fault == "redirect" else 99999
                self.send_response(302)
                self.send_header("Location", f"http://localhost:{port}/elsewhere/{repository}/{name}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            return self.file(os.path.join(options.folder, repository, name))
        if path.startswith("/elsewhere/"):
            return self.file(os.path.join(options.folder, path.removeprefix("/elsewhere/")))
        self.send(b"{}", 404)

    def tree(self, repository):
        root = os.path.join(options.folder, repository)
        if not os.path.isdir(root):
            return self.send(b"{}", 404)
        entries = []
        for folder, _, names in os.walk(root):
            for name in sorted(names):
                place = os.path.join(folder, name)
                data = open(place, "rb").read()
                size = -1 if options.fault == "negative" else len(data) + (1 if options.fault == "length" else 0)
                entry = {"type": "file", "path": os.path.relpath(place, root), "size": size, "oid": "0" * 40}
                if len(data) >= 1000:
                    digest = hashlib.sha256(data + (b"x" if options.fault == "digest" else b"")).hexdigest()
                    entry["lfs"] = {"oid": digest, "size": size, "pointerSize": 134}
                entries.append(entry)
        self.send(json.dumps(entries).encode())

    def file(self, place):
        if options.fault == "missing" or not os.path.isfile(place):
            return self.send(b"{}", 404)
        with Hub.lock:
            faulty = Hub.left[0] > 0
            Hub.left[0] -= 1
        if faulty and options.fault == "busy":
            return self.send(b"{}", 429, Retry_After="0")
        if faulty and options.fault == "later":
            return self.send(b"{}", 429, Retry_After="1e30")
        if faulty and options.fault == "status":
            self.wfile.write(b"HTTP/1.1 014 Not\r\nConnection: close\r\n\r\n{}")
            self.close_connection = True
            return
        if faulty and options.fault == "error":
            return self.send(b"{}", 503)
        data = open(place, "rb").read()
        tag = '"' + hashlib.md5(data).hexdigest() + '"'
        start, status, headers = 0, 200, {} if options.fault == "plain" else {"ETag": tag, "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range")
        if wanted and options.fault != "plain" and self.headers.get("If-Range") == tag:
            start, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        body = data[start:]
        self.send_response(status)
        self.send_header("Content-Length", str(2**63 - 1 if faulty and options.fault == "huge" else len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if faulty and options.fault in ("cut", "stall"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if options.fault == "stall":
                time.sleep(30)
            self.close_connection = True
            return
        self.wfile.write(body)


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--fault", default="")
parser.add_argument("--times", type=int, default=1)
parser.add_argument("--token")
options = parser.parse_args()
Hub.left[0] = options.times
server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
