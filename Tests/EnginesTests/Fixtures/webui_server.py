"""A small server that speaks /sdapi/v1, written for the tests from the API's description with nothing but Python's standard library.

    python3 webui_server.py [--model NAME]... [--fault FAULT] [--seconds S] [--schedulers no] [--like sd.cpp]
        [--password NAME:WORD] [--busy S]

Prints its port on a line of its own, then serves until standard input is closed. txt2img answers a picture whose every pixel tells the seed;
img2img one with the colours of the picture it was given turned round, where the mask is white or there is none, and grey elsewhere: what a
caller does not paste back shows. For the first S seconds of --busy it makes somebody else's picture, and what is asked waits. GET /log tells the requests it got. Like sd.cpp it has names
as stable-diffusion.cpp's server has them, and tells no progress.

Faults, of txt2img and img2img only unless said: refuse (401, all), status (500), prompt (422), cut (the connection ends in the middle of the answer),
size (a picture of another size), text (not JSON), page (a page of HTML with status 200, all), empty (no pictures), garbage (a picture that is
none), odd (progress tells next to nothing all the time), slow (the answers of the lists take a minute), dead (progress is not answered any more once a picture is asked for, nor is the picture).
"""

import argparse
import base64
import json
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def png(width, height, pixel):
    rows = b"".join(b"\0" + bytes(c for x in range(width) for c in pixel(x, y)) for y in range(height))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def decode(text):
    """(width, height, channels, rows) of an 8-bit PNG without interlacing."""
    data = base64.b64decode(text.split(",", 1)[1] if text.startswith("data:") else text)
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    place, packed = 8, b""
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
            assert depth == 8 and interlace == 0, "not 8 bits, or interlaced"
        if kind == b"IDAT":
            packed += body
        place += 12 + length
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    raw, stride = zlib.decompress(packed), width * channels
    before, rows = bytearray(stride), []
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for i in range(stride):
            left = line[i - channels] if i >= channels else 0
            up, corner = before[i], before[i - channels] if i >= channels else 0
            if kind == 1:
                line[i] = (line[i] + left) & 255
            elif kind == 2:
                line[i] = (line[i] + up) & 255
            elif kind == 3:
                line[i] = (line[i] + (left + up) // 2) & 255
            elif kind == 4:
                guess = left + up - corner
                near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
                line[i] = (line[i] + near) & 255
        rows.append(line)
        before = line
    return width, height, channels, rows


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    log, interrupted, working = [], threading.Event(), None
    settings, started = {}, time.monotonic()

    def log_message(self, *_):
        pass

    def answer(self, value, status=200):
        self.send(json.dumps(value).encode(), "application/json", status)

    def send(self, body, kind, status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refused(self):
        expected = options.password and "Basic " + base64.b64encode(options.password.encode()).decode()
        if options.fault == "refuse" or expected and self.headers.get("Authorization") != expected:
            self.answer({"detail": "Incorrect username or password"}, 401)
            return True
        if options.fault == "page":
            self.send(b"<html><body>A page</body></html>", "text/html")
            return True
        return False

    def do_GET(self):
        path = self.path.split("?")[0].removeprefix("/sdapi/v1")
        if path == "/log":
            return self.answer(Server.log)
        if self.refused():
            return
        if options.fault == "slow":
            time.sleep(60)
        like_cpp = options.like == "sd.cpp"
        if like_cpp and path == "/samplers":
            names = ["default", "euler", "euler_a", "heun", "dpm++2m", "lcm", "ddim_trailing"]
            self.answer([{"name": name, "aliases": [name], "options": {}} for name in names])
        elif like_cpp and path == "/schedulers":
            self.answer([{"name": name, "label": name} for name in ["default", "discrete", "karras"]])
        elif like_cpp and path == "/progress":
            self.answer({"detail": "Not Found"}, 404)
        elif path == "/sd-models":
            self.answer(
                [
                    {"title": name + ".safetensors [12345678]", "model_name": name, "hash": "12345678", "sha256": "ab" * 32,
                     "filename": "/models/" + name, "config": None}
                    for name in options.model
                ]
            )
        elif path == "/samplers":
            names = ["Euler", "Euler a", "DDIM", "DPM++ 2M"] + ([] if options.schedulers == "yes" else ["DPM++ 2M Karras"])
            self.answer([{"name": name, "aliases": ["k_" + name.lower().replace(" ", "_")], "options": {}} for name in names])
        elif path == "/schedulers" and options.schedulers == "yes":
            self.answer([{"name": n.lower(), "label": n, "aliases": None} for n in ["Automatic", "Uniform", "Karras"]])
        elif path == "/options":
            self.answer({"sd_model_checkpoint": Server.settings.get("sd_model_checkpoint"), "other": 1})
        elif path == "/progress":
            work = Server.working
            if time.monotonic() - Server.started < options.busy:
                work = (Server.started, options.busy)
            if options.fault == "dead" and work:
                time.sleep(60)
            share = min((time.monotonic() - work[0]) / max(work[1], 0.01), 0.99) if work else 0
            if options.fault == "odd" and work:
                share = 1e-300
            state = {"job_count": 1 if work else 0, "sampling_step": int(share * 10), "sampling_steps": 10 if work else 0}
            shown = base64.b64encode(png(8, 8, lambda x, y: (1, 2, 3))).decode() if work and "=false" in self.path else None
            self.answer({"progress": share, "eta_relative": 1.0, "state": state, "current_image": shown, "textinfo": None})
        else:
            self.answer({"detail": "Not Found"}, 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.removeprefix("/sdapi/v1")
        if self.refused():
            return
        asked = json.loads(body) if body else {}
        with Server.lock:
            told = {key: value for key, value in asked.items() if key not in ("init_images", "mask")}
            Server.log.append({"path": path, **told, "has_mask": "mask" in asked, "pictures": len(asked.get("init_images", []))})
        if options.like == "sd.cpp" and path in ("/options", "/interrupt"):
            return self.answer({"detail": "Not Found"}, 404)
        if path == "/options":
            Server.settings.update(asked)
            return self.answer(None)
        if path == "/interrupt":
            Server.interrupted.set()
            return self.answer({})
        if path not in ("/txt2img", "/img2img"):
            return self.answer({"detail": "Not Found"}, 404)
        time.sleep(max(0, options.busy - (time.monotonic() - Server.started)))
        Server.interrupted.clear()
        Server.working = (time.monotonic(), options.seconds)
        try:
            Server.interrupted.wait(options.seconds)
            if options.fault == "dead":
                time.sleep(600)
            self.made(path, asked)
        finally:
            Server.working = None

    def made(self, path, asked):
        width, height, fault = asked["width"], asked["height"], options.fault
        if fault == "status":
            return self.answer({"error": "OutOfMemoryError", "detail": "", "errors": "CUDA out of memory\nTried to allocate"}, 500)
        if fault == "prompt":
            return self.answer({"detail": "the prompt is not taken"}, 422)
        if fault == "text":
            return self.send(b"Internal trouble", "text/plain")
        if fault == "size":
            width, height = width // 2, height // 2
        if path == "/txt2img":
            seed = asked["seed"]
            picture = png(width, height, lambda x, y: (seed & 255, seed >> 8 & 255, (x + y) & 255))
        else:
            w, h, channels, rows = decode(asked["init_images"][0])
            assert channels == 3 and (w, h) == (asked["width"], asked["height"]), "the picture has another size"
            mask = decode(asked["mask"])[3] if asked.get("mask") else None
            across = decode(asked["mask"])[2] if mask else 1

            def pixel(x, y):
                x, y = min(x, w - 1), min(y, h - 1)
                if mask and mask[y][x * across] < 128:
                    return (128, 128, 128)
                return tuple(255 - c for c in rows[y][x * 3 : x * 3 + 3])

            picture = png(width, height, pixel)
        encoded = "bm90aGluZw==" if fault == "garbage" else base64.b64encode(picture).decode()
        info = json.dumps({"seed": asked["seed"], "all_seeds": [asked["seed"]], "infotexts": ["..."]})
        answer = {"images": [] if fault == "empty" else [encoded], "parameters": {}, "info": info}
        if fault == "cut":
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.answer(answer)


parser = argparse.ArgumentParser()
parser.add_argument("--model", action="append")
parser.add_argument("--fault", default="")
parser.add_argument("--seconds", type=float, default=0)
parser.add_argument("--schedulers", default="yes")
parser.add_argument("--like", default="")
parser.add_argument("--password")
parser.add_argument("--busy", type=float, default=0)
options = parser.parse_args()
options.model = options.model or ["first-model", "second-model"]
Server.settings["sd_model_checkpoint"] = options.model[0] + ".safetensors [12345678]"
server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
