"""A limit for work on what a student handed in, in this process."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TookTooLong(BaseException):
    """A limit of time is over. No Exception: libraries catch those, and go on."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong inside the block when this process has used so much processor time in it.

    Processor time, since it does not depend on what else the machine does. No limit outside the main thread, and
    where the system has no such timer (Windows). What does not come back to Python is not interrupted. A limit around
    this one holds in here too, and goes on afterwards.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise TookTooLong

    before, started = signal.signal(signal.SIGPROF, stop), time.process_time()
    left, again = signal.getitimer(signal.ITIMER_PROF)  # of the limit around this one, 0 if there is none
    # again and again, for whoever catches everything
    signal.setitimer(signal.ITIMER_PROF, min(seconds, left or seconds), seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        if left:
            used = time.process_time() - started
            signal.setitimer(signal.ITIMER_PROF, max(left - used, 0.001), again)
