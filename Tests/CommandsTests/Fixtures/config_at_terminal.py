"""Runs `redraw config edit` at a terminal of its own, with an editor that asks for a number of steps, survives a Ctrl-C and writes the number.

    python3 config_at_terminal.py PROGRAM

Ends with the program's exit code, or with 1 where it has not ended after a minute.
"""

import os
import pty
import select
import sys
import time

EDITOR = """sh -c 'trap "echo interrupted" INT; echo ready; while [ -z "$number" ]; do read number; done; echo "steps = $number" > "$1"' editor"""

process, terminal = pty.fork()
if process == 0:
    os.environ.pop("VISUAL", None)
    os.environ["EDITOR"] = EDITOR
    os.execv(sys.argv[1], [sys.argv[1], "config", "edit"])

keys = [(b"ready", b"\x03\n"), (b"interrupted", b"7\n")]
seen, deadline = b"", time.monotonic() + 60
while time.monotonic() < deadline:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            seen += os.read(terminal, 1000)
        except OSError:
            break
    if keys and keys[0][0] in seen:
        os.write(terminal, keys.pop(0)[1])
ended, status = os.waitpid(process, os.WNOHANG)
for _ in range(50):
    if ended:
        break
    time.sleep(0.1)
    ended, status = os.waitpid(process, os.WNOHANG)
if not ended:
    os.kill(process, 9)
print(seen.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(status) if ended else 1)
