"""A program that is started here ends with whoever started it, however that ends: also where it is killed and no `finally` runs."""

import ctypes
import signal

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def with_its_parent():
    """For subprocess's preexec_fn, called from the main thread: Linux sends the signal when the thread that started the program ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
