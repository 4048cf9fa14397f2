"""Programs in processes of their own, for the other scripts: what they print, how long they take, and the most memory they hold."""

import subprocess
import sys
import tempfile

# Linux counts a process' peak from what its parent held when it forked. A small one in between forks, so that what a benchmark holds itself,
# torch or a picture of 300 megapixels, is not taken for its programs' memory; it also holds the watch.
BETWEEN = """
import os, sys, time
begin = time.monotonic()
child = os.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as told:
    print(time.monotonic() - begin, usage.ru_maxrss, file=told)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
"""


def run(command, environment=None):
    """(what it printed, seconds, peak memory in MiB); RuntimeError, with the end of what it said, where it fails."""
    with tempfile.NamedTemporaryFile("r") as told, tempfile.TemporaryFile("w+") as log:
        done = subprocess.run(
            [sys.executable, "-ISc", BETWEEN, told.name, *map(str, command)], stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        if done.returncode:
            log.seek(0)
            said = (done.stdout + log.read()).strip()[-800:]
            raise RuntimeError(f"{' '.join(map(str, command[:8]))} … ended with {done.returncode}: {said}")
        seconds, kilobytes = told.read().split()
        return done.stdout, float(seconds), int(kilobytes) / 1024
